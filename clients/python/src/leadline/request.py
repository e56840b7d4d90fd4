"""Score requests (WIRE.md section 5) as bytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from .checksums import crc32c
from .columns import Array, EncodedColumn, pad, padded
from .errors import EncodingError
from .wire import FIXED_BYTES, HEADER_BYTES, MAGIC, UNKNOWN_PLACE, Flags, MessageType, Outputs

_ENTRY = struct.Struct("<BBHI").pack


def encode_request(
    *,
    fingerprint: int,
    rows: int,
    columns: Sequence[EncodedColumn] = (),
    matrix: Array | None = None,
    outputs: Outputs,
    request_id: int = 1,
    as_of_days: float = math.nan,
    deadline_microseconds: int = 0,
    model: str = "",
    version: str = "",
    checksum: bool = False,
) -> bytearray:
    """A score request, copied together once; the deadline may be changed in place (:func:`set_deadline`).

    Args:
        fingerprint: of the schema that it is made for.
        rows: how many leads it has.
        columns: one for each of the schema's, in its order.
        matrix: in their place, the values of all rows, float32, row after row.
        outputs: what is wanted.
        request_id: comes back with the answer.
        as_of_days: when the leads are looked at; NaN is the server's clock.
        deadline_microseconds: for how long the answer is of use; 0 is for ever.
        model: its name, perhaps with an alias.
        version: an exact one.
        checksum: whether the body has one, and the reply's too.
    """
    name, exact = _short_text(model, "model"), _short_text(version, "version")
    if rows < 1:
        raise EncodingError("a batch has at least one row")
    if math.isinf(as_of_days):
        raise EncodingError("as_of is not a day")
    parts: list[Any] = [b""]
    if matrix is None:
        column_count = len(columns)
        parts.append(b"".join([_ENTRY(column.encoding, column.flags, 0, column.byte_count) for column in columns]))
    else:
        column_count = matrix.shape[1]
    length = FIXED_BYTES + sum(map(len, parts))
    length += pad(parts, name + exact)
    if matrix is None:
        for column in columns:
            parts += column.parts
            length += padded(column.byte_count)
    else:
        length += pad(parts, np.ascontiguousarray(matrix, dtype="<f4"))
    if length > UNKNOWN_PLACE:
        raise EncodingError("a message has less than 4 GiB; send fewer rows at once")
    flags = (Flags.BODY_CHECKSUM if checksum else 0) | (Flags.MATRIX if matrix is not None else 0)
    parts[0] = struct.pack(
        "<4sBBBBIHHQIIQdIIIHBB", MAGIC, 1, 0, MessageType.REQUEST, 0, length, flags, 0, request_id, 0, 0, fingerprint,
        as_of_days, rows, outputs, deadline_microseconds, column_count, len(name), len(exact),
    )  # fmt: skip
    message = bytearray().join(parts)
    _seal(message)
    return message


def set_deadline(message: bytearray, microseconds: int) -> None:
    """Changes a request's deadline, and its body's checksum if it has one; the header's does not cover the deadline."""
    struct.pack_into("<I", message, 56, microseconds)
    if has_body_checksum(message):
        _seal(message)


def has_body_checksum(message: bytearray) -> bool:
    """Whether a request has one, and so wants one in its reply."""
    return bool(int.from_bytes(message[12:14], "little") & Flags.BODY_CHECKSUM)


def _seal(message: bytearray) -> None:
    """Writes the checksums."""
    if has_body_checksum(message):
        struct.pack_into("<I", message, 24, crc32c(memoryview(message)[HEADER_BYTES:]))
    struct.pack_into("<I", message, 28, crc32c(message[:28]))


def _short_text(text: str, what: str) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise EncodingError(f"the {what} {text!r} is not Unicode") from None
    if len(encoded) > 255:
        raise EncodingError(f"the {what} has more than 255 bytes")
    return encoded

"""The messages of Leadline's wire, version 1.0 (proto-docs/WIRE.md): requests are written, replies and errors read."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import EncodedColumn, pad
from .errors import ERROR_CODES, EncodingError, ProtocolError, ServerError

CONTENT_TYPE = "application/vnd.leadline.v1"
MAGIC = b"LDLN"
HEADER_BYTES = 32
FIXED_BYTES = 64
UNKNOWN_PLACE = 0xFFFF_FFFF


class MessageType(IntEnum):
    """What a message is."""

    REQUEST = 1
    REPLY = 2
    ERROR = 3


class Outputs(IntFlag):
    """Which results are wanted."""

    MARGIN = 1
    PROBABILITY = 2
    SCORE = 4
    TIER = 8
    STATUS = 16

    @classmethod
    def named(cls, names: Sequence[str]) -> Outputs:
        """The outputs of these names."""
        outputs = cls(0)
        for name in names:
            if name not in OUTPUT_NAMES:
                raise ValueError(f"there is no output {name!r}; there are {', '.join(OUTPUT_NAMES)}")
            outputs |= cls[name.upper()]
        if not outputs:
            raise ValueError("at least one output is needed")
        return outputs


OUTPUT_NAMES = ("margin", "probability", "score", "tier", "status")
STATUS_NAMES = ("scored", "invalid-value", "deadline-passed")


@dataclass(frozen=True)
class Limits:
    """What a receiver takes (WIRE.md section 11)."""

    rows_max: int = 65_536
    columns_max: int = 1_024
    message_bytes_max: int = 33_554_432


@dataclass(frozen=True)
class Reply:
    """The results of a batch, row by row; the arrays look into the message's bytes."""

    request_id: int
    fingerprint: int
    epoch: int
    rows: int
    outputs: Outputs
    model: str
    version: str
    #: By the output's name, in the order of the wire.
    results: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F6_3B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def crc32c(data: bytes | memoryview) -> int:
    """CRC-32C (Castagnoli). A byte at a time: only headers have one."""
    value = 0xFFFF_FFFF
    for byte in data:
        value = _CRC_TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFF_FFFF


def encode_request(
    *,
    fingerprint: int,
    rows: int,
    columns: Sequence[EncodedColumn],
    outputs: Outputs,
    request_id: int = 1,
    as_of_days: float = math.nan,
    deadline_microseconds: int = 0,
    model: str = "",
    version: str = "",
) -> bytearray:
    """A score request, copied together once; the deadline may be changed in place (:func:`set_deadline`)."""
    name, exact = _short_text(model, "model"), _short_text(version, "version")
    if rows < 1:
        raise EncodingError("a batch has at least one row")
    if math.isinf(as_of_days):
        raise EncodingError("as_of is not a day")
    parts: list[Any] = [b""]
    parts.extend(struct.pack("<BBHI", column.encoding, column.has_validity, 0, column.byte_count) for column in columns)
    pad(parts, name + exact)
    for column in columns:
        parts.extend(column.parts)
    length = FIXED_BYTES + sum(memoryview(part).nbytes for part in parts)
    if length > UNKNOWN_PLACE:
        raise EncodingError("a message has less than 4 GiB; send fewer rows at once")
    header = struct.pack("<4sBBBBIHHQI", MAGIC, 1, 0, MessageType.REQUEST, 0, length, 0, 0, request_id, 0)
    parts[0] = struct.pack(
        "<28sIQdIIIHBB",
        header,
        crc32c(header),
        fingerprint,
        as_of_days,
        rows,
        outputs,
        deadline_microseconds,
        len(columns),
        len(name),
        len(exact),
    )
    return bytearray().join(parts)


def set_deadline(message: bytearray, microseconds: int) -> None:
    """Changes a request's deadline: the header's checksum does not cover it."""
    struct.pack_into("<I", message, 56, microseconds)


def _short_text(text: str, what: str) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise EncodingError(f"the {what} {text!r} is not Unicode") from None
    if len(encoded) > 255:
        raise EncodingError(f"the {what} has more than 255 bytes")
    return encoded


@dataclass(frozen=True)
class Header:
    """The fixed 32 bytes of a message."""

    type: MessageType
    byte_count: int
    request_id: int


def decode_header(data: bytes | memoryview, limits: Limits = Limits()) -> Header:
    """Reads a header, checking in the order of WIRE.md section 4."""
    magic = bytes(data[:4])
    if magic != MAGIC[: len(magic)]:
        raise ProtocolError(1, "a message begins with LDLN", byte=0)
    if len(data) < HEADER_BYTES:
        raise ProtocolError(8, f"{len(data)} bytes of a header of {HEADER_BYTES}", byte=len(data))
    major, minor, kind, zero, length, flags, zero2, request_id, zero3, checksum = struct.unpack_from(
        "<BBBBIHHQII", data, 4
    )
    if major != 1:
        raise ProtocolError(2, f"major version {major}", byte=4)
    if crc32c(bytes(data[:28])) != checksum:
        raise ProtocolError(3, "the header's checksum does not fit", byte=28)
    if minor != 0:
        raise ProtocolError(2, f"minor version {minor}", byte=5)
    if kind not in (1, 2, 3):
        raise ProtocolError(4, f"message type {kind}", byte=6)
    if flags:
        raise ProtocolError(5, f"flags {flags:#x}", byte=12)
    if zero or zero2 or zero3:
        raise ProtocolError(6, "reserved bytes of the header", byte=7)
    if length % 8 or length < FIXED_BYTES:
        raise ProtocolError(7, f"a message of {length} bytes", byte=8)
    if length > limits.message_bytes_max:
        raise ProtocolError(20, f"{length} bytes", byte=8)
    return Header(MessageType(kind), length, request_id)


def decode_answers(body: bytes, limits: Limits = Limits()) -> list[Reply | ServerError]:
    """Reads all messages of a response's body."""
    answers: list[Reply | ServerError] = []
    view = memoryview(body)
    while view:
        header = decode_header(view, limits)
        answers.append(decode_answer(view[: header.byte_count], limits))
        view = view[header.byte_count :]
    return answers


def decode_answer(message: bytes | memoryview, limits: Limits = Limits()) -> Reply | ServerError:
    """Reads one reply or error; the bytes are the message and nothing else."""
    view = memoryview(message)
    header = decode_header(view, limits)
    if header.type not in (MessageType.REPLY, MessageType.ERROR):
        raise ProtocolError(4, "a request where an answer belongs", byte=6)
    if len(view) < header.byte_count:
        raise ProtocolError(8, f"{len(view)} of {header.byte_count} bytes", byte=len(view))
    if len(view) > header.byte_count:
        raise ProtocolError(7, f"{len(view)} bytes where the header says {header.byte_count}", byte=8)
    return _reply(view, header, limits) if header.type is MessageType.REPLY else _error(view, header)


def _reply(view: memoryview, header: Header, limits: Limits) -> Reply:
    fingerprint, epoch, rows, mask, name_bytes, version_bytes = struct.unpack_from("<QQIIBB", view, 32)
    if rows == 0:
        raise ProtocolError(14, "a reply has at least one row", byte=48)
    if rows > limits.rows_max:
        raise ProtocolError(21, f"{rows} rows", byte=48)
    if mask == 0 or mask >> 5:
        raise ProtocolError(12, f"outputs {mask:#x}", byte=52)
    if any(view[58:64]):
        raise ProtocolError(6, "reserved bytes", byte=58)
    names_end = FIXED_BYTES + name_bytes + version_bytes
    widths = [width if mask >> bit & 1 else 0 for bit, width in enumerate((8, 4, 1, 1, 1))]
    if padded(names_end) + sum(padded(width * rows) for width in widths) != len(view):
        raise ProtocolError(7, "rows, outputs and names take another length", byte=8)
    model = _text(view, FIXED_BYTES, name_bytes)
    version = _text(view, FIXED_BYTES + name_bytes, version_bytes)
    offset = _check_padding(view, names_end)
    results: dict[str, npt.NDArray[Any]] = {}
    for name, width, dtype in zip(OUTPUT_NAMES, widths, ("<f8", "<f4", "u1", "u1", "u1"), strict=True):
        if width:
            results[name] = np.frombuffer(view, dtype=dtype, count=rows, offset=offset)
            offset = _check_padding(view, offset + width * rows)
    if "status" in results and int(results["status"].max()) >= len(STATUS_NAMES):
        raise ProtocolError(13, "no such row status", byte=offset - padded(rows))
    return Reply(header.request_id, fingerprint, epoch, rows, Outputs(mask), model, version, results)


def _error(view: memoryview, header: Header) -> ServerError:
    code, retryable, zero, after, row, column, fingerprint, byte, length, zero2 = struct.unpack_from(
        "<HBBIIIQIHH", view, 32
    )
    known = ERROR_CODES.get(code)
    if known is None:
        raise ProtocolError(13, f"no error has the code {code}", byte=32)
    if retryable != known.retryable:
        raise ProtocolError(13, "the retryable byte contradicts the code", byte=34)
    if zero or zero2:
        raise ProtocolError(6, "reserved bytes", byte=35)
    if padded(FIXED_BYTES + length) != len(view):
        raise ProtocolError(7, "the text's length contradicts the message's", byte=60)
    text = _text(view, FIXED_BYTES, length)
    _check_padding(view, FIXED_BYTES + length)
    return known.error(
        known.name,
        text,
        code=code,
        http_status=known.http_status,
        retryable=known.retryable,
        retry_after=after / 1_000 if after else None,
        request_id=header.request_id,
        row=None if row == UNKNOWN_PLACE else row,
        column=None if column == UNKNOWN_PLACE else column,
        byte=None if byte == UNKNOWN_PLACE else byte,
        expected_fingerprint=fingerprint or None,
    )


def padded(count: int) -> int:
    """The next multiple of 8."""
    return (count + 7) & ~7


def _text(view: memoryview, start: int, length: int) -> str:
    try:
        return str(view[start : start + length], "utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(11, "a text that is not UTF-8", byte=start + error.start) from None


def _check_padding(view: memoryview, end: int) -> int:
    if any(view[end : padded(end)]):
        raise ProtocolError(6, "padding that is not zero", byte=end)
    return padded(end)

"""What comes back: replies and errors (WIRE.md sections 7 and 8), from bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from .columns import Array, padded
from .errors import ERROR_CODES, ProtocolError, ServerError
from .wire import (
    FIXED_BYTES,
    OUTPUT_NAMES,
    RESULT_DTYPES,
    RESULT_NAMES,
    STATUS_NAMES,
    TIMINGS_BYTES,
    UNKNOWN_PLACE,
    Flags,
    Header,
    Limits,
    MessageType,
    Outputs,
    check_whole,
    decode_header,
)

#: Of a server with default settings.
DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Timings:
    """How long the server took for a message, in microseconds."""

    #: From the arrival of the message's header to the writing of the reply.
    total: int
    #: Of that, for the message's other bytes, and for turns;
    waiting: int
    #: reading and checking;
    decoding: int
    #: columns to features;
    preparing: int
    #: trees, probabilities, scores, tiers.
    scoring: int


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
    results: dict[str, Array] = field(default_factory=dict)
    timings: Timings | None = None
    #: Whether its body had a checksum, which was the right one.
    has_body_checksum: bool = False


def decode_answers(body: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Reply | ServerError]:
    """Reads all messages of a response's body."""
    answers: list[Reply | ServerError] = []
    view = memoryview(body)
    while view:
        header = decode_header(view, limits)
        answers.append(decode_answer(view[: header.byte_count], limits))
        view = view[header.byte_count :]
    return answers


def decode_answer(message: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> Reply | ServerError:
    """Reads one reply or error; the bytes are the message and nothing else."""
    view = memoryview(message)
    header = decode_header(view, limits)
    if header.type not in (MessageType.REPLY, MessageType.ERROR):
        raise ProtocolError(4, "a request where an answer belongs", byte=6)
    check_whole(view, header)
    return _reply(view, header, limits) if header.type is MessageType.REPLY else _error(view, header)


def _reply(view: memoryview, header: Header, limits: Limits) -> Reply:
    fingerprint, epoch, rows, mask, name_bytes, version_bytes = struct.unpack_from("<QQIIBB", view, 32)
    if rows == 0:
        raise ProtocolError(14, "a reply has at least one row", byte=48)
    if rows > limits.rows_max:
        raise ProtocolError(21, f"{rows} rows", byte=48)
    if mask == 0 or mask >> len(OUTPUT_NAMES):
        raise ProtocolError(12, f"outputs {mask:#x}", byte=52)
    outputs = Outputs(mask)
    if any(view[58:64]):
        raise ProtocolError(6, "reserved bytes", byte=58)
    names_end = FIXED_BYTES + name_bytes + version_bytes
    columns = [
        (name, dtype) for name, dtype in zip(RESULT_NAMES, RESULT_DTYPES, strict=True) if Outputs[name.upper()] & mask
    ]
    timings_bytes = TIMINGS_BYTES if Outputs.TIMINGS in outputs else 0
    if padded(names_end) + sum(padded(dtype.itemsize * rows) for _, dtype in columns) + timings_bytes != len(view):
        raise ProtocolError(7, "rows, outputs and names take another length", byte=8)
    model = _text(view, FIXED_BYTES, name_bytes)
    version = _text(view, FIXED_BYTES + name_bytes, version_bytes)
    offset = _check_padding(view, names_end)
    results: dict[str, Array] = {}
    for name, dtype in columns:
        results[name] = np.frombuffer(view, dtype=dtype, count=rows, offset=offset)
        offset = _check_padding(view, offset + dtype.itemsize * rows)
    if "status" in results and int(results["status"].max()) >= len(STATUS_NAMES):
        raise ProtocolError(13, "no such row status", byte=offset - padded(rows))
    timings = _timings(view, offset) if timings_bytes else None
    has_checksum = Flags.BODY_CHECKSUM in header.flags
    return Reply(header.request_id, fingerprint, epoch, rows, outputs, model, version, results, timings, has_checksum)


def _timings(view: memoryview, offset: int) -> Timings:
    *told, zero, zero2, zero3 = struct.unpack_from("<8I", view, offset)
    if zero or zero2 or zero3:
        raise ProtocolError(6, "reserved fields after the timings", byte=offset + 20)
    return Timings(*told)


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


def _text(view: memoryview, start: int, length: int) -> str:
    try:
        return str(view[start : start + length], "utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(11, "a text that is not UTF-8", byte=start + error.start) from None


def _check_padding(view: memoryview, end: int) -> int:
    if any(view[end : padded(end)]):
        raise ProtocolError(6, "padding that is not zero", byte=end)
    return padded(end)

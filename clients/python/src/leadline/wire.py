"""Leadline's wire, version 1.0 (proto-docs/WIRE.md): its numbers and names, and the header of all messages."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np

from .checksums import crc32c
from .errors import ProtocolError

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


class Flags(IntFlag):
    """What a header says of the rest of its message."""

    BODY_CHECKSUM = 1
    MATRIX = 2


#: Which flags there are in a message of a type.
KNOWN_FLAGS = {
    MessageType.REQUEST: Flags.BODY_CHECKSUM | Flags.MATRIX,
    MessageType.REPLY: Flags.BODY_CHECKSUM,
    MessageType.ERROR: Flags(0),
}


class Outputs(IntFlag):
    """Which results are wanted."""

    MARGIN = 1
    PROBABILITY = 2
    SCORE = 4
    TIER = 8
    STATUS = 16
    TIMINGS = 32

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


#: The results that have a value for each row, in the order of the wire.
RESULT_NAMES = ("margin", "probability", "score", "tier", "status")
OUTPUT_NAMES = (*RESULT_NAMES, "timings")
RESULT_DTYPES = tuple(map(np.dtype, ("<f8", "<f4", "u1", "u1", "u1")))
TIMINGS_BYTES = 32
STATUS_NAMES = ("scored", "invalid-value", "deadline-passed")


@dataclass(frozen=True)
class Limits:
    """What a receiver takes (WIRE.md section 11)."""

    rows_max: int = 65_536
    columns_max: int = 1_024
    message_bytes_max: int = 33_554_432
    dictionary_entries_max: int = 65_535


@dataclass(frozen=True)
class Header:
    """The fixed 32 bytes of a message."""

    type: MessageType
    byte_count: int
    flags: Flags
    request_id: int
    body_sum: int


def decode_header(data: bytes | memoryview, limits: Limits = Limits()) -> Header:
    """Reads a header, checking in the order of WIRE.md section 4."""
    magic = bytes(data[:4])
    if magic != MAGIC[: len(magic)]:
        raise ProtocolError(1, "a message begins with LDLN", byte=0)
    if len(data) < HEADER_BYTES:
        raise ProtocolError(8, f"{len(data)} bytes of a header of {HEADER_BYTES}", byte=len(data))
    major, minor, kind, zero, length, flags, zero2, request_id, body_sum, checksum = struct.unpack_from(
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
    if flags & ~int(KNOWN_FLAGS[MessageType(kind)]):  # an IntFlag turned round keeps its own bits alone
        raise ProtocolError(5, f"flags {flags:#x}", byte=12)
    if zero or zero2 or (body_sum and not flags & Flags.BODY_CHECKSUM):
        raise ProtocolError(6, "reserved bytes of the header", byte=7)
    if length % 8 or length < FIXED_BYTES:
        raise ProtocolError(7, f"a message of {length} bytes", byte=8)
    if length > limits.message_bytes_max:
        raise ProtocolError(20, f"{length} bytes", byte=8)
    return Header(MessageType(kind), length, Flags(flags), request_id, body_sum)


def check_whole(view: memoryview, header: Header) -> None:
    """Sees to it that a message has the length that its header says, and the body that its checksum says."""
    if len(view) < header.byte_count:
        raise ProtocolError(8, f"{len(view)} of {header.byte_count} bytes", byte=len(view))
    if len(view) > header.byte_count:
        raise ProtocolError(7, f"{len(view)} bytes where the header says {header.byte_count}", byte=8)
    if header.flags & Flags.BODY_CHECKSUM and crc32c(view[HEADER_BYTES:]) != header.body_sum:
        raise ProtocolError(15, "the body's checksum does not fit", byte=24)

"""Reads score requests as a server does: strictly, slowly, in plain Python, sharing nothing with the package's writer
but the reading of headers.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from itertools import pairwise

from leadline.errors import ProtocolError
from leadline.reply import DEFAULT_LIMITS
from leadline.wire import Limits, MessageType, decode_header

FORMATS = {
    0x11: ("B", 1),
    0x12: ("b", 1),
    0x13: ("H", 2),
    0x14: ("h", 2),
    0x15: ("i", 4),
    0x16: ("q", 8),
    0x17: ("q", 8),
    0x20: ("e", 2),
    0x21: ("f", 4),
    0x22: ("d", 8),
    0x30: ("B", 1),
    0x31: ("H", 2),
    0x38: ("B", 1),
    0x39: ("H", 2),
}
NAMES = {
    0x00: "absent", 0x01: "constant", 0x10: "bits", 0x11: "uint8", 0x12: "int8", 0x13: "uint16", 0x14: "int16",
    0x15: "int32", 0x16: "int64", 0x17: "microseconds", 0x20: "float16", 0x21: "float32", 0x22: "float64",
    0x30: "dictionary8", 0x31: "dictionary16", 0x38: "bins8", 0x39: "bins16",
}  # fmt: skip
#: Of the columns' flags.
VALIDITY, RUNS = 1, 2
#: Which flags there may be with an encoding.
KNOWN_FLAGS = {0x00: 0, 0x01: VALIDITY, 0x20: RUNS, 0x21: RUNS, 0x22: RUNS}


@dataclass
class ReadColumn:
    encoding: str
    has_validity: bool
    #: None where missing; for a dictionary the indices.
    values: list[float | None]
    dictionary: list[str] = field(default_factory=list)
    block_bytes: int = 0
    #: How many, if it is written as runs.
    runs: int | None = None
    #: Of the bins, if its values are numbers of some.
    bins: int | None = None

    @property
    def texts(self) -> list[str | None]:
        return [None if value is None else self.dictionary[int(value)] for value in self.values]


@dataclass
class ReadRequest:
    request_id: int
    fingerprint: int
    as_of_days: float
    rows: int
    outputs: int
    deadline: int
    model: str
    version: str
    columns: list[ReadColumn]
    has_checksum: bool = False
    is_matrix: bool = False


def refuse(condition: bool, code: int, what: str, byte: int) -> None:
    if condition:
        raise ProtocolError(code, what, byte=byte)


def read_request(data: bytes, limits: Limits = DEFAULT_LIMITS) -> ReadRequest:
    header = decode_header(data, limits)
    refuse(header.type is not MessageType.REQUEST, 4, "no request", 6)
    refuse(len(data) < header.byte_count, 8, "cut", len(data))
    refuse(len(data) > header.byte_count, 7, "more bytes", 8)
    has_checksum, is_matrix = bool(header.flags & 1), bool(header.flags & 2)
    refuse(has_checksum and slow_crc32c(data[32:]) != header.body_sum, 15, "body's checksum", 24)
    fingerprint, as_of, rows, outputs, deadline, count, name, exact = struct.unpack_from("<QdIIIHBB", data, 32)
    refuse(math.isinf(as_of), 13, "as of", 40)
    refuse(rows == 0, 14, "rows", 48)
    refuse(rows > limits.rows_max, 21, "rows", 48)
    refuse(outputs == 0 or outputs >> 6 != 0, 12, "outputs", 52)
    refuse(count > limits.columns_max, 22, "columns", 60)
    table_count = 0 if is_matrix else count
    place = 64 + 8 * table_count
    refuse(place > len(data), 7, "column table", 60)
    table = [struct.unpack_from("<BBHI", data, 64 + 8 * index) for index in range(table_count)]
    refuse(place + name + exact > len(data), 7, "names", 62)
    model = text(data, place, name)
    version = text(data, place + name, exact)
    place = zeros(data, place + name + exact)
    columns = []
    if is_matrix:
        end = place + 4 * count * rows
        refuse((end + 7) & ~7 != len(data), 7, "matrix", 8)
        values = numbers(struct.unpack_from(f"<{count * rows}f", data, place))
        columns = [ReadColumn("float32", False, values[index::count]) for index in range(count)]
        place = zeros(data, end)
    for index, (encoding, flags, reserved, length) in enumerate(table):
        entry = 64 + 8 * index
        refuse(encoding not in NAMES, 9, "encoding", entry)
        refuse(flags & ~KNOWN_FLAGS.get(encoding, VALIDITY | RUNS) != 0, 5, "flags", entry + 1)
        refuse(reserved != 0, 6, "reserved", entry + 2)
        refuse(place + length > len(data), 7, "block", entry + 4)
        column, end = read_column(data, place, length, encoding, flags, rows)
        columns.append(column)
        place = zeros(data, end)
    refuse(place != len(data), 7, "bytes after the last column", place)
    return ReadRequest(
        header.request_id, fingerprint, as_of, rows, outputs, deadline, model, version, columns, has_checksum, is_matrix
    )


def read_column(data: bytes, start: int, length: int, encoding: int, flags: int, rows: int) -> tuple[ReadColumn, int]:
    end = start + length
    place = start
    entries: list[str] = []
    if encoding in (0x30, 0x31):
        refuse(length < 8, 7, "dictionary", place)
        entry_count, reserved, text_bytes = struct.unpack_from("<HHI", data, place)
        refuse(entry_count == 0, 10, "no entries", place)
        refuse(reserved != 0, 6, "reserved", place + 2)
        lengths_end = place + 8 + 2 * entry_count
        refuse(lengths_end > end, 7, "entries", place)
        refuse(lengths_end + text_bytes > end, 7, "text", place + 4)
        lengths = struct.unpack_from(f"<{entry_count}H", data, place + 8)
        refuse(sum(lengths) != text_bytes, 7, "entries' lengths", place + 8)
        place = lengths_end
        for entry_length in lengths:
            entries.append(text(data, place, entry_length))
            place += entry_length
        place = zeros(data, place)
    bins: int | None = None
    if encoding in (0x38, 0x39):
        refuse(length < 8, 7, "bins", place)
        (bins,) = struct.unpack_from("<Q", data, place)
        place += 8
    count, ends = rows, list(range(1, rows + 1))
    if flags & RUNS:
        refuse(place + 8 > end, 7, "runs", place)
        count, reserved = struct.unpack_from("<II", data, place)
        refuse(reserved != 0, 6, "reserved", place + 4)
        refuse(not 1 <= count <= rows, 13, "runs", place)
        letter, width = ("H", 2) if rows <= 65_535 else ("I", 4)
        refuse(place + 8 + width * count > end, 7, "runs", place)
        ends = list(struct.unpack_from(f"<{count}{letter}", data, place + 8))
        refuse(any(later <= earlier for earlier, later in pairwise([0, *ends])), 13, "ends", place + 8)
        refuse(ends[-1] != rows, 13, "the last end", place + 8)
        place = zeros(data, place + 8 + width * count)
    present = [True] * count
    bitmap_bytes = (count + 7) // 8
    if flags & VALIDITY:
        refuse(place + bitmap_bytes > end, 7, "bitmap", place)
        present = bits(data, place, count)
        place = zeros(data, place + bitmap_bytes)
    values: list[float | None]
    size: int
    if encoding == 0x00:
        size, values = 0, [None] * count
    elif encoding == 0x01:
        size = 8
        refuse(place + size != end, 7, "block", place)
        (value,) = struct.unpack_from("<d", data, place)
        refuse(math.isnan(value), 13, "constant", place)
        values = [value] * count
    elif encoding == 0x10:
        size = bitmap_bytes
        refuse(place + size != end, 7, "block", place)
        values = [1.0 if bit else 0.0 for bit in bits(data, place, count)]
    else:
        letter, width = FORMATS[encoding]
        size = width * count
        refuse(place + size != end, 7, "block", place)
        values = numbers(struct.unpack_from(f"<{count}{letter}", data, place))
        if entries:
            refuse(any(value is not None and value >= len(entries) for value in values), 10, "code", place)
        if encoding == 0x17:
            values = [None if value is None else value / 86_400_000_000 for value in values]
    refuse(place + size != end, 7, "block", place)
    shown = [value if mark else None for value, mark in zip(values, present, strict=True)]
    run_lengths = [later - earlier for earlier, later in pairwise([0, *ends])]
    spread = [value for value, many in zip(shown, run_lengths, strict=True) for _ in range(many)]
    runs = count if flags & RUNS else None
    return ReadColumn(NAMES[encoding], bool(flags & VALIDITY), spread, entries, length, runs, bins), end


def numbers(values: tuple[float, ...]) -> list[float | None]:
    return [None if value != value else value for value in values]


def slow_crc32c(data: bytes) -> int:
    """Bit by bit, by definition."""
    value = 0xFFFF_FFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F6_3B78 if value & 1 else 0)
    return value ^ 0xFFFF_FFFF


def bits(data: bytes, place: int, rows: int) -> list[bool]:
    found = [bool(data[place + row // 8] >> row % 8 & 1) for row in range(rows)]
    if rows % 8:
        refuse(data[place + rows // 8] >> rows % 8 != 0, 6, "bits past the last row", place + rows // 8)
    return found


def zeros(data: bytes, place: int) -> int:
    end = (place + 7) & ~7
    refuse(end > len(data), 7, "padding", place)
    refuse(any(data[place:end]), 6, "padding", place)
    return end


def text(data: bytes, place: int, length: int) -> str:
    try:
        return data[place : place + length].decode()
    except UnicodeDecodeError:
        raise ProtocolError(11, "text", byte=place) from None

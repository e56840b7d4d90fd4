"""Reads score requests as a server does: strictly, slowly, in plain Python, sharing nothing with the package's writer
but the reading of headers.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from leadline.errors import ProtocolError
from leadline.wire import Limits, MessageType, decode_header

FORMATS = {
    0x11: ("B", 1),
    0x14: ("h", 2),
    0x15: ("i", 4),
    0x21: ("f", 4),
    0x22: ("d", 8),
    0x30: ("B", 1),
    0x31: ("H", 2),
}
NAMES = {
    0x00: "absent", 0x01: "constant", 0x10: "bits", 0x11: "uint8", 0x14: "int16", 0x15: "int32", 0x21: "float32",
    0x22: "float64", 0x30: "dictionary8", 0x31: "dictionary16",
}  # fmt: skip


@dataclass
class ReadColumn:
    encoding: str
    has_validity: bool
    #: None where missing; for a dictionary the indices.
    values: list[float | None]
    dictionary: list[str] = field(default_factory=list)
    block_bytes: int = 0

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


def refuse(condition: bool, code: int, what: str, byte: int) -> None:
    if condition:
        raise ProtocolError(code, what, byte=byte)


def read_request(data: bytes) -> ReadRequest:
    limits = Limits()
    header = decode_header(data, limits)
    refuse(header.type is not MessageType.REQUEST, 4, "no request", 6)
    refuse(len(data) < header.byte_count, 8, "cut", len(data))
    refuse(len(data) > header.byte_count, 7, "more bytes", 8)
    fingerprint, as_of, rows, outputs, deadline, count, name, exact = struct.unpack_from("<QdIIIHBB", data, 32)
    refuse(math.isinf(as_of), 13, "as of", 40)
    refuse(rows == 0, 14, "rows", 48)
    refuse(rows > limits.rows_max, 21, "rows", 48)
    refuse(outputs == 0 or outputs >> 5 != 0, 12, "outputs", 52)
    refuse(count > limits.columns_max, 22, "columns", 60)
    place = 64 + 8 * count
    refuse(place > len(data), 7, "column table", 60)
    table = [struct.unpack_from("<BBHI", data, 64 + 8 * index) for index in range(count)]
    refuse(place + name + exact > len(data), 7, "names", 62)
    model = text(data, place, name)
    version = text(data, place + name, exact)
    place = zeros(data, place + name + exact)
    columns = []
    for index, (encoding, flags, reserved, length) in enumerate(table):
        entry = 64 + 8 * index
        refuse(encoding not in NAMES, 9, "encoding", entry)
        refuse(flags > 1 or (flags == 1 and encoding in (0x00, 0x21, 0x22)), 5, "flags", entry + 1)
        refuse(reserved != 0, 6, "reserved", entry + 2)
        refuse(place + length > len(data), 7, "block", entry + 4)
        column, end = read_column(data, place, length, encoding, flags == 1, rows)
        columns.append(column)
        place = zeros(data, end)
    refuse(place != len(data), 7, "bytes after the last column", place)
    return ReadRequest(header.request_id, fingerprint, as_of, rows, outputs, deadline, model, version, columns)


def read_column(
    data: bytes, start: int, length: int, encoding: int, has_validity: bool, rows: int
) -> tuple[ReadColumn, int]:
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
    present = [True] * rows
    bitmap_bytes = (rows + 7) // 8
    if has_validity:
        refuse(place + bitmap_bytes > end, 7, "bitmap", place)
        present = bits(data, place, rows)
        place = zeros(data, place + bitmap_bytes)
    values: list[float | None]
    if encoding == 0x00:
        size, values = 0, [None] * rows
    elif encoding == 0x01:
        size = 8
        refuse(place + size != end, 7, "block", place)
        (value,) = struct.unpack_from("<d", data, place)
        refuse(math.isnan(value), 13, "constant", place)
        values = [value] * rows
    elif encoding == 0x10:
        size = bitmap_bytes
        refuse(place + size != end, 7, "block", place)
        values = [1.0 if bit else 0.0 for bit in bits(data, place, rows)]
    else:
        letter, width = FORMATS[encoding]
        size = width * rows
        refuse(place + size != end, 7, "block", place)
        values = [None if value != value else value for value in struct.unpack_from(f"<{rows}{letter}", data, place)]
        if entries:
            refuse(any(value is not None and value >= len(entries) for value in values), 10, "code", place)
    refuse(place + size != end, 7, "block", place)
    shown = [value if mark else None for value, mark in zip(values, present, strict=True)]
    return ReadColumn(NAMES[encoding], has_validity, shown, entries, length), end


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

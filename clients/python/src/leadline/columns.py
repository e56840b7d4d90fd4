"""Columns as blocks of a message, in a form that is settled: a value a row, or a run where that takes less.

WIRE.md section 6; which form a column of numbers takes is settled in :mod:`leadline.forms`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


class Encoding(IntEnum):
    """How a column's values are written."""

    ABSENT = 0x00
    CONSTANT = 0x01
    BITS = 0x10
    UINT8 = 0x11
    INT8 = 0x12
    UINT16 = 0x13
    INT16 = 0x14
    INT32 = 0x15
    INT64 = 0x16
    MICROSECONDS = 0x17
    FLOAT16 = 0x20
    FLOAT32 = 0x21
    FLOAT64 = 0x22
    DICTIONARY8 = 0x30
    DICTIONARY16 = 0x31
    BINS8 = 0x38
    BINS16 = 0x39

    # Tables are looked into for each column, and an Enum's own hash is slow.
    __hash__ = int.__hash__


#: The integers that a form holds, the lowest code first; of two that hold a column, the earlier is never the larger.
INTEGERS = {
    Encoding.BITS: (0, 1),
    Encoding.UINT8: (0, 255),
    Encoding.INT8: (-128, 127),
    Encoding.UINT16: (0, 65_535),
    Encoding.INT16: (-32_768, 32_767),
    Encoding.INT32: (-(2**31), 2**31 - 1),
}
FLOATS = frozenset((Encoding.FLOAT16, Encoding.FLOAT32, Encoding.FLOAT64))
#: Of an entry: a row, or a run. Those of bits are packed at the end.
DTYPES: dict[Encoding, np.dtype[Any]] = {
    Encoding.BITS: np.dtype("u1"),
    Encoding.UINT8: np.dtype("u1"),
    Encoding.INT8: np.dtype("i1"),
    Encoding.UINT16: np.dtype("<u2"),
    Encoding.INT16: np.dtype("<i2"),
    Encoding.INT32: np.dtype("<i4"),
    Encoding.INT64: np.dtype("<i8"),
    Encoding.MICROSECONDS: np.dtype("<i8"),
    Encoding.FLOAT16: np.dtype("<f2"),
    Encoding.FLOAT32: np.dtype("<f4"),
    Encoding.FLOAT64: np.dtype("<f8"),
    Encoding.DICTIONARY8: np.dtype("u1"),
    Encoding.DICTIONARY16: np.dtype("<u2"),
    Encoding.BINS8: np.dtype("u1"),
    Encoding.BINS16: np.dtype("<u2"),
}
ENTRY_BITS = {encoding: 1 if encoding is Encoding.BITS else 8 * dtype.itemsize for encoding, dtype in DTYPES.items()}


@dataclass(slots=True)
class EncodedColumn:
    """A column as it goes into a message."""

    encoding: Encoding
    has_validity: bool
    has_runs: bool
    #: The block's length without its padding, as the column table tells it.
    byte_count: int
    #: The block, padded, in pieces that are copied only into the message.
    parts: list[Any]

    @property
    def flags(self) -> int:
        """As the column table tells them."""
        return self.has_validity | self.has_runs << 1


ABSENT = EncodedColumn(Encoding.ABSENT, False, False, 0, [])


@dataclass(slots=True)
class Numbers:
    """A column of numbers, booleans or days: values and perhaps which rows have none (a NaN has none either way)."""

    values: Array
    missing: Mask | None = None
    #: For days, the same as whole microseconds, where they are.
    microseconds: Array | None = None
    #: If the values are one a run instead of a row: the number of the row behind each run's last.
    ends: Array | None = None

    @property
    def rows(self) -> int:
        """How many rows they are for."""
        return row_count(self.values, self.ends)


def row_count(entries: Array, ends: Array | None) -> int:
    """The rows of entries that are one a row, or one a run."""
    if ends is None:
        return len(entries)
    return int(ends[-1]) if len(ends) else 0


def padded(count: int) -> int:
    """The next multiple of 8."""
    return (count + 7) & ~7


def pad(parts: list[Any], block: bytes | Array) -> int:
    """Appends a block and its padding; tells the bytes of both."""
    count = len(block) if isinstance(block, bytes) else block.nbytes
    if count:
        parts.append(block)
    if count & 7:
        parts.append(bytes(-count & 7))
    return padded(count)


def bitmap(bits: Array) -> npt.NDArray[np.uint8]:
    """One bit an entry, the lowest of a byte first."""
    return np.packbits(bits, bitorder="little")


@lru_cache(maxsize=64)
def sizes(count: int, has_missing: bool) -> dict[Encoding, int]:
    """The bytes of bitmap and values, padded, of so many entries in each form."""
    marks = padded((count + 7) // 8) if has_missing else 0
    return {Encoding.ABSENT: 0, Encoding.CONSTANT: marks + 8} | {
        encoding: (0 if encoding in FLOATS else marks) + padded((bits * count + 7) // 8)
        for encoding, bits in ENTRY_BITS.items()
    }


def encode_as(encoding: Encoding, values: Array, missing: Mask | None, ends: Array | None = None) -> EncodedColumn:
    """One form of numbers that the caller knows to be exact; under missing rows a number may hold anything.

    Args:
        encoding: no dictionary.
        values: one a row, or a run.
        missing: which of them there are not.
        ends: of the runs, None for values a row.
    """
    if encoding is Encoding.ABSENT:
        return ABSENT
    if encoding is Encoding.CONSTANT:
        present = values if missing is None else values[~missing]
        if missing is not None and ends is not None:
            missing = np.repeat(missing, run_lengths(ends))
        # Adding a zero makes a negative zero a plain one.
        return block(encoding, np.array([float(present[0]) + 0.0], dtype="<f8"), missing)
    return block(encoding, entries_of(encoding, values, missing), missing, ends)


def encode_smaller(encoding: Encoding, values: Array, missing: Mask | None, ends: Array | None = None) -> EncodedColumn:
    """As :func:`encode_as`, but a value a row or a run, whichever takes less."""
    if encoding in (Encoding.ABSENT, Encoding.CONSTANT):
        return encode_as(encoding, values, missing, ends)
    return smaller_block(encoding, entries_of(encoding, values, missing), missing, ends)


def entries_of(encoding: Encoding, values: Array, missing: Mask | None) -> Array:
    """The numbers as the wire has them, one a row or a run; what is missing is 0, or NaN."""
    dtype = DTYPES[encoding]
    if missing is not None and len(values):
        values = np.where(missing, values.dtype.type(0), values)
    if encoding is Encoding.BITS:
        values = values != 0
        return values.view(np.uint8)
    if missing is None or encoding not in FLOATS:
        return values if values.dtype == dtype and values.flags.c_contiguous else values.astype(dtype, order="C")
    entries = values.astype(dtype)
    entries[missing] = np.nan
    return entries


def smaller_block(
    encoding: Encoding, entries: Array, missing: Mask | None, ends: Array | None = None, dictionary: bytes = b""
) -> EncodedColumn:
    """A block of an entry a row, or of an entry a run where that is smaller.

    Args:
        encoding: as settled before.
        entries: as they are written, one a row or a run.
        missing: which of them there are not, None where all are there.
        ends: of the runs that the entries are of, if any; two beside each other may be equal.
        dictionary: with its padding.
    """
    rows = row_count(entries, ends)
    starts = run_starts(encoding, entries, missing, most_runs(encoding, rows, missing is not None))
    if starts is not None:
        behind = np.append(starts[1:], rows) if ends is None else np.append(ends[starts[1:] - 1], rows)
        return block(encoding, entries[starts], None if missing is None else missing[starts], behind, dictionary)
    if ends is not None:
        lengths = run_lengths(ends)
        entries, missing = np.repeat(entries, lengths), None if missing is None else np.repeat(missing, lengths)
    return block(encoding, entries, missing, None, dictionary)


@lru_cache(maxsize=256)
def most_runs(encoding: Encoding, rows: int, has_missing: bool) -> int:
    """The most runs of which a block is smaller than of rows; none may be."""
    room, end_bytes = sizes(rows, has_missing)[encoding], end_dtype(rows).itemsize
    # So many at most, were there no padding.
    runs = max(0, 8 * (room - 8) // (8 * end_bytes + ENTRY_BITS[encoding]))
    while runs > 0 and 8 + padded(end_bytes * runs) + sizes.__wrapped__(runs, has_missing)[encoding] >= room:
        runs -= 1
    return runs


def end_dtype(rows: int) -> np.dtype[Any]:
    """In which the rows behind runs are written."""
    return _NARROW_END if rows <= 65_535 else _WIDE_END


#: Above so many rows, some are looked at before all: most columns have no runs, and these cost little then.
SAMPLED_ROWS = 2_048
#: How many of them.
SAMPLE = 256
_BITS = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}
_NARROW_END, _WIDE_END = np.dtype("<u2"), np.dtype("<u4")


def run_lengths(ends: Array) -> Array:
    """How many rows each run has."""
    return np.diff(ends, prepend=0)


def run_starts(encoding: Encoding, entries: Array, missing: Mask | None, most: int) -> Array | None:
    """Where runs begin, None if there are more than `most`.

    What is missing is like what is missing, and zero is like a negative zero.
    """
    if most < 1:
        return None
    if len(entries) > SAMPLED_ROWS:
        # Of runs that are worth it, at least a fifth of the rows are like the ones before: 50 and more of these. A
        # column that hides its runs from this goes without them: larger, and right.
        step = len(entries) // SAMPLE | 1
        bits = entries.view(_BITS[entries.itemsize])
        if np.count_nonzero(bits[:-1:step] == bits[1::step]) < SAMPLE // 32:
            return None
    changes = _changes(encoding, entries, missing)
    if np.count_nonzero(changes) >= most:
        return None
    return np.append(0, np.flatnonzero(changes) + 1)


def _changes(encoding: Encoding, entries: Array, missing: Mask | None) -> Mask:
    """Whether each entry but the first is another than the one before."""
    if encoding is Encoding.FLOAT16:
        # numpy compares these one by one; their bits are quick once there is one zero and one NaN.
        bits = entries.view(np.uint16)
        magnitude = bits & 0x7FFF
        entries = np.where(magnitude == 0, 0, np.where(magnitude > 0x7C00, 0x7E00, bits))
    changes: Mask = entries[1:] != entries[:-1]
    if encoding in FLOATS:
        if encoding is not Encoding.FLOAT16 and _has_nan(entries):
            gaps = np.isnan(entries)
            changes[gaps[1:] & gaps[:-1]] = False
    elif missing is not None:
        changes |= missing[1:] != missing[:-1]
    return changes


def _has_nan(values: Array) -> bool:
    least = values.min()  # is NaN if one is
    return bool(least != least)


def block(
    encoding: Encoding, entries: Array, missing: Mask | None, ends: Array | None = None, head: bytes = b""
) -> EncodedColumn:
    """A block of its parts in the order of the wire: a head (dictionary or fingerprint), runs, validity, values."""
    parts: list[Any] = [head] if head else []
    before = len(head)
    if ends is not None:
        rows = int(ends[-1])
        before += pad(parts, struct.pack("<II", len(ends), 0)) + pad(parts, ends.astype(end_dtype(rows)))
    has_validity = missing is not None and encoding not in FLOATS
    if missing is not None and has_validity:
        before += pad(parts, bitmap(~missing))
    if encoding is Encoding.BITS:
        entries = bitmap(entries)
    pad(parts, entries)
    return EncodedColumn(encoding, has_validity, ends is not None, before + entries.nbytes, parts)

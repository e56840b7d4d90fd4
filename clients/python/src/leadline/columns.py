"""Columns of numbers as blocks of a message, each in its smallest exact form (WIRE.md section 6)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import EncodingError

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
#: Rows that are looked at before all of them, since most columns of fractions have one among their first.
PROBE_ROWS = 16


class Encoding(IntEnum):
    """How a column's values are written."""

    ABSENT = 0x00
    CONSTANT = 0x01
    BITS = 0x10
    UINT8 = 0x11
    INT16 = 0x14
    INT32 = 0x15
    FLOAT32 = 0x21
    FLOAT64 = 0x22
    DICTIONARY8 = 0x30
    DICTIONARY16 = 0x31


pack_single, unpack_single = struct.Struct("<f").pack, struct.Struct("<f").unpack

# Of all but NaN; their types differ between the versions of numpy.
_least: Any = np.fmin.reduce
_greatest: Any = np.fmax.reduce

INTEGERS = {Encoding.UINT8: "<u1", Encoding.INT16: "<i2", Encoding.INT32: "<i4"}
FLOATS = {Encoding.FLOAT32: "<f4", Encoding.FLOAT64: "<f8"}


@dataclass(frozen=True)
class EncodedColumn:
    """A column as it goes into a message."""

    encoding: Encoding
    has_validity: bool
    #: The block's length without its padding, as the column table tells it.
    byte_count: int
    #: The block, padded, in pieces that are copied only into the message.
    parts: tuple[Any, ...]


ABSENT = EncodedColumn(Encoding.ABSENT, False, 0, ())


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, booleans or days: values and perhaps which rows have none (a NaN has none either way)."""

    values: Array
    missing: Mask | None = None

    def __getitem__(self, rows: slice) -> Numbers:
        return Numbers(self.values[rows], None if self.missing is None else self.missing[rows])


def pad(parts: list[Any], block: Any) -> int:
    """Appends a block and its padding; tells the bytes of both."""
    count = memoryview(block).nbytes
    if count:
        parts.append(block)
    if count % 8:
        parts.append(bytes(-count % 8))
    return (count + 7) & ~7


def encode_numbers(column: Numbers) -> EncodedColumn:
    """The smallest form that gives back the same numbers; of equals, the lowest code."""
    values, missing = column.values, column.missing
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    elif values.dtype.kind not in "iuf":
        raise EncodingError(f"a column of {values.dtype} is not one of numbers")
    if values.dtype.kind == "f":
        return _encode_floats(values, missing)
    return encode_integers(values, missing)


def encode_as(encoding: Encoding, values: Array, missing: Mask | None) -> EncodedColumn:
    """One form that the caller knows to be exact; under missing rows a number may hold anything."""
    rows = len(values)
    if encoding is Encoding.ABSENT:
        return ABSENT
    if encoding in FLOATS:
        dtype = np.dtype(FLOATS[encoding])
        if missing is not None:
            values = values.astype(dtype)  # a copy
            values[missing] = np.nan
        return block(encoding, None, np.ascontiguousarray(values, dtype=dtype))
    validity = None if missing is None else bitmap(~missing)
    if encoding is Encoding.CONSTANT:
        present = values if missing is None else values[~missing]
        # Adding a zero makes a negative zero a plain one.
        return block(encoding, validity, struct.pack("<d", float(present[0]) + 0.0))
    if missing is not None and rows:
        values = np.where(missing, values.dtype.type(0), values)
    if encoding is Encoding.BITS:
        return block(encoding, validity, bitmap(values != 0))
    return block(encoding, validity, np.ascontiguousarray(values, dtype=INTEGERS[encoding]))


def bitmap(bits: Mask) -> npt.NDArray[np.uint8]:
    """One bit a row, the lowest of a byte first."""
    return np.packbits(bits, bitorder="little")


def block(encoding: Encoding, validity: Any, values: Any, dictionary: Sequence[Any] = ()) -> EncodedColumn:
    """A block of its parts in the order of the wire: dictionary, validity, values."""
    parts: list[Any] = list(dictionary)
    before = sum(memoryview(part).nbytes for part in parts)
    if validity is not None:
        before += pad(parts, validity)
    pad(parts, values)
    return EncodedColumn(encoding, validity is not None, before + memoryview(values).nbytes, tuple(parts))


def _sizes(rows: int, has_missing: bool) -> dict[Encoding, int]:
    """The bytes of a block, padded, in each form of numbers."""
    marks = ((rows + 7) // 8 + 7) & ~7 if has_missing else 0
    return {
        Encoding.CONSTANT: marks + 8,
        Encoding.BITS: marks + (((rows + 7) // 8 + 7) & ~7),
        Encoding.UINT8: marks + ((rows + 7) & ~7),
        Encoding.INT16: marks + ((2 * rows + 7) & ~7),
        Encoding.INT32: marks + ((4 * rows + 7) & ~7),
        Encoding.FLOAT32: (4 * rows + 7) & ~7,
        Encoding.FLOAT64: 8 * rows,
    }


def _integer_forms(low: int, high: int) -> list[Encoding]:
    if low >= 0 and high <= 1:
        return [Encoding.BITS]
    if low >= 0 and high <= 255:
        return [Encoding.UINT8]
    if low >= -32_768 and high <= 32_767:
        return [Encoding.INT16]
    return [Encoding.INT32] if low >= INT32_MIN and high <= INT32_MAX else []


def _smallest(forms: Sequence[Encoding], rows: int, has_missing: bool) -> Encoding:
    sizes = _sizes(rows, has_missing)
    return min(forms, key=lambda form: (sizes[form], form))


def encode_integers(values: Array, missing: Mask | None) -> EncodedColumn:
    """Whole numbers in their smallest form."""
    if missing is not None and not missing.any():
        missing = None
    present = values if missing is None else values[~missing]
    if not len(present):
        return ABSENT
    low, high = int(present.min()), int(present.max())
    forms = _integer_forms(low, high)
    if low == high and int(float(low)) == low:
        forms.append(Encoding.CONSTANT)
    if not forms:
        _check_double(present)
        forms.append(Encoding.FLOAT64)
    # Without a bitmap, which integers need for missing rows, or beyond 32 bits, a float32 may be smaller.
    sizes = _sizes(len(values), missing is not None)
    if sizes[Encoding.FLOAT32] < min(sizes[form] for form in forms) and _is_single(present):
        forms.append(Encoding.FLOAT32)
    return encode_as(_smallest(forms, len(values), missing is not None), values, missing)


def _check_double(values: Array) -> None:
    """Refuses whole numbers that no float64 is."""
    wide = values.astype(np.float64)
    for row in np.flatnonzero((wide <= -(2.0**53)) | (wide >= 2.0**53)).tolist():
        if int(values[row]) != int(wide[row]):
            raise EncodingError(f"the number {int(values[row])} is no float64; pass it as one if about is enough")


def _encode_floats(values: Array, missing: Mask | None) -> EncodedColumn:
    if values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    if missing is not None and missing.any():
        values = values.copy()
        values[missing] = np.nan
    form = _form_of_fractions(values)
    if form is not None:
        return encode_as(form, values, None)
    with np.errstate(invalid="ignore"):
        # A NaN among the values makes the least of them NaN.
        low, high = values.min(), values.max()
        has_missing = bool(low != low)
        if has_missing:
            low, high = _least(values), _greatest(values)
    if low != low:
        return ABSENT
    holes = np.isnan(values) if has_missing else None
    forms: list[Encoding] = [Encoding.CONSTANT] if low == high else []
    whole: Array | None = None
    if low >= INT32_MIN and high <= INT32_MAX:
        filled = values if holes is None else np.where(holes, values.dtype.type(0), values)
        whole = filled.astype(np.int32)
        if np.array_equal(whole.astype(values.dtype), filled):
            forms.extend(_integer_forms(int(low), int(high)))
    sizes = _sizes(len(values), has_missing)
    if (not forms or sizes[Encoding.FLOAT32] < min(sizes[form] for form in forms)) and _is_single(values):
        forms.append(Encoding.FLOAT32)
    form = _smallest(forms or [Encoding.FLOAT64], len(values), has_missing)
    return encode_as(form, values if whole is None or form in FLOATS or form == Encoding.CONSTANT else whole, holes)


def _form_of_fractions(values: Array) -> Encoding | None:
    """The form of a column whose first rows show that it is neither of whole numbers nor constant; None otherwise.

    Most columns of fractions show it by their first two rows, and then no other form need be tried.
    """
    first: float | None = None
    is_constant = are_whole = are_single = True
    for value in values[:PROBE_ROWS].tolist():
        if value != value:
            continue
        if first is None:
            first = value
        is_constant = is_constant and value == first
        are_whole = are_whole and value % 1.0 == 0.0
        are_single = are_single and _is_single_number(value)
        if not is_constant and not are_whole:
            return Encoding.FLOAT32 if are_single and _is_single(values) else Encoding.FLOAT64
    return None


def _is_single_number(value: float) -> bool:
    try:
        back: float = unpack_single(pack_single(value))[0]
    except OverflowError:
        return False
    return back == value


def _is_single(values: Array) -> bool:
    """Whether all numbers are float32s."""
    if values.dtype == np.float32:
        return True
    with np.errstate(over="ignore", under="ignore"):
        differ = values.astype(np.float32).astype(np.float64) != values
    return not differ.any() or bool(np.isnan(values[differ]).all())

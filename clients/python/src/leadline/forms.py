"""Which form of a column of numbers is the smallest that keeps its values (WIRE.md section 6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import FLOATS, INTEGERS, Array, EncodedColumn, Encoding, Mask, Numbers, encode_smaller, sizes
from .errors import EncodingError

INT32_MIN, INT32_MAX = INTEGERS[Encoding.INT32]
#: The greatest float16.
HALF_MAX = 65_504
#: Rows that are looked at before all of them, since most columns of fractions have one among their first.
PROBE_ROWS = 16
#: The same for whether all are float16s, which takes numpy long to tell.
HALF_PROBE_ROWS = 256

pack_single, unpack_single = struct.Struct("<f").pack, struct.Struct("<f").unpack
pack_half, unpack_half = struct.Struct("<e").pack, struct.Struct("<e").unpack

# Of all but NaN; their types differ between the versions of numpy.
_least: Any = np.fmin.reduce
_greatest: Any = np.fmax.reduce


@dataclass(slots=True)
class Form:
    """A column's form, and its values, a row or a run each, ready to be written in it."""

    encoding: Encoding
    values: Array
    missing: Mask | None

    def write(self, ends: Array | None = None) -> EncodedColumn:
        """The block: a value a row, or a run where that is smaller still."""
        return encode_smaller(self.encoding, self.values, self.missing, ends)


def encode_numbers(column: Numbers) -> EncodedColumn:
    """The smallest form that gives back the same numbers; of equals, the lowest code."""
    values, missing = column.values, column.missing
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    elif values.dtype.kind not in "iuf":
        raise EncodingError(f"a column of {values.dtype} is not one of numbers")
    if missing is not None and not missing.any():
        missing = None
    form = (_form_of_floats if values.dtype.kind == "f" else form_of_integers)(values, missing, column.rows)
    if form.encoding is Encoding.FLOAT64 and column.microseconds is not None and missing is None:
        # As long, and a lower code; with missing ones it would have a bitmap besides. The server's days are the same.
        form = Form(Encoding.MICROSECONDS, column.microseconds, None)
    return form.write(column.ends)


def form_of_integers(values: Array, missing: Mask | None, rows: int) -> Form:
    """The smallest form of whole numbers.

    Args:
        values: one a row, or a run.
        missing: which of them there are not, None where all are there.
        rows: how many rows they are for.
    """
    present = values if missing is None else values[~missing]
    if not len(present):
        return Form(Encoding.ABSENT, values, None)
    low, high = int(present.min()), int(present.max())
    room = sizes(rows, missing is not None)
    forms = _integer_forms(low, high)
    if low == high and int(float(low)) == low:
        forms.append(Encoding.CONSTANT)
    if not forms:
        _check_double(present)
        forms.append(Encoding.FLOAT64)
    best = min(forms, key=lambda form: (room[form], form))
    # Without a bitmap, which integers need for missing rows, or beyond their ranges, floating point may be smaller.
    if room[Encoding.FLOAT16] < room[best] and low >= -HALF_MAX and high <= HALF_MAX and _is_half(present):
        best = Encoding.FLOAT16
    elif room[Encoding.FLOAT32] < room[best] and _is_single(present):
        best = Encoding.FLOAT32
    return Form(best, values, missing)


def _integer_forms(low: int, high: int) -> list[Encoding]:
    return next(([form] for form, (least, most) in INTEGERS.items() if least <= low and high <= most), [])


def _check_double(values: Array) -> None:
    """Refuses whole numbers that no float64 is."""
    wide = values.astype(np.float64)
    for row in np.flatnonzero((wide <= -(2.0**53)) | (wide >= 2.0**53)).tolist():
        if int(values[row]) != int(wide[row]):
            raise EncodingError(f"the number {int(values[row])} is no float64; pass it as one if about is enough")


def _form_of_floats(values: Array, missing: Mask | None, rows: int) -> Form:
    if values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    if missing is not None:
        values = values.copy()
        values[missing] = np.nan
    fractions = _form_of_fractions(values)
    if fractions is not None:
        return Form(fractions, values, None)
    if not len(values):
        return Form(Encoding.ABSENT, values, None)
    with np.errstate(invalid="ignore"):
        # A NaN among the values makes the least of them NaN.
        low, high = values.min(), values.max()
        has_missing = bool(low != low)
        if has_missing:
            low, high = _least(values), _greatest(values)
    if low != low:
        return Form(Encoding.ABSENT, values, None)
    holes = np.isnan(values) if has_missing else None
    forms: list[Encoding] = [Encoding.CONSTANT] if low == high else []
    whole: Array | None = None
    if low >= INT32_MIN and high <= INT32_MAX:
        filled = values if holes is None else np.where(holes, values.dtype.type(0), values)
        whole = filled.astype(np.int32)
        if np.array_equal(whole.astype(values.dtype), filled):
            forms.extend(_integer_forms(int(low), int(high)))
    room = sizes(rows, has_missing)
    best = min(forms or [Encoding.FLOAT64], key=lambda form: (room[form], form))
    if room[Encoding.FLOAT16] < room[best] and _is_half(values):
        best = Encoding.FLOAT16
    elif room[Encoding.FLOAT32] < room[best] and _is_single(values):
        best = Encoding.FLOAT32
    if best in FLOATS:
        return Form(best, values, None)  # NaN where missing already
    return Form(best, values if whole is None or best is Encoding.CONSTANT else whole, holes)


def _form_of_fractions(values: Array) -> Encoding | None:
    """The form of a column whose first rows show that it is neither of whole numbers nor constant; None otherwise.

    Most columns of fractions show it by their first two rows, and then no other form need be tried.
    """
    first: float | None = None
    is_constant = are_whole = are_half = are_single = True
    for value in values[:PROBE_ROWS].tolist():
        if value != value:
            continue
        if first is None:
            first = value
        is_constant = is_constant and value == first
        are_whole = are_whole and value % 1.0 == 0.0
        are_single = are_single and _is_single_number(value)
        are_half = are_half and _is_half_number(value)
        if not is_constant and not are_whole:
            if are_half and _is_half(values):
                return Encoding.FLOAT16
            return Encoding.FLOAT32 if are_single and _is_single(values) else Encoding.FLOAT64
    return None


def _is_single_number(value: float) -> bool:
    try:
        back: float = unpack_single(pack_single(value))[0]
    except OverflowError:
        return False
    return back == value


def _is_half_number(value: float) -> bool:
    try:
        back: float = unpack_half(pack_half(value))[0]
    except OverflowError:
        return False
    return back == value


def _is_half(values: Array) -> bool:
    """Whether all numbers are float16s."""
    return _fits(values[:HALF_PROBE_ROWS], np.float16) and _fits(values[HALF_PROBE_ROWS:], np.float16)


def _is_single(values: Array) -> bool:
    """Whether all numbers are float32s."""
    return values.dtype == np.float32 or _fits(values, np.float32)


def _fits(values: Array, narrow: type[np.floating[Any]]) -> bool:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        differ = values.astype(narrow).astype(np.float64) != values
    return not differ.any() or bool(np.isnan(values[differ]).all())

"""Arrays and Python's objects as numbers, days and texts, as the wire wants them for each kind of column."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import Array, Mask, Numbers
from .errors import EncodingError
from .schema import Kind
from .strings import Strings

SECONDS_PER_DAY = 86_400
MICROSECONDS_PER_DAY = SECONDS_PER_DAY * 1_000_000
UNITS_PER_DAY = {
    "D": 1,
    "h": 24,
    "m": 1_440,
    "s": SECONDS_PER_DAY,
    "ms": SECONDS_PER_DAY * 1_000,
    "us": MICROSECONDS_PER_DAY,
    "ns": SECONDS_PER_DAY * 1_000_000_000,
}
WORDS = {"true": 1, "yes": 1, "1": 1, "false": 0, "no": 0, "0": 0}
NOT_A_TIME = np.iinfo(np.int64).min


def from_numpy(values: Array, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
    """An array of numbers, booleans, dates, texts or objects."""
    if kind == "category":
        return texts_of(values)
    if values.dtype.kind in "biuf":
        return Numbers(values)
    if values.dtype.kind == "M":
        if kind != "date":
            raise EncodingError(f"dates where a {kind} belongs")
        return days(values)
    if values.dtype.kind in "OUT":
        return from_objects(values.astype(object), kind, missing_tokens)
    raise EncodingError(f"an array of {values.dtype} where a {kind} belongs")


def days(values: npt.NDArray[np.datetime64]) -> Numbers:
    """Days since 1970-01-01T00:00Z; NaT is missing."""
    unit, step = np.datetime_data(values.dtype)
    if unit not in UNITS_PER_DAY or step != 1:
        values, unit = values.astype("datetime64[us]"), "us"
    counts = values.astype(values.dtype.newbyteorder("="), copy=False).view(np.int64)
    missing = counts == NOT_A_TIME
    return days_of_counts(counts, UNITS_PER_DAY[unit], missing if missing.any() else None)


def days_of_counts(counts: Array, per_day: int, missing: Mask | None) -> Numbers:
    """Days of counts of some unit: whole ones stay whole."""
    if per_day == 1:
        return Numbers(counts, missing)
    if missing is not None:
        counts = np.where(missing, 0, counts)
    whole, rest = np.divmod(counts, per_day)
    if not rest.any():
        return Numbers(whole, missing)
    microseconds = _microseconds(counts, per_day)
    if microseconds is None:
        return Numbers(whole + rest / per_day, missing)
    # As the server divides, so that both forms are the same days to the last bit.
    return Numbers(microseconds / MICROSECONDS_PER_DAY, missing, microseconds)


def _microseconds(counts: Array, per_day: int) -> Array | None:
    """Counts of some unit as microseconds, None if they are finer than that or too many for 64 bits."""
    if per_day == MICROSECONDS_PER_DAY:
        return counts
    if per_day > MICROSECONDS_PER_DAY:
        whole, rest = np.divmod(counts, per_day // MICROSECONDS_PER_DAY)
        return None if rest.any() else whole
    factor = MICROSECONDS_PER_DAY // per_day
    most = np.iinfo(np.int64).max // factor
    return counts * factor if -most <= counts.min() and counts.max() <= most else None


def texts_of(values: Array) -> Strings:
    """Texts, or what is written as text: whole numbers without a point, booleans as true and false."""
    if values.dtype.kind == "f":
        holes = np.isnan(values)
        values = values.astype(object)
        values[holes] = None
    codes = np.empty(len(values), dtype=np.int32)
    places: dict[Any, int] = {}
    entries: list[str] = []
    for row, value in enumerate(values.tolist()):
        code = places.get((type(value), value))
        if code is None:
            if is_missing(value):
                code = -1
            else:
                code = len(entries)
                entries.append(text_of(value))
            places[type(value), value] = code
        codes[row] = code
    return Strings(codes, entries)


def text_of(value: object) -> str:
    """A category's value as text, as a CSV file would have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    if isinstance(value, (datetime.date, np.datetime64)):
        return str(value)
    raise EncodingError(f"a {type(value).__name__} where a category belongs; pass texts")


def is_missing(value: Any) -> bool:
    """Whether an object stands for no value: None, NaN, NaT, pandas' NA."""
    if value is None:
        return True
    if isinstance(value, (str, bytes, bool, int)):
        return False
    differs = value != value
    return not isinstance(differs, (bool, np.bool_)) or bool(differs)


def from_objects(values: Array, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers:
    """Python's objects as numbers, booleans or dates. Slow: each is looked at."""
    numbers = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values.tolist()):
        if is_missing(value) or (isinstance(value, str) and (not value.strip() or value.strip() in missing_tokens)):
            numbers[row] = np.nan
            continue
        try:
            numbers[row] = number_of(value, kind)
        except (EncodingError, OverflowError) as error:
            raise EncodingError(f"row {row}: {error}", row=row) from None
    return Numbers(numbers)


def from_coded(codes: Array, entries: Sequence[Any], kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers:
    """Numbers, booleans or dates of a dictionary: each entry is read once; a code of -1 has none."""
    try:
        values = from_objects(np.array([*entries, None], dtype=object), kind, missing_tokens).values
    except EncodingError as error:
        raise moved(error, next(iter(np.flatnonzero(codes == error.row).tolist()), None)) from None
    return Numbers(values[codes])


def moved(error: EncodingError, row: int | None) -> EncodingError:
    """The same error, where its row was the place of what several rows share."""
    text = str(error).removeprefix(f"row {error.row}: ")
    return EncodingError(text if row is None else f"row {row}: {text}", column=error.column, row=row)


def number_of(value: Any, kind: Kind) -> float:
    """One object as the wire's number for a kind."""
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        number = float(value)
        if isinstance(value, int) and int(number) != value:
            raise EncodingError(f"the number {value} is no float64; pass it as one if about is enough")
        return number
    if kind == "boolean" and isinstance(value, str) and value.strip().lower() in WORDS:
        return WORDS[value.strip().lower()]
    if kind == "date":
        return day_of(value)
    if isinstance(value, str):
        hint = "pass true, false or numbers" if kind == "boolean" else "convert the column first"
        raise EncodingError(f"the text {value!r} where a {kind} belongs; {hint}")
    if kind == "number" and hasattr(value, "as_tuple"):
        number = float(value)  # a Decimal
        return number
    raise EncodingError(f"a {type(value).__name__} where a {kind} belongs")


def day_of(value: Any) -> float:
    """A date, a moment, or either as ISO 8601 text, as days since 1970-01-01T00:00Z; without a zone it is UTC."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        except ValueError:
            raise EncodingError(f"the text {value!r} is no date as 2026-01-31 or 2026-01-31T09:30:00Z") from None
    if isinstance(value, np.datetime64):
        number: float = days(np.array([value])).values[0].item()
        return number
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        since: datetime.timedelta = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return since // datetime.timedelta(microseconds=1) / MICROSECONDS_PER_DAY
    if isinstance(value, datetime.date):
        return float(value.toordinal() - datetime.date(1970, 1, 1).toordinal())
    raise EncodingError(f"a {type(value).__name__} where a date belongs")

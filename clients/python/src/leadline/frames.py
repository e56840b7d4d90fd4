"""Frames of pandas, polars, pyarrow and numpy as columns of values, and results as a frame of the same library.

No library but numpy is imported here before a caller has passed something of it.
"""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import Array, Mask, Numbers
from .errors import EncodingError
from .reply import Timings
from .schema import Kind
from .strings import Strings
from .timings import TimedArray, TimedDict

SECONDS_PER_DAY = 86_400
MICROSECONDS_PER_DAY = SECONDS_PER_DAY * 1_000_000
#: The score of a row that was not scored.
NO_SCORE = 255
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


class Frame(ABC):
    """A frame of some library."""

    names: list[str]
    rows: int

    @abstractmethod
    def column(self, name: str, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
        """A column's values as the wire wants them for a kind.

        Args:
            name: the column's.
            kind: what the model takes it for.
            missing_tokens: texts that mean "not known" where a number, a boolean or a date belongs; in categories
                the server finds them.

        Raises:
            EncodingError: the values are not of this kind.
        """

    @abstractmethod
    def slice(self, start: int, stop: int) -> Frame:
        """Some of the rows, without a copy."""

    @abstractmethod
    def result(self, results: Mapping[str, Array], labels: Mapping[str, Sequence[str]]) -> Any:
        """Results, one element a row, as a frame of the same library.

        Args:
            results: by the output's name.
            labels: for outputs that are indices, what these stand for. An index without a label, and a score of 255,
                is of a row that was not scored.
        """

    @abstractmethod
    def with_timings(self, result: Any, timings: tuple[Timings, ...]) -> Any:
        """A result with the server's times beside it, where `leadline.timings` finds them."""

    def matrix(self, names: Sequence[str]) -> Array:
        """All values as one array of float32, a row a lead, with the columns of these names.

        Raises:
            EncodingError: they do not lie in memory like that.
        """
        del names
        raise EncodingError("row_major= is for a two-dimensional array of float32, row after row in memory")


def is_frame(data: Any) -> bool:
    """Whether something is one frame and not several in a row."""
    library = type(data).__module__.partition(".")[0]
    return isinstance(data, (Frame, np.ndarray, Mapping)) or (
        library in ("pandas", "polars", "pyarrow") and not hasattr(data, "__next__")
    )


def wrap(data: Any, columns: Sequence[str] | None = None) -> Frame:
    """The frame behind whatever a caller has.

    Args:
        data: a frame of pandas, polars (not lazy) or pyarrow, a mapping from name to array, a structured array, or a
            two-dimensional array.
        columns: the names of a two-dimensional array's columns.
    """
    if isinstance(data, Frame):
        return data
    library = type(data).__module__.partition(".")[0]
    if library == "pandas" and hasattr(data, "iloc") and getattr(data, "ndim", 0) == 2:
        from ._pandas import PandasFrame

        return PandasFrame(data)
    if library == "polars":
        from ._polars import PolarsFrame

        return PolarsFrame(data)
    if library == "pyarrow":
        from ._pyarrow import ArrowFrame

        return ArrowFrame(data)
    if isinstance(data, np.ndarray):
        return NumpyFrame.from_array(data, columns)
    if isinstance(data, Mapping):
        return NumpyFrame({str(name): np.asarray(values) for name, values in data.items()}, is_mapping=True)
    raise TypeError(
        f"a {type(data).__name__} is no frame: pass a DataFrame of pandas or polars, a pyarrow Table, "
        "a numpy array, or a dict of arrays"
    )


class NumpyFrame(Frame):
    """Arrays by name: of a mapping, a structured array, or a two-dimensional one."""

    def __init__(self, arrays: Mapping[str, Array], *, is_mapping: bool, whole: Array | None = None) -> None:
        self.arrays = arrays
        #: The two-dimensional array that the others are the columns of.
        self.whole = whole
        self.names = list(arrays)
        self.is_mapping = is_mapping
        lengths = {name: len(values) for name, values in arrays.items()}
        if any(values.ndim != 1 for values in arrays.values()):
            raise EncodingError("each column is an array of one dimension")
        if len(set(lengths.values())) > 1:
            raise EncodingError(f"the columns differ in length: {lengths}")
        self.rows = next(iter(lengths.values()), 0)

    @classmethod
    def from_array(cls, array: Array, columns: Sequence[str] | None) -> NumpyFrame:
        """The columns of an array with names, or with two dimensions and names beside it."""
        if array.dtype.names:
            return cls({name: array[name] for name in array.dtype.names}, is_mapping=False)
        if array.ndim != 2:
            raise EncodingError(f"an array of {array.ndim} dimensions; two are needed, or named fields")
        if columns is None:
            raise EncodingError("columns= must name the columns of an array without named fields")
        if len(columns) != array.shape[1]:
            raise EncodingError(f"{len(columns)} names for {array.shape[1]} columns")
        if len(set(columns)) != len(columns):
            raise EncodingError("two columns have the same name")
        return cls({name: array[:, index] for index, name in enumerate(columns)}, is_mapping=False, whole=array)

    def column(self, name: str, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
        return from_numpy(self.arrays[name], kind, missing_tokens)

    def slice(self, start: int, stop: int) -> NumpyFrame:
        return NumpyFrame(
            {name: values[start:stop] for name, values in self.arrays.items()},
            is_mapping=self.is_mapping,
            whole=None if self.whole is None else self.whole[start:stop],
        )

    def matrix(self, names: Sequence[str]) -> Array:
        whole = self.whole
        if whole is None or whole.dtype != np.dtype("<f4") or not whole.flags.c_contiguous:
            return super().matrix(names)
        lacking = [name for name in names if name not in self.arrays]
        if lacking:
            raise EncodingError(f"row_major= wants all of the model's columns; there is no {lacking[0]!r}")
        if list(names) == self.names:
            return whole
        places = {name: place for place, name in enumerate(self.names)}
        return whole[:, [places[name] for name in names]]

    def result(self, results: Mapping[str, Array], labels: Mapping[str, Sequence[str]]) -> Any:
        arrays = dict(results)
        for name, texts in labels.items():
            table = np.array([*texts, *[""] * (256 - len(texts))])
            arrays[name] = table[arrays[name]]
        if self.is_mapping:
            return arrays
        records = np.empty(self.rows, dtype=[(name, values.dtype) for name, values in arrays.items()])
        for name, values in arrays.items():
            records[name] = values
        return records

    def with_timings(self, result: Any, timings: tuple[Timings, ...]) -> Any:
        timed: Any = TimedDict(result) if self.is_mapping else result.view(TimedArray)
        timed.timings = timings
        return timed


def from_numpy(values: Array, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
    """An array of numbers, booleans, dates, texts or objects."""
    if kind == "category":
        return categories(values)
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


def categories(values: Array) -> Strings:
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

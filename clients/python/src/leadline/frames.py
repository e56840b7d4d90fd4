"""Frames of pandas, polars, pyarrow and numpy as columns of values, and results as a frame of the same library.

No library but numpy is imported here before a caller has passed something of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .columns import Array, Numbers
from .errors import EncodingError
from .reply import Timings
from .schema import Kind
from .strings import Strings
from .timings import TimedArray, TimedDict
from .values import from_numpy

#: The score of a row that was not scored.
NO_SCORE = 255


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

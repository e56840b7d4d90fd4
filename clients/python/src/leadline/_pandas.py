"""pandas frames."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .columns import Array, Numbers
from .errors import EncodingError
from .frames import NO_SCORE, Frame
from .reply import Timings
from .schema import Kind
from .strings import Strings
from .timings import KEY
from .values import days, from_numpy, from_objects, moved, text_of, texts_of

# Its types differ between the versions of pandas.
_from_codes: Any = pd.Categorical.from_codes


class PandasFrame(Frame):
    """A pandas DataFrame; results keep its index."""

    def __init__(self, frame: pd.DataFrame) -> None:
        if not frame.columns.is_unique:
            raise EncodingError("two columns of the frame have the same name")
        self.frame = frame
        self.labels = {str(label): index for index, label in enumerate(frame.columns)}
        if len(self.labels) < len(frame.columns):
            raise EncodingError("two columns of the frame have the same name once written as text")
        self.names = list(self.labels)
        self.rows = len(frame)
        # Of one block of numbers every column is a view, without a Series for each.
        types = set(frame.dtypes)
        only = next(iter(types)) if len(types) == 1 else None
        self.block: Array | None = frame.to_numpy() if isinstance(only, np.dtype) and only.kind in "biuf" else None

    def column(self, name: str, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
        index = self.labels[name]
        if self.block is not None and kind != "category":
            return Numbers(self.block[:, index])
        return from_series(self.frame.iloc[:, index], kind, missing_tokens)

    def slice(self, start: int, stop: int) -> PandasFrame:
        return PandasFrame(self.frame.iloc[start:stop])

    def result(self, results: Mapping[str, Array], labels: Mapping[str, Sequence[str]]) -> Any:
        columns: dict[str, Any] = dict(results)
        if "score" in columns:
            scores = np.array(columns["score"])
            columns["score"] = pd.arrays.IntegerArray(scores, scores == NO_SCORE)
        for name, texts in labels.items():
            codes = np.where(columns[name] < len(texts), columns[name].astype(np.int16), np.int16(-1))
            columns[name] = _from_codes(codes, dtype=_labels(tuple(texts), name == "tier"), validate=False)
        return pd.DataFrame(columns, index=self.frame.index)

    def with_timings(self, result: Any, timings: tuple[Timings, ...]) -> Any:
        result.attrs[KEY] = timings
        return result


@functools.lru_cache(maxsize=64)
def _labels(texts: tuple[str, ...], ordered: bool) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(texts), ordered=ordered)


def from_series(series: Any, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
    """A Series of any dtype."""
    dtype = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        from ._pyarrow import from_column

        return from_column(series.array.__arrow_array__(), kind, missing_tokens)
    if isinstance(dtype, pd.CategoricalDtype):
        if kind == "category":
            return Strings(series.array.codes, [text_of(value) for value in dtype.categories.tolist()])
        return _of_categories(series, kind, missing_tokens)
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        values = series.to_numpy()
        if kind == "category" and dtype.kind in "biufM":
            return _factorized(series)
        return from_numpy(values, kind, missing_tokens)
    if isinstance(dtype, pd.DatetimeTZDtype):
        if kind != "date":
            raise EncodingError(f"dates where a {kind} belongs")
        return days(series.to_numpy(dtype=f"datetime64[{dtype.unit}]"))
    if kind == "category":
        return _factorized(series)
    if dtype.kind in "biuf":
        missing = series.isna().to_numpy(dtype=bool)
        plain = np.dtype(dtype.type)
        return Numbers(series.to_numpy(dtype=plain, na_value=plain.type(0)), missing if missing.any() else None)
    if kind in ("date", "boolean") and isinstance(dtype, pd.StringDtype):
        return _of_categories(series.astype("category"), kind, missing_tokens)
    return from_objects(series.to_numpy(dtype=object), kind, missing_tokens)


def _of_categories(series: Any, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers:
    """Numbers, booleans or dates of a categorical: each category is read once."""
    codes, categories = series.array.codes, series.cat.categories
    try:
        # Moments with a zone would be objects.
        values = (
            from_series(pd.Series(categories), kind)
            if isinstance(categories.dtype, pd.DatetimeTZDtype)
            else from_numpy(np.asarray(categories), kind, missing_tokens)
        )
    except EncodingError as error:
        raise moved(error, next(iter(np.flatnonzero(codes == error.row).tolist()), None)) from None
    if isinstance(values, Strings) or not len(values.values):
        return Numbers(np.full(len(codes), np.nan))
    missing = codes < 0
    if values.missing is not None:
        missing |= values.missing[codes]
    places = np.maximum(codes, 0)
    microseconds = None if values.microseconds is None else values.microseconds[places]
    return Numbers(values.values[places], missing if missing.any() else None, microseconds)


def _factorized(series: Any) -> Strings:
    if series.dtype == object and pd.api.types.infer_dtype(series, skipna=True) != "string":
        return texts_of(series.to_numpy(dtype=object))  # to pandas, True and 1 are the same
    codes, uniques = pd.factorize(series)
    return Strings(codes, [text_of(value) for value in uniques.tolist()])

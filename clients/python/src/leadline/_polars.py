"""polars frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from .columns import Array, Mask, Numbers
from .errors import EncodingError
from .frames import NO_SCORE, Frame
from .reply import Timings
from .schema import Kind
from .strings import Strings
from .values import UNITS_PER_DAY, days_of_counts, from_coded, from_objects, text_of


class PolarsFrame(Frame):
    """A polars DataFrame."""

    def __init__(self, frame: Any) -> None:
        if isinstance(frame, pl.LazyFrame):
            raise TypeError(
                "a LazyFrame has no rows yet: collect() it, or pass frame.collect_batches() to score_batches"
            )
        if not isinstance(frame, pl.DataFrame):
            raise TypeError(f"a {type(frame).__name__} is no frame; pass a DataFrame")
        self.frame = frame
        self.names = list(frame.columns)
        self.rows = frame.height

    def column(self, name: str, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
        return from_series(self.frame.get_column(name), kind, missing_tokens)

    def slice(self, start: int, stop: int) -> PolarsFrame:
        return PolarsFrame(self.frame.slice(start, stop - start))

    def result(self, results: Mapping[str, Array], labels: Mapping[str, Sequence[str]]) -> Any:
        columns: dict[str, Any] = {}
        for name, values in results.items():
            if name in labels:
                texts = [*labels[name], *[None] * (256 - len(labels[name]))]
                labelled = [texts[index] for index in values.tolist()]
                columns[name] = pl.Series(name, labelled, dtype=pl.Enum(list(labels[name])))
            else:
                columns[name] = pl.Series(name, np.array(values), nan_to_null=True)
        frame = pl.DataFrame(columns)
        if "score" in columns:
            frame = frame.with_columns(pl.when(pl.col("score") != NO_SCORE).then(pl.col("score")).alias("score"))
        return frame

    def with_timings(self, result: Any, timings: tuple[Timings, ...]) -> Any:
        result.timings = timings
        return result


def from_series(series: pl.Series, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
    """A Series of any dtype."""
    dtype = series.dtype
    if dtype == pl.Null:
        return Numbers(np.full(len(series), np.nan)) if kind != "category" else Strings(_none(len(series)), [])
    if kind == "category":
        return _strings(series)
    missing: Mask | None = series.is_null().to_numpy() if series.null_count() else None
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        if kind != "date":
            raise EncodingError(f"dates where a {kind} belongs")
        per_day = UNITS_PER_DAY[dtype.time_unit] if isinstance(dtype, pl.Datetime) else 1
        return days_of_counts(_plain(series.to_physical(), missing), per_day, missing)
    if dtype.is_integer() or dtype.is_float() or dtype == pl.Boolean:
        return Numbers(_plain(series, missing), missing)
    if dtype == pl.String and kind in ("boolean", "date"):
        texts = _strings(series)
        return from_coded(texts.codes, texts.entries, kind, missing_tokens)
    return from_objects(np.array([*series.to_list(), None], dtype=object)[:-1], kind, missing_tokens)


def _plain(series: pl.Series, missing: Mask | None) -> Array:
    if missing is not None:
        series = series.fill_null(False if series.dtype == pl.Boolean else 0)
    values: Array = series.rechunk().to_numpy()
    return values


def _none(rows: int) -> Array:
    return np.full(rows, -1, dtype=np.int8)


def _strings(series: pl.Series) -> Strings:
    dtype = series.dtype
    if not isinstance(dtype, (pl.Enum, pl.Categorical)):
        if dtype != pl.String:
            unique = series.drop_nulls().unique(maintain_order=True)
            values = unique.to_list()
            if dtype.is_float():
                series, unique = series.fill_nan(None), unique.drop_nans()
                values = unique.drop_nulls().unique(maintain_order=True).to_list()
            texts = [text_of(value) for value in values]
            series = series.replace_strict(values, texts, return_dtype=pl.String) if values else series.cast(pl.String)
        series = series.cast(pl.Categorical)
    codes = series.to_physical()
    if isinstance(dtype, pl.Enum):
        entries = dtype.categories.to_list()
    else:
        # Codes may be places in a table that all Categoricals share: those in use are numbered anew.
        unique = series.drop_nulls().unique()
        physical = unique.to_physical().to_numpy()
        entries = unique.cast(pl.String).to_list()
        if len(entries) and int(physical.max()) > 2 * len(series) + 65_536:
            order = np.argsort(physical)
            filled = codes.fill_null(int(physical[0])).to_numpy()
            places = order[np.searchsorted(physical, filled, sorter=order)]
        else:
            table = np.zeros(int(physical.max()) + 1 if len(entries) else 1, dtype=np.int32)
            table[physical] = np.arange(len(entries), dtype=np.int32)
            places = table[codes.fill_null(int(physical[0]) if len(entries) else 0).to_numpy()]
        return Strings(_marked(places, codes), entries)
    return Strings(_marked(codes.fill_null(0).to_numpy(), codes), entries)


def _marked(places: Array, codes: pl.Series) -> Array:
    """Codes with -1 where there is none."""
    if not codes.null_count():
        return places
    return np.where(codes.is_null().to_numpy(), -1, places.astype(np.int64))

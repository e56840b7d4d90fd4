"""pyarrow tables and record batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .columns import Array, Mask, Numbers, run_lengths
from .errors import EncodingError
from .frames import NO_SCORE, Frame
from .reply import Timings
from .schema import Kind
from .strings import Strings
from .timings import KEY, as_json
from .values import UNITS_PER_DAY, days_of_counts, from_coded, from_objects, moved, text_of


class ArrowFrame(Frame):
    """A pyarrow Table or RecordBatch; results are a Table."""

    def __init__(self, table: Any) -> None:
        if not isinstance(table, (pa.Table, pa.RecordBatch)):
            raise TypeError(f"a {type(table).__name__} is no frame; pass a Table or a RecordBatch")
        self.table = table
        self.names = [str(name) for name in table.schema.names]
        if len(set(self.names)) != len(self.names):
            raise EncodingError("two columns of the table have the same name")
        self.rows = int(table.num_rows)

    def column(self, name: str, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
        return from_column(self.table.column(self.names.index(name)), kind, missing_tokens)

    def slice(self, start: int, stop: int) -> ArrowFrame:
        return ArrowFrame(self.table.slice(start, stop - start))

    def result(self, results: Mapping[str, Array], labels: Mapping[str, Sequence[str]]) -> Any:
        columns: dict[str, Any] = {}
        for name, values in results.items():
            if name in labels:
                texts = pa.array(list(labels[name]), type=pa.string())
                codes = pa.array(values.astype(np.int16), mask=values >= len(labels[name]))
                columns[name] = pa.DictionaryArray.from_arrays(codes, texts)
            else:
                mask = values == NO_SCORE if name == "score" else values != values
                columns[name] = pa.array(values, mask=mask)
        return pa.table(columns)

    def with_timings(self, result: Any, timings: tuple[Timings, ...]) -> Any:
        return result.replace_schema_metadata({KEY: as_json(timings)})


def from_column(array: Any, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
    """An Array or a ChunkedArray of any type."""
    if pa.types.is_run_end_encoded(array.type):
        chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
        return _of_runs(chunks, array.type, kind, missing_tokens)
    if isinstance(array, pa.ChunkedArray):
        if pa.types.is_dictionary(array.type):
            array = array.unify_dictionaries()
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # of no chunks at all, in some versions
            array = pa.array([], type=array.type)
    return from_array(array, kind, missing_tokens)


def from_array(array: Any, kind: Kind, missing_tokens: Sequence[str] = ()) -> Numbers | Strings:
    """An Array of any type."""
    kinds = pa.types
    if kind == "category":
        return _strings(array)
    if kinds.is_dictionary(array.type):
        coded = _strings(array, as_text=False)
        return from_coded(coded.codes, coded.entries, kind, missing_tokens)
    missing = _missing(array)
    if kinds.is_date32(array.type) or kinds.is_date64(array.type) or kinds.is_timestamp(array.type):
        if kind != "date":
            raise EncodingError(f"dates where a {kind} belongs")
        if kinds.is_date32(array.type):
            return Numbers(_plain(array.view(pa.int32()), missing), missing)
        unit = array.type.unit if kinds.is_timestamp(array.type) else "ms"
        return days_of_counts(_plain(array.view(pa.int64()), missing), UNITS_PER_DAY[unit], missing)
    if kinds.is_null(array.type):
        return Numbers(np.full(len(array), np.nan))
    if kinds.is_integer(array.type) or kinds.is_floating(array.type) or kinds.is_boolean(array.type):
        return Numbers(_plain(array, missing), missing)
    if kind in ("boolean", "date") and (kinds.is_string(array.type) or kinds.is_large_string(array.type)):
        return from_array(array.dictionary_encode(), kind, missing_tokens)
    return from_objects(np.array([*array.to_pylist(), None], dtype=object)[:-1], kind, missing_tokens)


def _of_runs(chunks: Sequence[Any], dtype: Any, kind: Kind, missing_tokens: Sequence[str]) -> Numbers | Strings:
    """Run-end encoded arrays, one after the other: only the runs' values are read."""
    values, ends, rows = [], [np.empty(0, dtype=np.int64)], 0
    for chunk in chunks:
        # A slice has the ends and the values of all that it is cut from.
        first, count = chunk.find_physical_offset(), chunk.find_physical_length()
        behind = chunk.run_ends.to_numpy()[first : first + count].astype(np.int64) - chunk.offset
        ends.append(np.minimum(behind, len(chunk)) + rows)
        values.append(chunk.values.slice(first, count))
        rows += len(chunk)
    behind = np.concatenate(ends)
    try:
        column = from_column(pa.chunked_array(values, dtype.value_type), kind, missing_tokens)
    except EncodingError as error:
        if error.row is None:
            raise
        raise moved(error, int(behind[error.row] - run_lengths(behind)[error.row])) from None
    column.ends = behind
    return column


def _missing(array: Any) -> Mask | None:
    if not array.null_count:
        return None
    mask: Mask = array.is_null().to_numpy(zero_copy_only=False)
    return mask


def _plain(array: Any, missing: Mask | None) -> Array:
    if missing is not None:
        array = array.fill_null(False if pa.types.is_boolean(array.type) else 0)
    values: Array = array.to_numpy(zero_copy_only=False)
    return values


def _strings(array: Any, as_text: bool = True) -> Strings:
    if pa.types.is_null(array.type):
        return Strings(np.full(len(array), -1, dtype=np.int8), [])
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    entries = array.dictionary.to_pylist()
    missing = _missing(array.indices)
    codes = _plain(array.indices, missing)
    # An entry of the dictionary may itself be null, or NaN.
    holes = [place for place, value in enumerate(entries) if value is None or value != value]
    if missing is not None or holes:
        no_value = np.isin(codes, holes) if missing is None else missing | np.isin(codes, holes)
        codes = np.where(no_value, -1, codes.astype(np.int64))
    if not as_text:
        return Strings(codes, entries)
    unused = set(holes)
    return Strings(codes, ["" if place in unused else text_of(value) for place, value in enumerate(entries)])

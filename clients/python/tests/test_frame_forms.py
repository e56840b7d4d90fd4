"""What frames have besides plain columns goes as it is: runs, microseconds, matrices; times of the server come back."""

from __future__ import annotations

import dataclasses
import datetime
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_reader import ReadColumn, read_request
from test_frames import MODEL, REPLY, arrow_table, encoded, numpy_arrays, options, pandas_frame, polars_frame

import leadline
from leadline.batches import check_columns, encode_frame, result_frame, slices
from leadline.columns import Numbers
from leadline.errors import EncodingError
from leadline.forms import encode_numbers
from leadline.frames import wrap
from leadline.reply import Timings
from leadline.schema import Column, ModelDescription
from leadline.strings import Strings
from leadline.wire import Outputs

UTC = datetime.timezone.utc


def one(kind: Any, levels: tuple[str, ...] = ()) -> ModelDescription:
    return dataclasses.replace(MODEL, columns=(Column("x", kind, levels),))


def message(data: Any, description: ModelDescription) -> bytes:
    return bytes(encode_frame(wrap(data), description, options(), 5, ""))


RUNS: dict[str, tuple[Any, Any, list[Any], tuple[str, ...]]] = {
    "whole numbers": ("number", pa.int64(), [3, None, 3, 250, 250, 7], ()),
    "fractions": ("number", pa.float64(), [0.1, None, 0.1, math.nan, 1e300, -0.0], ()),
    "halves": ("number", pa.float32(), [0.5, None, 2.0, math.nan, 1024.0, 0.5], ()),
    "booleans": ("boolean", pa.bool_(), [True, None, False, False, True, True], ()),
    "one number": ("number", pa.int32(), [5, 5, 5, 5, 5, 5], ()),
    "one number and none": ("number", pa.int32(), [5, 5, None, None, 5, 5], ()),
    "none": ("number", pa.int32(), [None] * 6, ()),
    "texts": ("category", pa.string(), ["Web", None, "Fair", "Fair", "Radio", ""], ()),
    "texts of levels": ("category", pa.string(), ["Web", None, "Fair", "Fair", "Radio", "Web"], ("Web", "Fair")),
    "words": ("boolean", pa.string(), ["yes", None, "no", "no", "true", "unknown"], ()),
    "dates": ("date", pa.date32(), [datetime.date(2026, 1, day) for day in (1, 1, 2, 9, 5, 5)], ()),
    "moments": (
        "date",
        pa.timestamp("ns", "UTC"),
        [datetime.datetime(2026, 1, day, 7, 20, 1, day, UTC) for day in (1, 1, 2, 9, 5, 5)],
        (),
    ),
}


@given(st.sampled_from(sorted(RUNS)), st.lists(st.integers(1, 70), min_size=6, max_size=6), st.data())
def test_runs_of_arrow_give_the_bytes_of_the_rows(name: str, lengths: list[int], data: st.DataObject) -> None:
    kind, dtype, values, levels = RUNS[name]
    plain = pa.array(values, dtype, from_pandas=False)
    rows = sum(lengths)
    end_type = data.draw(st.sampled_from([pa.int16(), pa.int32(), pa.int64()]))
    runs = run_array(np.cumsum(lengths).tolist(), plain, end_type)
    by_row = plain.take(pa.array(np.repeat(np.arange(6), lengths)))
    start = data.draw(st.integers(0, rows - 1))
    count = data.draw(st.integers(1, rows - start))
    forms = {
        "whole": (runs, by_row),
        "slice": (runs.slice(start, count), by_row.slice(start, count)),
        "chunks": (
            pa.chunked_array([runs.slice(0, start), runs.slice(start)]),
            pa.chunked_array([by_row.slice(0, start), by_row.slice(start)]),
        ),
    }
    description = one(kind, levels)
    for run_form, row_form in forms.values():
        assert message(pa.table({"x": run_form}), description) == message(pa.table({"x": row_form}), description)
    frame = pd.DataFrame({"x": pd.Series(pd.arrays.ArrowExtensionArray(runs))})
    assert message(frame, description) == message(pa.table({"x": by_row}), description)


def run_array(ends: list[int], values: Any, end_type: Any = None) -> Any:
    dtype = pa.run_end_encoded(end_type or pa.int64(), values.type)
    return pa.RunEndEncodedArray.from_arrays(ends, values, dtype)


def test_runs_are_not_spread_out() -> None:
    """A thousand million rows would not fit."""
    rows = 1_000_000_000
    ends = [400_000_000, 500_000_000, rows]
    numbers = run_array(ends, pa.array([1.5, 0.1, 1.5]))
    column = wrap(pa.table({"x": numbers})).column("x", "number")
    assert isinstance(column, Numbers)
    assert (column.rows, len(column.values)) == (rows, 3)
    block = encode_numbers(column)
    assert (block.encoding.name, block.has_runs, block.byte_count) == ("FLOAT64", True, 8 + 16 + 24)
    texts = run_array(ends, pa.array(["a", None, "b"]))
    strings = wrap(pa.table({"x": texts})).column("x", "category")
    assert isinstance(strings, Strings)
    assert leadline.strings.encode_strings(strings).has_runs


def test_a_value_that_cannot_be_is_told_by_its_row() -> None:
    texts = ["yes"] * 5 + ["perhaps"] * 4 + ["no"] * 3
    runs = pa.RunEndEncodedArray.from_arrays([5, 9, 12], ["yes", "perhaps", "no"])
    numbers = pa.RunEndEncodedArray.from_arrays([3, 5, 9, 12], pa.array([1, 2, 2**60 + 1, 3]))
    with pytest.raises(EncodingError, match=str(2**60 + 1)):
        message(pa.table({"x": numbers}), one("number"))
    for data in (pd.DataFrame({"x": texts}).astype("category"), pl.DataFrame({"x": texts}), pa.table({"x": texts})):
        with pytest.raises(EncodingError, match="row 5: the text 'perhaps'") as caught:
            message(data, one("boolean"))
        assert caught.value.row == 5
    for array, row in ((runs, 5), (runs.slice(3), 2)):
        with pytest.raises(EncodingError, match="'perhaps'") as caught:
            message(pa.table({"x": array}), one("boolean"))
        assert caught.value.row == row
        assert f"row {row}:" in str(caught.value)


MOMENTS = [datetime.datetime(2026, 1, 31, 9, 30, second, 123_000 * (second % 2), UTC) for second in range(20)]
MOMENT_FRAMES: dict[str, Any] = {
    "pandas": lambda: pd.DataFrame({"x": pd.to_datetime(pd.Series(MOMENTS))}),
    "pandas without a zone": lambda: pd.DataFrame({"x": pd.to_datetime(pd.Series(MOMENTS)).dt.tz_localize(None)}),
    "pandas of categoricals": lambda: pd.DataFrame({"x": pd.to_datetime(pd.Series(MOMENTS))}).astype("category"),
    "pandas of arrow": lambda: pd.DataFrame({"x": pd.Series(MOMENTS, dtype="timestamp[us, UTC][pyarrow]")}),
    "polars, ns": lambda: pl.DataFrame({"x": pl.Series(MOMENTS).dt.cast_time_unit("ns")}),
    "polars, us": lambda: pl.DataFrame({"x": MOMENTS}),
    "polars, ms": lambda: pl.DataFrame({"x": pl.Series(MOMENTS).dt.cast_time_unit("ms")}),
    "pyarrow, ns": lambda: pa.table({"x": pa.array(MOMENTS, pa.timestamp("ns", "UTC"))}),
    "pyarrow, us": lambda: pa.table({"x": pa.array(MOMENTS, pa.timestamp("us", "Europe/Berlin"))}),
    "pyarrow, ms": lambda: pa.table({"x": pa.array(MOMENTS, pa.timestamp("ms"))}),
    "numpy": lambda: {"x": np.array([moment.replace(tzinfo=None) for moment in MOMENTS], "M8[us]")},
}


@pytest.mark.parametrize("name", MOMENT_FRAMES)
def test_moments_go_as_microseconds(name: str) -> None:
    read = read_moments(MOMENT_FRAMES[name]())
    assert (read.encoding, read.has_validity, read.runs) == ("microseconds", False, None)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=UTC)
    assert read.values == [(moment - epoch) // datetime.timedelta(microseconds=1) / 86_400e6 for moment in MOMENTS]


def read_moments(data: Any) -> ReadColumn:
    return read_request(message(data, one("date"))).columns[0]


def test_python_s_moments_are_the_same_days() -> None:
    """Objects go as days, in float64: the server gets the same numbers."""
    days = read_moments({"x": np.array(MOMENTS, dtype=object)})
    assert days.encoding == "float64"
    assert days.values == read_moments(MOMENT_FRAMES["polars, us"]()).values


@pytest.mark.parametrize(
    ("counts", "unit", "encoding", "values"),
    [
        # Finer than microseconds.
        ([1_769_851_800_000_000_001, 86_400_000_000_000], "ns", "float64", [20_484.395833333332, 1.0]),
        # More microseconds than 64 bits have.
        ([2**62, 5], "s", "float64", [2**62 / 86_400, 5 / 86_400]),
        # Noon is an exact number of days in less.
        ([12, 36, -12], "h", "float16", [0.5, 1.5, -0.5]),
        ([43_200_000_000, 86_400_000_000 * 20_001], "us", "float32", [0.5, 20_001]),
        ([3, 4, -5], "D", "int8", [3, 4, -5]),
        ([1, 2, 3], "s", "microseconds", [1 / 86_400, 2 / 86_400, 3 / 86_400]),
        ([1, 2], "m", "microseconds", [1 / 1_440, 2 / 1_440]),
        # A bitmap would make it larger.
        ([1, None, 3], "s", "float64", [1 / 86_400, None, 3 / 86_400]),
        ([1] * 40 + [2] * 40, "s", "microseconds", [1 / 86_400] * 40 + [2 / 86_400] * 40),
    ],
)
def test_moments_that_are_something_smaller_or_else(
    counts: list[int | None], unit: str, encoding: str, values: list[float | None]
) -> None:
    array = np.array([np.iinfo(np.int64).min if count is None else count for count in counts]).view(f"M8[{unit}]")
    read = read_moments({"x": array})
    assert (read.encoding, read.values) == (encoding, values)
    assert read.runs == (2 if len(counts) == 80 else None)


NUMBERS = dataclasses.replace(
    MODEL, columns=(Column("a", "number"), Column("b", "boolean"), Column("c", "number")), id_column=None
)
MATRIX = np.array([[1.5, 1, -2], [np.nan, 0, 4], [2.5, np.nan, 1e30], [0, 1, 3]], dtype=np.float32)


def as_matrix(array: Any, names: list[str], **more: Any) -> bytes:
    frame = wrap(array, names)
    asked = options(row_major=True, **more)
    check_columns(frame, NUMBERS, asked)
    return b"".join(bytes(encode_frame(part, NUMBERS, asked, 5, "")) for part in slices(frame, NUMBERS, asked))


def test_an_array_goes_as_it_lies() -> None:
    sent = as_matrix(MATRIX, ["a", "b", "c"])
    assert MATRIX.tobytes() in sent
    read = read_request(sent)
    assert read.is_matrix
    wanted = [[None if value != value else value for value in column] for column in MATRIX.T.tolist()]
    assert [column.values for column in read.columns] == wanted
    # The same in another order, and with a column that the model does not have.
    turned = np.ascontiguousarray(np.column_stack([MATRIX[:, [2, 0, 1]], MATRIX[:, 0]]))
    assert as_matrix(turned, ["c", "a", "b", "more"], unknown="ignore") == sent
    summed = bytes(encode_frame(wrap(MATRIX, ["a", "b", "c"]), NUMBERS, options(row_major=True, checksum=True), 5, ""))
    assert dataclasses.replace(read_request(summed), has_checksum=False, as_of_days=0) == dataclasses.replace(
        read, as_of_days=0
    )
    assert read_request(summed).has_checksum
    halves = as_matrix(MATRIX, ["a", "b", "c"], batch_rows=2)
    assert [read_request(halves[at : at + 88]).columns[2].values for at in (0, 88)] == [wanted[2][:2], wanted[2][2:]]


@pytest.mark.parametrize(
    ("array", "names", "words"),
    [
        (MATRIX.astype(np.float64), ["a", "b", "c"], "float32"),
        (np.asfortranarray(MATRIX), ["a", "b", "c"], "row after row"),
        (MATRIX[::2], ["a", "b", "c"], "row after row"),
        (np.ascontiguousarray(MATRIX[:, :2]), ["a", "b"], "there is no 'c'"),
    ],
)
def test_an_array_that_lies_otherwise_is_refused(array: Any, names: list[str], words: str) -> None:
    with pytest.raises(EncodingError, match=words):
        as_matrix(array, names, missing="fill")


def test_only_numbers_and_booleans_go_as_a_matrix() -> None:
    for data in (pandas_frame(), polars_frame(), arrow_table(), numpy_arrays()):
        with pytest.raises(EncodingError, match="'source' is a category"):
            encoded(data, row_major=True)
    for data in (pd.DataFrame(MATRIX), {"a": MATRIX[:, 0]}):
        with pytest.raises(EncodingError, match="two-dimensional"):
            encode_frame(wrap(data), NUMBERS, options(row_major=True), 5, "")


TIMINGS = (Timings(1_700, 900, 40, 160, 600), Timings(2, 0, 0, 0, 1))


@pytest.mark.parametrize(
    "data",
    [pandas_frame, polars_frame, arrow_table, numpy_arrays, lambda: np.zeros(4, dtype=[("x", "f4")])],
    ids=["pandas", "polars", "pyarrow", "dict", "records"],
)
def test_timings_are_beside_the_result(data: Any) -> None:
    outputs = Outputs.SCORE | Outputs.TIMINGS
    half = {"score": REPLY.results["score"][:2]}
    parts = [dataclasses.replace(REPLY, rows=2, outputs=outputs, results=half, timings=each) for each in TIMINGS]
    result = result_frame(wrap(data()), MODEL, outputs, parts)
    assert leadline.timings(result) == TIMINGS
    without = result_frame(wrap(data()), MODEL, Outputs.SCORE, parts)
    assert leadline.timings(without) == ()
    for each in (result, without):
        if isinstance(each, (pl.DataFrame, pd.DataFrame)):
            names = list(each.columns)
        else:
            names = list(each.dtype.names if isinstance(each, np.ndarray) else getattr(each, "column_names", each))
        assert names == ["score"]


def test_timings_alone_are_no_columns() -> None:
    only = dataclasses.replace(REPLY, outputs=Outputs.TIMINGS, results={}, timings=TIMINGS[0])
    for data in (pandas_frame, polars_frame, arrow_table, numpy_arrays, lambda: np.zeros(4, dtype=[("x", "f4")])):
        assert leadline.timings(result_frame(wrap(data()), MODEL, Outputs.TIMINGS, [only])) == TIMINGS[:1]

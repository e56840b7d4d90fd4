"""Frames of all libraries give the same bytes, without copies where that can be."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from slow_reader import ReadRequest, read_request

from leadline.batches import Options, check_columns, encode_frame, result_frame, slices
from leadline.columns import Numbers
from leadline.errors import EncodingError, MissingColumnError, UnknownColumnError
from leadline.forms import encode_numbers
from leadline.frames import wrap
from leadline.reply import Reply
from leadline.schema import Column, ModelDescription, Tier
from leadline.strings import Strings
from leadline.wire import RESULT_NAMES, Limits, Outputs

UTC = datetime.timezone.utc
MODEL = ModelDescription(
    "leads",
    "000001-00000000",
    7,
    1,
    (
        Column("visits", "number"),
        Column("revenue", "number"),
        Column("source", "category", ("Web", "Fair", "Partner")),
        Column("company", "category"),
        Column("created", "date"),
        Column("touched", "date"),
        Column("demo", "boolean"),
    ),
    (Tier("A", 0.5), Tier("B", 0.0)),
    missing_tokens=("unknown",),
    id_column="lead_id",
    label_column="converted",
)
VISITS = [3, None, 0, 250]
REVENUE = [0.1, math.nan, -2.5, 1e300]
SOURCE = ["Fair", "Web", None, "Radio"]
COMPANY = ["Müller", "", "Müller", "Acme"]
CREATED = [datetime.date(2026, 1, 31), datetime.date(1969, 12, 31), None, datetime.date(2000, 2, 29)]
TOUCHED = [
    datetime.datetime(2026, 1, 31, 12, tzinfo=UTC),
    None,
    datetime.datetime(1969, 12, 31, 18, tzinfo=UTC),
    datetime.datetime(2026, 1, 1, tzinfo=UTC),
]
DEMO = [True, None, False, True]
ROWS = 4


def options(**more: Any) -> Options:
    settings: dict[str, Any] = {
        "model": "", "version": "", "outputs": RESULT_NAMES, "as_of": None, "unknown": "refuse", "missing": "refuse",
        "batch_rows": 5_000, "deadline": None, "in_flight": 4,
    }  # fmt: skip
    return Options.of(**{**settings, **more})


def encoded(data: Any, description: ModelDescription = MODEL, **more: Any) -> ReadRequest:
    asked = options(**more)
    frame = wrap(data)
    check_columns(frame, description, asked)
    return read_request(bytes(encode_frame(frame, description, asked, 5, "")))


def pandas_frame() -> Any:
    return pd.DataFrame(
        {
            "visits": pd.array(VISITS, dtype="Int64"),
            "revenue": REVENUE,
            "source": pd.Categorical(SOURCE, categories=["Radio", "Web", "Telex", "Fair"]),
            "company": COMPANY,
            "created": pd.to_datetime(pd.Series(CREATED)).array,
            "touched": pd.to_datetime(pd.Series(TOUCHED)).dt.tz_convert("Europe/Berlin").array,
            "demo": pd.array(DEMO, dtype="boolean"),
        },
        index=["p", "q", "r", "s"],
    )


def polars_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "visits": pl.Series(VISITS, dtype=pl.Int16),
            "revenue": pl.Series(REVENUE),
            "source": pl.Series(SOURCE).cast(pl.Categorical),
            "company": pl.Series(COMPANY),
            "created": pl.Series(CREATED),
            "touched": pl.Series(TOUCHED).dt.convert_time_zone("Europe/Berlin"),
            "demo": pl.Series(DEMO),
        }
    )


def arrow_table() -> Any:
    return pa.table(
        {
            "visits": pa.chunked_array([pa.array(VISITS[:1], pa.int64()), pa.array(VISITS[1:], pa.int64())]),
            "revenue": pa.array(REVENUE),
            "source": pa.chunked_array(
                [pa.array(SOURCE[:2]).dictionary_encode(), pa.array(SOURCE[2:]).dictionary_encode()]
            ),
            "company": pa.array(COMPANY),
            "created": pa.array(CREATED),
            "touched": pa.array(TOUCHED, pa.timestamp("ns", "Europe/Berlin")),
            "demo": pa.array(DEMO),
        }
    )


def numpy_arrays() -> dict[str, Any]:
    return {
        "visits": np.array([math.nan if value is None else value for value in VISITS], dtype=np.float32),
        "revenue": np.array(REVENUE),
        "source": np.array(SOURCE, dtype=object),
        "company": np.array(COMPANY),
        "created": np.array(CREATED, dtype="datetime64[D]"),
        "touched": np.array([None if t is None else t.replace(tzinfo=None) for t in TOUCHED], dtype="datetime64[us]"),
        "demo": np.array(DEMO, dtype=object),
    }


FRAMES: dict[str, Any] = {
    "pandas": pandas_frame,
    "pandas of plain objects": lambda: pandas_frame().astype(object),
    "pandas of arrow": lambda: arrow_table().to_pandas(types_mapper=pd.ArrowDtype),
    "pandas of categoricals": lambda: pandas_frame().astype("category"),
    "polars": polars_frame,
    "polars with an enum": lambda: polars_frame().with_columns(
        pl.col("source").cast(pl.Enum(["Radio", "Web", "Fair", "X"]))
    ),
    "polars with texts": lambda: polars_frame().with_columns(pl.col("source", "created", "demo").cast(pl.String)),
    "pyarrow": arrow_table,
    "a record batch": lambda: arrow_table().combine_chunks().to_batches()[0],
    "pyarrow with large texts": lambda: arrow_table().set_column(3, "company", pa.array(COMPANY, pa.large_string())),
    "numpy": numpy_arrays,
    "a slice of polars": lambda: pl.concat([polars_frame(), polars_frame()]).slice(4, 4),
    "a slice of pyarrow": lambda: pa.concat_tables([arrow_table(), arrow_table()]).slice(4, 4),
    "every other row of pandas": lambda: pandas_frame().iloc[[0, 0, 1, 1, 2, 2, 3, 3]].iloc[::2],
}


@pytest.mark.parametrize("name", FRAMES)
def test_all_frames_mean_the_same(name: str) -> None:
    read = encoded(FRAMES[name]())
    visits, revenue, source, company, created, touched, demo = read.columns
    assert visits.values == VISITS
    assert visits.encoding == "float16"  # of four rows, one of which is missing: without a bitmap
    assert revenue.values == [0.1, None, -2.5, 1e300]
    assert source.values == [1, 0, None, 3]  # three levels, so 3 is one that is not among them
    assert source.encoding == "float16"
    assert company.texts == COMPANY
    assert created.values == [20484, -1, None, 11016]
    assert touched.values == [20484.5, None, -0.25, 20454]
    assert demo.values == [1, None, 0, 1]
    assert demo.encoding == "float16"


def test_numbers_are_not_copied() -> None:
    array = np.linspace(0.1, 0.9, 100)
    for frame in (
        pd.DataFrame({"x": array}, copy=False),
        pl.DataFrame({"x": array}),
        pa.table({"x": array}),
        {"x": array},
    ):
        column = wrap(frame).column("x", "number")
        assert isinstance(column, Numbers)
        again = wrap(frame).column("x", "number")
        assert isinstance(again, Numbers)
        assert np.shares_memory(column.values, again.values), type(frame)
        (part,) = encode_numbers(column).parts
        assert np.shares_memory(part, column.values), type(frame)


def test_codes_of_categoricals_are_not_copied() -> None:
    texts = ["b", "a", "b"]
    categorical = pd.DataFrame({"x": pd.Categorical(texts)})
    first, second = (wrap(categorical).column("x", "category") for _ in range(2))
    assert isinstance(first, Strings)
    assert isinstance(second, Strings)
    assert np.shares_memory(first.codes, second.codes)
    arrow = pa.array(texts).dictionary_encode()
    column = wrap(pa.table({"x": arrow})).column("x", "category")
    assert isinstance(column, Strings)
    assert np.shares_memory(column.codes, arrow.indices.to_numpy())


@pytest.mark.parametrize("order", "<>")
def test_either_order_of_bytes_is_read(order: str) -> None:
    arrays = numpy_arrays()
    arrays["revenue"] = arrays["revenue"].astype(f"{order}f8")
    arrays["visits"] = arrays["visits"].astype(f"{order}f4")
    arrays["created"] = arrays["created"].astype(f"{order}M8[s]")
    read = encoded(arrays)
    assert [read.columns[place].values for place in (0, 1, 4)] == [
        VISITS,
        [0.1, None, -2.5, 1e300],
        [20484, -1, None, 11016],
    ]


def test_categories_that_are_no_texts_are_written_as_in_a_file() -> None:
    model = ModelDescription("m", "v", 1, 1, (Column("x", "category"),), ())
    for values, texts in (
        (np.array([3, 1, 3]), ["3", "1", "3"]),
        (np.array([3.0, np.nan, 0.5]), ["3", None, "0.5"]),
        (np.array([True, False, True]), ["true", "false", "true"]),
        (np.array([None, "a", 2, True, 1], dtype=object), [None, "a", "2", "true", "1"]),
    ):
        for data in (
            {"x": values},
            pd.DataFrame({"x": values}),
            *(
                []
                if values.dtype == object
                else [pl.DataFrame({"x": values}, nan_to_null=True), pa.table({"x": values})]
            ),
        ):
            assert encoded(data, model).columns[0].texts == texts


def test_words_for_missing_are_missing_where_a_number_belongs() -> None:
    frame = pandas_frame().astype(object)
    frame["demo"] = ["yes", "unknown", "0", " "]
    frame["created"] = ["2026-01-31", "unknown", "", "2026-01-31T06:00:00+06:00"]
    frame["touched"] = ["2026-01-31T12:00:00Z", None, "1969-12-31T18:00:00.000", "unknown"]
    read = encoded(frame)
    assert read.columns[6].values == [1, None, 0, None]
    assert read.columns[4].values == [20484, None, None, 20484]
    assert read.columns[5].values == [20484.5, None, -0.25, None]
    # In categories the server finds them: the text goes as it is.
    frame["source"] = ["unknown", "Web", " Fair", None]
    assert encoded(frame).columns[2].texts == ["unknown", "Web", " Fair", None]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("visits", ["a", "b", "c", "d"]),
        ("visits", pd.to_datetime(pd.Series(CREATED)).to_numpy()),
        ("visits", [1 + 2j] * 4),
        ("created", ["31.01.2026"] * 4),
        ("demo", ["perhaps"] * 4),
        ("company", [b"bytes"] * 4),
        ("visits", [2**60 + 1, 0, 0, 0]),
    ],
)
def test_values_of_another_kind_are_refused_with_the_column(column: str, values: Any) -> None:
    frame = pandas_frame().assign(**{column: values})
    with pytest.raises(EncodingError, match=column) as caught:
        encoded(frame)
    assert caught.value.column == column


def test_a_number_beyond_all_floats_is_refused() -> None:
    with pytest.raises(EncodingError, match="row 0"):
        encoded({**numpy_arrays(), "visits": np.array([10**400, 0, 0, 0], dtype=object)})


def test_decimals_are_numbers() -> None:
    frame = pandas_frame().assign(visits=[decimal.Decimal("1.5"), None, decimal.Decimal("NaN"), decimal.Decimal(3)])
    assert encoded(frame).columns[0].values == [1.5, None, None, 3]


def test_unknown_columns_are_refused_with_what_was_meant() -> None:
    with pytest.raises(UnknownColumnError, match="did you mean 'revenue'") as caught:
        encoded(pandas_frame().rename(columns={"revenue": "revenu"}))
    assert caught.value.names == ["revenu"]
    assert caught.value.suggestions == {"revenu": ["revenue"]}
    with pytest.raises(UnknownColumnError) as caught:
        encoded(pandas_frame().assign(zzz=1))
    assert caught.value.suggestions == {"zzz": []}
    extra = pandas_frame().assign(zzz=1)
    assert len(encoded(extra, unknown="ignore").columns) == 7
    # Ids and outcomes belong to the leads, and not to what is sent.
    with_both = pandas_frame().assign(lead_id="L-1", converted=1)
    assert encoded(with_both, as_of=1) == encoded(pandas_frame(), as_of=1)


def test_missing_columns_are_named_or_filled() -> None:
    less = pandas_frame().drop(columns=["visits", "demo"])
    with pytest.raises(MissingColumnError, match="'visits', 'demo'") as caught:
        encoded(less)
    assert caught.value.names == ["visits", "demo"]
    read = encoded(less, missing="fill")
    assert [column.encoding for column in read.columns].count("absent") == 2


def test_other_shapes_are_refused() -> None:
    with pytest.raises(TypeError, match="no frame"):
        wrap(17)
    with pytest.raises(TypeError, match="collect"):
        wrap(pl.DataFrame({"x": [1]}).lazy())
    with pytest.raises(EncodingError, match="length"):
        wrap({"x": np.zeros(3), "y": np.zeros(4)})
    with pytest.raises(EncodingError, match="columns="):
        wrap(np.zeros((3, 2)))
    with pytest.raises(EncodingError, match="same name"):
        wrap(np.zeros((3, 2)), ["x", "x"])
    for names in (["x", "x"], [1, "1"]):
        with pytest.raises(EncodingError, match="same name"):
            wrap(pd.DataFrame(np.zeros((2, 2)), columns=names))


@pytest.mark.parametrize(
    "wrong",
    [
        {"outputs": []}, {"outputs": ["odds"]}, {"unknown": "drop"}, {"missing": "zero"}, {"batch_rows": 0},
        {"deadline": 0.0}, {"deadline": math.nan}, {"as_of": math.inf}, {"as_of": "soon"}, {"in_flight": 0},
    ],
)  # fmt: skip
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        options(**wrong)


def test_as_of_is_a_day_or_a_moment() -> None:
    assert math.isnan(options().as_of_days)
    for as_of in ("2026-01-31", datetime.date(2026, 1, 31), 20484, datetime.datetime(2026, 1, 31)):
        assert options(as_of=as_of).as_of_days == 20484
    assert options(as_of="2026-01-31T06:00:00Z").as_of_days == 20484.25


def test_parts_are_within_the_limits_of_the_server() -> None:
    frame = wrap({column.name: np.zeros(10) for column in MODEL.columns})
    assert [part.rows for part in slices(frame, MODEL, options(batch_rows=4))] == [4, 4, 2]
    narrow = dataclasses.replace(MODEL, limits=Limits(rows_max=3))
    assert [part.rows for part in slices(frame, narrow, options())] == [3, 3, 3, 1]
    assert list(slices(wrap({column.name: np.zeros(0) for column in MODEL.columns}), MODEL, options())) == []


REPLY = Reply(
    1, 7, 1, ROWS, Outputs(31), "leads", "v",
    {
        "margin": np.array([1.5, math.nan, -1, 0]),
        "probability": np.array([0.75, math.nan, 0.25, 0.5], dtype=np.float32),
        "score": np.array([90, 255, 10, 50], dtype=np.uint8),
        "tier": np.array([0, 255, 1, 0], dtype=np.uint8),
        "status": np.array([0, 1, 0, 0], dtype=np.uint8),
    },
)  # fmt: skip
TIERS = ["A", None, "B", "A"]
STATUSES = ["scored", "invalid-value", "scored", "scored"]


def test_results_are_frames_of_the_same_library() -> None:
    frame = pandas_frame()
    result = result_frame(wrap(frame), MODEL, Outputs(31), [REPLY])
    assert isinstance(result, pd.DataFrame)
    assert result.index.equals(frame.index)
    assert list(result.columns) == list(RESULT_NAMES)
    assert result["score"].tolist() == [90, pd.NA, 10, 50]
    assert [None if pd.isna(tier) else tier for tier in result["tier"]] == TIERS
    assert result["status"].tolist() == STATUSES
    assert result["tier"].cat.ordered

    polars = result_frame(wrap(polars_frame()), MODEL, Outputs(31), [REPLY])
    arrow = result_frame(wrap(arrow_table()), MODEL, Outputs(31), [REPLY])
    for columns in (polars.to_dict(as_series=False), arrow.to_pydict()):
        assert columns == {
            "margin": [1.5, None, -1, 0],
            "probability": [0.75, None, 0.25, 0.5],
            "score": [90, None, 10, 50],
            "tier": TIERS,
            "status": STATUSES,
        }
    assert isinstance(polars, pl.DataFrame)
    assert isinstance(arrow, pa.Table)

    arrays = result_frame(wrap(numpy_arrays()), MODEL, Outputs(31), [REPLY])
    assert arrays["tier"].tolist() == ["A", "", "B", "A"]
    assert arrays["score"].tolist() == [90, 255, 10, 50]
    records = result_frame(wrap(np.zeros(4, dtype=[("x", "f4")])), MODEL, Outputs(31), [REPLY])
    assert records.dtype.names == RESULT_NAMES
    np.testing.assert_array_equal(records["margin"], REPLY.results["margin"])


def test_no_rows_give_a_frame_without_rows() -> None:
    for data in (pandas_frame().iloc[:0], polars_frame().head(0), arrow_table().slice(0, 0), numpy_arrays()):
        frame = wrap(data).slice(0, 0)
        result = result_frame(frame, MODEL, Outputs(31), [])
        assert [len(result[name]) for name in RESULT_NAMES] == [0] * 5


def test_parts_are_put_together_in_order() -> None:
    half = {name: values[:2] for name, values in REPLY.results.items()}
    rest = {name: values[2:] for name, values in REPLY.results.items()}
    parts = [Reply(1, 7, 1, 2, Outputs(31), "leads", "v", each) for each in (half, rest)]
    frame = pandas_frame()
    pd.testing.assert_frame_equal(
        result_frame(wrap(frame), MODEL, Outputs(31), parts), result_frame(wrap(frame), MODEL, Outputs(31), [REPLY])
    )


def test_no_library_but_numpy_is_needed() -> None:
    program = """
import sys
others = ("pandas", "polars", "pyarrow", "tqdm")
import leadline
assert not set(others) & set(sys.modules), "imported before it was needed"
sys.modules.update(dict.fromkeys(others))  # importing them fails now
from leadline.frames import wrap
from leadline.progress import Progress
frame = wrap({"x": [1.5, 2.5], "y": ["a", None]})
assert frame.column("x", "number").values.tolist() == [1.5, 2.5]
assert frame.column("y", "category").codes.tolist() == [0, -1]
Progress(10, True).advance(5)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

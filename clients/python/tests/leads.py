"""Sample leads as frames of all libraries, and the scores that the command line gives them."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
from conftest import Shop

from leadline import Retry

ALL = ("margin", "probability", "score", "tier", "status")
ONCE = Retry(attempts=1)
DROP = ["company"]  # the model left it out: it says nothing


def leads(shop: Shop) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_csv(shop.folder / "open.csv").drop(columns=DROP)
    return frame


def expected(shop: Shop, name: str = "expected.csv") -> dict[str, list[Any]]:
    with open(shop.folder / name, newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        "margin": [float(row["margin"]) for row in rows],
        "probability": [float(np.float32(row["probability"])) for row in rows],
        "score": [int(row["score"]) for row in rows],
        "tier": [row["tier"] for row in rows],
        "status": ["scored"] * len(rows),
    }


def as_lists(result: Any) -> dict[str, list[Any]]:
    if isinstance(result, pl.DataFrame):
        return dict(result.to_dict(as_series=False))
    if isinstance(result, pa.Table):
        return dict(result.to_pydict())
    if isinstance(result, pd.DataFrame):
        return {name: result[name].tolist() for name in result.columns}
    names = result.dtype.names if isinstance(result, np.ndarray) else list(result)
    return {name: result[name].tolist() for name in names}


def frames(shop: Shop) -> dict[str, Any]:
    path = str(shop.folder / "open.csv")
    pandas = leads(shop)
    typed = pandas.assign(
        created_date=pd.to_datetime(pandas["created_date"]),
        last_activity_date=pd.to_datetime(pandas["last_activity_date"]),
    )
    texts = pandas.select_dtypes(exclude=["number", "bool"]).columns.drop("demo_requested", errors="ignore")
    return {
        "pandas": pandas,
        "pandas with dates": typed,
        "pandas with categoricals": pandas.astype(dict.fromkeys(texts, "category")),
        "pandas of arrow": typed.convert_dtypes(dtype_backend="pyarrow"),
        "polars": pl.read_csv(path).drop(DROP),
        "polars with dates": pl.read_csv(path, try_parse_dates=True).drop(DROP),
        "polars with categoricals": pl.read_csv(path).drop(DROP).with_columns(pl.col(pl.String).cast(pl.Categorical)),
        "pyarrow": pyarrow.csv.read_csv(path).drop(DROP),
        "pyarrow with dictionaries": pyarrow.csv.read_csv(
            path, convert_options=pyarrow.csv.ConvertOptions(auto_dict_encode=True)
        ).drop(DROP),
        "numpy": {name: pandas[name].to_numpy() for name in pandas.columns},
        "numpy of records": pandas.to_records(index=False).view(np.ndarray),
    }


KINDS = [
    "pandas", "pandas with dates", "pandas with categoricals", "pandas of arrow", "polars", "polars with dates",
    "polars with categoricals", "pyarrow", "pyarrow with dictionaries", "numpy", "numpy of records",
]  # fmt: skip

"""Against a real server: the same scores as the command line's, and what goes wrong goes wrong as it should."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import math
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from conftest import AS_OF, Served, Shop
from leads import ALL, DROP, KINDS, as_lists, expected, frames, leads

from leadline import AsyncClient, Client
from leadline.errors import (
    MissingColumnError,
    ModelChangedError,
    SchemaMismatchError,
    UnknownColumnError,
    UnknownModelError,
    UnknownVersionError,
)
from leadline.schema import ModelDescription


@pytest.mark.parametrize("batch_rows", [5_000, 170])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_command_line(shop: Shop, server: str, kind: str, batch_rows: int) -> None:
    with Client(server, ca=shop.ca) as client:
        result = client.score(frames(shop)[kind], outputs=ALL, as_of=AS_OF, batch_rows=batch_rows)
    assert as_lists(result) == expected(shop)


def test_the_index_of_pandas_stays(shop: Shop, server: str) -> None:
    frame = leads(shop).set_index("lead_id")
    with Client(server, ca=shop.ca) as client:
        result = client.score(frame)
        assert result.index.equals(frame.index)
        assert list(result.columns) == ["probability", "score", "tier"]
        assert len(client.score(frame.iloc[:0])) == 0


def test_the_description_is_the_fingerprint_s(shop: Shop, server: str) -> None:
    """The schema's JSON says what WIRE.md section 2 hashes."""
    with Client(server, ca=shop.ca) as client:
        models = client.models()
        description = client.describe()
    assert models.default == "leads"
    assert [(model.name, model.names) for model in models.models] == [("leads", ("leads",))]
    assert fingerprint(description) == description.fingerprint == models.models[0].fingerprint
    assert description.tier_names == ["A", "B", "C", "D"]
    assert (description.id_column, description.label_column) == ("lead_id", "converted")


def fingerprint(description: ModelDescription) -> int:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

    text = "leadline-schema-1" + "".join(
        f"\n{column.kind}\t{escaped(column.name)}" + "".join(f"\t{escaped(level)}" for level in column.levels)
        for column in description.columns
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def test_connections_are_used_again(shop: Shop, server: str) -> None:
    frame = leads(shop)
    with Client(server, ca=shop.ca) as client:
        for _ in range(5):
            client.score(frame)
        assert client.connections_opened == 1
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: client.score(frame, outputs=ALL, as_of=AS_OF), range(12)))
        assert all(as_lists(result) == expected(shop) for result in results)
        assert client.connections_opened <= 4


def test_columns_are_refused_by_name(shop: Shop, server: str) -> None:
    frame = leads(shop)
    with Client(server, ca=shop.ca) as client:
        with pytest.raises(UnknownColumnError, match="did you mean 'job_title'"):
            client.score(frame.rename(columns={"job_title": "job title"}))
        with pytest.raises(MissingColumnError, match="'source'"):
            client.score(frame.drop(columns="source"))
        filled = client.score(frame.drop(columns="source"), missing="fill", outputs=ALL)
        same = client.score(frame.assign(source=None), outputs=ALL)
        assert as_lists(filled) == as_lists(same)


def test_a_value_that_cannot_be_fails_its_row_alone(shop: Shop, server: str) -> None:
    frame = leads(shop).head(3)
    frame["demo_requested"] = [1.0, 2.0, 0.0]
    with Client(server, ca=shop.ca) as client:
        result = client.score(frame, outputs=ALL)
    assert result["status"].tolist() == ["scored", "invalid-value", "scored"]
    assert math.isnan(result["margin"][1])
    assert pd.isna(result["score"][1])
    assert pd.isna(result["tier"][1])


def test_texts_mean_what_the_protocol_says(shop: Shop, server: str) -> None:
    """WIRE.md section 6, Strings: by dictionary, by index, and what is missing."""
    frame = leads(shop)
    texts = ["Webinar", None, "pigeon", " Webinar", "Webinar\t", "", " \t", "webinar"]
    with Client(server, ca=shop.ca) as client:
        levels = next(column.levels for column in client.describe().columns if column.name == "source")
        together = client.score(pd.concat([frame.head(1)] * 8).assign(source=texts), outputs=["margin"])
        alone = [client.score(frame.head(1).assign(source=[text]), outputs=["margin"]) for text in texts]
    assert "Webinar" in levels
    margins = [result["margin"].tolist()[0] for result in alone]
    webinar, missing, unseen = margins[:3]
    assert webinar not in (missing, unseen)
    assert margins == [webinar, missing, unseen, webinar, webinar, missing, missing, unseen]
    assert together["margin"].tolist() == margins


def test_names_and_versions_that_are_not_there(shop: Shop, server: str) -> None:
    frame = leads(shop)
    with Client(server, ca=shop.ca) as client:
        with pytest.raises(UnknownModelError, match="in service: leads"):
            client.score(frame, model="lead")
        with pytest.raises(UnknownModelError, match="alias"):
            client.score(frame, model="leads@candidate")
        with pytest.raises(UnknownVersionError) as caught:
            client.score(frame, version="000009-00000000")
        assert caught.value.code == 31
        assert caught.value.request_id
        exact = client.describe().version
        client.score(frame, model="leads", version=exact)


def test_a_stale_description_is_fetched_again_once(shop: Shop) -> None:
    shutil.copytree(shop.folder / "models", shop.folder / "stale")
    frame = leads(shop)
    with shop.serve("--poll-seconds", "0.1", models="stale") as served, Client(served.url, ca=shop.ca) as client:
        before = client.describe()
        client.score(frame)
        shop.train("stale/leads", "--exclude", "industry")
        wait_for_version(shop, served, before.version)
        with pytest.raises(UnknownColumnError, match="industry"):
            client.score(frame)  # the new model has no such column
        assert client.describe() == before or client.describe().version != before.version
        result = client.score(frame, unknown="ignore", as_of=AS_OF, outputs=ALL)
        assert client.describe().version != before.version
        shop.run(
            "score", "--model", f"stale/leads/{client.describe().version}", "open.csv", "--format", "csv", "--as-of",
            AS_OF, "-o", "expected-other.csv",
        )  # fmt: skip
        assert as_lists(result) == expected(shop, "expected-other.csv")


def test_a_stale_description_that_does_not_help_is_told(shop: Shop, server: str) -> None:
    frame = leads(shop)
    with Client(server, ca=shop.ca) as client:
        true = client.describe()
        false = dataclasses.replace(true, fingerprint=1)
        client._core.descriptions[""] = false
        client.score(frame)
        assert client.describe() == true

        def always_false(model: str, refresh: bool = False, give_up: float | None = None) -> Any:
            yield from ()
            return false

        client._core.describe = always_false  # type: ignore[method-assign]
        with pytest.raises(SchemaMismatchError) as caught:
            client.score(frame)
        assert caught.value.expected_fingerprint == true.fingerprint
        assert caught.value.code == 32


def wait_for_version(shop: Shop, served: Served, old: str) -> None:
    with Client(served.url, ca=shop.ca) as client:
        for _ in range(100):
            if client.describe(refresh=True).version != old:
                return
            time.sleep(0.1)
    raise AssertionError("the new version was not published")


def test_one_version_scores_all_batches(shop: Shop) -> None:
    shutil.copytree(shop.folder / "models", shop.folder / "moving")
    frame = leads(shop)
    with shop.serve("--poll-seconds", "0.1", models="moving") as served, Client(served.url, ca=shop.ca) as client:
        before = client.describe().version
        results = client.score_batches(frame, batch_rows=100, in_flight=1)
        next(results)
        shop.train("moving/leads", "--seed", "2")
        wait_for_version(shop, served, before)
        with pytest.raises(ModelChangedError):
            list(results)
        # A whole frame begins anew by itself.
        assert len(client.score(frame, batch_rows=100)) == len(frame)


def test_millions_come_in_batches(shop: Shop, server: str) -> None:
    frame = leads(shop)
    wanted = expected(shop)["margin"]
    with Client(server, ca=shop.ca) as client:
        for data in (frame, [frame.iloc[:500], frame.iloc[500:]], iter([frame])):
            parts = list(client.score_batches(data, batch_rows=150, outputs=["margin"], as_of=AS_OF))
            assert max(map(len, parts)) <= 150
            assert [value for part in parts for value in part["margin"]] == wanted
        polars = pl.read_csv(shop.folder / "open.csv").drop(DROP)
        parts = list(client.score_batches(polars.iter_slices(300), outputs=["margin"], as_of=AS_OF))
        assert [value for part in parts for value in part["margin"]] == wanted
        table = pyarrow.csv.read_csv(shop.folder / "open.csv").drop(DROP)
        reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=200))
        parts = list(client.score_batches(reader, outputs=["margin"], as_of=AS_OF))
        assert [value for part in parts for value in part["margin"].to_pylist()] == wanted
        first = next(client.score_batches(frame, batch_rows=10))  # and no more
        assert len(first) == 10


def test_a_progress_bar_counts_leads(shop: Shop, server: str, capfd: pytest.CaptureFixture[str]) -> None:
    frame = leads(shop)
    with Client(server, ca=shop.ca) as client:
        assert sum(len(part) for part in client.score_batches(frame, batch_rows=100, progress=True)) == len(frame)
    assert "lead" in capfd.readouterr().err


def test_requests_go_side_by_side(shop: Shop, server: str) -> None:
    frame = leads(shop)
    wanted = expected(shop)

    async def run() -> None:
        async with AsyncClient(server, ca=shop.ca) as client:
            results = await asyncio.gather(*(client.score(frame, outputs=ALL, as_of=AS_OF) for _ in range(150)))
            assert all(as_lists(result) == wanted for result in results)
            assert client.connections_opened == 2
            sizes = [len(part) async for part in client.score_batches(frame, batch_rows=100)]
            assert sum(sizes) == len(frame)

            async def source() -> Any:
                yield frame.iloc[:700]
                yield frame.iloc[700:]

            margins = [
                value
                async for part in client.score_batches(source(), batch_rows=300, outputs=["margin"], as_of=AS_OF)
                for value in part["margin"]
            ]
            assert margins == wanted["margin"]
            with pytest.raises(UnknownColumnError):
                await client.score(frame.assign(sorce=1))

    asyncio.run(run())


def test_what_is_cancelled_leaves_the_others_alone(shop: Shop, server: str) -> None:
    frame = leads(shop)

    async def run() -> None:
        async with AsyncClient(server, ca=shop.ca, connections=1) as client:
            await client.score(frame)
            tasks = [asyncio.create_task(client.score(frame, outputs=ALL, as_of=AS_OF)) for _ in range(40)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
            assert all(as_lists(result) == expected(shop) for result in results[1::2])
            assert client.connections_opened == 1

    asyncio.run(run())

"""Against a real server: the same scores in every form of the protocol, checksums, timings, and what it speaks."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from conftest import AS_OF, Shop
from leads import ALL, DROP, ONCE, as_lists, expected, frames, leads
from slow_reader import NAMES, read_request

import leadline
from leadline import AsyncClient, Client
from leadline.batches import Options, encode_frame
from leadline.columns import Encoding
from leadline.errors import ERROR_CODES, BadRequestError, EncodingError
from leadline.frames import wrap
from leadline.schema import ModelDescription
from leadline.wire import OUTPUT_NAMES, Flags


def encodings(data: Any, description: ModelDescription) -> dict[str, str]:
    """How each column of a frame goes, runs with a star."""
    asked = Options.of("", "", ALL, AS_OF, "ignore", "refuse", 5_000, None, 1)
    read = read_request(bytes(encode_frame(wrap(data), description, asked, 1, "")))
    return {
        column.name: sent.encoding + ("*" if sent.runs else "")
        for column, sent in zip(description.columns, read.columns, strict=True)
    }


def test_the_protocol_is_the_one_of_this_package(server: str, shop: Shop) -> None:
    with Client(server, ca=shop.ca) as client:
        protocol = client.protocol()
        limits = client.describe().limits
    assert protocol.versions == ("1.0",)
    assert protocol.encodings == {encoding.name.lower(): encoding for encoding in Encoding}
    assert protocol.encodings == {name: code for code, name in NAMES.items()}
    assert protocol.errors == {known.name: code for code, known in ERROR_CODES.items()}
    assert protocol.outputs == {name: place for place, name in enumerate(OUTPUT_NAMES)}
    assert {name: 1 << place for name, place in protocol.flags.items()} == {
        "bodyChecksum": Flags.BODY_CHECKSUM,
        "matrix": Flags.MATRIX,
    }
    assert protocol.limits == limits

    async def run() -> None:
        async with AsyncClient(server, ca=shop.ca) as client:
            assert await client.protocol() == protocol

    asyncio.run(run())


def sorted_leads(shop: Shop) -> tuple[pd.DataFrame, dict[str, list[Any]]]:
    """Leads in an order that makes runs, and their scores by the command line."""
    frame = leads(shop)
    order = frame.sort_values(["page_visits", "source"], na_position="first").index
    wanted = {name: [values[row] for row in order] for name, values in expected(shop).items()}
    return frame.loc[order].reset_index(drop=True), wanted


def test_runs_are_scored_alike(shop: Shop, server: str) -> None:
    frame, wanted = sorted_leads(shop)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    run_ends: Any = pa.compute.run_end_encode
    encoded = pa.table(
        {
            name: column if pa.types.is_dictionary(column.type) else run_ends(column.combine_chunks())
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    with Client(server, ca=shop.ca) as client:
        used = encodings(frame, client.describe())
        assert used == encodings(encoded, client.describe())
        assert (used["page_visits"], used["source"]) == ("uint8*", "uint8*")
        for data in (frame, encoded, pl.DataFrame(pl.from_arrow(table))):
            for batch_rows in (5_000, 170):
                result = client.score(data, outputs=ALL, as_of=AS_OF, batch_rows=batch_rows)
                assert as_lists(result) == wanted


def written(shop: Shop, frame: pd.DataFrame, model: str, name: str) -> dict[str, list[Any]]:
    """The scores that the command line gives a frame."""
    frame.to_csv(shop.folder / f"{name}.csv", index=False)
    shop.run(
        "score", "--model", model, f"{name}.csv", "--format", "csv", "--as-of", AS_OF, "-o", f"{name}-expected.csv"
    )
    return expected(shop, f"{name}-expected.csv")


def test_moments_are_scored_alike(shop: Shop, server: str) -> None:
    frame = leads(shop)
    frame["company"] = "none"
    rng = np.random.default_rng(3)
    days = pd.to_datetime(frame["last_activity_date"]).dt.as_unit("us")
    moments = days + pd.to_timedelta(rng.integers(0, 86_400_000_000, len(frame)), unit="us").as_unit("us")
    moments = moments.fillna(pd.Timestamp("2026-01-05T07:08:09.123456"))
    texts = frame.assign(last_activity_date=[moment.isoformat() for moment in moments])
    wanted = written(shop, texts, "models/leads", "moments")
    typed = frame.assign(last_activity_date=moments).drop(columns=DROP)
    table = pa.Table.from_pandas(typed, preserve_index=False)
    forms: dict[str, Any] = {
        "pandas": typed,
        "polars": pl.DataFrame(pl.from_arrow(table)),
        "pyarrow": table,
        "nanoseconds": typed.assign(last_activity_date=moments.astype("datetime64[ns]")),
    }
    with Client(server, ca=shop.ca) as client:
        for name, data in forms.items():
            assert encodings(data, client.describe())["last_activity_date"] == "microseconds", name
            assert as_lists(client.score(data, outputs=ALL, as_of=AS_OF)) == wanted, name
        whole = [moment.to_pydatetime() for moment in moments]
        objects = typed.assign(last_activity_date=pd.Series(whole, moments.index, dtype=object))
        assert encodings(objects, client.describe())["last_activity_date"] == "float64"
        assert as_lists(client.score(objects, outputs=ALL, as_of=AS_OF)) == wanted


def test_matrices_and_halves_are_scored_alike(shop: Shop) -> None:
    lines = pd.read_csv(shop.folder / "leads.csv")
    columns = ["employees", "annual_revenue_keur", "page_visits", "pricing_visits", "email_opens", "downloads"]
    columns.append("demo_requested")
    for path, source in (("plain.csv", lines), ("plain-open.csv", lines[lines["converted"].isna()])):
        kept = source[["lead_id", *columns, "converted"]].copy()
        # Some fractions that float16 has.
        kept["page_visits"] = kept["page_visits"] / 2
        kept["converted"] = kept["converted"].astype("Int64")
        kept.to_csv(shop.folder / path, index=False)
    shop.run("train", "plain.csv", "--label", "converted", "--id", "lead_id", "--out", "plain/leads")
    shop.run("score", "--model", "plain/leads", "plain-open.csv", "--format", "csv", "-o", "plain-expected.csv")
    wanted = expected(shop, "plain-expected.csv")
    frame = pd.read_csv(shop.folder / "plain-open.csv")
    with shop.serve(models="plain") as served, Client(served.url, ca=shop.ca) as client:
        names = [column.name for column in client.describe().columns]
        assert set(names) <= set(columns)
        plain = frame[names].astype(float)
        used = encodings(plain, client.describe())
        assert used["page_visits"] == "float16", used
        assert as_lists(client.score(plain, outputs=ALL)) == wanted
        matrix = np.ascontiguousarray(plain.to_numpy(dtype=np.float32))
        forms = ((False, True, 5_000), (True, False, 5_000), (True, False, 77), (True, True, 400))
        for row_major, checksum, rows in forms:
            result = client.score(
                matrix, columns=names, outputs=ALL, row_major=row_major, checksum=checksum, batch_rows=rows
            )
            assert as_lists(result) == wanted, (row_major, checksum, rows)
        back = [names[-1], *names[:-1]]
        turned = np.ascontiguousarray(np.roll(matrix, 1, axis=1))
        assert as_lists(client.score(turned, columns=back, outputs=ALL, row_major=True)) == wanted
        parts = list(client.score_batches(matrix, columns=names, outputs=ALL, row_major=True, batch_rows=300))
        assert [value for part in parts for value in part["margin"].tolist()] == wanted["margin"]
        with pytest.raises(EncodingError, match="float32"):
            client.score(matrix.astype(float), columns=names, row_major=True)
        invalid = matrix[:3].copy()
        invalid[1, names.index("demo_requested")] = 2
        result = client.score(invalid, columns=names, outputs=ALL, row_major=True)
        assert result["status"].tolist() == ["scored", "invalid-value", "scored"]


def test_checksums_go_both_ways(shop: Shop, server: str) -> None:
    frame = leads(shop)
    without = Options.of("", "", ALL, AS_OF, "refuse", "refuse", 5_000, None, 1)
    options = dataclasses.replace(without, checksum=True)
    with Client(server, ca=shop.ca, checksum=True, retry=ONCE) as client:
        assert as_lists(client.score(frame, outputs=ALL, as_of=AS_OF, deadline=30)) == expected(shop)
        assert as_lists(client.score(frame, outputs=ALL, as_of=AS_OF, checksum=False)) == expected(shop)
        description = client.describe()
        for asked in (options, without):
            message = encode_frame(wrap(frame), description, asked, 9, "")
            reply = client._run(client._core.ask(message, description, len(frame), options.outputs, None))
            assert reply.has_body_checksum == asked.checksum
        message = encode_frame(wrap(frame), description, options, 9, "")
        for place in (40, 100, len(message) // 2, len(message) - 9):
            damaged = bytearray(message)
            damaged[place] ^= 4
            with pytest.raises(BadRequestError) as caught:
                client._run(client._core.ask(damaged, description, len(frame), options.outputs, None))
            assert (caught.value.code, caught.value.name, caught.value.http_status) == (15, "body-checksum", 400)

    async def run() -> None:
        async with AsyncClient(server, ca=shop.ca, checksum=True) as client:
            assert as_lists(await client.score(frame, outputs=ALL, as_of=AS_OF, batch_rows=200)) == expected(shop)

    asyncio.run(run())


def test_timings_come_with_each_message(shop: Shop, server: str) -> None:
    with Client(server, ca=shop.ca) as client:
        for name, frame in frames(shop).items():
            result = client.score(frame, outputs=(*ALL, "timings"), as_of=AS_OF, batch_rows=400)
            assert as_lists(result) == expected(shop), name
            told = leadline.timings(result)
            assert len(told) == -(-len(expected(shop)["margin"]) // 400)
            for each in told:
                assert each.total > 0
                assert each.total >= each.waiting + each.decoding + each.preparing + each.scoring - 5
        result = client.score(leads(shop), outputs=["timings"], checksum=True)
        assert len(leadline.timings(result)) == 1

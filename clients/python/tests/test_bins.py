"""Bins of numbers: the dump, the edges' sides, the page of a server."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
import pytest
from documents import dumps

from leadline.bins import Bins, read_bins
from leadline.request import encode_request
from leadline.schema import BadDescriptionError
from leadline.wire import Outputs

FEW = Bins(np.array([-1, 0.5, 2, 10]), "right", True)
MANY = Bins(np.arange(300) / 10, "left", False)


def test_the_writer_gives_the_dump_of_bins() -> None:
    message = encode_request(
        fingerprint=0x1122334455667788,
        rows=5,
        columns=[
            FEW.encode(np.array([-7, 0.5, math.nan, 2.5, 1_000])),
            MANY.encode(np.array([-1, 0, 0.1, 29.9, 30])),
        ],
        outputs=Outputs.named(("margin", "probability", "score", "tier", "status")),
        request_id=7,
    )
    assert bytes(message).hex(" ") == dumps()["request-bins"].hex(" ")


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("single", [False, True])
def test_a_bin_is_the_count_of_edges_below(side: Literal["left", "right"], single: bool) -> None:
    edges = np.unique(np.float32(np.random.default_rng(7).normal(size=200))).astype(np.float64)
    near = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), [-np.inf, np.inf, 1e300]])
    bins = Bins(edges, side, single).of(near)
    for value, number in zip(near, bins, strict=True):
        compared = float(np.float32(value)) if single and abs(value) < 1e38 else value
        wanted = sum(edge < compared if side == "left" else edge <= compared for edge in edges)
        assert number == wanted, value


def page(**changes: Any) -> bytes:
    bins = {"fingerprint": f"{FEW.fingerprint:016x}", "type": "float32", "side": "right", "edges": [-1, 0.5, 2, 10]}
    return json.dumps({"columns": [{"name": "x", "bins": bins | changes}, {"name": "y", "bins": None}]}).encode()


def test_the_page_is_read_and_checked() -> None:
    read = read_bins(page())
    assert read["y"] is None
    assert read["x"] is not None
    assert read["x"].fingerprint == FEW.fingerprint
    for changes in (
        {"fingerprint": "1"},
        {"type": "f4"},
        {"side": "up"},
        {"edges": [0.5, -1, 2, 10]},
        {"edges": [1, 1]},
        {"edges": "x"},
        {"edges": None},
    ):
        with pytest.raises(BadDescriptionError):
            read_bins(page(**changes))

"""The vectors of the protocol: written alike, read alike, refused alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from documents import vectors
from slow_reader import read_request

from leadline.columns import ABSENT, EncodedColumn, Encoding, encode_as
from leadline.errors import ProtocolError, ServerError
from leadline.strings import Strings, encode_strings
from leadline.wire import Outputs, Reply, decode_answer, encode_request

GOOD = [*vectors("valid"), *vectors("boundary")]
REQUESTS = [vector for vector in GOOD if vector["type"] == "score-request"]
ANSWERS = [vector for vector in GOOD if vector["type"] != "score-request"]
#: Has other values than 0 in rows without one, at which a receiver does not look.
LOOSE = {"request-typed-columns"}
MALFORMED = vectors("malformed")


def number(value: Any) -> float:
    names = {"missing": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    return names[value] if isinstance(value, str) else float(value)


def written(told: dict[str, Any], rows: int) -> EncodedColumn:
    """A column in the encoding that the vector tells."""
    values = [number(value) for value in told.get("values", [told.get("everyRow")] * rows)]
    encoding = Encoding[told["encoding"].upper()]
    missing = np.isnan(values)
    if "dictionary" in told:
        codes = np.where(missing, -1, np.nan_to_num(values)).astype(np.int64)
        column = encode_strings(Strings(codes, told["dictionary"]))
        assert column.encoding is encoding
        return column
    if encoding is Encoding.ABSENT:
        return ABSENT
    array = np.array(values)
    if encoding not in (Encoding.CONSTANT, Encoding.FLOAT32, Encoding.FLOAT64):
        array = np.where(missing, 0, array).astype(np.int64)
    return encode_as(encoding, array, missing if told["validity"] else None)


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector["name"])
def test_requests_are_written_alike(vector: dict[str, Any]) -> None:
    told = vector["decoded"]
    message = encode_request(
        fingerprint=int(told["fingerprint"], 16),
        rows=told["rows"],
        columns=[written(column, told["rows"]) for column in told["columns"]],
        outputs=Outputs.named(told["outputs"]),
        request_id=int(told["requestId"]),
        as_of_days=number(told["asOfDays"]),
        deadline_microseconds=told["deadlineMicroseconds"],
        model=told["model"],
        version=told["version"],
    )
    if vector["name"] in LOOSE:
        assert bytes(message).hex() != vector["hex"]
        assert len(message) == len(vector["hex"]) // 2
        assert read_request(bytes(message)) == read_request(bytes.fromhex(vector["hex"]))
    else:
        assert bytes(message).hex() == vector["hex"]


@pytest.mark.parametrize("vector", ANSWERS, ids=lambda vector: vector["name"])
def test_answers_are_read_alike(vector: dict[str, Any]) -> None:
    told = vector["decoded"]
    answer = decode_answer(bytes.fromhex(vector["hex"]))
    assert answer.request_id == int(told["requestId"])
    if isinstance(answer, ServerError):
        assert vector["type"] == "error"
        assert (answer.code, answer.name, answer.message) == (told["code"], told["codeName"], told["text"])
        assert (answer.retryable, answer.retry_after or 0) == (
            told["retryable"],
            told["retryAfterMilliseconds"] / 1_000,
        )
        assert (answer.row, answer.column, answer.byte) == tuple(map(told.get, ("row", "column", "byteOffset")))
        assert answer.expected_fingerprint == (int(told["fingerprint"], 16) if "fingerprint" in told else None)
        return
    assert isinstance(answer, Reply)
    assert (answer.model, answer.version, answer.rows) == (told["model"], told["version"], told["rows"])
    assert (answer.epoch, answer.fingerprint) == (int(told["epoch"]), int(told["fingerprint"], 16))
    assert list(answer.results) == told["outputs"]
    plural = {
        "margin": "margins",
        "probability": "probabilities",
        "score": "scores",
        "tier": "tiers",
        "status": "statuses",
    }
    for name, values in answer.results.items():
        np.testing.assert_array_equal(values, [number(value) for value in told[plural[name]]])


@pytest.mark.parametrize("vector", MALFORMED, ids=lambda vector: vector["name"])
def test_malformed_messages_are_refused_alike(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    read: Callable[[bytes], object] = read_request if vector["type"] == "score-request" else decode_answer
    with pytest.raises(ProtocolError) as caught:
        read(data)
    assert (caught.value.code, caught.value.name) == (vector["error"]["code"], vector["error"]["name"])

"""The vectors of the protocol: written alike, read alike, refused alike."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from documents import vectors
from slow_reader import read_request

from leadline.columns import ABSENT, FLOATS, EncodedColumn, Encoding, block, encode_as, encode_smaller
from leadline.errors import ProtocolError, ServerError
from leadline.reply import Reply, decode_answer
from leadline.request import encode_request
from leadline.strings import Strings, encode_strings
from leadline.wire import Outputs

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
        assert (column.encoding, column.has_runs) == (encoding, "runs" in told)
        return column
    if encoding is Encoding.ABSENT:
        return ABSENT
    array = np.array(values)
    if encoding is Encoding.MICROSECONDS:
        array = np.array([round(value * 86_400_000_000) for value in values])
    elif encoding is Encoding.INT64:
        # What JSON has of them is rounded, and past the end.
        array = np.array([0 if value != value else min(int(value), 2**63 - 1) for value in values])
    elif encoding is not Encoding.CONSTANT and encoding not in FLOATS:
        array = np.where(missing, 0, array).astype(np.int64)
    if "bins" in told:
        numbers = array.astype("u1" if encoding is Encoding.BINS8 else "<u2")
        head = int(told["bins"], 16).to_bytes(8, "little")
        return block(encoding, numbers, missing if told["validity"] else None, head=head)
    if "runs" in told:
        column = encode_smaller(encoding, array, missing if told["validity"] else None)
        assert column.has_runs
        return column
    return encode_as(encoding, array, missing if told["validity"] else None)


def columns_of(vector: dict[str, Any]) -> list[dict[str, Any]]:
    """As the vector tells them; of the one that does not, as its explanation has it."""
    columns: list[dict[str, Any]] = vector["decoded"]["columns"]
    if vector["name"] == "request-wide-runs":
        return [{**columns[0], "values": [1] * 70 + [3] * (vector["decoded"]["rows"] - 70)}]
    return columns


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector["name"])
def test_requests_are_written_alike(vector: dict[str, Any]) -> None:
    told = vector["decoded"]
    flags = told.get("flags", [])
    columns = columns_of(vector)
    matrix: Any = None
    if "matrix" in flags:
        by_column = [[number(value) for value in column["values"]] for column in columns]
        matrix = np.array(by_column, dtype=np.float32).T.reshape(told["rows"], len(columns))
    message = encode_request(
        fingerprint=int(told["fingerprint"], 16),
        rows=told["rows"],
        columns=[written(column, told["rows"]) for column in columns],
        matrix=matrix,
        checksum="bodyChecksum" in flags,
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


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector["name"])
def test_the_slow_reader_reads_requests_alike(vector: dict[str, Any]) -> None:
    """So that what is tested with it is tested with a reader that is right."""
    told = vector["decoded"]
    read = read_request(bytes.fromhex(vector["hex"]))
    assert (read.rows, read.model, read.version) == (told["rows"], told["model"], told["version"])
    assert (read.has_checksum, read.is_matrix) == tuple(
        name in told.get("flags", []) for name in ("bodyChecksum", "matrix")
    )
    for column, wanted in zip(read.columns, columns_of(vector), strict=True):
        assert (column.encoding, column.has_validity, column.runs) == (
            wanted["encoding"],
            wanted["validity"],
            wanted.get("runs"),
        )
        values = [number(value) for value in wanted.get("values", [wanted.get("everyRow")] * told["rows"])]
        # JSON has rounded what is beyond 2^53, as a server does.
        read_values = [None if value is None else float(value) for value in column.values]
        assert read_values == [None if value != value else value for value in values]
        assert column.dictionary == wanted.get("dictionary", [])


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
    assert answer.has_body_checksum == ("bodyChecksum" in told.get("flags", []))
    assert [*answer.results, *(["timings"] if answer.timings else [])] == told["outputs"]
    if answer.timings:
        assert list(dataclasses.astuple(answer.timings)) == told["timingsMicroseconds"]
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

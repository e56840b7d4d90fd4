"""WIRE.md and the package agree: dumps byte for byte, tables row for row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from documents import dumps, table
from slow_reader import read_request

from leadline.columns import ABSENT, Encoding, Numbers, encode_numbers
from leadline.errors import ERROR_CODES, SchemaMismatchError
from leadline.strings import Strings, encode_strings
from leadline.wire import OUTPUT_NAMES, Limits, Outputs, Reply, decode_answers, encode_request

FINGERPRINT = 0x1122334455667788


def test_there_are_the_dumps_that_are_tested_here() -> None:
    assert set(dumps()) == {"request-one-lead", "request-strings", "reply-all", "error-schema"}


def test_the_writer_gives_the_dump_of_one_lead() -> None:
    message = encode_request(
        fingerprint=FINGERPRINT,
        rows=1,
        columns=[
            encode_numbers(Numbers(np.array([12.0]))),
            encode_strings(Strings(np.array([0], dtype=np.int8), ["web"])),
            ABSENT,
        ],
        outputs=Outputs.named(OUTPUT_NAMES),
        request_id=1,
    )
    assert bytes(message).hex(" ") == dumps()["request-one-lead"].hex(" ")


def test_the_writer_gives_the_dump_of_six_leads() -> None:
    message = encode_request(
        fingerprint=FINGERPRINT,
        rows=6,
        columns=[
            encode_strings(Strings(np.array([0, 1, -1, 0, 2, 3]), ["web", "referral", "", "zoë"])),
            encode_numbers(Numbers(np.array([20001, 20002, 20003, 20003, 20004, 20005]))),
        ],
        outputs=Outputs.named(["probability", "tier"]),
        request_id=7,
        model="default",
        version="000002-1f2e3d4c",
    )
    assert bytes(message).hex(" ") == dumps()["request-strings"].hex(" ")
    read = read_request(bytes(message))
    assert read.columns[0].texts == ["web", "referral", None, "web", "", "zoë"]
    assert math.isnan(read.as_of_days)


def test_the_reader_reads_the_dump_of_a_reply() -> None:
    (reply,) = decode_answers(dumps()["reply-all"])
    assert isinstance(reply, Reply)
    assert (reply.request_id, reply.fingerprint, reply.epoch, reply.rows) == (1, 0x0102030405060708, 3, 3)
    assert (reply.model, reply.version) == ("default", "000001-0a0b0c0d")
    np.testing.assert_array_equal(reply.results["margin"], [1.25, -0.75, math.nan])
    np.testing.assert_array_equal(reply.results["probability"], np.array([0.78, 0.32, math.nan], dtype=np.float32))
    assert {name: reply.results[name].tolist() for name in ("score", "tier", "status")} == {
        "score": [93, 41, 255],
        "tier": [0, 2, 255],
        "status": [0, 0, 1],
    }


def test_the_reader_reads_the_dump_of_an_error() -> None:
    (error,) = decode_answers(dumps()["error-schema"])
    assert isinstance(error, SchemaMismatchError)
    assert (error.code, error.name, error.request_id, error.retryable) == (32, "schema-mismatch", 1, False)
    assert error.expected_fingerprint == 0xA1B2C3D4E5F60718
    assert (error.row, error.column, error.byte, error.retry_after) == (None, None, 32, None)
    assert error.message == "model default has another schema; fetch it again"


def test_errors_are_those_of_the_table() -> None:
    told = {int(row[0]): (row[1].strip("`"), int(row[2]), row[3]) for row in table("code", under="10.")}
    assert told == {
        code: (known.name, known.http_status, "yes" if known.retryable else "no") for code, known in ERROR_CODES.items()
    }


def test_encodings_are_those_of_the_table() -> None:
    told = {int(row[0], 16): row[1] for row in table("code", under="6.")}
    assert told == {int(encoding): encoding.name.lower() for encoding in Encoding}


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("rows in a message", "rows_max"),
        ("columns in a message", "columns_max"),
        ("bytes of a message", "message_bytes_max"),
    ],
)
def test_limits_are_those_of_the_table(what: str, field: str) -> None:
    told = {row[0]: row[1] for row in table("what", under="11.")}
    assert int(told[what].replace(",", "")) == getattr(Limits(), field)

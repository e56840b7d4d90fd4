"""WIRE.md and the package agree: dumps byte for byte, tables row for row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import SEED
from documents import dumps, table
from slow_reader import read_request, slow_crc32c

from leadline.checksums import crc32c
from leadline.columns import ABSENT, Encoding, Numbers
from leadline.errors import ERROR_CODES, SchemaMismatchError
from leadline.forms import encode_numbers
from leadline.reply import Reply, Timings, decode_answers
from leadline.request import encode_request
from leadline.strings import Strings, encode_strings
from leadline.wire import RESULT_NAMES, Limits, Outputs

FINGERPRINT = 0x1122334455667788


def test_there_are_the_dumps_that_are_tested_here() -> None:
    assert set(dumps()) == {
        "request-one-lead", "request-strings", "request-runs", "request-bins", "request-matrix", "reply-all",
        "reply-timings", "error-schema",
    }  # fmt: skip


def test_the_writer_gives_the_dump_of_one_lead() -> None:
    message = encode_request(
        fingerprint=FINGERPRINT,
        rows=1,
        columns=[
            encode_numbers(Numbers(np.array([12.0]))),
            encode_strings(Strings(np.array([0], dtype=np.int8), ["web"])),
            ABSENT,
        ],
        outputs=Outputs.named(RESULT_NAMES),
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


def test_the_writer_gives_the_dump_of_runs() -> None:
    rows = np.arange(60)
    message = encode_request(
        fingerprint=FINGERPRINT,
        rows=60,
        columns=[
            encode_numbers(Numbers(rows // 20)),
            encode_numbers(Numbers(np.array([0.0, 1000.0, math.nan, 3000.0])[rows // 15])),
            encode_strings(Strings(np.where(rows < 31, 0, np.where(rows < 45, -1, 1)), ["web", "fair"])),
        ],
        outputs=Outputs.named(RESULT_NAMES),
        request_id=7,
    )
    assert bytes(message).hex(" ") == dumps()["request-runs"].hex(" ")


def test_the_writer_gives_the_dump_of_a_matrix() -> None:
    values = np.arange(-4, 11, dtype=np.float32).reshape(3, 5) / 4
    values[1, 2] = np.nan
    message = encode_request(fingerprint=FINGERPRINT, rows=3, matrix=values, outputs=Outputs.PROBABILITY, request_id=7)
    assert bytes(message).hex(" ") == dumps()["request-matrix"].hex(" ")


def test_the_reader_reads_the_dump_of_timings() -> None:
    (reply,) = decode_answers(dumps()["reply-timings"])
    assert isinstance(reply, Reply)
    assert reply.timings == Timings(total=1_700, waiting=900, decoding=40, preparing=160, scoring=600)
    assert reply.has_body_checksum
    assert list(reply.results) == ["probability"]


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


def test_the_check_of_a_checksum_is_the_known_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # as every page about CRC-32C has it
    data = np.random.default_rng(SEED).bytes(3_000)
    for length in [*range(40), *range(240, 300), 2_056, 2_999]:
        assert crc32c(data[:length]) == slow_crc32c(data[:length]), length


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("rows in a message", "rows_max"),
        ("columns in a message", "columns_max"),
        ("bytes of a message", "message_bytes_max"),
        ("entries of a dictionary", "dictionary_entries_max"),
    ],
)
def test_limits_are_those_of_the_table(what: str, field: str) -> None:
    told = {row[0]: row[1] for row in table("what", under="11.")}
    assert int(told[what].replace(",", "")) == getattr(Limits(), field)

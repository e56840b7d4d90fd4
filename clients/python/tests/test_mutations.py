"""Damaged answers are refused or say something else; nothing but the package's own exceptions comes out."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from documents import dumps, vectors
from hypothesis import example, given
from hypothesis import strategies as st
from slow_reader import read_request

from leadline.errors import ProtocolError, ServerError
from leadline.reply import Reply, decode_answer, decode_answers
from leadline.request import encode_request, set_deadline
from leadline.schema import BadDescriptionError, ModelDescription, ModelList, read_description, read_models
from leadline.wire import Outputs

ANSWERS = {name: data for name, data in dumps().items() if not name.startswith("request")} | {
    vector["name"]: bytes.fromhex(vector["hex"])
    for vector in [*vectors("valid"), *vectors("boundary")]
    if vector["type"] != "score-request"
}

REQUESTS = {name: data for name, data in dumps().items() if name.startswith("request")}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_prefix_is_truncated(name: str) -> None:
    data = ANSWERS[name]
    for length in range(len(data)):
        with pytest.raises(ProtocolError) as caught:
            decode_answer(data[:length])
        assert caught.value.name == "truncated"
        if length:
            with pytest.raises(ProtocolError):
                decode_answers(data + data[:length])


@pytest.mark.parametrize("name", ANSWERS)
def test_every_flipped_bit_is_refused_or_harmless(name: str) -> None:
    data = ANSWERS[name]
    is_summed = bool(data[12] & 1)
    harmless = 0
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            answer = decode_answer(bytes(damaged))
        except ProtocolError:
            continue
        assert bit // 8 >= 32, f"bit {bit} of the header went unnoticed"
        assert not is_summed, f"bit {bit} went unnoticed, in spite of the body's checksum"
        assert isinstance(answer, (Reply, ServerError))
        harmless += 1
    assert (harmless == 0) == is_summed


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_with_a_checksum_is_refused_for_every_bit_and_prefix(name: str) -> None:
    """As the slow reader sees it: what the writer sums is all of the body."""
    data = summed(REQUESTS[name])
    assert read_request(data).has_checksum
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ProtocolError):
            read_request(bytes(damaged))
    for length in range(len(data)):
        with pytest.raises(ProtocolError) as caught:
            read_request(data[:length])
        assert caught.value.name == "truncated"


def summed(data: bytes) -> bytes:
    """A request as the writer gives it with a checksum: its deadline is written anew."""
    message = bytearray(data)
    message[12] |= 1
    set_deadline(message, int.from_bytes(data[56:60], "little"))
    return bytes(message)


def test_a_new_deadline_keeps_the_checksum_right() -> None:
    message = encode_request(fingerprint=1, rows=100, matrix=np.ones((100, 3)), outputs=Outputs.SCORE, checksum=True)
    for deadline in (1, 77_777, 0xFFFF_FFFF, 0):
        set_deadline(message, deadline)
        assert read_request(bytes(message)).deadline == deadline


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    try:
        decode_answers(data)
    except ProtocolError:
        return
    assert data == b""


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_any_body_behind_a_true_header_is_refused_or_read(name: str, data: st.DataObject) -> None:
    message = bytearray(ANSWERS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        message[data.draw(st.integers(32, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(decode_answer(bytes(message)), (Reply, ServerError))
    except ProtocolError:
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "version", "fingerprint", "epoch", "columns", "tiers", "limits", "models", "default"]
                ),
                inner,
            )
        ),
    )
)
@example({"epoch": math.inf, "default": None, "models": []})
@example({"name": "m", "version": "v", "fingerprint": "1", "epoch": math.inf})
def test_any_json_is_refused_or_a_description(document: object) -> None:
    text = json.dumps(document).encode()
    for read, kind in ((read_description, ModelDescription), (read_models, ModelList)):
        try:
            assert isinstance(read(text), kind)
        except BadDescriptionError:
            continue


@pytest.mark.parametrize("text", [b"", b"\xff", b"[" * 100_000, b"null", b"{}"])
def test_no_json_is_refused(text: bytes) -> None:
    for read in (read_description, read_models):
        with pytest.raises(BadDescriptionError):
            read(text)

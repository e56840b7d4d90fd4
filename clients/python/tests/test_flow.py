"""What is sent again and what is not, on a network and a clock that are made up."""

from __future__ import annotations

import json
import ssl
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from test_frames import MODEL

from leadline import errors
from leadline.checksums import crc32c
from leadline.errors import (
    ConnectError,
    DeadlineExceededError,
    ForbiddenError,
    LeadlineError,
    OverloadedError,
    ProtocolError,
    QuotaExceededError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UnexpectedAnswerError,
    UnknownModelError,
)
from leadline.flow import ClientCore, Retry, Send, Wait
from leadline.http2 import Exchange
from leadline.reply import Reply
from leadline.request import encode_request
from leadline.wire import CONTENT_TYPE, MessageType, Outputs

RETRY = Retry(attempts=4, first_wait=0.1, longest_wait=2.0)


def message_of(kind: MessageType, body: bytes, request_id: int = 9, checksum: int | None = None) -> bytes:
    head = struct.pack(
        "<4sBBBBIHHQI", b"LDLN", 1, 0, kind, 0, 32 + len(body), checksum is not None, 0, request_id, checksum or 0
    )
    return head + struct.pack("<I", crc32c(head)) + body


def error_message(code: int, after: int = 0, request_id: int = 9) -> Exchange:
    retryable = errors.ERROR_CODES[code].retryable
    body = struct.pack("<HBBIIIQIHH", code, retryable, 0, after, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0xFFFFFFFF, 0, 0)
    return answer(message_of(MessageType.ERROR, body, request_id), errors.ERROR_CODES[code].http_status)


def reply_message(rows: int = 1, fingerprint: int = 7, request_id: int = 9, outputs: int = 4) -> Exchange:
    body = struct.pack("<QQIIBB6x", fingerprint, 1, rows, outputs, 0, 0) + bytes([50] * rows).ljust(8, b"\0")
    return answer(message_of(MessageType.REPLY, body, request_id))


def answer(body: bytes, status: int = 200, media_type: str = CONTENT_TYPE, **headers: str) -> Exchange:
    return Exchange(1, memoryview(b""), status, {"content-type": media_type, **headers}, [body], True)


def failing(name: str, status: int, message: str = "so it is") -> Exchange:
    document = {"error": {"code": name, "message": message}}
    return answer(json.dumps(document).encode(), status, "application/json")


class Network:
    """Answers in turn, and a clock that waiting moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: Sequence[Exchange | LeadlineError]) -> None:
        self.answers = list(answers)
        self.sent: list[Send] = []
        self.deadlines: list[int] = []
        self.waits: list[float] = []
        self.now = 100.0
        monkeypatch.setattr("leadline.flow.time.monotonic", lambda: self.now)

    def run(self, steps: Any) -> Any:
        try:
            step = next(steps)
            while True:
                if isinstance(step, Wait):
                    self.waits.append(step.seconds)
                    self.now += step.seconds
                    step = steps.send(None)
                    continue
                self.sent.append(step)
                self.deadlines.append(int.from_bytes(step.body[56:60], "little"))
                self.now += 0.01
                got = self.answers.pop(0)
                step = steps.throw(got) if isinstance(got, LeadlineError) else steps.send(got)
        except StopIteration as end:
            return end.value

    def ask(self, give_up: float | None = None, checksum: bool = False) -> Reply:
        core = ClientCore("https://here:1", 30.0, RETRY)
        message = encode_request(
            fingerprint=7, rows=1, columns=[], outputs=Outputs.SCORE, request_id=9, checksum=checksum
        )
        reply: Reply = self.run(core.ask(message, MODEL, 1, Outputs.SCORE, give_up))
        assert not self.answers
        return reply


@pytest.mark.parametrize(
    "first",
    [
        TransportError("reset"), ConnectError("refused"), RequestTimeoutError("late"), error_message(41),
        error_message(42), error_message(43), error_message(44), answer(b"<html>", 502, "text/html"),
        answer(b"", 503, "text/plain"), failing("not-ready", 503),
    ],
)  # fmt: skip
def test_what_is_safe_is_sent_again(monkeypatch: pytest.MonkeyPatch, first: Any) -> None:
    network = Network(monkeypatch, [first, first, reply_message()])
    assert network.ask().results["score"].tolist() == [50]
    assert len(network.sent) == 3
    assert [0 <= wait <= most for wait, most in zip(network.waits, (0.1, 0.2), strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        *[(error_message(code), known.error) for code, known in errors.ERROR_CODES.items() if not known.retryable],
        (error_message(40), DeadlineExceededError),
        (failing("forbidden", 403), ForbiddenError),
        (failing("something-new", 418), ServerError),
        (answer(b"<html>", 404, "text/html"), UnexpectedAnswerError),
        (answer(b"{", 500, "application/json"), UnexpectedAnswerError),
        (answer(b'{"error": 1}', 500, "application/json"), UnexpectedAnswerError),
        (answer(b"LDLN"), ProtocolError),
        (answer(b""), ProtocolError),
        (reply_message(rows=2), ProtocolError),
        (reply_message(fingerprint=8), ProtocolError),
        (reply_message(request_id=8), ProtocolError),
        (reply_message(outputs=8), ProtocolError),
        (answer(reply_message().answer * 2), ProtocolError),
    ],
)
def test_what_would_fail_again_is_not(
    monkeypatch: pytest.MonkeyPatch, first: Exchange, kind: type[LeadlineError]
) -> None:
    network = Network(monkeypatch, [first])
    with pytest.raises(kind):
        network.ask()
    assert network.waits == []


def test_a_reply_to_a_request_with_a_checksum_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = reply_message()
    body = plain.answer[32:]
    right = answer(message_of(MessageType.REPLY, body, checksum=crc32c(body)))
    network = Network(monkeypatch, [error_message(41), right])
    reply = network.ask(give_up=200.0, checksum=True)
    assert reply.has_body_checksum
    for step in network.sent:
        assert int.from_bytes(step.body[24:28], "little") == crc32c(step.body[32:])
    assert Network(monkeypatch, [right]).ask().has_body_checksum  # more than was asked for does no harm
    for other in (plain, answer(message_of(MessageType.REPLY, body, checksum=crc32c(body) ^ 1))):
        with pytest.raises(ProtocolError, match="body-checksum") as caught:
            Network(monkeypatch, [other]).ask(checksum=True)
        assert caught.value.code == 15


def test_the_server_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(
        monkeypatch,
        [error_message(44, after=1_500), answer(b"", 503, "text/html", **{"retry-after": "2"}), reply_message()],
    )
    network.ask()
    assert 1.5 <= network.waits[0] <= 1.6
    assert 2 <= network.waits[1] <= 2.2


def test_longer_than_one_would_wait_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, [error_message(44, after=2_500)])
    with pytest.raises(QuotaExceededError) as caught:
        network.ask()
    assert caught.value.retry_after == 2.5
    assert (caught.value.code, caught.value.name, caught.value.request_id) == (44, "quota-exceeded", 9)
    assert network.waits == []


def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, [error_message(41, after=1)] * RETRY.attempts)
    with pytest.raises(OverloadedError):
        network.ask()
    assert len(network.sent) == RETRY.attempts


def test_the_deadline_bounds_attempts_and_goes_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, [error_message(41, after=500), error_message(41, after=500)])
    with pytest.raises(OverloadedError):
        network.ask(give_up=100.9)
    assert network.deadlines[0] == pytest.approx(900_000, abs=1)
    assert 200_000 < network.deadlines[1] < 400_000
    assert all(step.give_up == 100.9 for step in network.sent)
    network = Network(monkeypatch, [])
    with pytest.raises(TimeoutError):
        network.ask(give_up=99.0)
    assert network.sent == []
    with pytest.raises(TimeoutError):
        network.run(ClientCore("https://here", 30.0, RETRY).describe("", give_up=99.0))
    assert network.sent == []


def test_without_a_deadline_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, [reply_message()])
    network.ask()
    assert network.deadlines == [0]
    assert network.sent[0].give_up == 130.0


def test_names_go_into_paths_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, [failing("unknown-model", 404)])
    with pytest.raises(UnknownModelError) as caught:
        network.run(ClientCore("https://here", 30.0, RETRY).describe("a/ü@candidate"))
    assert network.sent[0].path == "/v1/models/a%2F%C3%BC@candidate/schema"
    assert (caught.value.code, caught.value.http_status) == (30, 404)


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    error = ConnectError("no TLS")
    assert RETRY.pause(error, 1) is not None
    error.__cause__ = ssl.SSLCertVerificationError("a stranger's")
    assert RETRY.pause(error, 1) is None


@pytest.mark.parametrize("url", ["http://here", "https://", "https://here/path", "https://here?x=1", "ftp://x"])
def test_only_servers_are_servers(url: str) -> None:
    with pytest.raises(ValueError, match="no server"):
        ClientCore(url, 30.0, RETRY)


@pytest.mark.parametrize(
    ("url", "host", "port", "authority"),
    [
        ("https://here", "here", 443, "here:443"),
        ("here:8443", "here", 8443, "here:8443"),
        ("https://[::1]:8443/", "::1", 8443, "[::1]:8443"),
    ],
)
def test_servers_are_found(url: str, host: str, port: int, authority: str) -> None:
    core = ClientCore(url, 30.0, RETRY)
    assert (core.host, core.port, core.authority) == (host, port, authority)

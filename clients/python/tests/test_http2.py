"""HTTP/2 without a network: the package's connection against h2's server end."""

from __future__ import annotations

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.errors import TransportError
from leadline.http2 import WINDOW_BYTES, Http2Connection


class Pair:
    """A client and a server with the bytes between them."""

    def __init__(self) -> None:
        self.client = Http2Connection("here:1")
        self.server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.server.initiate_connection()
        self.events: list[h2.events.Event] = []
        self.pass_on()

    def pass_on(self, piece: int = 1 << 20) -> None:
        """Carries bytes both ways until there are none."""
        while True:
            up, down = self.client.output(), self.server.data_to_send()
            if not up and not down:
                return
            if up:
                self.events += self.server.receive_data(up)
            for start in range(0, len(down), piece):
                self.client.receive(down[start : start + piece])

    def answer(self, stream: int, body: bytes, end: bool = True) -> None:
        self.server.send_headers(stream, [(":status", "200"), ("content-type", "text/plain")])
        self.server.send_data(stream, body, end_stream=end)


@given(st.integers(1, 40))
def test_an_answer_comes_in_pieces_of_any_size(piece: int) -> None:
    pair = Pair()
    exchange = pair.client.begin("POST", "/", [("a", "b")], b"question")
    pair.pass_on()
    pair.answer(exchange.stream, b"answer")
    pair.pass_on(piece)
    assert exchange.is_done
    assert (exchange.status, exchange.answer, exchange.error) == (200, b"answer", None)
    assert exchange.headers["content-type"] == "text/plain"
    assert not pair.client.exchanges


def test_a_large_body_waits_for_the_window_and_arrives_whole() -> None:
    pair = Pair()
    body = bytes(range(256)) * 1_000
    exchange = pair.client.begin("POST", "/", [], body)
    pair.pass_on()
    assert 0 < len(exchange.body) < len(body)
    received = b""
    for _ in range(100):
        for event in pair.events:
            if isinstance(event, h2.events.DataReceived):
                assert event.data is not None
                received += event.data
                pair.server.acknowledge_received_data(event.flow_controlled_length or 0, exchange.stream)
        pair.events.clear()
        if received == body:
            break
        pair.pass_on()
    assert received == body


def test_an_answer_counts_before_the_request_is_sent() -> None:
    pair = Pair()
    exchange = pair.client.begin("POST", "/", [], bytes(200_000))
    pair.pass_on()
    assert len(exchange.body) > 0
    pair.answer(exchange.stream, b"overloaded")
    pair.pass_on()
    assert exchange.is_done
    assert exchange.answer == b"overloaded"
    assert any(isinstance(event, h2.events.StreamReset) for event in pair.events)
    assert pair.client.has_room


def goaway(pair: Pair, last: int) -> None:
    frame = (8).to_bytes(3, "big") + bytes([7, 0]) + bytes(4) + last.to_bytes(4, "big") + bytes(4)
    pair.client.receive(frame)


def test_a_goaway_ends_what_the_server_did_not_look_at_and_nothing_else() -> None:
    pair = Pair()
    first, second = (pair.client.begin("POST", "/", [], b"x") for _ in range(2))
    pair.pass_on()
    goaway(pair, first.stream)
    assert pair.client.is_closing
    assert not pair.client.has_room
    with pytest.raises(TransportError):
        pair.client.begin("POST", "/", [], b"x")
    assert second.is_done
    assert isinstance(second.error, TransportError)
    assert not first.is_done
    pair.answer(first.stream, b"still")
    pair.pass_on()
    assert (first.answer, first.error) == (b"still", None)


def test_the_server_may_send_a_large_answer_at_once_and_push_nothing() -> None:
    pair = Pair()
    assert pair.server.remote_settings.initial_window_size == WINDOW_BYTES
    assert pair.server.remote_settings.enable_push == 0
    exchange = pair.client.begin("POST", "/", [], b"x")
    pair.pass_on()
    assert pair.server.local_flow_control_window(exchange.stream) == WINDOW_BYTES


def test_a_refused_stream_ends_alone() -> None:
    pair = Pair()
    first, second = (pair.client.begin("POST", "/", [], b"x") for _ in range(2))
    pair.pass_on()
    pair.server.reset_stream(first.stream, h2.errors.ErrorCodes.REFUSED_STREAM)
    pair.pass_on()
    assert isinstance(first.error, TransportError)
    assert pair.client.has_room
    pair.answer(second.stream, b"fine")
    pair.pass_on()
    assert second.answer == b"fine"


def test_what_was_given_up_is_credited() -> None:
    pair = Pair()
    before = pair.server.outbound_flow_control_window
    exchange = pair.client.begin("POST", "/", [], b"x")
    pair.pass_on()
    pair.client.cancel(exchange)
    pair.answer(exchange.stream, bytes(10_000))  # on its way before the server heard of it
    pair.pass_on()
    for _ in range(3_000):  # more than any window
        exchange = pair.client.begin("POST", "/", [], b"x")
        pair.pass_on()
        pair.answer(exchange.stream, bytes(10_000))
        pair.pass_on()
        assert exchange.is_done
        assert exchange.error is None
    assert before - pair.server.outbound_flow_control_window < 4_200_000


def test_a_server_may_let_few_streams_be_open() -> None:
    pair = Pair()
    pair.server.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
    pair.pass_on()
    assert pair.client.has_room
    pair.client.begin("POST", "/", [], b"x")
    assert not pair.client.has_room


@given(st.binary(max_size=200))
def test_any_bytes_end_the_connection_at_worst(data: bytes) -> None:
    pair = Pair()
    exchange = pair.client.begin("POST", "/", [], b"x")
    pair.pass_on()
    pair.client.receive(data)
    pair.client.fail("the end")
    assert exchange.is_done
    assert exchange.error is None or isinstance(exchange.error, TransportError)
    assert not pair.client.has_room


@given(st.integers(0, 10), st.integers(0, 255), st.binary(max_size=60), st.integers(0, 3))
def test_any_frame_ends_the_connection_at_worst(kind: int, flags: int, body: bytes, stream: int) -> None:
    pair = Pair()
    exchange = pair.client.begin("POST", "/", [], b"x")
    pair.pass_on()
    pair.client.receive(len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body)
    pair.client.fail("the end")
    assert exchange.is_done

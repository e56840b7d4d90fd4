"""HTTP/2 without a socket: bytes in, bytes out, answers at their streams. The drivers beside it own the sockets.

h2 speaks the frames; three things are done here because a server that sheds load needs them: an answer counts as soon
as it has come, though the request is still being sent; a GOAWAY ends the taking of new streams and not those under way;
and each stream ends by itself.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from .errors import ConnectError, TransportError

#: What a server may send ahead: some answers of 65,536 rows.
WINDOW_BYTES = 4 * 1024 * 1024
FRAME_HEAD_BYTES = 9
GOAWAY = 7


def tls_context(ca: str | None, cert: str | None, key: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later with ALPN h2.

    Args:
        ca: a file of authorities in PEM; those of the system if not given.
        cert: the client's certificate chain in PEM.
        key: its private key in PEM.
    """
    if (cert is None) != (key is None):
        raise ValueError("cert and key belong together")
    try:
        context = ssl.create_default_context(cafile=ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])
        if cert is not None:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(name for name in (ca, cert, key) if name is not None)
        raise ConnectError(f"cannot use the certificates in {files or 'the system'}: {error}") from error
    return context


@dataclass
class Exchange:
    """A request on its stream and the answer to it."""

    stream: int
    #: What of the request's body is still to be sent.
    body: memoryview
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    is_done: bool = False
    error: TransportError | None = None

    @property
    def answer(self) -> bytes:
        """The body of the answer."""
        return b"".join(self.pieces)


class Http2Connection:
    """A client's end of a connection."""

    def __init__(self, authority: str) -> None:
        self.authority = authority
        self.exchanges: dict[int, Exchange] = {}
        #: No further request may begin; those under way go on.
        self.is_closing = False
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        # As initial values, so that the first SETTINGS tells them; a later change holds only when it is acknowledged.
        self._h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES,
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 0,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 65_536,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW_BYTES)
        self._received = bytearray()

    @property
    def has_room(self) -> bool:
        """Whether a request may begin now."""
        return not self.is_closing and len(self.exchanges) < min(self._h2.remote_settings.max_concurrent_streams, 100)

    def output(self) -> bytes:
        """What is to be written to the socket."""
        return self._h2.data_to_send()

    def begin(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes | bytearray) -> Exchange:
        """Begins a request; the body goes out as far as the server's windows let it."""
        if self.is_closing:
            raise TransportError("the connection takes no further requests")
        try:
            stream = self._h2.get_next_available_stream_id()
            head = [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", path)]
            self._h2.send_headers(stream, [*head, *headers], end_stream=not body)
        except h2.exceptions.H2Error as error:
            self.is_closing = True
            raise TransportError(f"no new stream: {error}") from error
        exchange = Exchange(stream, memoryview(body))
        self.exchanges[stream] = exchange
        self._send(exchange)
        return exchange

    def cancel(self, exchange: Exchange) -> None:
        """Gives up an answer."""
        if self.exchanges.pop(exchange.stream, None) is not None:
            self._reset(exchange.stream)

    def fail(self, reason: str) -> None:
        """The connection is gone: so are all requests on it."""
        self.is_closing = True
        for exchange in list(self.exchanges.values()):
            self._finish(exchange, TransportError(reason))

    def receive(self, data: bytes) -> None:
        """Takes what came from the socket; what it means stands in the exchanges."""
        # Frame by frame: h2 takes nothing more after a GOAWAY, so it never sees one.
        self._received += data
        while len(self._received) >= FRAME_HEAD_BYTES:
            length = FRAME_HEAD_BYTES + int.from_bytes(self._received[:3], "big")
            if length > FRAME_HEAD_BYTES + self._h2.max_inbound_frame_size:
                self._h2.close_connection(h2.errors.ErrorCodes.FRAME_SIZE_ERROR)
                self.fail("the server sent a frame that is too large")
                return
            if len(self._received) < length:
                return
            frame = bytes(self._received[:length])
            del self._received[:length]
            if frame[3] == GOAWAY:
                self._take_goaway(frame)
                continue
            try:
                events = self._h2.receive_data(frame)
            except (h2.exceptions.H2Error, UnicodeDecodeError) as error:
                self.fail(f"the server broke HTTP/2: {error}")
                return
            for event in events:
                self._take(event)

    def _take_goaway(self, frame: bytes) -> None:
        self.is_closing = True
        last = int.from_bytes(frame[9:13], "big") & 0x7FFF_FFFF
        code = int.from_bytes(frame[13:17], "big")
        for exchange in list(self.exchanges.values()):
            if exchange.stream > last:
                self._finish(exchange, TransportError(f"GOAWAY before this request (error {code})"))

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            for exchange in list(self.exchanges.values()):
                self._send(exchange)
            return
        exchange_of = self.exchanges.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, h2.events.DataReceived):
            # What nobody waits for is credited to the connection all the same.
            if event.flow_controlled_length:
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id or 0)
            if exchange_of is not None and event.data is not None:
                exchange_of.pieces.append(event.data)
        elif exchange_of is None:
            return
        elif isinstance(event, h2.events.ResponseReceived):
            for name, value in event.headers or ():
                exchange_of.headers[str(name)] = str(value)
            status = exchange_of.headers.get(":status", "")
            exchange_of.status = int(status) if status.isascii() and status.isdigit() else 0
        elif isinstance(event, h2.events.StreamEnded):
            unsent = len(exchange_of.body) > 0
            self._finish(exchange_of, None)
            if unsent:
                self._reset(exchange_of.stream)
        elif isinstance(event, h2.events.StreamReset):
            self._finish(exchange_of, TransportError(f"the server reset the stream ({event.error_code!r})"))

    def _send(self, exchange: Exchange) -> None:
        try:
            while len(exchange.body):
                room = min(
                    self._h2.local_flow_control_window(exchange.stream),
                    self._h2.max_outbound_frame_size,
                    len(exchange.body),
                )
                if room <= 0:
                    return
                piece, exchange.body = exchange.body[:room], exchange.body[room:]
                self._h2.send_data(exchange.stream, piece, end_stream=not len(exchange.body))
        except h2.exceptions.H2Error as error:
            self._finish(exchange, TransportError(f"the request could not be sent: {error}"))

    def _finish(self, exchange: Exchange, error: TransportError | None) -> None:
        exchange.error = error
        exchange.is_done = True
        self.exchanges.pop(exchange.stream, None)

    def _reset(self, stream: int) -> None:
        with contextlib.suppress(h2.exceptions.H2Error):  # it has ended meanwhile
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)

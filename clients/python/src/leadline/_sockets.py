"""HTTP/2 over sockets that block: a connection serves one request at a time, and threads have one each."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time

from .errors import ConnectError, RequestTimeoutError, TransportError
from .http2 import Exchange, Http2Connection

READ_BYTES = 256 * 1024


class SocketConnection:
    """A TLS connection and the HTTP/2 on it."""

    def __init__(self, host: str, port: int, authority: str, context: ssl.SSLContext, timeout: float) -> None:
        try:
            plain = socket.create_connection((host, port), timeout=timeout)
        except OSError as error:
            raise ConnectError(f"no connection to {host}:{port}: {error}") from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = context.wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError) as error:
            plain.close()
            raise ConnectError(f"no TLS with {host}:{port}: {error}") from error
        if self._socket.selected_alpn_protocol() != "h2":
            self._socket.close()
            raise ConnectError(f"{host}:{port} does not speak HTTP/2")
        self.http = Http2Connection(authority)

    @property
    def is_usable(self) -> bool:
        """Whether another request may begin; takes what the server said in the meantime."""
        try:
            while self._socket.pending() or select.select([self._socket], [], [], 0)[0]:
                self._socket.settimeout(0.001)
                data = self._socket.recv(READ_BYTES)
                if not data:
                    return False
                self.http.receive(data)
        except (TimeoutError, ssl.SSLWantReadError):
            pass  # part of a TLS record
        except (OSError, ValueError):
            return False
        return self.http.has_room

    def exchange(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes | bytearray, give_up: float
    ) -> Exchange:
        """Sends a request and waits for its answer, until some time of the monotonic clock."""
        exchange = self.http.begin(method, path, headers, body)
        try:
            self._write(give_up)
            while not exchange.is_done:
                self._socket.settimeout(remaining(give_up))
                data = self._socket.recv(READ_BYTES)
                if not data:
                    self.http.fail("the server closed the connection")
                    break
                self.http.receive(data)
                self._write(give_up)
        except TimeoutError:
            self.http.is_closing = True
            raise RequestTimeoutError("the server did not answer in time") from None
        except OSError as error:
            self.http.fail(f"the connection broke: {error}")
        if exchange.error is not None:
            raise exchange.error
        return exchange

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def _write(self, give_up: float) -> None:
        output = self.http.output()
        if output:
            self._socket.settimeout(remaining(give_up))
            self._socket.sendall(output)


class SocketPool:
    """Connections to one server, kept for the next request."""

    def __init__(self, host: str, port: int, authority: str, context: ssl.SSLContext, kept_max: int) -> None:
        self._target = (host, port, authority, context)
        self._kept_max = kept_max
        self._idle: list[SocketConnection] = []
        self._lock = threading.Lock()
        self._is_closed = False
        self.opened = 0

    def exchange(
        self,
        method: str,
        path: str,
        headers: list[tuple[str, str]],
        body: bytes | bytearray,
        give_up: float,
        connect_timeout: float,
    ) -> Exchange:
        """Sends a request on an idle connection, or on a new one."""
        connection = self._take()
        if connection is None:
            connection = SocketConnection(*self._target, min(remaining(give_up), connect_timeout))
            with self._lock:
                self.opened += 1
        try:
            exchange = connection.exchange(method, path, headers, body, give_up)
        except BaseException:
            connection.close()
            raise
        self._give(connection)
        return exchange

    def close(self) -> None:
        """Closes what is idle; what is in use closes after its request."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> SocketConnection | None:
        while True:
            with self._lock:
                if self._is_closed:
                    raise TransportError("the client is closed")
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()

    def _give(self, connection: SocketConnection) -> None:
        with self._lock:
            if not self._is_closed and len(self._idle) < self._kept_max and not connection.http.is_closing:
                self._idle.append(connection)
                return
        connection.close()


def remaining(give_up: float) -> float:
    """Seconds until then.

    Raises:
        TimeoutError: there are none.
    """
    left = give_up - time.monotonic()
    if left <= 0:
        raise RequestTimeoutError("the time is up")
    return left

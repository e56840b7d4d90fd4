"""HTTP/2 over asyncio: many requests at once on each connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from .errors import ConnectError, TransportError
from .http2 import Exchange, Http2Connection

READ_BYTES = 256 * 1024


class StreamConnection:
    """A TLS connection, the HTTP/2 on it, and a task that reads."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str) -> None:
        self.http = Http2Connection(authority)
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Event] = {}
        self._flush()
        self._task = asyncio.create_task(self._read(), name="leadline reader")

    @classmethod
    async def open(
        cls, host: str, port: int, authority: str, context: ssl.SSLContext, timeout: float
    ) -> StreamConnection:
        """Connects."""
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(host, port, ssl=context, server_hostname=host, limit=READ_BYTES), timeout
            )
        except (OSError, asyncio.TimeoutError) as error:
            raise ConnectError(f"no connection to {host}:{port}: {error!r}") from error
        tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            writer.close()
            raise ConnectError(f"{host}:{port} does not speak HTTP/2")
        return cls(reader, writer, authority)

    async def exchange(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes | bytearray
    ) -> Exchange:
        """Sends a request and waits for its answer; given up when the task is cancelled."""
        exchange = self.http.begin(method, path, headers, body)
        self._flush()
        done = self._waiting[exchange.stream] = asyncio.Event()
        try:
            if not exchange.is_done:
                await done.wait()
        except asyncio.CancelledError:
            self.http.cancel(exchange)
            self._flush()
            raise
        finally:
            del self._waiting[exchange.stream]
        if exchange.error is not None:
            raise exchange.error
        return exchange

    async def close(self) -> None:
        """Closes the socket; requests under way fail."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(READ_BYTES):
                self.http.receive(data)
                self._flush()
                for stream, done in self._waiting.items():
                    if stream not in self.http.exchanges:
                        done.set()
                if self.http.is_closing and not self.http.exchanges:
                    break
            self.http.fail("the server closed the connection")
        except OSError as error:
            self.http.fail(f"the connection broke: {error}")
        finally:
            self.http.fail("the connection was closed")
            for done in self._waiting.values():
                done.set()
            self._writer.close()

    def _flush(self) -> None:
        output = self.http.output()
        if output and not self._writer.is_closing():
            self._writer.write(output)


class StreamPool:
    """A few connections to one server, used in turn."""

    def __init__(self, host: str, port: int, authority: str, context: ssl.SSLContext, connections: int) -> None:
        self._target = (host, port, authority, context)
        self._places: list[StreamConnection | None] = [None] * connections
        self._locks = [asyncio.Lock() for _ in range(connections)]
        self._next = 0
        self._room = asyncio.Semaphore(100 * connections)
        self._is_closed = False
        self.opened = 0

    async def exchange(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes | bytearray, connect_timeout: float
    ) -> Exchange:
        """Sends a request on the next connection that has room for one, opened where need be."""
        async with self._room:
            for _ in range(len(self._places)):
                connection = await self._take(connect_timeout)
                if connection.http.has_room:
                    break
            while not connection.http.has_room and not connection.http.is_closing:
                await asyncio.sleep(0.001)  # the server lets fewer streams be open than expected
            return await connection.exchange(method, path, headers, body)

    async def close(self) -> None:
        """Closes all connections."""
        self._is_closed = True
        for place, connection in enumerate(self._places):
            self._places[place] = None
            if connection is not None:
                await connection.close()

    async def _take(self, connect_timeout: float) -> StreamConnection:
        place = self._next
        self._next = (place + 1) % len(self._places)
        async with self._locks[place]:
            if self._is_closed:
                raise TransportError("the client is closed")
            connection = self._places[place]
            if connection is None or connection.http.is_closing:
                connection = await StreamConnection.open(*self._target, connect_timeout)
                self._places[place] = connection
                self.opened += 1
            return connection

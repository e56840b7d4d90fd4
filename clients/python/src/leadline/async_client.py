"""The client for asyncio: many requests at once on few connections."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar

from ._streams import StreamPool
from .batches import (
    BATCH_ROWS,
    DEFAULT_OUTPUTS,
    ROUNDS_MAX,
    AsOf,
    Options,
    Parts,
    check_columns,
    check_version,
    encode_frame,
    may_begin_anew,
    parts_of,
    result_frame,
    rows_per_batch,
    slices,
)
from .bins import Bins
from .errors import LeadlineError, ModelChangedError, RequestTimeoutError
from .flow import ClientCore, Flow, Retry, Send
from .frames import Frame, is_frame, wrap
from .http2 import Exchange, tls_context
from .progress import Progress
from .reply import Reply
from .schema import ModelDescription, ModelList, Protocol

T = TypeVar("T")


class AsyncClient:
    """Scores leads by a server; belongs to the event loop that it is first used in.

    Args:
        server, ca, cert, key, timeout, connect_timeout, retry, checksum: as for :class:`leadline.Client`.
        connections: how many connections are used in turn; a server with several workers wants one for each.
    """

    def __init__(
        self,
        server: str,
        *,
        ca: str | None = None,
        cert: str | None = None,
        key: str | None = None,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        retry: Retry | None = None,
        checksum: bool = False,
        connections: int = 2,
    ) -> None:
        if connections < 1:
            raise ValueError("connections is at least 1")
        self._core = ClientCore(server, timeout, retry or Retry())
        self._connect_timeout = connect_timeout
        self._checksum = checksum
        self._pool = StreamPool(
            self._core.host, self._core.port, self._core.authority, tls_context(ca, cert, key), connections
        )

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.close()

    @property
    def connections_opened(self) -> int:
        """How many connections were opened so far."""
        return self._pool.opened

    async def models(self) -> ModelList:
        """The models in service."""
        return await self._run(self._core.fetch_models())

    async def protocol(self) -> Protocol:
        """What the server speaks: versions, encodings, errors, outputs, flags, limits."""
        return await self._run(self._core.fetch_protocol())

    async def bins(self, model: str = "") -> dict[str, Bins | None]:
        """By column, the bins that may be sent for its numbers; None where values must be. An exact version's."""
        return await self._run(self._core.fetch_bins(model))

    async def describe(self, model: str = "", *, refresh: bool = False) -> ModelDescription:
        """What a model wants: its columns, levels and tiers; fetched once and kept."""
        return await self._run(self._core.describe(model, refresh))

    async def score(
        self,
        data: Any,
        *,
        model: str = "",
        version: str = "",
        outputs: Sequence[str] = DEFAULT_OUTPUTS,
        columns: Sequence[str] | None = None,
        as_of: AsOf = None,
        unknown: Literal["refuse", "ignore"] = "refuse",
        missing: Literal["refuse", "fill"] = "refuse",
        batch_rows: int = BATCH_ROWS,
        deadline: float | None = None,
        in_flight: int = 4,
        row_major: bool = False,
        checksum: bool | None = None,
    ) -> Any:
        """Scores a frame; all as for :meth:`leadline.Client.score`."""
        summed = self._checksum if checksum is None else checksum
        options = Options.of(
            model, version, outputs, as_of, unknown, missing, batch_rows, deadline, in_flight, row_major, summed
        )
        frame = wrap(data, columns)
        give_up = None if deadline is None else time.monotonic() + deadline
        for round_number in range(1, ROUNDS_MAX + 1):
            refresh = round_number > 1
            is_fresh = refresh or model not in self._core.descriptions
            description = await self._run(self._core.describe(model, refresh, give_up))
            try:
                check_columns(frame, description, options)
                parts = slices(frame, description, options)
                several = frame.rows > rows_per_batch(description, options)
                exact = version or (description.version if several else "")
                replies = [reply async for _, reply in self._ask_all(parts, description, options, exact, give_up)]
                for reply in replies[:1]:
                    check_version(reply, description, options)
            except LeadlineError as error:
                if not may_begin_anew(error, options, round_number, is_fresh):
                    raise
                continue
            return result_frame(frame, description, options.outputs, replies)
        raise AssertionError("the last round returns or raises")

    async def score_batches(
        self,
        data: Any,
        *,
        model: str = "",
        version: str = "",
        outputs: Sequence[str] = DEFAULT_OUTPUTS,
        columns: Sequence[str] | None = None,
        as_of: AsOf = None,
        unknown: Literal["refuse", "ignore"] = "refuse",
        missing: Literal["refuse", "fill"] = "refuse",
        batch_rows: int = BATCH_ROWS,
        in_flight: int = 4,
        row_major: bool = False,
        checksum: bool | None = None,
        progress: bool = False,
    ) -> AsyncIterator[Any]:
        """Scores as :meth:`leadline.Client.score_batches` does; the frames may also be an asynchronous iterable."""
        summed = self._checksum if checksum is None else checksum
        options = Options.of(
            model, version, outputs, as_of, unknown, missing, batch_rows, None, in_flight, row_major, summed
        )
        bar = Progress(wrap(data, columns).rows if is_frame(data) else None, progress)
        try:
            description = await self._run(self._core.describe(model, refresh=True))
            exact = version or description.version
            parts = (
                _parts_of(data, columns, description, options)
                if isinstance(data, AsyncIterable)
                else parts_of(data, columns, description, options)
            )
            try:
                async for part, reply in self._ask_all(parts, description, options, exact, None):
                    yield result_frame(part, description, options.outputs, [reply])
                    bar.advance(part.rows)
            except LeadlineError as error:
                if may_begin_anew(error, options, 1, is_fresh=True):
                    raise ModelChangedError(f"{exact} scored the leads so far: {error}") from error
                raise
        finally:
            bar.close()

    async def _ask_all(
        self,
        parts: Parts | AsyncIterator[Frame],
        description: ModelDescription,
        options: Options,
        exact: str,
        give_up: float | None,
    ) -> AsyncIterator[tuple[Frame, Reply]]:
        """Each part with its reply, in order; some are encoded and sent ahead."""

        async def ask(part: Frame) -> Reply:
            message = encode_frame(part, description, options, next(self._core.request_ids), exact)
            return await self._run(self._core.ask(message, description, part.rows, options.outputs, give_up))

        under_way: deque[tuple[Frame, asyncio.Task[Reply]]] = deque()
        try:
            async for part in _each(parts):
                if len(under_way) == options.in_flight:
                    done, task = under_way.popleft()
                    yield done, await task
                under_way.append((part, asyncio.create_task(ask(part))))
            while under_way:
                done, task = under_way.popleft()
                yield done, await task
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)

    async def _run(self, flow: Flow[T]) -> T:
        """Does what a flow asks for."""
        try:
            step = next(flow)
            while True:
                if isinstance(step, Send):
                    try:
                        exchange = await self._send(step)
                    except LeadlineError as error:
                        step = flow.throw(error)
                    else:
                        step = flow.send(exchange)
                else:
                    await asyncio.sleep(step.seconds)
                    step = flow.send(None)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _send(self, step: Send) -> Exchange:
        try:
            return await asyncio.wait_for(
                self._pool.exchange(step.method, step.path, list(step.headers), step.body, self._connect_timeout),
                max(step.give_up - time.monotonic(), 0.0),
            )
        except asyncio.TimeoutError:
            raise RequestTimeoutError("the server did not answer in time") from None


async def _each(parts: Parts | AsyncIterator[Frame]) -> AsyncIterator[Frame]:
    if isinstance(parts, AsyncIterator):
        async for part in parts:
            yield part
    else:
        for part in parts:
            yield part


async def _parts_of(
    frames: AsyncIterable[Any], columns: Sequence[str] | None, description: ModelDescription, options: Options
) -> AsyncIterator[Frame]:
    async for frame in frames:
        for part in parts_of(wrap(frame, columns), None, description, options):
            yield part

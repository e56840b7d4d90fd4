"""The client for programs that wait: connections are kept between calls, and threads may share it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Literal, TypeVar

from ._sockets import SocketPool
from .batches import (
    BATCH_ROWS,
    DEFAULT_OUTPUTS,
    ROUNDS_MAX,
    AsOf,
    Options,
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
from .errors import LeadlineError, ModelChangedError
from .flow import ClientCore, Flow, Retry, Send
from .frames import Frame, is_frame, wrap
from .http2 import Exchange, tls_context
from .progress import Progress
from .reply import Reply
from .schema import ModelDescription, ModelList, Protocol

T = TypeVar("T")


class Client:
    """Scores leads by a server.

    Args:
        server: such as `https://scores.example.org:8443`.
        ca: a file of the authorities, in PEM, that the server's certificate may be of; the system's if not given.
        cert: the client's own certificate chain in PEM, where the server asks for one, and
        key: its private key.
        timeout: seconds that one attempt may take.
        connect_timeout: seconds that connecting may take, TLS included.
        retry: when to send again.
        checksum: whether messages have a checksum of their body, and replies too, where a call does not say.
        connections: how many idle connections are kept.
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
        connections: int = 8,
    ) -> None:
        self._core = ClientCore(server, timeout, retry or Retry())
        self._connect_timeout = connect_timeout
        self._checksum = checksum
        self._pool = SocketPool(
            self._core.host, self._core.port, self._core.authority, tls_context(ca, cert, key), connections
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._pool.close()

    @property
    def connections_opened(self) -> int:
        """How many connections were opened so far."""
        return self._pool.opened

    def models(self) -> ModelList:
        """The models in service."""
        return self._run(self._core.fetch_models())

    def protocol(self) -> Protocol:
        """What the server speaks: versions, encodings, errors, outputs, flags, limits."""
        return self._run(self._core.fetch_protocol())

    def bins(self, model: str = "") -> dict[str, Bins | None]:
        """By column, the bins that may be sent for its numbers; None where values must be. An exact version's."""
        return self._run(self._core.fetch_bins(model))

    def describe(self, model: str = "", *, refresh: bool = False) -> ModelDescription:
        """What a model wants: its columns, levels and tiers; fetched once and kept."""
        return self._run(self._core.describe(model, refresh))

    def score(
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
        """Scores a frame; all its rows by one version of the model.

        Args:
            data: a DataFrame of pandas or polars, a pyarrow Table or RecordBatch, a dict of arrays, a structured or a
                two-dimensional array of numpy.
            model: its name or `NAME@ALIAS`; the server's default model if not given.
            version: an exact version; the one in service if not given.
            outputs: of `margin`, `probability`, `score`, `tier`, `status`; and `timings`, the server's, which are no
                column: `leadline.timings(result)` tells them.
            columns: the names of a two-dimensional array's columns.
            as_of: the day or moment at which the leads are looked at; the server's clock if not given.
            unknown: `refuse` columns that the model does not have, or `ignore` them.
            missing: `refuse` a frame without one of the model's columns, or `fill` it as not known.
            batch_rows: how many rows a message has at most.
            deadline: seconds from now for which the answer is of use.
            in_flight: how many messages are under way at once.
            row_major: whether a two-dimensional array of float32 goes as it lies, row after row, for models of numbers
                and booleans alone; columns are mostly smaller.
            checksum: whether messages have a checksum of their body, and replies too; as the client has it if None.

        Returns:
            A frame of the same library with a column for each output; pandas' has the same index.

        Raises:
            LeadlineError: one of the families in `leadline.errors`.
        """
        summed = self._checksum if checksum is None else checksum
        options = Options.of(
            model, version, outputs, as_of, unknown, missing, batch_rows, deadline, in_flight, row_major, summed
        )
        frame = wrap(data, columns)
        give_up = None if deadline is None else time.monotonic() + deadline
        is_fresh = False
        for round_number in range(1, ROUNDS_MAX + 1):
            refresh = round_number > 1
            is_fresh = refresh or model not in self._core.descriptions
            description = self._run(self._core.describe(model, refresh, give_up))
            try:
                check_columns(frame, description, options)
                parts = slices(frame, description, options)
                several = frame.rows > rows_per_batch(description, options)
                exact = version or (description.version if several else "")
                replies = [reply for _, reply in self._ask_all(parts, description, options, exact, give_up)]
                for reply in replies[:1]:
                    check_version(reply, description, options)
            except LeadlineError as error:
                if not may_begin_anew(error, options, round_number, is_fresh):
                    raise
                continue
            return result_frame(frame, description, options.outputs, replies)
        raise AssertionError("the last round returns or raises")

    def score_batches(
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
    ) -> Iterator[Any]:
        """Scores a large frame, or frames one after the other, and yields results in their order, a message each.

        What comes is not kept: millions of rows take the memory of a few messages. One version scores all of them.

        Args:
            data: a frame as for :meth:`score`, or an iterable of frames.
            progress: whether to show a progress bar; there is none without tqdm.

        For the others see :meth:`score`.

        Raises:
            ModelChangedError: the version that scored the rows so far is no longer in service.
        """
        summed = self._checksum if checksum is None else checksum
        options = Options.of(
            model, version, outputs, as_of, unknown, missing, batch_rows, None, in_flight, row_major, summed
        )
        bar = Progress(wrap(data, columns).rows if is_frame(data) else None, progress)
        try:
            # Fetched now: it shall hold for long.
            description = self._run(self._core.describe(model, refresh=True))
            exact = version or description.version
            parts = parts_of(data, columns, description, options)
            try:
                for part, reply in self._ask_all(parts, description, options, exact, None):
                    yield result_frame(part, description, options.outputs, [reply])
                    bar.advance(part.rows)
            except LeadlineError as error:
                if may_begin_anew(error, options, 1, is_fresh=True):
                    raise ModelChangedError(f"{exact} scored the leads so far: {error}") from error
                raise
        finally:
            bar.close()

    def _ask_all(
        self,
        parts: Iterator[Frame],
        description: ModelDescription,
        options: Options,
        exact: str,
        give_up: float | None,
    ) -> Iterator[tuple[Frame, Reply]]:
        """Each part with its reply, in order; some are encoded and sent ahead by threads."""

        def ask(part: Frame, message: bytearray) -> Reply:
            return self._run(self._core.ask(message, description, part.rows, options.outputs, give_up))

        def encode(part: Frame) -> bytearray:
            return encode_frame(part, description, options, next(self._core.request_ids), exact)

        first = next(parts, None)
        if first is None:
            return
        # A thread is worth it from the second on.
        second = next(parts, None)
        if second is None or options.in_flight == 1:
            for part in [first] if second is None else [first, second]:
                yield part, ask(part, encode(part))
            for part in parts:
                yield part, ask(part, encode(part))
            return
        under_way: deque[tuple[Frame, Future[Reply]]] = deque()
        pool = ThreadPoolExecutor(options.in_flight, thread_name_prefix="leadline")
        try:
            for part in [first, second]:
                under_way.append((part, pool.submit(ask, part, encode(part))))
            for part in parts:
                if len(under_way) == options.in_flight:
                    done, future = under_way.popleft()
                    yield done, future.result()
                under_way.append((part, pool.submit(ask, part, encode(part))))
            while under_way:
                done, future = under_way.popleft()
                yield done, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, flow: Flow[T]) -> T:
        """Does what a flow asks for."""
        try:
            step = next(flow)
            while True:
                if isinstance(step, Send):
                    try:
                        exchange = self._send(step)
                    except LeadlineError as error:
                        step = flow.throw(error)
                    else:
                        step = flow.send(exchange)
                else:
                    time.sleep(step.seconds)
                    step = flow.send(None)
        except StopIteration as end:
            value: T = end.value
            return value

    def _send(self, step: Send) -> Exchange:
        return self._pool.exchange(
            step.method, step.path, list(step.headers), step.body, step.give_up, self._connect_timeout
        )

"""What a client does between calls of the network, the same for both clients: generators that ask a driver to send or
to wait.
"""

from __future__ import annotations

import itertools
import json
import random
import ssl
import time
import urllib.parse
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from .bins import Bins, read_bins
from .errors import (
    DeadlineExceededError,
    LeadlineError,
    ProtocolError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UnexpectedAnswerError,
    named_error,
)
from .http2 import Exchange
from .reply import Reply, decode_answers
from .request import has_body_checksum, set_deadline
from .schema import ModelDescription, ModelList, Protocol, read_description, read_models, read_protocol
from .wire import CONTENT_TYPE, Limits, Outputs

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Send a request, wait for its answer until some time of the monotonic clock, and hand it back."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | bytearray
    give_up: float


@dataclass(frozen=True)
class Wait:
    """Wait some seconds."""

    seconds: float


Flow = Generator[Send | Wait, Exchange | None, T]


@dataclass(frozen=True)
class Retry:
    """When a request is sent again.

    Scoring has no side effects, so a request without an answer may always be; of errors, those that say so, except
    `deadline-exceeded`. A pause is what the server asks for and a random part of a time that doubles, so that
    clients do not come back all at once.
    """

    #: How often a request is sent at most.
    attempts: int = 4
    #: The longest random part of the first pause, in seconds.
    first_wait: float = 0.05
    #: The longest pause; where the server asks for a longer one, its error is raised at once.
    longest_wait: float = 5.0

    def pause(self, error: LeadlineError, attempt: int) -> float | None:
        """How long to wait after an attempt, counted from 1, that ended like this; None: not again."""
        if attempt >= self.attempts:
            return None
        after = 0.0
        if isinstance(error, UnexpectedAnswerError):
            if error.http_status not in (429, 502, 503, 504):
                return None
            after = error.retry_after or 0.0
        elif isinstance(error, ServerError):
            if not error.retryable or isinstance(error, DeadlineExceededError):
                return None
            after = error.retry_after or 0.0
        elif not isinstance(error, TransportError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return None
        if after > self.longest_wait:
            return None
        return after + random.uniform(0, min(self.first_wait * 2.0 ** (attempt - 1), self.longest_wait))


class ClientCore:
    """Everything of a client but the network."""

    def __init__(self, server: str, timeout: float, retry: Retry) -> None:
        parts = urllib.parse.urlsplit(server if "://" in server else f"https://{server}")
        if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or parts.query:
            raise ValueError(f"{server!r} is no server: write it as https://host:8443")
        self.host = parts.hostname
        self.port = parts.port or 443
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.authority = f"{host}:{self.port}"
        self.timeout = timeout
        self.retry = retry
        self.request_ids = itertools.count(random.getrandbits(48))
        #: By the name that they are asked for by.
        self.descriptions: dict[str, ModelDescription] = {}

    def fetch_models(self, give_up: float | None = None) -> Flow[ModelList]:
        """Fetches the list of models."""

        def read(exchange: Exchange) -> ModelList:
            return read_models(_json_body(exchange))

        return (yield from self._repeat("GET", "/v1/models", read, give_up=give_up))

    def fetch_protocol(self) -> Flow[Protocol]:
        """Fetches what the server speaks."""

        def read(exchange: Exchange) -> Protocol:
            return read_protocol(_json_body(exchange))

        return (yield from self._repeat("GET", "/v1/protocol", read))

    def fetch_bins(self, model: str) -> Flow[dict[str, Bins | None]]:
        """Fetches what a model tells apart of its columns' numbers."""
        description = yield from self.describe(model)

        def read(exchange: Exchange) -> dict[str, Bins | None]:
            return read_bins(_json_body(exchange))

        path = f"/v1/models/{urllib.parse.quote(model or description.name, safe='@')}/bins"
        return (yield from self._repeat("GET", path, read))

    def describe(self, model: str, refresh: bool = False, give_up: float | None = None) -> Flow[ModelDescription]:
        """The description of a model: one that was fetched before, unless a fresh one is asked for.

        Args:
            model: its name, perhaps with an alias; empty for the server's default model.
            refresh: whether to fetch it again.
            give_up: the time of the monotonic clock after which it is of no use.
        """

        def read(exchange: Exchange) -> ModelDescription:
            return read_description(_json_body(exchange))

        known = self.descriptions.get(model)
        if known is not None and not refresh:
            return known
        name = model
        if not name:
            models = yield from self.fetch_models(give_up)
            if models.default is None:
                names = ", ".join(sorted({entry.name for entry in models.models}))
                raise ValueError(f"the server has no default model; say model=, one of: {names or '(none)'}")
            name = models.default
        path = f"/v1/models/{urllib.parse.quote(name, safe='@')}/schema"
        description = yield from self._repeat("GET", path, read, give_up=give_up)
        self.descriptions[model] = description
        return description

    def ask(
        self, message: bytearray, description: ModelDescription, rows: int, outputs: Outputs, give_up: float | None
    ) -> Flow[Reply]:
        """Has a message scored.

        Args:
            message: the request; its deadline is set to what is left each time it is sent.
            description: of the model that it was made for.
            rows: how many it has.
            outputs: what it asks for.
            give_up: the time of the monotonic clock after which the answer is of no use.
        """
        request_id = int.from_bytes(message[16:24], "little")
        limits = Limits(rows_max=max(rows, 1), message_bytes_max=16 * rows + 128 * 1024)

        def read(exchange: Exchange) -> Reply:
            if _media_type(exchange) != CONTENT_TYPE:
                raise _other_answer(exchange)
            answers = decode_answers(exchange.answer, limits)
            if len(answers) != 1:
                raise ProtocolError(7, f"{len(answers)} answers to one request")
            reply = answers[0]
            if isinstance(reply, ServerError):
                raise reply
            if reply.request_id != request_id:
                raise ProtocolError(13, "the answer to another request", byte=16)
            if reply.fingerprint != description.fingerprint:
                raise ProtocolError(13, "the answer of another schema", byte=32)
            if reply.rows != rows:
                raise ProtocolError(13, f"{reply.rows} rows of {rows}", byte=48)
            if reply.outputs != outputs:
                raise ProtocolError(13, "other outputs than asked for", byte=52)
            if has_body_checksum(message) and not reply.has_body_checksum:
                raise ProtocolError(15, "no checksum in answer to one", byte=12)
            return reply

        return (yield from self._repeat("POST", "/v1/score", read, message, give_up))

    def _repeat(
        self,
        method: str,
        path: str,
        read: Callable[[Exchange], T],
        message: bytearray | None = None,
        give_up: float | None = None,
    ) -> Flow[T]:
        """Sends a request, again if it need be, and reads its answer."""
        headers = (("accept", "application/json"),) if message is None else (("content-type", CONTENT_TYPE),)
        attempt = 0
        while True:
            attempt += 1
            now = time.monotonic()
            until = now + self.timeout
            if give_up is not None:
                if give_up <= now:
                    raise RequestTimeoutError("the deadline passed before the request was sent")
                until = min(until, give_up)
                if message is not None:
                    set_deadline(message, max(1, min(int((give_up - now) * 1e6), 0xFFFF_FFFF)))
            try:
                exchange = yield Send(method, path, headers, message or b"", until)
                assert exchange is not None
                return read(exchange)
            except LeadlineError as error:
                pause = self.retry.pause(error, attempt)
                if pause is None or (give_up is not None and time.monotonic() + pause >= give_up):
                    raise
            yield Wait(pause)


def _media_type(exchange: Exchange) -> str:
    return exchange.headers.get("content-type", "").partition(";")[0].strip().lower()


def _json_body(exchange: Exchange) -> bytes:
    if exchange.status != 200 or _media_type(exchange) != "application/json":
        raise _other_answer(exchange)
    return exchange.answer


def _other_answer(exchange: Exchange) -> LeadlineError:
    """The error that an answer without a message tells."""
    media_type = _media_type(exchange)
    if media_type == "application/json":
        try:
            error = json.loads(exchange.answer)["error"]
            return named_error(str(error["code"]), str(error["message"]), exchange.status)
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
    after = exchange.headers.get("retry-after", "")
    return UnexpectedAnswerError(
        f"status {exchange.status} with {media_type or 'no media type'} is no answer of Leadline's",
        http_status=exchange.status,
        retry_after=float(after) if after.isascii() and after.isdigit() else None,
    )

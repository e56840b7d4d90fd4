"""What can go wrong, as exceptions: one family for each place of the fault."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class LeadlineError(Exception):
    """The root of all that this package raises on purpose."""


# The caller's columns.


class EncodingError(LeadlineError, ValueError):
    """A batch cannot be written: the fault lies in the caller's columns, and nothing was sent."""

    def __init__(self, message: str, *, column: str | None = None, row: int | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.row = row


class UnknownColumnError(EncodingError):
    """Columns that the model does not have, with those that may have been meant."""

    def __init__(self, names: Sequence[str], known: Sequence[str]) -> None:
        self.names = list(names)
        self.suggestions = {name: near(name, known) for name in names}
        hints = [
            f"{name!r}" + (f" (did you mean {' or '.join(map(repr, close))}?)" if close else "")
            for name, close in self.suggestions.items()
        ]
        super().__init__(
            f"the model has no column {', '.join(hints)}; leave it out, or say unknown='ignore'", column=self.names[0]
        )


class MissingColumnError(EncodingError):
    """Columns that the model wants and the frame lacks."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        super().__init__(
            f"the model wants the columns {', '.join(map(repr, names))}; add them, or say missing='fill' "
            "to have them taken as not known",
            column=self.names[0],
        )


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three names that resemble one, whatever their case."""
    by_folded: dict[str, str] = {}
    for other in known:
        by_folded.setdefault(other.casefold(), other)
    return [by_folded[match] for match in difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)]


# The way to the server and back.


class TransportError(LeadlineError):
    """No answer came. Scoring has no side effects, so that sending again is safe."""


class ConnectError(TransportError):
    """No connection, no TLS, or a server that does not speak HTTP/2."""


class RequestTimeoutError(TransportError, TimeoutError):
    """The server did not answer in time."""


class UnexpectedAnswerError(TransportError):
    """An answer that is not Leadline's: a proxy's page, say."""

    def __init__(self, message: str, *, http_status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.retry_after = retry_after


class ProtocolError(LeadlineError):
    """Bytes that are not the message they should be. `code` and `name` are those of WIRE.md section 10."""

    def __init__(self, code: int, message: str, *, byte: int | None = None) -> None:
        self.code = code
        self.name = ERROR_CODES[code].name
        self.byte = byte
        place = "" if byte is None else f" at byte {byte}"
        super().__init__(f"{self.name}{place}: {message}")


# What the server says.


class ServerError(LeadlineError):
    """The server refused a request, and says why.

    `code` is the number on the wire, None for an error that came as JSON and has none; `name` is what programs go by.
    `retry_after` is in seconds, None where the server knows nothing. `row`, `column` and `byte` are places in the
    message, None where not known.
    """

    def __init__(
        self,
        name: str,
        message: str,
        *,
        code: int | None = None,
        http_status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        request_id: int | None = None,
        row: int | None = None,
        column: int | None = None,
        byte: int | None = None,
        expected_fingerprint: int | None = None,
    ) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.code = code
        self.http_status = http_status
        self.retryable = retryable
        self.retry_after = retry_after
        self.request_id = request_id
        self.row = row
        self.column = column
        self.byte = byte
        self.expected_fingerprint = expected_fingerprint


class BadRequestError(ServerError):
    """The server could not read the message, or not as one for this model."""


class TooLargeError(ServerError):
    """More rows, columns or bytes than the server takes in a message."""


class NotFoundError(ServerError):
    """Nothing at this path."""


class UnknownModelError(NotFoundError):
    """No model, or no alias of it, of this name."""


class UnknownVersionError(NotFoundError):
    """The model has no such version in service."""


class SchemaMismatchError(ServerError):
    """The batch was made for another schema, and the new one did not help either."""


class BinsMismatchError(ServerError):
    """The bins of a column are another model's or version's; `expected_fingerprint` is that of the right ones."""


class ForbiddenError(ServerError):
    """The client's identity may not do that."""


class UnsupportedMediaTypeError(ServerError):
    """Another content type than the server takes: something between changed it."""


class UnavailableError(ServerError):
    """The server cannot answer now: try again later."""


class DeadlineExceededError(UnavailableError, TimeoutError):
    """The deadline passed before a row was scored."""


class OverloadedError(UnavailableError):
    """More work is waiting than the server takes on."""


class DrainingError(UnavailableError):
    """The server is going down."""


class NotReadyError(UnavailableError):
    """No model is in service yet."""


class QuotaExceededError(UnavailableError):
    """This client has had as many leads scored as it may for now."""


class InternalFailureError(ServerError):
    """The server's own fault: report it with the request id."""


class ModelChangedError(LeadlineError):
    """Another version came into service in the middle of leads that one version should score."""


class ErrorCode:
    """A row of WIRE.md section 10."""

    __slots__ = ("error", "http_status", "name", "retryable")

    def __init__(self, name: str, http_status: int, retryable: bool, error: type[ServerError]) -> None:
        self.name = name
        self.http_status = http_status
        self.retryable = retryable
        self.error = error


ERROR_CODES: dict[int, ErrorCode] = {
    1: ErrorCode("bad-magic", 400, False, BadRequestError),
    2: ErrorCode("unsupported-version", 400, False, BadRequestError),
    3: ErrorCode("header-checksum", 400, False, BadRequestError),
    4: ErrorCode("unexpected-type", 400, False, BadRequestError),
    5: ErrorCode("unknown-flag", 400, False, BadRequestError),
    6: ErrorCode("reserved-not-zero", 400, False, BadRequestError),
    7: ErrorCode("bad-length", 400, False, BadRequestError),
    8: ErrorCode("truncated", 400, False, BadRequestError),
    9: ErrorCode("unknown-encoding", 400, False, BadRequestError),
    10: ErrorCode("bad-dictionary", 400, False, BadRequestError),
    11: ErrorCode("bad-text", 400, False, BadRequestError),
    12: ErrorCode("bad-outputs", 400, False, BadRequestError),
    13: ErrorCode("bad-value", 400, False, BadRequestError),
    14: ErrorCode("empty-batch", 400, False, BadRequestError),
    15: ErrorCode("body-checksum", 400, False, BadRequestError),
    20: ErrorCode("message-too-large", 413, False, TooLargeError),
    21: ErrorCode("too-many-rows", 413, False, TooLargeError),
    22: ErrorCode("too-many-columns", 413, False, TooLargeError),
    30: ErrorCode("unknown-model", 404, False, UnknownModelError),
    31: ErrorCode("unknown-version", 404, False, UnknownVersionError),
    32: ErrorCode("schema-mismatch", 409, False, SchemaMismatchError),
    33: ErrorCode("column-count", 400, False, BadRequestError),
    34: ErrorCode("column-kind", 400, False, BadRequestError),
    35: ErrorCode("bins-mismatch", 409, False, BinsMismatchError),
    40: ErrorCode("deadline-exceeded", 504, True, DeadlineExceededError),
    41: ErrorCode("overloaded", 503, True, OverloadedError),
    42: ErrorCode("draining", 503, True, DrainingError),
    43: ErrorCode("not-ready", 503, True, NotReadyError),
    44: ErrorCode("quota-exceeded", 429, True, QuotaExceededError),
    50: ErrorCode("unsupported-media-type", 415, False, UnsupportedMediaTypeError),
    51: ErrorCode("forbidden", 403, False, ForbiddenError),
    60: ErrorCode("internal-failure", 500, False, InternalFailureError),
}

_BY_NAME = {row.name: (code, row) for code, row in ERROR_CODES.items()}


def named_error(name: str, message: str, http_status: int) -> ServerError:
    """The exception for an error that came as JSON."""
    if name in _BY_NAME:
        code, row = _BY_NAME[name]
        return row.error(name, message, code=code, http_status=http_status, retryable=row.retryable)
    kind = NotFoundError if http_status == 404 else ServerError
    return kind(name, message, http_status=http_status, retryable=http_status in (429, 503))

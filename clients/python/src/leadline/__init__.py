"""Leadline's client: data frames in, scores out, over TLS HTTP/2.

import leadline
client = leadline.Client("https://localhost:8443", ca="certs/dev/ca.pem")
scores = client.score(leads)
"""

from .async_client import AsyncClient
from .bins import Bins
from .client import Client
from .errors import (
    BadRequestError,
    BinsMismatchError,
    ConnectError,
    DeadlineExceededError,
    DrainingError,
    EncodingError,
    ForbiddenError,
    InternalFailureError,
    LeadlineError,
    MissingColumnError,
    ModelChangedError,
    NotFoundError,
    NotReadyError,
    OverloadedError,
    ProtocolError,
    QuotaExceededError,
    RequestTimeoutError,
    SchemaMismatchError,
    ServerError,
    TooLargeError,
    TransportError,
    UnavailableError,
    UnexpectedAnswerError,
    UnknownColumnError,
    UnknownModelError,
    UnknownVersionError,
    UnsupportedMediaTypeError,
)
from .flow import Retry
from .reply import Timings
from .schema import BadDescriptionError, Column, ModelDescription, ModelEntry, ModelList, Protocol, Tier
from .timings import timings
from .wire import Limits

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "BadDescriptionError",
    "BadRequestError",
    "Bins",
    "BinsMismatchError",
    "Client",
    "Column",
    "ConnectError",
    "DeadlineExceededError",
    "DrainingError",
    "EncodingError",
    "ForbiddenError",
    "InternalFailureError",
    "LeadlineError",
    "Limits",
    "MissingColumnError",
    "ModelChangedError",
    "ModelDescription",
    "ModelEntry",
    "ModelList",
    "NotFoundError",
    "NotReadyError",
    "OverloadedError",
    "Protocol",
    "ProtocolError",
    "QuotaExceededError",
    "RequestTimeoutError",
    "Retry",
    "SchemaMismatchError",
    "ServerError",
    "Tier",
    "Timings",
    "TooLargeError",
    "TransportError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnknownColumnError",
    "UnknownModelError",
    "UnknownVersionError",
    "UnsupportedMediaTypeError",
    "timings",
]

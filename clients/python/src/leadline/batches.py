"""From a frame and a model's description to messages, and from replies to a frame."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .columns import ABSENT, Array, EncodedColumn
from .errors import (
    EncodingError,
    LeadlineError,
    MissingColumnError,
    ModelChangedError,
    SchemaMismatchError,
    UnknownColumnError,
    UnknownVersionError,
)
from .forms import encode_numbers
from .frames import Frame, is_frame, wrap
from .reply import Reply
from .request import encode_request
from .schema import ModelDescription
from .strings import Strings, encode_strings
from .values import day_of
from .wire import RESULT_DTYPES, RESULT_NAMES, STATUS_NAMES, Outputs

#: A few thousand leads in a message are as good as more.
BATCH_ROWS = 5_000
DEFAULT_OUTPUTS = ("probability", "score", "tier")
#: How often leads are begun anew because another version came into service.
ROUNDS_MAX = 3

Parts = Iterator[Frame]
AsOf = datetime.date | datetime.datetime | str | float | None


@dataclass(frozen=True)
class Options:
    """What is asked of a call, checked."""

    model: str
    version: str
    outputs: Outputs
    as_of_days: float
    unknown: Literal["refuse", "ignore"]
    missing: Literal["refuse", "fill"]
    batch_rows: int
    deadline: float | None
    in_flight: int
    #: Whether values go as one matrix, row after row.
    row_major: bool = False
    #: Whether bodies have checksums.
    checksum: bool = False

    @classmethod
    def of(
        cls,
        model: str,
        version: str,
        outputs: Sequence[str],
        as_of: AsOf,
        unknown: str,
        missing: str,
        batch_rows: int,
        deadline: float | None,
        in_flight: int,
        row_major: bool = False,
        checksum: bool = False,
    ) -> Options:
        """Checks what a caller says."""
        if unknown not in ("refuse", "ignore"):
            raise ValueError("unknown is 'refuse' or 'ignore'")
        if missing not in ("refuse", "fill"):
            raise ValueError("missing is 'refuse' or 'fill'")
        if batch_rows < 1 or in_flight < 1:
            raise ValueError("batch_rows and in_flight are at least 1")
        if deadline is not None and not deadline > 0:
            raise ValueError("deadline is a number of seconds above 0")
        if as_of is None:
            days = math.nan
        else:
            days = float(as_of) if isinstance(as_of, (int, float)) else day_of(as_of)
            if not math.isfinite(days):
                raise ValueError("as_of is a day")
        return cls(
            model,
            version,
            Outputs.named(outputs),
            days,
            "ignore" if unknown == "ignore" else "refuse",
            "fill" if missing == "fill" else "refuse",
            batch_rows,
            deadline,
            in_flight,
            row_major,
            checksum,
        )


def may_begin_anew(error: LeadlineError, options: Options, round_number: int, is_fresh: bool) -> bool:
    """Whether an error may be gone with a description of the model that is fetched again.

    Args:
        error: what went wrong.
        options: what the caller asked for.
        round_number: how often it was tried, from 1.
        is_fresh: whether the description was fetched for this call.
    """
    if round_number >= ROUNDS_MAX:
        return False
    if isinstance(error, (UnknownColumnError, MissingColumnError)):
        return not is_fresh
    if isinstance(error, UnknownVersionError):
        return not options.version
    return isinstance(error, (SchemaMismatchError, ModelChangedError))


def check_version(reply: Reply, description: ModelDescription, options: Options) -> None:
    """Sees to it that tiers get the names of the version that scored.

    Raises:
        ModelChangedError: another version than the one described has scored.
    """
    if reply.version != description.version and not options.version and Outputs.TIER in options.outputs:
        raise ModelChangedError(f"{reply.model} {reply.version} has scored in place of {description.version}")


def parts_of(data: Any, columns: Sequence[str] | None, description: ModelDescription, options: Options) -> Parts:
    """A frame, or each frame of several, in parts of a message each; their columns are checked."""
    for frame in [wrap(data, columns)] if is_frame(data) else (wrap(each, columns) for each in data):
        check_columns(frame, description, options)
        yield from slices(frame, description, options)


def check_columns(frame: Frame, description: ModelDescription, options: Options) -> None:
    """Compares a frame's columns with those of the model.

    Raises:
        UnknownColumnError: for names that the model does not know; those of its id and its outcome are passed over.
        MissingColumnError: for names that it wants.
    """
    wanted = [column.name for column in description.columns]
    have = set(frame.names)
    missing = [name for name in wanted if name not in have]
    if options.unknown == "refuse":
        passed_over = {*wanted, description.id_column, description.label_column}
        unknown = [name for name in frame.names if name not in passed_over]
        if unknown:
            # Of a misspelt name and one that is missing, the latter is what was meant.
            raise UnknownColumnError(unknown, [*missing, *wanted])
    if missing and options.missing == "refuse":
        raise MissingColumnError(missing)


def rows_per_batch(description: ModelDescription, options: Options) -> int:
    """How many rows a message may have: as many as wanted, within the server's limits."""
    row_bytes = 9 * len(description.columns) + 1
    room = max(description.limits.message_bytes_max - 1_048_576, 65_536) // row_bytes
    return max(1, min(options.batch_rows, description.limits.rows_max, room))


def slices(frame: Frame, description: ModelDescription, options: Options) -> Iterator[Frame]:
    """The frame in parts of a message each."""
    step = rows_per_batch(description, options)
    if frame.rows <= step:
        if frame.rows:
            yield frame
        return
    for start in range(0, frame.rows, step):
        yield frame.slice(start, min(start + step, frame.rows))


def encode_frame(
    frame: Frame, description: ModelDescription, options: Options, request_id: int, version: str
) -> bytearray:
    """A frame, all of whose columns were checked, as one message.

    Raises:
        EncodingError: with the column's name and perhaps the row, if a value is not what its column holds.
    """
    matrix = _matrix(frame, description) if options.row_major else None
    return encode_request(
        fingerprint=description.fingerprint,
        rows=frame.rows,
        columns=list(_columns(frame, description, set(frame.names))) if matrix is None else (),
        matrix=matrix,
        outputs=options.outputs,
        request_id=request_id,
        as_of_days=options.as_of_days,
        model=options.model,
        version=version,
        checksum=options.checksum,
    )


def _matrix(frame: Frame, description: ModelDescription) -> Array:
    for column in description.columns:
        if column.kind not in ("number", "boolean"):
            raise EncodingError(
                f"column {column.name!r} is a {column.kind}: row_major= is for numbers and booleans alone",
                column=column.name,
            )
    return frame.matrix([column.name for column in description.columns])


def _columns(frame: Frame, description: ModelDescription, have: set[str]) -> Iterator[EncodedColumn]:
    for column in description.columns:
        if column.name not in have:
            yield ABSENT
            continue
        try:
            values = frame.column(column.name, column.kind, description.missing_tokens)
            if isinstance(values, Strings):
                encoded = encode_strings(values, column.levels, description.missing_tokens, column.level_codes)
            else:
                encoded = encode_numbers(values)
        except EncodingError as error:
            raise EncodingError(f"column {column.name!r}: {error}", column=column.name, row=error.row) from None
        yield encoded


def result_frame(frame: Frame, description: ModelDescription, outputs: Outputs, replies: Iterable[Reply]) -> Any:
    """The replies to a frame's parts, in order, as one frame of the caller's library."""
    replies = list(replies)
    parts = [reply.results for reply in replies]
    wanted = {
        name: dtype for name, dtype in zip(RESULT_NAMES, RESULT_DTYPES, strict=True) if Outputs[name.upper()] in outputs
    }
    if len(parts) == 1:
        results = parts[0]
    elif parts:
        results = {name: np.concatenate([part[name] for part in parts]) for name in wanted}
    else:
        results = {name: np.empty(0, dtype=dtype) for name, dtype in wanted.items()}
    labels: dict[str, Sequence[str]] = {}
    if "tier" in results:
        labels["tier"] = description.tier_names
    if "status" in results:
        labels["status"] = STATUS_NAMES
    result = frame.result(results, labels)
    if Outputs.TIMINGS in outputs:
        return frame.with_timings(result, tuple(reply.timings for reply in replies if reply.timings is not None))
    return result

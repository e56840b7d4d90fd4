"""What a server tells of its own time, kept beside a result and never as a column."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from .columns import Array
from .reply import Timings

#: Under which pandas' `attrs` and pyarrow's metadata have them.
KEY = "leadline.timings"


class TimedDict(dict[str, Array]):
    """A dict of results with `timings`."""

    timings: tuple[Timings, ...] = ()


class TimedArray(np.ndarray[Any, np.dtype[Any]]):
    """An array of results with `timings`."""

    timings: tuple[Timings, ...] = ()


def timings(result: Any) -> tuple[Timings, ...]:
    """The server's times for each message of a result that was asked for with the output `timings`.

    Args:
        result: as `score` or `score_batches` gave it; what is made of it may have lost them.

    Returns:
        In the order of the rows; nothing if they were not asked for.
    """
    if hasattr(result, "attrs"):
        kept: tuple[Timings, ...] = result.attrs.get(KEY, ())
        return kept
    if hasattr(result, "timings"):
        kept = result.timings
        return kept
    metadata = getattr(getattr(result, "schema", None), "metadata", None) or {}
    return tuple(Timings(**each) for each in json.loads(metadata.get(KEY.encode(), b"[]")))


def as_json(kept: tuple[Timings, ...]) -> str:
    """For where only texts can be kept."""
    return json.dumps([dataclasses.asdict(each) for each in kept])

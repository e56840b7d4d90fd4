"""What a model tells apart of a column's numbers: values between the same edges score the same (WIRE.md section 6)."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .columns import Array, EncodedColumn, Encoding, block
from .schema import BadDescriptionError


@dataclass(frozen=True)
class Bins:
    """The edges that a model compares a column's numbers with.

    ``side`` says where a value lies that equals an edge, as :func:`numpy.searchsorted` has it; ``single`` that values
    are rounded to float32 first.
    """

    edges: npt.NDArray[np.float64]
    side: Literal["left", "right"]
    single: bool

    @property
    def fingerprint(self) -> int:
        """Stands for all of it."""
        head = f"leadline-bins-1\n{'float32' if self.single else 'float64'}\n{self.side}\n".encode()
        digest = hashlib.sha256(head + self.edges.astype("<f8").tobytes()).digest()
        return int.from_bytes(digest[:8], "little")

    def of(self, values: Array) -> npt.NDArray[np.int64]:
        """The bins of values, from 0; those of missing ones (NaN) mean nothing."""
        values = np.asarray(values)
        if self.single:
            with np.errstate(over="ignore"):
                values = values.astype(np.float32)
        return np.searchsorted(self.edges, values.astype(np.float64), side=self.side).astype(np.int64)

    def encode(self, values: Array) -> EncodedColumn:
        """A column of numbers as bins, for :func:`leadline.request.encode_request`."""
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
        encoding = Encoding.BINS8 if len(self.edges) < 256 else Encoding.BINS16
        numbers = np.where(missing, 0, self.of(values)).astype("u1" if encoding is Encoding.BINS8 else "<u2")
        return block(encoding, numbers, missing if missing.any() else None, head=struct.pack("<Q", self.fingerprint))


def read_bins(body: bytes) -> dict[str, Bins | None]:
    """Reads the JSON of ``/v1/models/NAME/bins``: by column, its bins, or None where values must be sent."""
    try:
        document = json.loads(body)
        return {column["name"]: _bins(column["bins"]) for column in document["columns"]}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadDescriptionError(f"the bins' JSON is not as expected: {error!r}") from None


def _bins(told: Any) -> Bins | None:
    if told is None:
        return None
    edges = np.array(told["edges"], dtype=np.float64)
    if told["side"] not in ("left", "right") or told["type"] not in ("float32", "float64"):
        raise ValueError("these are no bins")
    if edges.ndim != 1 or not np.isfinite(edges).all() or (edges[1:] <= edges[:-1]).any():
        raise ValueError("edges that do not rise")
    bins = Bins(edges, told["side"], told["type"] == "float32")
    if int(told["fingerprint"], 16) != bins.fingerprint:
        raise ValueError("the edges have another fingerprint")
    return bins

"""CRC-32C (Castagnoli): a byte at a time for headers, many blocks at once for bodies."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]


def _byte_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F6_3B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _byte_table()
#: Where many blocks at once begin to be quicker.
_SHORT = 256
#: Bytes of a block.
_BLOCK = 8


def crc32c(data: Any) -> int:
    """The CRC-32C of bytes."""
    view = memoryview(data).cast("B")
    if len(view) >= _SHORT:
        # What does not fill a block goes on from what is before it.
        whole = len(view) & -_BLOCK
        value = _of_blocks(np.frombuffer(view[:whole], dtype="<u2"))
    else:
        whole, value = 0, 0xFFFF_FFFF
    for byte in view[whole:]:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFF_FFFF


def _of_blocks(pairs: npt.NDArray[np.uint16]) -> int:
    """The state behind whole blocks, taken as pairs of bytes.

    The state behind two pieces is that behind the first, moved on by as many zero bytes as the second has, xor that of
    the second alone: each block's is looked up, then neighbours are put together until one is left.
    """
    places = _place_tables()
    columns = pairs.reshape(-1, 4).T
    states = places[0][columns[0]]
    for table, column in zip(places[1:], columns[1:], strict=True):
        states ^= table[column]
    # The state that all begins with is as if the first four bytes were others.
    states[0] ^= places[0][0xFFFF] ^ places[1][0xFFFF]
    level = 0
    while len(states) > 1:
        if len(states) % 2:
            states = np.append(np.uint32(0), states)  # zeros in front of all change nothing
        states = _moved(_move_table(level), states[::2]) ^ states[1::2]
        level += 1
    return int(states[0])


@lru_cache(maxsize=1)
def _place_tables() -> list[Words]:
    """For each of a block's four pairs of bytes, what it adds to the block's state."""
    table = np.array(_TABLE, dtype=np.uint32)
    singles = [table]
    for _ in range(_BLOCK - 1):
        singles.insert(0, table[singles[0] & 0xFF] ^ (singles[0] >> np.uint32(8)))
    return [(singles[at + 1][:, None] ^ singles[at][None, :]).reshape(-1) for at in range(0, _BLOCK, 2)]


@lru_cache(maxsize=40)
def _move_table(level: int) -> Words:
    """What each byte of a state becomes when 2^level blocks of zeros follow."""
    if level > 0:
        half = _move_table(level - 1)
        return np.stack([_moved(half, row) for row in half])
    table = np.array(_TABLE, dtype=np.uint32)
    rows = []
    for place in range(4):
        states = np.arange(256, dtype=np.uint32) << np.uint32(8 * place)
        for _ in range(_BLOCK):
            states = table[states & 0xFF] ^ (states >> np.uint32(8))
        rows.append(states)
    return np.stack(rows)


def _moved(table: Words, states: Words) -> Words:
    moved: Words = table[0][states & 0xFF]
    for place in range(1, 4):
        moved = moved ^ table[place][(states >> np.uint32(8 * place)) & 0xFF]
    return moved

"""Columns of strings as blocks of a message: a dictionary, or indices of the model's levels (WIRE.md section 6)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .columns import ABSENT, Array, EncodedColumn, Encoding, Mask, bitmap, block, encode_integers
from .errors import EncodingError


@dataclass(frozen=True)
class Strings:
    """A column of strings: for each row the index of one of `entries`, anything negative where there is none."""

    codes: Array
    entries: Sequence[str]

    def __getitem__(self, rows: slice) -> Strings:
        return Strings(self.codes[rows], self.entries)


def encode_strings(
    column: Strings,
    levels: Sequence[str] = (),
    missing_tokens: Sequence[str] = (),
    level_codes: dict[str, int] | None = None,
) -> EncodedColumn:
    """A dictionary of the strings in use, or indices of the model's levels where these take less.

    Rows are never read as texts: their codes go through one table with an entry for each string. Indices are taken only
    where each string means the same by its index; spaces at the ends, empty strings and words that mean "not known" are
    the server's to judge.
    """
    codes, entries = column.codes, column.entries
    present = codes >= 0
    if present.all():
        missing, used_codes = None, codes
    else:
        missing, used_codes = ~present, codes[present]
    if not len(used_codes):
        return ABSENT
    used = _used(used_codes, len(entries))
    texts = [entries[code] for code in used.tolist()]
    table_rows = len(entries)
    choice: EncodedColumn | None = None
    if levels:
        known = level_codes if level_codes is not None else {level: index for index, level in enumerate(levels)}
        if all(is_plain(text, missing_tokens) for text in texts):
            indices = np.zeros(table_rows, dtype=np.int32)
            indices[used] = [known.get(text, len(levels)) for text in texts]
            choice = encode_integers(indices[_safe(codes, missing)], missing)
    # Two entries of one text become one.
    unique: dict[str, int] = {}
    places = [unique.setdefault(text, len(unique)) for text in texts]
    if len(unique) > 65_535:
        if choice is not None:
            return choice
        raise EncodingError(f"{len(unique)} different strings; a message has at most 65,535 a column: send fewer rows")
    raw = [_string(text) for text in unique]
    text_bytes = sum(map(len, raw))
    narrow = len(raw) <= 256
    head = 8 + 2 * len(raw) + text_bytes
    dictionary_bytes = (head + 7) & ~7
    rows = len(codes)
    marks = 0 if missing is None else ((rows + 7) // 8 + 7) & ~7
    size = dictionary_bytes + marks + ((rows * (1 if narrow else 2) + 7) & ~7)
    if choice is not None and ((choice.byte_count + 7) & ~7) <= size:
        return choice
    table = np.zeros(table_rows, dtype="<u1" if narrow else "<u2")
    table[used] = places
    # Where there is none, the code is that of the first entry, which is 0 whether in use or not.
    values = table[_safe(codes, missing)]
    dictionary = b"".join(
        (struct.pack(f"<HHI{len(raw)}H", len(raw), 0, text_bytes, *map(len, raw)), *raw, bytes(dictionary_bytes - head))
    )
    validity = None if missing is None else bitmap(present)
    return block(Encoding.DICTIONARY8 if narrow else Encoding.DICTIONARY16, validity, values, (dictionary,))


def is_plain(text: str, missing_tokens: Sequence[str]) -> bool:
    """Whether a string means what its bytes say: no spaces at its ends, not empty, no word for "not known"."""
    return bool(text) and text[0] not in " \t" and text[-1] not in " \t" and text not in missing_tokens


def _used(codes: Array, count: int) -> Array:
    if count <= 4 * len(codes) + 1_024:
        return np.flatnonzero(np.bincount(codes, minlength=count))
    return np.unique(codes)


def _safe(codes: Array, missing: Mask | None) -> Array:
    return codes if missing is None else np.where(missing, codes.dtype.type(0), codes)


def _string(text: str) -> bytes:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise EncodingError(f"the string {text!r} is not Unicode") from None
    if len(raw) > 65_535:
        raise EncodingError(f"a string of {len(raw)} bytes; at most 65,535 are taken")
    return raw

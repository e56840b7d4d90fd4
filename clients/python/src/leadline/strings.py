"""Columns of strings as blocks of a message: a dictionary, or indices of the model's levels (WIRE.md section 6)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .columns import ABSENT, Array, EncodedColumn, Encoding, Mask, padded, row_count, sizes, smaller_block
from .errors import EncodingError
from .forms import Form, form_of_integers


@dataclass(slots=True)
class Strings:
    """A column of strings: for each row the index of one of `entries`, anything negative where there is none."""

    codes: Array
    entries: Sequence[str]
    #: If the codes are one a run instead of a row: the number of the row behind each run's last.
    ends: Array | None = None


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
    codes, entries, ends = column.codes, column.entries, column.ends
    present = codes >= 0
    if present.all():
        missing, used_codes = None, codes
    else:
        missing, used_codes = ~present, codes[present]
    if not len(used_codes):
        return ABSENT
    room = sizes(row_count(codes, ends), missing is not None)
    used = _used(used_codes, len(entries))
    texts = [entries[code] for code in used.tolist()]
    table_rows = len(entries)
    form: Form | None = None
    if levels:
        known = level_codes if level_codes is not None else {level: index for index, level in enumerate(levels)}
        if all(is_plain(text, missing_tokens) for text in texts):
            indices = np.zeros(table_rows, dtype=np.int32)
            indices[used] = [known.get(text, len(levels)) for text in texts]
            form = form_of_integers(indices[_safe(codes, missing)], missing, row_count(codes, ends))
    # Two entries of one text become one.
    unique: dict[str, int] = {}
    places = [unique.setdefault(text, len(unique)) for text in texts]
    if len(unique) > 65_535:
        if form is not None:
            return form.write(ends)
        raise EncodingError(f"{len(unique)} different strings; a message has at most 65,535 a column: send fewer rows")
    raw = [_string(text) for text in unique]
    text_bytes = sum(map(len, raw))
    encoding = Encoding.DICTIONARY8 if len(raw) <= 256 else Encoding.DICTIONARY16
    head = 8 + 2 * len(raw) + text_bytes
    # Runs are looked at afterwards, for the one that takes less without them.
    if form is not None and room[form.encoding] <= padded(head) + room[encoding]:
        return form.write(ends)
    table = np.zeros(table_rows, dtype="<u1" if encoding is Encoding.DICTIONARY8 else "<u2")
    table[used] = places
    # Where there is none, the code is that of the first entry, which is 0 whether in use or not.
    values = table[_safe(codes, missing)]
    dictionary = b"".join(
        (
            struct.pack(f"<HHI{len(raw)}H", len(raw), 0, text_bytes, *map(len, raw)),
            *raw,
            bytes(padded(head) - head),
        )
    )
    return smaller_block(encoding, values, missing, ends, dictionary)


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

"""Columns: what is written reads back the same, and no other form would be smaller."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slow_reader import ReadColumn, read_request

from leadline.columns import EncodedColumn, Numbers, encode_numbers
from leadline.errors import EncodingError
from leadline.strings import Strings, encode_strings, is_plain
from leadline.wire import Outputs, encode_request


def read_back(column: EncodedColumn, rows: int) -> ReadColumn:
    message = encode_request(fingerprint=1, rows=rows, columns=[column], outputs=Outputs.SCORE)
    return read_request(bytes(message)).columns[0]


def padded(count: int) -> int:
    return -(-count // 8) * 8


def is_single(value: float) -> bool:
    try:
        return bool(struct.unpack("<f", struct.pack("<f", value))[0] == value)
    except OverflowError:
        return False


def smallest(values: list[float | None]) -> tuple[int, str]:
    """The size and the name of the best form, found by trying all by definition."""
    rows = len(values)
    present = [value for value in values if value is not None]
    marks = padded(-(-rows // 8)) if len(present) < rows else 0
    forms = [(8 * rows, 0x22, "float64")]
    if not present:
        return 0, "absent"
    if all(is_single(value) for value in present):
        forms.append((padded(4 * rows), 0x21, "float32"))
    if len(set(present)) == 1:
        forms.append((marks + 8, 0x01, "constant"))
    whole = all(math.isfinite(value) and value == int(value) for value in present)
    for low, high, code, name, bits in (
        (0, 1, 0x10, "bits", 1), (0, 255, 0x11, "uint8", 8), (-(2**15), 2**15 - 1, 0x14, "int16", 16),
        (-(2**31), 2**31 - 1, 0x15, "int32", 32),
    ):  # fmt: skip
        if whole and all(low <= value <= high for value in present):
            forms.append((marks + padded(-(-rows * bits // 8)), code, name))
    size, _, name = min(forms)
    return size, name


NUMBER = st.one_of(
    st.floats(allow_nan=False),
    st.floats(allow_nan=False, width=32),
    st.integers(-(2**33), 2**33).map(float),
    st.integers(-300, 300).map(float),
    st.sampled_from([0.0, -0.0, 1.0, 255.0, 256.0, 32767.0, 32768.0, -32768.0, 2.0**31, 2.0**31 - 1, -(2.0**31),
                     2.0**24 + 1, math.inf, -math.inf, 3.4028234663852886e38, 3.5e38, 5e-324, 1e-46]),
)  # fmt: skip


@st.composite
def columns(draw: st.DrawFn) -> list[float | None]:
    element = draw(
        st.sampled_from(
            [
                NUMBER,
                st.integers(0, 1).map(float),
                st.integers(0, 255).map(float),
                st.integers(-(2**15), 2**15 - 1).map(float),
                st.integers(-(2**31), 2**31 - 1).map(float),
                st.floats(width=32, allow_nan=False),
                st.just(draw(NUMBER)),
            ]
        )
    )
    some: st.SearchStrategy[float | None] = st.none() | element if draw(st.booleans()) else element
    return draw(st.lists(some, min_size=1, max_size=90))


@given(columns())
@example([1.0] * 20 + [0.5])
@example([0.5, None])
@example([None, 2.0])
@example([0.25, 0.5, 1e300])
def test_floats_come_back_in_the_smallest_form(values: list[float | None]) -> None:
    array = np.array([math.nan if value is None else value for value in values])
    mask = np.array([value is None for value in values])
    garbage = np.where(mask, 77.5, array)
    blocks = set()
    for column in (Numbers(array), Numbers(garbage, mask), Numbers(np.repeat(array, 2)[::2], mask)):
        encoded = encode_numbers(column)
        check(encoded, values)
        blocks.add(b"".join(map(bytes, encoded.parts)))
    assert len(blocks) == 1, "what lies under a missing row was sent"
    if all(value is None or is_single(value) for value in values):
        check(encode_numbers(Numbers(array.astype(np.float32))), values)


@given(st.data(), st.sampled_from(["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]))
def test_integers_come_back_in_the_smallest_form(data: st.DataObject, name: str) -> None:
    dtype = np.dtype(name)
    low, high = (0, 1) if name == "?" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    wide = st.integers(max(low, -(2**53)), min(high, 2**53))
    narrow = st.integers(
        max(low, data.draw(st.sampled_from([0, -3, -40000]))), min(high, data.draw(st.sampled_from([1, 255, 40000])))
    )
    element = data.draw(st.sampled_from([wide, narrow, st.just(data.draw(wide))]))
    numbers = data.draw(st.lists(element, min_size=1, max_size=60))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers))))
    array = np.array(numbers, dtype=dtype)
    check(encode_numbers(Numbers(array)), [float(value) for value in numbers])
    encoded = encode_numbers(Numbers(array, mask))
    check(encoded, [None if gone else float(value) for value, gone in zip(numbers, mask, strict=True)])
    plain = np.where(mask, array[~mask][0] if not mask.all() else array[0], array)
    assert list(map(bytes, encoded.parts)) == list(map(bytes, encode_numbers(Numbers(plain, mask)).parts))


@pytest.mark.parametrize("edge", [0, 1, 255, 256, -(2**15), 2**15 - 1, -(2**31), 2**31 - 1, 2**24])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_forms_end_where_their_numbers_do(edge: int, beside: int) -> None:
    numbers = [edge + beside, 0, 1, edge + beside] * 10
    for dtype in ("f8", "i8"):
        check(encode_numbers(Numbers(np.array(numbers, dtype=dtype))), [float(number) for number in numbers])


def check(column: EncodedColumn, values: list[float | None]) -> None:
    read = read_back(column, len(values))
    assert read.values == values
    assert (padded(read.block_bytes), read.encoding) == smallest(values)


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**64 - 1])
def test_a_whole_number_that_is_no_float64_is_refused(number: int) -> None:
    array = np.array([0, number], dtype="u8" if number > 2**63 else "i8")
    with pytest.raises(EncodingError, match=str(number)):
        encode_numbers(Numbers(array))
    assert read_back(encode_numbers(Numbers(array, np.array([False, True]))), 2).values == [0.0, None]
    assert read_back(encode_numbers(Numbers(array.astype(float))), 2).values == [0.0, float(number)]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(
    st.lists(TEXT, min_size=1, max_size=30),
    st.data(),
    st.lists(TEXT, unique=True, max_size=12),
    st.lists(TEXT, max_size=3),
    st.sampled_from([np.int8, np.int16, np.int32, np.int64]),
)
def test_strings_come_back(
    entries: list[str], data: st.DataObject, levels: list[str], tokens: list[str], code_type: Any
) -> None:
    if data.draw(st.booleans()):
        entries += levels
    codes = data.draw(st.lists(st.integers(-1, len(entries) - 1), min_size=1, max_size=60))
    texts = [None if code < 0 else entries[code] for code in codes]
    column = encode_strings(Strings(np.array(codes, dtype=code_type), entries), levels, tokens)
    read = read_back(column, len(codes))
    used = {text for text in texts if text is not None}
    if read.dictionary:
        assert read.texts == texts
        assert len(set(read.dictionary)) == len(read.dictionary)
        assert set(read.dictionary) == used
    elif used:
        assert levels
        assert all(is_plain(text, tokens) for text in used)
        wanted = [
            None if text is None else float(levels.index(text) if text in levels else len(levels)) for text in texts
        ]
        assert read.values == wanted
    else:
        assert read.encoding == "absent"


def test_a_dictionary_grows_to_sixteen_bits_and_no_further() -> None:
    texts = [f"text {index}" for index in range(65_536)]
    codes = np.arange(256)
    assert read_back(encode_strings(Strings(codes, texts)), 256).encoding == "dictionary8"
    wide = read_back(encode_strings(Strings(np.arange(65_535), texts)), 65_535)
    assert wide.encoding == "dictionary16"
    assert wide.texts == texts[:65_535]
    with pytest.raises(EncodingError, match="send fewer rows"):
        encode_strings(Strings(np.arange(65_536), texts))


def test_a_large_dictionary_costs_what_is_used_of_it() -> None:
    texts = [f"text {index}" for index in range(200_000)]
    read = read_back(encode_strings(Strings(np.array([199_999, 5, -1, 5]), texts)), 4)
    assert read.texts == ["text 199999", "text 5", None, "text 5"]
    assert sorted(read.dictionary) == ["text 199999", "text 5"]


@pytest.mark.parametrize("text", ["\ud800", "x" * 65_536])
def test_a_text_that_cannot_be_written_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        encode_strings(Strings(np.array([0]), [text]))
    assert read_back(encode_strings(Strings(np.array([1]), [text, "fine"])), 1).texts == ["fine"]

"""Columns: what is written reads back the same, and no other form would be smaller."""

from __future__ import annotations

import dataclasses
import itertools
import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slow_reader import ReadColumn, read_request

from leadline.columns import EncodedColumn, Encoding, Numbers
from leadline.errors import EncodingError
from leadline.forms import encode_numbers
from leadline.request import encode_request
from leadline.strings import Strings, encode_strings, is_plain
from leadline.values import days
from leadline.wire import Limits, Outputs


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


def is_half(value: float) -> bool:
    try:
        return bool(struct.unpack("<e", struct.pack("<e", value))[0] == value)
    except OverflowError:
        return False


INTEGER_FORMS = (
    (0, 1, 0x10, "bits", 1), (0, 255, 0x11, "uint8", 8), (-128, 127, 0x12, "int8", 8), (0, 65_535, 0x13, "uint16", 16),
    (-(2**15), 2**15 - 1, 0x14, "int16", 16), (-(2**31), 2**31 - 1, 0x15, "int32", 32),
)  # fmt: skip
FLOAT_FORMS = (
    (is_half, 0x20, "float16", 16), (is_single, 0x21, "float32", 32), (lambda value: True, 0x22, "float64", 64)
)  # fmt: skip


def smallest(values: list[float | None]) -> tuple[int, str, int | None]:
    """The size, the name and the runs of the best form: runs are looked at for the best one without them."""
    return with_runs(values, *smallest_without_runs(values))


def smallest_without_runs(values: list[float | None]) -> tuple[int, str, int, bool]:
    """The size and the name of the best form, the bits of an entry, and whether it may have a bitmap: all are tried."""
    rows = len(values)
    present = [value for value in values if value is not None]
    marks = padded(-(-rows // 8)) if len(present) < rows else 0
    if not present:
        return 0, "absent", 0, False
    forms = [
        (padded(-(-rows * bits // 8)), code, name, bits, False)
        for holds, code, name, bits in FLOAT_FORMS
        if all(map(holds, present))
    ]
    if len(set(present)) == 1:
        forms.append((marks + 8, 0x01, "constant", 0, True))
    whole = all(math.isfinite(value) and value == int(value) for value in present)
    forms.extend(
        (marks + padded(-(-rows * bits // 8)), code, name, bits, True)
        for low, high, code, name, bits in INTEGER_FORMS
        if whole and all(low <= value <= high for value in present)
    )
    size, _, name, bits, has_marks = min(forms)
    return size, name, bits, has_marks


def with_runs(
    values: Sequence[object], size: int, name: str, bits: int, has_marks: bool, head: int = 0
) -> tuple[int, str, int | None]:
    """The same, or in runs where these are smaller."""
    runs = [key for key, _ in itertools.groupby(values)]
    marks = padded(-(-len(runs) // 8)) if has_marks and None in runs else 0
    end_bytes = 2 if len(values) <= 65_535 else 4
    in_runs = head + 8 + padded(end_bytes * len(runs)) + marks + padded(-(-len(runs) * bits // 8))
    return (in_runs, name, len(runs)) if bits and in_runs < size else (size, name, None)


NUMBER = st.one_of(
    st.floats(allow_nan=False),
    st.floats(allow_nan=False, width=32),
    st.integers(-(2**33), 2**33).map(float),
    st.integers(-300, 300).map(float),
    st.sampled_from([0.0, -0.0, 0.1, 0.5, 1.0, -128.0, -129.0, 255.0, 256.0, 2049.0, 32767.0, 32768.0, -32768.0,
                     -65504.0, 65504.0, 65505.0, 65519.0, 65520.0, 65535.0, 65536.0, 2.0**24 + 1, 2.0**31,
                     2.0**31 - 1, -(2.0**31), 2.0**-24, 2.0**-25, 3 * 2.0**-24, math.inf, -math.inf,
                     3.4028234663852886e38, 3.5e38, 5e-324, 1e-46]),
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
                st.integers(-128, 127).map(float),
                st.integers(0, 65_535).map(float),
                st.floats(width=32, allow_nan=False),
                st.floats(width=16, allow_nan=False),
                st.just(draw(NUMBER)),
            ]
        )
    )
    some: st.SearchStrategy[float | None] = st.none() | element if draw(st.booleans()) else element
    singles = draw(st.lists(some, min_size=1, max_size=90))
    if not draw(st.booleans()):
        return singles
    lengths = draw(st.lists(st.integers(1, 12), min_size=len(singles), max_size=len(singles)))
    return [value for value, length in zip(singles, lengths, strict=True) for _ in range(length)]


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
    assert (padded(read.block_bytes), read.encoding, read.runs) == smallest(values)


@given(columns(), st.data(), st.sampled_from(["f8", "f4", "i8", "i2"]))
def test_values_a_run_give_the_bytes_of_values_a_row(
    values: list[float | None], data: st.DataObject, name: str
) -> None:
    """Also where two runs beside each other have the same value."""
    if name != "f8":
        values = [
            None if value is None else float(np.clip(math.trunc(max(-1e9, min(value, 1e9))), -30_000, 30_000))
            for value in values
        ]
    lengths = np.array(data.draw(st.lists(st.integers(1, 20), min_size=len(values), max_size=len(values))))
    mask = np.array([value is None for value in values])
    array = np.array([0 if value is None else value for value in values], dtype=name)
    may_have_mask = data.draw(st.booleans())
    missing = mask if may_have_mask or mask.any() else None
    by_row = encode_numbers(
        Numbers(np.repeat(array, lengths), None if missing is None else np.repeat(missing, lengths))
    )
    by_run = encode_numbers(Numbers(array, missing, ends=np.cumsum(lengths)))
    assert list(map(bytes, by_run.parts)) == list(map(bytes, by_row.parts))
    assert dataclasses.replace(by_run, parts=[]) == dataclasses.replace(by_row, parts=[])
    check(by_run, np.repeat(np.array(values, dtype=object), lengths).tolist())


@pytest.mark.parametrize("rows", [65_535, 65_536, 70_000])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, np.int32, np.bool_])
def test_ends_of_runs_become_wide(rows: int, kind: type[Any]) -> None:
    values = np.repeat(np.array([0, 1, 0, 1]), [30_000, 1, 2, rows - 30_003]).astype(kind)
    if kind in (np.float64, np.float32, np.float16):
        values[:7] = np.nan
        values[40_000:40_100] += 0.5
    message = encode_request(fingerprint=1, rows=rows, columns=[encode_numbers(Numbers(values))], outputs=Outputs.SCORE)
    (read,) = read_request(bytes(message), Limits(rows_max=70_000)).columns
    assert read.values == [None if value != value else float(value) for value in values.tolist()]
    assert read.runs is not None
    assert (padded(read.block_bytes), read.encoding, read.runs) == smallest(read.values)


@given(st.integers(2_000, 6_000), st.floats(0.05, 0.999), st.integers(1, 400), st.integers(0, 2**32), st.data())
def test_long_columns_find_their_runs(rows: int, share: float, length: int, seed: int, data: st.DataObject) -> None:
    """A part of the rows is looked at first; where many are alike, that shows it."""
    rng = np.random.default_rng(seed)
    changes = rng.random(rows) < share if data.draw(st.booleans()) else np.arange(rows) % length == 0
    numbers: dict[str, Any] = {
        "float64": rng.standard_normal(rows),
        "float32": rng.standard_normal(rows).astype(np.float32),
        "whole": rng.integers(-300, 70_000, rows),
        "bytes": rng.integers(0, 255, rows),
        "some missing": np.where(rng.random(rows) < 0.3, np.nan, rng.integers(0, 9, rows)),
    }
    values = numbers[data.draw(st.sampled_from(sorted(numbers)))][np.cumsum(changes) - changes[0]]
    check(encode_numbers(Numbers(values)), [None if value != value else float(value) for value in values.tolist()])


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_any_nan_and_any_zero_go_on_with_a_run(kind: str) -> None:
    other_nan = np.array([np.nan]).view(np.uint64) | (1 << 63)
    values = np.array([0.5] * 20 + [math.nan, *other_nan.view(np.float64)] * 20 + [0.0, -0.0] * 20)
    values[0] = {"float16": 0.25, "float32": 2.0**-25 + 1, "float64": 0.1}[kind]
    if kind == "float32":
        values[0] = np.float32(0.1)
    read = read_back(encode_numbers(Numbers(values)), len(values))
    assert (read.encoding, read.runs) == (kind, 4)


def test_every_float16_is_one() -> None:
    halves = np.arange(65_536, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    for kind in (np.float32, np.float64):
        values = halves.astype(kind)
        column = encode_numbers(Numbers(values))
        assert column.encoding is Encoding.FLOAT16
        np.testing.assert_array_equal(np.frombuffer(column.parts[0], np.float16), halves)
        for place in (0, 15, 16, 255, 256, 60_000):
            beside = values.copy()
            beside[place] = np.nextafter(values[place], kind(1e9))
            assert encode_numbers(Numbers(beside)).encoding is not Encoding.FLOAT16


@given(
    st.lists(
        st.none() | st.integers(-(2**40), 2**56) | st.integers(-30, 30).map(lambda day: day * 86_400_000_000),
        min_size=1,
        max_size=40,
    ),
    st.lists(st.integers(1, 9), min_size=40, max_size=40),
)
def test_moments_go_as_microseconds_where_these_are_not_larger(singles: list[int | None], lengths: list[int]) -> None:
    counts = [count for count, length in zip(singles, lengths, strict=False) for _ in range(length)]
    moments = np.array(
        [np.datetime64("NaT") if count is None else np.datetime64(count, "us") for count in counts], "M8[us]"
    )
    read = read_back(encode_numbers(days(moments)), len(counts))
    assert read.values == [None if count is None else count / 86_400_000_000 for count in counts]
    size, name, runs = smallest(read.values)
    if name == "float64" and None not in counts:
        name = "microseconds"
    assert (padded(read.block_bytes), read.encoding, read.runs) == (size, name, runs)


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
    lengths = data.draw(st.lists(st.integers(1, 8), min_size=len(codes), max_size=len(codes)))
    by_run = encode_strings(Strings(np.array(codes, dtype=code_type), entries, np.cumsum(lengths)), levels, tokens)
    codes = np.repeat(codes, lengths).tolist()
    texts = [None if code < 0 else entries[code] for code in codes]
    column = encode_strings(Strings(np.array(codes, dtype=code_type), entries), levels, tokens)
    assert list(map(bytes, by_run.parts)) == list(map(bytes, column.parts))
    read = read_back(column, len(codes))
    used = {text for text in texts if text is not None}
    check_choice(read, texts, levels, tokens)
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


def check_choice(read: ReadColumn, texts: list[str | None], levels: list[str], tokens: list[str]) -> None:
    """The smallest of dictionary and indices, then runs for that one."""
    used = {text for text in texts if text is not None}
    if not used:
        return
    marks = padded(-(-len(texts) // 8)) if None in texts else 0
    head = padded(8 + sum(2 + len(text.encode()) for text in used))
    rows = len(texts)
    best = with_runs(texts, head + marks + padded(rows), "dictionary8", 8, True, head)
    if levels and all(is_plain(text, tokens) for text in used):
        indices = [
            None if text is None else float(levels.index(text) if text in levels else len(levels)) for text in texts
        ]
        forms = smallest_without_runs(indices)
        if forms[0] <= head + marks + padded(rows):
            best = smallest(indices)
    assert (padded(read.block_bytes), read.encoding, read.runs) == best


def test_of_equals_the_indices_are_taken() -> None:
    levels = [f"{index:03}" for index in range(300)]
    # Two strings of three bytes make a dictionary of 24, and indices above 255 take a byte more a row than its codes.
    for rows, encoding in ((23, "uint16"), (24, "uint16"), (25, "uint16"), (40, "dictionary8")):
        codes = np.where(np.arange(rows) % 2, 298, 299)
        read = read_back(encode_strings(Strings(codes, levels), levels), rows)
        assert read.encoding == encoding, rows


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

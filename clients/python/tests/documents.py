"""WIRE.md as data: its dumps, its tables, and the vectors beside it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

DOCUMENTS = Path(__file__).resolve().parents[3] / "proto-docs"
LINE = re.compile(r"^ *(\d+)  ((?:[0-9a-f]{2} )*[0-9a-f]{2})  +(.+)$")


@lru_cache(maxsize=1)
def wire_document() -> str:
    return (DOCUMENTS / "WIRE.md").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def dumps() -> dict[str, bytes]:
    """The bytes of each annotated dump; each line's offset must be where the one before it ends."""
    found = {}
    for match in re.finditer(r"<!-- dump: (\S+) -->\n```text\n(.*?)```", wire_document(), re.DOTALL):
        data = bytearray()
        for line in match[2].splitlines():
            parts = LINE.match(line)
            assert parts, f"{match[1]}: no line of a dump: {line!r}"
            assert int(parts[1]) == len(data), f"{match[1]}: the offset of {line!r} should be {len(data)}"
            data += bytes.fromhex(parts[2])
        found[match[1]] = bytes(data)
    return found


def table(first_heading: str, *, under: str) -> list[list[str]]:
    """The rows of the table under a heading whose first column is headed like this."""
    section = wire_document().split(f"\n## {under}", 1)[1].split("\n## ", 1)[0]
    rows: list[list[str]] = []
    is_inside = False
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            if is_inside:
                return rows
        elif cells[0] == first_heading:
            is_inside = True
        elif is_inside and not set(cells[0]) <= {"-"}:
            rows.append(cells)
    assert rows, f"no table of {first_heading} under {under}"
    return rows


def vectors(name: str) -> list[dict[str, Any]]:
    document = json.loads((DOCUMENTS / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
    loaded: list[dict[str, Any]] = document["vectors"]
    assert len(loaded) > 5
    return loaded

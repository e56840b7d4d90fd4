"""`python -m leadline score` writes the very file that the other command line writes."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path

import pytest
from conftest import AS_OF, Shop

from leadline.__main__ import main


@pytest.mark.parametrize("batch", ["5000", "130"])
def test_a_file_becomes_the_same_file(shop: Shop, server: str, tmp_path: Path, batch: str) -> None:
    packed = tmp_path / "open.csv.gz"
    with open(shop.folder / "open.csv", "rb") as plain, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(plain, target)
    for leads in (shop.folder / "open.csv", packed):
        output = tmp_path / "scores.csv"
        arguments = ["score", str(leads), "--server", server, "--ca", shop.ca, "--as-of", AS_OF, "--batch", batch]
        assert main([*arguments, "-o", str(output)]) == 0
        assert output.read_text() == (shop.folder / "expected.csv").read_text()


def test_mistakes_are_told_with_their_place(
    shop: Shop, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (shop.folder / "open.csv").read_text().splitlines()
    fields = lines[3].split(",")
    fields[lines[0].split(",").index("page_visits")] = "many"
    leads = tmp_path / "leads.csv"
    leads.write_text("\n".join([*lines[:3], ",".join(fields)]) + "\n")
    known = ["--server", server, "--ca", shop.ca]
    assert main(["score", str(leads), *known]) == 1
    assert "row 3, column 'page_visits': 'many' is not a number" in capsys.readouterr().err
    leads.write_text("\n".join([lines[0], "too,few"]) + "\n")
    assert main(["score", str(leads), *known]) == 1
    assert "row 1 has 2 fields" in capsys.readouterr().err
    assert main(["score", str(tmp_path / "nowhere.csv"), *known]) == 1
    with open(shop.folder / "open.csv", newline="") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert main(["score", "-", *known]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(lines)
    with pytest.raises(SystemExit) as caught:
        main(["score"])
    assert caught.value.code == 2

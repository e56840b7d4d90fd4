"""`python -m leadline score` writes the very file that the other command line writes."""

from __future__ import annotations

import gzip
import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import AS_OF, Shop

from leadline.__main__ import DATE_FORMS, main


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


def test_dates_are_read_as_the_model_s_file_had_them(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def turned(line: str) -> str:
        """2024-03-31 as 31.03.2024."""
        return re.sub(r",(\d{4})-(\d{2})-(\d{2})(?=,)", r",\3.\2.\1", line)

    assert "dd.mm.yyyy" in DATE_FORMS
    lines = (shop.folder / "leads.csv").read_text().splitlines(keepends=True)
    (shop.folder / "dots.csv").write_text("".join(map(turned, lines)))
    shop.run(
        "train", "dots.csv", "--label", "converted", "--id", "lead_id", "--date", "created_date", "--out", "dots/leads"
    )
    leads = tmp_path / "open.csv"
    leads.write_text("".join(map(turned, (shop.folder / "open.csv").read_text().splitlines(keepends=True))))
    shop.run(
        "score", "--model", "dots/leads", str(leads), "--format", "csv", "--as-of", AS_OF, "-o", "dots-expected.csv"
    )
    with shop.serve(models="dots") as served:
        arguments = ["--server", served.url, "--ca", shop.ca, "--as-of", AS_OF]
        assert main(["score", str(leads), *arguments]) == 0
        assert capsys.readouterr().out == (shop.folder / "dots-expected.csv").read_text()
        assert main(["score", str(shop.folder / "open.csv"), *arguments]) == 1
        assert "is not a date as the model's file had them" in capsys.readouterr().err


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

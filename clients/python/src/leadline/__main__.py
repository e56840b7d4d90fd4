"""`python -m leadline score`: a file of leads in, a file of scores out, a batch at a time."""

from __future__ import annotations

import argparse
import csv
import datetime
import gzip
import itertools
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

import numpy as np

from .batches import BATCH_ROWS
from .client import Client
from .errors import EncodingError, LeadlineError
from .schema import ModelDescription

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: How files write dates, besides ISO 8601.
DATE_FORMS = {
    "yyyy/mm/dd": "%Y/%m/%d",
    "dd.mm.yyyy": "%d.%m.%Y",
    "dd-mm-yyyy": "%d-%m-%Y",
    "dd/mm/yyyy": "%d/%m/%Y",
    "mm/dd/yyyy": "%m/%d/%Y",
}
OUTPUTS = ("margin", "probability", "score", "tier", "status")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 when it is done, 1 when it failed; argparse leaves with 2 when it was asked wrongly.
    """
    parser = argparse.ArgumentParser(prog="leadline-python", description="Scores leads by a Leadline server.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    score = commands.add_parser("score", help="score a file of comma separated values, plain or gzip")
    score.add_argument("leads", help="the file; '-' is the standard input")
    score.add_argument("--server", required=True, metavar="URL", help="for example https://127.0.0.1:8443")
    score.add_argument("--ca", metavar="FILE", help="the authority of the server's certificate (PEM)")
    score.add_argument("--cert", metavar="FILE", help="the client's certificate, if the server asks for one (PEM)")
    score.add_argument("--key", metavar="FILE", help="the certificate's private key (PEM)")
    score.add_argument("--name", default="", help="the model, or MODEL@ALIAS; the server's default if not given")
    score.add_argument("--as-of", metavar="DAY", help="the day at which the leads are looked at; now if not given")
    score.add_argument("--batch", type=int, default=BATCH_ROWS, metavar="N", help="leads in a message (%(default)s)")
    score.add_argument("-o", "--output", metavar="FILE", help="where to write; the standard output if not given")
    score.add_argument("--progress", action="store_true", help="show a progress bar, where tqdm is installed")
    asked = parser.parse_args(arguments)
    try:
        unscored = run(asked)
    except (LeadlineError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if unscored:
        print(f"{unscored} leads have a value that their column cannot hold; no score.", file=sys.stderr)
    return 0


def run(asked: argparse.Namespace) -> int:
    """Scores a file.

    Returns:
        How many leads got no score.
    """
    with ExitStack() as stack:
        client = stack.enter_context(Client(asked.server, ca=asked.ca, cert=asked.cert, key=asked.key))
        description = client.describe(asked.name)
        rows = csv.reader(stack.enter_context(opened(asked.leads)))
        header = next(rows, [])
        if len(set(header)) != len(header):
            raise EncodingError("two columns of the file have the same name")
        id_place = header.index(description.id_column) if description.id_column in header else None
        ids: list[str] = []
        batches = client.score_batches(
            columns_of(rows, header, description, asked.batch, id_place, ids),
            model=asked.name,
            outputs=OUTPUTS,
            as_of=asked.as_of,
            unknown="ignore",
            batch_rows=asked.batch,
            progress=asked.progress,
        )
        target = sys.stdout if asked.output is None else stack.enter_context(open(asked.output, "w", newline=""))
        output = csv.writer(target, lineterminator="\n")
        output.writerow(["row" if id_place is None else header[id_place], "probability", "score", "tier", "margin"])
        unscored = written = 0
        for batch in batches:
            for place, status in enumerate(batch["status"]):
                name = ids[written + place]
                if status == "scored":
                    values = [batch[output_name][place] for output_name in ("probability", "score", "tier", "margin")]
                    output.writerow([name, *map(str, values)])
                else:
                    output.writerow([name, "", "", "", ""])
                    unscored += 1
            written += len(batch["status"])
    return unscored


def opened(path: str) -> IO[str]:
    """A file of text, unpacked where it is packed."""
    if path == "-":
        return sys.stdin
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    if is_gzip:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return open(path, encoding="utf-8-sig", newline="")


def columns_of(
    rows: Iterator[list[str]],
    header: list[str],
    description: ModelDescription,
    batch_rows: int,
    id_place: int | None,
    ids: list[str],
) -> Iterator[dict[str, Any]]:
    """Some rows of a file as columns; the names of the leads are noted on the way."""
    missing = {"", *description.missing_tokens}
    numbers = {column.name for column in description.columns if column.kind == "number"}
    wanted = [(place, name) for place, name in enumerate(header) if name in {c.name for c in description.columns}]
    first = 0
    while part := list(itertools.islice(rows, batch_rows)):
        for number, row in enumerate(part, start=first):
            if len(row) != len(header):
                raise EncodingError(f"row {number + 1} has {len(row)} fields where the header has {len(header)}")
            ids.append(str(number + 1) if id_place is None else row[id_place])
        columns: dict[str, Any] = {}
        for place, name in wanted:
            values: list[Any] = [None if row[place].strip() in missing else row[place] for row in part]
            if name in numbers:
                values = [
                    None if value is None else number_of(value, name, first + i) for i, value in enumerate(values)
                ]
            form = DATE_FORMS.get(description.date_forms.get(name, ""))
            if form is not None:
                values = [
                    None if value is None else date_of(value, form, name, row)
                    for row, value in enumerate(values, first)
                ]
            columns[name] = np.array(values, dtype=float if name in numbers else object)
        yield columns
        first += len(part)


def number_of(text: str, column: str, row: int) -> float:
    """A number as a file has it."""
    if not NUMBER.fullmatch(text.strip()):
        raise EncodingError(f"row {row + 1}, column {column!r}: {text!r} is not a number", column=column, row=row)
    return float(text)


def date_of(text: str, form: str, column: str, row: int) -> datetime.date:
    """A date as the file that the model learned from had it."""
    try:
        return datetime.datetime.strptime(text.strip(), form).date()
    except ValueError:
        wanted = "a date as the model's file had them"
        raise EncodingError(
            f"row {row + 1}, column {column!r}: {text!r} is not {wanted}", column=column, row=row
        ) from None


if __name__ == "__main__":
    sys.exit(main())

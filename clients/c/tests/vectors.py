#!/usr/bin/env python3
"""Writes proto-docs/vectors as a C table: bytes, the error expected, and what a message says as text (see tests.c)."""
import json
import struct
import sys

TYPES = {"score-request": 1, "score-reply": 2, "error": 3}
OUTPUTS = ["margin", "probability", "score", "tier", "status", "timings"]
ENCODINGS = {"absent": 0, "constant": 1, "bits": 0x10, "uint8": 0x11, "int8": 0x12, "uint16": 0x13, "int16": 0x14,
             "int32": 0x15, "int64": 0x16, "microseconds": 0x17, "float16": 0x20, "float32": 0x21, "float64": 0x22,
             "dictionary8": 0x30, "dictionary16": 0x31, "bins8": 0x38, "bins16": 0x39}
FLAGS = {"bodyChecksum": 1, "matrix": 2}
NUMBERS = {"missing": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def bits(value):
    number = float(NUMBERS.get(value, "nan") if isinstance(value, str) else value)
    if number != number:
        return 0x7FF8000000000000
    return struct.unpack("<Q", struct.pack("<d", number))[0]


def digest(values):
    """FNV-1a of the numbers' bits, eight at a time."""
    h = 0xCBF29CE484222325
    for value in values:
        h = (h ^ bits(value)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def text(value):
    return value.encode().hex() or "-"


def strings(values):
    """How many, and FNV-1a of each one's length and bytes."""
    h = 0xCBF29CE484222325
    for value in values:
        data = value.encode()
        for x in (len(data), *data):
            h = (h ^ x) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{len(values)}:{h:016x}"


def outputs(names):
    return sum(1 << OUTPUTS.index(name) for name in names)


def request(d):
    lines = ["request id={} fingerprint={} asof={:016x} rows={} outputs={} deadline={} columns={} flags={} model={} "
             "version={}".format(
        d["requestId"], d["fingerprint"], bits(d["asOfDays"]), d["rows"], outputs(d["outputs"]),
        d["deadlineMicroseconds"], len(d["columns"]), sum(FLAGS[f] for f in d.get("flags", [])), text(d["model"]),
        text(d["version"]))]
    for c in d["columns"]:
        values = [c["everyRow"]] * d["rows"] if "everyRow" in c else c.get("values")
        lines.append("column {} validity={} runs={} values={} bins={} strings={}".format(
            ENCODINGS[c["encoding"]], int(c["validity"]), c.get("runs", 0),
            digest(values) if values is not None else "?", c.get("bins", "0" * 16),
            strings(c.get("dictionary", []))))
    return lines


def reply(d):
    def column(key):
        return digest(d[key]) if key in d else "none"
    return ["reply id={} fingerprint={} epoch={} rows={} outputs={} flags={} model={} version={}".format(
        d["requestId"], d["fingerprint"], d["epoch"], d["rows"], outputs(d["outputs"]),
        sum(FLAGS[f] for f in d.get("flags", [])), text(d["model"]), text(d["version"])),
        "margins={} probabilities={} scores={} tiers={} statuses={} timings={}".format(
            *map(column, ["margins", "probabilities", "scores", "tiers", "statuses", "timingsMicroseconds"]))]


def error(d):
    unknown = 0xFFFFFFFF
    return ["error id={} code={} name={} retryable={} after={} row={} column={} byte={} fingerprint={} text={}".format(
        d["requestId"], d["code"], d["codeName"], int(d["retryable"]), d["retryAfterMilliseconds"],
        d.get("row", unknown),
        d.get("column", unknown), d.get("byteOffset", unknown), d.get("fingerprint", "0" * 16), text(d["text"]))]


def main(folder):
    arrays, table = [], []
    for kind in ("valid", "boundary", "malformed"):
        with open(f"{folder}/{kind}.json", encoding="utf-8") as file:
            vectors = json.load(file)["vectors"]
        for v in vectors:
            data = bytes.fromhex(v["hex"])
            said = []
            if kind != "malformed":
                said = {1: request, 2: reply, 3: error}[TYPES[v["type"]]](v["decoded"])
            arrays.append(f"static const uint8_t bytes_{len(table)}[] = {{{','.join(map(str, data)) or '0'}}};")
            parts = "\n     ".join(f'"{line}\\n"' for line in said) or '""'
            table.append(f'    {{"{v["name"]}", {TYPES[v["type"]]}, {v.get("error", {}).get("code", 0)}, '
                         f"bytes_{len(table)}, {len(data)},\n     {parts}}},")
    print("\n".join(arrays))
    print("static const vector vectors[] = {")
    print("\n".join(table))
    print("};")


main(sys.argv[1])

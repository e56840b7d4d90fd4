"""What the server tells of itself: `GET /v1/models`, `GET /v1/models/NAME/schema` and `GET /v1/protocol`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from .errors import LeadlineError
from .wire import Limits

Kind = Literal["number", "boolean", "category", "date"]
KINDS: tuple[Kind, ...] = ("number", "boolean", "category", "date")


@dataclass(frozen=True)
class Column:
    """A column that a model wants."""

    name: str
    kind: Kind
    #: The texts that a category may be, in order; none for categories that the model knows by hash, and other kinds.
    levels: tuple[str, ...] = ()

    @cached_property
    def level_codes(self) -> dict[str, int]:
        """The index of each level."""
        return {level: index for index, level in enumerate(self.levels)}


@dataclass(frozen=True)
class Tier:
    """A tier of leads; a model's first is the best."""

    name: str
    minimum_probability: float


@dataclass(frozen=True)
class ModelDescription:
    """One version of a model, as it is asked for."""

    name: str
    version: str
    fingerprint: int
    epoch: int
    columns: tuple[Column, ...]
    tiers: tuple[Tier, ...]
    #: Texts that mean "not known" besides the empty one.
    missing_tokens: tuple[str, ...] = ()
    #: How dates were written in the file that the model learned from, by column.
    date_forms: dict[str, str] = field(default_factory=dict)
    id_column: str | None = None
    label_column: str | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def tier_names(self) -> list[str]:
        """By index, the best first."""
        return [tier.name for tier in self.tiers]


@dataclass(frozen=True)
class ModelEntry:
    """A version in service."""

    name: str
    version: str
    fingerprint: int
    #: By which it is asked for: the bare name, `NAME@ALIAS`.
    names: tuple[str, ...]


@dataclass(frozen=True)
class ModelList:
    """The models in service."""

    epoch: int
    #: What a request without a model's name gets; None where there is none.
    default: str | None
    models: tuple[ModelEntry, ...]


class BadDescriptionError(LeadlineError):
    """The server described its models in a form that this package does not know."""


@dataclass(frozen=True)
class Protocol:
    """What a server speaks; names and their numbers as WIRE.md has them."""

    versions: tuple[str, ...]
    encodings: dict[str, int]
    errors: dict[str, int]
    #: The places of their bits.
    outputs: dict[str, int]
    flags: dict[str, int]
    limits: Limits


def read_description(body: bytes) -> ModelDescription:
    """Reads a schema's JSON; members that are not known are left for later versions."""
    try:
        document = json.loads(body)
        label = document.get("label") or {}
        return ModelDescription(
            name=_text(document["name"]),
            version=_text(document["version"]),
            fingerprint=int(_text(document["fingerprint"]), 16),
            epoch=int(document["epoch"]),
            columns=tuple(_column(column) for column in document["columns"]),
            tiers=tuple(Tier(_text(tier["name"]), float(tier["minimumProbability"])) for tier in document["tiers"]),
            missing_tokens=tuple(map(_text, document.get("missingTokens", ()))),
            date_forms={_text(key): _text(form) for key, form in document.get("dateForms", {}).items()},
            id_column=document.get("idColumn"),
            label_column=label.get("column"),
            limits=_limits(document.get("limits", {})),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadDescriptionError(f"the schema's JSON is not as expected: {error!r}") from None


def read_models(body: bytes) -> ModelList:
    """Reads the list of models."""
    try:
        document = json.loads(body)
        default = document["default"]
        return ModelList(
            epoch=int(document["epoch"]),
            default=None if default is None else _text(default),
            models=tuple(
                ModelEntry(
                    _text(model["name"]),
                    _text(model["version"]),
                    int(_text(model["fingerprint"]), 16),
                    tuple(map(_text, model["names"])),
                )
                for model in document["models"]
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadDescriptionError(f"the models' JSON is not as expected: {error!r}") from None


def read_protocol(body: bytes) -> Protocol:
    """Reads what a server speaks."""
    try:
        document = json.loads(body)
        return Protocol(
            versions=tuple(map(_text, document["versions"])),
            encodings=_numbers(document["encodings"]),
            errors=_numbers(document["errors"]),
            outputs=_numbers(document["outputs"]),
            flags=_numbers(document["flags"]),
            limits=_limits(document["limits"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadDescriptionError(f"the protocol's JSON is not as expected: {error!r}") from None


def _numbers(document: dict[str, Any]) -> dict[str, int]:
    return {_text(name): int(number) for name, number in document.items()}


def _column(document: dict[str, Any]) -> Column:
    kind = document["kind"]
    if kind not in KINDS:
        raise ValueError(f"a column of the kind {kind!r}")
    return Column(_text(document["name"]), kind, tuple(map(_text, document.get("levels", ()))))


def _limits(document: dict[str, Any]) -> Limits:
    default = Limits()
    return Limits(
        rows_max=int(document.get("rowsMax", default.rows_max)),
        columns_max=int(document.get("columnsMax", default.columns_max)),
        message_bytes_max=int(document.get("messageBytesMax", default.message_bytes_max)),
        dictionary_entries_max=int(document.get("dictionaryEntriesMax", default.dictionary_entries_max)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value

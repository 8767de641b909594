"""How sentences are made of a template and parameters: what issues, problems of archives and errors have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any, Final

from openimages_io.text import printable, quote_param

LANGUAGE: Final = "en"
"""Of our own sentences. What Django and DRF find wrong is said in it, too, whatever language a site's pages are in."""


class Severity(StrEnum):
    """How bad an issue is: only an error keeps an import from being written."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class IssueCode:
    """One kind of issue."""

    severity: Severity
    """How bad it is unless whoever reports it says otherwise."""
    about: str
    """What it means, for the reference and the summary."""
    advice: str
    """What a person can do about it; an imperative."""
    sentence: str = ""
    """What is said of one: the end of a sentence whose subject is the value, or a whole clause.

    `{name}` is a parameter, `{name!q}` a value in quotes (`text.as_param`), `{count:row|rows}` a number with its noun,
    `{count:is/are}` the word alone. Texts in a list are quoted, a mapping of names to numbers as `boxes: 3, masks: 1`,
    and a list of mappings as forms of the same code, each with parameters of its own. Empty where the parameter
    `reason` has the words, because the details are a decoder's or the operating system's.
    """
    forms: Mapping[str, str] = field(default_factory=dict)
    """Sentences that differ by circumstance; the parameter `form` chooses."""


class Said(str):
    """A sentence that is a part of another one, and was made fit to be shown."""

    __slots__ = ()


class _Sentences(Formatter):
    """Texts are shortened, and show nothing unprintable: they may come from untrusted archives."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return Said(quote_param(value)) if conversion == "q" else super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return f"{value:,} {one if value == 1 else many}"
        if "/" in format_spec:
            one, many = format_spec.split("/")
            return one if value == 1 else many
        if isinstance(value, Said):
            return value
        if isinstance(value, Mapping):
            return ", ".join(f"{printable(str(name))}: {number:,}" for name, number in value.items())
        if isinstance(value, list):
            return ", ".join(f"“{printable(str(part))}”" for part in value)
        return printable(value) if isinstance(value, str) else str(format(value, format_spec))


_SENTENCES: Final = _Sentences()


OF_FILE: Final[Mapping[str, Any]] = {"subject": "file"}
"""The parameter that gives a sentence without a subject one: “the file”."""


def fill(declared: IssueCode, params: Mapping[str, Any]) -> str:
    """The sentence of a code. Raises `KeyError`, `ValueError` or `TypeError` for parameters that it doesn't have."""
    template = declared.forms[params["form"]] if "form" in params else declared.sentence
    said = say(template, {name: _forms(declared, value) for name, value in params.items()})
    return f"the file {said}" if params.get("subject") == "file" else said


def say(template: str, params: Mapping[str, Any]) -> str:
    """A template with its parameters, as `IssueCode.sentence` has them. Raises what `fill` does."""
    said: str = _SENTENCES.vformat(template, (), params)
    return said


def _forms(declared: IssueCode, value: Any) -> Any:
    """A list of forms of the same code as one text; any other parameter as it is."""
    if isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        return Said("".join(fill(declared, part) for part in value))
    return value

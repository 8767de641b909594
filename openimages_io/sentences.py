"""How sentences are made of a template and parameters: what issues, problems of archives and errors have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any, Final

from openimages_io.text import printable, quote_param

LANGUAGE: Final = "en"
"""Of our own sentences. What Django and DRF find wrong is said in it, too, whatever language a site's pages are in."""


OptionName = Callable[[str], str]
"""Names an option of an import or an export where a text is shown; it takes what one types, such as `--match exact`."""


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
    `{count:is/are}` the word alone, and, in `about` and `advice`, too, `{--match exact}` an option of the command.
    Texts in a list are quoted, a mapping of names to numbers as `boxes: 3, masks: 1`, and a list of mappings as forms
    of the same code, each with parameters of its own. Empty where the parameter `reason` has the words, because the
    details are a decoder's or the operating system's.
    """
    forms: Mapping[str, str] = field(default_factory=dict)
    """Sentences that differ by circumstance; the parameter `form` chooses."""


class Said(str):
    """A sentence that is a part of another one, and was made fit to be shown."""

    __slots__ = ()


class _Sentences(Formatter):
    """Texts are shortened, and show nothing unprintable: they may come from untrusted archives."""

    def __init__(self, option_name: OptionName) -> None:
        self._option_name = option_name

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if isinstance(key, str) and key.startswith("--"):
            return Said(self._option_name(key))
        return super().get_value(key, args, kwargs)

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


OF_FILE: Final[Mapping[str, Any]] = {"subject": "file"}
"""The parameter that gives a sentence without a subject one: “the file”."""


def fill(declared: IssueCode, params: Mapping[str, Any], option_name: OptionName = str) -> str:
    """The sentence of a code. Raises `KeyError`, `ValueError` or `TypeError` for parameters that it doesn't have."""
    template = declared.forms[params["form"]] if "form" in params else declared.sentence
    said = say(template, {name: _forms(declared, value, option_name) for name, value in params.items()}, option_name)
    return f"the file {said}" if params.get("subject") == "file" else said


def say(template: str, params: Mapping[str, Any], option_name: OptionName = str) -> str:
    """A template with its parameters, as `IssueCode.sentence` has them. Raises what `fill` does."""
    said: str = _Sentences(option_name).vformat(template, (), params)
    return said


def _forms(declared: IssueCode, value: Any, option_name: OptionName) -> Any:
    """A list of forms of the same code as one text; any other parameter as it is."""
    if isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        return Said("".join(fill(declared, part, option_name) for part in value))
    return value

"""Arguments of the commands: the options of the importer and the exporter, paths, and the database."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.core.checks import Tags
from django.core.management.base import CommandError, CommandParser
from django.db import connections

from openimages_io.transfer.options import Option, Selection, SomeOptions, from_json, options_of

CHECKS: Final = (Tags.models,)
"""The system checks before a command: those of models and of our settings. All of them, which is Django's default,
resolve the site's URLs, and that loads the whole REST API."""


def add_database(parser: CommandParser) -> None:
    """Declares which database it is about."""
    what = "the database, by its alias in DATABASES (default: the one that the site's router writes to)"
    parser.add_argument("--database", type=_alias, metavar="ALIAS", help=what)


def _alias(text: str) -> str:
    if text not in connections:
        raise argparse.ArgumentTypeError(f"DATABASES has no “{text}”; it has: {', '.join(connections)}")
    return text


def add_options(parser: CommandParser, kind: type[Selection]) -> None:
    """Declares the options of an import or an export; not given, they are None."""
    for option in options_of(kind):
        text = str(option.help).replace("%", "%%")
        if option.choices is not None:
            words = option.choices.values
            parser.add_argument(option.flag, choices=words, metavar="|".join(words), help=text)
        elif not option.is_switch:
            parser.add_argument(option.flag, action="append", metavar="NAME", help=f"{text} Repeatable.")
        elif option.default:
            parser.add_argument(option.flag, action="store_true", help=str(option.about))
        else:
            parser.add_argument(option.flag, action="store_true", help=text)


def chosen_options(kind: type[SomeOptions], given: Mapping[str, Any]) -> SomeOptions:
    """The options of a command line. Raises `CommandError` for an unknown word, which `call_command` hands on as it is.

    An option that is not given, or None, has its default.
    """
    values = {}
    for option in options_of(kind):
        value = given.get(option.flag.removeprefix("--").replace("-", "_"))
        if value is not None:
            values[option.name] = _value(option, value)
    return from_json(kind, values)


def _value(option: Option, given: Any) -> Any:
    if option.is_switch:
        return bool(given) is not option.default
    if option.choices is None:
        return [given] if isinstance(given, str) else list(given)
    if given not in option.choices.values:
        raise CommandError(f"“{given}” is not one of: {', '.join(option.choices)}.")
    return given


def path(text: str) -> Path:
    """An argument's type: an empty one, as of a shell's variable that is not set, is not the folder one is in."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)

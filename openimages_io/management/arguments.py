"""Arguments of the commands: words to choose from, paths, and names that the database can hold."""

import argparse
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from django.core.checks import Tags
from django.core.management.base import CommandError, CommandParser
from django.db import connections

E = TypeVar("E", bound=StrEnum)

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


def add_choice(parser: CommandParser, option: str, choices: type[StrEnum], what: str) -> None:
    """Adds an option whose words are those of an enumeration; not given, it is None."""
    parser.add_argument(option, type=choices, choices=list(choices), metavar="|".join(choices), help=what)


def chosen(choices: type[E], word: str | None) -> E | None:
    """The choice that was made. `call_command` hands its keyword arguments on as they are, unchecked texts."""
    try:
        return None if word is None else choices(word)
    except ValueError:
        raise CommandError(f"“{word}” is not one of: {', '.join(choices)}.") from None


def path(text: str) -> Path:
    """An argument's type: an empty one, as of a shell's variable that is not set, is not the folder one is in."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)

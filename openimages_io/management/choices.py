"""Options with a few words to choose from."""

from enum import StrEnum

from django.core.management.base import CommandParser


def add_choice(parser: CommandParser, option: str, choices: type[StrEnum], what: str) -> None:
    """Adds an option whose words are those of an enumeration; not given, it is None."""
    parser.add_argument(option, type=choices, choices=list(choices), metavar="|".join(choices), help=what)

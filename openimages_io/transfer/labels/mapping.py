"""The columns of class lists and the fields of labels.

A label without a display name stands in a class list with its LabelName twice, for other tools know no class without
one; and they write so themselves what has none.
"""

from openimages_io.format.class_lists import is_mid


def display_name(name: str, cell: str) -> str:
    """The display name of a new label: empty for a MID that stands twice, and so is one that nobody knew."""
    return "" if cell == name and is_mid(name) else cell


def display_cell(name: str, display: str) -> str:
    """The cell DisplayName of a label that is written as `name`."""
    return display or name

"""Issues about tables, their rows and their cells."""

from collections.abc import Mapping
from typing import Final

from openimages_io.sentences import IssueCode, Severity

_E, _W, _N = Severity

_TEXT: Final = {
    "nul": "contains a NUL byte",
    "utf-8": "is not valid UTF-8; save the file as UTF-8 (Excel: “CSV UTF-8”)",
}
_NUMBER: Final = {
    "number": "is not a number",
    "decimal-comma": "is not a number: write it with a decimal point, {number}",
    "empty": "is empty, but a number is needed",
}


def name_forms(what: str) -> dict[str, str]:
    """Why a cell names nothing of this kind."""
    return {
        **_TEXT,
        "empty": f"is empty, but {what} is needed",
        "long": f"has {{length}} characters, more than the {{limit}} that {what} may have",
        "line-break": f"contains a line break, which {what} may not",
    }


def file_name_forms(what: str) -> dict[str, str]:
    """Why a cell is no file's name, of this kind."""
    return {
        **name_forms(what),
        "folder": f"names another folder, which {what} may not",
        "dots": f"holds “..”, which {what} may not",
        "drive": f"starts with a drive letter, which {what} may not",
    }


def _outside_forms(is_not: str) -> dict[str, str]:
    """What a coordinate outside the image looks like."""
    return {
        **_NUMBER,
        "hair": f"{is_not}; it is at most {{hair}} outside, as from rounded pixels: {{--clip}} takes such "
        "coordinates as the edge",
        "pixels": f"{is_not}; it looks like pixels: divide x by the image's width and y by its height",
    }


_QUOTING: Final = {
    "never-closed": "A quote is opened in this row and never closed",
    "behind": "A quoted cell goes on after its closing quote; double the quotes inside it",
    "long-cell": "A cell of this row has more than {limit} characters; perhaps a quote is left open",
    "csv": "The row cannot be read as CSV: {detail}",
    "no-end": "A quote is opened in this row, which has no end within {limit} bytes",
    "cells": "A quote is opened in this row, which then has {cells:cell|cells}, but the file has "
    "{columns:column|columns}",
    "odd": "A quote is opened in this row, and its lines have an odd number of quotes",
}
"""What is wrong with the quotes of a row."""
_ROW: Final = "The row has {cells:cell|cells}, but the file has {columns:column|columns}"
_GOES_ON: Final = (
    "; the row seems to go on to line {last}, and the lines after its first are read as rows where they can be"
)
_ADVICE: Final = ": keep these two columns, under the header LabelName,DisplayName"
_UNCERTAIN: Final = {
    "semicolons": "here they seem to be separated by semicolons, as spreadsheets do where the decimal sign is a comma",
    "tabs": "here they seem to be separated by tabs",
    "mark": "here a MID is followed by “{mark}”",
    "space": "here a MID is followed by a space",
    "single-quotes": "here cells are in single quotes, where CSV has double ones",
    "which-label": f"here are {{cells}} cells, and which of them is the LabelName is not clear{_ADVICE}",
    "which-name": f"here are {{cells}} cells, and which of them is the DisplayName is not clear{_ADVICE}",
    "some-mids": f"here the second column has MIDs, but not in every row{_ADVICE}",
}
"""What a class list looks like whose columns may be meant in several ways."""
_NO_FRACTION: Final = "is not a fraction between 0 and 1"
_NO_CLICK: Final = "is neither a fraction between 0 and 1 nor -1"

TABLE_CODES: Final[Mapping[str, IssueCode]] = {
    # Tables
    "bad-header": IssueCode(
        _E,
        "The first row of a table cannot be its header.",
        "Correct the first line of the file.",
        forms={
            **_QUOTING,
            "endless": "The row has more than {limit} bytes and is not read",
            **{
                form: f"LabelName and DisplayName are expected, separated by commas; {words}"
                for form, words in _UNCERTAIN.items()
            },
        },
    ),
    "bad-quoting": IssueCode(
        _E,
        "A row whose quotes are wrong.",
        "Double the quotes inside a quoted cell, and close each one.",
        forms={**_QUOTING, "half": "has a quotation mark or a backslash without its other half"},
    ),
    "columns-guessed": IssueCode(
        _N,
        "A class list without a header, with its columns in another order.",
        "Nothing, if that is right. Otherwise add the header LabelName,DisplayName above it.",
        "The file has no header, and its MIDs say that the columns are {first} and {second}",
        forms={
            "several": "The file has no header, and its MIDs say that {first} is column {label}, {second} column "
            "{name}",
        },
    ),
    "column-missing": IssueCode(
        _E,
        "A required column is missing.",
        "Add the column, or correct its name.",
        "The column is missing; the file has {columns}",
    ),
    "column-twice": IssueCode(
        _E, "A column occurs twice.", "Remove one of the two columns.", "The column occurs twice"
    ),
    "empty-file": IssueCode(
        _E,
        "A file without content.",
        "Fill the file, or remove it from the archive.",
        "The file is empty",
        forms={"no-header": "The file has no rows, not even a header", "part": "the file is empty"},
    ),
    "endless-row": IssueCode(
        _E,
        "A row that is longer than the limit.",
        "Look for a quote that is left open.",
        "The row has more than {limit} bytes and is not read",
    ),
    "header-guessed": IssueCode(
        _N,
        "A class list with a header in its own words.",
        "Nothing, unless that line is a class: then add the header LabelName,DisplayName above it.",
        "looks like a header and is not read as a class: the columns are {first} and {second}",
        forms={
            "one": "looks like a header and is not read as a class: the column is {first}",
            "several": "looks like a header and is not read as a class: {first} is column {label}, {second} is column "
            "{name}",
        },
    ),
    "perhaps-a-header": IssueCode(
        _W,
        "A class list whose first class may be a header.",
        "If that line is a header, write LabelName,DisplayName in its place; if it is a class, write that above it.",
        "is read as a class, though it may be a header",
    ),
    "long-row": IssueCode(
        _E,
        "A row with more cells than the file has columns.",
        "Quote cells that have commas.",
        _ROW,
        forms={"decimal-commas": f"{_ROW}; numbers seem to be written with decimal commas: write them with points"},
    ),
    "not-commas": IssueCode(
        _E,
        "Columns that are not separated by commas.",
        "Save the file as CSV with commas.",
        forms={
            "semicolons": "The columns must be separated by commas; here they seem to be separated by semicolons, as "
            "spreadsheets do where the decimal sign is a comma",
            "tabs": "The columns must be separated by commas; here they seem to be separated by tabs",
        },
    ),
    "not-utf-8": IssueCode(
        _E,
        "A file in another encoding than UTF-8.",
        "Save the file as UTF-8.",
        "The file is in UTF-16; save it as UTF-8",
        forms={"utf-16": "the file is UTF-16; UTF-8 is expected", "byte": "the byte 0x{byte} is not UTF-8"},
    ),
    "short-row": IssueCode(
        _E,
        "A row with fewer cells than the file has columns.",
        "Add the cells that are missing.",
        _ROW,
        forms={
            "needed": f"{_ROW}; {{names}} must not be missing",
            "cut": f"{_ROW}, and the file ends without a line end: it may be cut off",
        },
    ),
    "short-rows": IssueCode(
        _W,
        "Rows with fewer cells than columns, whose missing cells may be empty.",
        "Nothing, if these cells are meant to be empty.",
        "{count:row has|rows have} fewer cells than the header, the first here; those that are missing may be empty, "
        "and are read as empty",
    ),
    "spaced-quotes": IssueCode(
        _N,
        "Quoted cells with spaces around them.",
        "Nothing: they are read without the spaces and the quotes.",
        "{count:row has|rows have} a quoted cell with spaces around it, the first here; such a cell is "
        "read without them",
    ),
    "unclosed-quote": IssueCode(
        _E,
        "A quote that is closed only on a later line, or never.",
        "Close the quote on the line of its row.",
        forms={
            **{form: f"{words}{_GOES_ON}" for form, words in _QUOTING.items()},
            "cell": "A quoted cell of this row goes on to another line, and the row to line {last}; if a "
            "quote is wrong, rows between are not read",
        },
    ),
    "unknown-column": IssueCode(
        _W,
        "A column that is not recognised.",
        "Nothing, unless you need what is in it: it is not imported.",
        "is not a column that this file can have, and is not read",
    ),
    "unnamed-column": IssueCode(
        _W,
        "Values in a column without a name.",
        "Name the column if it is to be read.",
        "is in a column without a name, which is not read; {count:row has|rows have} a value there, the first here",
    ),
    # Cells
    "bad-attribute": IssueCode(
        _E,
        "A value that the label's attribute spec refuses.",
        "Correct the value, or the label's spec.",
        "breaks the label's attribute spec: {fault}",
        forms={"no-spec": "has no attribute spec: its label has none of that name"},
    ),
    "bad-box-id": IssueCode(
        _E, "A BoxID that cannot be one.", "Correct the cell, or leave it empty.", forms=file_name_forms("a BoxID")
    ),
    "bad-bytes": IssueCode(
        _E, "A size in bytes that is not a number.", "Correct the cell, or leave it empty.", "is not a number of bytes"
    ),
    "bad-click": IssueCode(
        _E,
        "An extreme click that is neither a fraction nor -1.",
        "Correct the cell; -1 means none.",
        _NO_CLICK,
        forms=_outside_forms(_NO_CLICK),
    ),
    "bad-confidence": IssueCode(
        _E,
        "A confidence that is not a number from 0 to 1.",
        "Correct the cell.",
        "is not a confidence between 0 and 1",
        forms=_NUMBER,
    ),
    "bad-flag": IssueCode(
        _E,
        "A flag that is not 1, 0 or -1.",
        "Correct the cell: 1 yes, 0 no, -1 unknown.",
        "is not 1 (yes), 0 (no) or -1 (unknown)",
    ),
    "bad-fraction": IssueCode(
        _E,
        "A coordinate that is not a fraction between 0 and 1.",
        "Write coordinates as fractions: pixels divided by the image's width or height.",
        _NO_FRACTION,
        forms=_outside_forms(_NO_FRACTION),
    ),
    "bad-label-name": IssueCode(
        _E,
        "A LabelName that cannot be one.",
        "Correct the LabelName.",
        forms={
            **name_forms("a LabelName"),
            "kind": "the LabelName is {kind}, not text",
            "blank": "is an empty LabelName",
            "control": "contains a control character, a line break or half a surrogate pair",
            "unreadable": "is a label whose name could not be read again; it is not written",
        },
    ),
    "bad-mask-path": IssueCode(
        _E, "A MaskPath that cannot be a file's name.", "Correct the cell.", forms=file_name_forms("a MaskPath")
    ),
    "bad-number": IssueCode(_E, "A cell that is not a number.", "Correct the cell.", forms=_NUMBER),
    "bad-rotation": IssueCode(
        _E,
        "A rotation that is not in degrees.",
        "Correct the cell, or leave it empty.",
        "is not an angle between -360 and 360 degrees",
        forms=_NUMBER,
    ),
    "bad-source": IssueCode(_E, "A source that cannot be stored.", "Correct the cell.", forms=name_forms("a Source")),
    "bad-text": IssueCode(
        _E,
        "A text that cannot be stored.",
        "Save the file as UTF-8, without NUL bytes.",
        forms={**name_forms("this text"), "line": "the line is not UTF-8"},
    ),
    "clipped": IssueCode(
        _W,
        "Coordinates slightly outside the image that {--clip} has moved to its edge.",
        "Nothing, if they come from rounded pixels.",
        "is moved to the image's edge; {count:row has|rows have} such a coordinate in this column, the first here",
    ),
    "dot-folder": IssueCode(
        _N,
        "Paths that begin with “./”.",
        "Nothing: they are read without it.",
        "is read without “./”; {count:row has|rows have} such a path, the first here",
    ),
    "empty-box": IssueCode(
        _W, "A box without area.", "Check it: it is imported as it is.", "equals {low}: the box is empty"
    ),
    "half-a-box": IssueCode(
        _E,
        "A box with only some of its sides.",
        "Fill all four cells, or none.",
        "is empty, but a row has all of {names} or none",
    ),
    "inside-out": IssueCode(
        _E, "A box whose minimum is above its maximum.", "Swap the two values.", "is below {low}, which is {least}"
    ),
}

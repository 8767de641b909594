"""Every kind of issue, declared once: how bad it is, what it means, the sentence that says it, and what to do about it.

An issue carries its code and parameters; the sentence is made from these tables when it is shown. `docs/issues.md` is
generated from them, and `tests/format/test_issue_codes.py` compares them with the code that reports issues. What may be
wrong with an archive is declared beside the archives, in `archives/problem_codes.py`.
"""

from collections.abc import Mapping
from typing import Any, Final

from openimages_io.archives.problem_codes import PROBLEM_CODES
from openimages_io.format.issue_codes.bulk import BULK_CODES
from openimages_io.format.issue_codes.exports import EXPORT_CODES
from openimages_io.format.issue_codes.files import FILE_CODES, UNLISTED
from openimages_io.format.issue_codes.hierarchy import HIERARCHY_CODES
from openimages_io.format.issue_codes.masks import MASK_CODES
from openimages_io.format.issue_codes.names import NAME_CODES
from openimages_io.format.issue_codes.tables import TABLE_CODES
from openimages_io.sentences import IssueCode, OptionName, Said, Severity, fill, say
from openimages_io.value_faults import fault_sentence, is_fault

__all__ = ["CODES", "UNLISTED", "IssueCode", "Severity", "code_of", "sentence"]

CODES: Final[Mapping[str, IssueCode]] = {
    **PROBLEM_CODES,
    **FILE_CODES,
    **TABLE_CODES,
    **HIERARCHY_CODES,
    **NAME_CODES,
    **MASK_CODES,
    **EXPORT_CODES,
    **BULK_CODES,
}

UNKNOWN: Final = IssueCode(Severity.ERROR, "A kind of issue that this version doesn't have.", "Read the issue itself.")
"""Of reports that another version has stored."""


def code_of(name: str) -> IssueCode:
    """What is declared of a code; something general for one that only another version has."""
    return CODES.get(name, UNKNOWN)


def sentence(code: str, params: Mapping[str, Any], option_name: OptionName = str) -> str:
    """What is said of an issue: its parameter `reason` if it has one, else the code's sentence with its parameters."""
    if "reason" in params:
        return str(params["reason"])
    declared = code_of(code)
    try:
        params = {name: _nested(value, option_name) for name, value in params.items()}
        said = fill(declared, params, option_name)
    except (KeyError, ValueError, TypeError):  # stored by a version with other parameters
        said = ""
    return said or ", ".join(
        [say(declared.about, {}, option_name), *(f"{name}: {value}" for name, value in sorted(params.items()))]
    )


def _nested(value: Any, option_name: OptionName) -> Any:
    """The sentence of a parameter that has a code and parameters of its own; any other as it is."""
    if is_fault(value):
        return Said(fault_sentence(value))
    if isinstance(value, Mapping) and "code" in value:
        return Said(sentence(value["code"], value.get("params", {}), option_name))
    return value

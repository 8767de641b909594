"""`python -m docs.generate_issues`: writes the page of all issues, `docs/issues.md`, from their declarations."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import django

from openimages_io.format.issue_codes import CODES, IssueCode
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.value_faults import SENTENCES

TARGET: Final = Path(__file__).resolve().parent / "issues.md"

INTRO: Final = """\
# Issues

*This page is written by `python -m docs.generate_issues` from `openimages_io/format/issue_codes/` and `openimages_io/archives/problem_codes.py`; a test compares the two.*

What an import, an export or a check finds is a list of issues. Each has a severity, a code, the parameters of its sentence, and its place: file, line, column
and what was there. Reports and jobs store these; the sentence is made when it is shown. Only an error keeps an import from being written.

A summary by kind comes first: how many, the first places, an example, what to do. An issue that sums several findings up, such as 107 pictures in another folder, has
their number as `count`, and the summary counts it so. In a report as CSV the first column, `row`, is `summary`, `unlisted` (a range of lines) or `issue`. A report lists 10,000 issues of a code (`MAX_ISSUES_PER_CODE` in
`OPENIMAGES_IO`); of more it has the number and the lines.

A parameter may have a code and parameters of its own: its sentence is a part of the other. So has `fault`, [the rule](#rules-that-values-break) that a value breaks. What an
operating system or a decoder says itself is the parameter `detail`. Reports that earlier versions have stored may have all the words in a parameter `reason`, which is
shown as it is.

| code | severity | what it means | sentence | what to do |
|---|---|---|---|---|
"""


SKIPPED: Final = """
## Why rows are skipped

The totals of a report and of a job count skipped rows by these codes; `no-such-spec` has the attribute's name behind it, as in `no-such-spec:pose`. They are
declared in `openimages_io/format/skip_reasons.py`.

| code | words |
|---|---|
"""


RULES: Final = """
## Rules that values break

The `fault` of `bad-shape` and `bad-attribute`, as `{"code": "out_of_range", "params": {"form": "high", "value": 2, "high": 1}}`. The codes are those that the API answers with, too
([all of them](api-reference.md#all-codes)); `form` names the sentence where a code has several. They are declared in `openimages_io/value_faults.py`.

| code | form | sentence |
|---|---|---|
"""


OUTCOMES: Final = """
## What came of a job

A job's row has one of these codes with its parameters (`error`, `text`); the rest of the sentence is made of the row itself. They are declared in
`openimages_io/models/outcomes.py`. `error` is the sentence of an error that no code stands for; `text` is what an earlier version has stored.

| code | sentence |
|---|---|
"""


def generate() -> str:
    """The page."""
    from openimages_io.models.outcomes import Outcome  # noqa: PLC0415  (needs the app registry)

    issues = "".join(_row(code, declared) for code, declared in sorted(CODES.items()))
    return (
        INTRO
        + issues
        + SKIPPED
        + "".join(f"| `{reason}` | {reason.words} |\n" for reason in SkipReason)
        + RULES
        + "".join(
            f"| `{code}` | {form and f'`{form}`'} | `{sentence}` |\n"
            for code, forms in SENTENCES.items()
            for form, sentence in forms.items()
        )
        + (OUTCOMES + "".join(f"| `{outcome}` | `{outcome.template}` |\n" for outcome in Outcome))
    )


def _row(code: str, declared: IssueCode) -> str:
    sentences = " / ".join(_sentences(declared)).replace("|", "\\|")
    row = f"| `{code}` | {declared.severity} | {declared.about} | {sentences} | {declared.advice} |\n"
    return re.sub(r"\{(--[^{}]*)\}", r"\1", row)


def _sentences(declared: IssueCode) -> Iterator[str]:
    for template in (declared.sentence, *declared.forms.values()):
        if template:
            yield f"`{template}`"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    TARGET.write_text(generate(), "utf-8")

"""Every code of an issue is declared once, and what is declared is used."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import openimages_io
from openimages_io.format.issue_codes import CODES, UNLISTED, Severity, sentence
from openimages_io.format.issues import Issue

ROOT = Path(openimages_io.__file__).parent
FIRST = {"issue", "warn", "bad", "refuse", "stop", "file_problem", "archive_problem", "DirectoryError", "Fault"}
"""Functions whose first argument is an issue's code."""
SECOND = {"_of_few", "_of_many"}
"""Functions whose second argument is one."""
IN_PLACES = ("archives", "format", "transfer")


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def constants() -> Iterator[tuple[str, str]]:
    """Texts in the modules that report issues, with the module."""
    for folder in IN_PLACES:
        for path in (ROOT / folder).rglob("*.py"):
            if path.name == "issue_codes.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path.name, node.value


def given(node: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that are a code."""
    yield from (keyword.value for keyword in node.keywords if keyword.arg == "code")
    if called(node) in FIRST:
        yield from node.args[:1]
    if called(node) in SECOND:
        yield from node.args[1:2]


def codes_of_calls() -> Iterator[tuple[str, str]]:
    """Codes that are written down where an issue is reported, with the place."""
    for folder in IN_PLACES:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    for argument in given(node):
                        if isinstance(argument, ast.Constant):
                            yield f"{path.name}:{node.lineno}", str(argument.value)


def test_every_code_that_is_reported_is_declared() -> None:
    found = set(codes_of_calls())
    assert len(found) > 60
    unknown = {(place, code) for place, code in found if code not in CODES}
    assert not unknown, "declare them in openimages_io/format/issue_codes.py"


def test_every_code_that_is_declared_is_reported() -> None:
    used = {text for _, text in constants()} | {"short-row", "long-row", UNLISTED}
    assert set(CODES) - used == set()


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_it_means_and_what_to_do(code: str) -> None:
    declared = CODES[code]
    assert declared.about.endswith(".")
    assert declared.advice.endswith(".")
    for template in (declared.sentence, *declared.forms.values()):
        assert not template.endswith(".")
        names = [name for _, name, _, _ in Formatter().parse(template) if name]
        said = sentence(code, dict.fromkeys(names, 2) | _form(code, template))
        assert "{" not in said


def _form(code: str, template: str) -> dict[str, str]:
    return next(({"form": form} for form, each in CODES[code].forms.items() if each == template), {})


def test_a_number_has_its_noun() -> None:
    one = Issue(code="mask-without-box", params={"count": 1})
    many = Issue(code="mask-without-box", params={"count": 1204})
    assert str(one).startswith("1 mask names a box")
    assert str(many).startswith("1,204 masks name a box")
    assert one.severity is Severity.NOTE


def test_what_another_version_stored_is_shown() -> None:
    old = {"code": "gone-since", "reason": "was wrong", "file": "a.csv", "line": 2, "column": "X", "value": "v"}
    assert str(Issue.of_dict(old | {"severity": "warning"})) == 'a.csv:2: X: "v" was wrong'
    assert str(Issue(code="mask-without-box", params={"masks": 3})) == "Masks whose box is missing., masks: 3"


def test_untrusted_texts_in_parameters_are_made_printable() -> None:
    issue = Issue(code="two-pictures", params={"where": "", "first": "a\x1b[31m\udce9" + "x" * 300})
    assert "\x1b" not in issue.reason
    assert "\\xe9" in issue.reason
    assert len(issue.reason) < 300

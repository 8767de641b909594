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
FIRST = {
    "issue",
    "warn",
    "bad",
    "error",
    "refuse",
    "stop",
    "file_problem",
    "archive_problem",
    "DirectoryError",
    "Fault",
}
"""Functions whose first argument is an issue's code."""
SECOND = {"_of_few", "_of_many"}
"""Functions whose second argument is one."""
IN_PLACES = ("annotations", "archives", "format", "transfer")


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def constants() -> Iterator[tuple[str, str]]:
    """Texts in the modules that report issues, with the module."""
    for folder in IN_PLACES:
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent.name == "issue_codes" or path.name == "problem_codes.py":
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
    assert not unknown, "declare them in openimages_io/format/issue_codes/"


def test_every_code_that_is_declared_is_reported() -> None:
    used = {text for _, text in constants()} | {"short-row", "long-row", UNLISTED}
    assert set(CODES) - used == set()


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_it_means_and_what_to_do(code: str) -> None:
    declared = CODES[code]
    assert declared.sentence or declared.forms
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


@pytest.mark.parametrize(
    ("code", "params", "text"),
    [
        (
            "bad-shape",
            {"kind": "tag", "shape": 3, "image": "train/a", "detail": "A tag has no box."},
            "tag 3 on train/a: A tag has no box.",
        ),
        ("bad-attribute", {"detail": "2 is above 1."}, "breaks the label's attribute spec: 2 is above 1."),
    ],
)
def test_a_rules_sentence_that_was_stored_is_shown(code: str, params: dict[str, object], text: str) -> None:
    """Reports had the sentence as `detail` before they had the rule's code and parameters."""
    old = {"code": code, "params": params, "file": "", "line": None, "column": "x_min", "value": None}
    issue = Issue.of_dict(old | {"severity": "error"})
    assert issue.reason == text
    assert Issue.of_dict(issue.as_dict()) == issue


def test_a_fault_of_another_version_is_shown() -> None:
    params = {"fault": {"code": "of_tomorrow", "params": {"form": "x", "value": 3}}}
    assert "of_tomorrow" not in Issue(code="bad-attribute", params={"fault": None}).reason
    assert Issue(code="bad-attribute", params=params).reason


def test_untrusted_texts_in_parameters_are_made_printable() -> None:
    issue = Issue(code="two-pictures", params={"where": "", "first": "a\x1b[31m\udce9" + "x" * 300})
    assert "\x1b" not in issue.reason
    assert "\\xe9" in issue.reason
    assert len(issue.reason) < 300


CODE_OF = {
    "BadMask": "bad-mask",
    "BadPicture": "bad-picture",
    "TooManyPixels": "bad-picture",
    "TooLargeToShow": "bad-picture",
    "CannotBeWritten": "shape-unwritten",
    "UncertainColumns": "bad-header",
    "UnwritableHierarchy": "bad-hierarchy",
}
"""What is raised with the form of one code's sentence as its first argument."""
FORM_AT = {
    "BadCell": 1, "BadValue": 1, "DirectoryError": 1, "stop": 1, "file_problem": 2, "archive_problem": 2, "refuse": 2,
}  # fmt: skip
"""Functions whose first argument is a code, and the place of the form."""


def forms_of_calls() -> Iterator[tuple[str, str, str]]:
    """The place, the code and the form of what is raised or reported, as far as they are written down there."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name, texts = called(node), [each.value if isinstance(each, ast.Constant) else None for each in node.args]
            if name in CODE_OF and texts and isinstance(texts[0], str):
                yield f"{path.name}:{node.lineno}", CODE_OF[name], texts[0]
            at = FORM_AT.get(name, 0)
            if at and len(texts) > at and isinstance(texts[0], str) and isinstance(texts[at], str) and texts[at]:
                yield f"{path.name}:{node.lineno}", texts[0], str(texts[at])


@pytest.mark.long
def test_every_form_of_a_sentence_that_is_used_is_declared() -> None:
    found = set(forms_of_calls())
    assert len(found) > 100
    assert {(place, code, form) for place, code, form in found if form not in CODES[code].forms} == set()


def test_an_issue_has_no_way_to_carry_a_finished_sentence() -> None:
    with pytest.raises(TypeError):
        Issue(code="bad-flag", reason="is bad")  # type: ignore[call-arg]


def test_a_sentence_may_be_a_part_of_another() -> None:
    fault = {"code": "bad-mask", "params": {"form": "png-checksum", "chunk": "IDAT"}}
    issue = Issue(code="bad-mask", params={"form": "stored", "kind": "mask", "shape": 3, "image": "a", "fault": fault})
    assert str(issue) == "mask 3 on a: the PNG is damaged: the checksum of its IDAT chunk is wrong"
    assert Issue.of_dict(issue.as_dict()) == issue

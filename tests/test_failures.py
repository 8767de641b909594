"""Every failure that is raised is declared, with the parameters of its sentence, and every declared one is raised."""

import ast
from functools import cache
from string import Formatter

from openimages_io.failures import FAILURES, failure_sentence
from tests.conftest import ROOT

_CLASSES = {"Failure", "NoTemporarySpace"}


@cache
def raised() -> dict[str, set[str]]:
    """The codes that the sources name, each with the parameters that are given beside it; `**` may be any."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "openimages_io").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", "") in _CLASSES:
                if isinstance(code := node.args[0], ast.Constant):
                    found.setdefault(str(code.value), set()).update(one.arg or "**" for one in node.keywords)
            elif isinstance(node, ast.Tuple) and path.name == "export_marker.py":
                first = node.elts[0] if node.elts else None
                if isinstance(first, ast.Constant) and str(first.value).startswith("dest-"):
                    found.setdefault(str(first.value), set()).add("**")
    return found | {"storage": {"detail"}}  # made by a class method of its own


def test_declared_and_raised_are_the_same() -> None:
    assert raised().keys() == FAILURES.keys()


def test_the_parameters_are_those_of_the_sentence() -> None:
    for code, given in raised().items():
        if "**" not in given:
            assert {name for _, name, _, _ in Formatter().parse(FAILURES[code]) if name} == given, code


def test_an_untrusted_text_is_shortened_and_shown_as_it_is() -> None:
    said = failure_sentence("no-label", {"labels": ["{label}", "a" * 1000, "\x1b[31m"]})
    assert said.startswith("The task has no label “{label}”, “aaa")
    assert len(said) < 400
    assert "\x1b" not in said

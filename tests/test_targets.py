"""No test is in no target: what `.ci/run` makes runs all of them."""

import itertools
import re
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NO_DATABASE, ROOT, SQLITE_ONLY, sample, tried_in_part

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PYTEST = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
MARKERS = ("django_db", "programs", "long", "thorough", "many")


def rule(target: str) -> tuple[list[str], str]:
    """What a target needs, and its recipe."""
    found = re.search(
        rf"^{target}:(?! \w+ =)([^#\n]*).*\n((?:\t.*\n|\S*if.*\n|else\n|endif\n)*)", MAKEFILE, re.MULTILINE
    )
    assert found, target
    return found[1].split(), found[2]


def made(*targets: str) -> dict[str, str]:
    """The recipes of targets, and of all that they need or make in their turn."""
    recipes: dict[str, str] = {}
    for target in targets:
        if re.fullmatch("[a-z-]+", target) and target not in recipes:
            needs, recipe = rule(target)
            recipes[target] = recipe
            recipes |= made(*needs, *re.findall(r"\$\(MAKE\)(?: --\S+)* ([a-z-]+)", recipe, re.MULTILINE))
    return recipes


def by_ci() -> dict[str, str]:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    beside = " ".join(re.findall(r"^beside (.*)", script, re.MULTILINE))
    alone = re.findall(r"^\s*make ([a-z][a-z-]*)", script, re.MULTILINE)
    return made(*alone, *re.findall(r"(?<![=\w-])(?:test|torture)[a-z-]*", beside))


def selection(recipe: str) -> Expression:
    """Which tests a recipe runs: all, or by the variable with the markers."""
    found = re.search(r"-m \$\((\w+)\)", recipe)
    if found is None:
        return Expression.compile("")
    value = re.search(rf'^{found[1]} := "(.*)"$', MAKEFILE, re.MULTILINE)
    assert value, found[1]
    return Expression.compile(value[1])


def has(markers: frozenset[str], expression: Expression) -> bool:
    return expression.evaluate(lambda name, /, **_: name in markers)


ALL = [frozenset(some) for count in range(len(MARKERS) + 1) for some in itertools.combinations(MARKERS, count)]


def test_these_are_the_markers() -> None:
    own = [line.partition(":")[0] for line in PYTEST["markers"]]
    assert {"django_db", *own} == set(MARKERS)


@pytest.mark.parametrize("markers", ALL, ids=lambda markers: "-".join(sorted(markers)) or "none")
def test_whatever_its_markers_a_test_is_in_a_target(markers: frozenset[str]) -> None:
    on_sqlite = {name: recipe for name, recipe in by_ci().items() if re.search(r"DATABASE_URL= \$\(PYTEST\)", recipe)}
    assert {"test-sqlite", "test-slow"} <= on_sqlite.keys()
    whole = [recipe for recipe in on_sqlite.values() if not re.search(r"\$\(QUICK\)", recipe)]
    if "many" in markers:  # all of its cases and examples
        assert any(has(markers, selection(recipe)) for recipe in whole)
    if "thorough" not in markers:
        assert has(markers, selection(rule("test-sqlite")[1]))
    assert any(has(markers, selection(recipe)) for recipe in on_sqlite.values())
    assert "django_db" not in markers or "thorough" in markers or has(markers, selection(rule("test-postgres")[1]))


def test_what_is_tried_in_part_is_marked() -> None:
    @given(st.integers())
    def examples(number: int) -> None: ...

    def item(name: str, test: object = len) -> Any:
        return SimpleNamespace(nodeid=f"tests/format/test_a.py::{name}", path=ROOT / "tests/format/test_a.py", obj=test)

    one, three = item("one"), [item(f"three[{number}]") for number in range(3)]
    property_test = item("examples", examples)
    every = [one, *three, property_test]
    assert tried_in_part(every) == [*three[1:], property_test]
    assert sample(every, set()) == [one, three[0], property_test]
    assert sample(every, {"format"}) == every


def test_the_quick_ones_are_the_usual_one_without_what_is_long_or_starts_programs() -> None:
    fast, usual, lowest, newest = (
        selection(rule(target)[1]) for target in ("test-fast", "test-sqlite", "test-lowest", "test-newest")
    )
    for markers in ALL:
        is_brief = has(markers, usual) and "long" not in markers
        assert has(markers, newest) == is_brief
        assert has(markers, fast) == has(markers, lowest) == (is_brief and "programs" not in markers)


def test_the_file_that_the_others_leave_out_is_run_whole() -> None:
    recipes = made("test-thorough")
    assert re.findall(r"^NOT_SCHEMA := --ignore (\S*)", MAKEFILE, re.MULTILINE) == ["tests/api/test_schemathesis.py"]
    assert re.search(r"^SPREAD = .*\$\(NOT_SCHEMA\)$", MAKEFILE, re.MULTILINE)
    assert "OPENIMAGES_THOROUGH=1" in recipes["test-schema"]
    assert "pytest tests/api/test_schemathesis.py $(ARGS)" in recipes["test-schema"]
    assert not re.search(r"-m \$|\$\(QUICK\)", recipes["test-schema"])


def test_folders_of_tests_that_are_not_run_by_themselves_have_a_target() -> None:
    apart = [name for name in PYTEST["norecursedirs"] if any((ROOT / "tests" / name).glob("test_*.py"))]
    assert "interop" in apart
    for name in apart:
        assert any(f"tests/{name}" in recipe for recipe in by_ci().values()), name


def test_what_one_database_will_do_for_is_there() -> None:
    for name in SQLITE_ONLY:
        assert (ROOT / "tests" / name).is_file(), name


@pytest.mark.parametrize("folder", sorted(NO_DATABASE))
def test_no_test_of_these_folders_needs_the_database(folder: str) -> None:
    files = list((ROOT / "tests" / folder).rglob("*.py"))
    assert files
    for path in files:
        assert not re.search(r"django_db|transactional_db|\bdb: |TestCase", path.read_text("utf-8")), path

"""What the documentation says is true: options, settings, targets, links, commands and generated pages."""

import argparse
import re
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from docs import generate_format, generate_issues, tour
from docs.patterns import examples, readable
from openimages_io import models
from openimages_io.conf import Options
from openimages_io.format import known_files
from openimages_io.format.limits import Limits
from openimages_io.format.tables import TABLES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
COMMANDS = {
    "import_openimages": "import.md",
    "export_openimages": "export.md",
    "prune_openimages_jobs": "jobs.md",
}


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables, by the code in their first cell."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"\| `([^`]+)` \|", line):
            found[match[1]] = [cell.strip() for cell in line.strip("|").split("|")]
    return found


def own_actions(name: str) -> dict[str, argparse.Action]:
    """A command's own arguments by the name that people type, without those that every command of Django has."""
    shared = {action.dest for action in BaseCommand().create_parser("manage.py", name)._actions}
    parser = load_command_class("openimages_io", name).create_parser("manage.py", name)
    own = [action for action in parser._actions if action.dest not in shared]
    return {action.option_strings[-1] if action.option_strings else str(action.metavar): action for action in own}


@pytest.mark.parametrize(("name", "page"), COMMANDS.items())
def test_every_option_is_documented_and_no_other(name: str, page: str) -> None:
    documented = {words.split()[0]: cells for words, cells in rows(text_of(page)).items()}
    documented = {word: cells for word, cells in documented.items() if word.startswith("--") or word.isupper()}
    assert documented.keys() == own_actions(name).keys()


@pytest.mark.parametrize(("name", "page"), COMMANDS.items())
def test_every_choice_and_default_is_documented(name: str, page: str) -> None:
    documented = {words.split()[0]: cells for words, cells in rows(text_of(page)).items()}
    for option, action in own_actions(name).items():
        _, default, meaning = documented[option]
        for choice in action.choices or ():
            assert f"`{choice}`" in default + meaning, (option, choice)
        if action.choices:
            # The help says the defaults of options that are None when they are not given.
            said = re.findall(r"(?:Default|new task): (\w+)", action.help or "")
            assert re.findall(r"`(\w+)`", default) == said, option
        assert (default == "required") is action.required, option
        assert ("several times" in meaning) is isinstance(action, argparse._AppendAction), option


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {key: cells[1] for key, cells in rows(text_of("settings.md")).items()}
    defaults = {field.name.upper(): field.default for field in (*fields(Limits), *fields(Options))}
    assert documented == {
        key: f"`{default}`" if isinstance(default, str | bool) else f"{default:,}" for key, default in defaults.items()
    }


def test_every_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    documented: set[str] = set()
    for page in PAGES:
        text = page.read_text("utf-8")
        code = re.findall(r"```bash\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
        for part in code:
            documented.update(re.findall(r"^make ([a-z-]+)", part, re.MULTILINE))
    assert {"demo", "test", "bench", "docs", "wheel", "test-interop"} <= documented
    assert documented <= targets


def anchors(page: Path) -> set[str]:
    """What a heading is linked by: a second one of the same words has a number."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
        if found[name]:
            found[f"{name}-{found[name]}"] = 0
    return set(found)


def links(page: Path) -> list[str]:
    """Where a page's links and pictures lead, without those to other sites."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")) if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert linked.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(linked), target


def test_the_index_leads_to_every_page() -> None:
    index = DOCS / "README.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert set(PAGES) - linked == {index}
    assert index in {(ROOT / link).resolve() for link in links(ROOT / "README.md")}


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) < 250


def test_no_page_is_named_that_is_not_there() -> None:
    """In messages, hints and docstrings: `docs/format.md`, or a section of the README in quotes."""
    sources = [
        *ROOT.glob("openimages_io/**/*.py"),
        *ROOT.glob("project/*.py"),
        *ROOT.glob("docs/*.py"),
        ROOT / "Makefile",
    ]
    for source in sources:
        text = source.read_text("utf-8")
        for name in re.findall(r"\bdocs/[\w-]+\.md\b", text):
            assert (ROOT / name).is_file(), (source, name)
        for heading in re.findall(r"“([^”]+)” in the README", text):
            assert f"\n## {heading}\n" in README, (source, heading)


def test_every_command_of_the_readme_and_the_tour_is_run() -> None:
    for target in tour.TARGETS:
        text = target.read_text("utf-8")
        inside = text[text.index("<!-- tour") : text.index("<!-- end of the tour")]
        blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        assert len(blocks) >= 4
        assert all(block in inside for block in blocks)
    others = re.findall(r"^```bash\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    # test_wheel.py runs these two in a site of its own.
    run = [line for block in others for line in block.splitlines() if "manage.py" in line]
    assert [line.split()[2] for line in run] == ["migrate", "import_openimages"]


@pytest.mark.programs
@pytest.mark.thorough
@pytest.mark.parametrize("target", tour.TARGETS, ids=lambda target: target.name)
def test_the_tour_shows_what_its_commands_print(target: Path) -> None:
    page = target.read_text("utf-8")
    assert tour.told(page) == page, "Run `make docs`, and look at the difference."


def test_the_format_page_is_what_the_declarations_say() -> None:
    page = generate_format.TARGET.read_text("utf-8")
    assert page == generate_format.generate(), "Run `make docs`, and look at the difference."
    page = generate_issues.TARGET.read_text("utf-8")
    assert page == generate_issues.generate(), "Run `make docs`, and look at the difference."


def test_the_format_page_says_what_becomes_of_every_column() -> None:
    for table in TABLES:
        becomes = generate_format.becomes()[table.title]
        assert becomes.keys() == {column.name for column in (*table.columns, *table.extra)}
        for text in becomes.values():
            for model, field in re.findall(r"`([A-Z]\w+)\.(\w+)`", text):
                getattr(models, model)._meta.get_field(field)


def test_names_for_people_stand_for_names_that_are_read() -> None:
    patterns = [table.pattern for table in known_files.TABLES]
    patterns += [pattern for pattern, _ in known_files.NOT_READ] + [*known_files.HIERARCHIES, known_files.SHARD]
    for pattern in patterns:
        for name in readable(pattern):
            for example in examples(name):
                assert pattern.fullmatch(example), (name, example)


def test_a_pattern_that_cannot_be_written_for_people_is_told() -> None:
    with pytest.raises(ValueError, match="cannot be written for people"):
        readable(re.compile(r"(?P<subset>\w+)-boxes\.csv"))


def test_the_pictures_are_small_and_each_is_shown() -> None:
    shown = {page: re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text("utf-8")) for page in PAGES}
    assert len(shown[ROOT / "README.md"]) == 2
    paths = {(page.parent / path).resolve() for page, found in shown.items() for path in found}
    assert paths == set((DOCS / "images").iterdir())
    for path in paths:
        picture = path.read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 300_000, path


def test_the_readme_names_the_versions_of_the_package() -> None:
    metadata = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'requires-python = ">=3.11"' in metadata
    assert '"Django>=5.2"' in metadata
    assert "Python 3.11 to 3.13 and Django 5.2 or newer" in README
    assert sorted(re.findall(r"Python :: (3\.\d+)", metadata)) == ["3.11", "3.12", "3.13"]

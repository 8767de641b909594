"""The options of imports and exports: stated once, and the same in the command, the forms and the API."""

import argparse
import re
from typing import Any

import pytest
from django import forms
from django.core.management import CommandError, load_command_class
from rest_framework import serializers

from openimages_io.admin.option_forms import ExportForm, ImportForm, described, field_name
from openimages_io.api.jobs import requests
from openimages_io.api.option_names import api_name
from openimages_io.format.issue_codes import CODES
from openimages_io.management.arguments import chosen_options
from openimages_io.models import Task
from openimages_io.transfer.options import ExportOptions, ImportOptions, Option, as_json, from_json, options_of

KINDS = [ImportOptions, ExportOptions]
COMMANDS = {ImportOptions: "import_openimages", ExportOptions: "export_openimages"}
SERIALIZERS = {ImportOptions: requests.ImportForm, ExportOptions: requests.ExportBody}
OTHERS = {"archive", "dry_run", "filter", "images", "kept", "task_name", "upload"}
"""Fields that are not options."""


def another(option: Option) -> Any:
    """A value that is not the default, as JSON."""
    if option.choices is not None:
        return option.choices.values[-1]
    return not option.default if option.is_switch else ["a", "b"]


def arguments(option: Option) -> list[str]:
    """The same on a command line."""
    value = another(option)
    if option.is_switch:
        return [option.flag]
    return [part for word in ([value] if option.choices else value) for part in (option.flag, word)]


def parser_of(kind: Any) -> argparse.ArgumentParser:
    return load_command_class("openimages_io", COMMANDS[kind]).create_parser("manage.py", COMMANDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_has_every_option_and_its_words(kind: Any) -> None:
    line = [part for option in options_of(kind) for part in arguments(option)]
    required = ["source", "--task", "t"] if kind is ImportOptions else ["t", "dest"]
    wanted = {option.name: another(option) for option in options_of(kind)}
    assert as_json(chosen_options(kind, vars(parser_of(kind).parse_args([*required, *line])))) == wanted
    assert chosen_options(kind, vars(parser_of(kind).parse_args(required))) == kind()
    actions = {flag: action for action in parser_of(kind)._actions for flag in action.option_strings}
    for option in options_of(kind):
        assert list(actions[option.flag].choices or ()) == (option.choices.values if option.choices else [])
        assert str(option.about) in str(actions[option.flag].help)


def test_a_command_that_is_called_refuses_unknown_words_and_takes_one_name() -> None:
    with pytest.raises(CommandError, match="“mix” is not one of: merge, replace, append"):
        chosen_options(ImportOptions, {"mode": "mix"})
    assert chosen_options(ImportOptions, {"subset": "train"}).subsets == {"train"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_has_every_option_and_its_words(kind: Any) -> None:
    fields: Any = SERIALIZERS[kind]().fields
    assert fields.keys() - OTHERS == {option.name for option in options_of(kind)}
    for option in options_of(kind):
        field = fields[option.name]
        assert list(getattr(field, "choices", ())) == (option.choices.values if option.choices else [])
        assert isinstance(field, serializers.ListField) is (option.choices is None and not option.is_switch)
        assert option.help in str(field.help_text)
        assert not field.required


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_the_form_has_every_option_and_its_words(kind: Any) -> None:
    form = ImportForm(task=Task(name="t")) if kind is ImportOptions else ExportForm()
    assert form.fields.keys() - OTHERS == {option.name for option in options_of(kind)}
    for option in options_of(kind):
        field: Any = form.fields[option.name]
        assert str(field.label) == str(option.label)
        assert isinstance(field, forms.ChoiceField) is (option.choices is not None)
        if option.choices is not None:
            assert [str(word) for word, _ in field.choices] == option.choices.values
    assert from_json(kind, dict(form.initial)) == (kind().settled(new_task=False) if kind is ImportOptions else kind())


def test_policies_depend_on_whether_the_task_is_new() -> None:
    there, new = ImportOptions().settled(new_task=False), ImportOptions().settled(new_task=True)
    assert (there.missing_images, there.missing_labels, there.missing_attributes) == ("error", "error", "drop")
    assert (new.missing_images, new.missing_labels, new.missing_attributes) == ("create", "create", "create")
    assert from_json(ImportOptions, {"missing_images": "skip"}).settled(new_task=True).missing_images == "skip"
    assert ImportForm(task=None, initial={"missing_images": None}).initial["missing_images"] == "create"


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_tells_what_was_chosen(kind: Any) -> None:
    kept = {option.name: another(option) for option in options_of(kind)}
    assert [str(label) for label, _ in described(kind, kept)] == [str(option.label) for option in options_of(kind)]
    assert "a, b" in [str(text) for _, text in described(kind, kept)]
    assert list(described(kind, {"mode": "mix"})) == list(described(kind, [1])) == []
    with pytest.raises(TypeError):
        from_json(kind, {"subsets": "train"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_an_option_can_be_translated(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    form = ImportForm(task=Task(name="t")) if kind is ImportOptions else ExportForm()
    options = options_of(kind)
    monkeypatch.setattr("django.utils.translation._trans.gettext", lambda text: f"[{text}]")
    for option in options:
        assert str(option.label).startswith("[")
        assert str(form.fields[option.name].label) == str(option.label)
        assert not option.about or str(option.about).startswith("[")
        for choice in option.choices or ():
            assert str(choice.label).startswith("[")


def test_every_option_that_an_issue_names_is_one_of_the_command_and_of_the_form() -> None:
    """In braces, so that each interface can say its name; without them it could be a part of a file's name."""
    flags = {option.flag for kind in (ImportOptions, ExportOptions) for option in options_of(kind)}
    named = set()
    for code, declared in CODES.items():
        for template in (declared.about, declared.advice, declared.sentence, *declared.forms.values()):
            found = re.findall(r"\{(--[^{}]*)\}", template)
            assert template.count("--") == "".join(found).count("--"), code
            named.update(found)
    assert len(named) > 8
    for option in named:
        assert option.split()[0] in flags
        assert "--" not in field_name(option)


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--clip", "clip: true"),
        ("--no-images", "pictures: false"),
        ("--label", "labels"),
        ("--match exact", 'match: "exact"'),
        ("--missing-images create or skip", 'missing_images: "create" or "skip"'),
        ("--no-option", "--no-option"),
        ("--match no-word", "--match no-word"),
        ("XMin", "XMin"),
    ],
)
def test_the_api_names_its_field_in_the_place_of_the_option(option: str, name: str) -> None:
    assert api_name(option) == name


def test_every_option_that_an_issue_names_is_a_field_of_the_api() -> None:
    fields: set[str] = {str(name) for serializer in SERIALIZERS.values() for name in serializer().fields}
    for declared in CODES.values():
        for template in (declared.about, declared.advice, declared.sentence, *declared.forms.values()):
            for option in re.findall(r"\{(--[^{}]*)\}", template):
                assert api_name(option).partition(":")[0] in fields


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--clip", "“Clip coordinates”"),
        ("--label", "“Only these labels”"),
        (
            "--missing-images create or skip",
            "“Add them” or “Skip their annotations, and count them in the report” under “Unknown images”",
        ),
        ("--no-option", "--no-option"),
        ("XMin", "XMin"),
    ],
)
def test_a_page_names_the_field_in_the_place_of_the_option(option: str, name: str) -> None:
    assert field_name(option) == name

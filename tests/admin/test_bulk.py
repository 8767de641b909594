"""Changes of many images from the gallery: chosen, shown, confirmed; and who may make them."""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import Settings

from openimages_io.models import AttributeSpec, Image, Job, Shape, Task
from openimages_io.models.outcomes import Outcome
from tests.admin.conftest import Browser, text_of

ADMIN = "/admin/openimages_io"
VIEW = ("view_task", "view_image", "view_label", "view_shape")


def bulk(task: Task, action: str, **query: Any) -> str:
    return f"{ADMIN}/task/{task.pk}/gallery/bulk/?{urlencode({'action': action, **query}, doseq=True)}"


def shown(client: Client, address: str) -> tuple[str, str]:
    """The page, and the version of what it shows."""
    page = text_of(client.get(address))
    found = re.search(r'name="shown" value="([^"]+)"', page)
    return page, found[1] if found else ""


def confirm(client: Client, address: str) -> Any:
    _, version = shown(client, address)
    assert version
    return client.post(address, {"shown": version}, follow=True)


def some(task: Task, count: int = 2) -> list[int]:
    return list(task.images.order_by("pk").values_list("pk", flat=True)[:count])


def test_cards_can_be_selected_by_those_who_may_do_something(scenes: Task, as_staff: Browser) -> None:
    gallery = f"{ADMIN}/task/{scenes.pk}/gallery/"
    for number, (extra, actions) in enumerate(
        (
            ((), []),
            (("change_image",), ["move"]),
            (("change_shape",), ["relabel"]),
            (("delete_shape",), ["delete"]),
            (("export_task",), ["export"]),
            (("change_image", "change_shape", "delete_shape", "export_task"), ["move", "relabel", "delete", "export"]),
        )
    ):
        client = as_staff(*VIEW, *extra, name=f"u{number}")
        page = text_of(client.get(gallery))
        assert re.findall(r'name="action" value="(\w+)"', page) == actions
        assert page.count('name="image"') == (len(scenes.images.all()) if actions else 0)
        for action in ("move", "relabel", "delete", "export"):
            response = client.get(bulk(scenes, action, image=some(scenes)))
            assert response.status_code == (200 if action in actions else 403) or (
                action == "export" and response.status_code == 302
            )


@pytest.mark.parametrize(
    ("action", "given", "needed"),
    [
        ("move", {"subset": "x"}, "change_image"),
        ("relabel", {"label": "Cat", "new_label": "Boat"}, "change_shape"),
        ("delete", {"label": "Cat"}, "delete_shape"),
    ],
)
def test_nothing_is_changed_by_those_who_may_not(
    scenes: Task, as_staff: Browser, boss: Client, action: str, given: dict[str, str], needed: str
) -> None:
    others = {"change_image", "change_shape", "delete_shape", "add_attributespec"} - {needed}
    client, address = as_staff(*VIEW, *others), bulk(scenes, action, all=1, **given)
    _, version = shown(boss, address)
    assert version
    before = Task.objects.get(pk=scenes.pk).revision
    assert client.post(address, {"shown": version}).status_code == 403
    assert Task.objects.get(pk=scenes.pk).revision == before


def test_what_deletes_or_adds_besides_is_offered_to_those_who_may(scenes: Task, as_staff: Browser) -> None:
    scenes.labels.create(name="/m/bird", display_name="Bird")
    given = {"all": 1, "label": "Cat", "new_label": "Bird", "duplicates": "delete", "missing_specs": "create"}
    for extra, expected in (((), []), (("delete_shape", "add_attributespec"), ["duplicates", "missing_specs"])):
        client = as_staff(*VIEW, "change_shape", *extra, name=f"u{len(extra)}")
        page = text_of(client.get(bulk(scenes, "relabel", **given)))
        assert [name for name in ("duplicates", "missing_specs") if f'name="{name}"' in page] == expected
        assert ("attribute specs: " in page) == bool(expected)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_selected_cards_are_moved_as_it_was_shown(scenes: Task, boss: Client) -> None:
    images = some(scenes)
    address = bulk(scenes, "move", image=images, within="search=a&page=1")
    page, version = shown(boss, address)
    assert "<strong>2 selected images</strong>" in page
    assert not version
    address += "&subset=holdout"
    page, version = shown(boss, address)
    assert "Move 2 images to the subset “holdout”" in page
    assert not Image.objects.filter(subset="holdout").exists()
    response = confirm(boss, address)
    assert response.redirect_chain[0][0] == f"{ADMIN}/task/{scenes.pk}/gallery/?search=a&page=1"
    page = text_of(response)
    assert "Moved to the subset “holdout”: 2 images." in page
    assert f'href="{ADMIN}/task/{scenes.pk}/gallery/?subset=holdout"' in page
    assert set(Image.objects.filter(subset="holdout").values_list("pk", flat=True)) == set(images)
    noted = LogEntry.objects.values_list("object_repr", "change_message", "action_flag").order_by("pk")
    said = "Moved to the subset “holdout”: 2 images."
    names = [str(image) for image in Image.objects.filter(pk__in=images).order_by("pk")]
    assert list(noted) == [("scenes", said, 2), *((name, said, 2) for name in names)]
    history = text_of(boss.get(f"{ADMIN}/task/{scenes.pk}/history/"))
    assert said in history


def test_annotations_of_a_filter_are_relabelled(scenes: Task, boss: Client) -> None:
    cat = scenes.labels.get(display_name="Cat")
    boxes = Shape.objects.filter(task=scenes, label=cat, kind="rectangle")
    number, others = boxes.count(), Shape.objects.filter(task=scenes, label=cat).exclude(kind="rectangle").count()
    assert number > 1
    assert others
    within = f"label={cat.pk}&kind=rectangle"
    page = text_of(boss.get(bulk(scenes, "relabel", all=1, within=within)))
    assert "<strong>All images that match</strong>" in page
    assert re.findall(r'oi-choice oi-on">([^<]+)<', page) == ["Cat, present", "rectangle"]
    assert 'name="label" value="Cat"' in page
    assert re.search(r'value="asked"[^>]*checked', page)
    bird = scenes.labels.create(name="/m/bird", display_name="Bird")
    given = {"all": 1, "within": within, "label": "Cat", "new_label": "Bird", "which": "asked"}
    page, _ = shown(boss, bulk(scenes, "relabel", **given))
    assert "the new label does not take its attributes" in page
    given["missing_specs"] = "create"
    page, _ = shown(boss, bulk(scenes, "relabel", **given))
    assert f"Relabel {number} annotations from “Cat” to “Bird”" in page
    assert "The new label is given these attribute specs: " in page
    response = confirm(boss, bulk(scenes, "relabel", **given))
    assert f"Relabelled from “Cat” to “Bird”: {number} boxes." in text_of(response)
    assert bird.shapes.filter(kind="rectangle").count() == number
    assert cat.shapes.count() == others
    assert set(bird.attribute_specs.values_list("name", flat=True)) == set(
        cat.attribute_specs.values_list("name", flat=True)
    )


def test_annotations_are_deleted(scenes: Task, boss: Client) -> None:
    cat = scenes.labels.get(display_name="Cat")
    kept = Shape.objects.exclude(label=cat).count()
    page, _ = shown(boss, bulk(scenes, "delete", all=1, label="Cat"))
    assert 'class="button oi-delete"' in page
    response = confirm(boss, bulk(scenes, "delete", all=1, label=cat.name))
    assert "Deleted of “Cat”: " in text_of(response)
    assert (cat.shapes.count(), Shape.objects.count()) == (0, kept)


@pytest.mark.long
def test_a_save_between_the_page_and_its_button_is_seen(scenes: Task, boss: Client) -> None:
    cat = scenes.labels.get(display_name="Cat")
    address = bulk(scenes, "delete", all=1, label="Cat")
    _, version = shown(boss, address)
    before = cat.shapes.count()
    Shape.objects.create(task=scenes, image=scenes.images.all()[0], label=cat, kind="tag", score=1, source="late")
    response = boss.post(address, {"shown": version})
    page = text_of(response)
    assert f"no longer what was shown: it was {before} rows, and would be {before + 1} rows." in html.unescape(page)
    assert cat.shapes.count() == before + 1
    assert f"Delete {before + 1} annotations of “Cat”" in page
    assert boss.post(address, {}).status_code == 200  # without a version nothing was shown
    assert cat.shapes.count() == before + 1
    assert boss.get(address).status_code == 200
    assert "Deleted of" in text_of(confirm(boss, address))


def test_a_large_one_is_a_job_whose_page_says_what_it_is(scenes: Task, boss: Client, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 3}
    scenes.labels.create(name="/m/bird", display_name="Bird")
    given = {"label": "House", "new_label": "Bird", "which": "asked", "missing_specs": "create"}
    address = bulk(scenes, "relabel", all=1, within="kind=rectangle&subset=train", **given)
    page, version = shown(boss, address)
    assert "This is large, so a job does it" in page
    response = boss.post(address, {"shown": version})
    job = Job.objects.get()
    assert response.headers["Location"] == f"{ADMIN}/job/{job.pk}/change/"
    job.refresh_from_db()
    assert (job.kind, job.options["expected"]) == ("bulk", [version])


@pytest.mark.parametrize("within", ["", "kind=rectangle&subset=train&score_min=0.1", "label={tree}&presence=any"])
@pytest.mark.parametrize("is_of_keys", [False, True])
@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("move", {"subset": "holdout"}),
        ("relabel", {"label": "Tree", "new_label": "House", "missing_specs": "create", "duplicates": "delete"}),
        ("delete", {"label": "Tree"}),
    ],
)
def test_the_page_of_a_job_whose_preview_moved_leads_to_the_next_one(
    scenes: Task, boss: Client, settings: Settings, within: str, is_of_keys: bool, action: str, given: dict[str, Any]
) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 1}
    chosen = {"image": some(scenes, 6)} if is_of_keys else {"all": 1}
    query = given if action == "move" else {**given, "which": "asked"}
    tree = scenes.labels.get(display_name="Tree").pk
    address = bulk(scenes, action, within=within.format(tree=tree), **chosen, **query)
    _, version = shown(boss, address)
    assert version
    boss.post(address, {"shown": version})
    job = Job.objects.get()
    assert "Look at it again" not in text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))
    job.state, job.outcome, job.finished = "failed", Outcome.PREVIEW_MOVED.stored(error="It moved."), job.created
    job.save()
    page = boss.get(f"{ADMIN}/job/{job.pk}/change/").content.decode()
    found = re.search(r'href="([^"]+)">Look at it again<', page)
    assert found
    assert shown(boss, html.unescape(found[1]))[1] == version


@pytest.mark.django_db(transaction=True)
def test_the_page_of_a_job(boss: Client, settings: Settings) -> None:
    from openimages_io.transfer.importer import Importer  # noqa: PLC0415
    from tests.admin.conftest import SCENES  # noqa: PLC0415

    task = Importer(SCENES, "scenes").run().task
    assert task is not None
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 1}
    for action, given in (
        ("move", {"subset": "holdout"}),
        ("relabel", {"label": "House", "new_label": "Boat", "which": "asked", "missing_specs": "create"}),
        ("delete", {"label": "Tree"}),
    ):
        address = bulk(task, action, all=1, within="kind=rectangle", **given)
        page = text_of(confirm(boss, address))
        job = Job.objects.order_by("-created")[0]
        assert job.state == "succeeded", job.message
        assert "Bulk change of “scenes”" in page
        assert job.message.split(":")[0] in page
        assert "<td>all images that match: rectangle</td>" in page
        assert "Only these annotations" in page or action == "move" or given.get("which") is None
        assert job.message in text_of(boss.get(f"{ADMIN}/task/{task.pk}/history/"))
    assert "bulk change" in text_of(boss.get(f"{ADMIN}/job/"))


def test_selected_images_are_exported(scenes: Task, boss: Client) -> None:
    images = some(scenes)
    response = boss.get(bulk(scenes, "export", image=images))
    address = response.headers["Location"]
    assert "<strong>2 selected images</strong>" in text_of(boss.get(address))
    options = {"layout": "documented", "label_names": "mid", "mask_size": "native"}
    response = boss.post(address, options)
    job = Job.objects.get()
    assert job.images == {"keys": images}
    assert "<td>2 selected images</td>" in text_of(boss.get(response.headers["Location"]))
    address = boss.get(bulk(scenes, "export", all=1, within="subset=train&has_file=true")).headers["Location"]
    page = text_of(boss.get(address))
    assert "All images that match: train, with a picture file" in page
    boss.post(address, options)
    assert Job.objects.order_by("-created")[0].images == {"filter": {"subset": "train", "has_file": True}}


@pytest.mark.long
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"image": ["x"]},
        {"image": [""]},
        {"image": ["1", "-1"]},
        {"image": ["0"]},
        {"image": ["9" * 30]},
        {"image": [str(n) for n in range(1, 600)]},
        {"all": 1, "within": "label=x"},
        {"all": 1, "within": "colour=red&score_min=2"},
        {"all": 1, "within": "score_min=0.5&score_max=0.1"},
    ],
    ids=str,
)
@pytest.mark.parametrize("action", ["move", "export"])
def test_what_chooses_nothing_never_means_all(scenes: Task, boss: Client, query: dict[str, Any], action: str) -> None:
    address = bulk(scenes, action, subset="x", **query)
    for ask in (boss.get, boss.post):
        response = ask(address, follow=True)
        assert "Select images first: some cards, or all that match." in text_of(response)
    export = f"{ADMIN}/task/export/?{urlencode({'task': scenes.pk, 'image': '', **query}, doseq=True)}"
    options = {"layout": "documented", "label_names": "mid", "mask_size": "native"}
    assert "Select images first" in text_of(boss.post(export, options, follow=True))
    assert not Job.objects.exists()
    assert not Image.objects.filter(subset="x").exists()


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("move", {"subset": "a/b"}, "as a subset"),
        ("move", {"subset": ""}, "This field is required."),
        ("move", {"subset": "x" * 300}, "at most 255"),
        ("relabel", {"label": "Cat", "new_label": "Cat"}, "They have this label already."),
        ("relabel", {"label": "Cat", "new_label": "nobody"}, "no label of this LabelName or display name"),
        ("relabel", {"label": "Cat", "new_label": "Twin"}, "Several labels have this display name"),
        ("relabel", {"label": "Cat", "new_label": "a\0"}, "not allowed"),
        ("delete", {"label": "Cat", "which": "x"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    scenes: Task, boss: Client, action: str, given: dict[str, str], said: str
) -> None:
    for name in ("/m/t1", "/m/t2"):
        scenes.labels.create(name=name, display_name="Twin")
    page, version = shown(boss, bulk(scenes, action, all=1, within="kind=tag", **given))
    assert said in html.unescape(page)
    assert not version


def test_an_image_of_another_task_is_no_choice(scenes: Task, boss: Client) -> None:
    other = Image.objects.create(task=Task.objects.create(name="other"), name="x")
    page, version = shown(boss, bulk(scenes, "move", image=[other.pk], subset="x"))
    assert f"The task does not have these images, or no longer: {other.pk}." in page
    assert not version


def test_nothing_to_do_is_said(scenes: Task, boss: Client) -> None:
    scenes.labels.create(name="/m/bird", display_name="Bird")
    page, version = shown(boss, bulk(scenes, "delete", all=1, label="Bird"))
    assert "Nothing would be changed." in page
    assert not version


def test_what_stays_is_listed(scenes: Task, boss: Client) -> None:
    image = scenes.images.filter(subset="train")[0]
    Image.objects.create(task=scenes, name=image.name, subset="val")
    page, _ = shown(boss, bulk(scenes, "move", image=[image.pk], subset="val"))
    assert "1 row would stay as it is" in page
    assert f"train/{image.name}" in page
    assert "Nothing would be changed." in page


def test_queries_do_not_grow_with_what_is_selected(
    scenes: Task, boss: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    AttributeSpec.objects.all()
    with django_assert_max_num_queries(40):
        boss.get(bulk(scenes, "delete", all=1, label="Cat"))


def test_the_mixins_actions_are_of_a_sites_own_class_alone_if_it_has_them(scenes: Task, boss: Client) -> None:
    response = boss.get(f"{ADMIN}/task/{scenes.pk}/gallery/?has_shapes=true")
    page = text_of(response)
    assert f'action="{ADMIN}/task/{scenes.pk}/gallery/bulk/"' in page
    assert 'name="within" value="has_shapes=true"' in page
    assert "Select all images that match" in page


def test_a_preview_says_which_annotations_only_the_job_compares(scenes: Task, boss: Client, settings: Settings) -> None:
    boat = scenes.labels.create(name="/m/boat2", display_name="Ship")
    for image in scenes.images.filter(shapes__label__display_name="Cat").distinct():
        Shape.objects.create(task=scenes, image=image, label=boat, kind="tag", score=1)
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 2}
    page, version = shown(boss, bulk(scenes, "relabel", all=1, label="Cat", new_label="Ship"))
    number = scenes.shapes.filter(label__display_name="Cat").count()
    left = re.search(r"(\d+) more annotations are on images that have “Ship” already: the job finds out", page)
    assert left is not None
    assert 0 < int(left[1]) < number
    assert re.search(r"Relabel up to \d+ annotations from “Cat” to “Ship”", page)
    assert "This is large, so a job does it" in page
    assert version.endswith("-asked")

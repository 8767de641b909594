"""A task's gallery: what it shows, filters and refuses."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from openimages_io.admin import gallery
from openimages_io.models import Image, Label, Shape, Task, TaskStatistics
from openimages_io.viewing.statistics import statistics
from tests.admin.conftest import Browser

SEES = ("view_task", "view_image", "view_shape")


def address(task: Task, query: str = "") -> str:
    return f"/admin/openimages_io/task/{task.pk}/gallery/{query}"


def names(response: Any) -> list[str]:
    assert response.status_code == 200
    return re.findall(r'<span class="oi-name">(.*?)</span>', response.content.decode())


def test_every_image_is_there_with_what_is_drawn_on_it(boss: Client, scenes: Task) -> None:
    response = boss.get(address(scenes))
    page = response.content.decode()
    assert names(response) == [image.name for image in scenes.images.order_by("pk")]
    drawn = Shape.objects.filter(task=scenes).exclude(kind="tag")
    assert sorted(map(int, re.findall(r'data-shape="(\d+)"', page))) == sorted(drawn.values_list("pk", flat=True))
    image = scenes.images.get(name="house-morning")
    assert f'<image href="/admin/openimages_io/image/{image.pk}/thumbnail/256/" width="480" height="320"' in page
    assert f'<a href="/admin/openimages_io/image/{image.pk}/picture/">' in page
    assert page.count('class="openimages-chart"') == 4
    assert "train · 8 shapes · 6 tags · 2 absent" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?subset=validation", ["cat-window", "harbour", "beach", "autumn"]),
        ("?search=BOATS", ["boats-day", "boats-night"]),
        ("?subset=train&kind=mask&search=car", ["car-road", "car-town"]),
        ("?kind=ellipse", []),
        ("?source=verification&score_max=0&search=boats", ["boats-day"]),
        ("?source=crowdsource-verification&score_max=0&search=boats", ["boats-day"]),
        ("?score_min=2", []),
        ("?score_min=nan", []),
        ("?label=x", []),
        ("?label=99999999999999999999", []),
        ("?subset=%00", []),
        ("?kind=nonsense", []),
        ("?has_shapes=false", []),
        ("?has_file=false", []),
        ("?has_shapes=maybe", []),
        ("?updated_since=x", []),
        ("?name=beach", ["beach"]),
        ("?updated_since=2100-01-01T00:00:00Z", []),
        ("?subset=validation&ordering=name", ["autumn", "beach", "cat-window", "harbour"]),
        ("?subset=validation&ordering=-id", ["autumn", "beach", "harbour", "cat-window"]),
        ("?subset=validation&ordering=size", []),
        ("?attribute=is_group_of=true&attribute=is_group_of=false", []),
        ("?source=%E2%88%85&kind=rectangle", []),
        ("?subset=&search=&label=&source=&score_min=&attribute=&ordering=&name=beach", ["beach"]),
        ("?attribute=is_group_of=true", ["beach", "autumn"]),
    ],
)
def test_the_filters(boss: Client, scenes: Task, query: str, found: list[str]) -> None:
    assert names(boss.get(address(scenes, query))) == found


def test_a_label_is_chosen_by_its_key_and_stays_chosen(boss: Client, scenes: Task) -> None:
    label = scenes.labels.get(display_name="Couch")
    response = boss.get(address(scenes, f"?label={label.pk}&kind=rectangle"))
    assert names(response) == ["cat-sofa"]
    assert f'<option value="{label.pk}" selected>Couch</option>' in response.content.decode()


def test_several_labels_and_attributes_stay_chosen(boss: Client, scenes: Task) -> None:
    couch, boat = (scenes.labels.get(display_name=name).pk for name in ("Couch", "Boat"))
    address_of_both = f"?label={couch}&label={boat}&kind=rectangle&attribute=occluded&attribute=truncated"
    response = boss.get(address(scenes, address_of_both))
    wanted = scenes.images.annotated(label=[couch, boat], kind="rectangle", attribute=["occluded", "truncated"])
    assert names(response) == list(wanted.order_by("pk").values_list("name", flat=True)) != []
    page = response.content.decode()
    for key in (couch, boat):
        assert f'<option value="{key}" selected>' in page
    assert re.search(r'<select name="label"[^>]* multiple', page)
    assert not re.search(r'<select name="without_label"[^>]* multiple', page)
    assert re.findall(r'<input type="text" name="attribute" value="(\w+)"', page) == ["occluded", "truncated"]
    without = boss.get(address(scenes, f"?without_label={couch}&without_label={boat}"))
    assert names(without) == [i.name for i in scenes.images.annotated(without_label=[couch, boat]).order_by("pk")]


def test_an_empty_source_can_be_asked_for(boss: Client, scenes: Task) -> None:
    image = scenes.images.get(name="beach")
    label = scenes.labels.get(display_name="Boat")
    Shape.objects.create(task=scenes, image=image, label=label, kind="tag", source="")
    response = boss.get(address(scenes, "?source=\N{EMPTY SET}&kind=tag"))
    assert names(response) == ["beach"]
    assert '<option value="\N{EMPTY SET}" selected>none</option>' in response.content.decode()


def test_what_the_form_has_no_field_for_stays_in_the_address(boss: Client, scenes: Task) -> None:
    page = boss.get(address(scenes, "?name=beach&updated_since=2020-01-01T00:00:00Z")).content.decode()
    assert '<input type="hidden" name="name" value="beach" id="oi_name">' in page
    assert 'name="updated_since" value="2020-01-01T00:00:00Z"' in page
    assert 'type="hidden"' not in boss.get(address(scenes)).content.decode().partition('class="oi-wanted"')[2]


def test_a_label_that_is_absent_is_not_present(boss: Client, scenes: Task) -> None:
    image = scenes.images.get(name="boats-day")
    tag = image.shapes.filter(kind="tag", score=0).first()
    assert tag is not None
    assert "boats-day" not in names(boss.get(address(scenes, f"?label={tag.label_id}&search=boats-day")))
    for presence in ("absent", "any"):
        assert names(boss.get(address(scenes, f"?label={tag.label_id}&search=boats-day&presence={presence}"))) == [
            "boats-day"
        ]
    page = boss.get(address(scenes, f"?label={tag.label_id}&presence=maybe")).content.decode()
    assert "This is not one of: present, absent, any." in page
    assert "oi-cards" not in page


def numbers(scenes: Task, ordering: str) -> list[str]:
    """The names of images in an order, as Python sorts them."""

    def number(image: Image) -> tuple[float, int]:
        shapes = [shape for shape in image.shapes.all() if shape.kind == "tag"]
        scores = [shape.score for shape in shapes if shape.score]
        return (len(shapes) if "shape" in ordering else min(scores, default=2.0)), image.pk

    found = [image for image in scenes.images.all() if image.shapes.filter(kind="tag").exists()]
    return [image.name for image in sorted(found, key=number, reverse=ordering.startswith("-"))]


@pytest.mark.parametrize("ordering", ["shape_count", "-shape_count", "score"])
def test_pages_go_by_numbers_of_the_shapes_that_are_asked_for(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch, ordering: str
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 5)
    expected = numbers(scenes, ordering)
    response = boss.get(address(scenes, f"?kind=tag&ordering={ordering}"))
    seen = names(response)
    while query := response.context["next_url"]:
        response = boss.get(address(scenes, query))
        seen += names(response)
    assert seen == expected
    beside = boss.get(response.context["cards"][0].url)
    index = expected.index(beside.context["image"].name)
    assert f"/{scenes.images.get(name=expected[index - 1]).pk}/picture/" in beside.context["previous_url"]
    assert beside.context["place"] == f"{index + 1} of {len(expected)}"


@pytest.mark.parametrize("ordering", ["name", "-updated", "-id"])
def test_pages_go_by_place_in_every_order(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch, ordering: str
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 5)
    sign = "-" if ordering.startswith("-") else ""
    expected = list(scenes.images.order_by(ordering, f"{sign}pk").values_list("name", flat=True))
    response = boss.get(address(scenes, f"?ordering={ordering}"))
    seen = [names(response)]
    while query := response.context["next_url"]:
        response = boss.get(address(scenes, query))
        seen.append(names(response))
    assert [name for page in seen for name in page] == expected
    back = []
    while query := response.context["previous_url"]:
        response = boss.get(address(scenes, query))
        back.append(names(response))
    assert back == seen[-2::-1]
    assert names(boss.get(address(scenes, f"?ordering={ordering}&after=99999999"))) == seen[0]


def test_pages_go_by_key_in_both_directions_and_keep_the_filter(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 3)
    expected = list(scenes.images.filter(subset="train").order_by("pk").values_list("name", flat=True))
    seen: list[list[str]] = []
    query: str = "?subset=train&source="
    response: Any = None
    while query:
        response = boss.get(address(scenes, query))
        seen.append(names(response))
        query = response.context["next_url"]
        assert not query or "subset=train" in query
        assert "source=" not in query
    assert [name for page in seen for name in page] == expected
    assert [len(page) for page in seen] == [3, 3, 2]
    back: list[list[str]] = []
    while query := response.context["previous_url"]:
        response = boss.get(address(scenes, query))
        back.append(names(response))
    assert back == seen[-2::-1]
    assert names(boss.get(address(scenes, "?after=99999999999999999999&before=x"))) == [
        image.name for image in scenes.images.order_by("pk")[:3]
    ]
    assert names(boss.get(address(scenes, "?after=999999999999"))) == []


@pytest.mark.parametrize("missing", SEES)
def test_only_for_who_may_see_tasks_images_and_shapes(as_staff: Browser, scenes: Task, missing: str) -> None:
    assert as_staff(*SEES).get(address(scenes)).status_code == 200
    few = as_staff(*(name for name in SEES if name != missing), name="other")
    assert few.get(address(scenes)).status_code == 403
    assert Client().get(address(scenes)).status_code == 302


def test_a_task_that_is_not_there_is_404(boss: Client) -> None:
    for key in (1, 99999999999999999999):
        assert boss.get(f"/admin/openimages_io/task/{key}/gallery/").status_code == 404


def test_an_empty_task_has_a_page(boss: Client, db: None) -> None:
    page = boss.get(address(Task.objects.create(name="empty"))).content.decode()
    assert "There are no images here." in page


def test_the_number_of_queries_depends_neither_on_images_nor_on_shapes(boss: Client, scenes: Task) -> None:
    used = []
    statistics(scenes)
    for query in ("?search=house-n&kind=mask", "?kind=mask", ""):
        with CaptureQueriesContext(connection) as queries:
            response = boss.get(address(scenes, query))
        assert response.status_code == 200
        used.append(len(queries))
    assert used[1] == used[2] <= 14
    assert used[0] <= used[1]


def test_what_strangers_wrote_is_text(boss: Client, db: None) -> None:
    hostile = "</title></option><script>alert(1)</script>\"'"
    task = Task.objects.create(name=hostile)
    image = Image.objects.create(task=task, name=hostile, subset=hostile)
    label = Label.objects.create(task=task, name=hostile, display_name=hostile)
    box = {"x_min": 0, "x_max": 1, "y_min": 0, "y_max": 1}
    Shape.objects.create(task=task, image=image, label=label, kind="rectangle", source=hostile, **box)
    for url in (address(task), f"/admin/openimages_io/image/{image.pk}/picture/"):
        page = boss.get(url).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page


def test_a_large_task_that_has_changed_shows_its_last_numbers_and_says_so(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "_LARGE", 10)
    before = statistics(scenes).shapes
    Shape.objects.filter(kind="tag").delete()
    page = boss.get(address(scenes, "?subset=train")).content.decode()
    assert f"{before} annotations" in page
    assert "has changed since this was counted" in page
    assert 'href="?subset=train&amp;count=1"' in page
    page = boss.get(address(scenes, "?count=1")).content.decode()
    assert "has changed since" not in page
    assert f"{Shape.objects.count()} annotations" in page
    assert TaskStatistics.objects.get().revision == Task.objects.get().revision


def test_a_large_task_that_nobody_has_counted_is_counted_when_asked(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "_LARGE", 10)
    page = boss.get(address(scenes, "?kind=mask")).content.decode()
    assert "have not been counted" in page
    assert 'href="?kind=mask&amp;count=1"' in page
    assert "oi-cards" in page
    assert "<svg" in page  # the thumbnails are there, if not the charts
    assert not TaskStatistics.objects.exists()
    counted = boss.get(address(scenes, "?count=1")).content.decode()
    assert "have not been counted" not in counted
    assert f"{Shape.objects.count()} annotations" in counted

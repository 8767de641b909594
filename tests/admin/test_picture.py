"""An image's page, and its picture for who may see it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from openimages_io.models import Image, Shape, Task
from tests.admin.conftest import Browser


@pytest.fixture
def harbour(scenes: Task) -> Image:
    return scenes.images.get(name="harbour")


def address(image: Image, view: str = "picture/", query: str = "") -> str:
    return f"/admin/openimages_io/image/{image.pk}/{view}{query}"


def page_of(client: Client, image: Image, query: str = "") -> str:
    response = client.get(address(image, query=query))
    assert response.status_code == 200
    return response.content.decode()


def drawn(page: str) -> set[int]:
    return set(map(int, re.findall(r'data-shape="(\d+)"', page)))


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def test_boxes_lie_where_their_rows_say_and_are_listed(boss: Client, harbour: Image) -> None:
    page = page_of(boss, harbour)
    shapes = harbour.shapes.exclude(kind="tag")
    assert drawn(page) == set(shapes.values_list("pk", flat=True))
    for shape in shapes.filter(kind="rectangle"):
        assert None not in (shape.x_min, shape.y_min)
        found = re.search(rf'<rect data-shape="{shape.pk}"[^>]* x="([\d.]+)" y="([\d.]+)"', page)
        assert found
        assert float(found[1]) == pytest.approx((shape.x_min or 0) * 480, abs=0.001)
        assert float(found[2]) == pytest.approx((shape.y_min or 0) * 320, abs=0.001)
        assert f'data-row="{shape.pk}"' in page
    assert f'<image href="{address(harbour, "thumbnail/1024/")}" width="480" height="320"' in page


def test_what_is_verified_to_be_absent_stands_apart(boss: Client, harbour: Image) -> None:
    page = page_of(boss, harbour)
    present, absent = (
        page.split(f"<h2>{title}</h2>")[1].split("</section>")[0]
        for title in ("Labels of the whole image", "Labels verified to be absent")
    )
    labels: dict[bool, set[str]] = {True: set(), False: set()}
    for tag in harbour.shapes.filter(kind="tag").select_related("label"):
        labels[tag.score == 0].add(str(tag.label))
    assert labels[True]
    assert all(name in absent for name in labels[True])
    assert all(name in present for name in labels[False])
    assert not any(name in present for name in labels[True] - labels[False])


def test_the_legend_works_without_scripts(boss: Client, harbour: Image) -> None:
    masks = set(harbour.shapes.filter(kind="mask").values_list("pk", flat=True))
    labels = "&".join(f"label={key}" for key in harbour.shapes.values_list("label", flat=True).distinct())
    labels += "".join(f"&source={name}" for name in harbour.shapes.values_list("source", flat=True).distinct())
    page = page_of(boss, harbour, f"?shown=1&kind=mask&{labels}")
    assert drawn(page) == masks
    assert 'name="kind" value="mask" checked' in page
    assert 'name="kind" value="rectangle">' in page
    assert drawn(page_of(boss, harbour, "?shown=1")) == set()
    assert drawn(page_of(boss, harbour, "?shown=1&kind=%00&label=x")) == set()


@pytest.mark.long
def test_sources_and_confidence_are_switches_too(boss: Client, harbour: Image) -> None:
    row = harbour.shapes.filter(kind="rectangle")[0]
    harbour.shapes.exclude(kind="tag").update(score=None, source="drawn")
    assert 'name="score"' not in page_of(boss, harbour)
    assert 'name="source"' not in page_of(boss, harbour)  # there is one
    harbour.shapes.filter(pk=row.pk).update(score=0.25, source="")
    page = page_of(boss, harbour)
    assert re.search('name="source" value="" checked>\\s*<span class="oi-text">none</span>', page)
    every = drawn(page)
    choice = "".join(f"&label={key}" for key in harbour.shapes.values_list("label", flat=True).distinct())
    choice = f"?shown=1{choice}&kind=rectangle&kind=mask&source=drawn"
    assert drawn(page_of(boss, harbour, choice)) == every - {row.pk}
    assert drawn(page_of(boss, harbour, f"{choice}&source=&score=0.25")) == every
    page = page_of(boss, harbour, f"{choice}&source=&score=0.26")
    assert drawn(page) == every - {row.pk}
    assert 'value="0.26"' in page
    for odd in ("", "nan", "inf", "-1", "x", "%00"):
        assert drawn(page_of(boss, harbour, f"{choice}&source=&score={odd}")) == every


def test_tags_say_how_sure_they_are_and_where_they_are_from(boss: Client, harbour: Image) -> None:
    label = harbour.task.labels.create(name="/m/<tag>", display_name="<Tag>")
    tags = {"task_id": harbour.task_id, "image": harbour, "label": label, "kind": "tag", "source": "verification"}
    for score in (1, 0):
        Shape.objects.create(**tags, score=score)
    text = " ".join(re.sub("<[^>]*>", "", page_of(boss, harbour)).split())
    assert "&lt;Tag&gt; · confidence 1 · verification" in text
    assert "&lt;Tag&gt; · verification" in text


def test_the_full_picture_is_there_for_who_zooms_into_a_large_one(boss: Client, harbour: Image) -> None:
    assert "data-full" not in page_of(boss, harbour)
    for size in ((1025, 10), (10, 1025), (None, None)):
        harbour.width, harbour.height = size
        harbour.save()
        assert f'data-size="1024" data-full="{address(harbour, "file/")}"' in page_of(boss, harbour)


def test_the_page_has_one_colour_for_a_label(boss: Client, harbour: Image) -> None:
    shape = harbour.shapes.filter(kind="rectangle")[0]
    shape.label.color = "#abcdef"
    shape.label.save()
    page = page_of(boss, harbour)
    assert re.search(f'data-shape="{shape.pk}"[^>]* stroke="#abcdef"', page)
    assert page.count('fill="#abcdef"') > 2  # in the legend and the table, too


def test_it_is_turned_when_asked(boss: Client, harbour: Image) -> None:
    assert "rotate=1" not in page_of(boss, harbour)
    harbour.rotation = 90
    harbour.save()
    page = page_of(boss, harbour)
    assert 'href="?rotate=1"' in page
    assert 'viewBox="0 0 480 320"' in page
    page = page_of(boss, harbour, "?rotate=1")
    assert 'viewBox="80 -80 320 480"' in page
    assert '<g transform="rotate(-90 240 160)">' in page
    assert 'name="rotate" value="1"' in page


def test_without_a_file_the_frame_is_empty(boss: Client, harbour: Image) -> None:
    harbour.file, harbour.file_digest = "", ""
    harbour.save()
    page = page_of(boss, harbour)
    assert '<rect class="openimages-frame" width="480" height="320"' in page
    assert "There is no picture file" in page
    assert "<image" not in page
    assert len(drawn(page)) == harbour.shapes.exclude(kind="tag").count()


def test_a_picture_that_cannot_be_shown_is_said_and_its_annotations_are(
    boss: Client, harbour: Image, media: Path
) -> None:
    file = media / str(harbour.file)
    file.write_bytes(b"nothing")
    page = page_of(boss, harbour)
    assert "cannot be unpacked" in page
    assert "openimages-frame" in page
    assert boss.get(address(harbour, "thumbnail/256/")).status_code == 404
    file.unlink()
    assert "picture file is missing in the storage" in page_of(boss, harbour)
    assert boss.get(address(harbour, "file/")).status_code == 404


def test_the_way_to_the_images_before_and_behind(boss: Client, harbour: Image, scenes: Task) -> None:
    keys = list(scenes.images.order_by("pk").values_list("pk", flat=True))
    response = boss.get(address(harbour))
    at = keys.index(harbour.pk)
    ways = [f"/admin/openimages_io/image/{key}/picture/" for key in (keys[at - 1], keys[at + 1])]
    assert [response.context["previous_url"], response.context["next_url"]] == ways
    first = boss.get(address(scenes.images.get(pk=keys[0])))
    assert first.context["previous_url"] == ""


def test_only_addresses_of_the_web_are_links(boss: Client, harbour: Image) -> None:
    harbour.original_url, harbour.license = "javascript:alert(1)", "https://example.org/<licence>"
    harbour.save()
    page = page_of(boss, harbour)
    assert 'href="javascript' not in page
    assert "<dd>javascript:alert(1)</dd>" in page
    assert 'href="https://example.org/&lt;licence&gt;"' in page


@pytest.mark.parametrize("view", ["picture/", "file/", "thumbnail/256/"])
def test_only_for_who_may_see_images(as_staff: Browser, harbour: Image, view: str) -> None:
    response = as_staff("view_task", "view_image", "view_shape").get(address(harbour, view))
    assert response.status_code == 200
    body(response)
    assert as_staff("view_task", "view_shape", name="other").get(address(harbour, view)).status_code == 403
    assert Client().get(address(harbour, view)).status_code == 302


def test_shapes_are_only_for_who_may_see_them(as_staff: Browser, harbour: Image) -> None:
    client = as_staff("view_task", "view_image")
    assert client.get(address(harbour)).status_code == 403
    response = client.get(address(harbour, "file/"))
    assert response.status_code == 200
    body(response)


def test_pictures_are_what_they_are(boss: Client, harbour: Image) -> None:
    response = boss.get(address(harbour, "file/"))
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    with harbour.file.open() as file:
        assert body(response) == file.read()
    small = boss.get(address(harbour, "thumbnail/128/"))
    assert small["Content-Type"] == "image/jpeg"
    assert boss.get(address(harbour, "thumbnail/128/"), headers={"If-None-Match": small["ETag"]}).status_code == 304
    assert boss.get(address(harbour, "thumbnail/100/")).status_code == 404
    assert boss.get("/admin/openimages_io/image/0/picture/").status_code == 404


def test_the_number_of_queries_does_not_grow(boss: Client, harbour: Image) -> None:
    used = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            page_of(boss, harbour)
        used.append(len(queries))
        row = harbour.shapes.filter(kind="rectangle")[0]
        Shape.objects.bulk_create(
            Shape(
                task_id=row.task_id,
                image=harbour,
                label_id=row.label_id,
                kind="rectangle",
                x_min=0,
                x_max=1,
                y_min=0,
                y_max=1,
                attributes={"a": 1},
            )
            for _ in range(50)
        )
    assert used[0] == used[1] <= 16  # two are for the editor: names that labels share, and their specs


@pytest.mark.long
def test_previous_and_next_stay_within_the_filter_of_the_gallery(boss: Client, scenes: Task) -> None:
    from_gallery = boss.get(f"/admin/openimages_io/task/{scenes.pk}/gallery/?subset=validation&ordering=name&kind=")
    cards = [card.url for card in from_gallery.context["cards"]]
    assert all("within=subset%3Dvalidation%26ordering%3Dname" in card for card in cards)
    seen = []
    response: Any = None
    address = cards[0]
    while address:
        response = boss.get(address)
        seen.append(response.context["image"].name)
        assert response.context["previous_url"] == (cards[len(seen) - 2] if len(seen) > 1 else "")
        address = response.context["next_url"]
    assert seen == ["autumn", "beach", "cat-window", "harbour"]
    page = response.content.decode()
    assert (
        f"/task/{scenes.pk}/gallery/?subset=validation&amp;ordering=name&amp;at={response.context['image'].pk}#" in page
    )
    assert '<input type="hidden" name="within" value="subset=validation&amp;ordering=name">' in page


@pytest.mark.parametrize("within", ["kind=nonsense", "%00", "subset=%00", "a=" + "b" * 2000, '"><script>', "source=∅"])
def test_what_no_gallery_has_asked_for_is_passed_over(boss: Client, scenes: Task, within: str) -> None:
    image = scenes.images.order_by("pk")[1]
    response = boss.get(f"/admin/openimages_io/image/{image.pk}/picture/", {"within": within})
    assert response.status_code == 200
    assert "><script>" not in response.content.decode()
    if within != "source=∅":
        assert f"/image/{scenes.images.order_by('pk')[0].pk}/picture/" in response.context["previous_url"]

"""Images over HTTP: lists, names and sizes, changes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from openimages_io.api.pagination import PageAfterForm
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.format.sizes import MAX_SIDE
from openimages_io.models import Image, Label, Shape, Task
from tests.api.responses import faults, ok, pages, send

BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}


def many(task: Task, query: str = "") -> str:
    return f"/api/v1/tasks/{task.pk}/images/{query}"


def one(image: Image) -> str:
    return f"/api/v1/images/{image.pk}/"


@pytest.fixture
def image(task: Task) -> Image:
    return Image.objects.create(task=task, subset="train", name="a", width=4, height=3)


def test_an_image_is_made_by_its_name_alone(api: APIClient, task: Task) -> None:
    (made,) = ok(send(api, "POST", many(task), {"name": "b/c/2"}), 201)["results"]
    place = f"http://testserver/api/v1/images/{made['id']}/"
    assert made == {
        "id": made["id"],
        "task": task.pk,
        "name": "b/c/2",
        "subset": "default",
        "width": None,
        "height": None,
        "rotation": None,
        "original_url": "",
        "original_landing_url": "",
        "license": "",
        "author_profile_url": "",
        "author": "",
        "title": "",
        "original_size": None,
        "original_md5": "",
        "thumbnail_300k_url": "",
        "file": None,
        "file_suffix": "",
        "file_digest": "",
        "thumbnail": None,
        "overlay": f"{place}overlay.svg",
        "shapes": f"{place}shapes/",
        "shape_count": 0,
        "revision": 0,
        "updated": made["updated"],
    }
    assert ok(api.get(place)) == made


def test_many_are_made_at_once_or_none(api: APIClient, task: Task, image: Image) -> None:
    whole = {
        "name": "z",
        "subset": "test",
        "width": 5,
        "height": MAX_SIDE,
        "rotation": -359.5,
        "original_size": 2**63 - 1,
        "title": " a\nb ",
        "original_md5": "x",
        "license": "y",
    }
    task.refresh_from_db()
    before = task.revision
    made = ok(send(api, "POST", many(task), [{"name": "x"}, whole, {"name": "a"}]), 201)["results"]
    assert [found["name"] for found in made] == ["x", "z", "a"]
    assert {**made[1], **whole} == made[1]
    assert [found["id"] for found in made] == sorted(found["id"] for found in made)
    task.refresh_from_db()
    assert task.revision == before + 1
    body = [{"name": "y"}, {"name": "x"}, {"name": "a", "subset": "train"}, {"name": "y"}, {"name": "y", "subset": "t"}]
    assert faults(send(api, "POST", many(task), body)) == {
        "[1].name": "unique",
        "[2].name": "unique",
        "[3].name": "unique",
    }
    assert Image.objects.count() == 4
    assert faults(send(api, "POST", many(task), {"name": "x"})) == {"name": "unique"}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["name"]),
        ([], [""]),
        (None, [""]),
        (5, [""]),
        ("a", [""]),
        ([{"name": "x"}, 5, {}], ["[1]", "[2].name"]),
        ([[{"name": "x"}]], ["[0]"]),
        ([{"name": f"{n}"} for n in range(10_001)], [""]),
        *(
            ({"name": name}, ["name"])
            for name in [
                "",
                ".",
                "..",
                "/a",
                "a/",
                "a//b",
                "a/../b",
                "a\\b",
                "C:a",
                "a\nb",
                "\0",
                "\ud800",
                "a" * 256,
                5,
                None,
                True,
                ["a"],
                {},
            ]
        ),
        *(
            ({"name": "x", "subset": subset}, ["subset"])
            for subset in ["", ".", "a/b", "a\r", "D:", "a" * 256, 5, None]
        ),
        *(
            ({"name": "x", "width": width, "height": 1}, ["width"])
            for width in [0, -1, MAX_SIDE + 1, 2**70, "5", 1.5, True, []]
        ),
        ({"name": "x", "width": 5}, ["height"]),
        ({"name": "x", "height": 5, "width": None}, ["width"]),
        *(
            ({"name": "x", "rotation": angle}, ["rotation"])
            for angle in [361, -361, 1e308, 10**400, "5", "nan", True, []]
        ),
        *(({"name": "x", "original_size": size}, ["original_size"]) for size in [-1, 2**63, 2**70, "5", False]),
        *(({"name": "x", "author": author}, ["author"]) for author in list[Any]([5, None, "a\0b", "\udfff", {}])),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_no_image_may_be(api: APIClient, task: Task, image: Image, body: Any, paths: list[str]) -> None:
    assert sorted(faults(send(api, "POST", many(task), body))) == paths
    if isinstance(body, dict) and body.get("name") == "x" and "width" not in body and "height" not in body:
        assert sorted(faults(send(api, "PATCH", one(image), body))) == paths
    assert list(Image.objects.values_list("name", "width", "height")) == [("a", 4, 3)]


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["a/b", "x", 5, 90.0])
    | st.lists(st.text(), max_size=2)
    | st.dictionaries(st.text(), st.integers(), max_size=2)
)
FIELDS = ["name", "subset", "width", "height", "rotation", "original_size", "author", "id", "task", "file", "revision"]
BODIES = st.dictionaries(st.sampled_from(FIELDS) | st.text(), VALUES)


@pytest.mark.long
@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES | st.lists(BODIES, max_size=3) | VALUES)
def test_whatever_is_sent_is_an_answer(api: APIClient, task: Task, image: Image, body: Any) -> None:
    assert send(api, "POST", many(task), body).status_code in {201, 400}
    assert send(api, "PATCH", one(image), body).status_code in {200, 400}


def test_an_image_is_changed_in_what_is_given(api: APIClient, task: Task, image: Image) -> None:
    before = ok(api.get(one(image)))
    body = ok(
        send(api, "PATCH", one(image), {"name": "b", "rotation": 90, "title": "A cat", "file": "x", "id": image.pk})
    )
    assert body == {**before, "name": "b", "rotation": 90.0, "title": "A cat", "updated": body["updated"]}
    assert body["updated"] > before["updated"]
    task.refresh_from_db()
    assert task.revision > 1
    assert sorted(faults(send(api, "PATCH", one(image), {"width": None}))) == ["width"]
    assert ok(send(api, "PATCH", one(image), {"width": None, "height": None}))["width"] is None
    assert sorted(faults(send(api, "PATCH", one(image), {"width": 5}))) == ["height"]


def test_a_name_is_unique_in_its_subset(api: APIClient, task: Task, image: Image) -> None:
    Image.objects.create(task=task, subset="test", name="a")
    Image.objects.create(task=task, subset="train", name="b")
    assert faults(send(api, "PATCH", one(image), {"name": "b"})) == {"name": "unique"}
    assert faults(send(api, "PATCH", one(image), {"subset": "test"})) == {"subset": "unique"}
    assert ok(send(api, "PATCH", one(image), {"name": "b", "subset": "test"}))["subset"] == "test"
    assert ok(send(api, "PATCH", one(image), {"name": "b", "subset": "test"}))["name"] == "b"


def test_an_image_is_deleted_with_its_shapes(api: APIClient, task: Task, image: Image) -> None:
    label = Label.objects.create(task=task, name="/m/01yrx")
    Shape.objects.create(task=task, image=image, label=label, kind="tag")
    ok(api.delete(one(image)), 204)
    assert not Shape.objects.exists()
    assert api.get(one(image)).status_code == 404


@pytest.fixture
def drawn(task: Task) -> Label:
    """Four images: nothing, a tag, a scored box with an attribute, a picture of its own."""
    label = Label.objects.create(task=task, name="/m/01yrx")
    for name, subset in (("Bare", "train"), ("tagged", "train"), ("boxed", "test"), ("filed", "test")):
        Image.objects.create(task=task, subset=subset, name=name, file="openimages/x.png" if name == "filed" else "")
    images = {image.name: image for image in task.images.all()}
    Shape.objects.create(task=task, image=images["tagged"], label=label, kind="tag", source="machine", score=0.2)
    for _ in range(2):
        Shape.objects.create(
            task=task,
            image=images["boxed"],
            label=label,
            kind="rectangle",
            score=0.8,
            attributes={"is_group_of": True},
            **BOX,
        )
    return label


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Bare", "tagged", "boxed", "filed"]),
        ("subset=train", ["Bare", "tagged"]),
        ("subset=tra", []),
        ("search=ED", ["tagged", "boxed", "filed"]),
        ("search=", ["Bare", "tagged", "boxed", "filed"]),
        ("label={label}", ["tagged", "boxed"]),
        ("label=9223372036854775807", []),
        ("label={label}&label=9223372036854775807", ["tagged", "boxed"]),
        ("without_label={label}", ["Bare", "filed"]),
        ("without_label={label}&has_file=false", ["Bare"]),
        ("label={label}&presence=absent", []),
        ("label={label}&presence=any&ordering=-shape_count", ["boxed", "tagged"]),
        ("ordering=shape_count", ["Bare", "filed", "tagged", "boxed"]),
        ("ordering=score", ["tagged", "boxed", "Bare", "filed"]),
        ("ordering=score&kind=rectangle", ["boxed"]),
        ("name=boxed", ["boxed"]),
        ("name=Boxed", []),
        ("attribute=is_group_of&attribute=score%3D0.8", ["boxed"]),
        ("attribute=is_group_of&attribute=score%3D0.2", []),
        ("updated_since=2020-01-01T00:00:00Z", ["Bare", "tagged", "boxed", "filed"]),
        ("updated_since=2020-01-01T00:00:00", ["Bare", "tagged", "boxed", "filed"]),
        ("updated_since=0001-01-01T00:00:00%2B14:00", ["Bare", "tagged", "boxed", "filed"]),
        ("updated_since=9999-12-31T23:59:59-14:00", []),
        ("updated_since=2120-01-01T00:00:00%2B05:00", []),
        ("ordering=name&has_shapes=true", ["boxed", "tagged"]),
        ("ordering=-name", ["tagged", "filed", "boxed", "Bare"]),
        ("kind=tag", ["tagged"]),
        ("source=machine", ["tagged"]),
        ("source=", ["boxed"]),
        ("score_min=0.2", ["tagged", "boxed"]),
        ("score_min=0.3", ["boxed"]),
        ("score_max=0.3&kind=rectangle", []),
        ("box_size_min=0", ["boxed"]),
        ("box_size_min=0.0001&box_size_below=1", ["boxed"]),
        ("box_size_below=0.0001", []),
        ("attribute=is_group_of", ["boxed"]),
        ("attribute=is_group_of%3Dfalse", []),
        ("has_file=true", ["filed"]),
        ("has_file=false", ["Bare", "tagged", "boxed"]),
        ("has_shapes=false", ["Bare", "filed"]),
        ("subset=test&search=e&label={label}&has_file=0", ["boxed"]),
    ],
)
def test_lists_are_filtered(api: APIClient, task: Task, drawn: Label, query: str, names: list[str]) -> None:
    (found,) = pages(api, many(task, f"?{query.format(label=drawn.pk)}"))
    assert [image["name"] for image in found] == names
    assert {"tagged": 1, "boxed": 2}.items() >= {(i["name"], i["shape_count"]) for i in found if i["shape_count"]}


@pytest.mark.parametrize(
    "query",
    [
        "subset=",
        "subset=%00",
        f"subset={'a' * 256}",
        "search=%00",
        "label=x",
        "label=0",
        "label=-1",
        "label=1.5",
        f"label={'9' * 2000}",
        "label=9223372036854775808",
        "label=1&label=x",
        "label=1&label=",
        f"label={'&label='.join(map(str, range(1, 102)))}",
        "without_label=x",
        "attribute=a&attribute=",
        "name=",
        "name=%00",
        "updated_since=",
        "updated_since=now",
        "updated_since=2026-13-01T00:00:00Z",
        "ordering=",
        "ordering=width",
        "ordering=name,updated",
        "ordering=--name",
        "page_size=0",
        "count=maybe",
        "after=x",
        "after=0",
        "after=1",
        "cursor=",
        "kind=",
        "kind=box",
        "source=%00",
        "score_min=",
        "score_min=nan",
        "score_min=inf",
        "score_min=2",
        "score_max=-0.1",
        "score_max=x",
        "score_max=0.1&score_min=0.2",
        "box_size_min=-1",
        "box_size_min=nan",
        "box_size_below=1.1",
        "box_size_below=0.1&box_size_min=0.1",
        "presence=",
        "presence=maybe",
        "attribute=",
        "attribute=%00",
        "has_file=x",
        "has_shapes=2",
    ],
    ids=lambda query: query[:20],
)
def test_queries_that_ask_for_nothing_there_can_be(api: APIClient, task: Task, query: str) -> None:
    assert list(faults(api.get(many(task, f"?{query}")))) == [query.partition("=")[0]]


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(
        st.sampled_from([*ImageFilterSet.base_filters, *PageAfterForm.base_fields]),
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers().map(str) | st.floats().map(str),
    )
)
def test_any_query_is_an_answer(api: APIClient, task: Task, query: dict[str, str]) -> None:
    assert api.get(many(task), query).status_code in {200, 400, 404}


@pytest.mark.parametrize("number", [3, 30])
def test_a_list_takes_three_queries(
    api: APIClient, task: Task, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    label = Label.objects.create(task=task, name="/m/01yrx")
    for index in range(number):
        image = Image.objects.create(task=task, name=f"{index}")
        Shape.objects.create(task=task, image=image, label=label, kind="tag")
    with django_assert_num_queries(3):  # the task, its images, how many shapes they have
        (found,) = pages(api, many(task, f"?label={label.pk}"))
    assert [image["name"] for image in found] == [f"{index}" for index in range(number)]
    two = pages(api, many(task, "?page_size=2&kind=tag"))
    assert [image["name"] for page in two for image in page] == [image["name"] for image in found]


def test_a_page_that_is_read_while_images_come_shows_each_once(api: APIClient, task: Task) -> None:
    for index in range(4):
        Image.objects.create(task=task, name=f"{index}")
    first = ok(api.get(many(task, "?page_size=2")))
    Image.objects.get(name="0").delete()
    Image.objects.create(task=task, name="4")
    rest = pages(api, first["next"])
    assert [image["name"] for page in rest for image in page] == ["2", "3", "4"]


def test_a_name_is_without_a_pictures_extension_as_of_an_upload(api: APIClient, task: Task) -> None:
    names = [{"name": name} for name in ("b/c.JPG", "d.e", "...jpg")]
    made = api.post(f"/api/v1/tasks/{task.pk}/images/", names, format="json")
    assert [image["name"] for image in made.json()["results"]] == ["b/c", "d.e", "...jpg"]
    twice = api.post(f"/api/v1/tasks/{task.pk}/images/", {"name": "d.e.png"}, format="json")
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (400, "unique")


def test_a_name_that_has_an_extension_already_stays_and_can_be_sent_back(api: APIClient, task: Task) -> None:
    image = Image.objects.create(task=task, subset="train", name="img_1.PNG")
    changed = api.patch(f"/api/v1/images/{image.pk}/", {"name": "img_1.PNG", "rotation": 90}, format="json")
    assert (changed.status_code, changed.json()["name"]) == (200, "img_1.PNG")
    renamed = api.patch(f"/api/v1/images/{image.pk}/", {"name": "img_2.PNG"}, format="json")
    assert renamed.json()["name"] == "img_2"

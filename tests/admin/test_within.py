"""A gallery's filter travels: to an image's page, the images beside it, the forms behind it, and back."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from openimages_io.admin import gallery_pages, within
from openimages_io.models import Image, Label, Shape, Task
from tests.admin.conftest import Browser
from tests.admin.test_editing import shape_form

ADMIN = "/admin/openimages_io"
QUERY = "subset=validation&ordering=name"


def picture(image: Image, query: str = QUERY) -> str:
    return f"{ADMIN}/image/{image.pk}/picture/?within={query.replace('=', '%3D').replace('&', '%26')}"


def links(response: Any, part: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]*)"', response.content.decode()) if part in link]


def place_on(response: Any) -> str:
    found = re.search(r'<span class="oi-place"><span[^>]*>(.*?)</span>', response.content.decode())
    assert found is not None
    return unescape(found[1])


@pytest.mark.long
def test_an_image_says_which_of_how_many_it_is_and_of_what(boss: Client, scenes: Task) -> None:
    couch = scenes.labels.get(display_name="Couch")
    boat = scenes.labels.get(display_name="Boat")
    names = ["autumn", "beach", "cat-window", "harbour"]
    for index, name in enumerate(names):
        response = boss.get(picture(scenes.images.get(name=name)))
        assert place_on(response) == f"{index + 1} of 4"
        assert response.context["conditions"] == ["validation"]
    everything = boss.get(f"{ADMIN}/image/{scenes.images.get(name='harbour').pk}/picture/")
    index = list(scenes.images.order_by("pk").values_list("name", flat=True)).index("harbour")
    assert place_on(everything) == f"{index + 1} of {scenes.images.count()}"
    both = f"label={couch.pk}&label={boat.pk}&without_label={boat.pk}&kind=rectangle&source=&has_file=true&search=a"
    odd = f"{both}&score_min=0.5&score_max=0.75&attribute=truncated=true&updated_since=2020-01-31T12:00:00Z"
    response = boss.get(picture(scenes.images.get(name="harbour"), odd))
    assert place_on(response) == "not among the 0 images that match"
    assert response.context["conditions"] == [
        "“a” in the name",
        "Couch or Boat, present",
        "without Boat",
        "rectangle",
        "confidence 0.5 to 0.75",
        "truncated: yes",
        "with a picture file",
        "changed since 2020-01-31 12:00",
    ]


def test_words_of_halves_of_ranges_and_of_what_is_gone(boss: Client, scenes: Task) -> None:
    image = scenes.images.get(name="harbour")
    for query, words in (
        ("score_min=0.5", "confidence from 0.5"),
        ("score_max=0.5", "confidence up to 0.5"),
        ("box_size_min=0.25", "box of 25 % or larger"),
        ("box_size_below=0.001953125", "box smaller than 0.2 %"),
        ("box_size_min=0.5&box_size_below=1", "box from 50 % to 100 %"),
        ("source=∅", "without a source"),
        ("source=xclick", "source xclick"),
        ("label=999999&presence=absent", "999999, absent"),
        ("label=999999&presence=any", "999999, present or absent"),
        ("presence=absent", "any label, absent"),
        ("without_label=999999", "without 999999"),
        ("without_label=999999&presence=any", "nothing said of 999999"),
        ("without_label=999999&presence=absent", "999999 not said to be absent"),
        ("has_shapes=false&has_file=false", "without annotations · without a picture file"),
        ("has_shapes=true&name=harbour", "harbour · with annotations"),
    ):
        assert " · ".join(boss.get(picture(image, query)).context["conditions"]) == words


def test_of_a_large_task_the_place_comes_after_the_page(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within, "_SMALL", 10)
    image = scenes.images.get(name="beach")
    response = boss.get(picture(image))
    assert place_on(response) == ""
    assert "openimages_io/late.js" in response.content.decode()
    assert boss.get(response.context["place_url"]).json() == {"text": "2 of 4"}
    assert place_on(boss.get(f"{ADMIN}/image/{image.pk}/picture/")).endswith(f"of {scenes.images.count()}")
    monkeypatch.setattr(within, "COUNTED", 1)
    assert boss.get(response.context["place_url"]).json() == {"text": "2 of over 1"}
    third = boss.get(picture(scenes.images.get(name="cat-window"))).context["place_url"]
    assert boss.get(third).json() == {"text": "beyond the first 1"}


@pytest.mark.long
def test_back_is_the_page_of_the_gallery_that_the_image_is_on(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_pages, "PAGE", 3)
    names = list(scenes.images.order_by("name").values_list("name", flat=True))
    first = boss.get(f"{ADMIN}/task/{scenes.pk}/gallery/?ordering=name&kind=")
    second = boss.get(f"{ADMIN}/task/{scenes.pk}/gallery/{first.context['next_url']}")
    assert [card.image.name for card in second.context["cards"]] == names[3:6]
    card = second.context["cards"][1]
    page = boss.get(card.url)
    (back,) = {*links(page, "/gallery/?")}
    assert urlsplit(back).fragment == f"image-{card.image.pk}"
    again = boss.get(back)
    assert [card.image.name for card in again.context["cards"]] == names[3:6]
    assert f'id="image-{card.image.pk}"' in again.content.decode()
    assert again.context["next_url"] == second.context["next_url"]
    assert again.context["previous_url"] == second.context["previous_url"]
    page = boss.get(boss.get(page.context["next_url"]).context["next_url"])  # which is on the gallery's third page
    back = page.context["gallery_url"]
    later = boss.get(back)
    assert [card.image.name for card in later.context["cards"]] == names[6:9]
    earlier = boss.get(f"{ADMIN}/task/{scenes.pk}/gallery/{later.context['previous_url']}")
    assert [card.image.name for card in earlier.context["cards"]] == names[3:6]


@pytest.mark.parametrize("query", [QUERY, ""])
def test_a_shape_that_is_saved_or_deleted_leads_back_to_its_image(boss: Client, scenes: Task, query: str) -> None:
    image = scenes.images.get(name="beach")
    response = boss.get(picture(image, query))
    here = picture(image, query) if query else f"{ADMIN}/image/{image.pk}/picture/"
    shape = image.shapes.filter(kind="rectangle").first()
    assert shape is not None
    (form,) = links(response, f"/shape/{shape.pk}/change/")
    saved = boss.post(form, shape_form(shape))
    assert (saved.status_code, saved.headers["Location"]) == (302, here)
    goes_on = boss.post(form, {**shape_form(shape), "_continue": "1"}).headers["Location"]
    assert boss.post(goes_on, shape_form(shape)).headers["Location"] == here
    (delete,) = links(boss.get(form), "/delete/")
    assert boss.post(delete, {"post": "yes"}).headers["Location"] == here
    assert not Shape.objects.filter(pk=shape.pk).exists()


@pytest.mark.parametrize("query", [QUERY, ""])
def test_an_image_that_is_saved_is_shown_and_one_that_is_deleted_leaves_the_gallery(
    boss: Client, scenes: Task, query: str
) -> None:
    image = scenes.images.get(name="beach")
    here = picture(image, query) if query else f"{ADMIN}/image/{image.pk}/picture/"
    (form,) = links(boss.get(picture(image, query)), f"/image/{image.pk}/change/")
    body = {"subset": "validation", "name": "beach"}
    assert boss.post(form, body).headers["Location"] == here
    (delete,) = links(boss.get(form), "/delete/")
    gone = boss.post(delete, {"post": "yes"}).headers["Location"]
    assert gone == f"{ADMIN}/task/{scenes.pk}/gallery/?{query}"
    assert "beach" not in [card.image.name for card in boss.get(gone).context["cards"]]


def test_an_image_that_is_added_from_the_gallery_is_shown_within_it(boss: Client, scenes: Task) -> None:
    from_gallery = boss.get(f"{ADMIN}/task/{scenes.pk}/gallery/?{QUERY}")
    (add,) = {link for link in links(from_gallery, "/image/add/") if "?" in link}
    assert f'value="{scenes.pk}"' in boss.get(add).content.decode()
    saved = boss.post(add, {"task": scenes.pk, "subset": "validation", "name": "new"})
    made = scenes.images.get(name="new")
    assert saved.headers["Location"] == picture(made)
    assert place_on(boss.get(picture(made))) == "5 of 5"


def test_who_may_not_add_is_not_led_there(as_staff: Browser, scenes: Task) -> None:
    some = as_staff("view_task", "view_image", "view_shape")
    assert links(some.get(f"{ADMIN}/task/{scenes.pk}/gallery/"), "/image/add/") == []
    more = as_staff("view_task", "view_image", "view_shape", "add_image", name="adds")
    assert len(links(more.get(f"{ADMIN}/task/{scenes.pk}/gallery/"), "/image/add/?task=")) == 1


@pytest.mark.parametrize("model", ["image", "shape", "label"])
def test_without_a_way_back_it_is_the_list_of_the_task(boss: Client, db: None, model: str) -> None:
    task, other = Task.objects.create(name="t"), Task.objects.create(name="other")
    image = Image.objects.create(task=task, name="a", subset="train")
    label = Label.objects.create(task=task, name="/m/1", color="#112233")
    Image.objects.create(task=other, name="theirs")
    box = {"x_min": 0.0, "x_max": 1.0, "y_min": 0.0, "y_max": 1.0}
    shape = Shape.objects.create(task=task, image=image, label=label, kind="rectangle", **box)
    specs = {
        f"{name}-{kind}_FORMS": "0"
        for name in ("attribute_specs", "parent_edges", "child_edges")
        for kind in ("TOTAL", "INITIAL")
    }
    forms: dict[str, tuple[Any, dict[str, Any]]] = {
        "image": (image, {"name": "a", "subset": "train"}),
        "shape": (shape, shape_form(shape)),
        "label": (label, {"name": "/m/1", "color": "#112233", "position": "0", "is_listed": "on", **specs}),
    }
    row, body = forms[model]
    form = f"{ADMIN}/{model}/{row.pk}/change/"
    listed = f"{ADMIN}/{model}/?task={task.pk}"
    assert boss.post(form, body).headers["Location"] == listed
    filtered = boss.post(f"{form}?_changelist_filters=p%3D1", body).headers["Location"]
    assert parse_qs(urlsplit(filtered).query) == {"p": ["1"]}
    if model != "label":
        assert boss.post(f"{ADMIN}/{model}/{row.pk}/delete/", {"post": "yes"}).headers["Location"] == listed


def test_a_list_has_no_use_for_what_a_form_came_from(boss: Client, scenes: Task) -> None:
    response = boss.get(f"{ADMIN}/shape/?within=a%3D1&task={scenes.pk}")
    assert (response.status_code, response.headers["Location"]) == (302, f"{ADMIN}/shape/?task={scenes.pk}")


@pytest.mark.parametrize(
    "within", ["//evil.example", "https://evil.example/", "a=1\r\nX: y", "%00", "javascript:alert(1)"]
)
def test_no_query_leads_elsewhere(boss: Client, scenes: Task, within: str) -> None:
    image = scenes.images.get(name="beach")
    shape = image.shapes.filter(kind="rectangle").first()
    assert shape is not None
    address = f"{ADMIN}/shape/{shape.pk}/change/"
    saved = boss.post(address, shape_form(shape), query_params={"within": within})
    assert saved.headers["Location"].startswith(f"{ADMIN}/image/{image.pk}/picture/?within=")
    assert boss.get(saved.headers["Location"]).status_code == 200

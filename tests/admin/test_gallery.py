"""A task's gallery: what it shows, filters and refuses."""

import math
import re
from html import unescape
from itertools import combinations
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from openimages_io.admin import facets as admin_facets
from openimages_io.admin import gallery, gallery_pages, viewing
from openimages_io.filtersets.addresses import filter_query
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Image, Label, Shape, Task, TaskStatistics
from openimages_io.models.colors import oklab
from openimages_io.viewing import facets
from openimages_io.viewing.colors import APART, FEW, task_colors
from openimages_io.viewing.statistics import statistics
from tests.admin.conftest import Browser

SEES = ("view_task", "view_image", "view_shape")


def address(task: Task, query: str = "") -> str:
    return f"/admin/openimages_io/task/{task.pk}/gallery/{query}"


def names(response: Any) -> list[str]:
    assert response.status_code == 200
    return re.findall(r'<span class="oi-name">(.*?)</span>', response.content.decode())


def asked(task: Task, url: str) -> list[str]:
    """The images that an address asks for, by the filter alone: drawing each page would take long."""
    wanted = ImageFilterSet(filter_query(QueryDict(urlsplit(url).query)), task.images.all())
    assert wanted.is_valid()
    return list(wanted.qs.order_by("pk").values_list("name", flat=True))


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


def test_a_label_has_one_colour_wherever_it_is_drawn(boss: Client, scenes: Task) -> None:
    label = scenes.labels.get(display_name="Window")  # its own colour is too close to that of Wheel
    shapes = scenes.shapes.filter(label=label).exclude(kind="tag")
    images = scenes.images.filter(shapes__in=shapes).distinct()
    urls = [address(scenes), *(f"/admin/openimages_io/image/{image.pk}/picture/" for image in images)]
    pages = [boss.get(url).content.decode() for url in urls]
    keys = shapes.values_list("pk", flat=True)
    drawn = re.compile(rf'data-shape="(?:{"|".join(map(str, keys))})"[^>]* stroke="(#[0-9a-f]+)"')
    found = [set(drawn.findall(page)) for page in pages]
    assert found == [found[0]] * len(pages)
    assert len(found[0] - {label.color}) == 1
    (color,) = found[0]
    image, shape = images[0], shapes[0]
    swatches = {
        f"label/?task={scenes.pk}": 'rect [^>]*fill="(#[0-9a-f]+)"/></svg></td><th [^>]*><a [^>]*>Window<',
        f"shape/?label={label.pk}&task={scenes.pk}": 'rect [^>]*fill="(#[0-9a-f]+)"/></svg> Window',
        f"shape/?image={image.pk}": 'rect [^>]*fill="(#[0-9a-f]+)"/></svg> Window',
        f"task/{scenes.pk}/hierarchy/": f'rect [^>]*fill="(#[0-9a-f]+)"/></svg> <a href="[^"]*/label/{label.pk}/',
        f"label/{label.pk}/change/": 'rect [^>]*fill="(#[0-9a-f]+)"',
        f"shape/{shape.pk}/change/": f'data-shape="{shape.pk}"[^>]* stroke="(#[0-9a-f]+)"',
    }
    for where, swatch in swatches.items():
        page = boss.get(f"/admin/openimages_io/{where}").content.decode()
        assert set(re.findall(swatch, page)) == {color}, where


def drawn_colors(page: str, names: dict[str, str]) -> dict[str, set[str]]:
    """The colours of shapes by their label's name, on cards and in the chart of frequent labels."""
    found: dict[str, set[str]] = {}
    chart = re.findall(r'<text [^>]*>([^<]*)</text>(?:</a>)?<rect [^>]*fill="(#[0-9a-f]+)"', page)
    for name, color in [*re.findall(r'data-label="([^"]*)"[^>]* stroke="(#[0-9a-f]+)"', page), *chart]:
        found.setdefault(names.get(name, name), set()).add(color)
    return found


def test_a_task_with_many_labels_has_those_of_a_page_told_apart(boss: Client, scenes: Task) -> None:
    Label.objects.bulk_create(Label(task=scenes, name=f"/m/x{number}", position=number) for number in range(FEW))
    assert task_colors(scenes) == {}
    names = {str(label.pk): str(label) for label in scenes.labels.all()}
    colors = drawn_colors(boss.get(address(scenes)).content.decode(), names)
    assert len(colors) == 10
    assert all(len(found) == 1 for found in colors.values()), colors
    places = [oklab(color) for (color,) in colors.values()]
    assert min(math.dist(one, other) for one, other in combinations(places, 2)) >= APART
    part = drawn_colors(boss.get(address(scenes, "?subset=validation")).content.decode(), names)
    assert {name: colors[name] for name in part} == part  # those of the chart are the same on all pages


def test_a_label_whose_own_colour_is_shown_has_no_other_on_its_page(boss: Client, scenes: Task) -> None:
    label = scenes.labels.get(display_name="Wheel")
    assert "Color on pages" not in boss.get(f"/admin/openimages_io/label/{label.pk}/change/").content.decode()


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


def choices(response: Any, facet: str) -> dict[str, tuple[str, str, bool]]:
    """The chips of a facet: by text the address, the number and whether it is on."""
    page = response.content.decode()
    panel = re.search(rf"<summary>{facet}</summary>(.*?)</details>", page, re.DOTALL)
    assert panel is not None, facet
    found = re.findall(
        r'<a class="oi-choice( oi-on)?" href="([^"]*)"[^>]*>(.*?) <span class="oi-count"[^>]*>(.*?)</span></a>',
        panel[1],
    )
    return {unescape(text): (unescape(url), number, bool(on)) for on, url, text, number in found}


def conditions(response: Any) -> dict[str, str]:
    """What is asked for, in words, and the addresses without it."""
    now = response.content.decode().partition('<p class="oi-now">')[2].partition("</p>")[0]
    return {unescape(text): unescape(url) for url, text in re.findall(r'href="([^"]*)" title=[^>]*>(.*?) <span', now)}


def matches(response: Any) -> str:
    found = re.search(r'<strong class="oi-matches"[^>]*>(.*?)</strong>', response.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.long
def test_chips_have_the_numbers_of_the_task_and_lead_to_what_they_count(boss: Client, scenes: Task) -> None:
    everything = boss.get(address(scenes))
    counted = statistics(scenes)
    assert matches(everything) == f"{counted.images} images"
    assert conditions(everything) == {}
    by_name = {str(label): label.pk for label in scenes.labels.all()}
    for text, (url, number, is_on) in choices(everything, "Label").items():
        key = by_name[text]
        assert int(number) == counted.by_label[key] - counted.absent_by_label.get(key, 0)
        assert (url, is_on) == (f"?label={key}", False)
    assert {text: int(number) for text, (_, number, _) in choices(everything, "Subset").items()} == {
        name: numbers["images"] for name, numbers in counted.by_subset.items()
    }
    assert {text: int(number) for text, (_, number, _) in choices(everything, "Kind").items()} == counted.by_kind
    assert sum(int(number) for _, number, _ in choices(everything, "Source").values()) == counted.shapes
    more = choices(everything, "More")
    assert int(more["without annotations"][1]) == counted.without_shapes
    assert names(boss.get(address(scenes, more["with annotations"][0]))) == [
        image.name for image in scenes.images.annotated(has_shapes=True).order_by("pk")
    ]


@pytest.mark.long
@pytest.mark.parametrize(
    "query",
    ["?kind=rectangle", "?subset=train", "?kind=tag&presence=absent", "?attribute=truncated=true", "?score_min=0.9"],
)
def test_under_a_filter_each_chip_says_how_many_images_it_leads_to(boss: Client, scenes: Task, query: str) -> None:
    response = boss.get(address(scenes, query))
    found = 0
    for facet in ("Label", "Subset", "Kind", "Source", "Attributes", "More"):
        offered = [
            (text, url, number)
            for text, (url, number, is_on) in choices(response, facet).items()
            if not is_on and text not in {"with annotations", "with a picture file"}
        ]
        for text, url, number in offered:
            assert len(asked(scenes, url)) == int(number), (facet, text, url)
            found += int(number) > 0
        for _text, url, _number in offered[:1]:
            assert names(boss.get(address(scenes, url))) == asked(scenes, url)
    assert found > 5
    assert len(names(response)) == int(matches(response).split()[0])


@pytest.mark.long
def test_numbers_are_the_least_where_not_every_image_is_looked_at(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "MOST_IMAGES", 3)
    monkeypatch.setattr(facets, "_AT_ONCE", 2)
    for text, (_url, number, is_on) in choices(boss.get(address(scenes, "?kind=rectangle")), "Label").items():
        assert is_on or number.endswith("+"), text  # 0+ too: there may be others
    assert choices(boss.get(address(scenes, "?name=beach")), "Kind")["rectangle"][1] == "1"


def test_of_a_large_task_numbers_come_after_the_page(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = boss.get(address(scenes, "?kind=rectangle"))
    monkeypatch.setattr(gallery, "SMALL", 10)
    late = boss.get(address(scenes, "?kind=rectangle&after=1&page=2"))
    assert matches(late) == "…"
    assert {number for _, number, _ in choices(late, "Label").values()} == {""}
    addresses = [unescape(url) for url in re.findall(r'data-late="([^"]*)"', late.content.decode())]
    of_matches, of_chips = (boss.get(url).json() for url in addresses)
    assert of_matches == {"text": matches(soon), "numbers": {"pages": "1"}}
    page = soon.content.decode()
    shown = dict(re.findall(r'data-number="([^"]*)">([^<]*)<', page))
    for key, number in shown.items():
        others = of_chips["others"].get(key.partition(":")[0])
        assert of_chips["numbers"].get(unescape(key), others) == number or key == "pages"
    assert ("Only the first 5,000 are looked at" in late.content.decode(), "are looked at" in page) == (True, False)
    assert boss.get(addresses[1].replace("kind=rectangle", "kind=nonsense")).json()["numbers"] == {}
    assert boss.get(addresses[0].replace("kind=rectangle", "kind=nonsense")).json()["text"] == "0 images"
    everything = boss.get(address(scenes))
    assert "data-late" not in everything.content.decode()
    assert matches(everything) == f"{scenes.images.count()} images"


def test_what_is_asked_for_is_said_and_each_condition_can_be_taken_away(boss: Client, scenes: Task) -> None:
    couch, boat = (scenes.labels.get(display_name=name).pk for name in ("Couch", "Boat"))
    both = f"?label={couch}&label={boat}&kind=rectangle&attribute=occluded&attribute=truncated=yes"
    response = boss.get(address(scenes, f"{both}&score_max=1&score_min=0&page=2"))
    found = conditions(response)
    assert [*found] == [
        "Couch, present",
        "Boat, present",
        "rectangle",
        "confidence 0 to 1",
        "occluded",
        "truncated: yes",
    ]
    assert found["Couch, present"] == (
        f"?kind=rectangle&attribute=occluded&attribute=truncated%3Dyes&score_max=1&score_min=0&label={boat}"
    )
    assert "score" not in found["confidence 0 to 1"]
    assert found["occluded"].endswith("&attribute=truncated%3Dyes")
    on = {text for text, (_, _, is_on) in choices(response, "Label").items() if is_on}
    assert on == {"Couch", "Boat"}
    assert choices(response, "Label")["Couch"][0].count("label=") == 1
    wanted = scenes.images.annotated(label=[couch, boat], kind="rectangle")
    rest = boss.get(address(scenes, f"?label={couch}&label={boat}&kind=rectangle"))
    assert names(rest) == [image.name for image in wanted.order_by("pk")] != []
    without = boss.get(address(scenes, f"?without_label={couch}&without_label={boat}"))
    assert names(without) == [i.name for i in scenes.images.annotated(without_label=[couch, boat]).order_by("pk")]


@pytest.mark.long
def test_attributes_have_the_values_of_their_specs(boss: Client, scenes: Task) -> None:
    label = scenes.labels.get(display_name="Boat")
    label.attribute_specs.create(name="pose", input_type="select", values=["left & right", "off"])
    label.attribute_specs.create(name="depth", input_type="number", values=[0, 1])
    beach = scenes.images.get(name="beach")
    Shape.objects.create(task=scenes, image=beach, label=label, kind="tag", attributes={"pose": "left & right"})
    response = boss.get(address(scenes))
    found = choices(response, "Attributes")
    assert {"pose: left & right", "pose: off", "truncated: yes", "truncated: no", "occluded: yes"} <= found.keys()
    assert not [text for text in found if text.startswith(("score", "depth"))]
    assert names(boss.get(address(scenes, found["pose: left & right"][0]))) == ["beach"]
    assert '<option value="depth">' not in response.content.decode()
    truncated = boss.get(address(scenes, found["truncated: yes"][0]))
    assert names(truncated) == [i.name for i in scenes.images.annotated(attribute="truncated=true").order_by("pk")]
    asked = boss.get(address(scenes, "?attribute=pose=off&attribute=pose=left+%26+right"))
    assert names(asked) == []
    assert "No images match." in asked.content.decode()


@pytest.mark.long
def test_an_empty_source_can_be_asked_for(boss: Client, scenes: Task) -> None:
    image = scenes.images.get(name="beach")
    label = scenes.labels.get(display_name="Boat")
    Shape.objects.create(task=scenes, image=image, label=label, kind="tag", source="")
    url, number, _ = choices(boss.get(address(scenes, "?kind=tag")), "Source")["none"]
    assert number == "1"
    response = boss.get(address(scenes, url))
    assert names(response) == ["beach"]
    assert choices(response, "Source")["none"] == ("?kind=tag", "1", True)


def test_what_the_forms_have_no_field_for_stays_in_the_address(boss: Client, scenes: Task) -> None:
    page = boss.get(
        address(scenes, "?name=beach&updated_since=2020-01-01T00:00:00Z&ordering=name&after=3")
    ).content.decode()
    form = page.partition('class="oi-search">')[2].partition("</form>")[0]
    assert '<input type="hidden" name="name" value="beach">' in form
    assert 'name="updated_since" value="2020-01-01T00:00:00Z"' in form
    assert '<option value="name" selected>' in form
    assert "after" not in form
    assert form.count('name="ordering"') == 1
    assert 'type="hidden"' not in boss.get(address(scenes)).content.decode().partition('class="oi-search"')[2]


def test_facets_with_many_values_offer_the_others_in_a_select(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_facets, "CHIPS", 2)
    label = min(statistics(scenes).by_label.items(), key=lambda pair: (pair[1], -pair[0]))[0]
    response = boss.get(address(scenes, "?subset=train"))
    page = response.content.decode()
    assert len(choices(response, "Label")) == 2

    def select(page: str) -> str:
        return page.partition('<select name="label">')[2].partition("</select>")[0]

    assert f'<option value="{label}">' in select(page)
    chosen = boss.get(address(scenes, f"?subset=train&label={label}"))
    assert len(choices(chosen, "Label")) == 3
    assert (
        f'<option value="{label}">'
        not in chosen.content.decode().partition('<select name="label">')[2].partition("</select>")[0]
    )


@pytest.mark.long
def test_a_page_is_jumped_to_by_its_number(boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_pages, "PAGE", 3)
    expected = list(scenes.images.order_by("name").values_list("name", flat=True))
    for number in range(1, 5):
        response = boss.get(address(scenes, f"?ordering=name&page={number}"))
        assert names(response) == expected[number * 3 - 3 : number * 3]
        assert f'value="{number}"' in response.content.decode().partition("oi-jump")[2]
    third = boss.get(address(scenes, "?ordering=name&page=3"))
    assert third.context["next_url"].endswith("&page=4")
    following = boss.get(address(scenes, third.context["next_url"]))
    assert names(following) == expected[9:12]
    assert following.context["number"] == 4
    before = boss.get(address(scenes, following.context["previous_url"]))
    assert (names(before), before.context["number"]) == (expected[6:9], 3)
    beyond = boss.get(address(scenes, "?ordering=name&page=900"))
    assert "There is no such page." in beyond.content.decode()
    assert names(boss.get(address(scenes, beyond.context["first_url"]))) == expected[:3]
    for odd in ("x", "-1", "0", "99999999999999999999", "1.5"):
        assert names(boss.get(address(scenes, f"?ordering=name&page={odd}"))) == expected[:3]


@pytest.mark.long
def test_charts_fold_away_once_something_is_asked_for_and_bars_lead_to_what_they_count(
    boss: Client, scenes: Task
) -> None:
    page = boss.get(address(scenes)).content.decode()
    assert '<details class="oi-charts" open>' in page
    assert page.index("oi-facets") < page.index("oi-cards") < page.index("oi-charts")
    counted = statistics(scenes)
    bars = [
        (unescape(url), unescape(said))
        for url, said in re.findall(r'<a href="([^"]*)"[^>]*><title>(.*?)</title>', page)
    ]
    assert len(bars) > 10
    assert sum("box_size" in url for url, _ in bars) == sum(map(bool, counted.box_sizes)) > 5
    for url, said in bars:
        query = parse_qs(urlsplit(url).query)
        sizes: Any = {name: float(values[0]) for name, values in query.items() if name.startswith("box_size")}
        found = scenes.images.annotated(
            label=[int(key) for key in query.get("label", ())],
            presence=query.get("presence", [None])[0],
            subset=query.get("subset", [None])[0],
            **sizes,
        )
        number = int(re.search(r": (\d+)", said)[1])  # type: ignore[index]  # there is one
        shapes = Shape.objects.filter(image__in=found)
        if "label" in query:
            shapes = shapes.filter(label=int(query["label"][0]))
            shapes = shapes.filter(kind="tag", score=0) if query["presence"] == ["absent"] else shapes
            assert shapes.count() == number
        elif sizes:
            assert sum(vars(image)["shape_count"] for image in found.numbered("shape_count", **sizes)) == number
        else:
            assert number in {found.count(), shapes.count()}
        assert asked(scenes, url) == [image.name for image in found.order_by("pk")]
    for url, _said in bars[::8]:
        assert names(boss.get(url)) == asked(scenes, url)
    assert counted.absent
    assert '<details class="oi-charts">' in boss.get(address(scenes, "?kind=tag")).content.decode()


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("ordering", ["shape_count", "-shape_count", "score"])
def test_pages_go_by_numbers_of_the_shapes_that_are_asked_for(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch, ordering: str
) -> None:
    monkeypatch.setattr(gallery_pages, "PAGE", 5)
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


@pytest.mark.long
@pytest.mark.parametrize("ordering", ["name", "-updated", "-id"])
def test_pages_go_by_place_in_every_order(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch, ordering: str
) -> None:
    monkeypatch.setattr(gallery_pages, "PAGE", 5)
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


@pytest.mark.long
def test_pages_go_by_key_in_both_directions_and_keep_the_filter(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_pages, "PAGE", 3)
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
    assert "This task has no images yet." in page


@pytest.mark.long
def test_the_number_of_queries_depends_neither_on_images_nor_on_shapes(boss: Client, scenes: Task) -> None:
    used = []
    statistics(scenes)
    for query in ("?search=house-n&kind=mask", "?kind=mask", ""):
        with CaptureQueriesContext(connection) as queries:
            response = boss.get(address(scenes, query))
        assert response.status_code == 200
        used.append(len(queries))
    assert used[2] <= 14
    assert used[0] <= used[1] <= used[2] + 10  # under a filter the chips are counted


def test_what_is_untrusted_is_text(boss: Client, db: None) -> None:
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


@pytest.mark.long
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


def test_a_very_large_task_is_counted_by_a_check_and_never_while_somebody_waits(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "_LARGE", 10)
    monkeypatch.setattr(viewing, "COUNTED_LATE", 10)
    check = f'action="/admin/openimages_io/task/{scenes.pk}/check/"'
    for query in ("?kind=mask", "?count=1"):
        page = boss.get(address(scenes, query)).content.decode()
        assert "have not been counted" in page
        assert "count=1" not in page
        assert check in page
        assert not TaskStatistics.objects.exists()
    old = statistics(scenes).shapes
    assert check not in boss.get(address(scenes, "?count=1")).content.decode()
    Shape.objects.filter(kind="tag").delete()
    page = boss.get(address(scenes, "?count=1")).content.decode()
    assert f"{old} annotations" in page
    assert "has changed since this was counted" in page
    assert check in page

"""Charts: the numbers are there as text, for eyes and for readers of screens."""

from xml.etree import ElementTree as ET

import pytest

from openimages_io.models import Label
from openimages_io.viewing.charts import Bar, bars, box_sizes, by_subset, frequent_labels, most_frequent
from openimages_io.viewing.statistics import BOX_EDGES, Statistics
from tests.viewing.svg import SVG, parse


def counted(**values: object) -> Statistics:
    base: dict[str, object] = {
        "revision": 1,
        "images": 3,
        "shapes": 7,
        "by_subset": {},
        "by_kind": {},
        "by_label": {},
        "absent_by_label": {},
        "by_source": {},
        "without_shapes": 0,
        "without_file": 0,
        "box_sizes": [0] * len(BOX_EDGES),
        "flat_boxes": 0,
    }
    return Statistics(**(base | values))  # type: ignore[arg-type]  # values of the fields' own types


def label(key: int, name: str = "", color: str = "#123456") -> Label:
    return Label(pk=key, name=f"/m/{key}", display_name=name or f"Label {key}", color=color)


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_each_chart_has_a_name_a_role_and_its_numbers_in_words() -> None:
    statistics = counted(
        by_label={1: 1234, 2: 5}, absent_by_label={1: 34}, box_sizes=[3, *[0] * 17, 4, 5], flat_boxes=2
    )
    labels = {1: label(1, "Cat"), 2: label(2, "Dog")}
    for svg in (frequent_labels(statistics, labels), box_sizes(statistics), bars("Some", [])):
        root = parse(svg)
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert root.findtext(f"{SVG}desc")
    description = parse(frequent_labels(statistics, labels)).findtext(f"{SVG}desc")
    assert description == "Cat: 1,234 (34 verified absent); Dog: 5"
    description = parse(box_sizes(statistics)).findtext(f"{SVG}desc") or ""
    assert "below 0.2 %: 3" in description
    assert "the whole image: 5" in description
    assert "2 boxes have no area" in description


def test_bars_are_as_long_as_their_values() -> None:
    root = parse(bars("Some", [Bar("a", 100, "#ff0000"), Bar("b", 50), Bar("c", 0)]))
    widths = [float(rect.get("width") or 0) for rect in root.iter(f"{SVG}rect")]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.1)
    assert widths[2] == 0
    assert [rect.get("fill") for rect in root.iter(f"{SVG}rect")] == ["#ff0000", "currentColor", "currentColor"]
    assert texts(root) == ["Some", "a", "100", "b", "50", "c", "0"]


def test_what_is_verified_absent_is_hollow() -> None:
    statistics = counted(by_label={1: 100}, absent_by_label={1: 25})
    solid, hollow, _key = list(parse(frequent_labels(statistics, {1: label(1)})).iter(f"{SVG}rect"))
    assert float(solid.get("width") or 0) == pytest.approx(3 * float(hollow.get("width") or 0), abs=0.2)
    assert hollow.get("fill") == "none"


def test_twenty_labels_are_shown_of_more() -> None:
    statistics = counted(by_label={key: key for key in range(1, 31)})
    assert most_frequent(statistics) == list(range(30, 10, -1))
    shown = texts(parse(frequent_labels(statistics, {key: label(key) for key in range(1, 31)})))
    assert shown[0] == "The 20 most frequent of 30 labels"
    assert shown[1::2] == [f"Label {key}" for key in range(30, 10, -1)]


def test_subsets_have_a_chart_of_images_and_one_of_annotations() -> None:
    statistics = counted(by_subset={"train": {"images": 2, "shapes": 7}, "validation": {"images": 1, "shapes": 0}})
    images, shapes = parse(f"<charts>{by_subset(statistics)}</charts>")
    assert texts(images) == ["Images by subset", "train", "2", "validation", "1"]
    assert texts(shapes) == ["Annotations by subset", "train", "7", "validation", "0"]
    many = counted(by_subset={f"s{n}": {"images": n, "shapes": 0} for n in range(100)})
    images, _shapes = parse(f"<charts>{by_subset(many)}</charts>")
    assert texts(images)[:3] == ["Images: the 20 largest of 100 subsets", "s99", "99"]
    assert len(texts(images)) == 41


def test_names_are_cut_on_the_page_but_not_in_the_tooltip_and_are_never_markup() -> None:
    name = "</text><script>x</script>\x01" * 5
    root = parse(bars(name, [Bar(name, 1)]))
    assert not list(root.iter(f"{SVG}script"))
    assert len(texts(root)[1]) <= 17
    # Letters that are as wide as they are high would be cut by the picture's edge.
    for letters, most in (("日本語" * 9, 8), ("m" * 30, 10), ("x" * 30, 15), ("i" * 10, 10)):
        assert len(texts(parse(bars("", [Bar(letters, 1)])))[1]) <= most
    assert texts(parse(bars("", [Bar("Traffic light", 1)])))[1] == "Traffic light"
    assert (root.findtext(f"{SVG}g/{SVG}title") or "").count("script") == 10


def test_a_task_without_boxes_has_an_empty_chart() -> None:
    root = parse(box_sizes(counted()))
    assert {rect.get("height") for rect in root.iter(f"{SVG}rect") if rect.get("fill-opacity") != "0"} == {"0.0"}

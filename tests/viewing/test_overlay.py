"""Overlays: every shape where its row says, in its label's colour, and nothing untrusted becomes markup."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openimages_io.format.masks import encode
from openimages_io.geometry import fill_polygon, trace
from openimages_io.models import Image, Label, Mask, Shape
from openimages_io.viewing import drawables
from openimages_io.viewing.drawables import drawable, labels_of
from openimages_io.viewing.overlay import FRAME, overlay
from tests.transfer.datasets import pixels
from tests.viewing.conftest import AddImage, Draw
from tests.viewing.svg import SVG, parse


def rendered(image: Image, **options: Any) -> ET.Element:
    found = drawable([image])
    drawn = found[image.pk]
    return parse(overlay(image, drawn.shapes, labels_of(found.values()), left=drawn.left, **options))


def parts(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter() if element.get("data-shape")]


def numbers(element: ET.Element, *names: str) -> list[float]:
    return [float(element.get(name) or "nan") for name in names]


def title(element: ET.Element) -> str:
    return element.findtext(f"{SVG}title") or ""


@pytest.fixture
def picture(add_image: AddImage) -> Image:
    return add_image("a", width=200, height=100)


def add_mask(shape: Shape, mask: Any, **values: Any) -> None:
    png = encode(mask) if isinstance(mask, np.ndarray) else mask
    size = {"width": mask.shape[1], "height": mask.shape[0]} if isinstance(mask, np.ndarray) else {}
    Mask.objects.create(shape=shape, png=png, **(size | values))


def test_flags_that_are_columns_stand_among_the_attributes(picture: Image, draw: Draw) -> None:
    draw(picture, attributes={"pose": "left"}, truncated=True, is_inside=False)
    (box,) = parts(rendered(picture))
    assert title(box).split("\n") == ["Cat", "rectangle", "truncated: yes", "is_inside: no", "pose: left"]


def test_a_box_lies_where_its_row_says_in_pixels(picture: Image, draw: Draw, cat: Label) -> None:
    shape = draw(picture, score=0.75, occluded=True, source="xclick", attributes={"pose": "left", "truncated": False})
    root = rendered(picture)
    (box,) = parts(root)
    assert root.get("viewBox") == "0 0 200 100"
    assert box.tag == f"{SVG}rect"
    assert numbers(box, "x", "y", "width", "height") == [20, 20, 80, 40]
    assert (box.get("data-shape"), box.get("data-label"), box.get("data-kind")) == (
        str(shape.pk),
        str(cat.pk),
        "rectangle",
    )
    assert (box.get("stroke"), box.get("fill"), box.get("vector-effect")) == (
        "#aa0000",
        "#aa0000",
        "non-scaling-stroke",
    )
    assert (box.get("data-source"), box.get("data-score"), box.get("fill-opacity")) == ("xclick", "0.75", "0")
    assert title(box).split("\n") == [
        "Cat",
        "rectangle",
        "Confidence: 0.75",
        "Occluded: yes",
        "pose: left",
        "truncated: no",
        "source: xclick",
    ]
    assert title(root) == "1 annotation of default/a"


def test_turned_boxes_and_ellipses_are_turned_in_pixels_about_their_centres(picture: Image, draw: Draw) -> None:
    draw(picture, rotation=30)
    draw(picture, kind="ellipse", points=[0.25, 0.5, 0.1, 0.2], rotation=-45.5, x_min=0.2, x_max=0.3)
    box, ellipse = parts(rendered(picture))
    assert box.get("transform") == "rotate(30 60 40)"
    assert ellipse.get("transform") == "rotate(-45.5 50 50)"
    assert numbers(ellipse, "cx", "cy", "rx", "ry") == [50, 50, 20, 20]


def test_a_polygon_has_all_its_rings_and_is_filled_by_even_odd(picture: Image, draw: Draw) -> None:
    rings = [[0, 0, 1, 0, 1, 1, 0, 1], [0.25, 0.25, 0.5, 0.25, 0.5, 0.5]]
    draw(picture, kind="polygon", points=rings)
    root = rendered(picture)
    (path,) = parts(root)
    assert path.get("d") == "M0 0L200 0L200 100L0 100ZM50 25L100 25L100 50Z"
    assert root[-1].get("fill-rule") == "evenodd"


def outline(path: ET.Element) -> list[list[float]]:
    """The rings of a path of level and upright lines."""
    rings = []
    for part in (path.get("d") or "").rstrip("Z").split("Z"):
        start = re.match(r"M(\d+) (\d+)", part)
        assert start
        x, y = int(start[1]), int(start[2])
        ring = [x, y]
        for command, value in re.findall(r"([HV])(\d+)", part):
            x, y = (int(value), y) if command == "H" else (x, int(value))
            ring += [x, y]
        rings.append(ring)
    return [[float(value) for value in ring] for ring in rings]


def test_the_outline_of_a_mask_encloses_its_very_pixels_whatever_its_own_size(picture: Image, draw: Draw) -> None:
    mask = pixels()
    add_mask(draw(picture, kind="mask"), mask)
    (path,) = parts(rendered(picture))
    assert path.get("transform") == f"scale({200 / 8:g} {100 / 6!r})"
    rings = [[value / (8, 6)[index % 2] for index, value in enumerate(ring)] for ring in outline(path)]
    assert np.array_equal(fill_polygon(rings, 8, 6), mask)


def test_a_large_mask_is_drawn_from_a_smaller_copy(picture: Image, draw: Draw) -> None:
    mask = np.zeros((2000, 3000), dtype=np.bool_)
    mask[500:1500, 1000:2000] = True
    add_mask(draw(picture, kind="mask"), mask)
    (path,) = parts(rendered(picture))
    (ring,) = outline(path)
    scale_x, scale_y = map(float, re.findall(r"\d[\d.e-]*", path.get("transform") or ""))
    assert 200 / scale_x * 100 / scale_y <= 1_001_000
    assert [min(ring[0::2]) * scale_x, max(ring[0::2]) * scale_x] == pytest.approx([200 / 3, 400 / 3], abs=0.2)
    assert [min(ring[1::2]) * scale_y, max(ring[1::2]) * scale_y] == pytest.approx([25, 75], abs=0.2)


@pytest.mark.long
def test_a_mask_of_noise_ends_in_few_corners(picture: Image, draw: Draw) -> None:
    noise = np.random.default_rng(1).random((1000, 1000)) < 0.5
    add_mask(draw(picture, kind="mask"), noise)
    stripes = np.arange(3_000_000).reshape(-1, 1) % 2 == 0
    add_mask(draw(picture, kind="mask"), stripes)
    svg = overlay(picture, drawable([picture])[picture.pk].shapes, {})
    assert len(svg) < 1_000_000
    assert len(parts(parse(svg))) == 2


@pytest.mark.parametrize("png", [b"", b"no PNG"])
def test_a_mask_that_cannot_be_read_is_shown_by_its_box(picture: Image, draw: Draw, png: bytes) -> None:
    add_mask(draw(picture, kind="mask", x_min=0, x_max=0.5, y_min=0, y_max=0.5), png)
    draw(picture, kind="mask")  # neither pixels nor a box
    (box,) = parts(rendered(picture))
    assert box.tag == f"{SVG}rect"
    assert box.get("data-kind") == "mask"
    assert box.get("stroke-dasharray")
    assert "its mask" in title(box)


def test_masks_beyond_the_bounds_are_shown_by_their_boxes(picture: Image, draw: Draw) -> None:
    for _ in range(3):
        add_mask(draw(picture, kind="mask", x_min=0, x_max=0.5, y_min=0, y_max=0.5), pixels())
    found = drawable([picture], mask_pixels=2 * 48)[picture.pk]
    tags = [element.tag for element in parts(parse(overlay(picture, found.shapes, {})))]
    assert tags == [f"{SVG}path", f"{SVG}path", f"{SVG}rect"]
    assert "too many masks" in overlay(picture, found.shapes, {})


def test_shapes_beyond_the_bounds_are_counted_in_the_title(picture: Image, draw: Draw, add_image: AddImage) -> None:
    other = add_image("b", width=10, height=10)
    draw(other)
    for _ in range(5):
        draw(picture)
    found = drawable([picture, other], most=2)
    assert (len(found[picture.pk].shapes), found[picture.pk].left) == (2, 3)
    assert (len(found[other.pk].shapes), found[other.pk].left) == (1, 0)
    svg = overlay(picture, found[picture.pk].shapes, {}, left=3)
    assert title(parse(svg)) == "5 annotations of default/a; 3 more than can be shown"


@pytest.mark.thorough
def test_an_image_full_of_long_polygons_ends_somewhere_and_says_so(picture: Image, draw: Draw, cat: Label) -> None:
    ring = [value for number in range(40_000) for value in (number / 40_000, 0.123456)]
    draw(picture, kind="polygon", points=[ring])
    (shape,) = drawable([picture])[picture.pk].shapes
    svg = overlay(picture, [shape] * 30, {cat.pk: cat})
    assert len(svg) < 10_000_000
    assert re.match(r"30 annotations of default/a; \d+ more than can be shown", title(parse(svg)))


@pytest.mark.long
def test_a_polygon_of_very_many_points_is_shown_by_its_box(picture: Image, draw: Draw) -> None:
    noise = np.random.default_rng(1).random((500, 500)) < 0.5
    rings = trace(noise)
    draw(picture, kind="polygon", points=rings, x_min=0, x_max=1, y_min=0, y_max=1)
    svg = overlay(picture, drawable([picture])[picture.pk].shapes, {})
    assert len(svg) < 2000
    (box,) = parts(parse(svg))
    assert box.get("stroke-dasharray")
    assert re.search(r"only its box is drawn: it has \d{3},\d{3} points, more than 40,000", title(box))


def test_points_of_many_polygons_are_read_within_bounds(
    picture: Image, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = [draw(picture, kind="polygon", points=[[0.1, 0.1, 0.2, 0.1, 0.2, 0.2]]) for _ in range(3)]
    monkeypatch.setattr(drawables, "_POINTS", 80)
    found = drawable([picture])[picture.pk].shapes
    assert [shape.points is None for shape in found] == [False, False, True]
    assert [shape.pk for shape in found] == [shape.pk for shape in shapes]
    assert "its points are too many" in overlay(picture, found, {})


def test_what_is_said_of_a_shape_is_cut(picture: Image, draw: Draw) -> None:
    draw(picture, attributes={"pose": "x" * 1_000_000})
    (box,) = parts(rendered(picture))
    assert len(title(box)) < 2100


def test_a_shape_that_cannot_be_drawn_at_all_is_counted(picture: Image, draw: Draw) -> None:
    draw(picture, kind="mask")  # neither pixels nor a box
    assert title(rendered(picture)) == "1 annotation of default/a; 1 more than can be shown"


def test_large_shapes_lie_below_small_ones_so_that_each_can_be_pointed_at(picture: Image, draw: Draw) -> None:
    small = draw(picture, x_min=0.4, x_max=0.5)
    large = draw(picture, x_min=0, x_max=1)
    assert [part.get("data-shape") for part in parts(rendered(picture))] == [str(large.pk), str(small.pk)]


def test_a_mask_lies_on_its_box_whichever_came_first(picture: Image, draw: Draw) -> None:
    masks: list[Shape] = []
    boxes: list[Shape] = []
    for number in range(2):
        sides = {"x_min": number / 2, "x_max": number / 2 + 0.25, "y_min": 0.1, "y_max": 0.1 + 0.7}
        for kind in ("mask", "rectangle")[:: 1 - 2 * number]:
            (masks if kind == "mask" else boxes).append(draw(picture, kind=kind, **sides))
            if kind == "mask":
                add_mask(masks[-1], pixels())
    order = [int(part.get("data-shape") or 0) for part in parts(rendered(picture))]
    assert set(order[:2]) == {shape.pk for shape in boxes}
    assert set(order[2:]) == {shape.pk for shape in masks}


def test_a_page_may_have_colours_of_its_own(picture: Image, draw: Draw, cat: Label, car: Label) -> None:
    draw(picture)
    draw(picture, label=car)
    root = rendered(picture, colors={cat.pk: "#123456"})
    assert {part.get("stroke") for part in parts(root)} == {"#123456", "#00aa00"}


def test_tags_are_not_drawn(picture: Image, draw: Draw) -> None:
    draw(picture, kind="tag", score=1)
    assert parts(rendered(picture)) == []


def test_without_a_size_the_frame_is_a_guess_and_says_so(image: Image, draw: Draw) -> None:
    root = rendered(image)
    assert root.get("viewBox") == f"0 0 {FRAME[0]} {FRAME[1]}"
    assert "are guessed" in title(root)
    add_mask(draw(image, kind="mask"), pixels(30, 20))
    root = rendered(image)
    assert root.get("viewBox") == "0 0 30 20"
    assert "are guessed" in title(root)


def test_the_small_one_is_for_thumbnails(picture: Image, draw: Draw) -> None:
    draw(picture)
    (box,) = parts(rendered(picture, small=True))
    assert title(box) == ""
    assert title(rendered(picture, small=True)) == "1 annotation of default/a"


HOSTILE = "</title><script>alert(1)</script>\" onload='x' & \x01\x1b \ufffe \ud800 ]]>"


def test_whatever_the_database_holds_is_text(picture: Image, draw: Draw, cat: Label) -> None:
    cat.display_name, cat.color = HOSTILE[:200], '"><b>'
    shape = draw(picture, attributes={HOSTILE: HOSTILE}) if connection.vendor == "sqlite" else draw(picture)
    shape.source, shape.attributes = HOSTILE, {HOSTILE: [HOSTILE, {"a": HOSTILE}]}
    picture.name = HOSTILE
    svg = overlay(picture, [shape], {cat.pk: cat})
    root = parse(svg)
    assert [element.tag for element in root.iter()] == [f"{SVG}{tag}" for tag in ("svg", "title", "g", "rect", "title")]
    assert {name for element in root.iter() for name in element.attrib if name.startswith("on")} == set()
    assert "<script" not in svg
    (box,) = parts(root)
    assert re.fullmatch("#[0-9a-f]{6}", box.get("fill") or "")
    assert "alert(1)" in title(box)
    svg.encode()


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("polygon", "text"),
        ("polygon", [1, 2, 3]),
        ("polygon", [["a", "b"]]),
        ("polygon", [[0, 0, 1]]),
        ("polygon", [[0, 0, None, 1]]),
        ("polygon", [[10**400, 0, 1, 1]]),
        ("polygon", [[1e308, 0, 1, 1]]),
        ("polygon", [[[[[]]]]]),
        ("polygon", {"a": 1}),
        ("ellipse", [0.5]),
        ("ellipse", [0.5, 0.5, float("nan"), 1]),
        ("ellipse", [0.5, 0.5, 1e308, 1]),
        ("ellipse", True),
    ],
)
def test_points_that_are_none_are_shown_by_the_box(picture: Image, cat: Label, kind: str, points: Any) -> None:
    shape = Shape(pk=1, image=picture, label=cat, kind=kind, points=points, x_min=0, x_max=1, y_min=0, y_max=1)
    root = parse(overlay(picture, [shape], {cat.pk: cat}))
    for part in parts(root):
        assert part.tag in {f"{SVG}rect", f"{SVG}path"}
        assert "nan" not in str(part.attrib)
        assert "inf" not in str(part.attrib)


def test_a_label_that_was_not_given_is_a_number_in_grey(picture: Image, draw: Draw, cat: Label) -> None:
    (box,) = parts(parse(overlay(picture, [draw(picture)], {})))
    assert box.get("fill") == "#808080"
    assert title(box).startswith(f"label {cat.pk}\n")


def test_the_number_of_queries_does_not_grow(picture: Image, draw: Draw, add_image: AddImage) -> None:
    images, used = [picture], []
    draw(picture)
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            found = drawable(images)
            labels = labels_of(found.values())
            for image in images:
                overlay(image, found[image.pk].shapes, labels, small=True)
        used.append(len(queries))
        if number:
            break
        for name in "bcd":
            image = add_image(name)
            images.append(image)
            for _ in range(5):
                add_mask(draw(image, kind="mask"), pixels())
                draw(image)
    assert used == [2, 3]


def test_a_page_of_its_own_has_the_picture_below_or_an_empty_frame(picture: Image, draw: Draw) -> None:
    draw(picture)
    below = rendered(picture, backdrop='/a?b=1&c="<')[1]
    assert (below.tag, below.get("href"), *numbers(below, "width", "height")) == (
        f"{SVG}image",
        '/a?b=1&c="<',
        200,
        100,
    )
    frame = rendered(picture, backdrop="")[1]
    assert (frame.tag, frame.get("class"), *numbers(frame, "width", "height")) == (
        f"{SVG}rect",
        "openimages-frame",
        200,
        100,
    )
    assert len(rendered(picture)) == 2


@pytest.mark.parametrize(
    ("degrees", "box"),
    [(90, [50, -50, 100, 200]), (180, [0, 0, 200, 100]), (-270, [50, -50, 100, 200]), (360, [0, 0, 200, 100])],
)
def test_it_is_turned_counter_clockwise_within_a_frame_that_fits(
    picture: Image, draw: Draw, degrees: float, box: list[float]
) -> None:
    draw(picture)
    root = rendered(picture, turn=degrees)
    assert [float(value) for value in (root.get("viewBox") or "").split()] == box
    if degrees % 360:
        assert root[1].get("transform") == f"rotate({-degrees} 100 50)"
        assert len(parts(root[1])) == 1


def test_the_corners_of_a_frame_that_is_turned_askew_lie_on_its_edges(picture: Image) -> None:
    root = rendered(picture, turn=30)
    _, _, wide, tall = map(float, (root.get("viewBox") or "").split())
    assert (wide, tall) == pytest.approx((200 * 0.8660254 + 50, 100 + 100 * 0.8660254), abs=0.001)

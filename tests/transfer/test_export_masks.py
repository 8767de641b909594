"""Masks and what is drawn as masks: pixels, names, ids and sizes."""

import io
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from PIL import Image as Pillow
from pytest_django import Settings

from openimages_io import geometry
from openimages_io.format.masks import encode
from openimages_io.models import Image, Mask, Shape
from openimages_io.transfer.masks import exporting as writing_masks
from openimages_io.transfer.options import MaskSize
from tests.transfer.exporting import CORNER, SQUARE, WHOLE, Made, lines, mask_pixels, read_again, told

pytestmark = pytest.mark.django_db

SIZE = 40, 20
BOX: dict[str, Any] = {"x_min": 0.2, "x_max": 0.6, "y_min": 0.25, "y_max": 0.75}


def files(folder: Path, subset: str = "train") -> list[Path]:
    return sorted((folder / "masks" / subset).iterdir())


def only_pixels(folder: Path) -> Any:
    (path,) = files(folder)
    return mask_pixels(path)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("polygon", {"points": [SQUARE, CORNER], **WHOLE}, geometry.fill_polygon([SQUARE, CORNER], *SIZE)),
        (
            "ellipse",
            {"points": [0.5, 0.5, 0.3, 0.4], "rotation": 30, **WHOLE},
            geometry.fill_ellipse([0.5, 0.5, 0.3, 0.4], 30, *SIZE),
        ),
        ("rectangle", {"rotation": 45, **BOX}, geometry.fill_rectangle(0.2, 0.6, 0.25, 0.75, 45, *SIZE)),
    ],
)
def test_drawn_shapes_have_the_pixels_of_the_geometry(
    tmp_path: Path, kind: str, values: dict[str, Any], expected: Any
) -> None:
    made = Made()
    made.add(kind, **values)
    made.export(tmp_path / "out")

    assert np.array_equal(only_pixels(tmp_path / "out"), expected)
    (path,) = files(tmp_path / "out")
    with Pillow.open(io.BytesIO(path.read_bytes())) as picture:
        assert (picture.mode, picture.size) == ("1", SIZE)
    (row,) = lines(tmp_path / "out", "train-annotations-object-segmentation.csv")
    box_id = path.stem.rpartition("_")[2]
    assert path.name == f"a_m01yrx_{box_id}.png"
    assert row.startswith(f"{path.name},a,/m/01yrx,{box_id},")
    assert lines(tmp_path / "out", "train-annotations-bbox.csv") == []


def test_the_box_of_a_turned_rectangle_is_that_of_its_pixels(tmp_path: Path) -> None:
    made = Made(width=100, height=100)
    made.add("rectangle", x_min=0.2, x_max=0.8, y_min=0.4, y_max=0.6, rotation=90)
    made.export(tmp_path / "out")
    (row,) = lines(tmp_path / "out", "train-annotations-object-segmentation.csv")
    assert row.split(",")[4:8] == ["0.4", "0.6", "0.2", "0.8"]


def test_shapes_of_one_group_and_label_are_one_mask(tmp_path: Path) -> None:
    made = Made()
    other = made.add_label("/m/other")
    made.add("polygon", points=[SQUARE], group=1, x_min=0.25, x_max=0.75, y_min=0.25, y_max=0.75)
    made.add("polygon", points=[CORNER], group=1, label=other, **WHOLE)
    made.add("polygon", points=[CORNER], group=2, **WHOLE)
    made.add("polygon", points=[CORNER], group=1, image=made.add_image("b", width=40, height=20), **WHOLE)
    made.add("ellipse", points=[0.9, 0.9, 0.1, 0.1], group=1, x_min=0.8, x_max=1, y_min=0.8, y_max=1)
    imported = made.add_mask(group=1, path="imported.png")
    made.add("polygon", points=[CORNER], **WHOLE)

    report = made.export(tmp_path / "out")

    rows = lines(tmp_path / "out", "train-annotations-object-segmentation.csv")
    assert [(row.split(",")[1], row.split(",")[2]) for row in rows] == [
        ("a", "/m/01yrx"),
        ("a", "/m/other"),
        ("a", "/m/01yrx"),
        ("b", "/m/01yrx"),
        ("a", "/m/01yrx"),
        ("a", "/m/01yrx"),
    ]
    assert rows[0].split(",")[4:8] == ["0.25", "1", "0.25", "1"]
    joined = geometry.fill_polygon([SQUARE], *SIZE) | geometry.fill_ellipse([0.9, 0.9, 0.1, 0.1], 0, *SIZE)
    assert np.array_equal(mask_pixels(tmp_path / "out" / "masks" / "train" / rows[0].split(",")[0]), joined)
    assert (tmp_path / "out" / "masks" / "train" / "imported.png").read_bytes() == bytes(imported.mask.png)
    assert report.totals["masks"].skipped == {"with-its-group": 1}


def test_a_group_that_stands_on_several_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing_masks, "_PAGE", 1)
    made = Made()
    made.add("polygon", points=[SQUARE], group=1, **WHOLE)
    made.add_mask()
    made.add("polygon", points=[CORNER], group=1, **WHOLE)
    made.export(tmp_path / "out")
    rows = lines(tmp_path / "out", "train-annotations-object-segmentation.csv")
    assert len(rows) == 2
    joined = mask_pixels(tmp_path / "out" / "masks" / "train" / rows[0].split(",")[0])
    assert np.array_equal(joined, geometry.fill_polygon([SQUARE], *SIZE) | geometry.fill_polygon([CORNER], *SIZE))
    assert len({row.split(",")[3] for row in rows}) == 2  # BoxIDs are unique in an image, also across pages


def test_one_bad_part_of_a_group_is_an_issue_and_the_others_are_written(tmp_path: Path) -> None:
    made = Made()
    bad = [made.add("polygon", points=points, group=1, **WHOLE) for points in ([[0, 0]], "nonsense")]
    made.add("polygon", points=[SQUARE], group=1, **WHOLE)
    bad.append(made.add("polygon", points=[[1, 2, 3]], group=1, **WHOLE))

    report = made.export(tmp_path / "out")

    assert np.array_equal(only_pixels(tmp_path / "out"), geometry.fill_polygon([SQUARE], *SIZE))
    *found, drawn = told(report)
    assert found == [f"shape-unwritten: polygon {shape.pk} of /m/01yrx on train/a" for shape in bad]
    assert drawn == "no-place"
    assert report.totals["masks"].skipped == {"unwritable": 3}


def test_shapes_that_cannot_be_drawn_are_issues(tmp_path: Path, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_MASK_PIXELS": 10_000}
    made = Made(width=None, height=None)
    large = made.add_image("large", width=1000, height=1000)
    known = made.add_image("known", width=10, height=10)
    made.add("polygon", points=[SQUARE], **WHOLE)
    made.add("rectangle", **WHOLE, rotation=3)
    made.add("ellipse", image=large, points=[0.5, 0.5, 0.1, 0.1], **WHOLE)
    made.add("ellipse", image=known, points=[0.5, 0.5, -1, 0.1], **WHOLE)
    made.add("mask", image=known)
    garbage = made.add_mask(image=known)
    Mask.objects.filter(pk=garbage.pk).update(png=b"garbage")

    report = made.export(tmp_path / "out")

    reasons = [issue.reason for issue in report.issues()]
    assert reasons == [
        "cannot be drawn: the size of its image is not known",
        "cannot be drawn: the size of its image is not known",
        "would be a mask of 1000 x 1000 pixels, more than 10,000",
        "cannot be drawn: the ellipse has a radius below 0",
        "has no mask",
        "has a mask that is not a PNG",
    ]
    assert lines(tmp_path / "out", "train-annotations-object-segmentation.csv") == []
    read_again(tmp_path / "out")


def test_a_shape_between_the_pixels_is_told(tmp_path: Path) -> None:
    made = Made()
    made.add("ellipse", points=[0.5, 0.5, 1e-9, 1e-9], **WHOLE)
    report = made.export(tmp_path / "out")
    assert [issue.code for issue in report.issues()] == ["empty-mask", "no-place"]
    assert not only_pixels(tmp_path / "out").any()


# Masks that came in


def test_an_untouched_mask_keeps_its_bytes_and_an_edited_one_its_name(tmp_path: Path) -> None:
    made = Made()
    data = io.BytesIO()
    Pillow.new("L", (5, 5), 1).save(data, "PNG", compress_level=0)
    edited, untouched = (
        made.add_mask(path="ünï (2).png"),
        made.add_mask(path="b.PNG", attributes={"box_id": "x1"}, **BOX),
    )
    Mask.objects.filter(pk=untouched.pk).update(png=data.getvalue(), clicks="0.1 0.2 1;0.3 0.4 0")
    Mask.objects.filter(pk=edited.pk).update(png=encode(np.ones((3, 3), dtype=bool)), width=3, height=3)

    report = made.export(tmp_path / "out")

    masks = tmp_path / "out" / "masks" / "train"
    assert (masks / "b.PNG").read_bytes() == data.getvalue()
    assert mask_pixels(masks / "ünï (2).png").all()
    assert lines(tmp_path / "out", "train-annotations-object-segmentation.csv") == [
        "ünï (2).png,a,/m/01yrx,,,,,,,",
        "b.PNG,a,/m/01yrx,x1,0.2,0.6,0.25,0.75,,0.1 0.2 1;0.3 0.4 0",
    ]
    assert told(report) == []


def test_rows_without_png_are_written_and_told(tmp_path: Path) -> None:
    made = Made()
    shape = made.add_mask(path="absent.png")
    Mask.objects.filter(pk=shape.pk).update(png=b"", width=None, height=None)
    report = made.export(tmp_path / "out")
    assert not (tmp_path / "out" / "masks").exists()
    assert lines(tmp_path / "out", "train-annotations-object-segmentation.csv") == ["absent.png,a,/m/01yrx,,,,,,,"]
    assert told(report) == ["no-png"]


def test_one_file_of_several_rows_stays_one_and_two_of_one_name_become_two(tmp_path: Path) -> None:
    made = Made()
    white = np.ones((2, 2), dtype=bool)
    for pixels in (None, None, white):
        made.add_mask(pixels, path="same.png")
    made.add_mask(white, path="SAME.png")

    report = made.export(tmp_path / "out")

    rows = lines(tmp_path / "out", "train-annotations-object-segmentation.csv")
    names = [row.split(",")[0] for row in rows]
    assert names == ["same.png", "same.png", "same-2.png", "SAME-3.png"]
    assert [path.name for path in files(tmp_path / "out")] == ["SAME-3.png", "same-2.png", "same.png"]
    assert told(report) == ["mask-renamed: same.png", "mask-renamed: SAME.png"]


@pytest.mark.parametrize(
    "path", ["x.jpg", "no ending", "a..b.png", "../x.png", "C:x.png", "._x.png", ".png", "a/b.png"]
)
def test_names_that_could_not_be_read_again_are_changed(tmp_path: Path, path: str) -> None:
    made = Made()
    made.add_mask(path=path)
    made.add_mask(path="other.png")
    report = made.export(tmp_path / "out")
    assert told(report) == [f"mask-renamed: {path}"]
    assert all(bytes(mask.png) for mask in Mask.objects.filter(shape__task=read_again(tmp_path / "out")))


# Sizes


def test_masks_at_the_size_of_their_images(tmp_path: Path) -> None:
    made = Made()
    pixels = np.eye(6, 9, dtype=bool)
    same = made.add_mask(np.ones((20, 40), dtype=bool), path="same.png")
    made.add_mask(pixels, path="other.png")
    made.add_mask(pixels, path="unknown.png", image=made.add_image("b"))

    report = made.export(tmp_path / "out", mask_size=MaskSize.IMAGE)

    masks = tmp_path / "out" / "masks" / "train"
    assert (masks / "same.png").read_bytes() == bytes(same.mask.png)
    assert np.array_equal(mask_pixels(masks / "other.png"), geometry.resize_nearest(pixels, *SIZE))
    assert np.array_equal(mask_pixels(masks / "unknown.png"), pixels)
    assert told(report) == ["no-image-size"]


def test_one_file_of_two_images_is_two_where_their_sizes_differ(tmp_path: Path) -> None:
    made = Made()
    made.add_mask(path="same.png")
    made.add_mask(path="same.png", image=made.add_image("b", width=7, height=5))
    made.export(tmp_path / "out", mask_size=MaskSize.IMAGE)
    assert sorted(mask_pixels(path).shape for path in files(tmp_path / "out")) == [(5, 7), (20, 40)]


def test_a_mask_that_cannot_be_scaled_is_an_issue(tmp_path: Path, settings: Settings) -> None:
    made = Made()
    damaged = made.add_mask(path="damaged.png")
    png = bytes(damaged.mask.png)
    Mask.objects.filter(pk=damaged.pk).update(png=png[:-20])
    made.add_mask(path="good.png")
    Image.objects.filter(pk=made.add_image("b").pk).update(width=1000, height=1000)
    made.add_mask(path="too large.png", image=Image.objects.get(name="b"))
    settings.OPENIMAGES_IO = {"MAX_MASK_PIXELS": 10_000}

    report = made.export(tmp_path / "out", mask_size=MaskSize.IMAGE)

    assert [path.name for path in files(tmp_path / "out")] == ["good.png"]
    assert [issue.code for issue in report.issues()] == ["shape-unwritten"] * 2


# Names and ids


def test_box_ids_are_made_where_there_are_none_and_are_unique_in_their_image(tmp_path: Path) -> None:
    made = Made()
    for _ in range(5):
        made.add("polygon", points=[SQUARE], **WHOLE)
    made.export(tmp_path / "one")
    ids = [row.split(",")[3] for row in lines(tmp_path / "one", "train-annotations-object-segmentation.csv")]
    assert len(set(ids)) == 5

    made.add_mask(attributes={"box_id": ids[0]}, path="first.png")
    made.export(tmp_path / "two")
    again = [row.split(",")[3] for row in lines(tmp_path / "two", "train-annotations-object-segmentation.csv")]
    assert len(set(again)) == 6
    assert again[-1] == ids[0]


@pytest.mark.parametrize("box_id", ["../x", "a/b", "a\nb", ["x"], {"x": 1}, True, "x" * 300])
def test_box_ids_that_could_not_be_read_again_are_replaced(tmp_path: Path, box_id: Any) -> None:
    made = Made()
    made.add_mask(attributes={"box_id": box_id})
    report = made.export(tmp_path / "out")
    assert told(report) == ([] if box_id is True else ["value-unwritten: BoxID"])
    read_again(tmp_path / "out")


PIECES = st.sampled_from(
    ["a", "A", "é", "e\u0301", "ß", "SS", "ı", "I", "/", "_", ".", " ", "嵐", "con", "-2", "x.png"]
)
WORDS = st.lists(PIECES, min_size=1, max_size=4).map("".join)


class TestNames(TestCase):
    """Each example in a transaction of its own."""

    @pytest.mark.long
    @settings(max_examples=25)
    @given(
        images=st.lists(WORDS, min_size=1, max_size=4, unique=True),
        labels=st.lists(WORDS, min_size=1, max_size=3, unique=True),
        shapes=st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 2), WORDS, st.one_of(st.just(""), WORDS)), max_size=8
        ),
    )
    def test_two_files_never_share_a_name(
        self, images: list[str], labels: list[str], shapes: list[tuple[int, int, str, str]]
    ) -> None:
        made = Made(label=labels[0], image=images[0])
        all_labels = [made.label, *(made.add_label(name) for name in labels[1:])]
        all_images = [made.image, *(made.add_image(name) for name in images[1:])]
        for number, (image, label, box_id, path) in enumerate(shapes):
            made.add_mask(
                np.arange(12).reshape(3, 4) == number,
                image=all_images[image % len(all_images)],
                label=all_labels[label % len(all_labels)],
                attributes={"box_id": box_id},
                path=path,
            )
        with TemporaryDirectory() as folder:
            report = made.export(Path(folder) / "out")
            masks = Path(folder) / "out" / "masks" / "train"
            written = [path.name for path in masks.iterdir()] if masks.exists() else []
            again = read_again(Path(folder) / "out")
            rows = again.shapes.filter(kind="mask").order_by("pk")
            pixels = [bytes(shape.mask.png) for shape in rows.select_related("mask")]
        careless = {unicodedata.normalize("NFC", name).upper().casefold() for name in written}
        assert len(careless) == len(written) == report.totals["masks"].written == len(set(pixels))
        refused = [issue for issue in report.issues() if issue.code in {"bad-image-id", "bad-label-name"}]
        assert refused or len(pixels) == len(shapes)
        made.task.delete()
        again.delete()
        assert not Shape.objects.exists()

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openimages_io.format.issues import Issue
from openimages_io.format.layouts import Kind, Layout, misread, recognise
from openimages_io.format.names import DATUMARO, DOCUMENTED, Names, unsafe_word


def clean(paths: Iterable[str]) -> Layout:
    """Recognises paths that must not raise an issue."""
    issues: list[Issue] = []
    layout = recognise(paths, issues.append)
    assert not issues
    return layout


def issues_of(*paths: str) -> list[Issue]:
    issues: list[Issue] = []
    recognise(paths, issues.append)
    return issues


def only(path: str) -> tuple[str, str | None, bool]:
    layout = clean([path])
    assert not layout.unknown
    assert not layout.not_read
    (source,) = layout.sources
    assert source.path == path
    return source.kind, source.subset, source.machine


@pytest.mark.parametrize(
    ("name", "kind", "subset"),
    [
        ("image_ids_and_rotation.csv", Kind.IMAGES, None),
        ("train-image_ids_and_rotation.csv", Kind.IMAGES, "train"),
        ("train-images-boxable-with-rotation.csv", Kind.IMAGES, "train"),
        ("train-images-boxable.csv", Kind.IMAGES, "train"),
        ("validation-images.csv", Kind.IMAGES, "validation"),
        ("validation-images-with-rotation.csv", Kind.IMAGES, "validation"),
        ("train-images-with-labels-with-rotation.csv", Kind.IMAGES, "train"),
        ("oidv6-train-images-with-labels-with-rotation.csv", Kind.IMAGES, "train"),
        ("class-descriptions.csv", Kind.CLASSES, None),
        ("class-descriptions-boxable.csv", Kind.CLASSES, None),
        ("oidv6-class-descriptions.csv", Kind.CLASSES, None),
        ("oidv7-class-descriptions-boxable.csv", Kind.CLASSES, None),
        ("challenge-2019-classes-description-500.csv", Kind.CLASSES, None),
        ("challenge-2019-classes-description-segmentable.csv", Kind.CLASSES, None),
        ("classes-segmentation.txt", Kind.CLASSES, None),
        ("oidv6-classes-trainable.txt", Kind.CLASSES, None),
        ("oidv7-classes-trainable.txt", Kind.CLASSES, None),
        ("bbox_labels_600_hierarchy.json", Kind.HIERARCHY, None),
        ("challenge-2019-label500-hierarchy.json", Kind.HIERARCHY, None),
        ("my_hierarchy.json", Kind.HIERARCHY, None),
        ("images.meta", Kind.SIZES, None),
        ("train-annotations-human-imagelabels.csv", Kind.LABELS, "train"),
        ("validation-annotations-human-imagelabels-boxable.csv", Kind.LABELS, "validation"),
        ("oidv7-val-annotations-human-imagelabels.csv", Kind.LABELS, "validation"),
        ("challenge-2019-train-detection-human-imagelabels.csv", Kind.LABELS, "train"),
        ("challenge-2019-validation-segmentation-labels.csv", Kind.LABELS, "validation"),
        ("train-annotations-bbox.csv", Kind.BOXES, "train"),
        ("oidv6-train-annotations-bbox.csv", Kind.BOXES, "train"),
        ("challenge-2018-train-annotations-bbox.csv", Kind.BOXES, "train"),
        ("challenge-2019-validation-detection-bbox.csv", Kind.BOXES, "validation"),
        ("open_images_extended_miap_boxes_val.csv", Kind.BOXES, "validation"),
        ("open_images_extended_miap_boxes_test.csv", Kind.BOXES, "test"),
        ("test-annotations-object-segmentation.csv", Kind.SEGMENTATIONS, "test"),
        ("challenge-2019-train-segmentation-masks.csv", Kind.SEGMENTATIONS, "train"),
        ("val-annotations-bbox.csv", Kind.BOXES, "val"),
        ("my-set-annotations-bbox.csv", Kind.BOXES, "my-set"),
        ("oidv6-annotations-bbox.csv", Kind.BOXES, "oidv6"),
        ("oidv7-mine-annotations-bbox.csv", Kind.BOXES, "oidv7-mine"),
        ("Train-Annotations-BBox.CSV", Kind.BOXES, "Train"),
        ("OIDv7-VAL-annotations-human-imagelabels.csv", Kind.LABELS, "validation"),
        ("annotations-bbox.csv", Kind.BOXES, None),
    ],
)
@pytest.mark.parametrize("folder", ["", "annotations/", "down/loads/"])
def test_tables_are_known_by_name_in_any_folder(folder: str, name: str, kind: Kind, subset: str | None) -> None:
    assert only(folder + name) == (kind, subset, False)


@pytest.mark.parametrize("prefix", ["", "oidv6-", "oidv7-"])
def test_machine_labels(prefix: str) -> None:
    assert only(f"{prefix}train-annotations-machine-imagelabels.csv") == (Kind.LABELS, "train", True)
    expected = "validation" if prefix else "val"
    assert only(f"{prefix}val-annotations-machine-imagelabels.csv") == (Kind.LABELS, expected, True)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("oidv6-train-annotations-vrd.csv", "visual relationships"),
        ("challenge-2018-train-vrd.csv", "visual relationships"),
        ("challenge-2019-validation-vrd-labels.csv", "visual relationships"),
        ("oidv6-relationships-description.csv", "the kinds of visual relationships"),
        ("oidv6-relationship-triplets.csv", "the kinds of visual relationships"),
        ("oidv6-attributes-description.csv", "the attributes of visual relationships"),
        ("oidv7-val-annotations-point-labels.csv", "point labels"),
        ("open_images_train_v6_localized_narratives-00003-of-00010.jsonl", "localized narratives"),
        ("open_images_validation_localized_narratives.jsonl", "localized narratives"),
        ("sample_submission.csv", "a file of the challenge"),
        ("challenge-2019-classes-vrd.csv", "visual relationships"),
    ],
)
def test_known_files_that_are_not_read_are_named(name: str, what: str) -> None:
    layout = clean([f"annotations/{name}"])
    assert layout.not_read == [(f"annotations/{name}", what)]
    assert not layout.sources
    assert not layout.unknown


def test_one_hierarchy_is_read_and_the_others_are_named() -> None:
    best = "annotations/bbox_labels_600_hierarchy.json"
    others = ["a/challenge-2019-label500-hierarchy.json", "annotations/old/bbox_labels_600_hierarchy.json"]
    layout = clean([*others, best])
    assert [source.path for source in layout.sources] == [best]
    assert layout.not_read == [(path, f"a second class hierarchy; {best} is read") for path in others]


def test_reading_order_does_not_depend_on_the_archive() -> None:
    ordered = [
        "class-descriptions.csv",
        "oidv7-class-descriptions.csv",
        "class-descriptions-boxable.csv",
        "classes-segmentation.txt",
        "bbox_labels_600_hierarchy.json",
        "image_ids_and_rotation.csv",
        "train-images-with-rotation.csv",
        "oidv6-train-images-with-labels-with-rotation.csv",
        "train-images-boxable-with-rotation.csv",
        "validation-images-with-rotation.csv",
        "images.meta",
        "train-annotations-human-imagelabels.csv",
        "oidv7-train-annotations-human-imagelabels.csv",
        "train-annotations-human-imagelabels-boxable.csv",
        "train-annotations-machine-imagelabels.csv",
        "oidv7-val-annotations-human-imagelabels.csv",
        "train-annotations-bbox.csv",
        "validation-annotations-bbox.csv",
        "train-annotations-object-segmentation.csv",
    ]
    shuffled = random.Random(3).sample(ordered, len(ordered))
    assert [source.path for source in clean(shuffled).sources] == ordered


def test_documented_archive() -> None:
    paths = [
        "annotations/bbox_labels_600_hierarchy.json",
        "annotations/train-image_ids_and_rotation.csv",
        "images/train/b/c/d/2.jpg",
        "images/train/a.b.PNG",
        "images/val/x.webp",
        "images/flat.jpeg",
        "masks/train/b_m0_00000000.png",
        "masks/loose.png",
        "readme.txt",
    ]
    for top in ("", "my data/", "images/", "annotations/", "train/"):
        layout = clean([top + path for path in paths])
        assert sorted(layout.pictures, key=str) == sorted(
            [
                ("train", "b/c/d/2", f"{top}images/train/b/c/d/2.jpg"),
                ("train", "a.b", f"{top}images/train/a.b.PNG"),
                ("val", "x", f"{top}images/val/x.webp"),
                (None, "flat", f"{top}images/flat.jpeg"),
            ],
            key=str,
        )
        assert set(layout.masks) == {
            ("train", "b_m0_00000000.png", f"{top}masks/train/b_m0_00000000.png"),
            (None, "loose.png", f"{top}masks/loose.png"),
        }
        assert layout.unknown == [f"{top}readme.txt"]


def test_downloads_beside_each_other() -> None:
    layout = clean(
        [
            "train_0/000002b66c9c498e.jpg",
            "validation/0001eeaf4aed83f9.jpg",
            "000595fe6fee6369.jpg",
            "train-masks-0/000002b66c9c498e_m01g317_3a0b1c2d.png",
            "validation-masks/0001eeaf4aed83f9_m0cmf2_3b0b1c2d.png",
            "masks/test-masks-a/a00595fe6fee6369_m0cmf2_3b0b1c2e.png",
            "000595fe6fee6369_m0cmf2_3c0b1c2d.png",
            "elsewhere/000595fe6fee6369_m0cmf2_3d0b1c2d.png",
            "validation/cut_out.png",
        ]
    )
    assert {(subset, name) for subset, name, _ in layout.pictures} == {
        ("train", "000002b66c9c498e"),
        ("validation", "0001eeaf4aed83f9"),
        ("validation", "cut_out"),
        (None, "000595fe6fee6369"),
    }
    assert {(subset, name) for subset, name, _ in layout.masks} == {
        ("train", "000002b66c9c498e_m01g317_3a0b1c2d.png"),
        ("validation", "0001eeaf4aed83f9_m0cmf2_3b0b1c2d.png"),
        ("test", "a00595fe6fee6369_m0cmf2_3b0b1c2e.png"),
        (None, "000595fe6fee6369_m0cmf2_3c0b1c2d.png"),
        (None, "000595fe6fee6369_m0cmf2_3d0b1c2d.png"),
    }
    assert len(layout.pictures) == 4
    assert len(layout.masks) == 5


def test_shards_as_downloaded() -> None:
    layout = clean(
        [
            "train-masks-0.zip",
            "masks/validation-masks-F.zip",
            "oidv7-val-masks-1.zip",
            "challenge-2019-train-masks-0.zip",
        ]
    )
    assert layout.shards == {
        ("train", "0"): "train-masks-0.zip",
        ("validation", "f"): "masks/validation-masks-F.zip",
        ("validation", "1"): "oidv7-val-masks-1.zip",
    }
    assert layout.not_read == [
        ("challenge-2019-train-masks-0.zip", "a second zip of the same masks; train-masks-0.zip is read")
    ]


def test_a_file_is_found_in_its_subset_then_without_one() -> None:
    masks = clean(["masks/train/a.png", "masks/val/b.png", "masks/val/a.png", "a.png", "masks/c.png"]).masks
    assert masks.find("train", "a.png") == "masks/train/a.png"
    assert masks.find("test", "a.png") == "a.png"
    assert masks.find("train", "b.png") is None
    assert masks.find("train", "c.png") == "masks/c.png"
    assert masks.find(None, "b.png") == "masks/val/b.png"
    assert masks.find(None, "a.png") == "a.png"
    assert clean(["masks/train/a.png", "masks/val/a.png"]).masks.find(None, "a.png") is None


def test_what_is_neither_is_named() -> None:
    strange = [
        "images/train/a.heic",
        "annotations/a.jpg",
        "masks/a.jpg",
        "deep/er/a.jpg",
        "a.webp",
        "train.txt",
        "x" * 2000,
    ]
    assert clean(strange).unknown == sorted(strange)


def test_nothing_at_all() -> None:
    layout = clean([])
    assert (layout.sources, list(layout.pictures), layout.unknown) == ([], [], [])


def test_a_lone_folder_may_be_a_subset() -> None:
    assert {(subset, name) for subset, name, _ in clean(["train/a.jpg", "train/b.jpg"]).pictures} == {
        ("train", "a"),
        ("train", "b"),
    }
    assert [subset for subset, _, _ in clean(["top/images/a.jpg", "top/images/train/b.jpg"]).pictures] == [
        None,
        "train",
    ]


def test_litter_is_no_picture() -> None:
    litter = ["__MACOSX/top/images/train/._a.jpg", "top/.DS_Store", "top/images/train/._a.jpg"]
    layout = clean([*litter, "top/images/train/a.jpg", "top/images/train/._b.jpg"])
    assert {name for _, name, _ in layout.pictures} == {"a", "._b"}
    assert layout.unknown == litter


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ("images/train/a.jpg", "images/train/a.png", "a"),
        ("images/train/a.JPG", "images/train/a.jpg", "a"),
        ("images/train/b/a.jpg", "images/train/b/a.tiff", "b/a"),
        ("images/train/a.jpg", "train/a.jpg", "a"),
        ("a.jpg", "images/a.jpg", "a"),
    ],
)
def test_two_pictures_of_one_image(first: str, second: str, value: str) -> None:
    (issue,) = issues_of(second, first, "images/val/a.jpg", "images.meta")
    assert (issue.code, issue.file, issue.value) == ("two-pictures", second, value)
    assert f'"{first}"' in issue.reason


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("masks/train/0/a.png", "masks/train/1/a.png"),
        ("masks/train/a.png", "train-masks/a.png"),
        ("a.png", "masks/a.png"),
    ],
)
def test_two_masks_of_one_name(first: str, second: str) -> None:
    (issue,) = issues_of(first, second, "masks/val/a.png", "masks/train/b.png")
    assert (issue.code, issue.file, issue.value) == ("two-masks", second, "a.png")
    assert f'"{first}"' in issue.reason


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("annotations/..-annotations-bbox.csv", "bad-subset"),
        ("annotations/a\nb-annotations-bbox.csv", "bad-subset"),
        ("annotations/C:-annotations-bbox.csv", "bad-subset"),
        ("..-masks-0.zip", "bad-subset"),
        ("images/../a.jpg", "bad-subset"),
        ("images/train/../a.jpg", "bad-image-id"),
        ("images/train/a\nb.jpg", "bad-image-id"),
        ("images/train/\udcff.jpg", "bad-image-id"),
        ("masks/a\x00/a.png", "bad-subset"),
    ],
)
def test_unsafe_names_are_issues(path: str, code: str) -> None:
    (issue,) = issues_of(path)
    assert (issue.code, issue.file) == (code, path)
    assert str(issue).isprintable()


HOSTILE = [
    *("val", "oidv6", "oidv7-mine", "my-set", "a-annotations-bbox", "train-images", "train_0", "été 日本", " ", "..."),
    *(
        "images",
        "masks",
        "annotations",
        "a-masks",
        "image_ids_and_rotation",
        "x-images-with-labels",
        "._a",
        "%s",
        "[a]*",
    ),
]
OFFICIAL = ["oidv7-val", "oidv6-train", "OIDV6-Test", "challenge-2018-train", "challenge-2019-validation"]


@pytest.mark.parametrize("names", [DOCUMENTED, DATUMARO])
@pytest.mark.parametrize("subset", HOSTILE)
def test_what_is_written_is_read_as_the_same(subset: str, names: Names) -> None:
    assert not misread(subset, names)


@pytest.mark.parametrize("subset", [*OFFICIAL, "train-masks-0"])
def test_official_looking_subsets_survive_only_in_the_documented_layout(subset: str) -> None:
    assert not misread(subset, DOCUMENTED)
    assert misread(subset, DATUMARO)


@pytest.mark.parametrize("subset", ["..", "a/b", "a\nb", ""])
@pytest.mark.parametrize("names", [DOCUMENTED, DATUMARO])
def test_subsets_that_cannot_be_written(subset: str, names: Names) -> None:
    assert misread(subset, names)


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*HOSTILE, *OFFICIAL, "train-masks-0"]) | st.text(min_size=1, max_size=8), unique=True))
def test_all_subsets_of_one_documented_archive_stay_apart(subsets: list[str]) -> None:
    subsets = [subset for subset in subsets if unsafe_word(subset) is None and not subset.startswith("._")]
    expected = {
        path: (kind, subset)
        for subset in subsets
        for path, kind in [
            (DOCUMENTED.image_list(subset), Kind.IMAGES),
            (DOCUMENTED.labels(subset), Kind.LABELS),
            (DOCUMENTED.boxes(subset), Kind.BOXES),
            (DOCUMENTED.segmentations(subset), Kind.SEGMENTATIONS),
        ]
    }
    pictures = {(subset, "a/b", DOCUMENTED.picture(subset, "a/b", ".jpg")) for subset in subsets}
    masks = {(subset, "a_m_00000000.png", DOCUMENTED.mask(subset, "a_m_00000000.png")) for subset in subsets}
    layout = clean([*expected, *(path for *_, path in pictures), *(path for *_, path in masks)])
    assert {source.path: (source.kind, source.subset) for source in layout.sources} == expected
    assert set(layout.pictures) == pictures
    assert set(layout.masks) == masks


def test_our_own_names_without_a_subset() -> None:
    assert only(DOCUMENTED.classes)[0] is Kind.CLASSES
    assert only(DOCUMENTED.hierarchy)[0] is Kind.HIERARCHY
    assert only(DOCUMENTED.sizes)[0] is Kind.SIZES


@given(st.lists(st.text(min_size=1)))
def test_no_path_breaks_it(paths: list[str]) -> None:
    recognise(paths, lambda issue: None)

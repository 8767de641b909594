import pytest

from openimages_io.format.names import DATUMARO, DOCUMENTED, unsafe_image_id, unsafe_word

NEVER = ["", ".", "..", "a\\b", "a\nb", "a\rb", "a\x00b", "a\u2028b", "\udcff", "C:a", "/a"]


@pytest.mark.parametrize("word", [*NEVER, "a/b"])
def test_words_that_cannot_be_part_of_a_path(word: str) -> None:
    assert unsafe_word(word)


@pytest.mark.parametrize("word", ["train", "my-set", "a..b", "...", " ", "日本", "ab:c", ".a"])
def test_words_that_can(word: str) -> None:
    assert unsafe_word(word) is None


@pytest.mark.parametrize("image_id", [*NEVER, "a/../b", "../a", "a/..", "a//b", "a/", "./a"])
def test_image_ids_that_cannot_name_a_picture(image_id: str) -> None:
    assert unsafe_image_id(image_id)


@pytest.mark.parametrize("image_id", ["000bd0b4fa27644c", "b/c/d/2", "a..b/c", "é ü", ".hidden"])
def test_image_ids_that_can(image_id: str) -> None:
    assert unsafe_image_id(image_id) is None


def test_documented_names() -> None:
    assert DOCUMENTED.image_list("my set") == "annotations/my set-image_ids_and_rotation.csv"
    assert DOCUMENTED.boxes("a") == "annotations/a-annotations-bbox.csv"
    assert DOCUMENTED.labels("a") == "annotations/a-annotations-human-imagelabels.csv"
    assert DOCUMENTED.labels("a", machine=True) == "annotations/a-annotations-machine-imagelabels.csv"
    assert DOCUMENTED.segmentations("a") == "annotations/a-annotations-object-segmentation.csv"
    assert DOCUMENTED.picture("a", "b/c/d/2", ".jpg") == "images/a/b/c/d/2.jpg"
    assert DOCUMENTED.mask("a", "2_m0_1.png") == "masks/a/2_m0_1.png"
    assert DOCUMENTED.classes == "annotations/class-descriptions.csv"
    assert DOCUMENTED.hierarchy == "annotations/bbox_labels_600_hierarchy.json"
    assert DOCUMENTED.sizes == "annotations/images.meta"


def test_datumaro_differs_in_the_image_list_alone() -> None:
    assert DATUMARO.image_list("a") == "annotations/a-images-with-rotation.csv"
    assert DATUMARO.boxes("a") == DOCUMENTED.boxes("a")
    assert DATUMARO.sizes == DOCUMENTED.sizes

"""Which stored shape each row meets, against a search that looks at every one; what that costs."""

import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from openimages_io.models import Task
from openimages_io.models.shape import MACHINE
from openimages_io.transfer import merging, row_sorting
from openimages_io.transfer.agreeing_boxes import TOLERANCE
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, Missing, MissingAttributes
from tests.transfer.datasets import BOXES_HEADER, IMAGES_HEADER, LABELS_HEADER, csv_text, documented, write

SUBSETS = ("train", "test")
SAID = ("source", "score", "occluded", "truncated", "is_group_of", "is_depiction", "is_inside")
CORNERS = ("x_min", "x_max", "y_min", "y_max")
Said = dict[str, Any]
"""A row, or a stored shape, by column of the database; the image is (subset, ImageID)."""

# Coordinates of which some are within the tolerance of each other, some are not, some are just at its edge.
steps = st.integers(-6, 6).map(lambda n: round(0.3 + n * 4e-6, 6))
places = (st.tuples(st.sampled_from(SUBSETS), st.sampled_from("ab")), st.sampled_from(["/m/x", "/m/y"]))
flags = st.sampled_from([None, None, True, False])
boxes = st.builds(
    lambda image, label, x_min, x_max, y_min, *said: {
        "image": image,
        "label": label,
        "x_min": x_min,
        "x_max": x_max + 0.2,
        "y_min": y_min,
        "y_max": 0.75,
        **dict(zip(SAID, said, strict=True)),
    },
    *places,
    *(steps, st.sampled_from([0.3, 0.300004]), st.sampled_from([0.3, 0.5])),
    *(st.sampled_from(["", "xclick", "freeform"]), st.sampled_from([None, 1.0, 0.5]), *[flags] * 5),
)
tags = st.builds(
    lambda image, label, source, score: {"image": image, "label": label, "source": source, "score": score},
    *places,
    *(st.sampled_from(["", "verification", MACHINE]), st.sampled_from([None, 0.0, 1.0, 0.5])),
)


def cell(value: Any) -> str:
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def table(header: str, columns: tuple[str, ...], rows: list[Said]) -> str:
    lines = (",".join([row["image"][1], *(cell(row[column]) for column in columns)]) for row in rows)
    return csv_text(header, *lines)


def archive(rows: list[Said]) -> dict[str, str]:
    """The files of each subset; tags of machines and of people stand apart, as an export writes them."""
    files = {}
    for subset in SUBSETS:
        images = [f"{name},{subset}{',' * 10}" for name in "ab"]
        files[f"annotations/{subset}-image_ids_and_rotation.csv"] = csv_text(IMAGES_HEADER, *images)
        of_subset = [row for row in rows if row["image"][0] == subset]
        columns: tuple[str, ...] = ("source", "label", "score", "x_min", "x_max", "y_min", "y_max", *SAID[2:])
        found = [row for row in of_subset if "x_min" in row]
        files[f"annotations/{subset}-annotations-bbox.csv"] = table(BOXES_HEADER, columns, found)
        for who in ("human", "machine"):
            found = [
                row for row in of_subset if "x_min" not in row and (row["source"] == MACHINE) == (who == "machine")
            ]
            name = f"annotations/{subset}-annotations-{who}-imagelabels.csv"
            files[name] = table(LABELS_HEADER, ("source", "label", "score"), found)
    return files


def searched(stored: list[Said], rows: list[Said]) -> list[Said]:
    """What a task has after an import, by looking at every pair; the new shapes are at the end."""
    left = list(range(len(stored)))
    met: dict[int, int] = {}
    for farthest in (0.0, TOLERANCE):
        for number, row in enumerate(rows):
            found = [(distance(row, stored[n]), n) for n in left if number not in met and fits(row, stored[n])]
            if found and min(found)[0] <= farthest:
                met[number] = min(found)[1]
                left.remove(met[number])
    after = [dict(shape) for shape in stored]
    for number, row in enumerate(rows):
        if number not in met:
            after.append(row)
            continue
        shape = after[met[number]]
        said = {column: row[column] for column in SAID if row.get(column) not in (None, "")}
        if shape["score"] is None and said.get("score") == 1:
            del said["score"]
        shape.update(said)
    return after


def fits(row: Said, shape: Said) -> bool:
    if (row["image"], row["label"], len(row)) != (shape["image"], shape["label"], len(shape)):
        return False
    return "x_min" in row or (row["source"] == MACHINE) == (shape["source"] == MACHINE)


def distance(row: Said, shape: Said) -> float:
    return max((abs(row[column] - shape[column]) for column in CORNERS if column in row), default=0)


def there(task: Task) -> list[Said]:
    rows = task.shapes.order_by("pk").values("image__subset", "image__name", "label__name", "kind", *CORNERS, *SAID)
    return [
        {"image": (row["image__subset"], row["image__name"]), "label": row["label__name"]}
        | {column: row[column] for column in ((*CORNERS, *SAID) if row["kind"] == "rectangle" else SAID[:2])}
        for row in rows
    ]


def by_file(rows: list[Said]) -> dict[Any, list[Said]]:
    """Rows in their order by the file that they stand in."""
    found: dict[Any, list[Said]] = {}
    for row in rows:
        found.setdefault((row["image"][0], len(row), row["source"] == MACHINE and "x_min" not in row), []).append(row)
    return found


def bring(rows: list[Said]) -> Task:
    options = ImportOptions(
        missing_images=Missing.CREATE, missing_labels=Missing.CREATE, missing_attributes=MissingAttributes.CREATE
    )
    with TemporaryDirectory() as folder:
        result = Importer(write(Path(folder), archive(rows)), "t", options).run()
    assert result.committed
    assert result.task is not None
    return result.task


@st.composite
def again(draw: st.DrawFn, rows: list[Said]) -> list[Said]:
    """The rows in another order it may be, some moved, some saying something else, some twice, some left out."""
    found = []
    for row in draw(st.permutations(rows)) if draw(st.booleans()) else rows:
        what = draw(st.sampled_from(["same", "same", "same", "moved", "other", "twice", "gone"]))
        other = draw(boxes if "x_min" in row else tags)
        place = {column: row[column] for column in ("image", "label", *CORNERS) if column in row}
        if what == "moved" and "x_min" in row:
            found.append({**row, "x_min": round(row["x_min"] + draw(st.integers(-3, 3)) * 4e-6, 6)})
        elif what == "other":
            found.append(other | place)
        elif what != "gone":
            found += [row] * (1 + (what == "twice"))
    return found + draw(st.lists(boxes | tags, max_size=3))


class MeetingRows(TestCase):
    """However rows come, and however they are taken in."""

    @pytest.mark.long
    @settings(
        max_examples=50,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    @given(st.lists(boxes | tags, max_size=14), st.data())
    def test_rows_meet_what_a_search_of_all_finds(self, first: list[Said], data: st.DataObject) -> None:
        Task.objects.filter(name="t").delete()
        before = there(bring(first))
        assert by_file(before) == by_file(first)
        rows = data.draw(again(first))
        after = there(bring(rows))
        expected = searched(before, [row for of_file in by_file(rows).values() for row in of_file])
        assert after[: len(before)] == expected[: len(before)]
        assert by_file(after[len(before) :]) == by_file(expected[len(before) :])

    @settings(
        max_examples=15,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    @given(st.lists(boxes, max_size=14), st.data())
    def test_sorted_rows_meet_the_same(self, first: list[Said], data: st.DataObject) -> None:
        rows = data.draw(again(first))
        found = []
        for is_sorted in (False, True):
            Task.objects.filter(name="t").delete()
            bring(first)
            with pytest.MonkeyPatch.context() as patch:
                if is_sorted:
                    patch.setattr(merging, "SCATTERED", -1)
                    patch.setattr(merging.RowMerger, "take", sorted_from_the_start(merging.RowMerger.take))
                    patch.setattr(row_sorting, "_ROWS", 2)
                found.append(there(bring(rows)))
        assert found[0] == found[1]


def sorted_from_the_start(take: Any) -> Any:
    def take_sorted(merger: Any, rows: Any) -> None:
        take(merger, [])
        take(merger, rows)

    return take_sorted


def scattered(number: int, images: int) -> list[str]:
    return [f"i{n % images},,/m/x,1,{n / 10 / number:.6f},0.9,0.1,0.9,,,,," for n in range(number)]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many shapes were fetched, a number a query."""
    numbers: list[int] = []
    fetch = merging._page

    def count(*args: Any) -> list[Any]:
        rows = fetch(*args)
        numbers.append(len(rows))
        return rows

    monkeypatch.setattr(merging, "_page", count)
    return numbers


@pytest.mark.long
@pytest.mark.django_db
def test_what_scattered_rows_may_meet_is_fetched_a_few_times_at_most(
    fetched: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "SCATTERED", 1000)
    source = write(tmp_path, documented(boxes=scattered(16_000, 4)))
    assert Importer(source, "t").run().committed
    assert not Importer(source, "t").run().changed
    assert sum(fetched) <= 3 * 16_000


@pytest.mark.long
@pytest.mark.django_db
def test_what_the_rows_of_one_image_may_meet_is_fetched_once(
    fetched: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_MOST", 2000)
    source = write(tmp_path, documented(boxes=scattered(9000, 1)))
    assert Importer(source, "t").run().committed
    (tmp_path / "moved").mkdir()
    moved = write(
        tmp_path / "moved", documented(boxes=[row.replace(",0.9,0.1,", ",0.900005,0.1,") for row in scattered(9000, 1)])
    )
    assert not Importer(moved, "t").run().changed
    assert sum(fetched) == 9000


@pytest.mark.thorough
@pytest.mark.django_db
def test_memory_does_not_grow_with_the_shapes_that_are_met(tmp_path: Path) -> None:
    def peak(name: str, number: int) -> int:
        source = write(tmp_path / name, documented(boxes=sorted(scattered(number, 1000))))
        assert Importer(source, name).run().committed
        tracemalloc.start()
        try:
            assert not Importer(source, name).run().changed
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak("warm", 100)
    few, many = peak("few", 20_000), peak("many", 40_000)
    assert many < few + 1_000_000

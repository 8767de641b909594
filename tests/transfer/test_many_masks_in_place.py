"""Which of many masks in one place a row meets, and what finding it costs: counted, not timed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.format.limits import Limits
from openimages_io.format.masks import encode
from openimages_io.models import Mask, Shape, ShapeKind, Task
from openimages_io.transfer import merging, near_boxes
from openimages_io.transfer.agreeing_boxes import AgreeingBoxes, whole
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.masks import importing, in_place, looks, redrawn_masks
from openimages_io.transfer.masks import merging as masks_merging
from openimages_io.transfer.masks.in_place import MasksInPlace, StoredMask, names_a_mask
from openimages_io.transfer.options import ImportOptions, MasksAs
from tests.transfer.datasets import documented, write

BOX = (0.1, 0.5, 0.2, 0.6)
NEAR = (0.100004, 0.5, 0.2, 0.6)
FAR = (0.3, 0.9, 0.2, 0.6)
MASK_ROW = "{name}.png,{image},/m/01yrx,{box_id},0.1,0.9,0.1,0.9,,"


def pixels(seed: int, width: int = 8) -> bytes:
    bits = np.unpackbits(np.array([seed + 1], ">u8").view(np.uint8)).reshape(8, 8)
    return encode(np.repeat(bits, width // 8, axis=1).astype(bool))


class Without:
    """A run without a database."""

    limits = Limits()


Kept = tuple[str, Any, int]
"""BoxID, box, and the seed of the pixels."""
kept = st.tuples(
    st.sampled_from(["", "00000000", "00000001", "deadbeef", "cafe0001"]),
    st.sampled_from([BOX, NEAR, FAR, (None,) * 4]),
    st.integers(0, 2),
)


def searched(stored: dict[int, StoredMask], seeds: dict[int, int], row: Kept, spoken_for: set[str]) -> int | None:
    """The key of the mask that a row meets, found by looking at all of them."""
    box_id, box, seed = row
    wanted = whole(box)

    def is_nameless(mask: StoredMask) -> bool:
        return mask.box_id not in spoken_for and not (names_a_mask(box_id) and names_a_mask(mask.box_id))

    agreeing = AgreeingBoxes(((mask.key, mask.box) for mask in stored.values()), None)
    near = agreeing.find(wanted) if wanted else []
    there = [key for key in sorted(near) if is_nameless(stored[key])]
    if len(there) == 1:
        return there[0]
    unknown = [mask.key for mask in stored.values() if wanted is None or whole(mask.box) is None]
    possible = there or [key for key in unknown if is_nameless(stored[key])]
    same = (key for key in possible if seeds[key] == seed)
    numbered = (key for key in possible if stored[key].box_id == box_id)
    nearest = (key for key in near if key in there)
    return next(same, next(numbered, next(nearest, None)))


@given(st.lists(kept, max_size=9), st.lists(kept, max_size=9), st.sets(st.sampled_from(["deadbeef", "cafe0001"])))
def test_a_row_meets_what_a_search_of_all_finds(masks: list[Kept], rows: list[Kept], spoken_for: set[str]) -> None:
    stored = {
        key: StoredMask(key, 1, 1, box, None, {"box_id": box_id}, "{}") for key, (box_id, box, _) in enumerate(masks, 1)
    }
    seeds = {key: seed for key, (_, _, seed) in enumerate(masks, 1)}
    place = MasksInPlace(Without(), list(stored.values()), None, None, lambda: None)  # type: ignore[arg-type]

    def of_no_database(*_: object) -> Iterator[tuple[int, bytes]]:
        return ((key, pixels(seeds[key])) for key in place.masks)

    place._stored = of_no_database  # type: ignore[assignment]
    for row in rows:
        expected = searched(stored, seeds, row, spoken_for)
        found = place.in_place(row[0], whole(row[1]), spoken_for, pixels(row[2]), None)
        assert (found and found.key) == expected
        if expected is not None:
            place.take(expected)
            del stored[expected]


class Counted:
    """How often a function was called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.calls += 1
        return self.function(*args, **named)


def in_one_spot(folder: Path, seeds: list[int], boxes: int = 0) -> Path:
    """Masks of one label and box on one image, without BoxIDs, and as many boxes there as that."""
    rows = [MASK_ROW.format(name=f"m{seed}", image="a", box_id="") for seed in seeds]
    source = write(folder, documented(masks=rows, boxes=["a,,/m/01yrx,1,0.1,0.9,0.1,0.9,,,,,"] * boxes))
    masks = source / "masks" / "train"
    masks.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (masks / f"m{seed}.png").write_bytes(pixels(seed))
    return source


def bring(source: Path, **options: Any) -> Result:
    result = Importer(source, "t", ImportOptions(**options)).run()
    assert result.committed, list(map(str, result.report.issues()))
    return result


COMPARISONS: list[tuple[Any, str]] = [
    (in_place, "decode"),
    (redrawn_masks, "decode"),
    (redrawn_masks, "draw"),
    (masks_merging, "same_pixels"),
    (looks, "_look"),
    (near_boxes, "max"),
]
"""What is called for each mask that is looked at."""


def cost(work: Callable[[], object]) -> tuple[int, int]:
    """How many statements and how many comparisons something takes."""
    counted = [Counted(getattr(module, name, max)) for module, name in COMPARISONS]
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), count in zip(COMPARISONS, counted, strict=True):
            patch.setattr(module, name, count, raising=False)
        with CaptureQueriesContext(connection) as queries:
            work()
    return len(queries), sum(count.calls for count in counted)


def reversed_order(folder: Path, number: int) -> Callable[[], Result]:
    bring(in_one_spot(folder / "1", list(range(number))))
    again = in_one_spot(folder / "2", list(range(number - 1, -1, -1)))

    def work() -> Result:
        result = bring(again)
        assert (result.report.totals["masks"].unchanged, result.changed) == (number, False)
        return result

    return work


def other_looks(folder: Path, number: int) -> Callable[[], Result]:
    bring(in_one_spot(folder / "1", list(range(number))))
    again = in_one_spot(folder / "2", list(range(number, 2 * number)))

    def work() -> Result:
        result = bring(again)
        assert result.report.totals["masks"].updated == number
        return result

    return work


def drawn_before(folder: Path, number: int) -> Callable[[], Result]:
    bring(in_one_spot(folder / "1", list(range(number))), masks_as=MasksAs.POLYGONS)
    again = in_one_spot(folder / "2", list(range(number - 1, -1, -1)))

    def work() -> Result:
        result = bring(again)
        assert result.report.totals["masks"].unchanged == number
        return result

    return work


def with_boxes(folder: Path, number: int) -> Callable[[], Result]:
    bring(in_one_spot(folder / "1", [0]))
    again = in_one_spot(folder / "2", list(range(number)), boxes=number)

    def work() -> Result:
        result = bring(again)
        groups = Shape.objects.values_list("group", flat=True)
        assert len(set(groups)) == number
        assert None not in groups
        return result

    return work


@pytest.mark.thorough
@pytest.mark.django_db
@pytest.mark.parametrize("make", [reversed_order, other_looks, drawn_before, with_boxes])
def test_twice_as_many_masks_in_one_spot_take_twice_the_comparisons(
    tmp_path: Path, make: Callable[[Path, int], Callable[[], Result]]
) -> None:
    """More masks than are looked at for each, so that looking at all of them would show."""
    queries, comparisons = cost(make(tmp_path / "few", 150))
    Task.objects.all().delete()
    more_queries, more_comparisons = cost(make(tmp_path / "many", 300))
    assert comparisons > 100
    assert more_queries < 2.2 * queries
    assert more_comparisons < 2.6 * comparisons


@pytest.mark.django_db
def test_masks_of_many_sizes_are_compared_with_some_and_that_is_said(tmp_path: Path) -> None:
    source = in_one_spot(tmp_path / "2", list(range(3, 3 + looks.MOST_SIZES + 2)))
    for number, file in enumerate(sorted((source / "masks" / "train").iterdir())):
        file.write_bytes(pixels(100 + number, 16 + 8 * number))
    bring(in_one_spot(tmp_path / "1", list(range(50))))
    issues = {issue.code: issue.params for issue in bring(source).report.issues()}
    assert issues["masks-of-many-sizes"] == {"count": 2, "limit": looks.MOST_SIZES}


def scattered(number: int, images: int) -> list[str]:
    return [f"m{n}.png,i{n % images},/m/01yrx,,{n / 10 / number:.6f},0.9,0.1,0.9,," for n in range(number)]


@pytest.mark.thorough
@pytest.mark.django_db
def test_what_scattered_masks_may_meet_is_fetched_a_few_times_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = 0
    fetch = merging.fetch_by_image

    def count(*args: Any) -> Iterator[Any]:
        nonlocal fetched
        for image, shapes in fetch(*args):
            fetched += len(shapes)
            yield image, shapes

    monkeypatch.setattr(masks_merging, "fetch_by_image", count)
    monkeypatch.setattr(masks_merging, "_KEPT", 500)
    monkeypatch.setattr(importing, "SCATTERED", 1000)
    source = write(tmp_path, documented(masks=scattered(4000, 300)))
    bring(source)
    assert not bring(source).changed
    assert fetched <= 3 * 4000


@pytest.mark.django_db
@pytest.mark.parametrize("masks_as", list(MasksAs))
def test_sorted_masks_meet_the_same_and_are_added_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, masks_as: MasksAs
) -> None:
    def files(folder: Path, seeds: list[int]) -> Path:
        rows = [MASK_ROW.format(name=f"m{seed}", image="abc"[seed % 3], box_id="") for seed in seeds]
        rows = [row.replace("0.9,0.1", "0.8,0.1") if seed >= 20 else row for row, seed in zip(rows, seeds, strict=True)]
        source = write(folder, documented(masks=rows))
        (source / "masks" / "train").mkdir(parents=True)
        for seed in seeds:
            (source / "masks" / "train" / f"m{seed}.png").write_bytes(pixels(seed))
        return source

    first, second = files(tmp_path / "1", list(range(20))), files(tmp_path / "2", [*range(30, 4, -1)])
    found = []
    for limit in (merging.SCATTERED, -1):
        monkeypatch.setattr(importing, "SCATTERED", limit)
        Task.objects.all().delete()
        bring(first, masks_as=masks_as)
        result = bring(second, masks_as=masks_as)
        shapes = Shape.objects.order_by("pk").values_list("image__name", "kind", "points", "x_min", "mask__path")
        masks = [bytes(png) for png in Mask.objects.order_by("pk").values_list("png", flat=True)]
        found.append((list(shapes), masks, result.report.totals["masks"]))
    assert found[0] == found[1]
    assert len(found[0][0]) == 31
    assert {row[1] for row in found[0][0]} == {ShapeKind(masks_as.value.rstrip("s")).value}

"""What is counted of an image's annotations while an import is planned, because it depends on what the image has.

It stands in the plan, by image, until the plan is final: where an image has changed meanwhile its share is taken back
and counted again (`plan_again.py`), and the report says what holds in the end.
"""

from collections import Counter
from enum import StrEnum
from typing import Final

from openimages_io.format.issues import Issue
from openimages_io.transfer.masks.looks import MOST_SIZES
from openimages_io.transfer.report import Report


class Counted(StrEnum):
    """What becomes of a row, or the code of an issue that says how many there are."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    """A shape of the task that gives way in mode replace."""
    ODD = "odd-attributes"
    """A shape of the task; the issue names each."""
    ROUNDED = "coordinates-kept"
    UNMET = "mask-without-box"
    LEFT_OUT = "masks-of-many-sizes"
    """A mask that was not compared with all in its place."""
    IMAGES_REMOVED_FROM = "annotations-removed"
    KEPT = "kinds-kept"


Tally = tuple[Counted, str]
"""What is counted, and the kind of rows; "" where that makes no difference."""

OF_ROWS: Final = Counted.ADDED, Counted.UPDATED, Counted.UNCHANGED
"""What becomes of a good row whose image and label are known: one of them."""


def conclude(report: Report, counts: Counter[Tally]) -> None:
    """Brings into a report what was counted, when it does not change any more."""
    by_kind: dict[Counted, dict[str, int]] = {what: {} for what in Counted}
    for (what, name), number in counts.items():
        if number:
            by_kind[what][name] = number
    for what in (*OF_ROWS, Counted.REMOVED):
        for name, number in by_kind[what].items():
            totals = report.of(name)
            setattr(totals, what.value, getattr(totals, what.value) + number)
    for what in (Counted.ROUNDED, Counted.UNMET):
        if of_all := by_kind[what]:
            report(Issue(code=what.value, params={"count": sum(of_all.values())}))
    if left_out := by_kind[Counted.LEFT_OUT]:
        report(Issue(code=Counted.LEFT_OUT.value, params={"count": sum(left_out.values()), "limit": MOST_SIZES}))
    if removed := by_kind[Counted.REMOVED]:
        images = sum(by_kind[Counted.IMAGES_REMOVED_FROM].values())
        _of_kinds(report, Counted.IMAGES_REMOVED_FROM.value, removed, images=images)
    if kept := by_kind[Counted.KEPT]:
        _of_kinds(report, Counted.KEPT.value, kept)


def _of_kinds(report: Report, code: str, numbers: dict[str, int], **params: int) -> None:
    params["count"] = sum(numbers.values())
    report(Issue(code=code, params={**params, "kinds": dict(sorted(numbers.items()))}))

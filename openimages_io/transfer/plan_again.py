"""The annotations of some images planned once more, because somebody has saved there since the plan was made."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from openimages_io.database.bulk import plain
from openimages_io.models import Image, Label, Shape
from openimages_io.transfer.basis import TaskChanged
from openimages_io.transfer.counted import OF_ROWS, Counted, Tally
from openimages_io.transfer.kinds import Kind, rows_of
from openimages_io.transfer.options import Mode
from openimages_io.transfer.replacing import replace_annotations
from openimages_io.transfer.report import Report
from openimages_io.transfer.run import Run, Unknown


def plan_again(run: Run, kinds: Sequence[Kind], images: frozenset[int]) -> None:
    """Takes back what the run has planned of the annotations of these images, and plans them as they are now.

    Labels, images and specs are those that the run has found and made. The archive is read again, but only rows of
    these images are resolved and matched; what is wrong with rows is in the run's report already. Raises `TaskChanged`
    where that may not come to what a whole plan would: a file reads otherwise than before, or an issue names a shape.
    """
    plan = run.plan
    before = plan.forget(images)
    others = plan.counts.copy()
    again = replace(
        run,
        report=Report(),
        only=images,
        has_shapes=plain(Shape, run.using).filter(task_id=run.task_id).exists(),
        mask_boxes=None,
        unknown_images=Unknown(),
        unknown_labels=Unknown(),
        done=0,
    )
    made = _made(run)
    of_images = [kind for kind in kinds if kind.groups]
    for kind in of_images:
        kind.prepare_import(again)
    for kind in of_images:
        kind.read(again)
    for kind in of_images:
        kind.finish(again)
    if run.options.mode is Mode.REPLACE:
        replace_annotations(again)
    after = plan.counts - others
    names = again.report.totals.keys() & set(rows_of(of_images))
    is_same_file = all(run.report.of(name).read == again.report.of(name).read for name in names)
    if not is_same_file or again.report.has_whole_file_errors or _made(run) != made or _rows(before) != _rows(after):
        raise TaskChanged
    if before[Counted.ODD, ""] or after[Counted.ODD, ""]:
        raise TaskChanged
    plan.settle()


def _made(run: Run) -> tuple[int, ...]:
    return run.plan.number_of_new(Image), run.plan.number_of_new(Label), len(run.specs.made)


def _rows(counts: Counter[Tally]) -> Counter[str]:
    """How many rows were planned, by kind: that depends on the archive alone."""
    found: Counter[str] = Counter()
    for (what, name), number in counts.items():
        if what in OF_ROWS:
            found[name] += number
    return +found

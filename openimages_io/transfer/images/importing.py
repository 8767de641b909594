"""Image lists to images."""

import json
from collections.abc import Sequence
from typing import Any, Final

from openimages_io.format.chunk import Chunk
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import IMAGES
from openimages_io.models import Image
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.creating import create_images
from openimages_io.transfer.disk_notes import DiskNotes
from openimages_io.transfer.images.mapping import FIELDS
from openimages_io.transfer.lenient import doubt, find_images, place_of
from openimages_io.transfer.options import Missing
from openimages_io.transfer.pictures.importing import read_size_files
from openimages_io.transfer.repeated_rows import may_overlap
from openimages_io.transfer.run import Run

_AMBIGUOUS: Final = 0
_BATCH: Final = 500


def read_images(run: Run) -> None:
    """Reads sizes, so that new images have theirs, and then image lists."""
    read_size_files(run)
    read_image_lists(run)


def read_image_lists(run: Run) -> None:
    """Reads every image list. Where they differ the first holds, with a warning."""
    sources = run.sources(Kind.IMAGES)
    scratch = DiskNotes() if may_overlap(sources) else None
    try:
        for source in sources:
            _read_list(run, source, scratch)
    finally:
        if scratch is not None:
            scratch.close()


def _read_list(run: Run, source: Source, scratch: DiskNotes | None) -> None:
    totals = run.report.of("images")
    made_before = run.plan.number_of_new(Image)
    seen: set[int] = set()
    """Images of the list that it has not made itself."""
    for whole in run.chunks(source, IMAGES, totals):
        subsets = [subset or source.subset or DEFAULT_SUBSET for subset in whole.get("Subset")]
        run.seen_subsets.update(subsets)
        for subset, chunk in whole.split(subsets):
            if run.options.subsets and subset not in run.options.subsets:
                totals.skipped[SkipReason.SUBSET_NOT_CHOSEN] += len(chunk)
                continue
            found, keys, made = _resolve(run, source, subset, chunk)
            again = {key for key in keys if key in seen or (key < -made_before and key not in made)}
            elsewhere: set[int] = set()
            if scratch is None:  # rows of other subsets than their file's may be of an earlier list's images, too
                elsewhere = {key for key in keys if key in run.plan.named or -made_before <= key < 0}
            if again or elsewhere or len(set(keys)) < len(keys):
                found, keys = _refuse_twice(run, source, found, keys, again, elsewhere)
            seen.update(key for key in keys if key >= -made_before)
            run.plan.name(keys)
            if scratch is not None or not made.issuperset(keys):
                _compare(run, source, found, keys, made, scratch)


def _resolve(run: Run, source: Source, subset: str, chunk: Chunk) -> tuple[Chunk, list[int], set[int]]:
    """The images of the rows, and which of them are new; those are created with all their cells."""
    totals = run.report.of("images")
    names = chunk.values["ImageID"]
    found = find_images(run, subset, names)
    if None not in found and _AMBIGUOUS not in found:
        return chunk, [key for key in found if key], set()
    new: dict[str, int] = {}
    made: set[int] = set()
    for index, (name, key) in enumerate(zip(names, found, strict=True)):
        if key == _AMBIGUOUS and key is not None:
            params = doubt(run, subset, name) or {"form": "subset", "subset": subset}
            _fault(run, source, chunk, index, "ambiguous-image", **params)
        elif key is None and run.options.missing_images is Missing.CREATE:
            new.setdefault(name, index)
        elif key is None and run.options.missing_images is Missing.ERROR:
            run.unknown_images.take(subset, name)
            _fault(run, source, chunk, index, "unknown-image")
        elif key is None:
            run.unknown_images.take(subset, name)
            totals.skipped[SkipReason.UNKNOWN_IMAGE] += 1
    if new:
        first = list(new.values())
        whole = len(first) == len(names)
        values = {
            column: chunk.values[column] if whole else [chunk.values[column][index] for index in first]
            for column in FIELDS
            if column in chunk.values
        }
        places = [place_of(run, subset, name) for name in new]
        keys = create_images(run, subset, [name for _, name in places], values)
        made.update(keys)
        if whole:
            return chunk, keys, made
        found = find_images(run, subset, names)
    keep = [bool(key) for key in found]
    return (chunk if all(keep) else chunk.where(keep)), [key for key in found if key], made


def _refuse_twice(
    run: Run, source: Source, chunk: Chunk, keys: list[int], again: set[int], elsewhere: set[int]
) -> tuple[Chunk, list[int]]:
    """The rows whose images come for the first time. It is no fault to say nothing of an earlier list's image."""
    columns = [chunk.values[column] for column in FIELDS if column in chunk.values]
    keep = []
    here = set(again)
    for index, key in enumerate(keys):
        is_twice = key in here
        here.add(key)
        keep.append(not is_twice and key not in elsewhere)
        if key in elsewhere and not is_twice and all(_empty(values[index]) for values in columns):
            run.report.of("images").skipped[SkipReason.REPEATED] += 1
        elif not keep[-1]:
            _fault(run, source, chunk, index, "image-twice")
    return chunk.where(keep), [key for key, first in zip(keys, keep, strict=True) if first]


def _compare(
    run: Run, source: Source, chunk: Chunk, keys: list[int], made: set[int], scratch: DiskNotes | None
) -> None:
    """Brings images that were there before, in the task or in an earlier list, up to date."""
    totals = run.report.of("images")
    columns = [column for column in FIELDS if column in chunk.values]
    rows = list(zip(*(chunk.values[column] for column in columns), strict=True)) if columns else [()] * len(keys)
    earlier = scratch.find(keys) if scratch is not None else {}
    stored = _stored_values(run, [key for key in keys if key not in earlier])
    again = sum(key not in made and key not in earlier and key not in stored for key in keys)
    totals.skipped.update({SkipReason.REPEATED: again} if again else {})
    notes: dict[int, str] = {}
    updates: list[tuple[int, dict[str, Any]]] = []
    for index, (key, row) in enumerate(zip(keys, rows, strict=True)):
        given = dict(zip(columns, row, strict=True))
        if key in earlier:
            totals.skipped[SkipReason.REPEATED] += 1
            known = json.loads(earlier[key][2])
            for column, value in given.items():
                if not _empty(value) and not _empty(known.get(column)) and known[column] != value:
                    place: dict[str, Any] = {"file": source.path, "line": chunk.lines[index], "column": column}
                    run.issue("image-differs", value=str(value), earlier=str(known[column]), **place)
            changes = {c: v for c, v in given.items() if not _empty(v) and _empty(known.get(c))}
        elif key in stored:
            known = stored[key]
            changes = {c: v for c, v in given.items() if not _empty(v) and known[c] != v}
            totals.updated += bool(changes)
            totals.unchanged += not changes
        else:
            known, changes = given, {}
        if changes:
            updates.append((key, changes))
        if scratch is not None and (changes or key not in earlier):
            notes[key] = json.dumps(known | changes)
    if scratch is not None:
        scratch.rewrite(notes)
    if updates:
        run.plan.touch_rows([key for key, _ in updates])
    alike: dict[tuple[str, ...], list[tuple[int, dict[str, Any]]]] = {}
    for update in updates:
        alike.setdefault(tuple(update[1]), []).append(update)
    for changed, group in alike.items():
        values = {FIELDS[column]: [changes[column] for _, changes in group] for column in changed}
        run.plan.update(Image, [key for key, _ in group], values)


def _stored_values(run: Run, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    stored: dict[int, dict[str, Any]] = {}
    before = [key for key in keys if key > 0]
    for start in range(0, len(before), _BATCH):
        rows = Image.objects.using(run.using).filter(pk__in=before[start : start + _BATCH])
        for key, *values in rows.values_list("pk", *FIELDS.values()):
            stored[key] = dict(zip(FIELDS, values, strict=True))
    return stored


def _empty(value: Any) -> bool:
    return value is None or value == ""


def _fault(run: Run, source: Source, chunk: Chunk, index: int, code: str, **params: Any) -> None:
    name = chunk.values["ImageID"][index]
    run.issue(code, file=source.path, line=chunk.lines[index], column="ImageID", value=name, **params)
    run.report.of("images").skipped[SkipReason.BAD] += 1

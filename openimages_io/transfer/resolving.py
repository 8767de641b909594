"""The image and the label of each row, as the options say what to do with unknown ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format.chunk import Chunk
from openimages_io.format.layouts import Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.transfer.creating import create_images, create_labels
from openimages_io.transfer.lenient import by_subset, doubt, find_images, place_of
from openimages_io.transfer.options import Missing, Mode
from openimages_io.transfer.report import Totals
from openimages_io.transfer.run import Run

_AMBIGUOUS_IMAGE: Final = 0


@dataclass(slots=True)
class Resolved:
    """Rows whose image and label are known."""

    chunk: Chunk
    images: list[int]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.images)

    def places(self) -> Iterable[tuple[int, int]]:
        """Image and label of each row."""
        return zip(self.images, self.labels, strict=True)

    def where(self, keep: list[bool]) -> "Resolved":
        """The rows whose entry in `keep` is true."""
        return Resolved(
            self.chunk.where(keep),
            [image for image, kept in zip(self.images, keep, strict=True) if kept],
            [label for label, kept in zip(self.labels, keep, strict=True) if kept],
        )


def resolve(run: Run, source: Source, chunk: Chunk, totals: Totals) -> Resolved:
    """Finds image and label of each row; rows that lack one are left out, counted, and issues if they must be.

    Where only some images are planned, rows of others are left out and not counted.
    """
    if run.only is not None:
        names = chunk.distinct("ImageID")
        chunk = chunk.where(names.spread([key in run.only for key in find_images(run, source.subset, names.values)]))
    names = chunk.distinct("LabelName")
    found: list[int | None] = list(map(run.labels.find.get, names.values))
    labels: list[Any] = names.spread(found)
    may_lack = None in found
    if may_lack:
        labels = _unknown_labels(run, source, chunk, totals, labels)
        chunk, labels = _without_unchosen(run, chunk, labels)
    if run.chosen_labels is not None:
        chosen = run.chosen_labels
        unwanted = [label is not None and label not in chosen for label in labels]
        if any(unwanted):
            totals.skipped[SkipReason.LABEL_NOT_CHOSEN] += sum(unwanted)
            kept = [not out for out in unwanted]
            labels = [label for label, keep in zip(labels, kept, strict=True) if keep]
            chunk = chunk.where(kept)
    names = chunk.distinct("ImageID")
    found = find_images(run, source.subset, names.values)
    images: list[Any] = names.spread(found)
    if None in found or _AMBIGUOUS_IMAGE in found:
        may_lack = True
        images = _unknown_images(run, source, chunk, totals, images, labels)
    if run.options.subsets and source.subset is None:
        may_lack = True
        exact = [place_of(run, None, name)[1] for name in names.values]
        wanted = run.images.find_in(run.options.subsets, exact)
        unwanted = [image is not None and image not in wanted for image in images]
        totals.skipped[SkipReason.SUBSET_NOT_CHOSEN] += sum(
            out and label is not None for out, label in zip(unwanted, labels, strict=True)
        )
        images = [None if out else image for image, out in zip(images, unwanted, strict=True)]
    if may_lack and (None in images or None in labels):
        keep = [image is not None and label is not None for image, label in zip(images, labels, strict=True)]
        resolved = Resolved(chunk, images, labels).where(keep)
    else:
        resolved = Resolved(chunk, images, labels)
    run.plan.name(resolved.images)
    group = run.groups.of_file(source)
    if run.options.mode is Mode.REPLACE and group is not None:
        run.replacing.name(group, resolved.images)
    return resolved


def fitting(run: Run, source: Source, rows: Resolved, column: str, name: str, totals: Totals) -> Resolved:
    """The rows whose score or flag the label's spec allows; the others are issues. Labels without one allow all."""
    values = rows.chunk.values.get(column)
    refused = run.specs.refusals(rows.labels, values, name) if values is not None else {}
    if values is None or not refused:
        return rows
    for index, params in refused.items():
        value = str(values[index])
        place: dict[str, Any] = {"file": source.path, "line": rows.chunk.lines[index], "column": column}
        run.issue("bad-attribute", value=value, **place, **params)
    run.skip(source, totals, [rows.chunk.values["ImageID"][index] for index in refused])
    return rows.where([index not in refused for index in range(len(rows))])


def _unknown_labels(run: Run, source: Source, chunk: Chunk, totals: Totals, labels: list[int | None]) -> list[Any]:
    names = chunk.values["LabelName"]
    unknown = dict.fromkeys(name for name, label in zip(names, labels, strict=True) if label is None)
    ambiguous = [name for name in unknown if name in run.labels.ambiguous]
    others = [name for name in unknown if name not in run.labels.ambiguous]
    new = others if run.chosen_labels is None else [name for name in others if name in run.awaited_labels]
    if run.options.missing_labels is Missing.CREATE and new:
        keys = create_labels(run, [(name, "") for name in new], listed=True)
        labels = list(map(run.labels.find.get, names))
        if run.chosen_labels is not None:
            run.chosen_labels |= frozenset(keys)
            run.awaited_labels.difference_update(new)
    if not ambiguous and None not in labels:
        return labels
    for index, (name, label) in enumerate(zip(names, labels, strict=True)):
        if label is not None:
            continue
        if name in run.labels.ambiguous:
            labels_of = ", ".join(run.labels.ambiguous[name])
            _fault(run, source, chunk, index, totals, "ambiguous-label", "LabelName", labels=labels_of)
        elif run.chosen_labels is not None:
            totals.skipped[SkipReason.LABEL_NOT_CHOSEN] += 1
        elif run.options.missing_labels is Missing.ERROR:
            run.unknown_labels.take(None, name)
            _fault(run, source, chunk, index, totals, "unknown-label", "LabelName")
        else:
            run.unknown_labels.take(None, name)
            totals.skipped[SkipReason.UNKNOWN_LABEL] += 1
    return labels


def _without_unchosen(run: Run, chunk: Chunk, labels: list[int | None]) -> tuple[Chunk, list[int | None]]:
    """Leaves out rows whose label is unknown by choice, for which no image is made: nor is it missed the next time."""
    if run.chosen_labels is None and run.options.missing_labels is not Missing.SKIP:
        return chunk, labels
    names = chunk.values["LabelName"]
    keep = [label is not None or name in run.labels.ambiguous for name, label in zip(names, labels, strict=True)]
    if all(keep):
        return chunk, labels
    return chunk.where(keep), [label for label, kept in zip(labels, keep, strict=True) if kept]


def _unknown_images(
    run: Run, source: Source, chunk: Chunk, totals: Totals, images: list[int | None], labels: list[int | None]
) -> list[Any]:
    names = chunk.values["ImageID"]
    if run.options.missing_images is Missing.CREATE:
        # A row that is left out for its label makes no image.
        rows = zip(names, images, labels, strict=True)
        new = dict.fromkeys(name for name, image, label in rows if image is None and label is not None)
        for subset, missing in by_subset(place_of(run, source.subset, name) for name in new).items():
            if not run.options.subsets or subset in run.options.subsets:
                create_images(run, subset, missing)
        if new:
            images = find_images(run, source.subset, names)
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        if image == _AMBIGUOUS_IMAGE and image is not None:
            params = doubt(run, source.subset, names[index]) or {"form": "file"}
            counted = label is not None
            _fault(run, source, chunk, index, totals, "ambiguous-image", "ImageID", counted=counted, **params)
        elif image is None and run.options.missing_images is Missing.ERROR:
            run.unknown_images.take(source.subset, names[index])
            _fault(run, source, chunk, index, totals, "unknown-image", "ImageID", counted=label is not None)
        elif image is None and label is not None:
            if run.options.missing_images is Missing.SKIP:
                run.unknown_images.take(source.subset, names[index])
                totals.skipped[SkipReason.UNKNOWN_IMAGE] += 1
            else:
                totals.skipped[SkipReason.SUBSET_NOT_CHOSEN] += 1
    return [image or None for image in images]


def _fault(
    run: Run,
    source: Source,
    chunk: Chunk,
    index: int,
    totals: Totals,
    code: str,
    column: str,
    *,
    counted: bool = True,
    **params: Any,
) -> None:
    value = chunk.values[column][index]
    run.issue(code, file=source.path, line=chunk.lines[index], column=column, value=value, **params)
    run.skip(source, totals, [chunk.values["ImageID"][index]] * counted)

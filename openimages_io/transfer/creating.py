"""New labels and images, in a check by provisional keys alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from openimages_io.database.bulk import plain
from openimages_io.models import Image, Label, color_of, image
from openimages_io.transfer.run import Run

PROVENANCE = {**image.PROVENANCE, "Rotation": "rotation"}
"""The image list's columns and the image's fields, one way and the other."""
_NULLABLE = frozenset({"OriginalSize", "Rotation"})


def create_labels(
    run: Run, labels: Sequence[tuple[str, str]], *, listed: bool, from_class_list: bool = False
) -> list[int]:
    """Creates labels from LabelName and display name, after those that are there. Returns their keys.

    One that no class list has is listed all the same unless only the hierarchy has it.
    """
    run.changed = True
    first = run.labels.next_position
    run.labels.next_position += len(labels)
    totals = run.report.of("labels")
    totals.added += len(labels)
    if not from_class_list:  # a class list counts its own rows
        totals.read += len(labels)
    keys: list[int | None] = [None] * len(labels)
    if run.loader is not None:
        rows = [
            Label(
                task_id=run.task_id,
                name=name,
                display_name=display,
                color=color_of(name),
                position=first + number,
                is_listed=listed,
            )
            for number, (name, display) in enumerate(labels)
        ]
        # The plain queryset: the revision is raised once, at the end.
        keys = [row.pk for row in plain(Label, run.using).bulk_create(rows, batch_size=1000)]
    return [run.labels.add(name, display, key) for (name, display), key in zip(labels, keys, strict=True)]


def create_images(
    run: Run, subset: str, names: Sequence[str], values: Mapping[str, Sequence[Any]] | None = None
) -> list[int]:
    """Creates images of one subset with the cells of an image list, if it has them. Returns their keys."""
    run.changed = True
    totals = run.report.of("images")
    totals.added += len(names)
    if values is None:  # found in rows or as pictures, not read from an image list
        totals.read += len(names)
    if run.loader is None:
        made = [run.images.add(subset, name) for name in names]
        run.new_images.update(made)
        return made
    keys = run.loader.reserve(Image, len(names))
    stored = [run.picture(subset, name) for name in names]
    sizes = [
        (picture.width, picture.height) if picture else run.size(subset, name) or (None, None)
        for name, picture in zip(names, stored, strict=True)
    ]
    columns: dict[str, Sequence[Any]] = {
        "id": keys,
        "name": names,
        "width": [width for width, _ in sizes],
        "height": [height for _, height in sizes],
        "file": [picture.file if picture else "" for picture in stored],
        "file_digest": [picture.digest if picture else "" for picture in stored],
        "file_suffix": [picture.suffix if picture else "" for picture in stored],
    }
    for column, field in PROVENANCE.items():
        cells = (values or {}).get(column)
        columns[field] = cells if cells is not None else [None if column in _NULLABLE else ""] * len(names)
    now = run.loader.connection.ops.adapt_datetimefield_value(run.now)
    run.loader.insert(Image, columns, {"task_id": run.task_id, "subset": subset, "revision": 1, "updated": str(now)})
    run.new_images.update(keys)
    return [run.images.add(subset, name, key) for name, key in zip(names, keys, strict=True)]

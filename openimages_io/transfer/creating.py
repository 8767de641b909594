"""New labels and images, which rows point to by keys of the plan until it is applied."""

from collections.abc import Mapping, Sequence
from typing import Any

from openimages_io.models import Image, Label, color_of
from openimages_io.transfer.images.mapping import FIELDS, field_values
from openimages_io.transfer.run import Run


def create_labels(
    run: Run, labels: Sequence[tuple[str, str]], *, listed: bool, from_class_list: bool = False
) -> list[int]:
    """Creates labels from LabelName and display name, after those that are there. Returns their keys.

    One that no class list has is listed all the same unless only the hierarchy has it.
    """
    first = run.labels.next_position
    run.labels.next_position += len(labels)
    totals = run.report.of("labels")
    totals.added += len(labels)
    if not from_class_list:  # a class list counts its own rows
        totals.read += len(labels)
    names = [name for name, _ in labels]
    keys = run.plan.new_keys(Label, len(labels))
    columns: dict[str, Sequence[Any]] = {
        "id": keys,
        "name": names,
        "display_name": [display for _, display in labels],
        "color": list(map(color_of, names)),
        "position": list(range(first, first + len(labels))),
        "is_listed": [listed] * len(labels),
    }
    run.plan.insert(Label, columns)
    return [run.labels.add(name, display, key) for (name, display), key in zip(labels, keys, strict=True)]


def create_images(
    run: Run, subset: str, names: Sequence[str], values: Mapping[str, Sequence[Any]] | None = None
) -> list[int]:
    """Creates images of one subset with the cells of an image list, if it has them. Returns their keys."""
    totals = run.report.of("images")
    totals.added += len(names)
    if values is None:  # found in rows or as pictures, not read from an image list
        totals.read += len(names)
    keys = run.plan.new_keys(Image, len(names))
    sizes = [size or (None, None) for size in run.sizes_of(subset, names)]
    columns: dict[str, Sequence[Any]] = {
        "id": keys,
        "name": names,
        "width": [width for width, _ in sizes],
        "height": [height for _, height in sizes],
    }
    for column, field in FIELDS.items():
        columns[field] = field_values(column, (values or {}).get(column), len(names))
    run.plan.insert(Image, columns, {"subset": subset})
    return [run.images.add(subset, name, key) for name, key in zip(names, keys, strict=True)]

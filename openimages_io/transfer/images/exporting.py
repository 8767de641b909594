"""Images to image lists and images.meta."""

import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from django.db.models import Count

from openimages_io.archives.safety import is_junk
from openimages_io.exceptions import Failure
from openimages_io.format import cells
from openimages_io.format.bad_value import BadValue
from openimages_io.format.layouts import misread
from openimages_io.format.names import DATUMARO, image_id_of, split_ending, unsafe_word
from openimages_io.format.sizes import MAX_SIDE, write_sizes
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import IMAGES
from openimages_io.format.writing import header, lines, names_of, text
from openimages_io.models import Image
from openimages_io.models.chosen_images import among
from openimages_io.transfer.cell_values import can_be
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.images.mapping import FIELDS, cells_of

_PAGE: Final = 2000
_PLAIN_ID: Final = re.compile("[0-9A-Za-z_-]{1,255}")
"""Most ImageIDs, about which nothing more need be asked."""
LONGEST_STEP: Final = 255
"""Bytes that file systems take as the name of a file or a folder."""


def prepare_images(out: ExportState) -> None:
    """Finds subsets and images; those whose names could not be read again are issues and are left out.

    Raises `OpenImagesError` for a chosen subset that the task doesn't have.
    """
    subsets = sorted(out.images.images().order_by().values_list("subset", flat=True).distinct())
    if empty := out.options.subsets.difference(subsets):  # of chosen images; the task may have it all the same
        every = Image.objects.using(out.using).filter(task=out.task_id, subset__in=empty).order_by()
        if missing := sorted(empty.difference(every.values_list("subset", flat=True).distinct())):
            raise Failure("no-subset", subsets=missing)
    for subset in subsets:
        fault = _fault_of_subset(out, subset)
        if fault:
            out.issue("bad-subset", value=subset, form="written", fault=fault.as_param())
            keys = out.images.images().filter(subset=subset).values_list("pk", flat=True)
            _leave_out(out, keys.iterator(chunk_size=_PAGE), "the subset's name cannot be written")
            continue
        if misread(subset, out.names):
            out.issue("misread-subset", value=subset)
        out.subsets.append(subset)
    for subset in out.subsets:
        _prepare_subset(out, subset)
    if out.names is DATUMARO:
        _leave_extensions_out(out)
    if out.names is DATUMARO and len(out.subsets) > 1:
        _warn_of_shared_names(out)


def _fault_of_subset(out: ExportState, subset: str) -> BadValue | None:
    names = out.names
    paths = [
        names.image_list(subset),
        names.labels(subset, machine=True),
        names.segmentations(subset),
        names.picture(subset, "a", ".jpg"),
    ]
    if max(len(step.encode("utf-8", "surrogatepass")) for path in paths for step in path.split("/")) > LONGEST_STEP:
        return BadValue("bad-name", "long-file")
    fault = unsafe_word(subset)
    if fault is None and not can_be(cells.SUBSET, subset):
        fault = BadValue("bad-name", "unreadable")
    if fault is None and any(map(is_junk, paths)):
        fault = BadValue("bad-name", "passed-over")
    return fault


def _prepare_subset(out: ExportState, subset: str) -> None:
    rows = out.images.images().filter(subset=subset).order_by("pk").values_list("pk", "name")
    for key, name in rows.iterator(chunk_size=_PAGE):
        if not _PLAIN_ID.fullmatch(name):
            try:
                cells.IMAGE_ID.parse(name)
            except BadValue as fault:
                out.issue("bad-image-id", value=name, **fault.params)
                _leave_out(out, [key], SkipReason.BAD_NAME)
                continue
        out.image_names[key] = name
        if len(out.subsets) > 1:
            out.image_subsets[key] = subset


def _leave_out(out: ExportState, keys: "Iterator[int] | Sequence[int]", reason: str) -> None:
    totals = out.report.of("images")
    for key in keys:
        out.bad_images.add(key)
        totals.read += 1
        totals.skipped[reason] += 1


def _leave_extensions_out(out: ExportState) -> None:
    """Calls `a.jpg` `a`, because Datumaro knows a picture by its ImageID and one extension.

    Not where another image of the task would be called so, in whatever subset, nor where the picture is of another
    type: they would not be known again.
    """
    stems = {key: stem for key, name in out.image_names.items() if (stem := image_id_of(name)) != name}
    if not stems:
        return
    wanted: dict[str, set[str]] = {stem: set() for stem in stems.values()}
    kept: set[int] = set()
    images = Image.objects.using(out.using).filter(task_id=out.task_id)  # of every subset, which may be asked for alone
    for key, name, file, suffix in images.values_list("pk", "name", "file", "file_suffix").iterator(chunk_size=_PAGE):
        stem = image_id_of(name)
        if stem in wanted:
            wanted[stem].add(name)
        if file and key in stems and (suffix or PurePosixPath(file).suffix).lower() != split_ending(name)[1]:
            kept.add(key)
    left = {key: stem for key, stem in stems.items() if len(wanted[stem]) == 1 and key not in kept}
    if not left:
        return
    name, stem = min((out.image_names[key], stem) for key, stem in left.items())
    out.issue("extension-left-out", count=len(left), name=name, image=stem)
    for key, stem in left.items():
        out.image_names[key] = stem


def _warn_of_shared_names(out: ExportState) -> None:
    names = out.images.images().filter(subset__in=out.subsets).order_by().values("name")
    shared = names.annotate(images=Count("pk")).filter(images__gt=1).count()
    if shared:
        out.issue("shared-image-id", count=shared)


def write_images(out: ExportState) -> None:
    """Writes the sizes and the image lists."""
    write_sizes_file(out)
    write_image_lists(out)


def write_image_lists(out: ExportState) -> None:
    """Writes the image list of each subset."""
    totals = out.report.of("images")
    for subset in out.subsets:
        with out.output.stream(out.names.image_list(subset)) as sink:
            sink.write(header(names_of(IMAGES)).encode())
            for rows in pages(out, subset, list(FIELDS.values())):
                totals.read += len(rows)
                totals.written += len(rows)
                keys, *columns = zip(*rows, strict=True)
                finished: list[Sequence[str]] = [out.image_cells(keys), [text(subset)] * len(rows)]
                finished += [cells_of(out, column, values) for column, values in zip(FIELDS, columns, strict=True)]
                sink.write(lines(finished).encode())


def write_sizes_file(out: ExportState) -> None:
    """Writes `images.meta` with every size that is known; without any there is no such file."""
    if not out.images.images().filter(width__isnull=False).exists():
        return
    totals = out.report.of("image sizes")
    with out.output.stream(out.names.sizes) as sink:
        pending = []
        for line in write_sizes(_sizes(out), subsets=_names_need_subsets(out)):
            pending.append(line)
            if len(pending) >= _PAGE:
                sink.write("".join(pending).encode())
                pending.clear()
        sink.write("".join(pending).encode())
    totals.read = totals.written + sum(totals.skipped.values())


def _sizes(out: ExportState) -> Iterator[tuple[str, str, int, int]]:
    totals = out.report.of("image sizes")
    for subset in out.subsets:
        for rows in pages(out, subset, ["height", "width"]):
            for key, height, width in rows:
                if width is None:
                    continue
                if max(height, width) > MAX_SIDE:
                    totals.skipped[SkipReason.TOO_LARGE] += 1
                    params = {"form": "side", "width": width, "height": height, "limit": MAX_SIDE}
                    out.issue("bad-size", value=f"{subset}/{out.image_names[key]}", **params)
                    continue
                totals.written += 1
                yield subset, out.image_names[key], height, width


def _names_need_subsets(out: ExportState) -> bool:
    """Whether two images of one name differ in size, so that the name alone would not say which is meant."""
    if len(out.subsets) < 2:
        return False
    names = out.images.images().order_by().values("name").annotate(images=Count("pk")).filter(images__gt=1)
    shared = out.images.images().order_by().filter(name__in=names.values("name"))
    seen: set[str] = set()
    for name, _, _ in shared.values_list("name", "width", "height").distinct():
        if name in seen:
            return True
        seen.add(name)
    return False


def pages(out: ExportState, subset: str, fields: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Key and fields of a subset's images that are written, in the order of their keys."""
    for rows in _all_pages(out, subset, fields) if out.images.keys is None else _found_pages(out, subset, fields):
        kept = [row for row in rows if row[0] in out.image_names]
        if kept:
            yield kept


def _all_pages(out: ExportState, subset: str, fields: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    images = out.images.images().filter(subset=subset).order_by("pk").values_list("pk", *fields)
    last = 0
    while rows := list(images.filter(pk__gt=last)[:_PAGE]):
        yield rows
        last = rows[-1][0]


def _found_pages(out: ExportState, subset: str, fields: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    keys = array("q", (key for key in out.image_names if out.image_subsets.get(key, subset) == subset))
    images = Image.objects.using(out.using).order_by("pk").values_list("pk", *fields)
    for start in range(0, len(keys), _PAGE):
        yield list(images.filter(among("pk", keys[start : start + _PAGE])))

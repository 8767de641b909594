"""Images to image lists, images.meta and picture files."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db.models import Count, QuerySet

from openimages_io.format.cells import BadCell, image_id
from openimages_io.format.issues import Severity
from openimages_io.format.layouts import misread
from openimages_io.format.names import unsafe_word
from openimages_io.format.sizes import write_sizes
from openimages_io.format.tables import IMAGES
from openimages_io.format.writing import header, lines, names_of, rotation, text, texts
from openimages_io.models import Image
from openimages_io.transfer.creating import PROVENANCE
from openimages_io.transfer.outgoing import Outgoing

_PAGE: Final = 2000
_TEXT_FIELDS: Final = [field for field in PROVENANCE.values() if field not in {"original_size", "rotation"}]


def images_of(out: Outgoing) -> "QuerySet[Image]":
    """The task's images in the chosen subsets."""
    images = Image.objects.using(out.using).filter(task_id=out.task_id)
    return images.filter(subset__in=out.options.subsets) if out.options.subsets else images


def prepare_images(out: Outgoing) -> None:
    """Finds subsets and images; one whose name could not be read again is an issue and is left out."""
    subsets = sorted(images_of(out).order_by().values_list("subset", flat=True).distinct())
    for subset in subsets:
        reason = unsafe_word(subset)
        if reason:
            out.issue("bad-subset", f"is a subset whose name cannot be written: it {reason}", value=subset)
            count = images_of(out).filter(subset=subset).count()
            out.report.of("images").read += count
            out.report.of("images").skipped["the subset's name cannot be written"] += count
            continue
        if misread(subset, out.names):
            reason = "is a subset that these file names make look like another when they are read again"
            out.issue("misread-subset", reason, value=subset, severity=Severity.WARNING)
        out.subsets.append(subset)
    for subset in out.subsets:
        rows = images_of(out).filter(subset=subset).order_by("pk").values_list("pk", "name")
        for key, name in rows.iterator(chunk_size=_PAGE):
            try:
                image_id(name)
            except BadCell as fault:
                out.issue("bad-image-id", str(fault), value=name)
                out.report.of("images").read += 1
                out.report.of("images").skipped["the name cannot be written"] += 1
                continue
            out.image_names[key] = name
            if len(out.subsets) > 1:
                out.image_subsets[key] = subset


def write_image_lists(out: Outgoing) -> None:
    """Writes the image list of each subset."""
    totals = out.report.of("images")
    for subset in out.subsets:
        with out.output.stream(out.names.image_list(subset)) as sink:
            sink.write(header(names_of(IMAGES)).encode())
            for rows in _pages(out, subset, ["name", *PROVENANCE.values()]):
                totals.read += len(rows)
                totals.written += len(rows)
                columns = dict(zip(["pk", "name", *PROVENANCE.values()], zip(*rows, strict=True), strict=True))
                cells: list[Sequence[str]] = [texts(columns["name"]), [text(subset)] * len(rows)]
                for field in PROVENANCE.values():
                    if field == "original_size":
                        cells.append(["" if value is None else str(value) for value in columns[field]])
                    elif field == "rotation":
                        cells.append(list(map(rotation, columns[field])))
                    else:
                        cells.append(texts(columns[field]))
                sink.write(lines(cells).encode())


def write_sizes_file(out: Outgoing) -> None:
    """Writes `images.meta` with every size that is known; without any there is no such file."""
    if not images_of(out).filter(width__isnull=False).exists():
        return
    totals = out.report.of("image sizes")
    with out.output.stream(out.names.sizes) as sink:
        lines_ = []
        for line in write_sizes(_sizes(out), subsets=_names_need_subsets(out)):
            lines_.append(line)
            if len(lines_) >= _PAGE:
                sink.write("".join(lines_).encode())
                lines_.clear()
        sink.write("".join(lines_).encode())
    totals.read = totals.written


def _sizes(out: Outgoing) -> Iterator[tuple[str, str, int, int]]:
    totals = out.report.of("image sizes")
    for subset in out.subsets:
        for rows in _pages(out, subset, ["name", "height", "width"]):
            for _, name, height, width in rows:
                if width is not None:
                    totals.written += 1
                    yield subset, name, height, width


def _names_need_subsets(out: Outgoing) -> bool:
    """Whether two images of one name differ in size, so that the name alone would not say which is meant."""
    if len(out.subsets) < 2:
        return False
    names = images_of(out).order_by().values("name").annotate(images=Count("pk")).filter(images__gt=1)
    sizes = (
        images_of(out)
        .order_by()
        .filter(name__in=names.values("name"))
        .values_list("name", "width", "height")
        .distinct()
    )
    seen: set[str] = set()
    for name, _, _ in sizes:
        if name in seen:
            return True
        seen.add(name)
    return False


def write_pictures(out: Outgoing) -> None:
    """Writes the picture files; one that the storage has lost is an issue."""
    if not out.options.pictures:
        return
    totals = out.report.of("pictures")
    for subset in out.subsets:
        for rows in _pages(out, subset, ["name", "file", "file_suffix"]):
            for key, name, file, suffix in rows:
                if not file:
                    continue
                totals.read += 1
                path = out.names.picture(subset, name, suffix)
                stored = Image(pk=key, file=file).file
                try:
                    with stored.open("rb") as source:
                        out.output.copy(path, source.file)
                except FileNotFoundError:
                    totals.skipped["missing in the storage"] += 1
                    out.issue("picture-missing", f"is missing in the storage, as {file}", value=path)
                    continue
                totals.written += 1


def _pages(out: Outgoing, subset: str, fields: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while True:
        rows = list(images_of(out).filter(subset=subset, pk__gt=last).order_by("pk").values_list("pk", *fields)[:_PAGE])
        if not rows:
            return
        last = rows[-1][0]
        kept = [row for row in rows if row[0] in out.image_names]
        if kept:
            yield kept

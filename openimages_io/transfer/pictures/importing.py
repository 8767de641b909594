"""Picture files and images.meta to images: which picture is whose, and how large it is."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.layouts import Kind
from openimages_io.format.orientation import NORMAL, TURNED, orientation
from openimages_io.format.pictures import BadPicture, check_picture
from openimages_io.format.size_table import Repeat
from openimages_io.format.sizes import read_sizes
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.models import Image
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.creating import create_images
from openimages_io.transfer.lenient import look_for_pictures
from openimages_io.transfer.options import Missing
from openimages_io.transfer.pictures.meta_sizes import meta_sizes
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.transfer.report import Totals
from openimages_io.transfer.run import Run

_AMBIGUOUS: Final = 0
_BATCH: Final = 500
_MANY: Final = 10


def read_size_files(run: Run) -> None:
    """Reads images.meta into `run.sizes`; which images they are of is seen at the end."""
    sources = run.sources(Kind.SIZES)
    for source in sources:
        totals = run.report.of("image sizes")
        run.sizes.begin_file()
        bad: set[int | None] = set()

        def sink(issue: Issue, bad: set[int | None] = bad) -> None:
            bad.add(issue.line)
            run.report(issue)

        with run.readable(), run.archive.open(source.path) as stream:
            for rows in read_sizes(stream, source.path, sink):
                totals.read += len(rows.lines)
                run.sizes.extend(rows.subset, rows.image_ids, rows.widths, rows.heights, rows.lines)
        lines = len(bad - {None})
        if lines:
            totals.read += lines
            totals.skipped[SkipReason.BAD] += lines
    for repeat in run.sizes.settle():
        _report_repeat(run, sources[repeat.file].path, repeat)


def _report_repeat(run: Run, file: str, repeat: Repeat) -> None:
    """A size that stands there twice: in one file it must be the same, and of several files the first holds."""
    skipped = run.report.of("image sizes").skipped
    place: dict[str, Any] = {"file": file, "line": repeat.line, "column": "id", "value": repeat.place[1]}
    width, height = repeat.first
    if repeat.first_of_file is not None and repeat.first_of_file[1] != repeat.size:
        earlier_line, (earlier_width, earlier_height) = repeat.first_of_file
        params: dict[str, Any] = {"width": repeat.size[0], "height": repeat.size[1], "earlier_line": earlier_line}
        params |= {"earlier_width": earlier_width, "earlier_height": earlier_height}
        run.issue("two-sizes", **place, **params)
        skipped[SkipReason.BAD] += 1
        return
    skipped[SkipReason.SAID_TWICE] += 1
    if repeat.first != repeat.size:
        run.issue("size-differs", **place, form="file", width=width, height=height)


def read_pictures(run: Run) -> None:
    """Gives images their pictures and their sizes, when all that names an image has been read."""
    take_pictures(run)
    take_sizes(run)


def take_pictures(run: Run) -> None:
    """Looks at each picture and finds its image; one that nothing names is an image by itself."""
    if not run.options.pictures or not len(run.layout.pictures):
        return
    look_for_pictures(run)
    totals = run.report.of("pictures")
    _leave_copies_out(run, totals)
    known: dict[int, str] = {}
    first = run.pictures
    chosen = run.images.keys_in(run.options.subsets)
    of_rows = run.plan.number_of_new(Image)
    for subset, name, path in sorted(run.layout.pictures, key=lambda picture: (picture[0] is None, picture[2])):
        totals.read += 1
        if not run.wants(subset):
            totals.skipped[SkipReason.SUBSET_NOT_CHOSEN] += 1
            continue
        found = _look_at(run, path)
        run.done += run.archive.paths[path]
        run.tell(0)
        for issue in found:
            run.report(issue)
        if any(issue.severity is Severity.ERROR for issue in found):
            totals.skipped[SkipReason.BAD] += 1
            continue
        key = _image_of(run, subset, name, path, chosen)
        if key is None:
            continue
        if first.setdefault(key, path) != path:
            run.issue("two-pictures", file=path, value=name, where="", first=first[key])
            totals.skipped[SkipReason.BAD] += 1
            continue
        if key < 0:
            totals.added += 1
            run.plan.pictures[key] = path
        else:
            known[key] = path
    _report_apart(run, of_rows, first)
    _compare_with_stored(run, known)


def _report_apart(run: Run, of_rows: int, pictured: dict[int, str]) -> None:
    """Warns where many pictures and many rows are of new images, and none of one another's."""
    alone = run.plan.number_of_new(Image) - of_rows
    new = [key for key in pictured if key < 0]
    bare = of_rows - (len(new) - alone)
    if min(alone, bare) < 2 or (min(alone, bare) < _MANY and (2 * alone < len(pictured) or 2 * bare < of_rows)):
        return
    row = min(name for (_, name), key in run.images.items() if key < 0 and key not in pictured)
    first = pictured[sorted(new, key=abs)[-alone]]
    run.issue("pictures-without-rows", pictures=alone, picture=first, images=bare, image=row)


def _leave_copies_out(run: Run, totals: Totals) -> None:
    """Counts the pictures whose bytes are taken from another folder."""
    for path in run.lenient.same if run.lenient else ():
        totals.read += 1
        totals.skipped[SkipReason.SAME_PICTURE] += 1
        run.done += run.archive.paths[path]


def _look_at(run: Run, path: str) -> list[Issue]:
    """What is wrong with a picture; notes its size and its digest."""
    try:
        data = run.archive.read(path, run.limits.max_picture_bytes)
        run.plan.digests[path] = digest_of(data)
        if path not in run.measured:
            run.measured[path] = check_picture(data, run.limits)
    except UnreadableArchive as fault:
        return [Issue.of_problem(problem) for problem in fault.problems]
    except BadPicture as fault:
        return [_bad_picture(path, fault)]
    return []


def _report_other_size(run: Run, path: str, size: tuple[int, int], told: tuple[int, int]) -> None:
    """Warns of a picture that is of another size than images.meta says, perhaps only because EXIF turns it."""
    place: dict[str, Any] = {"file": path, "value": path.rpartition("/")[2]}
    turn = NORMAL
    if told == size[::-1]:
        with suppress(UnreadableArchive):  # it was read before
            turn = orientation(run.archive.read(path, run.limits.max_picture_bytes))
    if turn in TURNED:
        run.issue("size-turned", **_sizes(size, told), turn=turn, **place)
    else:
        run.issue("size-differs", **_sizes(size, told), **_form(size, told), **place)


def _sizes(size: tuple[int, int], told: tuple[int, int]) -> dict[str, Any]:
    """The parameters of an issue about a picture that is of another size than images.meta says."""
    return {"width": size[0], "height": size[1], "meta_width": told[0], "meta_height": told[1]}


def _form(size: tuple[int, int], told: tuple[int, int]) -> dict[str, Any]:
    return {"form": "swapped" if told == size[::-1] else "picture"}


def _bad_picture(path: str, fault: BadPicture) -> Issue:
    return Issue(code="bad-picture", params=fault.params, file=path, value=path.rpartition("/")[2])


def _image_of(run: Run, subset: str | None, name: str, path: str, chosen: Collection[int]) -> int | None:
    totals = run.report.of("pictures")
    if run.lenient and (params := run.lenient.doubtful_pictures.get(path)):
        run.issue("ambiguous-image", file=path, value=name, **params)
        totals.skipped[SkipReason.BAD] += 1
        return None
    (key,) = run.images.find(subset, [name])
    key = run.images.find_elsewhere(subset, name) if key is None else key
    if subset is None and run.options.subsets and key != _AMBIGUOUS:
        wanted = key in chosen if key is not None else DEFAULT_SUBSET in run.options.subsets
        if not wanted:
            totals.skipped[SkipReason.SUBSET_NOT_CHOSEN] += 1
            return None
    if key is None and run.options.missing_images is Missing.CREATE:
        (key,) = create_images(run, subset or DEFAULT_SUBSET, [name])
    if key:
        run.plan.name([key])
        return key
    if key is None:
        run.unknown_images.take(subset, name, is_picture=True)
    if key is None and run.options.missing_images is Missing.SKIP:
        totals.skipped[SkipReason.UNKNOWN_IMAGE] += 1
        return None
    run.issue("unknown-image" if key is None else "ambiguous-image", file=path, value=name)
    totals.skipped[SkipReason.BAD] += 1
    return None


def _compare_with_stored(run: Run, pictures: dict[int, str]) -> None:
    """Sees which images have another picture than the archive's, or none, and plans that they get it."""
    totals = run.report.of("pictures")
    for rows in _rows(run, list(pictures)):
        for image in rows:
            path = pictures[image.pk]
            if image.file and image.file_digest == run.plan.digests[path]:
                totals.unchanged += 1
                continue
            if image.file and run.lenient and path in run.lenient.stored:
                _leave_out(run, totals, path)
                continue
            totals.updated += bool(image.file)
            totals.added += not image.file
            run.plan.touch_rows([image.pk])
            run.plan.pictures[image.pk] = path


def _leave_out(run: Run, totals: Totals, path: str) -> None:
    """Says that a picture is not taken: its name alone doesn't show that it is the image's."""
    assert run.lenient is not None
    run.lenient.not_taken.add(path)
    totals.skipped[SkipReason.OTHER_PICTURE] += 1
    subset, name = run.lenient.pictures[path]
    run.issue("picture-not-taken", file=path, subset=subset, image=name)


def take_sizes(run: Run) -> None:
    """Gives images that were there before their size: their picture's own, else the one in images.meta."""
    named: Counter[int] = Counter()
    not_taken = run.lenient.not_taken if run.lenient else ()
    own = {key: path for key, path in run.pictures.items() if path in run.measured and path not in not_taken}
    measured = {key: run.measured[path] for key, path in own.items()}
    sizes = {key: size for key, size in measured.items() if key > 0 and key in run.plan.pictures}
    totals = run.report.of("image sizes") if run.sizes else Totals()
    updates: list[tuple[int, int, int]] = []
    for keys, size, is_exact in meta_sizes(run):
        others = {key: measured[key] for key in keys if measured.get(key, size) != size}
        for key, other in others.items():
            _report_other_size(run, own[key], other, size)
        if keys[0] in others:
            totals.skipped[SkipReason.OTHER_SIZE] += 1
        elif keys[0] < 0:
            totals.added += 1
        else:
            named[keys[0]] += 1
        sizes.update({key: size for key in keys if key > 0 and key not in others})
        if not is_exact:
            updates += [(key, *size) for key in keys if key < 0 and key not in measured]
    for key, subset, name, file, *before in _stored_sizes(run, list(sizes)):
        told, stored = sizes[key], (before[0], before[1])
        run.plan.sized.add(key)
        if stored == told:
            totals.unchanged += named[key]
        elif file and all(stored) and key not in measured:
            run.issue("size-differs", value=f"{subset}/{name}", **_sizes(stored, told), **_form(stored, told))
            totals.skipped[SkipReason.OTHER_SIZE] += named[key]
        else:
            totals.updated += named[key]
            updates.append((key, *told))
    if updates:
        keys_of_images, widths, heights = zip(*updates, strict=True)
        run.plan.touch_rows(keys_of_images)
        run.plan.update(Image, keys_of_images, {"width": widths, "height": heights})


def _rows(run: Run, keys: Sequence[int]) -> Iterator[Sequence[Image]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH):
        rows = Image.objects.using(run.using).filter(pk__in=ordered[start : start + _BATCH])
        yield list(rows.only("subset", "name", "file", "file_digest", "width", "height").order_by("pk"))


def _stored_sizes(run: Run, keys: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Key, subset, ImageID, picture, width and height of these images."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH):
        rows = Image.objects.using(run.using).filter(pk__in=ordered[start : start + _BATCH]).order_by("pk")
        yield from rows.values_list("pk", "subset", "name", "file", "width", "height")

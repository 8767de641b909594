"""Words of the importer, the exporter and the jobs as people read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from openimages_io.format.skip_reasons import skip_words
from openimages_io.jobs.status import Status
from openimages_io.models import Job, JobKind, JobState, ShapeKind
from openimages_io.models.kinds import ROW_KINDS, row_kind
from openimages_io.models.numbers import grouped
from openimages_io.models.timestamps import for_display, time_since

_COLUMNS: Final[dict[str, str | Promise]] = {
    "read": _("read"),
    "added": _("added"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "removed": _("removed"),
    "written": _("written"),
    "skipped": _("skipped"),
}
_SHOWN: Final = {
    JobKind.IMPORT: ("read", "added", "updated", "unchanged", "removed", "skipped"),
    JobKind.EXPORT: ("read", "written", "skipped"),
    JobKind.CHECK: ("read",),
    JobKind.DELETE: (),
    JobKind.BULK: ("read", "updated", "unchanged", "removed", "skipped"),
}
_WOULD_BE: Final[dict[str, str | Promise]] = {
    "added": _("would be added"),
    "updated": _("would be updated"),
    "removed": _("would be removed"),
    "skipped": _("would be skipped"),
}
_MINUTE: Final = 60
_MINUTES_OF_HOUR: Final = 60
SHAPES: Final[dict[str, str | Promise]] = {
    ShapeKind.TAG: ngettext_lazy("%(count)s tag", "%(count)s tags", "number"),
    ShapeKind.RECTANGLE: ngettext_lazy("%(count)s rectangle", "%(count)s rectangles", "number"),
    ShapeKind.POLYGON: ngettext_lazy("%(count)s polygon", "%(count)s polygons", "number"),
    ShapeKind.MASK: ngettext_lazy("%(count)s mask", "%(count)s masks", "number"),
    ShapeKind.ELLIPSE: ngettext_lazy("%(count)s ellipse", "%(count)s ellipses", "number"),
}
"""Numbers of shapes of each kind, in the order in which they are said."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of totals."""

    kind: str
    cells: list[tuple[str | Promise, str]]
    """What each column is called, and its number; empty for none."""
    reasons: list[tuple[str, str]]
    """Why rows were skipped, and how many."""


@dataclass(frozen=True, slots=True)
class Table:
    """The totals of a job."""

    columns: list[str | Promise]
    rows: list[Row]


def job_title(job: Job) -> str:
    """What a job is, such as “import, dry run”."""
    if job.kind == JobKind.IMPORT and job.dry_run:
        return str(_("import (dry run)"))
    return str(JobKind(job.kind).label)


def badge(job: Job, now: Status) -> tuple[str, Any]:
    """A word for the state, and how people call it: a job that did its work, but whose archive was refused, did not."""
    if now.state == JobState.SUCCEEDED and job.refused:
        return "refused", _("has errors")
    return now.state.value, now.state.label


def percent(now: Status) -> int | None:
    """How far it is; None where nobody knows."""
    return min(100, now.done * 100 // now.total) if now.total else None


def moment(when: datetime | None) -> str:
    """A moment to the second, as jobs need it, in the time zone of who looks at it; empty for none."""
    return for_display(when).strftime("%Y-%m-%d %H:%M:%S") if when else ""


def duration(job: Job) -> str:
    """How long a job has run, or runs; empty for one that has not begun."""
    if job.started is None:
        return ""
    taken = job.finished - job.started if job.finished else time_since(job.started)
    return _spoken(max(0.0, taken.total_seconds()))


def _spoken(seconds: float) -> str:
    seconds = round(seconds, 1)
    if seconds < _MINUTE:
        return _now("%(seconds)s s") % {"seconds": localize(seconds, use_l10n=True)}
    minutes, rest = divmod(round(seconds), 60)
    if minutes < _MINUTES_OF_HOUR:
        return _now("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return _now("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


def totals_table(kind: str, totals: Any, *, dry_run: bool) -> Table:
    """The totals that a job has kept, as a table; `totals` is what stands in the row's JSON."""
    names = _SHOWN.get(JobKind(kind), ())
    words = _COLUMNS | (_WOULD_BE if dry_run else {})
    known = totals if isinstance(totals, dict) else {}
    order = [name for name in dict.fromkeys((*ROW_KINDS, *known)) if name in known]
    columns = {name: words[name] for name in names}
    rows = [_row(name, known[name], columns) for name in order if isinstance(known[name], dict)]
    return Table(list(columns.values()), [row for row in rows if any(number for _words, number in row.cells)])


def _row(kind: str, totals: dict[str, Any], columns: dict[str, str | Promise]) -> Row:
    reasons = totals.get("skipped")
    skipped = dict(reasons) if isinstance(reasons, dict) else {}
    numbers = {**totals, "skipped": sum(skipped.values())}
    shown = [(words, int(numbers.get(name) or 0)) for name, words in columns.items()]
    cells = [(words, grouped(number) if number else "") for words, number in shown]
    return Row(row_kind(kind).many, cells, _worded(skipped))


def _worded(skipped: dict[str, Any]) -> list[tuple[str, str]]:
    return [(skip_words(str(reason)), grouped(number)) for reason, number in skipped.items()]


def by_kind(counts: dict[str, int]) -> Iterator[str]:
    """Numbers of shapes with their nouns, such as `1 mask`, in the order of the kinds."""
    for kind, words in SHAPES.items():
        if number := counts.get(kind):
            yield str(words % {"number": number, "count": grouped(number)})


def kinds_in_words(counts: dict[str, int]) -> str:
    """These numbers in one line."""
    return ", ".join(by_kind(counts)) or _now("none")

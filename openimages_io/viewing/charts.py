"""A task's numbers as plain SVG charts. Text is text in the page's own font and colour, so that dark pages work."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.models import Label
from openimages_io.models.numbers import grouped, percent
from openimages_io.viewing.colors import color
from openimages_io.viewing.statistics import BOX_EDGES, Statistics
from openimages_io.viewing.xml import attribute, text

WIDTH: Final = 360
_ROW: Final = 22
_TEXT: Final = 12
_NAMES: Final = 120
"""Pixels left of the bars."""
_ROOM: Final = _NAMES - 8
"""Pixels of a name that fit there."""
_VALUES: Final = 62
_PLOT: Final = 120
_INK: Final = "currentColor"


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart of bars."""

    name: str
    value: int
    color: str = _INK
    hollow: int = 0
    """How much of the value is drawn as an outline alone: tags that say that the class is absent."""
    url: str = ""
    """Of the page with what it counts; none if empty."""
    hollow_url: str = ""


def by_subset(statistics: Statistics, most: int = 20, gallery: str = "") -> str:
    """Images a subset and, on a scale of their own, annotations a subset; bars lead to the gallery with the images."""
    charts = []
    for what, title, some in (
        ("images", _("Images by subset"), _("Images: the %(most)d largest of %(all)d subsets")),
        ("shapes", _("Annotations by subset"), _("Annotations: the %(most)d largest of %(all)d subsets")),
    ):
        only = {} if what == "images" else {"has_shapes": "true"}
        rows = [
            Bar(name, counts[what], url=_link(gallery, subset=name, **only))
            for name, counts in statistics.by_subset.items()
        ]
        heading = title
        if len(rows) > most:
            heading = some % {"most": most, "all": len(rows)}
            rows = sorted(rows, key=lambda row: -row.value)[:most]
        charts.append(bars(heading, rows))
    return "".join(charts)


def frequent_labels(
    statistics: Statistics,
    labels: Mapping[int, Label],
    most: int = 20,
    gallery: str = "",
    colors: Mapping[int, str] | None = None,
) -> str:
    """The labels with most annotations, in their colours. `labels` must hold those that are shown, by key.

    `colors` are by key, too, where pages have others than the labels' own.

    Bars lead to the gallery's images with the label, and the part that is verified absent to those without it.
    """
    keys = most_frequent(statistics, most)
    rows = [
        Bar(
            str(labels[key]),
            statistics.by_label[key],
            (colors or {}).get(key) or color(labels[key]),
            statistics.absent_by_label.get(key, 0),
            _link(gallery, label=key, presence="any"),
            _link(gallery, label=key, presence="absent"),
        )
        for key in keys
        if key in labels
    ]
    title = _("Annotations by label")
    if len(statistics.by_label) > len(keys):
        title = _("The %(most)d most frequent of %(all)d labels") % {"most": most, "all": len(statistics.by_label)}
    return bars(title, rows, hollow=_("verified absent"))


def most_frequent(statistics: Statistics, most: int = 20) -> list[int]:
    """The keys of the labels with most annotations, most first."""
    return sorted(statistics.by_label, key=lambda key: (-statistics.by_label[key], key))[:most]


def bars(title: str, rows: Sequence[Bar], hollow: str = "") -> str:
    """Horizontal bars with their names and numbers; the numbers are in the description too, for who cannot see them."""
    top = 26
    height = top + _ROW * max(1, len(rows)) + (_ROW if hollow and any(row.hollow for row in rows) else 0)
    largest = max((row.value for row in rows), default=0) or 1
    width = WIDTH - _NAMES - _VALUES
    parts = [_heading(title)]
    if not rows:
        parts.append(f'<text x="0" y="{top + 14}" font-size="{_TEXT}" fill="{_INK}">{text(_("none"))}</text>')
    for index, row in enumerate(rows):
        y = top + index * _ROW
        long = width * row.value / largest
        empty = width * min(row.hollow, row.value) / largest
        shade = attribute(row.color)
        pale = ' fill-opacity="0.75"' if row.color == _INK else ""
        parts.append(
            f"{_opening(row.url)}<title>{text(_said(row, hollow))}</title>"
            f'<text x="{_NAMES - 6}" y="{y + 14}" font-size="{_TEXT}" text-anchor="end" fill="{_INK}">'
            f"{text(_cut(row.name))}</text>"
            f'<rect x="{_NAMES}" y="{y + 3}" width="{long - empty:.1f}" height="{_ROW - 8}" fill={shade}{pale}/>'
        )
        parts.append(
            f'<text x="{_NAMES + long + 5:.1f}" y="{y + 14}" font-size="{_TEXT}" fill="{_INK}">'
            f"{grouped(row.value)}</text>"
            f"{_closing(row.url)}"
        )
        if empty:
            x = _NAMES + long - empty
            said = f"{row.name}: {grouped(row.hollow)} {hollow}"
            parts.append(
                f"{_opening(row.hollow_url, said)}<title>{text(said)}</title>"
                f'<rect x="{x:.1f}" y="{y + 3.5}" width="{empty:.1f}" height="{_ROW - 9}" fill="none" stroke={shade} '
                f'stroke-dasharray="3 2" pointer-events="all"/>{_closing(row.hollow_url)}'
            )
    if hollow and any(row.hollow for row in rows):
        y = height - _ROW
        parts.append(
            f'<rect x="{_NAMES}" y="{y + 5}" width="18" height="{_ROW - 12}" fill="none" stroke="{_INK}" '
            f'stroke-dasharray="3 2"/><text x="{_NAMES + 24}" y="{y + 14}" font-size="{_TEXT}" fill="{_INK}">'
            f"{text(hollow)}</text>"
        )
    said = "; ".join(_said(row, hollow) for row in rows) or _("none")
    return _document(title, said, height, parts, role="group" if any(row.url for row in rows) else "img")


def box_sizes(statistics: Statistics, gallery: str = "") -> str:
    """How large boxes are: the square root of their area, as a fraction of the image, two columns to each doubling.

    Columns lead to the gallery's images with such boxes.
    """
    title, counts = _("Sizes of boxes"), statistics.box_sizes
    top, step = 30, (WIDTH - 4) / len(counts)
    bottom, largest = top + _PLOT, max(counts) or 1
    names = [_bin_name(index) for index in range(len(counts))]
    said = [f"{name}: {grouped(count)}" for name, count in zip(names, counts, strict=True)]
    parts = [_heading(title)]
    for index, count in enumerate(counts):
        tall = max(_PLOT * count / largest, 1.5 if count else 0)
        url, x = _link(gallery, **_asked_sizes(index)) if count else "", 2 + index * step
        parts.append(
            f"{_opening(url, said[index])}<title>{text(said[index])}</title>"
            f'<rect x="{x + 0.75:.1f}" y="{bottom - tall:.1f}" width="{step - 1.5:.1f}" height="{tall:.1f}" '
            f'fill="{_INK}" fill-opacity="0.75"/>'
            f'<rect x="{x:.1f}" y="{top}" width="{step:.1f}" height="{_PLOT}" fill="{_INK}" fill-opacity="0"/>'
            f"{_closing(url)}"
        )
    parts.append(f'<path d="M2 {bottom + 0.5}H{WIDTH - 2}" stroke="{_INK}" stroke-width="1"/>')
    parts.extend(
        f'<text x="{2 + index * step:.1f}" y="{bottom + 15}" font-size="{_TEXT - 1}" text-anchor="middle" '
        f'fill="{_INK}">{percent(BOX_EDGES[index])}</text>'
        for index in (1, 5, 9, 13, 17)
    )
    parts.append(
        f'<text x="{WIDTH - 2}" y="{bottom + 15}" font-size="{_TEXT - 1}" text-anchor="end" fill="{_INK}">'
        f"{text(_('all'))}</text>"
    )
    note = _("side of the box as a share of the image")
    if statistics.flat_boxes:
        flat = ngettext("%(count)s box has no area", "%(count)s boxes have no area", statistics.flat_boxes)
        note += f"; {flat % {'count': grouped(statistics.flat_boxes)}}"
    parts.append(f'<text x="2" y="{bottom + 33}" font-size="{_TEXT - 1}" fill="{_INK}">{text(note)}</text>')
    shown = [line for line, count in zip(said, counts, strict=True) if count]
    role = "group" if gallery and shown else "img"
    return _document(title, "; ".join([*shown, note]), bottom + 40, parts, role=role)


def _asked_sizes(index: int) -> dict[str, float]:
    """What a filter asks for that finds the boxes of a column; they need not lie within the image."""
    asked = {"box_size_min": BOX_EDGES[index]} if index else {}
    return asked | ({"box_size_below": BOX_EDGES[index + 1]} if index + 1 < len(BOX_EDGES) else {})


def _bin_name(index: int) -> str:
    if index == 0:
        return _("below %(edge)s") % {"edge": percent(BOX_EDGES[1])}
    if index == len(BOX_EDGES) - 1:
        return _("the whole image")
    return f"{percent(BOX_EDGES[index])} – {percent(BOX_EDGES[index + 1])}"


def _said(row: Bar, hollow: str) -> str:
    note = f" ({grouped(row.hollow)} {hollow})" if row.hollow else ""
    return f"{row.name}: {grouped(row.value)}{note}"


def _link(gallery: str, **asked: Any) -> str:
    return f"{gallery}?{urlencode(asked)}" if gallery else ""


def _opening(url: str, name: str = "") -> str:
    named = f" aria-label={attribute(name)}" if name else ""  # of what has no text
    return f"<a href={attribute(url)}{named}>" if url else "<g>"


def _closing(url: str) -> str:
    return "</a>" if url else "</g>"


def _cut(name: str) -> str:
    """As much of a name as fits beside the bars, by how wide letters are in most fonts."""
    wide = 0.0
    for index, letter in enumerate(name):
        wide += _width(letter)
        if wide > _ROOM:
            return f"{name[: max(index - 1, 1)]}…"
    return name


def _width(letter: str) -> float:
    """Of a letter in pixels: those of some scripts are as wide as they are high, and nothing joined is wide."""
    if unicodedata.east_asian_width(letter) in "WF":
        return _TEXT + 1
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Cf", "Mn"}:
        return 0
    return 0.85 * _TEXT if letter in "mwMW@%" else (0.72 if letter.isupper() else 0.6) * _TEXT


def _heading(title: str) -> str:
    return f'<text x="0" y="14" font-size="13" font-weight="600" fill="{_INK}">{text(title)}</text>'


def _document(title: str, description: str, height: float, parts: Sequence[str], role: str = "img") -> str:
    """Named by `aria-label`, since an id would have to be one of the whole page."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="openimages-chart" role="{role}" '
        f'viewBox="0 0 {WIDTH} {height:g}" '
        f"aria-label={attribute(title)}><desc>{text(description)}</desc>{''.join(parts)}</svg>"
    )

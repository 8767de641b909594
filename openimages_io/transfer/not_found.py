"""What rows name and the task doesn't have, summed up, with what in the task looks like it."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from openimages_io.format.name_matching import Name
from openimages_io.transfer.options import Missing
from openimages_io.transfer.run import Run

_FEW: Final = 10
"""Rows; of fewer, which look like nothing, the issues of the rows say all."""
_LOOKED_AT: Final = 10
"""Images with one last part that a name is compared with."""
_CAUSES: Final = "subset", "extension", "case", "composition", "folder"
"""In what two names may differ, the likeliest first."""


@dataclass(slots=True)
class _Hints:
    """How many names look like something, by cause, with an example each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, dict[str, str]] = field(default_factory=dict)

    def take(self, cause: str, **example: str) -> None:
        self.counts[cause] = self.counts.get(cause, 0) + 1
        self.examples.setdefault(cause, example)

    def as_param(self) -> list[dict[str, Any]]:
        """The parts of the issue's sentence."""
        return [
            {"form": cause, "number": self.counts[cause], **example} for cause, example in sorted(self.examples.items())
        ]


def report_not_found(run: Run) -> None:
    """Report how many rows and pictures name unknown images and labels, and what these look like."""
    _report_images(run)
    _report_labels(run)


def _report_images(run: Run) -> None:
    if run.options.missing_images is Missing.CREATE:
        stored = [place for place, key in run.images.items() if key > 0]
        places = (place for place, key in run.images.items() if key < 0)
        hints = _image_hints(places, stored) if stored else _Hints()
        if hints.counts:
            run.issue("images-look-alike", count=sum(hints.counts.values()), hints=hints.as_param())
        return
    unknown = run.unknown_images
    hints = _image_hints(unknown.names, run.images.places()) if unknown.names else _Hints()
    if not hints.counts and unknown.rows < _FEW:
        return
    form = "rows" if unknown.rows else "pictures"
    run.issue(
        "images-not-found",
        form="both" if unknown.rows and unknown.pictures else form,
        rows=unknown.rows,
        pictures=unknown.pictures,
        count=len(unknown.names),
        hints=hints.as_param(),
    )


def _image_hints(unknown: Iterable[tuple[str | None, str]], known: Iterable[tuple[str, str]]) -> _Hints:
    by_end: dict[str, list[Name]] = {}
    for subset, text in known:
        name = Name.of_image(subset, text)
        alike = by_end.setdefault(_end(name), [])
        if len(alike) < _LOOKED_AT:
            alike.append(name)
    hints = _Hints()
    for place in unknown:
        name = Name.of_image(*place)
        causes = [(_cause(name, other), other) for other in by_end.get(_end(name), ())]
        found = min(causes, key=lambda pair: _CAUSES.index(pair[0]), default=None)
        if found is not None:
            cause, other = found
            shown = f"{other.subset}/{other.text}" if cause == "subset" else other.text
            hints.take(cause, name=name.text, image=shown)
    return hints


def _cause(name: Name, other: Name) -> str:
    """In what two names differ whose last parts are alike."""
    if name.text == other.text:
        return "subset"
    if name.stem == other.stem:
        return "extension"
    if unicodedata.normalize("NFC", name.stem) == unicodedata.normalize("NFC", other.stem):
        return "composition"
    return "case" if _fold(name.stem) == _fold(other.stem) else "folder"


def _end(name: Name) -> str:
    return _fold(name.stem.rpartition("/")[2])


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _report_labels(run: Run) -> None:
    unknown = run.unknown_labels
    if not unknown.names:
        return
    known = {_fold(text): name for name, text in _label_texts(run)}
    hints = _Hints()
    for _, name in unknown.names:
        display = run.class_list.get(name, "")
        label = known.get(_fold(display)) if display else None
        if label is not None:
            hints.take("display", name=name, display=display, label=label)
        elif (label := known.get(_fold(name))) is not None:
            hints.take("name", name=name, label=label)
    if hints.counts or unknown.rows >= _FEW:
        run.issue("labels-not-found", rows=unknown.rows, count=len(unknown.names), hints=hints.as_param())


def _label_texts(run: Run) -> Iterator[tuple[str, str]]:
    for name, key in run.labels.by_name.items():
        yield name, name
        if display := run.labels.display.get(key):
            yield name, display

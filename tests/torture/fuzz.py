"""Damaged archives with options of chance: whatever comes, an import is refused and changes nothing, or holds.

The verdict is the same on both databases. Nothing but `OpenImagesError` is raised. What is refused has changed no row
and no file. What is committed changes nothing when it is imported again, and goes out and in and out as the same bytes.
"""

import itertools
import json
import os
import random
import shutil
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from openimages_io.exceptions import OpenImagesError
from openimages_io.format.names import split_ending
from openimages_io.models import Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import (
    ImportOptions,
    MasksAs,
    Match,
    Missing,
    MissingAttributes,
    Mode,
    OnError,
)
from tests.torture.findings import Findings
from tests.torture.invariants import catalogue, faults, rows
from tests.torture.mutations import Files, damaged
from tests.torture.packing import packed
from tests.torture.sites import Databases, Site
from tests.transfer import archives, generated

_OLD, _NEW = archives.TASK, "new"
_EARLIER = ImportOptions(on_error=OnError.SKIP, missing_images=Missing.CREATE, missing_labels=Missing.CREATE)


def run(findings: Findings, databases: Databases) -> None:
    """Tries as many inputs as there is time for, in as many processes as there are processors, four at most."""
    bases = _bases(databases.folder / "bases")
    count = min(os.cpu_count() or 1, 4)
    crews = [[databases.site(vendor) for vendor in databases.vendors] for _ in range(count)]
    try:
        children = []
        for place, sites in enumerate(crews):
            part = f"{findings.part}-{place}"
            share = replace(findings, part=part, seconds=findings.left, violations=[], counts=Counter())
            children.append(sites[0].fork(partial(_crew, share, sites, bases, itertools.count(place, count))))
        for child, sites in zip(children, crews, strict=True):
            status = child.wait(findings.left + 300)
            if findings.expect(status == 0, f"a process ended with {status}: {child.output[-2000:]}"):
                findings.take(json.loads((sites[0].folder / "found.json").read_text("utf-8")))
    finally:
        for site in itertools.chain(*crews):
            site.close()


def _crew(findings: Findings, sites: list[Site], bases: list[Files], numbers: Iterator[int]) -> None:
    """Tries inputs of these numbers on these sites, and writes what was found into the first one's folder."""
    states = [_begin(site) for site in sites]
    folder = sites[0].folder / "fuzz"
    for _ in findings.until(1):
        number = next(numbers)
        chance = random.Random(f"{findings.seed} fuzz {number}")
        folder.mkdir()
        name = f"input {number}"
        with findings.trial(name):
            base = chance.choices(bases, (8, 1, 2))[0]
            source = packed(chance, damaged(chance, base), folder)
            options = _options(chance)
            task = chance.choice((_OLD, _NEW))
            earlier = _earlier(chance, base, folder) if chance.random() < 0.25 else None
            sources = [source] if earlier is None else [source, earlier]
            verdicts = []
            for site, state in zip(sites, states, strict=True):
                site.enter()
                if earlier is not None:
                    Importer(earlier, task, _EARLIER).run()
                verdicts.append(_Trial(findings, name, site, sources, options, task, state).verdict())
                if earlier is not None or verdicts[-1]["end"] in {"committed", "unchanged"}:
                    Task.objects.all().delete()
                    _fill(site)
            if any(verdict != verdicts[0] for verdict in verdicts):
                _violate(findings, sources, f"{name}: the databases differ: {verdicts} ({options}, into {task})")
            findings.counts[str(verdicts[0].get("end"))] += 1
        shutil.rmtree(folder)
    (sites[0].folder / "found.json").write_text(json.dumps(findings.found()), "utf-8", "backslashreplace")


def _earlier(chance: random.Random, base: Files, folder: Path) -> Path:
    """Another archive of the same images, which the task has from before."""
    source = folder / "earlier"
    source.mkdir()
    return packed(chance, damaged(chance, base), source)


def _bases(folder: Path) -> list[Files]:
    generated.write_data_set(folder)
    large = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    kept = ("/train-", "images/train/", "masks/train/", "class-", "hierarchy", "images.meta")
    medium = {path: data for path, data in large.items() if any(word in path for word in kept)}
    good = {path: data.encode() if isinstance(data, str) else data for path, data in archives.good().items()}
    return [good, large, medium]


def _begin(site: Site) -> str:
    site.enter()
    _fill(site)
    return catalogue()


def _fill(site: Site) -> None:
    """The task that is there before each input."""
    folder = site.folder / "good"
    archives.write(folder, archives.good())
    assert Importer(folder, _OLD).run().committed


def _options(chance: random.Random) -> ImportOptions:
    def maybe(*choices: Any) -> Any:
        return chance.choice(choices)

    return ImportOptions(
        mode=maybe(Mode.MERGE, Mode.MERGE, Mode.REPLACE, Mode.APPEND),
        missing_images=maybe(None, *Missing),
        missing_labels=maybe(None, *Missing),
        missing_attributes=maybe(None, *MissingAttributes),
        on_error=maybe(OnError.ABORT, OnError.SKIP, OnError.SKIP),
        subsets=maybe(*[frozenset()] * 6, frozenset({"train"}), frozenset({"nowhere"})),
        labels=maybe(*[frozenset()] * 6, frozenset({"/m/01yrx"}), frozenset({"Cat"}), frozenset({"/m/0k4j", "Dog"})),
        masks_as=maybe(MasksAs.MASKS, MasksAs.MASKS, MasksAs.POLYGONS),
        pictures=maybe(True, True, False),
        replace_all_kinds=maybe(False, False, True),
        clip=maybe(False, True),
        match=maybe(Match.LENIENT, Match.LENIENT, Match.LENIENT, Match.EXACT),
    )


def _violate(findings: Findings, sources: Sequence[Path], what: str) -> None:
    kept = {}
    for source, word in zip(sources, ("source", "earlier"), strict=False):
        path = Path(shutil.make_archive(str(source.with_suffix(".kept")), "zip", source)) if source.is_dir() else source
        kept[path.name.replace("source", word, 1).replace(".", "__")] = path.read_bytes()
    findings.violate(what, **kept)


class _Trial:
    """One input on one database."""

    def __init__(
        self,
        findings: Findings,
        name: str,
        site: Site,
        sources: Sequence[Path],
        options: ImportOptions,
        task: str,
        state: str,
    ) -> None:
        """`sources` are the archive and the one, if any, that was imported before."""
        self.findings, self.site, self.sources, self.options, self.task = findings, site, sources, options, task
        self.state = state
        after = " after an earlier one" if len(sources) > 1 else ""
        self.name = f"{name} on {site.vendor} into {task}{after} with {options}"

    def verdict(self) -> dict[str, Any]:
        """Imports, and holds what must hold. Returns what both databases must agree on."""
        before = self._everything()
        result = self._import(self.task, self.options)
        if not isinstance(result, Result):
            self._expect(self._everything() == before, "it was refused, and something has changed")
            return {"end": f"raised {type(result).__name__}"}
        said = Counter((issue.severity, issue.code) for issue in result.report.issues())
        totals = {kind: totals.as_dict() for kind, totals in result.report.totals.items()}
        for kind, values in archives.unaccounted(result.report).items():
            self._expect(False, f"rows of {kind} are not accounted for: {values}")
        verdict = {"said": said, "totals": totals, "committed": result.committed, "changed": result.changed}
        if not result.committed:
            self._expect(self._everything() == before, "it was refused, and something has changed")
            return verdict | {"end": "refused"}
        if not result.changed:
            self._expect(self._everything() == before, "it is said that nothing has changed, and something has")
        for fault in faults(self.site, self.state):
            self._expect(False, fault)
        if self.options.mode is Mode.MERGE:
            self._again()
        elif self.options.mode is Mode.REPLACE:
            self._replaced_by_the_same()
        self._out_and_in()
        return verdict | {"end": "committed" if result.changed else "unchanged"}

    def _again(self) -> None:
        before = self._everything()
        result = self._import(self.task, self.options)
        if isinstance(result, Result):
            self._expect(result.committed and not result.changed, f"a second import is {result} {_said(result)}")
        else:
            self._expect(False, f"a second import raises {result}")
        self._expect(self._everything() == before, "a second import changes something")

    def _replaced_by_the_same(self) -> None:
        before = _contents(self.task)
        result = self._import(self.task, self.options)
        if self._expect(isinstance(result, Result) and result.committed, f"a second import comes to {result}"):
            self._expect(_contents(self.task) == before, "a second import replaces annotations by others")

    def _out_and_in(self) -> None:
        """Out, in, out: the second archive is the same bytes as the first.

        What goes out otherwise than it came, such as polygons and images that are called as their picture's file is,
        is the same from the second time on, or, as `a.jpg.jpg` loses an ending each time, from a later one. Masks whose
        PNG never came cannot come back.
        """
        folder = self.site.folder / "out"
        folder.mkdir()
        try:
            archive = folder / "0.zip"
            out = self._export(self.task, archive)
            for number in range(1, _rounds(self.task) + 1):
                before, archive = archive, folder / f"{number}.zip"
                result = Importer(before, f"copy {number}", ImportOptions()).run()
                cannot_come = number == 1 and not result.committed
                if cannot_come and any(issue.code == "no-png" for issue in out.report.issues()):
                    return
                if not self._expect(result.committed, f"an export is not imported: {_said(result)}; said {_said(out)}"):
                    return
                out = self._export(f"copy {number}", archive)
                if before.read_bytes() == archive.read_bytes():
                    return
            self._expect(False, f"after {number} times in and out what goes out is still not what went out before")
        finally:
            shutil.rmtree(folder)

    def _export(self, task: str, target: Path) -> Any:
        return Exporter(Task.objects.get(name=task), target).run()

    def _import(self, task: str, options: ImportOptions) -> Result | OpenImagesError | None:
        try:
            return Importer(self.sources[0], task, options).run()
        except OpenImagesError as error:
            return error
        except Exception:  # noqa: BLE001  (that there is none is what is tried)
            self._expect(False, f"an exception of somebody else's\n{traceback.format_exc()}")
            return None

    def _everything(self) -> Any:
        found = rows()
        return found, self.site.files()

    def _expect(self, holds: bool, what: str) -> bool:
        if not holds:
            _violate(self.findings, self.sources, f"{self.name}: {what}")
        return holds


def _contents(task: str) -> Any:
    """What a task holds; of groups only which shapes are one, and of shapes no order: what is kept stands first."""
    found = archives.contents(task)
    group = 5 + 10  # where it stands in a shape
    lines = [(shape[group], repr((*shape[:group], *shape[group + 1 :]))) for shape in found.pop("shapes")]
    members: dict[int | None, list[str]] = {}
    for number, line in sorted(lines, key=itemgetter(1)):
        members.setdefault(number, []).append(line)
    alone = members.pop(None, [])
    return found, alone, sorted(members.values())


def _rounds(task: str) -> int:
    """How many times it must come in and go out until the same goes out.

    That is once, and once more for what goes out otherwise than it came: what is drawn, as masks, and an image `a.png`
    as `a`, whose every ending takes a time.
    """
    found = Task.objects.get(name=task)
    is_drawn = found.shapes.exclude(kind__in=("tag", "rectangle", "mask")).exists()
    endings = max(map(_endings, found.images.exclude(file="").values_list("name", flat=True)), default=0)
    return 1 + max(is_drawn, endings)


def _endings(name: str) -> int:
    """How many endings of pictures a name has."""
    rest, ending = split_ending(name)
    return 1 + _endings(rest) if ending else 0


def _said(result: Any) -> list[str]:
    return [f"{issue.severity}: {issue}" for issue in result.report.issues()][:5]

"""Disks that are full, read-only or gone: temporary files, pictures, the destination, SQLite's file.

Each is a small file system of its own, so that it can be filled to a byte. What is said is true, no row's file is
missing, and once there is room again the same run succeeds.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.torture.findings import Findings
from tests.torture.outcome_checks import judge, judge_job
from tests.torture.sites import SQLITE, Databases
from tests.torture.stage import TASK, WORKER, Stage
from tests.transfer import archives

_MOUNT, _UMOUNT = shutil.which("mount") or "", shutil.which("umount") or ""
_SIZE = 40 << 20
_DISKS = ("tmp", "media", "out", "")
"""Of temporary files, of pictures and jobs, of exports, and of SQLite's file."""
_MANY = 30_000


def run(findings: Findings, databases: Databases) -> None:
    """Fills disks, for as long as there is time."""
    if reason := _why_not(databases.folder / "mount"):
        findings.skipped.append(f"full disks: {reason}")
        return
    places = [databases.folder / f"disks-{vendor}" for vendor in databases.vendors]
    try:
        for place in places:
            for disk in ("", "tmp", "media", "out"):
                _mount(place / disk)
        stages = [
            Stage(databases, vendor, rows=4000, pictures=25, folder=place)
            for vendor, place in zip(databases.vendors, places, strict=True)
        ]
        trials = [_Filling(findings, stage) for stage in stages]
        for number in findings.until(1):
            trial = trials[number % len(trials)]
            kind = findings.chance.choice(
                (trial.an_import, trial.an_import, trial.a_worker, trial.an_export, trial.issues)
            )
            with findings.trial(kind.__name__):
                kind()
        for stage in stages:
            stage.close()
    finally:
        for place in places:
            for disk in ("tmp", "media", "out", ""):
                with suppress(OSError):
                    subprocess.run([_UMOUNT, "-l", str(place / disk)], check=False, capture_output=True)


def _why_not(place: Path) -> str:
    try:
        _mount(place)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no file system can be mounted here ({getattr(error, 'stderr', b'') or error!r})"
    subprocess.run([_UMOUNT, str(place)], check=True)
    return ""


def _mount(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    command = [_MOUNT, "-t", "tmpfs", "-o", f"size={_SIZE}", "torture", str(place)]
    subprocess.run(command, check=True, capture_output=True)


class _Filling:
    """What is tried on one site."""

    def __init__(self, findings: Findings, stage: Stage) -> None:
        self.findings, self.chance, self.stage, self.site = findings, findings.chance, stage, stage.site

    def an_import(self) -> None:
        """An import on a disk that fills up."""
        goal, before = self.stage.other, self.stage.state
        with self._trouble() as trouble:
            child = self.site.manage(*self.stage.words(goal))
            status = child.wait()
        judge(self.findings, self.stage, f"{trouble}: import, exit status {status}", child.output, before, goal)
        self._then()

    def a_worker(self) -> None:
        """A job on a disk that fills up."""
        goal, before = self.stage.other, self.stage.state
        job = self.stage.submit(goal)
        with self._trouble() as trouble:
            child = self.site.manage(*WORKER)
            status = child.wait()
        what = f"{trouble}: worker, exit status {status}"
        judge_job(self.findings, self.stage, what, job, before, goal, child.output)
        self._then()

    def an_export(self) -> None:
        """An export onto a disk that fills up: all of it, or what was there."""
        name = self.chance.choice(("out.zip", "out"))
        dest = self.site.folder / "out" / name
        words = ("export_openimages", TASK, str(dest), "--force", "--no-progress")
        self.stage.done(self.site.manage(*words))
        before = _content(dest)
        with self._trouble(("out", "out", "tmp")) as trouble:
            child = self.site.manage(*words)
            status = child.wait()
        what = f"{self.site.vendor}: {trouble}: export to {name}, exit status {status}: {child.output[-900:]}"
        self.findings.expect(_content(dest) == before, f"{what}: something else is there")
        self.findings.expect("Traceback" not in child.output, f"{what}: a traceback")
        left = [path.name for path in dest.parent.iterdir() if path.name not in {"out", "out.zip"}]
        self.findings.expect(not left, f"{what}: left is {left}")

    def issues(self) -> None:
        """An archive with an issue in every row, whose report is larger than what is left for temporary files."""
        source = self.stage.archives[0].with_name("bad.zip")
        if not source.exists():
            files = archives.good()
            files[archives.HUMAN] = str(files[archives.HUMAN]) + "a,verification,/m/01yrx,x\n" * _MANY
            archives.zipped(source, files)
        words = ("import_openimages", str(source), "--task", "new", "--no-progress")
        before = self.stage.state
        with self._trouble(("tmp",)) as trouble:
            child = self.site.manage(*words)
            status = child.wait()
        what = f"{trouble}: {_MANY} issues, exit status {status}"
        judge(self.findings, self.stage, what, child.output, before, before)
        self.findings.expect(status == 1, f"{self.site.vendor}: {what}: {child.output[-600:]}")

    def _then(self) -> None:
        """With room again it succeeds."""
        if self.chance.random() < 0.3:
            goal = self.stage.other
            self.stage.done(self.site.manage(*self.stage.words(goal)))
            self.findings.expect(
                self.stage.look() == (goal, []), f"{self.site.vendor}: not written though there is room"
            )

    @contextmanager
    def _trouble(self, disks: tuple[str, ...] = _DISKS) -> Iterator[str]:
        """One of the disks is full, or nearly, or read-only, or gone; yields what it is called."""
        disk = self.chance.choice(disks)
        if not disk and self.site.vendor != SQLITE:
            disk = "tmp"
        place, kind = self.site.folder / disk, self.chance.random()
        name = disk or "database"
        if disk == "tmp" and kind < 0.15:
            moved = place.with_name("elsewhere")
            self.site.temporary = moved
            try:
                self._count(f"{name} gone")
                yield f"{name} gone"
            finally:
                self.site.temporary = place
        elif disk and kind < 0.3:
            subprocess.run([_MOUNT, "-o", "remount,ro", str(place)], check=True)
            try:
                self._count(f"{name} read-only")
                yield f"{name} read-only"
            finally:
                subprocess.run([_MOUNT, "-o", f"remount,rw,size={_SIZE}", str(place)], check=True)
        else:
            room = self.chance.choice((0, 1, 4, 16, 64, 256, 512, 1024)) << 10
            room += self.chance.randrange(4096)
            filler = place / "filler"
            free = os.statvfs(place)
            filler.write_bytes(bytes(max(free.f_bavail * free.f_frsize - room, 0)))
            try:
                self._count(f"{name} full")
                yield f"{name} with {room} bytes"
            finally:
                filler.unlink()

    def _count(self, what: str) -> None:
        self.findings.counts[what] += 1


def _content(place: Path) -> dict[str, bytes]:
    if place.is_dir():
        return {p.relative_to(place).as_posix(): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}
    return {"": place.read_bytes()} if place.exists() else {}

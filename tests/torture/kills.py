"""`kill -9` at moments of chance, of imports, exports and workers: all or nothing, and the next run succeeds."""

import os
import time
from pathlib import Path

from django.test import override_settings

from openimages_io.jobs.transitions import cancel, retry
from openimages_io.models import Job
from tests.torture.findings import Findings
from tests.torture.sites import Child, Databases
from tests.torture.stage import TASK, WORKER, Stage

_SILENCE = 0.6


def run(findings: Findings, databases: Databases) -> None:
    """Kills, on each database in turn, for as long as there is time."""
    stages = [Stage(databases, vendor) for vendor in databases.vendors]
    trials = [_Killing(findings, stage) for stage in stages]
    try:
        for number in findings.until(1):
            trial = trials[number % len(trials)]
            kind = findings.chance.choice((trial.an_import, trial.an_export, trial.a_worker, trial.an_import))
            with findings.trial(kind.__name__):
                kind()
            if number % 20 >= 20 - len(trials):
                trial.tidy()
        for trial in trials:
            trial.tidy()
    finally:
        for stage in stages:
            stage.close()


class _Killing:
    """What is killed on one site."""

    def __init__(self, findings: Findings, stage: Stage) -> None:
        self.findings, self.stage, self.site = findings, stage, stage.site
        self._lasts: dict[str, float] = {}
        """How long each kind of run takes when it is left alone."""
        self.dest = self.site.folder / "export.zip"

    def an_import(self) -> None:
        """Kills an import; then the task is in one of the two states, and the same import succeeds."""
        goal = self.stage.other
        killed = self._killed("import", self.site.manage(*self.stage.words(goal)))
        self._look("import")
        if killed:
            self.stage.done(self.site.manage(*self.stage.words(goal)))
            self._expect(self.stage.look() == (goal, []), "the import after a kill has not brought its state")

    def an_export(self) -> None:
        """Kills an export; then what was at its place is as it was, or the new one is whole."""
        folder = self.findings.chance.random() < 0.3
        dest = self.site.folder / ("export" if folder else "export.zip")
        words = ("export_openimages", TASK, str(dest), "--force", "--no-progress")
        before = _bytes(dest)
        killed = self._killed(f"export {folder}", self.site.manage(*words))
        found = _bytes(dest)
        self.stage.done(self.site.manage(*words))
        whole = _bytes(dest)
        if killed:
            self._expect(found in (before, whole), "an export that was killed has left something else at its place")
        self._look("export")

    def a_worker(self) -> None:
        """Kills a worker; then the job says what is there, and may be started again."""
        self.site.enter()
        is_import = self.findings.chance.random() < 0.7
        goal, before = self.stage.other, self.stage.state
        job = self.stage.submit(goal) if is_import else self.stage.submit_export()
        killed = self._killed(f"worker {is_import}", self.site.manage(*WORKER))
        found = self._look("worker")
        job = Job.objects.get(pk=job.pk)
        if is_import and found is not None:
            self._expect(
                (job.state == "succeeded" and job.committed) == (found == goal) if before != goal else True,
                f"the job is {job.state} ({job.committed}: {job.message}), and the task in state {found} of {goal}",
            )
        if killed and job.state != "succeeded":
            self._again(job)
            if is_import:
                self._expect(self.stage.look() == (goal, []), "a job that was started again has not brought its state")
        self.stage.forget(job)

    def _again(self, job: Job) -> None:
        if job.state == "running":
            time.sleep(_SILENCE + 0.5)
        if job.state != "queued":
            with override_settings(OPENIMAGES_IO={"JOB_STORAGE": "default", "JOB_SILENCE": 1}):
                time.sleep(0.5)
                retry(job)
        self.stage.done(self.site.manage(*WORKER))
        job.refresh_from_db()
        if job.state == "queued":  # the queue had given it to the worker that was killed
            self.findings.counts["job started again by cancelling"] += 1
            retry(cancel(job))
            self.stage.done(self.site.manage(*WORKER))
            job.refresh_from_db()
        self._expect(job.state == "succeeded", f"a job whose worker was killed is then {job.state}: {job.message}")

    def tidy(self) -> None:
        """Holds what is left against what prune removes."""
        for left in self.stage.prune():
            self._expect(False, left)
        for path in self.site.folder.glob(".*"):
            os.utime(path, (0, 0))
        for dest in ("export", "export.zip"):  # an export removes what an earlier one to the same place has left
            self.stage.done(
                self.site.manage("export_openimages", TASK, str(self.site.folder / dest), "--force", "--no-progress")
            )
        partial = [path.name for path in self.site.folder.iterdir() if ".partial" in path.name or ".old" in path.name]
        self._expect(not partial, f"exports that were killed have left {partial} for ever")

    def _killed(self, kind: str, child: Child) -> bool:
        """Kills it somewhere between its start and its usual end. Returns whether it was still running."""
        began = time.monotonic()
        if kind not in self._lasts:
            self.stage.done(child)
            self._lasts[kind] = time.monotonic() - began
            self.findings.counts[f"{kind.split(maxsplit=1)[0]} left alone"] += 1
            return False
        time.sleep(self.findings.chance.uniform(0, self._lasts[kind] * 1.05))
        killed = child.kill()
        self.findings.kills += killed
        self.findings.counts[f"{kind.split(maxsplit=1)[0]} {'killed' if killed else 'ended before'}"] += 1
        if not killed:
            self._lasts[kind] = (self._lasts[kind] + time.monotonic() - began) / 2
            self._expect(child.status == 0, f"{kind} ended with {child.status}: {child.output}")
        return killed

    def _look(self, kind: str) -> int | None:
        found, wrong = self.stage.look()
        self._expect(not wrong, f"after {kind}: {wrong}")
        return found

    def _expect(self, holds: object, what: str) -> None:
        self.findings.expect(holds, f"{self.site.vendor}: {what}")


def _bytes(place: Path) -> dict[str, bytes]:
    if place.is_dir():
        return {p.relative_to(place).as_posix(): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}
    return {"": place.read_bytes()} if place.exists() else {}

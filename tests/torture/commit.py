"""The end of a run at every step around its COMMIT: what is said is true, and no row's file is missing.

Signals at chosen calls before and after the COMMIT, a connection to PostgreSQL that breaks at it, a storage that
refuses to write or to remove, and uploads by the API whose connection breaks.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from openimages_io.models import Image, Job, Task
from tests.torture.findings import Findings
from tests.torture.outcome_checks import judge, judge_job
from tests.torture.proxy import CUTS
from tests.torture.sites import POSTGRESQL, Databases
from tests.torture.stage import WORKER, Stage
from tests.torture.steps import measured, signals_at
from tests.torture.storage import FaultyStorage
from tests.transfer.generated import picture

_ROWS, _PICTURES = 100, 15
_APART = (1, 20, 400, 4000)


def run(findings: Findings, databases: Databases) -> None:
    """Ends runs, on each database in turn, for as long as there is time."""
    stages = [Stage(databases, vendor, rows=_ROWS, pictures=_PICTURES) for vendor in databases.vendors]
    try:
        trials = [_Ending(findings, stage) for stage in stages]
        for number in findings.until(1):
            trial = trials[number % len(trials)]
            kinds: list[Callable[[], None]] = [trial.a_signal, trial.signals_to_a_worker, trial.a_faulty_storage]
            if trial.site.vendor == POSTGRESQL:
                kinds += [trial.a_cut, trial.a_cut_from_a_worker, trial.a_cut_from_the_api]
            kind = findings.chance.choice(kinds)
            with findings.trial(kind.__name__):
                kind()
            if number % 30 >= 30 - len(trials):
                trial.tidy()
        for trial in trials:
            trial.tidy()
    finally:
        for stage in stages:
            stage.close()


class _Ending:
    """What is ended on one site."""

    def __init__(self, findings: Findings, stage: Stage) -> None:
        self.findings, self.chance, self.stage, self.site = findings, findings.chance, stage, stage.site
        self.calls = self._measure(self.stage.words(self.stage.other))
        self.stage.look()
        self.stage.submit(self.stage.other)
        self.calls_of_worker = self._measure(WORKER)
        name = f"calls before and after the COMMIT on {stage.site.vendor}"
        findings.figures[name] = f"{self.calls}, of a worker {self.calls_of_worker}"
        self.stage.look()

    def _measure(self, words: tuple[str, ...]) -> tuple[int, int]:
        path = self.site.folder / "calls.txt"
        self.stage.done(self.site.manage(*words, first=measured(path)))
        before, after = map(int, path.read_text().split())
        return before, after

    def a_signal(self) -> None:
        """Ctrl-C, or SIGTERM, to the command."""
        numbers = self.chance.choice(([signal.SIGINT], [signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM]))
        step = self._step(self.calls)
        goal, before = self.stage.other, self.stage.state
        first = self._slowly(signals_at(step, [*numbers], self.chance.choice(_APART)))
        child = self.site.manage(*self.stage.words(goal), first=first)
        status = child.wait()
        what = f"{_names(numbers)} at step {step} of {self.calls}: exit status {status}"
        self._judge(what, child.output, before, goal, silent=status < 0)
        self.findings.counts[f"signal {'before' if step < 0 else 'after'}"] += 1

    def signals_to_a_worker(self) -> None:
        """SIGTERM, once or twice, or Ctrl-C, to a worker."""
        numbers = self.chance.choice(
            ([signal.SIGTERM], [signal.SIGTERM] * 2, [signal.SIGTERM] * 2, [signal.SIGINT] * 2)
        )
        step = self._step(self.calls_of_worker)
        goal, before = self.stage.other, self.stage.state
        job = self.stage.submit(goal)
        first = self._slowly(signals_at(step, [*numbers], self.chance.choice(_APART)))
        child = self.site.manage(*WORKER, first=first)
        status = child.wait()
        what = f"{_names(numbers)} to a worker at step {step} of {self.calls_of_worker}: exit status {status}"
        self._judge_job(what, job, before, goal, child.output)
        self.findings.counts[f"worker {'before' if step < 0 else 'after'}"] += 1

    def a_faulty_storage(self) -> None:
        """A storage that refuses to write from some file on, or to remove."""
        goal, before = self.stage.other, self.stage.state
        writes = self.chance.random() < 0.5
        number = self.chance.randrange(_PICTURES)

        def first() -> None:
            if writes:
                FaultyStorage.saves_left = number
            else:
                FaultyStorage.deletes_left = number

        child = self.site.manage(*self.stage.words(goal), first=first)
        status = child.wait()
        what = f"a storage that refuses to {'write' if writes else 'remove'} after {number}: exit status {status}"
        self._judge(what, child.output, before, goal)
        self.findings.expect((status == 1) == writes, f"{self.site.vendor}: {what}: {child.output}")
        self.findings.counts["storage"] += 1

    def a_cut(self) -> None:
        """A connection of the command that breaks at a COMMIT."""
        cut, number = self.chance.choice(CUTS), self.chance.choice((0, 0, 0, 1, 2))
        goal, before = self.stage.other, self.stage.state
        with self._cutting(cut, number):
            child = self.site.manage(*self.stage.words(goal))
            status = child.wait()
        self._judge(f"cut {cut} COMMIT {number}: exit status {status}", child.output, before, goal)
        self.findings.counts[f"cut {cut}"] += 1

    def a_cut_from_a_worker(self) -> None:
        """A connection of a worker that breaks at a COMMIT."""
        cut, number = self.chance.choice(CUTS), self.chance.randrange(6)
        goal, before = self.stage.other, self.stage.state
        job = self.stage.submit(goal)
        with self._cutting(cut, number):
            child = self.site.manage(*WORKER)
            status = child.wait()
        self._judge_job(f"worker cut {cut} COMMIT {number}: status {status}", job, before, goal, child.output)
        self.findings.counts[f"worker cut {cut}"] += 1

    def a_cut_from_the_api(self) -> None:
        """An upload of pictures whose connection breaks at a COMMIT."""
        cut, number = self.chance.choice(CUTS), self.chance.choice((0, 0, 0, 1))
        self.site.enter()
        user, _ = User.objects.get_or_create(username="owner", is_superuser=True)
        client = Client(raise_request_exception=False)
        client.force_login(user)
        task = Task.objects.create(name="uploads", owner=user)
        files = [SimpleUploadedFile(f"{n}.png", picture((n, 1, 1), (9, 9), "PNG")) for n in range(5)]

        def upload() -> None:
            response = client.post(f"/api/v1/tasks/{task.pk}/images/upload/", {"files": files, "subset": "train"})
            sys.stdout.write(f"{response.status_code}")

        with self._cutting(cut, number):
            child = self.site.fork(upload)
            child.wait()
        _, wrong = self.stage.look()
        what = f"upload cut {cut} COMMIT {number}: {child.output[-300:]}"
        count = Image.objects.filter(task=task).count()
        self._expect(not wrong and count in {0, 5}, f"{what}: {count} rows; {wrong}")
        if "201" in child.output[-4:]:
            self._expect(count == 5, f"{what}: {count} rows")
        Task.objects.get(pk=task.pk).delete()
        self.findings.counts[f"upload cut {cut}"] += 1

    @contextmanager
    def _cutting(self, cut: str, number: int) -> Iterator[None]:
        proxy = self.stage.proxy
        assert proxy is not None
        connections.close_all()
        proxy.cut(cut, number)
        try:
            yield
        finally:
            proxy.leave()

    def tidy(self) -> None:
        """Holds what is left against what prune removes."""
        for left in self.stage.prune():
            self._expect(False, left)

    def _step(self, calls: tuple[int, int]) -> int:
        before, after = calls
        kind = self.chance.random()
        if kind < 0.2:
            return -self.chance.randrange(1, before)
        if kind < 0.35:
            return -self.chance.randrange(max(before - 600, 1), before)
        if kind < 0.6:
            return self.chance.randrange(60)
        return self.chance.randrange(after)

    def _slowly(self, then: Callable[[], None]) -> Callable[[], None]:
        pause = self.chance.choice((0, 0, 0.003))

        def first() -> None:
            FaultyStorage.pause = pause
            then()

        return first

    def _judge(self, what: str, said: str, before: int, goal: int, *, silent: bool = False) -> None:
        judge(self.findings, self.stage, what, said, before, goal, silent=silent)

    def _judge_job(self, what: str, job: Job, before: int, goal: int, said: str) -> None:
        judge_job(self.findings, self.stage, what, job, before, goal, said)

    def _expect(self, holds: object, what: str) -> None:
        self.findings.expect(holds, f"{self.site.vendor}: {what}")


def _names(numbers: list[signal.Signals]) -> str:
    return " and ".join(number.name for number in numbers)

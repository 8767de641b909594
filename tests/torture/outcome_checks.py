"""Whether what a run says of an import is what is in the rows and in the storage."""

import re
from typing import Final

from openimages_io.models import Job
from tests.torture.findings import Findings
from tests.torture.stage import Stage

_NOT: Final = "othing was written"
_MAYBE: Final = "may have been written"
_DONE: Final = ("Imported into", "after the import was written", "has been written")
_SWALLOWED: Final = re.compile(
    r"^Exception ignored in: [^\n]*\nTraceback [^\n]*\n(?: [^\n]*\n)*KeyboardInterrupt: *\n", re.MULTILINE
)
"""What Python writes of a Ctrl-C that came while it was taking an object away; the program goes on."""


def judge(
    findings: Findings, stage: Stage, what: str, said: str, before: int, goal: int, *, silent: bool = False
) -> None:
    """Holds what a command has said against what is there; `silent` if it was ended so that it could say nothing."""
    found, wrong = stage.look()
    what, shown = f"{stage.site.vendor}: {what}", said[-900:]
    findings.expect(not wrong, f"{what}: {wrong}; said: {shown}")
    if wrong or found is None:
        _repair(stage, goal)
        return
    findings.expect(not is_traced(said), f"{what}: a traceback: {shown}")
    if _MAYBE in said:
        return
    if _NOT in said:
        findings.expect(found == before, f"{what}: it is written, and said is: {shown}")
    elif any(text in said for text in _DONE):
        findings.expect(found == goal, f"{what}: it is not written, and said is: {shown}")
    else:
        quiet = silent or "KeyboardInterrupt" in said or (found == before and "CommandError" in said)
        findings.expect(quiet, f"{what}: it is not said whether it is written: {shown}")


def is_traced(said: str) -> bool:
    """Whether a command has ended with a traceback that is not Python's own word of a Ctrl-C."""
    return "Traceback" in _SWALLOWED.sub("", said) and not said.rstrip().endswith("KeyboardInterrupt")


def judge_job(findings: Findings, stage: Stage, what: str, job: Job, before: int, goal: int, said: str) -> None:
    """Holds what a job's row says against what is there, and forgets the job."""
    found, wrong = stage.look()
    job = Job.objects.get(pk=job.pk)
    stage.forget(job)
    what = f"{stage.site.vendor}: {what}; the job is {job.state}: {job.message}"
    findings.expect(not wrong, f"{what}: {wrong}; said: {said[-900:]}")
    if wrong or found is None:
        _repair(stage, goal)
    elif job.state == "succeeded":
        findings.expect(found == goal, f"{what}, and it is not written")
    else:
        findings.expect(found == before, f"{what}, and it is written")


def _repair(stage: Stage, goal: int) -> None:
    """After a violation that has cost files: the pictures come again with the other archive."""
    for number in (goal, 1 - goal):
        stage.site.manage(*stage.words(number)).wait()
    stage.look()

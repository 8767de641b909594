"""Whole processes, by the clock and by the memory that they had at most."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
_MIB = 1024 if sys.platform == "linux" else 1024 * 1024


class Failed(RuntimeError):
    """A measured process ended with an error."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of a process."""

    seconds: float
    mebibytes: float
    """The most memory that the process itself had resident."""
    output: str
    cpu: float
    """Seconds of the processor, which other programs on the machine lengthen less than those by the clock."""


def measure(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Measurement:
    """Runs a process to its end. Raises `Failed` with what it said if that was no success."""
    line = list(map(str, command))
    environment = {**os.environ, **(environment or {})}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        # wait4 tells of this child alone; getrusage would tell of the largest child so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if process.returncode:
        raise Failed(f"{' '.join(line)} ended with {process.returncode}:\n{said[-3000:]}")
    return Measurement(seconds, usage.ru_maxrss / _MIB, said, usage.ru_utime + usage.ru_stime)


@dataclass(slots=True)
class Series:
    """The runs of one case."""

    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)

    def add(self, seconds: float, mebibytes: float) -> None:
        """Takes in a run."""
        self.seconds.append(seconds)
        self.mebibytes.append(mebibytes)

    @property
    def time(self) -> float:
        """The median in seconds."""
        return median(self.seconds)

    @property
    def memory(self) -> float:
        """The median in MiB."""
        return median(self.mebibytes)

    def __str__(self) -> str:
        return f"{self.time:.2f} / {self.memory:.0f}"

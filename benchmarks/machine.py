"""What a measurement was made with."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.databases import POSTGRES, PostgreSQL
from benchmarks.measuring import measure

_VERSIONS = "import sys, importlib.metadata as m; print(sys.version.split()[0], m.version('datumaro'))"


def describe(datumaro: Path, server: PostgreSQL | None, times: int) -> str:
    """Date, machine, versions, and how to measure the same again, in Markdown."""
    python, theirs = measure([datumaro, "-c", _VERSIONS]).output.split()
    programs = [
        f"Python {platform.python_version()}",
        f"Django {version('Django')}",
        f"SQLite {sqlite3.sqlite_version}",
        *([f"PostgreSQL {server.version()} with psycopg {version('psycopg')}"] if server else []),
        f"Datumaro {theirs} on Python {python}",
    ]
    command = f"{POSTGRES}=postgres://… make bench" if server else "make bench"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({_processor()}), {_memory()} of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}: {', '.join(programs)}. "
        f"Medians of {times} {'run' if times == 1 else 'runs'}. The same again: `{command}`."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"

"""A small cut of `make bench`: nothing takes twice what docs/benchmarks.md aims at.

By the processor's time, in turns and by medians, so that it holds on a machine in use. The start of our command is not
counted in an export, where a small data set would make it most of the time; in an import both programs have theirs.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from benchmarks.databases import SQLite, environment, manage
from benchmarks.measuring import Measurement, measure
from benchmarks.run import Bench, DataSet, compile_sources
from tests.interop.conftest import VARIABLE

pytestmark = pytest.mark.programs

TIMES = 3
DATA = DataSet("cut", 8_000, 58_000, 114_000)
IMPORT, EXPORT, AGAIN = 0.55, 0.60, 0.70
"""What is aimed at, in Datumaro's time."""


def test_nothing_takes_twice_what_is_aimed_at(tmp_path: Path) -> None:
    compile_sources()
    bench = Bench(tmp_path, Path(os.environ[VARIABLE]).absolute(), TIMES)
    database = SQLite(bench.python, tmp_path)
    database.create("empty")
    start = median(_cpu(lambda: _start(database, tmp_path)) for _ in range(TIMES))
    found: dict[str, list[float]] = {name: [] for name in ("import", "again", "theirs", "export", "export theirs")}
    for _ in range(TIMES):
        database.copy("empty", "cut")
        found["import"].append(_cpu(lambda: bench.import_ours(database, "cut", DATA)))
        found["theirs"].append(_cpu(lambda: bench.theirs(DATA, export=False)[0]))
        found["export"].append(_cpu(lambda: bench.export_ours(database, "cut")) - start)
        told = json.loads(bench.theirs(DATA, export=True)[0].output.splitlines()[-1])
        found["export theirs"].append(told["cpu"]["export"])
        found["again"].append(_cpu(lambda: bench.ours_reported(database, "cut", DATA, "bench", "unchanged")))
    times = {name: median(seconds) for name, seconds in found.items()}
    ratios = {
        "import": times["import"] / times["theirs"] / IMPORT,
        "again": times["again"] / times["theirs"] / AGAIN,
        "export": times["export"] / times["export theirs"] / EXPORT,
    }
    assert {name for name, ratio in ratios.items() if ratio > 2} == set(), (ratios, found, start)
    assert {name for name, ratio in ratios.items() if 4 * ratio > 2} == set(ratios), "four times as slow is not noticed"


def _cpu(run: Callable[[], Measurement]) -> float:
    return run().cpu


def _start(database: SQLite, folder: Path) -> Measurement:
    command = manage(Path(sys.executable), "export_openimages", "--help")
    return measure(command, environment(database.url("empty"), folder))

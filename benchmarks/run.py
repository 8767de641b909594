"""`make bench`: measures imports and exports side by side with Datumaro, and writes the table to docs/benchmarks.md.

`--quick` measures small data sets once, to try the script out, and writes nothing.
"""

import argparse
import compileall
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.api import SHAPES
from benchmarks.databases import Databases, PostgreSQL, SQLite, environment, manage, postgresql
from benchmarks.machine import describe
from benchmarks.measuring import ROOT, Measurement, Series, measure
from benchmarks.variants import BOX_HEADER, EVERY

DATA = ROOT / "benchmarks" / "data"
PAGE = ROOT / "docs" / "benchmarks.md"
START, END = "<!-- figures: begin -->", "<!-- figures: end -->"
DATUMARO = "OPENIMAGES_INTEROP_PYTHON"
TASK = "bench"
BAD_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class DataSet:
    """How large a generated data set is, in rows."""

    name: str
    images: int
    boxes: int
    labels: int
    masks: int = 0

    @property
    def rows(self) -> int:
        """Boxes, labels and masks."""
        return self.boxes + self.labels + self.masks

    def folder(self) -> Path:
        """Where it lies; it is generated if it is not there."""
        folder = DATA / f"{self.name}-{self.images}-{self.boxes}-{self.labels}-{self.masks}"
        if not folder.exists():
            sizes = [f"--{name}={getattr(self, name)}" for name in ("images", "boxes", "labels", "masks")]
            # In a process of its own: a child starts with the memory of its parent, which must stay small.
            measure([sys.executable, "-m", "benchmarks.generate", folder, *sizes])
        return folder

    def variant(self, name: str) -> Path:
        """Where a variant of it lies; see `benchmarks/variants.py`."""
        folder = self.folder()
        variant = folder.with_name(f"{folder.name}-{name}")
        if not variant.exists():
            measure([sys.executable, "-m", "benchmarks.variants", folder, variant, name])
        return variant

    def __str__(self) -> str:
        parts = f"{self.images:,} images", f"{self.boxes:,} boxes", f"{self.labels:,} labels", f"{self.masks:,} masks"
        return f"{self.name} ({', '.join(part for part in parts if not part.startswith('0 '))})"


@dataclass(frozen=True, slots=True)
class Sizes:
    """The data sets of a run."""

    large: DataSet
    masks: DataSet
    few_rows: DataSet
    many_rows: DataSet


FULL = Sizes(
    DataSet("M", 41_620, 303_980, 595_339),
    DataSet("K", 2_000, 14_600, 28_600, 3_000),
    DataSet("few", 41_620, 303_980, 0),
    DataSet("many", 41_620, 3_039_800, 0),
)
QUICK = Sizes(
    DataSet("M", 1_000, 7_300, 14_300),
    DataSet("K", 100, 730, 1_430, 150),
    DataSet("few", 1_000, 7_300, 0),
    DataSet("many", 1_000, 73_000, 0),
)


class Bench:
    """What the measurements share: the processes, the table, and how often each is run."""

    def __init__(self, folder: Path, datumaro: Path, times: int) -> None:
        self.folder, self.datumaro, self.times = folder, datumaro, times
        self.python = Path(sys.executable)
        self.lines: list[str] = []

    def head(self, title: str, *columns: str) -> None:
        """Begins a table."""
        self.lines += ["", f"| {title} | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
        say(f"\n{title}")

    def row(self, what: str, *cells: object) -> None:
        """Adds a line to the table."""
        self.lines.append(f"| {what} | {' | '.join(map(str, cells))} |")
        say(self.lines[-1])

    def ours(self, databases: Databases, name: str, *args: str | Path) -> Measurement:
        """Runs a management command on a database."""
        command = manage(self.python, *args, "--no-progress")
        return measure(command, environment(databases.url(name), self.folder))

    def import_ours(self, databases: Databases, name: str, data: DataSet, task: str = TASK) -> Measurement:
        """Imports into a task that is not there; makes sure that every row arrived."""
        done = self.ours_reported(databases, name, data, task, "added")
        databases.settle(name)
        return done

    def ours_reported(
        self, databases: Databases, name: str, data: DataSet, task: str, what: str, variant: str = "", every: int = 1
    ) -> Measurement:
        """Imports; makes sure that of every so many rows of the data set one was added, updated or left as it was."""
        report = self.folder / "report.json"
        folder = data.variant(variant) if variant else data.folder()
        done = self.ours(databases, name, "import_openimages", folder, "--task", task, "--report", report)
        totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
        kinds = {"boxes": data.boxes, "human labels": data.labels, "masks": 0 if every > 1 else data.masks}
        for kind, rows in kinds.items():
            count = -(-rows // every)
            check(totals.get(kind, {}).get(what, 0) == count, f"{kind} {what}: {totals.get(kind)}, expected {count:,}")
        return done

    def export_ours(self, databases: Databases, name: str, *, fast: bool = True) -> Measurement:
        """Exports into a zip, with what the extra `fast` brings or as if that were not installed."""
        command = manage(self.python, "export_openimages", TASK, self.folder / "out.zip", "--force", "--no-progress")
        surroundings = environment(databases.url(name), self.folder)
        if not fast:
            hidden = self.folder / "without-fast"
            hidden.mkdir(exist_ok=True)
            (hidden / "isal.py").write_text("raise ImportError\n", encoding="utf-8")
            surroundings["PYTHONPATH"] = str(hidden)
        return measure(command, surroundings)

    def delete_ours(self, databases: Databases, name: str) -> Measurement:
        """Deletes the task as a job does, and makes sure that nothing is left of it."""
        command: list[str | Path] = [self.python, "-m", "benchmarks.deleting", TASK]
        return measure(command, environment(databases.url(name), self.folder))

    def theirs(self, data: DataSet, *, export: bool) -> tuple[Measurement, dict[str, float]]:
        """Runs Datumaro; makes sure that it read every row and wrote every box. Returns its steps' seconds, too."""
        dest = self.folder / "datumaro"
        shutil.rmtree(dest, ignore_errors=True)
        script = ROOT / "benchmarks" / "datumaro_side.py"
        done = measure([self.datumaro, script, data.folder(), *[dest] * export])
        told = json.loads(done.output.splitlines()[-1])
        expected = {"bbox": data.boxes, "label": data.labels, "mask": data.masks}
        check(told["read"] == {name: count for name, count in expected.items() if count}, f"Datumaro read {told}")
        if export:
            with (dest / "annotations" / "validation-annotations-bbox.csv").open("rb") as file:
                check(sum(1 for _ in file) == data.boxes + 1, "Datumaro left boxes out")
        seconds: dict[str, float] = told["seconds"]
        return done, seconds


def say(text: str) -> None:
    """Shows how far the run is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def check(holds: bool, fault: str) -> None:
    """Ends the run where a measurement would not be of what it says."""
    if not holds:
        raise SystemExit(f"This is no fair measurement: {fault}")


def ratio(ours: Series, theirs: Series) -> str:
    """The quotient of two medians in seconds."""
    return f"{ours.time / theirs.time:.2f}"


def measure_with_datumaro(bench: Bench, *data_sets: DataSet) -> None:
    """What both programs do, the start-up alone and then each data set."""
    ours, theirs = Series(), Series()
    database = SQLite(bench.python, bench.folder)
    for _ in range(bench.times):
        add(ours, measure(manage(bench.python, "import_openimages", "--help"), environment(database.url("no"), DATA)))
        add(theirs, measure([bench.datumaro, "-c", "import datumaro.components.dataset"]))
    bench.head("Side by side: seconds / MiB", "openimages_io", "Datumaro", "ratio of the seconds")
    bench.row("start-up alone", ours, theirs, "")
    for data in data_sets:
        measure_side_by_side(bench, data)


def measure_side_by_side(bench: Bench, data: DataSet) -> None:
    """Import into a fresh SQLite file and export from it, and Datumaro's import and export."""
    database = SQLite(bench.python, bench.folder)
    database.create("empty")
    names = (
        "import",
        "import theirs",
        "export",
        "export without",
        "export theirs",
        "both",
        "both theirs",
        "again",
        "changed",
        "shuffled",
        "deletion",
    )
    for variant in ("changed", "shuffled"):
        data.variant(variant)
    series = {name: Series() for name in names}
    for _ in range(bench.times):
        database.copy("empty", data.name)
        imported = bench.import_ours(database, data.name, data)
        add(series["import"], imported)
        add(series["import theirs"], bench.theirs(data, export=False)[0])
        exported = bench.export_ours(database, data.name)
        add(series["export"], exported)
        add(series["export without"], bench.export_ours(database, data.name, fast=False))
        series["both"].add(imported.seconds + exported.seconds, max(imported.mebibytes, exported.mebibytes))
        done, seconds = bench.theirs(data, export=True)
        series["both theirs"].add(done.seconds - seconds["sizes"], done.mebibytes)
        series["export theirs"].add(seconds["export"], done.mebibytes)
        add(series["again"], bench.ours_reported(database, data.name, data, TASK, "unchanged"))
        add(series["shuffled"], bench.ours_reported(database, data.name, data, TASK, "unchanged", "shuffled"))
        add(series["changed"], bench.ours_reported(database, data.name, data, TASK, "updated", "changed", EVERY))
        add(series["deletion"], bench.delete_ours(database, data.name))
    for name, what in (
        ("import", "import into a fresh SQLite file; into memory"),
        ("export", "export into a zip; what is in memory already into a folder"),
        ("both", "both"),
    ):
        ours, theirs = series[name], series[f"{name} theirs"]
        bench.row(f"{data}: {what}", ours, theirs, ratio(ours, theirs))
    ours, theirs = series["export without"], series["export theirs"]
    bench.row(f"{data.name}: export without `[fast]`", ours, theirs, ratio(ours, theirs))
    theirs = series["import theirs"]
    for name, what in (
        ("again", "the same import again, by merge, which changes nothing"),
        ("shuffled", "the same with the rows of boxes shuffled"),
        ("changed", "the same with 1 % of boxes and labels changed"),
        ("deletion", "deleting the task, all work included"),
    ):
        bench.row(f"{data.name}: {what}; import into memory", series[name], theirs, ratio(series[name], theirs))


def measure_postgresql(bench: Bench, server: PostgreSQL, data: DataSet) -> None:
    """Import into a fresh database and beside another task that is as large."""
    series = {name: Series() for name in ("fresh", "live", "export", "again", "theirs", "deletion")}
    server.create("empty")
    server.copy("empty", "other")
    bench.import_ours(server, "other", data, "another task")
    for _ in range(bench.times):
        for name, template in (("fresh", "empty"), ("live", "other")):
            server.copy(template, name)
            add(series[name], bench.import_ours(server, name, data))
            add(series["theirs"], bench.theirs(data, export=False)[0])
        add(series["export"], bench.export_ours(server, "fresh"))
        add(series["again"], bench.ours_reported(server, "fresh", data, TASK, "unchanged"))
        add(series["deletion"], bench.delete_ours(server, "live"))
    bench.head(f"PostgreSQL {server.version()}, {data.name}: seconds / MiB", "openimages_io", "Datumaro", "ratio")
    theirs = series["theirs"]
    bench.row("import into a fresh database", series["fresh"], theirs, ratio(series["fresh"], theirs))
    bench.row(
        f"import beside another task of {data.rows:,} rows", series["live"], theirs, ratio(series["live"], theirs)
    )
    bench.row("export into a zip", series["export"], "–", "")
    bench.row("the same import again, by merge, which changes nothing", series["again"], "–", "")
    what = "deleting the task beside the other, all work included; import into memory"
    bench.row(what, series["deletion"], theirs, ratio(series["deletion"], theirs))


def measure_driver(bench: Bench, databases: list[Databases], data: DataSet) -> None:
    """The whole import beside the driver's bare call with the same rows."""
    columns = "whole import", "driver, indexes kept", "ratio", "driver, indexes made after", "ratio"
    bench.head(f"Beside the bare driver, {data.name}: seconds", *columns)
    for database in databases:
        database.create("empty")
        ours, kept, after = Series(), Series(), Series()
        rows = 0
        for _ in range(bench.times):
            database.copy("empty", "driver")
            add(ours, bench.import_ours(database, "driver", data))
            told = json.loads(measure([bench.python, "-m", "benchmarks.bare", database.url("driver")]).output)
            rows = told["rows"]
            check(rows == data.rows, f"the driver wrote {rows:,} rows")
            kept.add(told["indexes kept"], 0)
            after.add(told["indexes after"], 0)
        call = "`executemany` of sqlite3" if isinstance(database, SQLite) else "`COPY` of psycopg, `write_row`"
        cells = f"{ours.time:.2f}", f"{kept.time:.2f}", ratio(ours, kept), f"{after.time:.2f}", ratio(ours, after)
        bench.row(f"{call}, {rows:,} shapes", *cells)


def measure_api(bench: Bench, databases: list[Databases]) -> None:
    """Reading and saving all shapes of one picture over the REST API."""
    told: dict[str, dict[str, float]] = {}
    for database in databases:
        database.create("api")
        command: list[str | Path] = [bench.python, "-m", "benchmarks.api"]
        found = json.loads(measure(command, environment(database.url("api"), bench.folder)).output.splitlines()[-1])
        for what, milliseconds in found.items():
            told.setdefault(what, {})[type(database).__name__] = milliseconds
    names = [type(database).__name__ for database in databases]
    bench.head(f"REST API, a picture with {SHAPES:,} shapes: milliseconds of a request", *names)
    for what, row in told.items():
        bench.row(what, *(f"{row[name]:.0f}" for name in names))


def measure_growth(bench: Bench, *, quick: bool) -> None:
    """How the time of a merge grows where n things lie in one place."""
    bench.head("Merging n things in one place: CPU seconds", "n", "n things", "2n against n")
    for line in measure([bench.python, "-m", "benchmarks.growth", "--rows", *["--quick"] * quick]).output.splitlines():
        what, *cells = line.split("\t")
        bench.row(what, *cells)


def measure_bad_rows(bench: Bench) -> None:
    """An archive whose rows of boxes are all bad, checked beside one whose rows are all good."""
    ours = {kind: Series() for kind in ("good", "bad")}
    rows = {"good": "i{},xclick,/m/1,1,0.1,0.9,0.1,0.9", "bad": "i{},xclick,/m/1,1,0.1,1.9,0.1,0.9"}
    database = SQLite(bench.python, bench.folder)
    database.create("empty")
    for _ in range(bench.times):
        for kind, row in rows.items():
            annotations = bench.folder / kind / "annotations"
            annotations.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{row.format(number % 1000)}\n" for number in range(BAD_ROWS))
            (annotations / "train-annotations-bbox.csv").write_text(BOX_HEADER + lines, encoding="utf-8")
            database.copy("empty", kind)
            options = "--missing-images", "create", "--missing-labels", "create", "--on-error", "skip"
            folder, report = bench.folder / kind, bench.folder / "report.json"
            done = bench.ours(database, kind, "import_openimages", folder, "--task", TASK, *options, "--report", report)
            boxes = json.loads(report.read_text(encoding="utf-8"))["totals"]["boxes"]
            count = boxes["added"] if kind == "good" else sum(boxes["skipped"].values())
            check(count == BAD_ROWS, f"{kind} boxes: {boxes}, expected {BAD_ROWS:,}")
            ours[kind].add(done.cpu, done.mebibytes)
    bench.head("Rows that are all bad: CPU seconds / MiB", "bad", "good", "ratio")
    bench.row(f"import of {BAD_ROWS:,} rows of boxes", ours["bad"], ours["good"], ratio(ours["bad"], ours["good"]))


def measure_memory(bench: Bench, databases: list[Databases], few: DataSet, many: DataSet) -> None:
    """The memory of a few rows and of many on the same images."""
    title = f"Memory in MiB, {few.images:,} images"
    bench.head(title, f"{few.rows:,} rows", f"{many.rows:,} rows", "more")
    for database in databases:
        database.create("empty")
        found: dict[str, list[float]] = {"import": [], "export": [], "merge again": []}
        for data in (few, many):
            database.copy("empty", "memory")
            found["import"].append(bench.import_ours(database, "memory", data).mebibytes)
            found["export"].append(bench.export_ours(database, "memory").mebibytes)
            again = bench.ours_reported(database, "memory", data, TASK, "unchanged")
            found["merge again"].append(again.mebibytes)
        for what, (before, after) in found.items():
            name = f"{what}, {type(database).__name__}"
            bench.row(name, f"{before:.0f}", f"{after:.0f}", f"{after - before:+.0f}")


def add(series: Series, done: Measurement) -> None:
    """Takes a whole process into a series."""
    series.add(done.seconds, done.mebibytes)


def write_page(figures: str) -> None:
    """Puts the figures between the markers of the page."""
    before, start, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    check(bool(start and end), f"{PAGE} has no markers {START} and {END}")
    PAGE.write_text(f"{before}{START}\n{figures}\n{END}{after}", encoding="utf-8")
    say(f"\nWritten to {PAGE.relative_to(ROOT)}.")


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for databases and archives, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="openimages-bench-") as folder:
        yield Path(folder)


def compile_sources() -> None:
    """Compiles ours beforehand, as pip has done for Datumaro; PYTHONDONTWRITEBYTECODE would make each start pay."""
    for name in ("openimages_io", "project", "benchmarks"):
        check(bool(compileall.compile_dir(ROOT / name, quiet=1)), f"{name} cannot be compiled")


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small data sets, once; nothing is written")
    parser.add_argument("--times", "-n", type=int, help="runs of each measurement, of which the median counts (3)")
    names = ("datumaro", "postgresql", "driver", "memory", "growth", "bad-rows", "api")
    parser.add_argument("--only", choices=names, action="append", help="only this part; repeatable; nothing is written")
    chosen = parser.parse_args()
    datumaro = os.environ.get(DATUMARO)
    if not datumaro:
        raise SystemExit(f"{DATUMARO} must name a Python that has Datumaro; `make bench` sees to that.")
    compile_sources()
    sizes, times = QUICK if chosen.quick else FULL, chosen.times or (1 if chosen.quick else 3)
    with work_folder() as folder, postgresql(Path(sys.executable), folder) as server:
        bench = Bench(folder, Path(datumaro).absolute(), times)
        for data in (sizes.large, sizes.masks, sizes.few_rows, sizes.many_rows):
            data.folder()
        databases: list[Databases] = [SQLite(bench.python, folder), *([server] if server else [])]
        parts: dict[str, Callable[[], None]] = {
            "datumaro": lambda: measure_with_datumaro(bench, sizes.large, sizes.masks),
        }
        if server:
            found = server
            parts["postgresql"] = lambda: measure_postgresql(bench, found, sizes.large)
        parts |= {
            "driver": lambda: measure_driver(bench, databases, sizes.large),
            "memory": lambda: measure_memory(bench, databases, sizes.few_rows, sizes.many_rows),
            "growth": lambda: measure_growth(bench, quick=chosen.quick),
            "bad-rows": lambda: measure_bad_rows(bench),
            "api": lambda: measure_api(bench, databases),
        }
        for name, part in parts.items():
            if not chosen.only or name in chosen.only:
                part()
        about = describe(bench.datumaro, server, times)
    figures = "\n".join([about, *bench.lines])
    if chosen.quick or chosen.only:
        say(f"\n{figures}")
    else:
        write_page(figures)


if __name__ == "__main__":
    main()

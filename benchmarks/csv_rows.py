"""`python -m benchmarks.csv_rows [FOLDER]`: what reading a row of each annotation file costs, plainly and row by row.

Both readers take turns in one process; a figure is the least processor time of several runs, for other programs only
ever add to it. FOLDER holds a data set in the official names, such as `benchmarks.generate` writes; without one, a
small one is made.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.generate import generate
from openimages_io.format import csv_rows, tables
from openimages_io.format.issues import Issue
from openimages_io.format.reading import read_table
from openimages_io.format.tables import Table

FILES: Final = {
    "*annotations-bbox.csv": tables.BOXES,
    "*imagelabels*.csv": tables.LABELS,
    "*images-with-rotation.csv": tables.IMAGES,
    "*object-segmentation.csv": tables.SEGMENTATIONS,
}


def main() -> None:
    """Prints a table of microseconds a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a data set; without one, a small one is made")
    parser.add_argument("--runs", type=int, default=7, help="how often each file is read in each way (7)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made) / "data"
        generate(folder, images=10_000, boxes=75_000, labels=150_000, masks=0)
        print("| file | rows | row by row, µs | plain blocks, µs | ratio |\n|---|---:|---:|---:|---:|")  # noqa: T201
        for pattern, table in FILES.items():
            for path in sorted(folder.rglob(pattern)):
                _compare(path, table, options.runs)


def _compare(path: Path, table: Table, runs: int) -> None:
    plain_bytes = csv_rows.PLAIN_BYTES
    costs: dict[int, list[float]] = {0: [], plain_bytes: []}
    rows = 0
    for _ in range(runs):
        for size, found in costs.items():
            csv_rows.PLAIN_BYTES = size  # type: ignore[misc]  # 0 leaves every block to the reader of rows
            start = time.process_time()
            rows = sum(_chunks(path, table))
            found.append((time.process_time() - start) / rows * 1e6)
    csv_rows.PLAIN_BYTES = plain_bytes  # type: ignore[misc]
    before, after = map(min, costs.values())
    print(f"| {path.name} | {rows:,} | {before:.2f} | {after:.2f} | {after / before:.2f} |", flush=True)  # noqa: T201


def _chunks(path: Path, table: Table) -> Iterator[int]:
    with path.open("rb") as stream:
        for chunk in read_table(stream, table, path.name, _ignore):
            yield len(chunk) + chunk.bad


def _ignore(issue: Issue) -> None:
    del issue


if __name__ == "__main__":
    main()

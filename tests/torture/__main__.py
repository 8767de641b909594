"""`python -m tests.torture [--seconds N] [--seed S] [--only PART] [--postgres URL]`: the hard trials, and a table."""

import argparse
import importlib
import os
import secrets
import sys
import tempfile
import time
import warnings
from pathlib import Path

import django

from tests.torture.findings import Findings

PARTS = {
    "urls": 2.0,
    "losses": 0.1,
    "fuzz": 4.0,
    "kills": 4.0,
    "commit": 4.0,
    "disks": 1.5,
    "races": 2.5,
    "load": 1.5,
    "memory": 2.5,
}
"""The parts in their order, and their shares of the time. Each is a module of this folder with a function `run`."""
ROOT = Path(__file__).resolve().parent.parent.parent


def main(words: list[str]) -> int:
    """Runs the parts; returns 1 if a promise did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200, help="for all parts together (default: 1200)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9), help="the same inputs again")
    parser.add_argument("--only", choices=PARTS, action="append", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--golden", action="store_true", help="write what urls and losses compare with")
    parser.add_argument("--postgres", default=os.environ.get("OPENIMAGES_TEST_POSTGRES"), metavar="URL")
    given = parser.parse_args(words)
    chosen = given.only or list(PARTS)
    sys.stdout.write(f"Seed {given.seed}, {given.seconds:.0f} seconds, parts: {', '.join(chosen)}\n")
    if not given.postgres:
        if os.environ.get("OPENIMAGES_REQUIRE_POSTGRES") == "1":
            sys.stderr.write("OPENIMAGES_REQUIRE_POSTGRES is 1, but OPENIMAGES_TEST_POSTGRES names no server.\n")
            return 1
        sys.stdout.write(
            "PostgreSQL is not tried, for neither OPENIMAGES_TEST_POSTGRES nor --postgres names a server.\n"
        )
    found = _run(chosen, given.seconds, given.seed, given.postgres, golden=given.golden)
    _table(found)
    failed = sum(bool(part.violations) for part in found)
    sys.stdout.write(f"Seed {given.seed}\n{len(found) - failed} passed, {failed} failed\n")
    return 1 if failed else 0


def _run(chosen: list[str], seconds: float, seed: int, postgres: str | None, *, golden: bool) -> list[Findings]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.torture.settings"
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    kept = ROOT / "var" / "torture" / str(seed)
    whole = sum(PARTS[part] for part in chosen)
    warnings.filterwarnings("ignore", "Duplicate name", UserWarning)  # zips that have one twice are made on purpose
    django.setup()
    from tests.torture.sites import Databases  # noqa: PLC0415  (needs the app registry)

    databases = Databases(Path(tempfile.mkdtemp(prefix="torture-")), postgres)
    found = []
    left, end = whole, time.monotonic() + seconds
    try:
        for part in chosen:
            # What a part doesn't need is for those that follow.
            findings = Findings(part, seed, max(end - time.monotonic(), 0) * PARTS[part] / left, kept)
            left -= PARTS[part]
            found.append(findings)
            with findings.trial("the part as a whole"):
                module = importlib.import_module(f"tests.torture.{part}")
                module.run(findings, databases, **({"golden": True} if golden else {}))
            findings.tried -= 1
            findings.took = time.monotonic() - findings.began
            counts = ", ".join(f"{what} {number}" for what, number in sorted(findings.counts.items()))
            findings.say(f"{findings.took:.0f} s: {counts or findings.tried}")
            for name, value in findings.figures.items():
                findings.say(f"{name}: {value}")
            for reason in findings.skipped:
                findings.say(f"skipped: {reason}")
    finally:
        databases.close()
    return found


def _table(found: list[Findings]) -> None:
    lines: list[tuple[str, ...]] = [("part", "seconds", "tried", "kills", "skipped", "violations")]
    lines += [
        (f.part, f"{f.took:.0f}", f"{f.tried:,}", f"{f.kills:,}", f"{len(f.skipped)}", f"{len(f.violations):,}")
        for f in found
    ]
    total = [
        sum(values)
        for values in zip(*((f.took, f.tried, f.kills, len(f.skipped), len(f.violations)) for f in found), strict=True)
    ]
    lines.append(("all", *(f"{value:,.0f}" for value in total)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        sys.stdout.write("  ".join(cells) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

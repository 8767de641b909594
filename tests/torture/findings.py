"""What a part has tried and found, and where it keeps what makes a fault appear again."""

import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SHOWN = 20


@dataclass
class Findings:
    """One part's share of a run."""

    part: str
    seed: int
    seconds: float
    """How long it may go on; a trial that has begun is ended."""
    folder: Path
    """Where reproducers are kept."""
    tried: int = 0
    kills: int = 0
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How often each kind of trial came to what."""
    figures: dict[str, str] = field(default_factory=dict)
    """What was measured."""
    skipped: list[str] = field(default_factory=list)
    """What was not tried, and why."""
    took: float = 0.0

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed} {self.part}")
        self.began = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 when the time is up."""
        return self.seconds - (time.monotonic() - self.began)

    def until(self, share: float) -> Iterator[int]:
        """Counts up until so much of the part's time is over, or once at least."""
        number = 0
        while not number or time.monotonic() - self.began < self.seconds * share:
            yield number
            number += 1

    def violate(self, what: str, **files: bytes | str) -> None:
        """Takes down that a promise did not hold, with the files that show it."""
        self.violations.append(what)
        place = self.folder / f"{self.part}-{len(self.violations):03}"
        place.mkdir(parents=True, exist_ok=True)
        again = f"python -m tests.torture --seed {self.seed} --only {self.part.partition('-')[0]}"
        (place / "violation.txt").write_text(f"{what}\n\n{again}\n", "utf-8", "backslashreplace")
        for name, content in files.items():
            data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
            (place / name.replace("__", ".")).write_bytes(data)
        if len(self.violations) <= _SHOWN:
            self.say(f"VIOLATION: {what}\n  kept in {place}")

    def expect(self, holds: object, what: str, **files: bytes | str) -> bool:
        """Takes down a violation unless something holds. Returns whether it does."""
        if not holds:
            self.violate(what, **files)
        return bool(holds)

    def found(self) -> dict[str, Any]:
        """What another process hands over, as JSON."""
        return {"tried": self.tried, "violations": self.violations, "counts": dict(self.counts)}

    def take(self, found: dict[str, Any]) -> None:
        """Takes what another process has found."""
        self.tried += found["tried"]
        self.violations += found["violations"]
        self.counts.update(found["counts"])

    @contextmanager
    def trial(self, name: str) -> Iterator[None]:
        """One trial; what it raises is a violation, too, for a trial foresees what may come."""
        self.tried += 1
        try:
            yield
        except Exception:  # noqa: BLE001  (the others are to be tried all the same)
            self.violate(f"{name}: the trial itself failed\n{traceback.format_exc()}")

    def say(self, text: str) -> None:
        """Shows a line at once."""
        sys.stdout.write(f"[{self.part}] {text}\n")
        sys.stdout.flush()

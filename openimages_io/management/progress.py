"""A progress bar on a terminal where tqdm is installed (the extra `progress`), and nothing elsewhere."""

from types import TracebackType
from typing import Any, Self, TextIO


class ProgressBar:
    """Shows the phases of a run one after the other, in bytes. Call it as the importer and the exporter do."""

    def __init__(self, stream: TextIO, *, shown: bool, unit: str = "B") -> None:
        self.stream, self.unit = stream, unit
        self._bar_class = _bar_class() if shown and stream.isatty() else None
        self.shown = self._bar_class is not None
        self._bar: Any = None
        self._phase = ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        if self._bar_class is None:
            return
        if phase != self._phase or self._bar is None:
            self.close()
            self._phase = phase
            self._bar = self._bar_class(
                total=total,
                desc=f"{phase:9}",
                unit=self.unit,
                unit_scale=True,
                file=self.stream,
                leave=False,
                mininterval=0.2,
            )
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _bar_class() -> Any:
    try:
        from tqdm import tqdm  # noqa: PLC0415  (only for who has a terminal)
    except ImportError:
        return None

    class Bar(tqdm):  # type: ignore[type-arg]
        """A bar without tqdm's watching thread, which would outlive the command."""

        monitor_interval = 0

    return Bar

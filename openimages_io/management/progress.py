"""A progress bar on a terminal, and nothing elsewhere."""

from types import TracebackType
from typing import NoReturn, Self, TextIO

from tqdm import tqdm


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar without tqdm's watching thread, which would outlive the command."""

    monitor_interval = 0


class ProgressBar:
    """Shows the phases of a run one after the other, in bytes. Call it as the importer and the exporter do."""

    def __init__(self, stream: TextIO, *, shown: bool, unit: str = "B") -> None:
        self.stream, self.unit = stream, unit
        self.shown = shown and stream.isatty()
        self._bar: tqdm[NoReturn] | None = None
        self._phase = ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        if not self.shown:
            return
        if phase != self._phase or self._bar is None:
            self.close()
            self._phase = phase
            self._bar = _Bar(
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

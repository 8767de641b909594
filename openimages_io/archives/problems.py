"""What is wrong with an archive or with one of its files."""

from dataclasses import dataclass

from openimages_io.text import printable, quote_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why an archive, or a file of it, cannot be read. Its text is a sentence."""

    code: str
    """A short name of the kind of problem, such as `truncated`."""
    reason: str
    """What was found, as the end of a sentence whose subject is the file or the archive."""
    file: str = ""
    """The path inside the archive; empty where the problem is with the archive as a whole."""
    archive: str | None = None
    """How people know the archive, where the problem is with it as a whole."""

    def __str__(self) -> str:
        if self.archive is not None:
            return f"{quote_text(self.archive)} {self.reason}"
        return f"{printable(self.file)}: {self.reason}" if self.file else self.reason

"""What is wrong with an archive or with one of its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openimages_io.archives.problem_codes import problem_sentence
from openimages_io.sentences import OF_FILE
from openimages_io.text import printable, quote_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why an archive, or a file of it, cannot be read. Its text is a sentence."""

    code: str
    """The kind of problem, such as `truncated`; declared in `problem_codes.py`."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of its sentence."""
    file: str = ""
    """The path inside the archive; empty where the problem is with the archive as a whole."""
    archive: str | None = None
    """How people know the archive, where the problem is with it as a whole."""

    @classmethod
    def of_file(cls, code: str, path: str, form: str = "", **params: Any) -> "Problem":
        """A problem with one file; the form is that of the code's sentence."""
        return cls(code=code, params={**OF_FILE, **_params(form, params)}, file=path)

    @classmethod
    def of_archive(cls, code: str, label: str, form: str = "", **params: Any) -> "Problem":
        """A problem with the archive as a whole; `label` is how people know it."""
        return cls(code=code, params=_params(form, params), archive=label)

    @property
    def reason(self) -> str:
        """What was found, as the end of a sentence whose subject is the archive, or with “the file” as its subject."""
        return problem_sentence(self.code, self.params)

    def __str__(self) -> str:
        if self.archive is not None:
            return f"{quote_text(self.archive)} {self.reason}"
        return f"{printable(self.file)}: {self.reason}" if self.file else self.reason


def _params(form: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {**({"form": form} if form else {}), **params}

"""A storage in a folder that fails or takes its time as a trial says."""

import time
from typing import Any, ClassVar

from django.core.files.storage import FileSystemStorage


class FaultyStorage(FileSystemStorage):
    """Django's storage of files; a process that wants faults sets them on the class, before it does anything."""

    saves_left: ClassVar[int | None] = None
    """So many files are stored, and every later one is refused."""
    deletes_left: ClassVar[int | None] = None
    """So many files are removed, and every later one stays."""
    pause: ClassVar[float] = 0.0
    """Seconds that a removal takes."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        cls = type(self)
        if cls.saves_left is not None:
            if not cls.saves_left:
                raise OSError(5, "The storage refuses to write")
            cls.saves_left -= 1
        return super().save(name, content, max_length)

    def delete(self, name: str) -> None:
        cls = type(self)
        if cls.pause:
            time.sleep(cls.pause)
        if cls.deletes_left is not None:
            if not cls.deletes_left:
                raise OSError(5, "The storage refuses to remove")
            cls.deletes_left -= 1
        super().delete(name)

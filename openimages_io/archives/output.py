"""Where an export is written: a zip or a folder that appears when it is complete, and not before."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from openimages_io.archives.export_marker import MARKER, Contents, remove_listed, survey, write_marker
from openimages_io.archives.problem_codes import problem_sentence
from openimages_io.archives.safety import unsafe_form
from openimages_io.archives.work_folder import WorkFolder, left_behind, remove_left
from openimages_io.archives.zip_writer import ZipWriter, is_unchanged
from openimages_io.exceptions import Failure

_COPY_BLOCK = 2 * 2**20
_FILE_BUFFER = 2**20
_MAX_NAME_BYTES = 0xFFFF
_NEW, _OLD = "new", "old"


class ByteSink(Protocol):
    """What a stream of the output can do."""

    def write(self, data: bytes, /) -> int:
        """Takes bytes of any number and returns it."""


class Output(ABC):
    """An export while it is written, in a hidden folder beside its destination.

    Leaving it without an error puts it in its place; leaving it with one removes it, and what was there is as it was.
    What an earlier one to the same place has left whose process was killed is removed first.
    Every method raises OpenImagesError if the disk refuses, or if a path is unsafe or was written before.
    """

    def __init__(self, dest: Path, force: bool) -> None:
        self.dest = Path(os.path.realpath(dest))
        self._force = force
        self._names: set[str] = set()
        self._unfinished = False
        self._old: Contents | None = None
        """A folder that is to be replaced."""
        with self.reporting():
            if not self.dest.parent.is_dir():
                raise Failure("dest-no-folder", dest=str(self.dest), folder=str(self.dest.parent))
            self._recover()
            self._check()

    def write(self, path: str, data: bytes, compress: bool) -> None:
        """Writes a whole file. `compress` is for text; PNG and JPEG are packed already."""
        self._claim(path)
        with self.reporting():
            self._write(path, data, compress)

    @contextmanager
    def stream(self, path: str) -> Iterator[ByteSink]:
        """Gives a text file to write to piece by piece. Several may be open, and other files be written meanwhile.

        In a zip the files stand in the order in which they are complete.
        """
        self._claim(path)
        with self._open(path, compress=True) as sink:
            yield sink

    def copy(self, path: str, source: BinaryIO) -> None:
        """Copies a picture or mask from an open file, as it is."""
        block = source.read(_COPY_BLOCK)
        following = source.read(_COPY_BLOCK)
        if not following:
            self.write(path, block, compress=False)
            return
        self._claim(path)
        with self._open(path, compress=False) as sink:
            sink.write(block)
            while following:
                sink.write(following)
                following = source.read(_COPY_BLOCK)

    @contextmanager
    def _open(self, path: str, compress: bool) -> Iterator[ByteSink]:
        try:
            with _Reported(self, self._stream(path, compress)) as sink:
                yield sink
        except BaseException:
            self._unfinished = True
            raise

    def _claim(self, path: str) -> None:
        form = unsafe_form(path)
        where = {"dest": str(self.dest), "file": path}
        if form:
            raise Failure("member", fault=problem_sentence("unsafe-path", {"form": form}), **where)
        if any(step in ("", ".") for step in path.split("/")):
            raise Failure("member-step", **where)
        if len(path.encode()) > _MAX_NAME_BYTES:
            raise Failure("member-long", **where)
        if path in self._names:
            raise Failure("member-twice", **where)
        self._names.add(path)

    def _recover(self) -> None:
        """Puts a folder back that a killed export had put aside, and removes what else it has left."""
        for left in left_behind(self.dest.parent, *self._beside):
            old, new = left / _OLD, left / _NEW
            with suppress(OSError):
                if old.is_dir() and new.is_dir() and not os.path.lexists(self.dest):
                    old.rename(self.dest)
                elif old.is_dir() and not (found := survey(old)).foreign:
                    remove_listed(old, found)
            remove_left(left)

    @property
    def _beside(self) -> tuple[str, str]:
        return f".{self.dest.name}.", ".partial"

    @contextmanager
    def reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._unfinished = True
            raise Failure("dest", dest=str(self.dest), detail=error.strerror or str(error)) from error

    def __enter__(self) -> Self:
        with self.reporting():
            self._work = WorkFolder(self.dest.parent, *self._beside)
            try:
                self._begin()
            except BaseException:
                self._work.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._unfinished:
                    raise Failure("dest-incomplete", dest=str(self.dest))
                with self.reporting():
                    self._check()
                    self._publish()
        finally:
            self._discard()
            self._work.close()

    @abstractmethod
    def _check(self) -> None:
        """Raises OpenImagesError if what is at the destination must not be replaced."""

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _write(self, path: str, data: bytes, compress: bool) -> None: ...

    @abstractmethod
    def _stream(self, path: str, compress: bool) -> AbstractContextManager[ByteSink]: ...

    @abstractmethod
    def _publish(self) -> None: ...

    def _discard(self) -> None:  # noqa: B027  (there may be nothing to do)
        """Closes what is open."""


class _Reported:
    """A stream whose own OSErrors become sentences; those of the code that writes to it pass."""

    def __init__(self, output: Output, inner: AbstractContextManager[ByteSink]) -> None:
        self._reporting = output.reporting
        self._inner = inner

    def write(self, data: bytes) -> int:
        with self._reporting():
            return self._sink.write(data)

    def __enter__(self) -> Self:
        with self._reporting():
            self._sink = self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is None:
            with self._reporting():
                return self._inner.__exit__(None, None, None)
        with suppress(OSError):  # A full disk refuses the last bytes once more; what led here is what is said.
            return self._inner.__exit__(kind, error, trace)
        return False


class ZipOutput(Output):
    """An export as one zip."""

    def _check(self) -> None:
        if self.dest.exists() and not self.dest.is_file():
            raise Failure("dest-no-file", dest=str(self.dest))
        if self.dest.exists() and not self._force:
            raise Failure("dest-exists", dest=str(self.dest))
        if self.dest.exists() and self.dest.stat().st_size and not is_unchanged(self.dest):
            raise Failure("dest-not-ours", dest=str(self.dest))

    def _begin(self) -> None:
        self._file = self._work.file(_NEW).open("xb", buffering=_FILE_BUFFER)
        self._zip = ZipWriter(self._file, self._work.path)

    def _write(self, path: str, data: bytes, compress: bool) -> None:
        self._zip.write(path, data, compress)

    def _stream(self, path: str, compress: bool) -> AbstractContextManager[ByteSink]:
        return self._zip.stream(path, compress)

    def _publish(self) -> None:
        self._zip.finish()
        self._file.close()
        (self._work.path / _NEW).replace(self.dest)

    def _discard(self) -> None:
        with suppress(OSError):  # A full disk refuses the last bytes once more.
            self._file.close()


class _Hashed:
    """A file that knows the SHA-256 of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._file.write(data)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class FolderOutput(Output):
    """An export as a folder, with a list of what was written into it."""

    def _check(self) -> None:
        if not self.dest.exists():
            return
        if not self.dest.is_dir():
            raise Failure("dest-file", dest=str(self.dest))
        if not any(self.dest.iterdir()):
            return
        if not self._force:
            raise Failure("dest-not-empty", dest=str(self.dest))
        if self._old is None:
            self._old = self._replaceable(self.dest)

    def _replaceable(self, folder: Path) -> Contents:
        found = survey(folder, self._old.files if self._old else None)
        if found.foreign:
            code, params = found.objection()
            raise Failure(code, dest=str(self.dest), **params)
        return found

    def _begin(self) -> None:
        self._work.file(_NEW).mkdir()
        self._folders: set[Path] = set()
        self._digests: dict[str, str] = {}

    def _write(self, path: str, data: bytes, compress: bool) -> None:
        with self._target(path).open("xb") as file:
            file.write(data)
        self._digests[path] = hashlib.sha256(data).hexdigest()

    @contextmanager
    def _stream(self, path: str, compress: bool) -> Iterator[ByteSink]:
        with self._target(path).open("xb", buffering=_FILE_BUFFER) as file:
            hashed = _Hashed(file)
            yield hashed
            self._digests[path] = hashed.hexdigest()

    def _target(self, path: str) -> Path:
        target = self._work.file(f"{_NEW}/{path}")
        if target.parent not in self._folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(target.parent)
        return target

    def _publish(self) -> None:
        new, old = self._work.path / _NEW, self._work.path / _OLD
        write_marker(self._work.file(f"{_NEW}/{MARKER}"), self._digests)
        if self._old is None:
            new.rename(self.dest)  # an empty folder makes way
            return
        self.dest.rename(old)
        try:
            self._old = self._replaceable(old)  # what has come or changed meanwhile
            new.rename(self.dest)
        except BaseException:
            old.rename(self.dest)
            raise
        where = {"dest": str(self.dest), "old": str(old)}
        try:
            is_gone = remove_listed(old, self._old)
        except OSError as error:
            raise Failure("dest-left", detail=error.strerror or str(error), **where) from error
        if not is_gone:
            raise Failure("dest-left-changed", **where)


def open_output(dest: Path, force: bool) -> Output:
    """Prepares to write a zip, if that is how DEST ends, or else a folder; an empty folder may be there already.

    Raises OpenImagesError, before anything is written, if DEST is there and `force` is not set. Whatever is set, only
    an export that nobody has added to or changed is replaced: a zip that says so of itself, a folder whose every file
    is in the list that stands in it.
    """
    return ZipOutput(dest, force) if dest.name.lower().endswith(".zip") else FolderOutput(dest, force)

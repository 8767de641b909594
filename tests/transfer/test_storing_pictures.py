"""Pictures are stored several at a time where the storage is far away, with the same results as one by one."""

import threading
import time
from typing import Any

import pytest
from django.core.files.storage import Storage

from openimages_io.database.commit import Commit
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import Failure
from openimages_io.format.limits import Limits
from openimages_io.transfer.pictures import storing
from openimages_io.transfer.pictures.storing import AT_ONCE, Stored, digest_of, store_pictures
from tests.transfer.datasets import picture

pytestmark = pytest.mark.django_db
COUNT = 40


class Far(Storage):
    """A storage that waits for 30 ms, fails for some contents, and counts who is in it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.fails: set[bytes] = set()
        self.lock = threading.Lock()
        self.inside = self.most = 0

    def _save(self, name: str, content: Any) -> str:
        data = content.read()
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.03)
        with self.lock:
            self.inside -= 1
            if data in self.fails:
                raise OSError(5, "no answer")
            self.files[name] = data
        return name

    def exists(self, name: str) -> bool:
        return name in self.files

    def delete(self, name: str) -> None:
        self.files.pop(name, None)


class Plan:
    """What is asked of a plan."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.pictures = dict(enumerate(contents))
        self.digests = {path: digest_of(data) for path, data in contents.items()}


class Archive:
    """What is asked of an archive."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.paths = {path: len(data) for path, data in contents.items()}

    def read(self, path: str, limit: int) -> bytes:
        return self.contents[path]


CONTENTS = {f"{number:02}.png": picture(number + 1, 3, kind="PNG") for number in range(COUNT)}


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Far:
    monkeypatch.setattr(storing, "picture_folder", lambda storage, using: "folder")
    return Far()


def run(far: Far, progress: Any = lambda done, total: None) -> dict[str, Stored]:
    plan: Any = Plan(CONTENTS)
    archive: Any = Archive(CONTENTS)
    with NewFiles(far, Commit("default")) as files:
        found = store_pictures(plan, archive, files, Limits(), "default", progress)
        assert {far.files[picture.file] for picture in found.values()} == set(CONTENTS.values())
    return found


def test_several_at_a_time_and_in_their_order(far: Far) -> None:
    told: list[int] = []
    start = time.perf_counter()
    found = run(far, lambda done, total: told.append(done))
    assert list(found) == list(CONTENTS)
    assert [picture.digest for picture in found.values()] == [digest_of(data) for data in CONTENTS.values()]
    assert told == sorted(told)
    assert told[-1] == sum(map(len, CONTENTS.values()))
    assert 1 < far.most <= AT_ONCE
    assert time.perf_counter() - start < COUNT * 0.03


def test_the_first_that_fails_is_told_and_nothing_stays(far: Far) -> None:
    far.fails = {CONTENTS["05.png"], CONTENTS["03.png"], CONTENTS["30.png"]}
    with pytest.raises(Failure) as failed:
        run(far)
    assert "03.png" in str(failed.value)
    assert "no answer" in str(failed.value)
    assert far.files == {}
    assert not [thread for thread in threading.enumerate() if "openimages-pictures" in thread.name]


def test_who_stops_it_leaves_nothing(far: Far) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(far, stop)
    assert far.files == {}


def test_few_bytes_are_in_memory(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_BYTES_AT_ONCE", 1)
    run(far)
    assert far.most == 1

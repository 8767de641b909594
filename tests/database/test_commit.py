"""What is known of a transaction's end, and which files may go, wherever it is broken off."""

import inspect
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

from openimages_io.database import commit as commit_module
from openimages_io.database import new_files as files_module
from openimages_io.database.commit import Commit, Outcome
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import CannotBeStored, CommitUnknown
from openimages_io.models import Image, Label, Task, picture_storage
from openimages_io.models.deletion import forget_files, picture_folder
from tests.transaction_faults import EVERY, MAYBE, NOT, STOPPED, Ending, is_written, lost_files, outcome_of

pytestmark = pytest.mark.django_db(transaction=True)


class Scene:
    """Two images, each of which gets another picture in one transaction."""

    def __init__(self) -> None:
        task = Task.objects.create(name="x")
        self.storage, self.commit = picture_storage(), Commit("default")
        self.folder = picture_folder(self.storage, "default")
        self.old = [self.storage.save(f"{self.folder}/old-{number}", ContentFile(b"old")) for number in range(2)]
        self.images = [Image.objects.create(task=task, name=name, file=name) for name in self.old]

    def run(self, before_the_end: Callable[[], object] = lambda: None) -> None:
        with NewFiles(self.storage, self.commit) as files:
            new = [files.save(f"{self.folder}/new-{number}", ContentFile(b"new")) for number in range(2)]
            with self.commit:
                for image, name in zip(self.images, new, strict=True):
                    Image.objects.filter(pk=image.pk).update(file=name)
                forget_files(self.storage, dict.fromkeys(self.old, ""), "default")
                before_the_end()

    @property
    def is_written(self) -> bool:
        """A fresh look: all of it is there or nothing, and no file is missing."""
        assert not connection.in_atomic_block
        assert connection.get_autocommit()
        assert not lost_files()
        files = {str(image.file) for image in Image.objects.all()}
        assert files in (set(self.old), {name.replace("/old", "/new") for name in self.old})
        return files != set(self.old)

    def has(self, what: str) -> list[str]:
        return [name for name in self.storage.listdir(self.folder)[1] if name.startswith(what)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("how", EVERY)
def test_every_end_of_a_transaction(how: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    end = Ending(monkeypatch, how)
    raised: BaseException | None = None
    try:
        scene.run(end.arm)
    except BaseException as error:  # noqa: BLE001  (whatever it is)
        raised = error
    assert scene.commit.outcome is outcome_of(how)
    assert scene.is_written == is_written(how)
    expected = KeyboardInterrupt if how in STOPPED else CommitUnknown if how in MAYBE else OperationalError
    assert type(raised) is (expected if how in NOT | MAYBE | STOPPED else type(None))
    assert bool(scene.has("new")) == (how not in NOT)
    assert bool(scene.has("old")) == (how not in {"as usual", "another's hook fails"})
    Task.objects.create(name="the connection is of use")
    assert bool(scene.has("old")) == (how not in {"as usual", "another's hook fails"}), "a hook was left over"


class Steps:
    """Counts the steps that Python does in some files, and interrupts one of them as Ctrl-C would."""

    def __init__(self, at: int) -> None:
        self.at, self.count, self.interrupted = at, 0, False

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if (name not in _OURS and name not in _DJANGOS) or frame.f_code.co_name == "allow_thread_sharing":
            return None  # that one holds a lock
        frame.f_trace_opcodes = name in _OURS
        if event == ("opcode" if name in _OURS else "line"):
            self.count += 1
            if self.count == self.at:
                self.interrupted = True
                raise KeyboardInterrupt
        return self

    def __enter__(self) -> Self:
        self._usual = sys.gettrace()
        sys.settrace(self)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._usual)


_OURS = {commit_module.__file__, files_module.__file__}
_DJANGOS = {inspect.getfile(module) for module in (transaction, BaseDatabaseWrapper)}


@pytest.mark.long
@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_ctrl_c_at_every_step_loses_no_file(again: bool, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C comes when the first has the transaction rolled back."""
    step = 0
    stride = 1 if os.environ.get("OPENIMAGES_THOROUGH") else 7 if connection.vendor == "sqlite" else 61
    seen: set[Outcome] = set()
    rollback: Any = BaseDatabaseWrapper.rollback
    while True:
        step += stride
        scene = Scene()
        steps = Steps(step)

        def rolled_back(wrapper: Any, steps: Steps = steps) -> None:
            is_second, steps.interrupted = steps.interrupted and again, False
            if is_second:
                raise KeyboardInterrupt
            rollback(wrapper)

        def fail() -> None:
            if fails:
                raise ValueError

        with monkeypatch.context() as patch:
            patch.setattr(BaseDatabaseWrapper, "rollback", rolled_back)
            try:
                with steps:
                    scene.run(fail)
            except (KeyboardInterrupt, ValueError):
                pass
        commit_module.renew("default")
        outcome = scene.commit.outcome
        written = scene.is_written
        assert not (written and fails), f"half of it was written at step {step}"
        assert not (written and outcome is Outcome.NOT_COMMITTED), step
        assert written or outcome is not Outcome.COMMITTED, step
        assert written or len(scene.has("old")) == 2, step
        seen.add(outcome)
        Task.objects.all().delete()
        for name in scene.has("old") + scene.has("new"):
            scene.storage.delete(f"{scene.folder}/{name}")
        if steps.count < step:
            break
    assert steps.count > 200
    assert fails or Outcome.UNKNOWN in seen
    assert outcome is (Outcome.NOT_COMMITTED if fails else Outcome.COMMITTED)


def test_within_another_transaction_that_one_decides(scene: Scene) -> None:
    with transaction.atomic():
        scene.run()
        transaction.set_rollback(True)
    outcomes, is_written_first = [scene.commit.outcome], scene.is_written
    assert not is_written_first
    assert len(scene.has("old")) == len(scene.has("new")) == 2  # those are for the prune command
    for name in scene.has("new"):
        scene.storage.delete(f"{scene.folder}/{name}")
    with transaction.atomic():
        scene.run()
        assert len(scene.has("old")) == 2
        outcomes.append(scene.commit.outcome)
    outcomes.append(scene.commit.outcome)
    assert outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.COMMITTED]
    assert scene.is_written
    assert not scene.has("old")


def test_a_savepoint_that_is_rolled_back_takes_its_files(scene: Scene) -> None:
    def fail() -> None:
        raise IntegrityError("no")

    with transaction.atomic():
        with pytest.raises(IntegrityError):
            scene.run(fail)
        assert scene.commit.outcome is Outcome.NOT_COMMITTED
        assert not scene.has("new")
        Task.objects.create(name="y")
    assert not scene.is_written
    assert len(scene.has("old")) == 2


def test_a_rollback_without_an_error_is_no_success(scene: Scene) -> None:
    with pytest.raises(TransactionManagementError, match="nothing was written"):
        scene.run(lambda: transaction.set_rollback(True))
    assert scene.commit.outcome is Outcome.NOT_COMMITTED
    assert not scene.is_written
    assert not scene.has("new")
    with transaction.atomic(), pytest.raises(TransactionManagementError):
        scene.run(lambda: transaction.set_rollback(True))
    assert not scene.has("new")


def test_an_error_that_was_swallowed_is_no_success(scene: Scene) -> None:
    """PostgreSQL then answers COMMIT with a rollback and without an error."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's transactions go on after an error")

    def swallow() -> None:
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("INSERT INTO openimages_io_task (id) VALUES (1), (1)")

    with pytest.raises(TransactionManagementError, match="nothing was written"):
        scene.run(swallow)
    assert scene.commit.outcome is Outcome.NOT_COMMITTED
    assert not scene.is_written
    assert not scene.has("new")


def test_what_only_the_commit_refuses_was_not_committed(scene: Scene) -> None:
    """A key that points nowhere is seen at the COMMIT, on both databases."""
    with pytest.raises(IntegrityError):
        scene.run(lambda: Label.objects.bulk_create([Label(task_id=9999999, name="/m/x")]))
    assert scene.commit.outcome is Outcome.NOT_COMMITTED
    assert not scene.is_written
    assert not scene.has("new")


def test_a_database_that_cannot_be_reached_has_committed_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(wrapper: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(transaction.Atomic, "__enter__", refuse)
        with pytest.raises(OperationalError):
            scene.run()
    assert scene.commit.outcome is Outcome.NOT_COMMITTED
    assert not scene.has("new")


def test_half_a_file_is_removed(scene: Scene) -> None:
    class Breaks(ContentFile[bytes]):
        def chunks(self, chunk_size: int | None = None) -> Any:
            yield b"half"
            raise OSError(28, "No space left on device")

    with pytest.raises(CannotBeStored, match="No space"), NewFiles(scene.storage, scene.commit) as files:
        files.save(f"{scene.folder}/new", Breaks(b""))
    assert not scene.has("new")


def test_a_connection_is_given_up_even_if_its_rollback_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    def fails() -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(connection, "rollback", fails)
    monkeypatch.setattr(connection, "set_autocommit", lambda value: fails())
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    commit_module.renew("default")
    assert closed

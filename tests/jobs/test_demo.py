"""`make demo` has a worker beside its server, and no process is left of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from project.demo import keep_worker
from tests.conftest import ROOT
from tests.jobs.sites import until

_PS = shutil.which("ps") or "ps"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int, path: str = "/admin/login/") -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def commands(group: int) -> list[str]:
    """The command lines of a process group."""
    found = subprocess.run([_PS, "-ww", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in found.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


@pytest.mark.thorough
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_worker_ends_with_the_server(tmp_path: Path, empty_database: Path, sent: signal.Signals) -> None:
    port, example = free_port(), free_port()
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{empty_database}",
        "MEDIA_ROOT": str(tmp_path),
        "JOBS_ROOT": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    demo = subprocess.Popen(
        [sys.executable, "-m", "project.demo", "serve", str(port), str(example)],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: answers(port), 180, what="the server")
        until(lambda: answers(example, "/site.json"), 180, what="the example frontend")
        running = commands(demo.pid)
        assert any("db_worker" in command for command in running)
        assert any("runserver" in command for command in running)
        # A terminal tells the whole group of Ctrl-C, and make tells its child alone.
        (os.killpg if sent == signal.SIGINT else os.kill)(demo.pid, sent)
        demo.wait(60)
        until(lambda: not commands(demo.pid), 60, what="the end of all processes")
    finally:
        if commands(demo.pid):
            os.killpg(demo.pid, signal.SIGKILL)


@pytest.mark.programs
def test_a_worker_that_ends_is_started_again_after_a_pause(capfd: pytest.CaptureFixture[str]) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(5)"], stdin=subprocess.PIPE
    )
    started: list[float] = []

    def start() -> "subprocess.Popen[bytes]":
        started.append(time.monotonic())
        if len(started) < 3:
            return subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
        assert server.stdin is not None
        server.stdin.close()  # the server ends, and the worker with it
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    assert keep_worker(server, start, pause=0.2) == 5
    assert len(started) == 3
    assert started[2] - started[0] >= 0.4
    said = "The worker has ended (exit status 3); it is started again in 0.2 s.\n"
    assert capfd.readouterr().err.count(said) == 2

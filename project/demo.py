"""`python -m project.demo login`, `polygon` and `serve PORT EXAMPLE_PORT`: the rest of what `make demo` does."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import django
from django.conf import settings

NAME = "admin"
ROOT = Path(__file__).resolve().parent.parent
POLYGON = ROOT / "fixtures" / "polygon.json"
PASSWORD = "admin"  # noqa: S105  (announced on the screen, and made in development only)

_PAUSE = 5.0
"""Seconds before a worker that has ended is started again."""
_WORKER = ("db_worker", "--no-reload", "--no-startup-delay", "--interval", "0.5", "--verbosity", "0")


def make_login() -> str:
    """Makes the superuser unless it is there; returns a sentence that says what was done."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the app registry)

    users = get_user_model()._default_manager
    if users.filter(username=NAME).exists():
        return f"The login {NAME!r} exists already."
    users.create_superuser(NAME, f"{NAME}@localhost", PASSWORD)
    return f"Made the login {NAME!r} with the password {PASSWORD!r}. It is for this demo only."


def draw_polygon() -> str:
    """Draws the example polygon, which no archive of the format can hold, unless it is there; says what was done."""
    from openimages_io.geometry import bounds  # noqa: PLC0415
    from openimages_io.models import Shape, Task  # noqa: PLC0415

    drawing = json.loads(POLYGON.read_text("utf-8"))
    task = Task.objects.get(name="scenes")
    image = task.images.get(subset=drawing["subset"], name=drawing["image"])
    place = f"a polygon with {len(drawing['rings']) - 1} holes on {image}"
    if image.shapes.filter(kind="polygon").exists():
        return f"{place[0].upper()}{place[1:]} exists already."
    x_min, x_max, y_min, y_max = bounds(drawing["rings"])
    Shape.objects.create(
        task=task,
        image=image,
        label=task.labels.get(display_name=drawing["label"]),
        kind="polygon",
        points=drawing["rings"],
        x_min=x_min,
        x_max=x_max,
        y_min=y_min,
        y_max=y_max,
    )
    return f"Drew {place}; it is exported as a mask."


def serve(port: int, example_port: int) -> int:
    """Serves the site with a worker beside it, and the example frontend, until the server ends or somebody ends it.

    Returns the server's exit status.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    manage = [sys.executable, str(ROOT / "manage.py")]
    site = f"http://127.0.0.1:{port}"
    origins = ",".join(f"http://{name}:{example_port}" for name in ("127.0.0.1", "localhost"))
    server = subprocess.Popen(
        [*manage, "runserver", site.removeprefix("http://")], env={"CORS_ALLOWED_ORIGINS": origins, **os.environ}
    )
    example = subprocess.Popen([sys.executable, "-m", "project.example", str(example_port), site], cwd=ROOT)
    try:
        return keep_worker(server, lambda: subprocess.Popen([*manage, *_WORKER]))
    finally:
        _stop(example)


def keep_worker(
    server: "subprocess.Popen[bytes]", start_worker: Callable[[], "subprocess.Popen[bytes]"], pause: float = _PAUSE
) -> int:
    """Sees to it that a worker runs until the server ends; returns the server's exit status.

    django-tasks-db's worker ends when SQLite stays locked for longer than its timeout. A site in production has its
    process manager start it again, as docs/jobs.md says; here it is started again after some seconds.
    """
    worker = start_worker()
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return server.wait(min(pause, 1))
            if worker.poll() is not None:
                sys.stderr.write(
                    f"The worker has ended (exit status {worker.returncode}); it is started again in {pause:g} s.\n"
                )
                with suppress(subprocess.TimeoutExpired):
                    return server.wait(pause)
                worker = start_worker()
    except KeyboardInterrupt:  # the terminal has sent it to all of them
        return 128 + signal.SIGINT
    finally:
        for process in (worker, server):
            _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Asks a process to end; a worker that is at work has to be asked twice, and then says that its job failed."""
    for patience in (1, 10):
        if process.poll() is None:
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    process.kill()
    process.wait()


def main(words: list[str]) -> int:
    """Does what the command line says; returns the exit status."""
    if words[0] == "serve":
        return serve(int(words[1]), int(words[2]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    if not settings.DEBUG:
        sys.exit("The demo requires DEBUG to be on.")
    sys.stdout.write({"login": make_login, "polygon": draw_polygon}[words[0]]() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m benchmarks.admin`: how long the admin site's pages take with a large task, on SQLite and PostgreSQL.

The task is that of the other benchmarks: 41,620 images and 899,319 shapes. PostgreSQL is measured if
`OPENIMAGES_TEST_POSTGRES` names a server. `--quick` measures a small task.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.databases import Databases, SQLite, environment, manage, postgresql
from benchmarks.measuring import ROOT, measure
from benchmarks.run import FULL, QUICK, TASK, DataSet, say

_TIMES = 5
_ADMIN = "/admin/openimages_io"


def main() -> None:
    """Measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small task")
    parser.add_argument("--pages", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.pages:
        sys.stdout.write(json.dumps(_measure_pages()))
        return
    data = (QUICK if chosen.quick else FULL).large
    say(f"{data}; seconds, medians of {_TIMES}, and queries")
    with tempfile.TemporaryDirectory(prefix="openimages-bench-") as name, contextlib.ExitStack() as stack:
        folder, python = Path(name), Path(sys.executable)
        columns = {"SQLite": _run(SQLite(python, folder), folder, data)}
        server = stack.enter_context(postgresql(python, folder))
        if server is not None:
            columns["PostgreSQL"] = _run(server, folder, data)
    say(f"\n| page | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for page in columns["SQLite"]:
        cells = (f"{seconds:.3f} s, {queries}" for seconds, queries in (found[page] for found in columns.values()))
        say(f"| {page} | {' | '.join(cells)} |")


def _run(databases: Databases, folder: Path, data: DataSet) -> dict[str, tuple[float, int]]:
    """The pages' seconds and queries, in a database of their own that the command has filled."""
    databases.create("admin")
    values = environment(databases.url("admin"), folder)
    say(f"{type(databases).__name__}: importing …")
    measure(manage(databases.python, "import_openimages", data.folder(), "--task", TASK, "--no-progress"), values)
    databases.settle("admin")
    script: list[str | Path] = [databases.python, "-m", "benchmarks.admin", "--pages"]
    found: dict[str, tuple[float, int]] = json.loads(measure(script, values).output.splitlines()[-1])
    return found


def _measure_pages() -> dict[str, tuple[float, int]]:
    """In a process with the database: asks for each page as a superuser does."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415  (needs the settings)

    django.setup()
    from django.conf import settings  # noqa: PLC0415  (needs the settings)
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the settings)
    from django.test import Client  # noqa: PLC0415  (needs the settings)

    settings.ALLOWED_HOSTS = ["testserver"]
    users: Any = get_user_model()._default_manager
    client = Client()
    client.force_login(users.create_superuser("boss", "boss@localhost", "-"))
    return {
        name: timed(partial(client.get, where), 1 if "counting" in name else _TIMES) for name, where in _pages().items()
    }


def _pages() -> dict[str, str]:
    from openimages_io.models import Shape, Task  # noqa: PLC0415  (needs the settings)

    task = Task.objects.get(name=TASK)
    shape = Shape.objects.filter(task=task).latest("pk")
    image = task.images.order_by("-pk")[100]
    pages = {
        "list of tasks, never counted": "task/",
        "task, never counted": f"task/{task.pk}/change/",
        "gallery, never counted": f"task/{task.pk}/gallery/",
        "gallery, counting": f"task/{task.pk}/gallery/?count=1",
        "list of tasks": "task/",
        "task": f"task/{task.pk}/change/",
        "gallery": f"task/{task.pk}/gallery/",
        "gallery of a label": f"task/{task.pk}/gallery/?label={shape.label_id}",
        "picture": f"image/{image.pk}/picture/",
        "confirmation of deleting the task": f"task/{task.pk}/delete/",
        "hierarchy": f"task/{task.pk}/hierarchy/",
        "images": "image/",
        "images of the task": f"image/?task={task.pk}",
        "images, the last page": f"image/?task={task.pk}&p={(task.images.count() - 1) // 50 + 1}",
        "images, a search": f"image/?task={task.pk}&q={image.name[:6]}",
        "image": f"image/{image.pk}/change/",
        "labels of the task": f"label/?task={task.pk}",
        "label": f"label/{shape.label_id}/change/",
        "shapes": "shape/",
        "shapes of the task": f"shape/?task={task.pk}",
        "shapes of an image": f"shape/?image={image.pk}",
        "shapes, a kind that there is not": f"shape/?task={task.pk}&kind__exact=ellipse",
        "shape": f"shape/{shape.pk}/change/",
        "search for an image": "/admin/autocomplete/?term=0&app_label=openimages_io&model_name=shape&field_name=image",
        "form of an import": f"task/{task.pk}/import/",
        "jobs": "job/",
    }
    return {name: where if where.startswith("/") else f"{_ADMIN}/{where}" for name, where in pages.items()}


def timed(ask: Callable[[], Any], times: int) -> tuple[float, int]:
    """The median of the seconds, and the queries; once alone where the second time would be another thing."""
    from django.db import connection  # noqa: PLC0415  (needs the settings)
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  (needs the settings)

    seconds, queries = [], 0
    for _ in range(times):
        with CaptureQueriesContext(connection) as captured:
            start = time.perf_counter()
            response = ask()
            seconds.append(time.perf_counter() - start)
        if response.status_code != 200:
            raise SystemExit(f"{response.request['PATH_INFO']} answers {response.status_code}")
        queries = max(queries, len(captured))
    return median(seconds), queries


if __name__ == "__main__":
    main()

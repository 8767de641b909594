"""`python -m benchmarks.filters`: how long a gallery's filters take on a large task, as a table in Markdown.

The database is the one that DATABASE_URL names, with the task of the other benchmarks: 41,620 images and 899,319 shapes
(`benchmarks.generate`, then `import_openimages`); an argument names another task. A row is one filter. Its columns are
the gallery's page, the number of matches, and the numbers beside the choices, which come after the page. Requests go
through Django's whole stack in this process: seconds on the clock, medians, and of those over a second the seconds of
this process' processor, which on PostgreSQL leave out the server's.
"""

import os
import sys
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.measuring import ROOT
from benchmarks.run import TASK, say

_TIMES = 3
_PARTS = {"page": "gallery", "matches": "gallery/matches", "numbers": "gallery/numbers"}


def main() -> None:
    """Measures and prints seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415  (needs the environment)

    django.setup()
    from django.conf import settings  # noqa: PLC0415  (needs the settings)
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the settings)
    from django.db import connection  # noqa: PLC0415  (needs the settings)
    from django.test import Client  # noqa: PLC0415  (needs the settings)

    from openimages_io.models import Task  # noqa: PLC0415  (needs the settings)
    from openimages_io.viewing.statistics import statistics  # noqa: PLC0415  (needs the settings)

    settings.ALLOWED_HOSTS = ["testserver"]
    task = Task.objects.get(name=sys.argv[1] if len(sys.argv) > 1 else TASK)
    statistics(task)
    user = get_user_model().objects.create_superuser(f"bench-{os.getpid()}", "bench@localhost", "-")
    try:
        client = Client()
        client.force_login(user)
        say(f"{_TIMES} times each\n\n| filter, {connection.vendor} | {' | '.join(_PARTS)} |\n|---|---:|---:|---:|")
        over = 0
        for name, query in _filters(task):
            cells = []
            for address in _PARTS.values():
                clock, processor = _timed(client, f"/admin/openimages_io/task/{task.pk}/{address}/?{query}")
                over += clock > 1
                cells.append(f"{clock:.2f}" if clock < 1 else f"**{clock:.2f}** (processor {processor:.2f})")
            say(f"| {name} | {' | '.join(cells)} |")
        say(f"\n{over} over a second")
    finally:
        user.delete()


def _timed(client: "object", address: str) -> tuple[float, float]:
    clock, processor = [], []
    for _ in range(_TIMES):
        began, began_here = time.perf_counter(), time.process_time()
        response = client.get(address)  # type: ignore[attr-defined]  # Django's, which needs the settings
        clock.append(time.perf_counter() - began)
        processor.append(time.process_time() - began_here)
        if response.status_code != 200:
            raise SystemExit(f"{address} answers {response.status_code}")
    return median(clock), median(processor)


def _filters(task: "object") -> Iterator[tuple[str, str]]:
    from openimages_io.viewing.charts import most_frequent  # noqa: PLC0415  (needs the settings)
    from openimages_io.viewing.statistics import statistics  # noqa: PLC0415  (needs the settings)

    every = most_frequent(statistics(task), 10_000)  # type: ignore[arg-type]  # a task
    often, rare = every[0], every[-1]
    facets = {
        "a frequent label": f"label={often}",
        "a frequent label, absent": f"label={often}&presence=absent",
        "a rare label": f"label={rare}",
        "two labels": f"label={often}&label={rare}",
        "without a frequent label": f"without_label={often}",
        "without a rare label": f"without_label={rare}",
        "a kind": "kind=rectangle",
        "a kind that there is not": "kind=ellipse",
        "a subset": "subset=validation",
        "a source": "source=verification",
        "a source that there is not": "source=nobody",
        "an attribute": "attribute=is_group_of%3Dtrue",
        "an attribute that there is not": "attribute=nothing%3D1",
        "scores": "score_min=0.5",
        "scores that there are not": "score_min=0.3&score_max=0.4",
        "large boxes": "box_size_min=0.5",
        "tiny boxes": "box_size_below=0.001953125",
        "without annotations": "has_shapes=false",
        "with a picture file": "has_file=true",
        "a part of a name": "search=ab",
        "a part of no name": "search=zzzz",
        "a label, a kind and a box size": f"label={often}&kind=rectangle&box_size_min=0.2",
        "a rare label, an attribute and a source": f"label={rare}&attribute=is_group_of%3Dtrue&source=xclick",
        "a kind without a label": f"kind=rectangle&without_label={often}",
    }
    yield "nothing", ""
    yield from facets.items()
    for order in ("name", "-name", "-updated", "-shape_count", "shape_count", "score"):
        for name in ("nothing", "a frequent label", "a rare label", "a kind"):
            yield f"{name}, by {order}", f"{facets.get(name, '')}&ordering={order}".lstrip("&")
    yield "page 700", "page=700"
    yield "a kind, page 700", "kind=rectangle&page=700"
    yield "a kind, by name, page 700", "kind=rectangle&ordering=name&page=700"


if __name__ == "__main__":
    main()

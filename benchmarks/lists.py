"""`python -m benchmarks.lists`: how long the API's lists of a large task take, as a table in Markdown.

The database is the one that DATABASE_URL names, with the task of the other benchmarks: 41,620 images and 899,319 shapes
(`benchmarks.generate`, then `import_openimages`). Requests go through Django's whole stack in this process.
"""

import os
import sys
from functools import partial
from typing import Any

from benchmarks.measuring import ROOT
from benchmarks.run import TASK, say

_TIMES = 5


def main() -> None:
    """Measures and prints seconds, medians, and queries."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415  (needs the environment)

    django.setup()
    from django.conf import settings  # noqa: PLC0415  (needs the settings)
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the settings)
    from django.db import connection  # noqa: PLC0415  (needs the settings)
    from django.test import Client  # noqa: PLC0415  (needs the settings)

    from benchmarks.admin import timed  # noqa: PLC0415  (needs the settings)

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.OPENIMAGES_IO = {"THROTTLE_RATE": "1000000/min"}
    user = get_user_model().objects.create_superuser(f"bench-{os.getpid()}", "bench@localhost", "-")
    try:
        client = Client()
        client.force_login(user)
        say(f"{_TIMES} times each\n\n| list | {connection.vendor} |\n|---|---:|")
        for name, where in _lists().items():
            seconds, queries = timed(partial(client.get, where), _TIMES)
            say(f"| {name} | {seconds:.3f} s, {queries} |")
    finally:
        user.delete()


def _lists() -> dict[str, str]:
    from django.db.models import Count  # noqa: PLC0415  (needs the settings)

    from openimages_io.models import Task  # noqa: PLC0415  (needs the settings)

    task = Task.objects.get(name=TASK)
    counts: Any = task.shapes.order_by().values_list("label").annotate(n=Count("pk")).order_by("-n", "label")
    frequent, rare = counts[0][0], counts[len(counts) - 1][0]
    image = task.images.order_by("pk")[20_000]
    queries = {
        "images": "",
        "images by name": "ordering=name",
        "images, changed last first": "ordering=-updated",
        "images, counted": "count=true",
        "images of a frequent label": f"label={frequent}",
        "images of a frequent label, counted": f"label={frequent}&count=true",
        "images of a rare label": f"label={rare}",
        "images of a rare label, counted": f"label={rare}&count=true",
        "images of a rare label, by name": f"label={rare}&ordering=name",
        "images of several labels and an attribute": f"label={rare}&label={frequent}&attribute=is_group_of=true",
        "images without a frequent label": f"without_label={frequent}",
        "images without a frequent label, counted": f"without_label={frequent}&count=true",
        "images without a rare label, by name": f"without_label={rare}&ordering=name",
        "images with an attribute that there is not": "attribute=nothing=1",
        "images with an attribute that there is not, counted": "attribute=truncated&attribute=nothing&count=true",
        "images of a kind that there is not": "kind=ellipse",
        "images without any shape": "has_shapes=false&count=true",
        "images by an exact name": f"name={image.name}",
        "images by a part of a name": "search=zzzz",
        "images changed since a moment that is yet to come": "updated_since=2100-01-01T00:00:00Z",
        "images after one, by name": f"after={image.pk}&ordering=name",
    }
    found = {name: f"/api/v1/tasks/{task.pk}/images/?{query}" for name, query in queries.items()}
    beside = {
        "neighbours": "",
        "neighbours by name": "ordering=name",
        "neighbours, changed last": "ordering=-updated",
        "neighbours of a frequent label": f"label={frequent}",
        "neighbours of a rare label": f"label={rare}",
        "neighbours of a rare label by name": f"label={rare}&ordering=name",
        "neighbours without a frequent label": f"without_label={frequent}",
        "neighbours of a kind that there is not": "kind=ellipse",
    }
    found |= {name: f"/api/v1/images/{image.pk}/neighbours/?{query}" for name, query in beside.items()}
    return found | {
        "labels by position": f"/api/v1/tasks/{task.pk}/labels/?ordering=position",
        "tasks, changed last first": "/api/v1/tasks/?ordering=-updated&count=true",
        "jobs": "/api/v1/jobs/?count=true",
    }


if __name__ == "__main__":
    main()

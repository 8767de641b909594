"""`python -m benchmarks.api`: how long the REST API takes for the shapes of one picture, in milliseconds, as JSON.

Requests go through Django's whole stack, middleware, session and rendering included, in this process, so that no
network is measured. The database is the one that DATABASE_URL names; what is made there is removed again.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

SHAPES = 1000
_TIMES = 30


def main() -> None:
    """Measures, and prints medians in milliseconds by name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    import django  # noqa: PLC0415  (needs the environment)

    django.setup()
    from django.conf import settings  # noqa: PLC0415  (needs the settings)
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the settings)
    from django.core.management import call_command  # noqa: PLC0415  (needs the settings)
    from django.test import Client  # noqa: PLC0415  (needs the settings)
    from django.urls import reverse  # noqa: PLC0415  (needs the settings)

    from openimages_io.models import Task  # noqa: PLC0415  (needs the settings)

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.OPENIMAGES_IO = {"THROTTLE_RATE": "1000000/min"}
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user(f"bench-{os.getpid()}")
    task = Task.objects.create(name=f"bench-{os.getpid()}", owner=user)
    try:
        client = Client()
        client.force_login(user)
        image = draw(task)
        url = reverse("openimages_io:image-shapes", args=[image])
        found = measure_shapes(client, url) | {
            "read by a bare ModelSerializer, no request around it": measure_bare(image)
        }
        sys.stdout.write(f"{json.dumps(found)}\n")
    finally:
        task.delete()
        user.delete()


def draw(task: Any) -> int:
    """A picture with rectangles, polygons, tags and masks; returns its key."""
    from openimages_io.models import AttributeSpec, Image, Label, Mask, Shape  # noqa: PLC0415  (needs the settings)

    image = Image.objects.create(task=task, name="a", width=1024, height=683)
    label = Label.objects.create(task=task, name="/m/01yrx")
    for name in ("is_group_of", "is_depiction", "is_inside"):
        AttributeSpec.objects.create(label=label, name=name, input_type="checkbox")
    attributes = dict.fromkeys(("is_group_of", "is_depiction", "is_inside"), False)
    shapes = []
    for number in range(SHAPES):
        low = number / SHAPES / 2
        box = {"x_min": low, "x_max": low + 1 / 3, "y_min": low / 3, "y_max": low + 1 / 7}
        values: dict[str, Any] = {"kind": "rectangle", "attributes": attributes, "occluded": False, **box}
        if number % 10 == 9:
            values = {"kind": "tag", "source": "verification", "score": 1.0}
        elif number % 10 == 8:
            values = {"kind": "mask", **box}
        elif number % 5 == 0:
            values = {"kind": "polygon", "points": [[low + corner / 100 for corner in range(32)]], **box}
        shapes.append(Shape(task=task, image=image, label=label, **values))
    made = Shape.objects.bulk_create(shapes)
    masks = [Mask(shape=shape, png=b"png", width=1, height=1) for shape in made if shape.kind == "mask"]
    Mask.objects.bulk_create(masks)
    return image.pk


def measure_shapes(client: Any, url: str) -> dict[str, float]:
    """Reading and saving all shapes of a picture."""
    found: dict[str, float] = {}

    def timed(name: str, status: int, ask: Callable[[int], Any]) -> Any:
        seconds, answer = [], None
        for turn in range(_TIMES):
            start = time.perf_counter()
            answer = ask(turn)
            seconds.append(time.perf_counter() - start)
            if answer.status_code != status:
                raise SystemExit(f"This is no fair measurement: {name}: {answer.status_code} {answer.content[:500]!r}")
        found[name] = median(seconds) * 1000
        return answer

    answer = timed("read", 200, lambda _: client.get(url))
    if len(answer.json()["shapes"]) != SHAPES:
        raise SystemExit("This is no fair measurement: shapes are missing")
    timed("read in pixels", 200, lambda _: client.get(f"{url}?units=pixels"))
    headers = {"If-None-Match": answer.headers["ETag"]}
    timed("ask whether they have changed", 304, lambda _: client.get(url, headers=headers))
    body = answer.json()

    def save(turn: int, moved: int) -> Any:
        for shape in body["shapes"]:
            if moved and shape["kind"] == "rectangle":
                shape["score"] = turn / _TIMES
                moved -= 1
        data = json.dumps(body)
        return client.put(url, data, content_type="application/json", headers={"If-Match": "*"})

    timed("save what was read", 200, lambda turn: save(turn, 0))
    timed("save one change", 200, lambda turn: save(turn + 1, 1))
    timed("save 500 changes", 200, lambda turn: save(turn + 2 if turn < _TIMES - 2 else 1, 500))
    return found


def measure_bare(image: int) -> float:
    """What DRF's own serializer takes for the columns of the same shapes, fetched and rendered as JSON."""
    from rest_framework.renderers import JSONRenderer  # noqa: PLC0415  (needs the settings)
    from rest_framework.serializers import ModelSerializer  # noqa: PLC0415  (needs the settings)

    from openimages_io.models import Shape  # noqa: PLC0415  (needs the settings)

    class Bare(ModelSerializer[Shape]):
        class Meta:
            model = Shape
            fields = "__all__"

    seconds, data = [], b"[]"
    for _ in range(_TIMES):
        start = time.perf_counter()
        data = JSONRenderer().render(Bare(Shape.objects.filter(image=image), many=True).data)
        seconds.append(time.perf_counter() - start)
    if len(json.loads(data)) != SHAPES:
        raise SystemExit("This is no fair measurement: shapes are missing")
    return median(seconds) * 1000


if __name__ == "__main__":
    main()

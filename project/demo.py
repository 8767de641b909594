"""`python -m project.demo login` and `polygon`: what `make demo` does besides its two commands."""

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings

NAME = "admin"
POLYGON = Path(__file__).resolve().parent.parent / "fixtures" / "polygon.json"
PASSWORD = "admin"  # noqa: S105  (announced on the screen, and made in development only)


def make_login() -> str:
    """Makes the superuser unless it is there; returns a sentence that says what was done."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the app registry)

    users = get_user_model()._default_manager
    if users.filter(username=NAME).exists():
        return f"The login {NAME!r} is there already."
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
        return f"There is {place} already."
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
    return f"Drew {place}; it goes out as a mask."


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    if not settings.DEBUG:
        sys.exit("The demo is made only with DEBUG on.")
    sys.stdout.write({"login": make_login, "polygon": draw_polygon}[sys.argv[1]]() + "\n")

"""What one hostile request costs: `python -m benchmarks.request_costs` prints a table of docs/benchmarks.md.

Requests go through Django's whole stack in this process, on a SQLite database of its own in a temporary folder. Each is
made by a child of its own, so that no memory is left over for the next. Seconds are those of the processor, so that
others who use the machine do not count; "locked" are those in which nobody else could write. No setting is changed.
"""

import base64
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

SIDE: Final = 8000
"""Of the largest masks, in pixels."""
STORED: Final = 60_000
"""Shapes of the picture that has very many."""
Ask = Callable[["Site"], Any]


@dataclass(frozen=True, slots=True)
class Site:
    """A user with a task of two pictures, one of which has very many shapes."""

    client: Any
    task: int
    label: int
    empty: str
    """The address of the shapes of the picture that has none."""
    full: str
    """The address of the shapes of the one that has very many."""
    full_image: int

    def box(self, **values: Any) -> dict[str, Any]:
        """A new rectangle."""
        box = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
        return {"kind": "rectangle", "label": self.label, **box, **values}

    def mask(self, pixels: dict[str, Any]) -> dict[str, Any]:
        """A new mask."""
        return {"kind": "mask", "label": self.label, "mask": pixels}

    def send(self, method: str, url: str, body: Any) -> Any:
        """Sends JSON that overwrites any version."""
        data = json.dumps(body)
        return getattr(self.client, method)(url, data, content_type="application/json", headers={"If-Match": "*"})


def main() -> None:
    """Measures those requests whose names have the words that are given, and prints a line for each."""
    cases = {name: ask for name, ask in _cases().items() if all(word in name for word in sys.argv[1:])}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    print("| request | bytes | answer | seconds | locked | MB |\n|---|---:|---|---:|---:|---:|", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
        import django  # noqa: PLC0415  (needs the environment)

        django.setup()
        site = _made()
        database = Path(folder, "db.sqlite3")
        fresh = database.read_bytes()
        for name, ask in cases.items():
            for rest in Path(folder).iterdir():
                rest.unlink()
            database.write_bytes(fresh)
            child = os.fork()
            if not child:
                _measure(name, site, ask)
                os._exit(0)
            os.waitpid(child, 0)


def _made() -> Site:
    from django.conf import settings  # noqa: PLC0415  (Django is set up by now)
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from openimages_io.models import AttributeSpec, Image, Label, Shape, Task  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user("ann", is_staff=True, is_superuser=True)
    task = Task.objects.create(name="cost", owner=user)
    label = Label.objects.create(task=task, name="/m/01yrx")
    AttributeSpec.objects.create(label=label, name="pose", input_type="select", values=["left", "right"])
    empty, full = (Image.objects.create(task=task, name=name, width=SIDE, height=SIDE) for name in ("empty", "full"))
    client = Client()
    client.force_login(user)
    addresses = [reverse("openimages_io:image-shapes", args=[image.pk]) for image in (empty, full)]
    site = Site(client, task.pk, label.pk, addresses[0], addresses[1], full.pk)
    Shape.objects.bulk_create([Shape(task=task, image=full, **site.box(label=label)) for _ in range(STORED)])
    connection.close()  # a child must not share it; with it the journal is gone
    return site


def _measure(name: str, site: Site, ask: Ask) -> None:
    site.client.get("/api/v1/tasks/")  # what is loaded at the first request is none of the costs
    Path("/proc/self/clear_refs").write_text("5")  # the kernel forgets the most that was resident
    before = _resident("VmRSS")
    with _watched() as locked:
        found = list(ask(site))
    seconds, response, size = found[-1]
    growth = (_resident("VmHWM") - before) / 1e6
    said = ""
    if response.status_code >= 400:
        problem = response.json()
        said = f" {problem['code']}, {len(problem['errors'])} faults" if problem["errors"] else f" {problem['code']}"
    print(  # noqa: T201
        f"| {name} | {size:,} | {response.status_code}{said} | {seconds:.1f} | {locked[-1] if locked else 0:.1f} |"
        f" {growth:.0f} |",
        flush=True,
    )


@contextmanager
def _watched() -> Iterator[list[float]]:
    """How long each transaction of annotations was open, in seconds."""
    from openimages_io.database.commit import Commit  # noqa: PLC0415  (Django is set up by now)

    enter, leave, found, starts = Commit.__enter__, Commit.__exit__, [], []

    def entering(self: Any) -> Any:
        starts.append(time.process_time())
        return enter(self)

    def leaving(self: Any, *args: Any) -> None:
        try:
            leave(self, *args)
        finally:
            found.append(time.process_time() - starts.pop())

    Commit.__enter__, Commit.__exit__ = entering, leaving  # type: ignore[method-assign]
    yield found


def _resident(what: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(what))


def _timed(site: Site, method: str, url: str, body: Any = None) -> tuple[float, Any, int]:
    start = time.process_time()
    response = site.client.get(url) if body is None else site.send(method, url, body)
    return time.process_time() - start, response, 0 if body is None else len(json.dumps(body))


def _cases() -> dict[str, Ask]:
    return {**_saves(), **_masks(), **_faults()}


def _saves() -> dict[str, Ask]:
    def put(count: int) -> Ask:
        return lambda site: [_timed(site, "put", site.empty, {"shapes": [site.box()] * count})]

    def saved_again(change: Callable[[dict[str, Any]], Any], count: int) -> Ask:
        def ask(site: Site) -> Iterator[Any]:
            yield _timed(site, "put", site.empty, {"shapes": [site.box()] * count})
            shapes = site.client.get(site.empty).json()["shapes"]
            for shape in shapes:
                change(shape)
            yield _timed(site, "put", site.empty, {"shapes": shapes})

        return ask

    def polygons(site: Site) -> list[Any]:
        ring = [0.1 + corner % 7 / 100 for corner in range(100)]
        shape = site.box(kind="polygon", points=[ring])
        return [_timed(site, "put", site.empty, {"shapes": [shape] * 5000})]

    def of_many(count: int) -> Ask:
        def ask(site: Site) -> list[Any]:
            from openimages_io.models import Shape  # noqa: PLC0415

            keys = Shape.objects.filter(image=site.full_image).values_list("pk", flat=True)[:count]
            return [_timed(site, "patch", site.full, {"update": [{"id": key, "score": 0.5} for key in keys]})]

        return ask

    return {
        "PUT of 100,000 boxes": put(100_000),
        "PUT of 20,000 boxes": put(20_000),
        "PUT of 5,000 boxes": put(5_000),
        "PUT of 1,000 boxes": put(1_000),
        "PUT of 5,000 boxes as they were read": saved_again(lambda shape: None, 5_000),
        "PUT of 5,000 boxes, each changed": saved_again(lambda shape: shape.update(score=0.5), 5_000),
        "PUT of 5,000 polygons of 50 points": polygons,
        f"PATCH of 1 of {STORED:,} boxes": of_many(1),
        f"PATCH of 501 of {STORED:,} boxes": of_many(501),
        f"PUT of 1 box in the place of {STORED:,}": lambda site: [
            _timed(site, "put", site.full, {"shapes": [site.box()]})
        ],
        f"GET of {STORED:,} boxes": lambda site: [_timed(site, "get", site.full)],
        f"GET of {STORED:,} boxes in pixels": lambda site: [_timed(site, "get", f"{site.full}?units=pixels")],
    }


def _masks() -> dict[str, Ask]:
    blank = {"rle": {"size": [SIDE, SIDE], "counts": [SIDE * SIDE]}}

    def stripes() -> dict[str, Any]:
        return {"rle": {"size": [SIDE, SIDE], "counts": [1] * 600_000 + [SIDE * SIDE - 600_000]}}

    def packed() -> dict[str, Any]:
        from openimages_io.format.masks import encode  # noqa: PLC0415

        return {"png": base64.b64encode(encode(np.zeros((SIDE, SIDE), dtype=np.bool_))).decode()}

    def deep() -> dict[str, Any]:
        from PIL import Image as Pillow  # noqa: PLC0415

        file = io.BytesIO()
        Pillow.new("L", (SIDE, SIDE)).save(file, "PNG", compress_level=9)
        return {"png": base64.b64encode(file.getvalue()).decode()}

    def post(count: int, pixels: Callable[[], dict[str, Any]], *, method: str = "post") -> Ask:
        def ask(site: Site) -> list[Any]:
            shapes = [site.mask(pixels())] * count
            body: Any = shapes if method == "post" else {"shapes" if method == "put" else "create": shapes}
            return [_timed(site, method, site.empty, body)]

        return ask

    def read(query: str, count: int) -> Ask:
        def ask(site: Site) -> Iterator[Any]:
            yield _timed(site, "put", site.empty, {"shapes": [site.mask(packed())] * count})
            yield _timed(site, "get", f"{site.empty}?masks={query}")

        return ask

    def saved_again(site: Site) -> Iterator[Any]:
        yield _timed(site, "put", site.empty, {"shapes": [site.mask(packed())] * 8})
        shapes = site.client.get(site.empty).json()["shapes"]
        yield _timed(site, "put", site.empty, {"shapes": [{"id": one["id"], "mask": blank} for one in shapes]})

    return {
        "POST of 20 masks, 8,000 x 8,000, by run lengths": post(20, lambda: blank),
        "POST of 21 masks, 8,000 x 8,000, by run lengths": post(21, lambda: blank),
        "PUT of 21 masks, 8,000 x 8,000, by run lengths": post(21, lambda: blank, method="put"),
        "PATCH of 21 masks, 8,000 x 8,000, by run lengths": post(21, lambda: blank, method="patch"),
        "POST of 8 masks, 8,000 x 8,000, by run lengths": post(8, lambda: blank),
        "POST of 2 masks of 600,000 runs": post(2, stripes),
        "POST of 20 masks, 8,000 x 8,000, as PNGs of 1 bit": post(20, packed),
        "POST of 20 masks, 8,000 x 8,000, as PNGs of 8 bits": post(20, deep),
        "POST of 21 masks, 8,000 x 8,000, as PNGs of 8 bits": post(21, deep),
        "PUT of the same 8 masks by run lengths": saved_again,
        "GET of 8 masks, 8,000 x 8,000, as run lengths": read("rle", 8),
        "GET of 8 masks, 8,000 x 8,000, as PNGs": read("png", 8),
    }


def _faults() -> dict[str, Ask]:
    def wrong(count: int) -> Ask:
        def ask(site: Site) -> list[Any]:
            bad = {"kind": "rectangle", "label": 0, "x_min": 2, "x_max": "a", "y_min": -1, "score": 7, "no": 1}
            return [_timed(site, "put", site.empty, {"shapes": [bad] * count})]

        return ask

    def attributes(site: Site) -> list[Any]:
        many = {f"a{number}": number for number in range(60)}
        return [_timed(site, "put", site.empty, {"shapes": [site.box(attributes=many)] * 5_000})]

    def points(site: Site) -> list[Any]:
        shape = site.box(kind="polygon", points=[[7] * 100_000])
        return [_timed(site, "post", site.empty, [shape] * 10)]

    def images(site: Site) -> list[Any]:
        url = f"/api/v1/tasks/{site.task}/images/"
        return [_timed(site, "post", url, [{"name": "../a", "width": -1, "no": 1}] * 10_000)]

    def new_images(site: Site) -> list[Any]:
        url = f"/api/v1/tasks/{site.task}/images/"
        return [_timed(site, "post", url, [{"name": f"i{number}"} for number in range(10_000)])]

    def specs(site: Site) -> list[Any]:
        url = f"/api/v1/tasks/{site.task}/labels/"
        spec = {"name": 5, "input_type": "x", "values": [{}] * 2000, "no": 1}
        return [_timed(site, "post", url, {"name": "a", "attribute_specs": [spec] * 500})]

    def good_specs(site: Site) -> list[Any]:
        url = f"/api/v1/tasks/{site.task}/labels/"
        values = [f"choice {number}" for number in range(2_000)]
        specs = [{"name": f"s{at}", "input_type": "select", "values": values} for at in range(500)]
        return [_timed(site, "post", url, {"name": "a", "attribute_specs": specs})]

    return {
        "PUT of 100 wrong boxes": wrong(100),
        "PUT of 1,000 wrong boxes": wrong(1_000),
        "PUT of 5,000 wrong boxes": wrong(5_000),
        "PUT of 10,000 wrong boxes": wrong(10_000),
        "PUT of 5,000 boxes with 60 unknown attributes": attributes,
        "POST of 10 polygons of 50,000 wrong points": points,
        "POST of 10,000 wrong images": images,
        "POST of 10,000 images": new_images,
        "POST of a label with 500 wrong specs": specs,
        "POST of a label with 500 specs of 2,000 choices": good_specs,
    }


if __name__ == "__main__":
    main()

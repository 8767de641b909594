"""People who work on the same images at once, and a model of what must be there afterwards.

Everybody draws boxes whose Source is a word of their own, and knows of each whether it was saved, changed or deleted:
what the site has said is what must be in the rows, however many others saved, imported and deleted meanwhile.
"""

import io
import itertools
import random
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from openimages_io.models import Image, Label, Shape, Task
from tests.jobs.archives import BOX_HEADER
from tests.torture.findings import Findings
from tests.torture.serving import Answer, Asking
from tests.transfer.generated import picture

_FINAL = {"succeeded", "failed", "cancelled"}


@dataclass
class Model:
    """What must be there. Each box is one person's business alone."""

    saved: dict[str, tuple[int, float | None]] = field(default_factory=dict)
    """By the word of a box: its image and its score."""
    unsure: set[str] = field(default_factory=set)
    """Boxes of which nobody was told what came of them."""
    deleted: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    places: Iterator[int] = field(default_factory=itertools.count)
    """No two boxes are so near that an import takes one for the other: a tenth of a thousandth, on large images."""


@dataclass
class Scene:
    """A task with images, and one who may do everything."""

    task: int
    label: int
    images: list[int]
    token: str

    @classmethod
    def made(cls, images: int) -> "Scene":
        """Makes it in the site that this process is at."""
        user = User.objects.create_superuser("worker")
        task = Task.objects.create(name="traffic", owner=user)
        label = Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")
        rows = [
            Image.objects.create(task=task, subset="train", name=f"i{n}", width=2000, height=1000)
            for n in range(images)
        ]
        for number, image in enumerate(rows):
            image.file.save("x.png", io.BytesIO(picture((number % 250, 2, 3), (20, 10), "PNG")))  # type: ignore[arg-type]
        return cls(task.pk, label.pk, [row.pk for row in rows], Token.objects.create(user=user).key)


class Person(threading.Thread):
    """One who works until the time is up."""

    def __init__(
        self, findings: Findings, name: str, port: int, scene: Scene, model: Model, end: float, weights: dict[str, int]
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.findings, self.scene, self.model, self.end, self.weights = findings, scene, model, end, weights
        self.chance = random.Random(f"{findings.seed} {name}")
        self.client = Asking(port, scene.token)
        self.number = 0
        self.mine: dict[str, int] = {}
        """Keys of my shapes by their words."""
        self.seconds: dict[str, list[float]] = {}
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Does one thing after the other."""
        try:
            while time.monotonic() < self.end:
                what = self.chance.choices(list(self.weights), list(self.weights.values()))[0]
                self.counts[what] += 1
                getattr(self, what)()
        except BaseException as failure:  # noqa: BLE001  (it is raised again by whoever waits for the thread)
            self.failure = failure
        finally:
            self.client.close()

    # What people do

    def put(self) -> None:
        """Reads the shapes of an image, adds a box, and saves all of them."""
        image = self.chance.choice(self.scene.images)
        read = self._ask("GET", f"/api/v1/images/{image}/shapes/")
        if read is None or read.status != 200:
            return
        word = self._word()
        shapes = [*read.json()["shapes"], self._box(word)]
        answer = self._ask(
            "PUT", f"/api/v1/images/{image}/shapes/", {"shapes": shapes}, etag=read.headers["ETag"], word=word
        )
        if answer is not None and answer.status == 200:
            key = next(shape["id"] for shape in answer.json()["shapes"] if shape["source"] == word)
            self._save(word, image, key)

    def post(self) -> None:
        """Adds a box."""
        image, word = self.chance.choice(self.scene.images), self._word()
        answer = self._ask("POST", f"/api/v1/images/{image}/shapes/", self._box(word), word=word)
        if answer is not None and answer.status == 201:
            found = answer.json()
            self._save(word, image, (found.get("shapes") or [found])[0]["id"])

    def patch(self) -> None:
        """Changes a box of mine."""
        if not self.mine:
            return
        word = self.chance.choice(list(self.mine))
        score = round(self.chance.random(), 6)
        answer = self._ask("PATCH", f"/api/v1/shapes/{self.mine[word]}/", {"score": score}, word=word)
        if answer is not None and answer.status == 200:
            with self.model.lock:
                self.model.saved[word] = (self.model.saved[word][0], score)
        elif answer is not None and answer.status == 404:
            self.wrong.append(f"the box {word} was saved, and is not there")

    def delete(self) -> None:
        """Deletes a box of mine."""
        if not self.mine:
            return
        word = self.chance.choice(list(self.mine))
        answer = self._ask("DELETE", f"/api/v1/shapes/{self.mine[word]}/", word=word)
        if answer is not None and answer.status in {204, 404}:
            if answer.status == 404:
                self.wrong.append(f"the box {word} was saved, and is not there")
            del self.mine[word]
            with self.model.lock:
                self.model.deleted.add(word)
                self.model.saved.pop(word, None)

    def bring(self) -> None:
        """Imports an archive with a box."""
        place = self.chance.randrange(len(self.scene.images))
        word = self._word()
        archive = _archive(f"i{place}", word, *self._place())
        with self.model.lock:
            self.model.unsure.add(word)
        answer = self._ask("POST", f"/api/v1/tasks/{self.scene.task}/imports/", files={"archive:a.zip": archive})
        job = self._job(answer)
        if job is None:
            return
        with self.model.lock:
            self.model.unsure.discard(word)
            if job["state"] == "succeeded":
                self.model.saved[word] = (self.scene.images[place], 1.0)
        if job["state"] != "succeeded":
            self.wrong.append(f"an import is {job['state']}: {job['message']}")

    def take(self) -> None:
        """Exports; all that was saved before and not deleted since is in the archive."""
        with self.model.lock:
            before, gone = set(self.model.saved), set(self.model.deleted)
        answer = self._ask("POST", f"/api/v1/tasks/{self.scene.task}/exports/", {"pictures": False})
        job = self._job(answer)
        if job is None:
            return
        if job["state"] != "succeeded":
            self.wrong.append(f"an export is {job['state']}: {job['message']}")
            return
        answer = self._ask("GET", f"/api/v1/jobs/{job['id']}/file/")
        if answer is None or answer.status != 200:
            return
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            lines = archive.read("annotations/train-annotations-bbox.csv").decode().splitlines()[1:]
        there = {line.split(",")[1] for line in lines}
        with self.model.lock:
            since = self.model.deleted | self.model.unsure
        if missing := before - there - since:
            self.wrong.append(f"an export lacks {sorted(missing)[:3]}, saved before it began")
        if back := gone & there:
            self.wrong.append(f"an export has {sorted(back)[:3]}, deleted before it began")

    def image(self) -> None:
        """Makes an image of pictures, draws on it, and deletes it."""
        name = f"{self.name}-{self.number}"
        png = picture((self.chance.randrange(256), 1, 2), (12, 8), "PNG")
        path = f"/api/v1/tasks/{self.scene.task}/images/upload/"
        answer = self._ask("POST", path, files={f"files:{name}.png": png}, subset="victims")
        if answer is None or answer.status != 201:
            return
        key = answer.json()["results"][0]["id"]
        self._ask("POST", f"/api/v1/images/{key}/shapes/", self._box(self._word()))
        answer = self._ask("DELETE", f"/api/v1/images/{key}/")
        if answer is not None and answer.status == 204:
            after = self._ask("GET", f"/api/v1/images/{key}/", gone=True)
            if after is not None and after.status != 404:
                self.wrong.append(f"an image that was deleted is answered {after.status}")

    def task(self) -> None:
        """Has a task made by an import, and deletes it, perhaps while that runs."""
        name = f"{self.name}-{self.number}"
        archive = _archive("x", self._word(), *self._place())
        answer = self._ask("POST", "/api/v1/imports/", files={"archive:a.zip": archive}, task_name=name)
        if answer is None or answer.status != 202:
            return
        job = self._job(answer)
        if job is None or job.get("task") is None:
            return
        key = job["task"] if isinstance(job["task"], int) else job["task"]["id"]
        again = self._ask("POST", f"/api/v1/tasks/{key}/imports/", files={"archive:a.zip": archive})
        answer = self._ask("DELETE", f"/api/v1/tasks/{key}/", etag="*")
        if again is not None and answer is not None and answer.status == 204:
            after = self._ask("GET", f"/api/v1/tasks/{key}/", gone=True)
            if after is not None and after.status != 404:
                self.wrong.append(f"a task that was deleted is answered {after.status}")

    def look(self) -> None:
        """Reads what an annotation program reads."""
        image = self.chance.choice(self.scene.images)
        for path in (
            f"/api/v1/tasks/{self.scene.task}/images/?page_size=20",
            f"/api/v1/images/{image}/",
            f"/api/v1/images/{image}/shapes/",
            f"/api/v1/images/{image}/thumbnail/?size=128",
            f"/api/v1/images/{image}/overlay.svg",
        ):
            self._ask("GET", path)

    # How

    def _ask(
        self, method: str, path: str, body: Any = None, *, word: str = "", gone: bool = False, **given: Any
    ) -> Answer | None:
        answer = self.client.ask(method, path, body, **given)
        if answer is None:
            self.counts["broken"] += 1
            if word:
                with self.model.lock:
                    self.model.unsure.add(word)
            return None
        self.counts[f"{answer.status}"] += 1
        self.seconds.setdefault(method, []).append(answer.seconds)
        allowed = {200, 201, 202, 204, 409, 412} | ({404} if gone or word else set())
        if answer.status == 503 and "Retry-After" in answer.headers:
            time.sleep(0.05)
        elif answer.status not in allowed:
            self.wrong.append(f"{method} {path} is {answer.status}: {answer.body[:300]!r}")
        return answer

    def _job(self, answer: Answer | None) -> Any:
        """Waits for a job's end; None where nobody knows of it."""
        if answer is None or answer.status != 202:
            return None
        key, end = answer.json()["id"], time.monotonic() + 120
        while time.monotonic() < end:
            found = self._ask("GET", f"/api/v1/jobs/{key}/")
            if found is not None and found.status == 200 and found.json()["state"] in _FINAL:
                return found.json()
            time.sleep(0.05)
        self.wrong.append(f"the job {key} did not end within two minutes")
        return None

    def _save(self, word: str, image: int, key: int) -> None:
        self.mine[word] = key
        with self.model.lock:
            self.model.saved[word] = (image, None)

    def _word(self) -> str:
        self.number += 1
        return f"{self.name}.{self.number}"

    def _place(self) -> tuple[float, float]:
        number = next(self.model.places)
        return number % 9000 * 1e-4, 0.05 + number // 9000 * 1e-3

    def _box(self, word: str) -> dict[str, Any]:
        x, y = self._place()
        return {
            "kind": "rectangle",
            "label": self.scene.label,
            "x_min": x,
            "x_max": x + 0.05,
            "y_min": y,
            "y_max": 0.6,
            "source": word,
        }


def judge(findings: Findings, vendor: str, people: list[Person], model: Model) -> None:
    """Holds the rows against the model."""
    for person in people:
        for what in person.wrong:
            findings.expect(False, f"{vendor}: {person.name}: {what}")
        if person.failure is not None:
            findings.expect(False, f"{vendor}: {person.name} failed: {person.failure!r}")
        for status, number in person.counts.items():
            findings.counts[status] += number
        findings.tried += sum(map(len, person.seconds.values()))
    rows = Shape.objects.filter(task__name="traffic", image__subset="train")
    there = {source: (image, score) for source, image, score in rows.values_list("source", "image_id", "score")}
    findings.expect(len(there) == rows.count(), f"{vendor}: boxes are there twice")
    lost = {word: place for word, place in model.saved.items() if word not in there and word not in model.unsure}
    findings.expect(
        not lost, f"{vendor}: {len(lost)} boxes were saved and are not there, such as {list(lost.items())[:3]}"
    )
    back = [word for word in there if word not in model.saved and word not in model.unsure]
    findings.expect(
        not back, f"{vendor}: {len(back)} boxes are there that were deleted or never saved, such as {back[:3]}"
    )
    other = {
        word: (place, there[word])
        for word, place in model.saved.items()
        if word in there and word not in model.unsure and place != there[word]
    }
    findings.expect(not other, f"{vendor}: {len(other)} boxes are not as they were saved: {list(other.items())[:3]}")


def _archive(image: str, word: str, x: float, y: float) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        box = f"{image},{word},/m/01yrx,1,{x},{x + 0.05},{y},0.6,,,,,"
        archive.writestr("annotations/class-descriptions.csv", "/m/01yrx,Cat\n")
        archive.writestr("annotations/train-annotations-bbox.csv", f"{BOX_HEADER}\n{box}\n")
    return out.getvalue()

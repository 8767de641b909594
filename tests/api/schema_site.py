"""What schemathesis finds on the site: something behind every path, and things to delete that nobody misses."""

import json
import os
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone
from rest_framework.authtoken.models import Token

from openimages_io.jobs.submission import submit_export
from openimages_io.models import Image, Job, Label, Shape, Task
from openimages_io.transfer.options import ExportOptions
from tests.conftest import ROOT

KEY = "0" * 40
SPARE = 40


def fill(target: Path) -> None:
    """Fills the database, and writes the keys: of what is kept first, of what may be deleted after it."""
    user = get_user_model().objects.create_superuser("admin", "admin@localhost", "admin")
    Token.objects.create(user=user, key=KEY)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        call_command("import_openimages", ROOT / "fixtures" / "scenes", task="scenes", owner="admin", stdout=nowhere)
    task = Task.objects.get()
    export = submit_export(task, ExportOptions(), user=user)
    spares = [Task.objects.create(name=f"spare {number}", owner=user) for number in range(SPARE)]
    images = [Image.objects.create(task=task, name=f"spare {number}") for number in range(SPARE)]
    labels = [Label.objects.create(task=task, name=f"/m/spare{number}") for number in range(SPARE)]
    tag = task.labels.first()
    assert tag is not None
    shapes = [Shape.objects.create(task=task, image=image, label=tag, kind="tag") for image in images[::2]]
    now = timezone.now()
    jobs = [
        Job.objects.create(kind="check", state="succeeded", task=task, task_name=task.name, queued=now, finished=now)
        for _ in range(SPARE)
    ]
    keys = {
        "tasks": [task.pk, *(spare.pk for spare in spares)],
        "images": [Image.objects.order_by("pk").values_list("pk", flat=True)[0], *(image.pk for image in images[1::2])],
        "labels": [task.labels.order_by("pk").values_list("pk", flat=True)[0], *(label.pk for label in labels)],
        "shapes": [
            Shape.objects.filter(kind="rectangle").order_by("-pk").values_list("pk", flat=True)[0],
            *(shape.pk for shape in shapes),
        ],
        "jobs": [str(export.pk), *(str(job.pk) for job in jobs)],
    }
    target.write_text(json.dumps(keys), "utf-8")

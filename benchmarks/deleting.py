"""`python -m benchmarks.deleting TASK`: deletes a task as a job does, in this process, to the end."""

import os
import sys

import django


def main(name: str) -> None:
    """Hides the task and deletes it a part at a time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()

    from openimages_io.jobs.deletion import delete_hidden_task  # noqa: PLC0415  (needs the app registry)
    from openimages_io.models import Shape, Task  # noqa: PLC0415  (needs the app registry)

    task = Task.objects.get(name=name)
    task.hide()
    delete_hidden_task(task.pk, lambda *_: None, lambda: None)
    if Task._base_manager.filter(pk=task.pk).exists() or Shape.objects.filter(task_id=task.pk).exists():
        raise SystemExit("Something of the task is left.")


if __name__ == "__main__":
    main(*sys.argv[1:])

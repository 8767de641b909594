"""Django's task framework: part of Django since 6.0, before that the package django-tasks."""

from typing import TYPE_CHECKING

import django

if TYPE_CHECKING or django.VERSION < (6, 0):
    from django_tasks import task, task_backends
else:
    from django.tasks import task, task_backends

__all__ = ["task", "task_backends"]

"""A site's Celery, as Celery's documentation for Django has it; its queue is of this run alone."""

import os

from celery import Celery

app = Celery("matrix", broker=os.environ["BROKER_URL"])
app.conf.task_default_queue = os.environ["CELERY_QUEUE"]
app.autodiscover_tasks()

"""Imports, exports and jobs."""

from django.urls import URLPattern, path

from openimages_io.api.jobs.files import JobFile
from openimages_io.api.jobs.start_views import Imports, TaskChecks, TaskExports, TaskImports
from openimages_io.api.jobs.transition_views import JobCancel, JobConfirm, JobRetry
from openimages_io.api.jobs.views import JobDetail, JobIssues, JobList

urlpatterns: list[URLPattern] = [
    path("tasks/<int:pk>/imports/", TaskImports.as_view(), name="task-imports"),
    path("tasks/<int:pk>/exports/", TaskExports.as_view(), name="task-exports"),
    path("tasks/<int:pk>/checks/", TaskChecks.as_view(), name="task-checks"),
    path("imports/", Imports.as_view(), name="imports"),
    path("jobs/", JobList.as_view(), name="job-list"),
    path("jobs/<uuid:pk>/", JobDetail.as_view(), name="job-detail"),
    path("jobs/<uuid:pk>/issues/", JobIssues.as_view(), name="job-issues"),
    path("jobs/<uuid:pk>/cancel/", JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:pk>/confirm/", JobConfirm.as_view(), name="job-confirm"),
    path("jobs/<uuid:pk>/retry/", JobRetry.as_view(), name="job-retry"),
    path("jobs/<uuid:pk>/file/", JobFile.as_view(), name="job-file"),
]

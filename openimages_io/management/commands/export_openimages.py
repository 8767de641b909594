"""`manage.py export_openimages TASK DEST`."""

import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.db import router

from openimages_io.exceptions import OpenImagesError
from openimages_io.format.issues import Severity
from openimages_io.management import base
from openimages_io.management.arguments import CHECKS, add_database, add_options, chosen_options, path
from openimages_io.management.progress import ProgressBar
from openimages_io.management.reporting import (
    check_report_path,
    counted,
    printing,
    save_report,
    write_report,
)
from openimages_io.models import Task
from openimages_io.models.values import is_storable
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.options import ExportOptions

_FILTER: Final = (
    "Only the images that a gallery shows at this address, or at one that ends in this query, such as"
    " 'label=Cat&presence=absent&subset=train'. Labels by id, LabelName or display name."
)


class Command(base.Command):
    """Exports a task, and prints what was written and what could not be."""

    requires_system_checks = CHECKS
    help = "Exports a task as an archive in the Open Images format: a folder or a zip."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the options of the exporter."""
        parser.add_argument("task", metavar="TASK", help="the task's name, or its id")
        parser.add_argument("dest", type=path, metavar="DEST", help="what ends in .zip is a zip, all else a folder")
        parser.add_argument("--force", action="store_true", help="replace an unchanged export that is there")
        parser.add_argument("--filter", metavar="QUERY", help=_FILTER)
        add_options(parser, ExportOptions)
        parser.add_argument("--report", type=path, metavar="FILE.json", help="write the whole report there")
        add_database(parser)
        parser.add_argument("--no-progress", action="store_true", help="show no progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs the export."""
        using = options["database"] or router.db_for_write(Task)
        task = _task(options["task"], using)
        export_options = chosen_options(ExportOptions, options)
        images = None
        if options["filter"] is not None:
            from openimages_io.management.filtering import images_of  # noqa: PLC0415  (slow to load)

            images = images_of(options["filter"], task, using)
        if options["report"]:
            check_report_path(Path(options["report"]))
        with ProgressBar(sys.stderr, shown=not options["no_progress"], unit="row") as progress:
            exporter = Exporter(
                task,
                options["dest"],
                export_options,
                force=options["force"],
                using=using,
                progress=progress if progress.shown else None,
                images=images,
            )
            try:
                result = exporter.run()
            except OpenImagesError as error:
                raise CommandError(str(error)) from error
        if options["report"]:
            save_report(Path(options["report"]), result.report, task=task.name, dest=str(options["dest"]))
        errors, warnings = result.report.errors, result.report.counts[Severity.WARNING]
        style = self.style.ERROR if errors else self.style.SUCCESS
        found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
        with printing():
            write_report(self.stdout, self.style, result.report, columns=("read", "written", "skipped"))
            self.stdout.write(style(f"Exported the task “{task.name}” to {result.dest}: {found}."))


def _task(name: str, using: str) -> Task:
    tasks = Task.objects.using(using)
    task = tasks.filter(name=name).first() if is_storable(name) else None
    if task is None and name.isdecimal() and len(name) < 19:
        task = tasks.filter(pk=int(name)).first()
    if task is None:
        raise CommandError(f"There is no task “{name}”.")
    return task

"""`manage.py import_openimages SOURCE --task NAME`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import CommandError, CommandParser
from django.db import router

from openimages_io.database.commit import Outcome
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
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions


class Command(base.Command):
    """Imports an archive, prints the report, and exits with 1 if nothing was written because of an issue."""

    requires_system_checks = CHECKS
    help = "Imports a data set in the Open Images format: a folder, a zip, a tar or a tar.gz."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the options of the importer."""
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument("source", type=path, metavar="SOURCE", help="folder, zip, tar or tar.gz")
        parser.add_argument("--task", required=True, metavar="NAME", help="the task; it is created if there is none")
        parser.add_argument("--existing", action="store_true", help="refuse to make a new task")
        add_options(parser, ImportOptions)
        parser.add_argument("--owner", metavar="USER", help="the owner of a new task, by user name")
        parser.add_argument("--dry-run", action="store_true", help="check everything and write nothing")
        parser.add_argument("--report", type=path, metavar="FILE.json", help="write the whole report there")
        add_database(parser)
        parser.add_argument("--no-progress", action="store_true", help="show no progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs the import."""
        import_options = chosen_options(ImportOptions, options)
        using = options["database"] or router.db_for_write(Task)
        owner = _user(options["owner"], using) if options["owner"] else None
        if not options["task"].strip() or len(options["task"]) > _TASK_NAME:
            raise CommandError(f"A task's name has 1 to {_TASK_NAME} characters.")
        if not is_storable(options["task"]):
            raise CommandError(
                f"“{options['task']}” cannot be a task's name: it is not valid UTF-8, or has a NUL byte."
            )
        if options["report"]:
            check_report_path(Path(options["report"]))
        importer = Importer(
            options["source"],
            options["task"],
            import_options,
            owner=owner,
            using=using,
            must_exist=options["existing"],
        )
        try:
            self._import(importer, options)
        except KeyboardInterrupt:
            raise CommandError(_stopped(importer), returncode=_INTERRUPTED) from None

    def _import(self, importer: Importer, options: dict[str, Any]) -> None:
        stopped, unsaved = False, ""
        with ProgressBar(sys.stderr, shown=not options["no_progress"]) as importer.progress:
            try:
                result = importer.run(dry_run=options["dry_run"])
            except OpenImagesError as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt:
                if importer.outcome is not Outcome.COMMITTED or importer.result is None:
                    raise
                result, stopped = importer.result, True
        if options["report"]:
            head = {"source": str(options["source"]), "task": options["task"], "dry_run": options["dry_run"]}
            try:
                save_report(Path(options["report"]), result.report, committed=result.committed, **head)
            except CommandError as error:
                if not result.committed:
                    raise
                unsaved = str(error)
        with printing():
            write_report(self.stdout, self.style, result.report, refused=result.refused)
            self._conclude(result, options)
        if unsaved:  # no failure: whoever sees one may run the import again
            self.stderr.write(f"{unsaved}. The import itself is complete.")
        if stopped:
            raise KeyboardInterrupt

    def _conclude(self, result: Result, options: dict[str, Any]) -> None:
        errors, warnings = result.report.errors, result.report.counts[Severity.WARNING]
        found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
        if result.refused:
            raise CommandError(f"Nothing was written: {found}.")
        if options["dry_run"]:
            new = f" The task “{options['task']}” would be new." if result.is_new else ""
            self.stdout.write(f"This was a dry run: nothing was written. {found}.{new}")
        elif not result.changed:
            self.stdout.write(f"The task “{options['task']}” was up to date already: nothing has changed. {found}.")
        else:
            new = "new " if result.is_new else ""
            without = ", without the rows that are bad" if errors else ""
            self.stdout.write(self.style.SUCCESS(f"Imported into the {new}task “{options['task']}”{without}: {found}."))


_TASK_NAME = 255
_INTERRUPTED = 130


def _stopped(importer: Importer) -> str:
    """What Ctrl-C has stopped."""
    if importer.outcome is Outcome.COMMITTED:
        return f"Stopped after the import was written: the task “{importer.task_name}” has what the archive says."
    if importer.outcome is Outcome.UNKNOWN:
        return f"Stopped while committing, so the import may have been written: {importer.where_to_look}."
    return "Stopped: nothing was written."


def _user(name: str, using: str) -> AbstractBaseUser:
    model = get_user_model()
    try:
        if not is_storable(name):
            raise model.DoesNotExist
        return model._default_manager.db_manager(using).get_by_natural_key(name)
    except model.DoesNotExist:
        raise CommandError(f"There is no user “{name}”.") from None

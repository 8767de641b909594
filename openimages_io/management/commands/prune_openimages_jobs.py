"""`manage.py prune_openimages_jobs`."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from openimages_io import conf
from openimages_io.jobs.burying import bury_dead
from openimages_io.jobs.live import remove_stale
from openimages_io.jobs.pruning import old_jobs, orphaned_folders, orphaned_pictures, prune
from openimages_io.management.reporting import counted
from openimages_io.models import picture_storage
from openimages_io.models.deletion import remove_files
from openimages_io.models.jobfiles import remove_job_files

_LONGEST = 36_500


class Command(BaseCommand):
    """Tidies up; to be run now and then, such as once a day."""

    help = "Removes files of jobs that ended long ago and files that belong to nothing, and marks dead jobs as failed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the options."""
        parser.add_argument("--days", type=int, metavar="N", help="keep files of jobs for so long (default: JOB_DAYS)")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs it, and says what it did."""
        days = conf.options().job_days if options["days"] is None else options["days"]
        if not 0 <= days <= _LONGEST:
            raise CommandError(f"--days is {days}; 0 to {_LONGEST} are possible.")
        before = timezone.now() - timedelta(days=days)
        dry_run = options["dry_run"]
        dead = bury_dead(dry_run=dry_run)
        old = old_jobs(before).count() if dry_run else prune(before)
        folders, pictures = orphaned_folders(), list(orphaned_pictures())
        if not dry_run:
            remove_job_files(folders, [])
            remove_files(picture_storage(), pictures)
            remove_stale()
        would = "Would have " if dry_run else ""
        for what in (
            f"marked {counted(dead, 'job')} as failed, whose worker died",
            f"removed the files of {counted(old, 'job')} that ended more than {counted(days, 'day')} ago",
            f"removed the files of {counted(len(folders), 'job')} that are no longer there",
            f"removed {counted(len(pictures), 'picture')} that no image has",
        ):
            self.stdout.write(f"{would}{what}." if would else f"{what[0].upper()}{what[1:]}.")

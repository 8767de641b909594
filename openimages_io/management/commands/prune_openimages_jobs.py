"""`manage.py prune_openimages_jobs`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from openimages_io import conf
from openimages_io.jobs.deletion import resume_deletions
from openimages_io.jobs.heartbeat import remove_stale
from openimages_io.jobs.idempotency import remove_expired
from openimages_io.jobs.orphaned_pictures import Orphan, Orphans, by_age
from openimages_io.jobs.pruning import old_jobs, orphaned_folders, prune, temporary_folders
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.rows import database, using_database
from openimages_io.jobs.transitions import requeue_lost
from openimages_io.management import base
from openimages_io.management.arguments import CHECKS, add_database
from openimages_io.management.reporting import counted
from openimages_io.models import picture_storage
from openimages_io.models.installation import MARK, Proof, adopt, mark_if_new
from openimages_io.models.job_files import current_job_storage, remove_job_files

_LONGEST = 36_500


class Command(base.Command):
    """Tidies up; to be run now and then, such as once a day."""

    requires_system_checks = CHECKS
    help = (
        "Removes files of jobs that ended long ago or are no longer there, and marks dead jobs as failed. Says which "
        "pictures no image has; --pictures removes them. Jobs that no worker has come for are queued again, "
        "and deletions of tasks that have stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the options."""
        parser.add_argument("--days", type=int, metavar="N", help="keep files of jobs for so long (default: JOB_DAYS)")
        parser.add_argument(
            "--pictures", action="store_true", help="list pictures that no image has, and remove those older than a day"
        )
        parser.add_argument(
            "--adopt", action="store_true", help="this database has moved, and takes over its folders in the storages"
        )
        add_database(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs it, and says what it did."""
        with using_database(options["database"] or database()):
            self._prune(options)

    def _prune(self, options: dict[str, Any]) -> None:
        days = conf.options().job_days if options["days"] is None else options["days"]
        if not 0 <= days <= _LONGEST:
            raise CommandError(f"--days is {days}; 0 to {_LONGEST} are possible.")
        dry_run = options["dry_run"]
        storages = (picture_storage(), conf.options().picture_prefix), (current_job_storage(), conf.JOB_PREFIX)
        if options["adopt"]:
            count = sum(adopt(storage, root, database(), dry_run=dry_run) for storage, root in storages)
            self._say(f"marked {counted(count, 'folder')} as this database’s", dry_run)
        elif not dry_run:
            for storage, root in storages:
                mark_if_new(storage, root, database())
        before = timezone.now() - timedelta(days=days)
        dead = fail_lost_jobs(dry_run=dry_run)
        lost = requeue_lost(dry_run=dry_run)
        left = resume_deletions(dry_run=dry_run)
        old = old_jobs(before).count() if dry_run else prune(before)
        folders = orphaned_folders()
        if not dry_run:
            remove_job_files(folders, [], database())
            remove_stale()
            remove_expired()
        self._say(f"marked {counted(dead, 'job')} as failed, whose worker died", dry_run)
        self._say(f"queued {counted(lost, 'job')} again that waited in vain", dry_run)
        if left:
            self._say(f"queued the deletion of {counted(left, 'task')} again that had stopped", dry_run)
        self._say(
            f"removed the files of {counted(old, 'job')} that ended more than {counted(days, 'day')} ago", dry_run
        )
        self._say(f"removed the files of {counted(len(folders), 'job')} that are no longer there", dry_run)
        folders_left = list(temporary_folders(remove=not dry_run))
        self._say(f"removed {counted(len(folders_left), 'temporary folder')} of processes that were killed", dry_run)
        doubts = [text for storage, root in storages for text in _doubts(Proof(storage, database()), root)]
        for doubt in doubts:
            self.stdout.write(self.style.WARNING(doubt))
        orphans = Orphans(database())
        if doubts and options["pictures"] and not orphans.own:
            raise CommandError("No picture was removed: no picture is known to belong to this database.")
        self._pictures(orphans, remove=options["pictures"], dry_run=dry_run, names=options["verbosity"] > 1)

    def _pictures(self, orphans: Orphans, *, remove: bool, dry_run: bool, names: bool) -> None:
        if not orphans.can_list:
            self.stdout.write("The picture storage cannot list its files, so unused pictures cannot be found.")
            return
        found = list(orphans)
        old = sum(orphan.is_old for orphan in found)
        for line in _listing(orphans, found, names=names):
            self.stdout.write(line)
        if remove:
            count = old if dry_run else orphans.remove(found)
            self._say(f"removed {counted(count, 'file')} that no image has", dry_run)
        elif old:
            self.stdout.write("None of them was removed; --pictures removes those that are older than a day.")

    def _say(self, what: str, dry_run: bool) -> None:
        self.stdout.write(f"Would have {what}." if dry_run else f"{what[0].upper()}{what[1:]}.")


def _listing(orphans: Orphans, found: list[Orphan], *, names: bool) -> Iterator[str]:
    if not found:
        yield "There are no unused pictures."
        return
    yield f"No image has {counted(len(found), 'file')} below {', '.join(orphans.own)}:"
    for age, count in by_age(found).items():
        if count:
            yield f"  {count:,} {age}"
    if names:
        yield from (f"  {orphan.name}" for orphan in found)


def _doubts(proof: Proof, root: str) -> Iterator[str]:
    for folder in proof.doubtful(root):
        yield (
            f"Nothing below {folder} is removed: its {MARK} is gone or names another database, of which this one "
            "seems to be a copy. If this one has taken its place, run prune_openimages_jobs --adopt."
        )

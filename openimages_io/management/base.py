"""What our commands have in common."""

import gc

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """A command that may be the whole of a process, which ends with it."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Runs the command of this command line.

        When it is done Python would look for cycles among all objects of the process, only to give their memory back:
        a tenth of the time of an export of 900 thousand rows. `call_command` does not come by here.
        """
        try:
            super().run_from_argv(argv)
        finally:
            gc.freeze()

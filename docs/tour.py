"""`python -m docs.tour`: runs the tours of README.md and docs/tour.md, and writes the output below the commands."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = (ROOT / "README.md", ROOT / "docs" / "tour.md")
_TOUR = re.compile(r"(?<=<!-- tour: ).*?(?=<!-- end of the tour -->)", re.DOTALL)
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_PROMPT = "$ "
_MORE = "> "
_MARK = "\x1e"
"""Parts the output of one command from the next."""


def told(page: str, run: Callable[[list[str]], list[str]] | None = None) -> str:
    """A page with the output that its commands have today. Raises `CalledProcessError` if none of them can run.

    `run` takes the commands and returns what each has printed; without, they run beside the demo site.
    """
    tour = _TOUR.search(page)
    assert tour is not None, "The page has lost its tour."
    blocks = [_commands(block[0]) for block in _BLOCK.finditer(tour[0])]
    outputs = iter((run or _run)([command for block in blocks for command in block]))
    new = iter(["".join(_typed(command) + _ended(next(outputs)) for command in block) for block in blocks])
    text = _BLOCK.sub(lambda _: next(new), tour[0])
    return page[: tour.start()] + text + page[tour.end() :]


def _commands(block: str) -> list[str]:
    """The commands of a block; one goes on in lines that begin with `>`, right below it."""
    commands: list[str] = []
    goes_on = False
    for line in block.splitlines():
        if line.startswith(_PROMPT):
            commands.append(line.removeprefix(_PROMPT))
            goes_on = True
        elif goes_on and line.startswith(_MORE):
            commands[-1] += f"\n{line.removeprefix(_MORE)}"
        else:
            goes_on = False
    return commands


def _typed(command: str) -> str:
    return f"{_PROMPT}{command}\n".replace("\n", f"\n{_MORE}").removesuffix(_MORE)


def _ended(output: str) -> str:
    return output if not output or output.endswith("\n") else f"{output}\n"


def _run(commands: list[str]) -> list[str]:
    """Runs the commands in one shell, against a database and a media folder of their own; returns what each printed."""
    with tempfile.TemporaryDirectory(prefix="openimages-tour-") as name:
        folder = Path(name)
        for linked in ("manage.py", "fixtures"):
            (folder / linked).symlink_to(ROOT / linked)
        (folder / "var").mkdir()
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(folder / "media"),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONUNBUFFERED": "1",  # or errors would come before the table that was printed first
            "LC_ALL": "C.UTF-8",
        }
        return outputs(["python manage.py migrate --verbosity 0"], commands, folder, environment)


def outputs(before: list[str], commands: list[str], folder: Path, environment: dict[str, str]) -> list[str]:
    """What each of the commands prints in a shell that has run what comes before. Raises `CalledProcessError`."""
    python = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}'
    # The mark is printed between two commands, and the second still sees the status of the first.
    mark = f"{{ status=$?; printf '{_MARK}'; (exit $status); }}"
    result = subprocess.run(
        ["/bin/sh", "-c", "\n".join([python, *before, *(f"{mark}\n{command}" for command in commands)])],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=True,
    )
    return result.stdout.split(_MARK)[1:]


if __name__ == "__main__":
    for target in TARGETS:
        target.write_text(told(target.read_text("utf-8")), "utf-8")

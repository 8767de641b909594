"""`python -m tests.lowest`: prints pip's constraints by which each dependency has the lowest version that we allow."""

import re
import sys
import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def lowest() -> list[str]:
    """The lowest version of each dependency of the package and of three of its extras, as `name==version`."""
    found = []
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for wanted in [*project["dependencies"], *extras["fast"], *extras["openapi"], *extras["progress"]]:
        match = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\d.]+)(?:,.*)?", wanted)
        if match is None:
            raise ValueError(f"{wanted!r} has no lowest version")
        found.append(f"{match[1]}=={match[2]}")
    return found


if __name__ == "__main__":
    sys.stdout.write("\n".join(lowest()) + "\n")

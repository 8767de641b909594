"""`python -m docs.api_tour`: writes what docs/api.md's commands print, and the tables of docs/api-reference.md."""

import json
import re
import shutil
from collections.abc import Iterator
from itertools import count
from typing import Final

from docs import tour
from docs.site import ROOT, Site
from openimages_io.api.problems import CODES
from openimages_io.error_codes import ErrorCode, FaultCode

TARGET: Final = ROOT / "docs" / "api.md"
REFERENCE: Final = ROOT / "docs" / "api-reference.md"
_OPENAPI: Final = ROOT / "docs" / "openapi.json"
_SHOWN: Final = "http://127.0.0.1:8000"
_TABLE: Final = re.compile(r"(<!-- (endpoints|fault codes|codes) -->\n).*?(?=<!-- end of the \2 -->)", re.DOTALL)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_TOKEN: Final = re.compile(r"(?<=\"token\":\")[0-9a-f]{40}")
_SIGNED: Final = re.compile(r"[0-9]{10}-[0-9a-f]{32}-[A-Za-z0-9_-]{43}(?=/)")
_UNTIL: Final = re.compile(r"(?<=\.)[0-9]{10}(?=\")")
_EXAMPLES: Final = {
    _TOKEN: "0123456789" * 4,
    _TIME: "2026-01-01T12:00:00Z",
    _SIGNED: "1767283200-0123456789abcdef0123456789abcdef-0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdef",
    _UNTIL: "1767283200",
}
"""What stands for what is another each time."""
_LOGIN: Final = (
    "from django.contrib.auth import get_user_model\n"
    "get_user_model().objects.create_superuser('admin', 'admin@localhost', 'admin')\n"
)


def told(page: str) -> str:
    """The page with the output that its commands have today."""
    return tour.told(page, _run)


def tables(page: str) -> str:
    """The page with the tables of endpoints and codes that the code has today."""
    made = {"endpoints": _endpoints, "codes": _codes, "fault codes": _fault_codes}
    return _TABLE.sub(lambda match: match[1] + "".join(made[match[2]]()), page)


def _run(commands: list[str]) -> list[str]:
    """Runs the commands against a site; what is another each time is written as if it were not."""
    with Site() as site:
        site.python(_LOGIN)
        shutil.copytree(ROOT / "fixtures" / "scenes", site.folder / "fixtures" / "scenes")
        # The page says where the demo site is; here it is elsewhere.
        asked = [command.replace(_SHOWN, site.url) for command in commands]
        environment = {**site.environment, "LC_ALL": "C.UTF-8", "COLUMNS": "120"}
        printed = tour.outputs([], asked, site.folder, environment)
        keys: dict[str, str] = {}
        numbers = count(1)

        def same(match: re.Match[str]) -> str:
            if match[0] not in keys:
                keys[match[0]] = f"00000000-0000-4000-8000-{next(numbers):012}"
            return keys[match[0]]

        found = [_UUID.sub(same, text.replace(site.url, _SHOWN)) for text in printed]
    for pattern, example in _EXAMPLES.items():
        found = [pattern.sub(example, text) for text in found]
    return found


def _endpoints() -> Iterator[str]:
    yield "| | | |\n|---|---|---|\n"
    for path, operations in json.loads(_OPENAPI.read_text("utf-8"))["paths"].items():
        for method, operation in operations.items():
            yield f"| `{method.upper()}` | `{path.removeprefix('/api')}` | {_said(operation)} |\n"


def _codes() -> Iterator[str]:
    yield "| code | status | title |\n|---|---|---|\n"
    for code in ErrorCode:
        statuses = ", ".join(str(status) for status, codes in CODES.items() if code in codes)
        yield f"| `{code}` | {statuses} | {code.meaning} |\n"


def _fault_codes() -> Iterator[str]:
    yield "| code | what it means |\n|---|---|\n"
    for code in FaultCode:
        yield f"| `{code}` | {code.meaning} |\n"


def _said(operation: dict[str, str]) -> str:
    return operation.get("summary") or operation["description"].partition(".")[0]


def main() -> None:
    """Writes both pages again."""
    for target, generate in ((REFERENCE, tables), (TARGET, told)):
        target.write_text(generate(target.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()

"""Load on gunicorn: many people who read and save on many images, and how long an answer takes."""

from tests.torture.findings import Findings
from tests.torture.races import crowd
from tests.torture.sites import Databases

_WEIGHTS = {"look": 12, "put": 4, "post": 4, "patch": 2, "delete": 1, "bring": 1}
_PEOPLE = 16
_IMAGES = 60


def run(findings: Findings, databases: Databases) -> None:
    """Has everybody work at once, half of the time on each database."""
    for vendor in databases.vendors:
        seconds = findings.seconds / len(databases.vendors)
        people = crowd(findings, databases, vendor, _WEIGHTS, _PEOPLE, _IMAGES, seconds)
        for method in ("GET", "PUT", "POST"):
            times = sorted(time for person in people for time in person.seconds.get(method, ()))
            if times:
                middle, high = times[len(times) // 2], times[len(times) * 95 // 100]
                text = f"{len(times):,} answers, the middle one in {middle * 1000:.0f} ms, 95 % in {high * 1000:.0f} ms"
                findings.figures[f"{method} on {vendor}"] = text

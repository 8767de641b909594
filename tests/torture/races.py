"""Saves, imports, exports and deletions at the same time on few images, over HTTP: nothing that was saved is lost."""

import time

from tests.torture.findings import Findings
from tests.torture.invariants import catalogue, faults
from tests.torture.serving import Server
from tests.torture.sites import Databases
from tests.torture.traffic import Model, Person, Scene, judge

_WEIGHTS = {"put": 8, "post": 4, "patch": 3, "delete": 3, "bring": 2, "take": 1, "image": 2, "task": 1}
_PEOPLE = 8
_IMAGES = 3


def run(findings: Findings, databases: Databases) -> None:
    """Has everybody work at once, half of the time on each database."""
    for vendor in databases.vendors:
        crowd(findings, databases, vendor, _WEIGHTS, _PEOPLE, _IMAGES, findings.seconds / len(databases.vendors))


def crowd(
    findings: Findings,
    databases: Databases,
    vendor: str,
    weights: dict[str, int],
    people: int,
    images: int,
    seconds: float,
) -> list[Person]:
    """People at work on one site; returns them when their time is up and all is judged."""
    with databases.visiting(vendor) as site:
        before = catalogue()
        scene, model = Scene.made(images), Model()
        with findings.trial(vendor), Server(site, jobs=2) as server:
            end = time.monotonic() + max(seconds - 4, 4)
            crowd = [
                Person(findings, f"{vendor[:3]}{number}", server.port, scene, model, end, weights)
                for number in range(people)
            ]
            for person in crowd:
                person.start()
            for person in crowd:
                person.join(max(end - time.monotonic(), 0) + 180)
                findings.expect(not person.is_alive(), f"{vendor}: {person.name} waits for ever: {server.log[-2000:]}")
        site.enter()
        judge(findings, vendor, crowd, model)
        for fault in faults(site, before):
            findings.expect(False, f"{vendor}: {fault}")
        findings.expect("Traceback" not in server.log, f"{vendor}: an exception in the log", server__log=server.log)
        findings.figures[f"boxes on {vendor}"] = f"{len(model.saved):,} kept, {len(model.deleted):,} deleted"
        return crowd

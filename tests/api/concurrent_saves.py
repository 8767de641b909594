"""Several programs that save the same picture at once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections
from django.test import Client

from openimages_io.models import Shape
from tests.api.shapes_client import Frontend

_SAVERS = 4


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Does all of this at the same time, each on a connection of its own; returns what came of each."""
    barrier, found = threading.Barrier(len(works)), list[Any]([None] * len(works))

    def run(place: int) -> None:
        try:
            barrier.wait(10)
            found[place] = works[place]()
        except BaseException as failure:  # noqa: BLE001 -- told in the test's own thread
            found[place] = failure
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "somebody waits for ever"
    failures = [what for what in found if isinstance(what, BaseException)]
    assert not failures, failures
    return found


def programs(frontend: Frontend) -> list[Client]:
    """Programs of the same user."""
    found = [Client() for _ in range(_SAVERS)]
    for client in found:
        client.force_login(frontend.user)
    return found


def race(rounds: int) -> None:
    """One of those who save over the same revision wins, and all others learn of it."""
    frontend = Frontend()
    frontend.draw()
    clients = programs(frontend)
    for turn in range(rounds):
        body, etag = frontend.read()

        def save(saver: int, before: Any = body, etag: str = etag, turn: int = turn) -> Any:
            shapes = [{**before["shapes"][0], "group": turn * _SAVERS + saver}, frontend.item(group=saver)]
            return clients[saver].put(
                frontend.url, {"shapes": shapes}, content_type="application/json", headers={"If-Match": etag}
            )

        responses = at_once([lambda saver=saver: save(saver) for saver in range(_SAVERS)])  # type: ignore[misc]
        statuses = [response.status_code for response in responses]
        assert sorted(statuses) == [200] + [412] * (_SAVERS - 1), statuses
        winner = statuses.index(200)
        after, _ = frontend.read()
        assert after == responses[winner].json()
        assert after["revision"] == body["revision"] + 1
        assert [shape["group"] for shape in after["shapes"]] == [turn * _SAVERS + winner, winner]


def add_at_once(rounds: int) -> None:
    """Those who add or change without an ETag all succeed, beside others who go past the API."""
    frontend = Frontend()
    shape = frontend.draw()
    clients = programs(frontend)
    for _ in range(rounds):
        before = frontend.revisions
        count = Shape.objects.count()
        works: list[Callable[[], Any]] = [
            lambda: clients[0].post(frontend.url, [frontend.item()] * 3, content_type="application/json").status_code,
            lambda: clients[1].post(frontend.url, frontend.item(), content_type="application/json").status_code,
            lambda: frontend.draw().pk and 0,
            lambda: Shape.objects.filter(pk=shape.pk).update(score=0.5) and 0,
        ]
        assert at_once(works) == [201, 201, 0, 0]
        assert Shape.objects.count() == count + 5
        assert frontend.revisions == (before[0] + 4, before[1] + 4)

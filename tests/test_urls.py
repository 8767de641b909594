"""Of every address of the site it is decided who gets what."""

from tests.torture.urls import METHODS, kept, routes


def test_every_address_is_on_the_page_of_statuses() -> None:
    again = "Run `python -m tests.torture --only urls --golden`, and look at the difference."
    assert set(kept()) == {f"{method} {route}" for route in routes() for method in METHODS}, again

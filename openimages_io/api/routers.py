"""Routers for what is listed below its task, `tasks/1/labels/`, while each row stands by itself, `labels/2/`."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """DRF's own, with typed keys in the paths."""

    def __init__(self) -> None:
        super().__init__(use_regex_path=False)


class ListRouter(Router):
    """Routes a ViewSet's actions on its list."""

    routes = [route for route in SimpleRouter.routes if not route.detail]  # noqa: RUF012  (how DRF declares them)


class RowRouter(Router):
    """Routes a ViewSet's actions on one row."""

    routes = [route for route in SimpleRouter.routes if route.detail]  # noqa: RUF012  (how DRF declares them)

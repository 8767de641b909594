"""Lists of faults without end: an answer names some, says how many more there are, and does not look for all."""

from typing import Any

import pytest

from openimages_io.models import Task
from tests.api.conftest import client_of
from tests.api.responses import faults, ok, overwrite, send

pytestmark = pytest.mark.django_db


def test_a_list_that_is_too_long_is_not_looked_into(api: Any, staff: Any, task: Task) -> None:
    response = send(client_of(staff), "POST", f"/api/v1/tasks/{task.pk}/exports/", {"subsets": [{}] * 200_000})
    assert faults(response).keys() == {"subsets"}
    spec = {"name": "color", "input_type": "select", "values": [{}] * 20_000}
    response = send(api, "POST", f"/api/v1/tasks/{task.pk}/labels/", {"name": "/m/0", "attribute_specs": [spec]})
    assert faults(response) == {"attribute_specs[0].values": "too_long"}


@pytest.mark.parametrize("node", [{}, {"LabelName": None}])
def test_a_hierarchy_of_bad_nodes(api: Any, task: Task, node: dict[str, Any]) -> None:
    tree = {"LabelName": "a", "Subcategory": [node] * 3000}
    response = overwrite(api, "PUT", f"/api/v1/tasks/{task.pk}/hierarchy/", tree)
    assert len(faults(response)) == 1001
    assert any("There are 2,000 more faults" in fault["message"] for fault in response.json()["errors"])


def test_a_hierarchy_of_unknown_labels(api: Any, task: Task) -> None:
    tree = {"LabelName": "a", "Subcategory": [{"LabelName": f"b{number}"} for number in range(2999)]}
    response = overwrite(api, "PUT", f"/api/v1/tasks/{task.pk}/hierarchy/", tree)
    assert len(faults(response)) == 1001
    assert any("There are 2,000 more faults" in fault["message"] for fault in response.json()["errors"])


def test_a_page_has_its_size_and_no_more_than_the_largest(api: Any, task: Task, settings: Any) -> None:
    Task.objects.bulk_create([Task(name=f"t{number}", owner=task.owner) for number in range(4)])
    settings.OPENIMAGES_IO = {"PAGE_SIZE": 2, "MAX_PAGE_SIZE": 3}
    assert [len(ok(api.get(f"/api/v1/tasks/{query}"))["results"]) for query in ("", "?page_size=1000000000")] == [2, 3]

"""Lists of faults without end: an answer names some, says how many more there are, and does not look for all."""

from typing import Any

import pytest

from openimages_io.api.images.serializers import NewImageSerializer
from openimages_io.models import Image, Label, Shape, Task
from tests.api.conftest import client_of
from tests.api.responses import faults, ok, overwrite, refusal, send

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


def test_very_many_wrong_images_cost_no_more_than_a_thousand(
    api: Any, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[Any] = []
    real = NewImageSerializer.to_internal_value

    def counted(self: Any, data: Any) -> Any:
        looked_at.append(data)
        return real(self, data)

    monkeypatch.setattr(NewImageSerializer, "to_internal_value", counted)
    body: list[Any] = [{"name": f"a{number}"} for number in range(20)]
    body += [{"name": "../a", "no": 1}] * 9000
    response = send(api, "POST", f"/api/v1/tasks/{task.pk}/images/", body)
    errors = response.json()["errors"]
    assert len(errors) == 1001
    assert errors[0]["path"].startswith("[20].")
    assert errors[-1] == {
        "path": "",
        "message": "There are more faults: looking for them ended after the first 1,000.",
        "code": "more",
    }
    assert len(looked_at) == 20 + 501
    looked_at.clear()
    body = [{"name": "../a", "no": 1}] * 499 + [{"name": "b", **{f"no{at}": 1 for at in range(12)}}]
    response = send(api, "POST", f"/api/v1/tasks/{task.pk}/images/", body)
    assert response.json()["errors"][-1]["message"].startswith("There are ")
    assert len(response.json()["errors"]) == 1001
    assert not task.images.exists()


def test_very_many_wrong_specs(api: Any, task: Task) -> None:
    spec = {"name": 5, "input_type": "x", "values": 5, "no": 1}
    body = {"name": "/m/0", "attribute_specs": [spec] * 500}
    errors = send(api, "POST", f"/api/v1/tasks/{task.pk}/labels/", body).json()["errors"]
    assert len(errors) == 1001
    assert errors[-1]["code"] == "more"


def test_a_picture_of_endless_shapes_is_not_read_into_one_answer(api: Any, task: Task, settings: Any) -> None:
    label, image = Label.objects.create(task=task, name="/m/0"), Image.objects.create(task=task, name="a")
    Shape.objects.bulk_create([Shape(task=task, image=image, label=label, kind="tag") for _ in range(100)])
    url = f"/api/v1/images/{image.pk}/shapes/"
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 30_000}
    assert len(ok(api.get(url))["shapes"]) == 100
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 20_000}
    assert "export the task instead" in refusal(api.get(url), 409)


def test_a_page_has_its_size_and_no_more_than_the_largest(api: Any, task: Task, settings: Any) -> None:
    Task.objects.bulk_create([Task(name=f"t{number}", owner=task.owner) for number in range(4)])
    settings.OPENIMAGES_IO = {"PAGE_SIZE": 2, "MAX_PAGE_SIZE": 3}
    assert [len(ok(api.get(f"/api/v1/tasks/{query}"))["results"]) for query in ("", "?page_size=1000000000")] == [2, 3]

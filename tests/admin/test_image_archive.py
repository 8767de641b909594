"""One image with its annotations as a download."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from openimages_io.admin import image_archive
from openimages_io.exceptions import Failure
from openimages_io.models import Image, Shape, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from tests.admin.conftest import Browser

_COLUMNS = ("kind", "label__name", "x_min", "x_max", "y_min", "y_max", "score", "source", "occluded", "attributes")


def address(image: Image, page: str = "export") -> str:
    return f"/admin/openimages_io/image/{image.pk}/{page}/"


def archive_of(response: Any) -> bytes:
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/zip"
    return b"".join(response.streaming_content)  # at whose end the test client closes it


def rows(image: Image) -> list[Any]:
    return list(image.shapes.order_by("pk").values_list(*_COLUMNS))


@pytest.mark.parametrize("name", ["cat-sofa", "beach", "b/c/2"])
def test_what_comes_back_from_it_is_the_image_with_all_of_its_annotations(
    boss: Client, scenes: Task, name: str, tmp_path: Path
) -> None:
    image = scenes.images.get(name=name)
    page = boss.get(address(image, "picture")).content.decode()
    assert f'href="{address(image)}"' in page
    response = boss.get(address(image))
    assert f'filename="{name.rpartition("/")[2]}.zip"' in response.headers["Content-Disposition"]
    packed = archive_of(response)
    (tmp_path / "one.zip").write_bytes(packed)
    result = Importer(tmp_path / "one.zip", "one").run()
    assert result.task is not None
    assert not [*result.report.issues()]
    again = result.task.images.get()
    assert (again.name, again.subset, again.width, again.height) == (name, image.subset, image.width, image.height)
    assert again.file_digest == image.file_digest
    assert rows(again) == rows(image)
    assert Shape.objects.filter(task=scenes).count() > len(rows(image))
    assert result.task.labels.count() == scenes.labels.count()
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    masks = image.shapes.filter(kind="mask").count()
    assert sum(path.endswith(".png") for path in names) == masks
    assert archive_of(boss.get(address(image))) == packed


def test_it_is_said_of_one_image_what_is_lost(scenes: Task, tmp_path: Path) -> None:
    image, other = scenes.images.get(name="beach"), scenes.images.get(name="harbour")
    other.shapes.filter(kind="rectangle").update(group=None, attributes={"pose": "left"})
    report = Exporter(scenes, tmp_path / "a.zip", images=ChosenImages(keys=(image.pk,))).run().report
    assert "attribute-unwritten" not in {issue.code for issue in report.issues()}
    report = Exporter(scenes, tmp_path / "b.zip", images=ChosenImages(keys=(image.pk, other.pk))).run().report
    assert "attribute-unwritten" in {issue.code for issue in report.issues()}


def test_only_for_who_may_export(as_staff: Browser, scenes: Task) -> None:
    image = scenes.images.get(name="beach")
    sees = ("view_task", "view_image", "view_shape")
    some = as_staff(*sees)
    assert some.get(address(image)).status_code == 403
    assert address(image) not in some.get(address(image, "picture")).content.decode()
    assert archive_of(as_staff(*sees, "export_task", name="exports").get(address(image)))
    assert Client().get(address(image)).status_code == 302


def test_why_it_cannot_be_written_is_said_on_the_images_page(
    boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise Failure("task-gone", task="scenes")

    monkeypatch.setattr(image_archive, "image_archive", refuse)
    image = scenes.images.get(name="beach")
    response = boss.get(address(image), follow=True)
    assert response.redirect_chain[0][0] == address(image, "picture")
    assert "scenes" in str(next(iter(response.context["messages"])))

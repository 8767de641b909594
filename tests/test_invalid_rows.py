"""Rows that no interface makes, but `objects.create`, `bulk_create` and SQL do: everything copes and names them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import JSONField, Value
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from openimages_io.models import AttributeSpec, InputType, Shape
from openimages_io.transfer.checking import Checker
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, Missing, MissingAttributes
from tests.api.shapes_client import BOX, Frontend, faults
from tests.transfer.datasets import CLICKS_HEADER, documented, write

JSON_NULL = Value(None, JSONField())
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
numbers = st.sampled_from([0, 1, -1, 0.5, 10**400, -(10**20), 1e308, 5e-324])
leaves = st.none() | st.booleans() | numbers | texts | st.sampled_from(["0", "1", "0.1", "1e400", "-", "x" * 3000])
junk = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
boxes_csv = [
    "a,xclick,/m/cat,1,0.1,0.5,0.2,0.6,1,1,0,0,0",
    "a,xclick,/m/cat,0.25,0.1,0.5,0.2,0.6,0,0,-1,1,0",
    "a,xclick,/m/dog,1,0.7,0.9,0.7,0.9,0,0,0,0,0",
]
CLICKS = ",0.1,0.2,0.3,0.4,0.1,0.2,0.3,-1"


def archive(folder: Path) -> Path:
    header = (
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
    )
    header += "".join(f",XClick{number}{axis}" for axis in "XY" for number in (1, 2, 3, 4))
    labels = ["a,verification,/m/cat,1", "a,verification,/m/dog,0"]
    boxes = "\n".join([CLICKS_HEADER, *(row + CLICKS for row in boxes_csv)]) + "\n"
    return write(folder, documented(classes="/m/cat,\n/m/dog,\n", labels=labels, boxes=boxes))


def everything_copes(front: Frontend) -> None:
    """Asks everybody who reads rows; an exception of any of them is the test's."""
    for query in ("", "?units=pixels"):
        answer = front.get(query)
        assert answer.status_code == 200
        saved = front.put(answer.json(), answer.headers["ETag"], query)
        assert saved.status_code in {200, 400}, saved.content
        assert saved.status_code == 200 or saved.json()["errors"], saved.content
    api = (
        ("task-detail", front.task),
        ("label-list", front.task),
        ("label-detail", front.cat),
        ("image-overlay", front.image),
    )
    for name, row in api:
        assert front.client.get(reverse(f"openimages_io:{name}", args=[row.pk])).status_code == 200
    boss = Client()
    boss.force_login(get_user_model().objects.create_superuser("boss"))
    pages = [
        reverse("admin:openimages_io_shape_changelist"),
        reverse("admin:openimages_io_label_changelist"),
        reverse("admin:openimages_io_label_change", args=[front.cat.pk]),
        reverse("admin:openimages_io_image_picture", args=[front.image.pk]),
        reverse("admin:openimages_io_task_gallery", args=[front.task.pk]),
        *(reverse("admin:openimages_io_shape_change", args=[shape.pk]) for shape in front.task.shapes.all()[:5]),
    ]
    for page in pages:
        assert boss.get(page).status_code == 200, page
    Checker(front.task).run()
    with TemporaryDirectory() as folder:
        Exporter(front.task, Path(folder) / "out").run()
        source = archive(Path(folder) / "in")
        for missing in MissingAttributes:
            options = ImportOptions(missing_attributes=missing, missing_images=Missing.ERROR)
            result = Importer(source, "scenes", options, task_id=front.task.pk).run()
            assert result.committed or result.report.errors
            if result.committed:
                again = Importer(source, "scenes", options, task_id=front.task.pk).run()
                assert again.committed
                assert not again.changed


class StoredJunk(TestCase):
    """Whatever JSON may be in a column."""

    @pytest.mark.long
    @settings(max_examples=6, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(st.sampled_from(["score", "occluded", "is_truncated", "truncated", "pose2", "box_id"]),
                           st.sampled_from(InputType.values), junk, junk),
                 max_size=4, unique_by=lambda spec: spec[0]),
        junk,
    )  # fmt: skip
    def test_specs(self, specs: list[tuple[str, str, Any, Any]], value: Any) -> None:
        front = Frontend()
        for name, input_type, given_values, default in specs:
            values = JSON_NULL if given_values is None else given_values
            AttributeSpec.objects.bulk_create(
                [AttributeSpec(label=front.cat, name=name, input_type=input_type, values=values, default_value=default)]
            )
        front.draw(score=0.5, occluded=True, attributes={name: value for name, *_ in specs})
        front.draw("tag", score=1.0)
        everything_copes(front)

    @pytest.mark.long
    @settings(max_examples=6, suppress_health_check=list(HealthCheck))
    @given(st.lists(
        st.tuples(st.sampled_from(["rectangle", "polygon", "ellipse", "tag", "mask"]), junk, junk, junk), max_size=4
    ))  # fmt: skip
    def test_shapes(self, shapes: list[tuple[str, Any, Any, Any]]) -> None:
        front = Frontend((64, 48))
        odd = set()
        for kind, attributes, points, clicks in shapes:
            given = {"attributes": JSON_NULL if attributes is None else attributes}
            given |= {"points": points} if kind in {"polygon", "ellipse"} else {}
            given |= {"clicks": clicks} if kind == "rectangle" else {}
            try:
                with transaction.atomic():
                    shape = front.draw(kind, **given)
            except IntegrityError:
                continue
            if not isinstance(attributes, dict):
                odd.add(shape.pk)
        named = {str(issue) for issue in Checker(front.task).run().issues()}
        assert all(any(str(key) in text for text in named) for key in odd)
        everything_copes(front)


@pytest.mark.django_db
def test_an_answer_in_pixels_is_json_whatever_is_stored() -> None:
    front = Frontend((64, 48))
    front.draw("polygon", points=[[1e308, 0.1, -1e308, 1e307, 10**400, 0.9]])
    answer = front.get("?units=pixels")
    assert b"Infinity" not in answer.content
    saved = front.put(answer.json(), answer.headers["ETag"], "?units=pixels")
    assert saved.status_code == 400
    assert saved.json()["errors"]


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["import", "put"])
def test_a_number_spec_in_cvats_notation_means_the_numbers(way: str, tmp_path: Path) -> None:
    front = Frontend()
    AttributeSpec.objects.create(
        label=front.cat, name="score", input_type=InputType.NUMBER, values=["0", "1", "0.25"], default_value="0.5"
    )
    if way == "put":
        assert front.put([front.item(score=0.5)]).status_code == 200
        message = faults(front.put([front.item(score=0.3)]))["shapes[0].score"]
        assert message == "0.3 is not a whole number of steps of 0.25."
        return
    row = "a,xclick,/m/cat,{},0.1,0.5,0.2,0.6,0,0,0,0,0"
    good = Importer(write(tmp_path / "good", documented(boxes=[row.format("0.25")])), "scenes", task_id=front.task.pk)
    assert good.run().committed
    bad = Importer(write(tmp_path / "bad", documented(boxes=[row.format("0.3")])), "scenes", task_id=front.task.pk)
    issue = next(issue for issue in bad.run().report.issues() if issue.code == "bad-attribute")
    assert "0.3 is not a whole number of steps of 0.25." in str(issue)


@pytest.mark.django_db
def test_stored_attributes_that_are_no_object_are_named_by_an_import_that_meets_them(tmp_path: Path) -> None:
    front = Frontend()
    shape = front.draw(attributes=["what"])
    source = write(tmp_path / "in", documented(boxes=["a,xclick,/m/cat,1,0.1,0.5,0.2,0.6,0,0,0,0,0"]))
    options = ImportOptions(missing_attributes=MissingAttributes.CREATE)
    result = Importer(source, "scenes", options, task_id=front.task.pk).run()
    assert result.committed
    assert ("odd-attributes", '["what"]') in [(issue.code, issue.value) for issue in result.report.issues()]
    stored: Any = Shape.objects.get(pk=shape.pk).attributes
    assert stored["attributes"] == ["what"]
    assert BOX.items() <= Shape.objects.filter(pk=shape.pk).values().get().items()

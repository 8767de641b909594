"""Names as long as they may be, on the narrowest phones: nothing is out of sight."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import at_rest
from tests.browser.page_checks import cut_off
from tests.browser.serving import Site

pytestmark = pytest.mark.thorough
ADMIN = "/admin/openimages_io"
_FILL = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, Label, Shape, Task
name = "n" * 255
owner = get_user_model().objects.create_user("o" * 150)
task = Task.objects.create(name=name, owner=owner)
image = Image.objects.create(task=task, name=name, subset="s" * 255, width=100, height=80)
label = Label.objects.create(task=task, name="/m/" + "m" * 252, display_name="d" * 255)
child = Label.objects.create(task=task, name="/m/child", display_name="e" * 255, position=1)
HierarchyEdge.objects.create(parent=label, child=child, kind="subcategory")
AttributeSpec.objects.create(label=label, name="a" * 64, input_type="text", values=[], position=0)
box = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.1, "y_max": 0.5}
of = {"task": task, "image": image, "label": label, "source": "z" * 64}
Shape.objects.create(kind="rectangle", score=0.5, attributes={"a" * 64: "v" * 200}, **of, **box)
Shape.objects.create(kind="tag", score=1, **of)
Job.objects.create(
    kind="import", task=task, task_name=name, created_by=owner, state="succeeded", queued=timezone.now(),
    source_name="f" * 251 + ".zip", committed=True, changed=True, options={"subsets": ["s" * 255]},
)
"""


def test_the_apis_own_pages_are_whole_on_the_narrowest_phone(page: Page, site: Site, scenes: int) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    for where in ("", "tasks/", f"tasks/{scenes}/", f"tasks/{scenes}/images/"):
        page.goto(f"/api/v1/{where}")
        bar, crumbs, button = (
            page.locator(part).bounding_box() for part in (".navbar", ".breadcrumb", ".navbar button[type=submit]")
        )
        assert bar is not None
        assert crumbs is not None
        assert button is not None
        assert crumbs["y"] >= bar["y"] + bar["height"]
        assert button["x"] + button["width"] <= 360
        assert not cut_off(page, is_phone=True)


def test_long_names_fit_on_the_narrowest_phone(page: Page, site: Site) -> None:
    site.do(_FILL)
    (key,) = site.rows("SELECT id FROM openimages_io_task WHERE name LIKE 'nnn%'")[0]
    image, label, shape, job = (
        site.rows(f"SELECT min(id) FROM openimages_io_{table} WHERE task_id = ?", key)[0][0]
        for table in ("image", "label", "shape", "job")
    )
    pages = [
        *(f"{model}/" for model in ("task", "image", "label", "shape", "job")),
        *(f"{model}/?task={key}" for model in ("image", "label", "shape", "job")),
        *(f"{model}/{row}/change/" for model, row in (("task", key), ("image", image), ("label", label))),
        f"shape/{shape}/change/",
        f"job/{job}/change/",
        f"label/add/?task={key}",
        f"image/add/?task={key}",
        f"image/{image}/picture/",
        f"image/{image}/history/",
        f"image/{image}/delete/",
        *(f"task/{key}/{part}" for part in ("gallery/", "hierarchy/", "import/", "history/", "delete/")),
        f"task/{key}/gallery/?label={label}&subset={'s' * 255}&source={'z' * 64}",
        f"task/{key}/gallery/bulk/?action=move&all=1",
        f"task/{key}/gallery/bulk/?action=relabel&all=1",
        f"task/export/?task={key}",
        "task/import/",
    ]
    faults = []
    for where in pages:
        page.goto(f"{ADMIN}/{where}")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 780})
            at_rest(page)
            faults += [f"{where[:40]} at {width}: {fault}" for fault in cut_off(page, is_phone=width < 480)]
    assert not faults, "\n".join(faults)

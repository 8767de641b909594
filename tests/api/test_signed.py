"""Addresses of pictures and masks that need no login until they end."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from rest_framework.test import APIClient

from openimages_io.format.masks import encode
from openimages_io.models import Image, Label, Mask, Shape, Task
from openimages_io.transfer.pictures.storing import digest_of
from tests.api.conftest import client_of
from tests.api.job_factories import let_go
from tests.api.responses import ok, refusal
from tests.transfer.datasets import picture

urlpatterns = [
    path("deep/a/api/", include("openimages_io.urls")),
    path("second/", include("openimages_io.urls", namespace="second")),
]

HOUR = 3600
NOW = 500_000 * 4 * HOUR + 17
"""17 seconds after addresses have ended."""
ENDS = 500_002 * 4 * HOUR
SHOWN = ("file", "thumbnail", "mask")

Addresses = Callable[[], dict[str, str]]
"""The addresses that the owner reads, by what they show."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets what time it is for signatures."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: seconds)

    set_to(NOW)
    return set_to


@pytest.fixture
def image(task: Task) -> Image:
    return picture_of(Image(task=task, name="a", file_suffix=".png"), "red")


def picture_of(image: Image, color: str) -> Image:
    content = picture(kind="PNG", color=color)
    image.file.save("a.png", ContentFile(content), save=False)
    image.file_digest = digest_of(content)
    image.save()
    return image


@pytest.fixture
def shape(image: Image) -> Shape:
    label = Label.objects.create(task=image.task, name="/m/cat")
    found = Shape.objects.create(task=image.task, image=image, label=label, kind="mask")
    Mask.objects.create(shape=found, png=encode(_pixels(0)), width=3, height=2)
    return found


def _pixels(place: int) -> Any:
    found = np.zeros((2, 3), dtype=bool)
    found[0, place] = True
    return found


@pytest.fixture
def addresses(api: APIClient, image: Image, shape: Shape, clock: Any) -> Addresses:
    return lambda: read(api, image)


def read(api: APIClient, image: Image, root: str = "/api/v1") -> dict[str, str]:
    body = ok(api.get(f"{root}/images/{image.pk}/"))
    (mask,) = [found["mask"] for found in ok(api.get(f"{root}/images/{image.pk}/shapes/"))["shapes"]]
    return {"file": body["file"], "thumbnail": body["thumbnail"], "mask": mask["url"]}


def get(url: str, **headers: str) -> Any:
    """Asked by a browser that has never been here."""
    response = Client().get(url, headers=headers)
    let_go(response)
    return response


def test_what_needs_a_login_elsewhere_is_shown_to_whoever_has_the_address(
    api: APIClient, addresses: Addresses, image: Image, shape: Shape
) -> None:
    plain = {
        "file": f"/api/v1/images/{image.pk}/file/",
        "thumbnail": f"/api/v1/images/{image.pk}/thumbnail/",
        "mask": f"/api/v1/shapes/{shape.pk}/mask.png",
    }
    for shown, url in addresses().items():
        assert get(plain[shown]).status_code == 401
        response, known = get(url), api.get(plain[shown])
        let_go(known)
        assert (response.status_code, response["Content-Type"]) == (200, known["Content-Type"])
        assert response["ETag"] == known["ETag"]
        assert response["Cache-Control"] == f"private, max-age={ENDS - NOW}, immutable"
        assert response.get("Vary", "origin") == "origin"  # of the demo's django-cors-headers; on nobody's login
        assert "Set-Cookie" not in response


def test_list_and_detail_have_the_same_for_everybody(
    api: APIClient, staff_api: APIClient, addresses: Addresses, image: Image
) -> None:
    (listed,) = ok(api.get(f"/api/v1/tasks/{image.task_id}/images/"))["results"]
    found = addresses()
    assert (listed["file"], listed["thumbnail"]) == (found["file"], found["thumbnail"])
    assert read(staff_api, image) == found


def test_they_stay_until_a_window_ends_and_work_for_one_window_more(addresses: Addresses, clock: Any) -> None:
    first = addresses()
    clock(NOW - 17 + 4 * HOUR - 1)
    assert addresses() == first
    clock(NOW - 17 + 4 * HOUR)
    second = addresses()
    assert all(second[shown] != first[shown] for shown in SHOWN)
    clock(ENDS - 1)
    for shown in SHOWN:
        assert get(first[shown])["Cache-Control"] == "private, max-age=1, immutable"
    clock(ENDS)
    for shown in SHOWN:
        assert refusal(get(first[shown]), 403) == "This address has ended; read it again."
        assert get(first[shown]).json()["code"] == "signature_expired"
        assert get(second[shown]).status_code == 200


def test_nothing_known_keeps_an_address_beyond_its_end(
    api: APIClient, addresses: Addresses, image: Image, clock: Any
) -> None:
    urls = [f"/api/v1/images/{image.pk}/", f"/api/v1/images/{image.pk}/shapes/"]
    addresses()
    tags = {url: api.get(url)["ETag"] for url in urls}
    for url in urls:
        assert api.get(url, headers={"If-None-Match": tags[url]}).status_code == 304
    clock(NOW + 4 * HOUR)
    for url in urls:
        again = api.get(url, headers={"If-None-Match": tags[url]})
        assert again.status_code == 200
        assert again["ETag"] != tags[url]
        # It is still the ETag of the version: who has read that may save.
        saved: dict[str, Any] = {"shapes": []} if url.endswith("shapes/") else {"title": "x"}
        method = api.put if url.endswith("shapes/") else api.patch
        assert method(url, saved, format="json", headers={"If-Match": tags[url]}).status_code == 200


@pytest.mark.parametrize("shown", SHOWN)
def test_another_picture_has_another_address_and_the_old_one_shows_it_to_nobody(
    addresses: Addresses, image: Image, shape: Shape, shown: str
) -> None:
    before = addresses()
    if shown == "mask":
        Mask.objects.filter(shape=shape).update(png=encode(_pixels(1)))
    else:
        picture_of(image, "blue")
    after = addresses()
    assert after[shown] != before[shown]
    assert get(after[shown]).status_code == 200
    assert "another one by now" in refusal(get(before[shown]), 404)
    others = set(SHOWN) - {shown} - ({"file", "thumbnail"} if shown != "mask" else set())
    assert all(after[other] == before[other] for other in others)


def test_a_file_that_is_replaced_without_its_digest_has_another_address(addresses: Addresses, image: Image) -> None:
    before = addresses()
    image.file.save("b.png", ContentFile(picture(kind="PNG", color="blue")))
    assert refusal(get(before["file"]), 404)


def test_what_is_gone_is_shown_to_nobody(addresses: Addresses, image: Image, shape: Shape) -> None:
    found = addresses()
    image.task.hide()
    for url in found.values():
        assert refusal(get(url), 404)
    image.delete()
    for url in found.values():
        assert refusal(get(url), 404)


def tampered(url: str) -> Iterator[str]:
    """The address with each part of its end another one, and ends that are none."""
    base, end = url.removesuffix("/").rsplit("/", 1)
    until, content, signature = end.split("-", 2)
    yield f"{base}/{int(until) + 4 * HOUR}-{content}-{signature}/"
    yield f"{base}/{until}-{content[:-1]}{'0' if content[-1] != '0' else '1'}-{signature}/"
    yield f"{base}/{until}-{content}-{'A' if signature[0] != 'A' else 'B'}{signature[1:]}/"
    yield f"{base}/{until}-{content}-{signature[:-1]}/"
    yield f"{base}/{until}-{content}-{signature}A/"
    yield f"{base}/{until}-{content}-/"
    yield f"{base}/{until}/"
    yield f"{base}/{'9' * 5000}/"
    yield f"{base}/%00%F0%9F%90%88:%0A/"


@pytest.mark.parametrize("shown", SHOWN)
def test_what_was_not_signed_here_is_refused_before_anything_is_looked_up(
    addresses: Addresses, image: Image, shown: str
) -> None:
    found = addresses()
    key = image.pk if shown != "mask" else Shape.objects.get().pk
    end = found[shown].removesuffix("/").rpartition("/")[2]
    others = [
        found[shown].replace(f"/{key}/", f"/{key + 1}/"),
        *(f"/api/v1/images/{image.pk}/{other}/{end}/" for other in ("file", "thumbnail") if other != shown),
        *(f"/api/v1/shapes/{Shape.objects.get().pk}/mask/{end}/" for _ in range(shown != "mask")),
    ]
    for url in (*tampered(found[shown]), *others):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = get(url)
        assert response.json()["code"] == "bad_signature", url
        assert "not signed" in refusal(response, 403)
        assert len(queries) == 0


def test_another_secret_key_ends_them_unless_the_old_one_is_still_taken(addresses: Addresses, settings: Any) -> None:
    found, old = addresses(), settings.SECRET_KEY
    with override_settings(SECRET_KEY=old[::-1]):
        for url in found.values():
            assert refusal(get(url), 403)
    with override_settings(SECRET_KEY=old[::-1], SECRET_KEY_FALLBACKS=[old]):
        for url in found.values():
            assert get(url).status_code == 200


def test_a_site_may_have_none(addresses: Addresses, image: Image, shape: Shape, settings: Any) -> None:
    before = addresses()
    settings.OPENIMAGES_IO = {"SIGNED_ADDRESSES": False}
    assert addresses() == {
        "file": f"http://testserver/api/v1/images/{image.pk}/file/",
        "thumbnail": f"http://testserver/api/v1/images/{image.pk}/thumbnail/",
        "mask": f"http://testserver/api/v1/shapes/{shape.pk}/mask.png",
    }
    for url in before.values():
        assert "no signed addresses" in refusal(get(url), 404)


def test_a_site_says_for_how_long(addresses: Addresses, clock: Any, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"SIGNED_ADDRESS_SECONDS": 60}
    clock(600)
    found = addresses()
    clock(719)
    assert get(found["mask"]).status_code == 200
    clock(720)
    assert get(found["mask"]).json()["code"] == "signature_expired"


def test_who_may_add_and_not_see_gets_no_signed_address(task: Task, image: Image) -> None:
    adder = get_user_model().objects.create_user("adder", is_staff=True)
    permissions = Permission.objects.filter(codename__in=("view_task", "add_image", "add_shape"))
    adder.user_permissions.set(permissions)
    client = client_of(adder)
    sent = {"files": ContentFile(picture(kind="PNG"), "new.png")}
    (made,) = ok(client.post(f"/api/v1/tasks/{task.pk}/images/upload/", sent, format="multipart"), 201)["results"]
    assert made["file"].endswith(f"/images/{made['id']}/file/")
    label = Label.objects.create(task=task, name="/m/cat")
    mask = {"kind": "mask", "label": label.pk, "mask": {"rle": {"size": [2, 3], "counts": [1, 5]}}}
    body = ok(client.post(f"/api/v1/images/{image.pk}/shapes/", mask, format="json"), 201)
    assert body["shapes"][0]["mask"]["url"].endswith("/mask.png")


def test_a_size_and_the_stored_frame_may_be_asked_for(addresses: Addresses) -> None:
    found = addresses()
    small, large = (get(f"{found['thumbnail']}?size={size}")["ETag"] for size in (128, 1024))
    assert small != large
    assert get(f"{found['file']}?as_stored=1")["ETag"] != get(found["file"])["ETag"]
    assert get(f"{found['mask']}?draw=1").status_code == 200
    for url in found.values():
        assert get(f"{url}?what=ever").status_code == 400


def test_what_the_browser_has_is_not_sent_again_nor_read_from_the_storage(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = addresses()
    tags = {url: get(url)["ETag"] for url in found.values()}
    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.open", None)
    for url, tag in tags.items():
        again = get(url, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert again["Cache-Control"] == f"private, max-age={ENDS - NOW}, immutable"


def test_a_placeholder_may_be_another_tomorrow(addresses: Addresses, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"MAX_THUMBNAIL_BYTES": 1}
    assert get(addresses()["thumbnail"])["Cache-Control"] == "private, no-cache"


def test_pictures_are_counted_by_themselves(api: APIClient, addresses: Addresses, image: Image, settings: Any) -> None:
    found = addresses()
    settings.OPENIMAGES_IO = {"THROTTLE_RATE": "3/hour", "PICTURE_RATE": "5/hour"}
    plain = f"/api/v1/images/{image.pk}/"
    codes = [get(url).status_code for url in (*found.values(), *found.values())]
    assert codes == [200, 200, 200, 200, 200, 429]
    for view in ("file/", "thumbnail/", "overlay.svg", "file/", "file/"):
        let_go(response := api.get(plain + view))
        assert response.status_code == 200
    assert api.get(f"{plain}thumbnail/").status_code == 429
    assert ok(api.get(plain))["id"] == image.pk
    assert api.get(plain).status_code == 429


@pytest.mark.urls(__name__)
def test_they_lead_to_the_api_that_was_asked(api: APIClient, image: Image, shape: Shape, clock: Any) -> None:
    for root in ("/deep/a/api/v1", "/second/v1"):
        for url in read(api, image, root).values():
            assert url.startswith(f"http://testserver{root}/")
            assert get(url).status_code == 200

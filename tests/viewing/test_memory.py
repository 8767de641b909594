"""What a thumbnail takes of a web worker's memory, in a process of its own: the most that it had resident."""

import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from openimages_io.format.limits import Limits
from openimages_io.models import Image
from openimages_io.viewing.serving import thumbnail_response
from openimages_io.viewing.thumbnails import TooLargeToShow, thumbnail
from tests.conftest import ROOT
from tests.format.test_pictures import png
from tests.viewing.conftest import AddImage

MEGABYTE = 1_000_000
MOST = 200 * MEGABYTE

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's own count is asked")

CHILD = """
import json, os, sys
from pathlib import Path
import django
django.setup()
from PIL import Image
import numpy as np
from openimages_io.viewing import thumbnails


def resident(what):
    return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(what))


def growth(path):
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    try:
        with path.open("rb") as stream:
            thumbnails._shrink(stream, 1024)
        outcome = "made"
    except thumbnails.TooLargeToShow:
        outcome = "too large"
    return outcome, resident("VmHWM") - before


def made(mode, width, height):
    deep = {"F": np.float32, "I;16": np.uint16, "I": np.int32}
    if mode in deep:
        return Image.fromarray(np.zeros((height, width), deep[mode]))
    return Image.new(mode, (width, height), 200 if mode in {"L", "1", "P"} else None)


def apart(task, *arguments):
    # In a process that ends with it, so that no memory is left over for the next.
    child = os.fork()
    if not child:
        task(*arguments)
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def make(path, kind, mode, width, height, options):
    made(mode, width, height).save(path, kind, **options)


def measure(path, *what):
    print(json.dumps([*what, *growth(path)]))


folder = Path(sys.argv[1])
small = folder / "small.png"
Image.new("RGB", (64, 64)).save(small)
growth(small)
for kind, mode, width, height, options in json.loads(sys.argv[2]):
    path = folder / f"picture.{kind.lower()}"
    apart(make, path, kind, mode, width, height, options)
    apart(measure, path, kind, mode, options)
apart(measure, folder / "16-bits.png", "PNG", "RGBA, 16 bits", {})
"""
KINDS: list[tuple[str, str, int, int, dict[str, Any]]] = [
    ("JPEG", "RGB", 9000, 6000, {}),
    ("JPEG", "RGB", 6500, 4500, {"progressive": True, "subsampling": 0}),
    ("PNG", "RGB", 7000, 5000, {"compress_level": 1}),
    ("PNG", "I;16", 8000, 8000, {"compress_level": 1}),
    ("GIF", "P", 5000, 5000, {}),
    ("WEBP", "RGB", 4000, 3000, {"method": 0}),
    ("TIFF", "RGBA", 5000, 4500, {"compression": "tiff_lzw", "strip_size": 2**30}),
    ("TIFF", "RGB", 7000, 5000, {}),
]


@pytest.mark.programs
@pytest.mark.thorough
def test_no_thumbnail_takes_more_than_the_limit_in_any_format_and_mode(tmp_path: Path) -> None:
    rows = zlib.compress(bytes(9900 * (1 + 9900 * 8)), 1)
    (tmp_path / "16-bits.png").write_bytes(png(9900, 9900, rows, depth=16, colour=6))
    command = [sys.executable, "-c", CHILD, str(tmp_path), json.dumps(KINDS)]
    environment = {
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": "sqlite://:memory:",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [outcome for *_, outcome, _ in found] == ["made"] * len(KINDS) + ["too large"], done.stdout
    assert {str(what): growth for *what, _, growth in found if growth > MOST} == {}
    assert Limits().max_thumbnail_bytes < MOST


@pytest.mark.long
def test_in_the_place_of_a_picture_that_is_too_large_is_a_placeholder(
    add_image: AddImage, settings: Settings, media: Path, rf: Any
) -> None:
    settings.OPENIMAGES_IO = {"MAX_THUMBNAIL_BYTES": 1000}
    image: Image = add_image("large", png(400, 100, zlib.compress(bytes(401 * 100))))
    with pytest.raises(TooLargeToShow, match=r"400 x 100 pixels of this kind take .* more than 1,000"):
        thumbnail(image, 128)
    response: Any = thumbnail_response(rf.get("/"), image, 128)
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["ETag"].startswith('"placeholder-')
    assert not list(media.glob("openimages-thumbnails/*/*"))
    settings.OPENIMAGES_IO = {}
    again: Any = thumbnail_response(rf.get("/", HTTP_IF_NONE_MATCH=response["ETag"]), image, 128)
    assert again.status_code == 200
    assert again["ETag"] != response["ETag"]

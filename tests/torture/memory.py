"""What one request or one import may cost in memory, by the peak of a process over what it had before.

What an input costs to process is what counts, not what it weighs: a small file that unpacks to much is refused, or a
placeholder stands in its place, but it takes no more than the ceiling.
"""

import io
import json
import random
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image as Pillow

from openimages_io import conf
from openimages_io.exceptions import OpenImagesError
from openimages_io.models import Image, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, MasksAs
from tests.jobs.archives import write_large
from tests.torture.findings import Findings
from tests.torture.sites import SQLITE, Databases, Site
from tests.transfer.datasets import MASKS_HEADER

CEILING: Final = 200
"""Megabytes that one request or import may take."""
PER_ROWS: Final = 30
"""Megabytes that eight times the rows may take more."""
_SECONDS: Final = 15
"""Of processor time, for an archive of a few kilobytes."""
_ALLOWED_SECONDS: Final = 40
"""The same, for one that takes as much as the limits allow."""
_MB: Final = 1 << 20
_ANSWER: Final = 20 * _MB
"""Bytes of one answer."""
_FEW, _TIMES = 15_000, 8

Case = Callable[[Findings, Site, str], None]
"""Takes the name of the case, too."""


def run(findings: Findings, databases: Databases) -> None:
    """Tries each case once, in an order of chance where there is no time for all."""
    cases: list[tuple[str, str, Case]] = [
        (SQLITE, "thumbnail of a grey PNG of 9,900²", _thumbnail(_grey)),
        (SQLITE, "thumbnail of an RGBA PNG of 16 bits, 7,000²", _thumbnail(_deep)),
        (SQLITE, "thumbnail of a JPEG of 9,900²", _thumbnail(_jpeg)),
        (SQLITE, "import of a hierarchy with 60 MB under an unknown key", _archive(_hierarchy)),
        (SQLITE, "import of a hierarchy just below the limits", _archive(_allowed_hierarchy)),
        (SQLITE, "import of ten RGBA masks of 16 bits, 8,000²", _archive(_deep_masks)),
        (SQLITE, "import of masks just below the limits", _archive(_allowed_masks, seconds=_ALLOWED_SECONDS)),
        (SQLITE, "mask of noise, 1,500², as polygons", partial(_noise, side=1500)),
        (SQLITE, "mask of noise, 280², as polygons", partial(_noise, side=280)),
        *((vendor, f"rows on {vendor}", _rows) for vendor in databases.vendors),
    ]
    findings.chance.shuffle(cases)
    for number, (vendor, name, case) in enumerate(cases):
        if number and findings.left < 0:
            left = ", ".join(case[1] for case in cases[number:])
            findings.skipped.append(f"{len(cases) - number} of {len(cases)} cases, for want of time: {left}")
            break
        with databases.visiting(vendor) as site, findings.trial(name):
            User.objects.create_superuser("boss")
            case(findings, site, name)


def _hold(findings: Findings, name: str, site: Site, work: Callable[[], str], seconds: int = _SECONDS) -> float:
    """Does the work in a process of its own, and holds its peak against the ceiling. Returns how many megabytes."""

    def measured() -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
        before = _status("VmRSS")
        began = time.process_time()
        said = work()
        took = time.process_time() - began
        sys.stdout.write("\n" + json.dumps([_status("VmHWM") - before, took, said]))

    child = site.fork(measured)
    status = child.wait(300)
    if not findings.expect(status == 0, f"{name}: exit status {status}: {child.output[-1500:]}"):
        return 0
    growth, took, said = json.loads(child.output.rsplit("\n", 1)[-1])
    findings.figures[name] = f"{growth:.0f} MB, {took:.1f} s of processor time ({said})"
    findings.expect(growth < CEILING, f"{name}: takes {growth:.0f} MB, more than {CEILING} ({said})")
    findings.expect(took < seconds, f"{name}: takes {took:.1f} s of processor time, more than {seconds} ({said})")
    return float(growth)


def _status(key: str) -> float:
    text = Path("/proc/self/status").read_text("ascii")
    return int(text.partition(f"{key}:")[2].split()[0]) / 1024


def _get(address: str) -> str:
    client = Client()
    client.force_login(User.objects.get(username="boss"))
    response = client.get(address)
    body = b"".join(response) if response.streaming else response.content
    assert response.status_code < 500, response.status_code
    assert len(body) < _ANSWER, f"an answer of {len(body):,} bytes"
    return f"status {response.status_code}, {len(body):,} bytes"


def _import(source: Path, options: ImportOptions) -> str:
    try:
        result = Importer(source, source.stem, options).run()
    except OpenImagesError as error:
        return f"refused: {str(error)[:100]}"
    return f"{'committed' if result.committed else 'refused'}, {[str(i)[:100] for i in result.report.issues()][:1]}"


def _thumbnail(make: Callable[[], bytes]) -> Case:
    def case(findings: Findings, site: Site, name: str) -> None:
        image = Image(task=Task.objects.create(name="pictures"), name="a")
        image.file.save("x.png", ContentFile(make()))
        address = f"/api/v1/images/{image.pk}/thumbnail/?size=256"
        _hold(findings, name, site, lambda: _get(address))

    return case


def _archive(make: Callable[[zipfile.ZipFile], None], *, seconds: int = _SECONDS) -> Case:
    def case(findings: Findings, site: Site, name: str) -> None:
        source = site.folder / "archive.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            make(archive)
        _hold(findings, name, site, lambda: _import(source, ImportOptions()), seconds)

    return case


def _noise(findings: Findings, site: Site, name: str, *, side: int) -> None:
    source = site.folder / "noise.zip"
    noise = np.random.default_rng(findings.seed).integers(0, 2, (side, side), dtype=np.uint8) * 255
    with zipfile.ZipFile(source, "w") as archive:
        out = io.BytesIO()
        Pillow.fromarray(noise).save(out, "PNG")
        _masks(archive, [out.getvalue()])
    options = ImportOptions(masks_as=MasksAs.POLYGONS)
    _hold(findings, f"import of a {name}", site, lambda: _import(source, options))
    site.enter()
    if (image := Image.objects.filter(task__name="noise").first()) is not None:
        for what in ("overlay.svg", "shapes/"):
            address = f"/api/v1/images/{image.pk}/{what}"
            _hold(findings, f"{what.strip('/')} of what came of it", site, lambda address=address: _get(address))  # type: ignore[misc]


def _rows(findings: Findings, site: Site, _: str) -> None:
    grown: dict[str, list[float]] = {"import": [], "export": []}
    for times in (1, _TIMES):
        source = write_large(site.folder / f"rows-{times}.zip", _FEW * times)
        name = f"{_FEW * times:,} boxes on {site.vendor}"

        def bring(source: Path = source) -> str:
            return _import(source, ImportOptions())

        def take(source: Path = source) -> str:
            Exporter(Task.objects.get(name=source.stem), source.with_suffix(".out.zip")).run()
            return "exported"

        grown["import"].append(_hold(findings, f"import of {name}", site, bring))
        grown["export"].append(_hold(findings, f"export of {name}", site, take))
    for what, (few, many) in grown.items():
        # Images may cost some hundred bytes each, and fifty boxes are on each.
        findings.expect(
            many - few < PER_ROWS,
            f"{what} on {site.vendor}: {few:.0f} MB, and {many:.0f} MB for {_TIMES} times the rows",
        )


def _hierarchy(archive: zipfile.ZipFile) -> None:
    chance = random.Random(4)  # enough of it is by chance to be packed no tighter than is allowed
    parts = (f'"{chance.randbytes(16).hex()}",' + "{}," * 1300 for _ in range(60 * _MB // 3935))
    body = '{"LabelName": "/m/0bl9f", "x": [' + "".join(parts) + "{}]}"
    archive.writestr("annotations/bbox_labels_600_hierarchy.json", body)


def _allowed_hierarchy(archive: zipfile.ZipFile) -> None:
    limits = conf.limits()
    values = "{}," * (limits.max_hierarchy_values // 2 - 100)
    text = "x" * (limits.max_hierarchy_bytes - len(values) - 1000)
    body = f'{{"LabelName": "/m/0bl9f", "y": "{text}", "x": [{values}{{}}]}}'
    archive.writestr("annotations/bbox_labels_600_hierarchy.json", body, zipfile.ZIP_STORED)


def _allowed_masks(archive: zipfile.ZipFile) -> None:
    limits = conf.limits()
    side = int(min(limits.max_mask_unpacked_bytes - 10_000, limits.max_mask_pixels) ** 0.5)
    out = io.BytesIO()
    Pillow.new("L", (side, side)).save(out, "PNG")
    _masks(archive, [out.getvalue()] * (limits.mask_free_bytes // side**2))


def _deep_masks(archive: zipfile.ZipFile) -> None:
    _masks(archive, [_deep(8000, level=9)] * 10)


def _masks(archive: zipfile.ZipFile, pngs: list[bytes]) -> None:
    rows = [f"m{number}.png,a,/m/01yrx,{number:08x},,,,,," for number in range(len(pngs))]
    archive.writestr("annotations/train-annotations-object-segmentation.csv", "\n".join([MASKS_HEADER, *rows]) + "\n")
    for number, png in enumerate(pngs):
        archive.writestr(f"masks/train/m{number}.png", png)


def _grey() -> bytes:
    out = io.BytesIO()
    Pillow.new("L", (9900, 9900), 128).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _jpeg() -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (9900, 9900), "green").save(out, "JPEG", quality=50)
    return out.getvalue()


def _deep(side: int = 7000, level: int = 1) -> bytes:
    """A PNG of sixteen bits with alpha, which Pillow does not write."""
    packer = zlib.compressobj(level)
    line = bytes(1 + side * 8)
    data = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b"")))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

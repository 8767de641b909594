"""What a hostile input costs, each in a process of its own: `python -m benchmarks.costs` prints SECURITY.md's table."""

import io
import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import numpy as np
from PIL import Image as Pillow

from openimages_io.format.limits import Limits

Task = Callable[[], object]


def main() -> None:
    """Measures everything, and prints a line of a table for each."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    django.setup()
    print("| input | outcome | growth in MB | seconds |\n|---|---|---:|---:|")  # noqa: T201  (a command)
    for name, make in {**_thumbnails(), **_documents(), **_masks()}.items():
        child = os.fork()  # so that no memory is left over for the next
        if not child:
            _measure(name, make())
            os._exit(0)
        os.waitpid(child, 0)


def _measure(name: str, task: Task) -> None:
    Path("/proc/self/clear_refs").write_text("5")  # the kernel forgets the most that was resident
    before, start = _resident("VmRSS"), time.perf_counter()
    try:
        outcome = "taken" if task() else "refused"
    except ValueError as error:
        outcome = f"refused: {str(error)[:60]} …"
    growth = (_resident("VmHWM") - before) / 1e6
    print(f"| {name} | {outcome} | {growth:.0f} | {time.perf_counter() - start:.1f} |", flush=True)  # noqa: T201


def _resident(what: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(what))


def _png(width: int, height: int, depth: int, colour: int, bits: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packer, row = zlib.compressobj(9), bytes(1 + width * bits // 8)
    packed = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def _saved(kind: str, size: tuple[int, int], **options: Any) -> bytes:
    target = io.BytesIO()
    Pillow.new("RGB", size, "teal").save(target, kind, **options)
    return target.getvalue()


def _thumbnails() -> dict[str, Callable[[], Task]]:
    from openimages_io.viewing import thumbnails  # noqa: PLC0415  (Django is set up by now)

    def of(make: Callable[[], bytes]) -> Callable[[], Task]:
        def prepared() -> Task:
            file = io.BytesIO(make())
            return lambda: thumbnails._shrink(file, 1024)  # noqa: SLF001  (no database is needed)

        return prepared

    return {
        "thumbnail of a PNG, 9,900 x 9,900": of(lambda: _png(9900, 9900, 8, 2, 24)),
        "thumbnail of a PNG, 9,900 x 9,900, RGBA of 16 bits": of(lambda: _png(9900, 9900, 16, 6, 64)),
        "thumbnail of a PNG, 6,000 x 4,000": of(lambda: _png(6000, 4000, 8, 2, 24)),
        "thumbnail of a progressive JPEG, 6,000 x 4,000": of(
            lambda: _saved("JPEG", (6000, 4000), progressive=True, subsampling=0)
        ),
        "thumbnail of a WebP, 4,000 x 3,000": of(lambda: _saved("WEBP", (4000, 3000))),
    }


def _documents() -> dict[str, Callable[[], Task]]:
    from openimages_io.annotations.errors import TooLarge  # noqa: PLC0415
    from openimages_io.api.parsers import StrictJSONParser  # noqa: PLC0415
    from openimages_io.format.hierarchy import parse  # noqa: PLC0415

    def hierarchy(head: bytes, inner: bytes, count: int) -> Callable[[], Task]:
        data = b'{"LabelName":"a","' + head + b'":[' + b",".join([inner] * count) + b"]}"
        return lambda: lambda: parse(data, "hierarchy.json", Limits(), lambda issue: None)

    def body(inner: bytes, count: int) -> Callable[[], Task]:
        data = b"[" + b",".join([inner] * count) + b"]"

        def read() -> object:
            try:
                return StrictJSONParser().parse(io.BytesIO(data))
            except TooLarge as error:
                raise ValueError(str(error)) from None

        return lambda: read

    return {
        "hierarchy, 60 MB of lists under an unknown key": hierarchy(b"more", b"[]", 20_000_000),
        "hierarchy, 240,000 lists under an unknown key": hierarchy(b"more", b"[]", 240_000),
        "hierarchy, 160,000 nodes of one class": hierarchy(b"Part", b'{"LabelName":"b"}', 160_000),
        "request, 5,000,000 lists": body(b"[]", 5_000_000),
        "request, 1,490,000 numbers": body(b"0.123456789", 1_490_000),
        "request, 490,000 objects": body(b'{"":1}', 490_000),
    }


def _masks() -> dict[str, Callable[[], Task]]:
    from openimages_io import geometry  # noqa: PLC0415
    from openimages_io.format.masks import check_png  # noqa: PLC0415

    deep, grey = (lambda: _png(8000, 8000, 16, 6, 64)), (lambda: _png(8000, 8000, 8, 0, 8))
    noise = np.random.default_rng(1).random((1500, 1500)) < 0.5

    def of(make: Callable[[], bytes]) -> Callable[[], Task]:
        def prepared() -> Task:
            data = make()
            return lambda: check_png(data, Limits())

        return prepared

    return {
        "mask, 8,000 x 8,000, RGBA of 16 bits": of(deep),
        "mask, 8,000 x 8,000, grey of 8 bits": of(grey),
        "outline of noise, 1,500 x 1,500": lambda: lambda: geometry.trace(noise, Limits().max_shape_points),
    }


if __name__ == "__main__":
    main()

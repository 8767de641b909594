"""`python -m benchmarks.growth`: how the time of an import grows where n things lie in one place of one image.

Each case is imported, then imported again as changed, into a SQLite file of its own, with n and 2n things. Printed is
the CPU time of the second import, and CPU(2n) / CPU(n): 2 is linear, 4 quadratic.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.variants import BOX_HEADER
from openimages_io.format.masks import encode

MASK_HEADER: Final = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"
BOXES: Final = "annotations/train-annotations-bbox.csv"
MASKS: Final = "annotations/train-annotations-object-segmentation.csv"
CLASSES: Final = "annotations/class-descriptions.csv"

SIDE: Final = 8
"""Pixels of a side of a mask: what its number looks like, so that no two are alike."""

Files = Mapping[str, str | bytes]


def boxes(number: int, shift: float = 0.0, images: int = 1) -> str:
    """So many boxes of one label, in turn on each of the images, a ten-thousandth apart."""
    rows = (
        f"i{n % images},xclick,/m/1,1,{0.0001 * (n % 3000) + shift:.6f},0.9,{0.0001 * (n // 3000) + shift:.6f},0.9\n"
        for n in range(number)
    )
    return BOX_HEADER + "".join(rows)


def masks(number: int, images: int = 1) -> str:
    """Masks that say the boxes, in turn on each of the images, without PNGs."""
    rows = (
        f"m{n}.png,i{n % images},/m/1,,{0.0001 * (n % 3000):.6f},0.9,{0.0001 * (n // 3000):.6f},0.9,,\n"
        for n in range(number)
    )
    return MASK_HEADER + "".join(rows)


def masks_in_one_spot(numbers: Sequence[int], box_id: str = "") -> Files:
    """Masks of one label and one box on one image with their PNGs, in the order of the numbers that they look like."""
    rows = (f"m{n}.png,i0,/m/1,{box_id},0.1,0.9,0.1,0.9,,\n" for n in numbers)
    return {MASKS: MASK_HEADER + "".join(rows), **{f"masks/train/m{n}.png": _png(n) for n in numbers}}


def _png(number: int) -> bytes:
    bits = np.unpackbits(np.array([number + 1], ">u8").view(np.uint8))
    return encode(bits.reshape(SIDE, SIDE).astype(bool))


CASES: Final[dict[str, tuple[int, Callable[[int], tuple[Files, Files]]]]] = {
    "boxes shifted by 1e-4": (100000, lambda n: ({BOXES: boxes(n)}, {BOXES: boxes(n, 1e-4)})),
    "boxes shifted by 5e-6": (80000, lambda n: ({BOXES: boxes(n)}, {BOXES: boxes(n, 5e-6)})),
    "boxes not grouped by image": (60000, lambda n: ({BOXES: boxes(n, 0, 400)}, {BOXES: boxes(n, 5e-6, 400)})),
    "masks and boxes": (30000, lambda n: ({BOXES: boxes(10)}, {BOXES: boxes(n), MASKS: masks(n)})),
    "masks not grouped by image": (20000, lambda n: ({MASKS: masks(n, 400)},) * 2),
    "masks in one spot": (4000, lambda n: (masks_in_one_spot(range(n)), masks_in_one_spot(range(n - 1, -1, -1)))),
    "masks in one spot that look different": (
        3000,
        lambda n: (masks_in_one_spot(range(n)), masks_in_one_spot(range(n, 2 * n))),
    ),
    "masks and boxes in one spot": (
        10000,
        lambda n: (
            {BOXES: boxes(10)},
            {BOXES: BOX_HEADER + "i0,xclick,/m/1,1,0.1,0.9,0.1,0.9\n" * n, **masks_in_one_spot(range(n))},
        ),
    ),
    "masks again": (5000, lambda n: ({BOXES: boxes(n), MASKS: masks(n)},) * 2),
    "labels renamed": (
        120000,
        lambda n: (
            {CLASSES: "".join(f"/m/{i},same\n" for i in range(n))},
            {CLASSES: "".join(f"/m/{i},name {i}\n" for i in range(n))},
        ),
    ),
}


def main() -> None:
    """Prints a line a case; with `--rows` its cells alone, with tabs between them; `--quick` has few things."""
    chosen = [word for word in sys.argv[1:] if not word.startswith("--")]
    for name, (full, make) in CASES.items():
        if chosen and not any(word in name for word in chosen):
            continue
        number = full // 20 if "--quick" in sys.argv else full
        small, large = (_measure(*make(size)) for size in (number, 2 * number))
        if "--rows" in sys.argv:
            sys.stdout.write(f"{name}\t{number:,}\t{small:.2f}\t{large / small:.2f}\n")
        else:
            factor = f"x {large / small:.2f}"
            sys.stdout.write(f"{name}: {number:,} in {small:.2f} s, {2 * number:,} in {large:.2f} s: {factor}\n")
        sys.stdout.flush()


def _measure(first: Files, second: Files) -> float:
    """The CPU time of the second import, in seconds, without the start of a program."""
    folder = Path(tempfile.mkdtemp())
    try:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
        for name, files in (("first", first), ("second", second)):
            for path, text in files.items():
                target = folder / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text if isinstance(text, bytes) else text.encode())
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.write(writing, str(_import_both(folder)).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            return float(answer.read())
    finally:
        shutil.rmtree(folder)


def _import_both(folder: Path) -> float:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from openimages_io.transfer.importer import Importer  # noqa: PLC0415
    from openimages_io.transfer.options import ImportOptions, Missing  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    options = ImportOptions(missing_images=Missing.CREATE, missing_labels=Missing.CREATE)
    Importer(folder / "first", "t", options).run()
    start = time.process_time()
    result = Importer(folder / "second", "t", options).run()
    assert result.committed, [str(issue) for issue in result.report.first_issues()]
    return time.process_time() - start


if __name__ == "__main__":
    main()

"""`python -m benchmarks.variants SOURCE DEST VARIANT`: a data set as it may come back, from a generated one.

`shuffled` has the rows of boxes in no order; `changed` says another IsOccluded of every hundredth box, and another
Confidence of every hundredth label.
"""

import random
import shutil
import sys
from pathlib import Path
from typing import Final

EVERY: Final = 100
BOX_HEADER: Final = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n"
"""Of data sets that are written by hand."""
_OTHER: Final = {"0": "1", "1": "0", "-1": "1"}


def main(source: Path, dest: Path, variant: str) -> None:
    """Writes the variant."""
    shutil.copytree(source, dest)
    folder = dest / "annotations"
    boxes, labels = folder / "validation-annotations-bbox.csv", folder / "validation-annotations-human-imagelabels.csv"
    if variant == "shuffled":
        header, *rows = boxes.read_text(encoding="utf-8").splitlines(keepends=True)
        random.Random(1).shuffle(rows)  # noqa: S311  (the same each time)
        boxes.write_text(header + "".join(rows), encoding="utf-8")
        return
    for path, column in ((boxes, "IsOccluded"), (labels, "Confidence")):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        place = header.split(",").index(column)
        for number in range(0, len(rows), EVERY):
            cells = rows[number].split(",")
            cells[place] = _OTHER[cells[place]]
            rows[number] = ",".join(cells)
        path.write_text("".join(f"{row}\n" for row in (header, *rows)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])

"""Run by the Python that has Datumaro: `datumaro_side.py FOLDER [DEST]` reads a data set, and writes it again.

Prints as JSON how many annotations of each type it read, the seconds of each step, and those of the processor that the
export took. Datumaro decodes a mask when
somebody looks at it: when it only reads, that is done here, and else its export does it.

Datumaro knows the sizes of images from images.meta, and reads boxes and masks by them. But it writes no box of an item
that has no picture, whatever images.meta says ("Can't encode box … due to missing image file"). The data sets have no
pictures, so between reading and writing each item is given one that exists by its size alone, which Datumaro never
opens; that is not counted as its time. Warnings, one for each image without a picture, are switched off.
"""

import importlib
import json
import logging
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

dataset: Any = importlib.import_module("datumaro.components.dataset")
media: Any = importlib.import_module("datumaro.components.media")
images: Any = importlib.import_module("datumaro.util.image")


def main(folder: str, dest: str | None = None) -> None:
    """Reads, and writes if there is a destination."""
    logging.disable(logging.WARNING)
    seconds, cpu = {}, {}
    start = time.perf_counter()
    found = dataset.Dataset.import_from(folder, "open_images")
    found.init_cache()
    if dest is None:
        for item in found:
            for annotation in item.annotations:
                if annotation.type.name == "mask":
                    _ = annotation.image
    seconds["import"] = time.perf_counter() - start
    read = Counter(annotation.type.name for item in found for annotation in item.annotations)
    if dest is not None:
        start = time.perf_counter()
        sizes = images.load_image_meta_file(str(Path(folder) / "annotations" / "images.meta"))
        for item in found:
            item.media = media.Image.from_file(path=f"{item.id}.jpg", size=sizes[item.id])
        seconds["sizes"] = time.perf_counter() - start
        start, busy = time.perf_counter(), time.process_time()
        found.export(dest, "open_images")
        seconds["export"], cpu["export"] = time.perf_counter() - start, time.process_time() - busy
    sys.stdout.write(json.dumps({"read": dict(read), "seconds": seconds, "cpu": cpu}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

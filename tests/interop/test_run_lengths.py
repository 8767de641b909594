"""Run lengths are those of pycocotools, character by character, in both directions."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np

from openimages_io.geometry import Mask, decode_rle, encode_rle
from tests.interop.conftest import VARIABLE

SCRIPT = """
import json, sys
import numpy
from pycocotools import mask
found = []
for size, counts in json.load(sys.stdin):
    pixels = mask.decode({"size": size, "counts": counts})
    found.append([pixels.ravel().tolist(), mask.encode(numpy.asfortranarray(pixels))["counts"].decode()])
print(json.dumps(found))
"""


def masks() -> list[Mask]:
    random = np.random.default_rng(7)
    shares = [0.0, 0.01, 0.3, 0.5, 0.99, 1.0]
    return [random.random(random.integers(1, 60, 2)) < share for share in shares for _ in range(50)]


def test_both_say_the_same() -> None:
    ours = masks()
    given = json.dumps([(mask.shape, encode_rle(mask)) for mask in ours])
    python = Path(os.environ[VARIABLE]).absolute()
    result = subprocess.run([python, "-c", SCRIPT], input=given, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    theirs = json.loads(result.stdout)
    for mask, (pixels, counts) in zip(ours, theirs, strict=True):
        height, width = mask.shape
        assert pixels == mask.ravel().tolist()
        assert counts == encode_rle(mask)
        assert np.array_equal(decode_rle(counts, width, height, mask.size), mask)

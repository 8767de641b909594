"""Polygons, ellipses, rotated boxes, the outlines of masks and their run lengths.

Coordinates are fractions of the image (x from the left, y from the top); masks are boolean arrays of shape
(height, width). Every shape is filled by one rule: a pixel belongs to it if the pixel's centre is inside.
"""

from openimages_io.geometry.outlines import MAX_CORNERS, trace
from openimages_io.geometry.pixels import Mask, fill_ellipse, fill_polygon, fill_rectangle, resize_nearest
from openimages_io.geometry.rings import Box, Ring, bounds, ellipse_bounds, turn
from openimages_io.geometry.rle import check_rle, decode_rle, encode_rle, rows_of_rle

__all__ = [
    "MAX_CORNERS",
    "Box",
    "Mask",
    "Ring",
    "bounds",
    "check_rle",
    "decode_rle",
    "ellipse_bounds",
    "encode_rle",
    "fill_ellipse",
    "fill_polygon",
    "fill_rectangle",
    "resize_nearest",
    "rows_of_rle",
    "trace",
    "turn",
]

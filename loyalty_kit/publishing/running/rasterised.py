"""The many marks of a figure as one picture within its drawing, so that the rest still follows light and dark."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from PIL import Image

from loyalty_kit.core.drawing.palette import DARK

COLORS = 256
MANY = 50
"""Bars, or points of a line, from which they are many."""

_EMBEDDED = re.compile(r'"data:image/png;base64,([^"]*)"')


@contextmanager
def many_marks_as_picture(figure: Figure) -> Iterator[None]:
    """Have what has many marks drawn as points of a picture for as long as this lasts, but for what is drawn in greys.

    The greys stand for others where the reader's screen is dark, which a picture cannot follow.
    """
    chosen = [artist for artist in _many(figure) if not artist.get_rasterized() and not _is_grey(artist)]
    for artist in chosen:
        artist.set_rasterized(True)
    try:
        yield
    finally:
        for artist in chosen:
            artist.set_rasterized(False)


def _many(figure: Figure) -> Iterator[Artist]:
    """Cells, clouds, images, words within the axes, long lines, and bars where there are many."""
    for axes in figure.axes:
        yield from (*axes.collections, *axes.images, *axes.texts)
        yield from (line for line in axes.lines if len(np.asarray(line.get_xydata())) > MANY)
        yield from axes.patches if len(axes.patches) > MANY else ()


def _is_grey(artist: Artist) -> bool:
    """Whether an artist has a colour that a dark screen shows as another; lines between cells do not count."""
    colours: list[Any] = []
    if isinstance(artist, Collection):
        colours = list(np.asarray(artist.get_facecolor()).reshape(-1, 4))
    elif isinstance(artist, Line2D | Text):
        colours = [artist.get_color()]
    elif isinstance(artist, Patch):
        colours = [artist.get_facecolor()]
    return any(to_hex(colour) in DARK for colour in colours)


def with_few_colours(svg: str) -> str:
    """Drawing whose pictures have at most 256 colours, which take a third of the room."""
    return _EMBEDDED.sub(lambda found: f'"data:image/png;base64,{_smaller(found[1])}"', svg)


def _smaller(encoded: str) -> str:
    packed = BytesIO()
    with Image.open(BytesIO(base64.b64decode("".join(encoded.split())))) as image:
        few = image.convert("RGBA").quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(packed, format="PNG", compress_level=9)
    return base64.b64encode(packed.getvalue()).decode()

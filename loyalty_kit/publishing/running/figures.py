"""How a figure leaves the kernel: a drawing where it has few marks, else a sharp, small PNG; with a text in its place.

An IPython extension, so that `kernel` loads it after the environment is set.
"""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from loyalty_kit.core.drawing.behind import explanation, values_of
from loyalty_kit.core.drawing.fonts import drawn_without_warnings, labels_undrawn, set_font
from loyalty_kit.core.drawing.narrow import narrow_form
from loyalty_kit.core.drawing.palette import PAPER, with_dark_form
from loyalty_kit.core.language import term
from loyalty_kit.core.results import of_frame
from loyalty_kit.core.tables import MIME
from loyalty_kit.publishing.running.glyphs import with_short_glyphs
from loyalty_kit.publishing.running.rasterised import many_marks_as_picture, with_few_colours

PNG, SVG = "image/png", "image/svg+xml"
CSS_DPI, POINTS = 96, 72
SHARPNESS = 2
COLORS = 256
PREVIEW_COLORS = 16
MOST_MARKS = 700
"""A drawing of so many takes about 55 kB; a dozen of them leave a page below 1 MB."""

_PREVIEWED: list[bool] = []
"""Whether this kernel gave the preview of its report, which is its first figure, for a mail."""

_ALTAIR = tuple(f"altair.vegalite.v{version}.api" for version in (4, 5, 6, 7))
_UNSEEN = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Show every figure of this shell inline, by `shown`, and draw it for that alone, not after each cell too."""
    shell.run_line_magic("matplotlib", "inline")
    plt.uninstall_repl_displayhook()
    set_font()
    if shell.display_formatter is not None:
        shell.display_formatter.formatters[PNG].pop(Figure, None)
        bundles = shell.display_formatter.mimebundle_formatter
        bundles.for_type(Figure, _bundle)
        bundles.for_type(pd.DataFrame, _frame_bundle)
        bundles.for_type_by_name("plotly.basewidget", "BaseFigureWidget", _widget_bundle)
        for module in _ALTAIR:
            bundles.for_type_by_name(module, "TopLevelMixin", _chart_bundle)


def _frame_bundle(frame: pd.DataFrame, **_: Any) -> dict[str, Any]:
    """Give the data behind a bare frame, for a workbook; none of one that the page does not show whole."""
    limits = (pd.get_option("display.max_rows"), pd.get_option("display.max_columns"))
    if any(limit and size > limit for size, limit in zip(frame.shape, limits, strict=True)):
        return {}
    plain = frame.index.names == [None] and isinstance(frame.index, pd.RangeIndex)
    return {MIME: of_frame(frame, index=not plain).to_dict()}


def _widget_bundle(figure: Any, **_: Any) -> dict[str, Any]:
    """Give the data of a figure of Plotly that would show itself as a widget."""
    return {"application/vnd.plotly.v1+json": json.loads(figure.to_json())}


def _chart_bundle(chart: Any, **_: Any) -> dict[str, Any]:
    """Give the data of a chart of Altair, which a report draws; by itself it gives a script."""
    return {"application/vnd.vegalite+json": chart.to_dict()}


def shown(figure: Figure) -> tuple[str, bytes, dict[str, Any]]:
    """Figure as a page shows it.

    Parameters
    ----------
    figure : Figure
        Left as it is.

    Returns
    -------
    str
        'image/svg+xml' or 'image/png'.
    bytes
        The image; the same for the same figure, byte for byte.
    dict
        The width and height that it is shown at, its alternative text ('alt'), 'narrow' where it has a form of
        its own for narrow screens, 'preview', a small PNG, of the kernel's first such figure, 'fontless' where it
        had to do without a label for want of a font, the 'values' that it shows and the 'method' behind them.
    """
    with drawn_without_warnings(figure), _laid_out(figure):
        kind, data, size = _drawn(figure)
    about: dict[str, Any] = {**size, "alt": alternative_text(figure), "method": list(explanation(figure))}
    about["values"] = [values.to_dict() for values in values_of(figure)]
    narrow = narrow_form(figure)
    if narrow is not None:
        about |= _narrowly(narrow, kind)
    if labels_undrawn():
        about["fontless"] = True
    return kind, data, about


def _drawn(figure: Figure, kind: str = "") -> tuple[str, bytes, dict[str, int]]:
    """Drawing of a figure, its many marks as a picture within it, or a PNG of what is too much for that or no kit's.

    Where the kind is given, in that one.
    """
    if kind != PNG and marks(figure) <= MOST_MARKS:
        return SVG, *svg(figure)
    if kind != PNG and to_hex(figure.get_facecolor()) == PAPER:
        with many_marks_as_picture(figure):
            if kind == SVG or marks(figure) <= 2 * MOST_MARKS:
                return SVG, *svg(figure)
    return (SVG, *svg(figure)) if kind == SVG else (PNG, *png(figure))


def _narrowly(narrow: Figure, kind: str) -> dict[str, Any]:
    """Narrow form of a figure in the kind that its wide one has, with a preview where it is the kernel's first."""
    with drawn_without_warnings(narrow), _laid_out(narrow):
        _, data, size = _drawn(narrow, kind)
        preview = None if _PREVIEWED else png(narrow, sharpness=1, colors=PREVIEW_COLORS)[0]
    text = data.decode() if kind == SVG else base64.b64encode(data).decode()
    about: dict[str, Any] = {"narrow": {**size, "data": text}}
    if preview is not None:
        _PREVIEWED.append(True)
        about["preview"] = base64.b64encode(preview).decode()
    return about


@contextmanager
def _laid_out(figure: Figure) -> Iterator[None]:
    """Work the layout out once; each drawing would do it twice."""
    engine = figure.get_layout_engine()
    if engine is not None and figure.axes:
        engine.execute(figure)
    figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)


def marks(figure: Figure) -> int:
    """Count what a drawing of the figure has to name: points, bars, cells and characters, those in a picture aside."""
    total = 0
    for artist in figure.findobj(lambda artist: not artist.get_rasterized()):
        if isinstance(artist, Line2D):
            total += len(np.asarray(artist.get_xydata()))
        elif isinstance(artist, Collection):
            total += len(np.asarray(artist.get_offsets()))
            total += sum(len(np.asarray(path.vertices)) for path in artist.get_paths())
        elif isinstance(artist, AxesImage):
            total += artist.get_size()[0] * artist.get_size()[1]
        elif isinstance(artist, Patch):
            total += len(np.asarray(artist.get_path().vertices))
        elif isinstance(artist, Text):
            total += len(artist.get_text())
    return total


def png(figure: Figure, *, sharpness: int = SHARPNESS, colors: int = COLORS) -> tuple[bytes, dict[str, int]]:
    """Figure as PNG, with the width and height that it is shown at."""
    drawn = BytesIO()
    options: dict[str, Any] = {"bbox_inches": _edge(figure), "pil_kwargs": {"compress_level": 1}}
    figure.savefig(drawn, format="png", dpi=CSS_DPI * sharpness, facecolor="white", **options)
    with Image.open(drawn) as image:
        width, height = (round(side / sharpness) for side in image.size)
        small = image.convert("RGB").quantize(colors, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    packed = BytesIO()
    small.save(packed, format="PNG", compress_level=9)
    return packed.getvalue(), {"width": width, "height": height}


def svg(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """Figure as SVG whose letters are paths, so that it looks alike everywhere, with its width and height."""
    drawn = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "loyalty_kit", "svg.fonttype": "path"}):
        unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        ground = to_hex(figure.get_facecolor())
        paper = ground if ground == PAPER else "white"
        options: dict[str, Any] = {"metadata": unsaid, "dpi": CSS_DPI * SHARPNESS}
        figure.savefig(drawn, format="svg", bbox_inches=_edge(figure), facecolor=paper, **options)
    text = with_few_colours(_UNSEEN.sub("", drawn.getvalue().decode()))
    found = re.search(r'<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    if found is None:
        raise ValueError("matplotlib wrote an SVG without a size.")
    width, height = (round(float(side) * CSS_DPI / POINTS) for side in found.groups())
    text = with_short_glyphs(_small(text))
    return (with_dark_form(text) if paper == PAPER else text).encode(), {"width": width, "height": height}


def _edge(figure: Figure) -> Bbox:
    """Edge of what is drawn, with a margin; worked out here, since `bbox_inches="tight"` draws the figure for it."""
    drawn: Bbox = figure.get_tightbbox().padded(matplotlib.rcParams["savefig.pad_inches"])
    return drawn


def _small(text: str) -> str:
    """SVG without the white space and the decimals that nobody sees."""
    text = re.sub(r"\b([1-9]\d*\.\d\d)\d+", r"\1", text)
    text = re.sub(r' d="[^"]*"', lambda path: " d" + re.sub(r"\s*([A-Za-z])\s*", r"\1", path[0][2:]), text)
    return re.sub(r">\s+<", "><", re.sub(r"\s+", " ", text)).replace("xlink:href", "href").strip()


def _bundle(figure: Figure, include: object = None, exclude: object = None) -> tuple[dict[str, str], dict[str, Any]]:
    """Figure in the form in which IPython takes what an object shows itself by."""
    kind, data, about = shown(figure)
    return {kind: data.decode() if kind == SVG else base64.b64encode(data).decode()}, {kind: about}


def alternative_text(figure: Figure) -> str:
    """Text that stands in for a figure: its label where it has one, else its titles and axis labels.

    Examples
    --------
    >>> figure = Figure()
    >>> axes = figure.subplots()
    >>> axes.set(title="Loyalty", xlabel="Score", ylabel="Customers")[0].get_text()
    'Loyalty'
    >>> alternative_text(figure)
    'Loyalty: Customers by Score'
    """
    label = str(figure.get_label()).strip()
    if label:
        return label
    parts = [figure.get_suptitle(), *(_axes_text(axes) for axes in figure.axes)]
    return term("page.list").join(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def _axes_text(axes: Axes) -> str:
    titles = [axes.get_title(where) for where in ("left", "center", "right")]
    title = " ".join(text for text in titles if text)
    across, up = axes.get_xlabel(), axes.get_ylabel()
    labels = term("page.axes", up=up, across=across) if up and across else up or across
    return term("page.titled", title=title, text=labels) if title and labels else title or labels

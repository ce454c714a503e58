"""How a figure leaves the kernel: a sharp, small PNG with its size and a text in its place.

An IPython extension, so that `kernel` loads it after the environment is set.
"""

from io import BytesIO
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

CSS_DPI = 96
SHARPNESS = 2
COLORS = 256


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Show every figure of this shell inline, by `png`."""
    shell.run_line_magic("matplotlib", "inline")
    if shell.display_formatter is not None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, png)


def png(figure: Figure) -> tuple[bytes, dict[str, Any]]:
    """Figure as PNG, with the width and height that it is shown at and its alternative text."""
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=CSS_DPI * SHARPNESS, bbox_inches="tight", facecolor="white")
    with Image.open(drawn) as image:
        width, height = (round(side / SHARPNESS) for side in image.size)
        small = image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    packed = BytesIO()
    small.save(packed, format="PNG", optimize=True)
    return packed.getvalue(), {"width": width, "height": height, "alt": alternative_text(figure)}


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
    return "; ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def _axes_text(axes: Axes) -> str:
    titles = [axes.get_title(where) for where in ("left", "center", "right")]
    title = " ".join(text for text in titles if text)
    labels = " by ".join(text for text in (axes.get_ylabel(), axes.get_xlabel()) if text)
    return ": ".join(text for text in (title, labels) if text)

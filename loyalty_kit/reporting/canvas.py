"""What every figure shares: a new canvas where none is given, colours and a font that has the labels' characters."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator

from loyalty_kit.core.drawing.fonts import CJK, cjk_font, note_undrawn
from loyalty_kit.core.drawing.palette import GRID as GRID
from loyalty_kit.core.drawing.palette import INK as INK
from loyalty_kit.core.drawing.palette import MUTED as MUTED
from loyalty_kit.core.drawing.palette import PAPER as PAPER
from loyalty_kit.core.language import language, number, term

BLUE, YELLOW, GREEN, ORANGE = sns.color_palette("colorblind").as_hex()[:4]

WIDE, NARROW = 7.6, 3.9
"""Inches: on a page of 60 rem, and on a screen of 400 pixels, where the smallest letters then have 11."""

WIDTH: ContextVar[float] = ContextVar("WIDTH", default=WIDE)
_SMALLEST = 9.0
_LONG_NAME, _LONG_LINE = 16, 42
_PIECES = re.compile(rf"\s*(?:{CJK.pattern}|(?:(?!{CJK.pattern})\S)+)")

STYLE: dict[str, Any] = {
    "axes.edgecolor": GRID,
    "axes.facecolor": PAPER,
    "axes.labelcolor": INK,
    "grid.color": GRID,
    "patch.edgecolor": PAPER,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "ytick.left": False,
}


def drawable(labels: Iterable[str], fallback: Iterable[object]) -> list[str]:
    """Labels as far as an installed font can draw them, else what stands in for each."""
    drawn = []
    for label, other in zip(labels, fallback, strict=True):
        lost = cjk_font() is None and CJK.search(label) is not None
        drawn.append(str(other) if lost else label)
        if lost:
            note_undrawn(label)
    return drawn


def drawn() -> str:
    """Language of the words in figures: the one spoken as far as an installed font can draw it, else English."""
    return language() if cjk_font() else "en"


def label(key: str, /, **values: object) -> str:
    """Word of the catalogue, by its whole key, in a language that can be drawn."""
    if drawn() != language():
        note_undrawn(key)
    return term(key, language=drawn(), **values)


@contextmanager
def canvas(ax: Axes | None, *, rows: float) -> Iterator[Axes]:
    """Axes to draw on: the given ones, or new ones as tall as their rows need; no global setting changes.

    The figure is made before the settings of its style hold: with its first figure pyplot loads a backend, and
    what that one sets, in Jupyter to show figures below their cells, would be taken back with the style.
    """
    fonts = [name for name in ("DejaVu Sans", cjk_font()) if name]
    # Nothing stands above an axis, so that no title needs a place that matplotlib looks for again and again.
    style: Any = {**sns.axes_style("whitegrid", STYLE), "font.family": fonts, "axes.titley": 1.0}
    if ax is None:
        size = (WIDTH.get(), 1.2 + 0.36 * max(rows, 2))
        figure = plt.figure(figsize=size, layout="constrained", facecolor=PAPER)
        with plt.rc_context(style):
            ax = figure.subplots()
    with plt.rc_context(style):
        ax.grid(visible=False, axis="y")
        yield ax


def named(names: Iterable[object], labels: Mapping[str, str]) -> list[str]:
    """Labels of columns, their names where they have none."""
    return [labels.get(str(name), str(name)) for name in names]


def numbered(count: int) -> list[str]:
    """Name what stands in for names of items that no installed font can draw."""
    return [label("figure.item", n=number) for number in range(1, count + 1)]


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Name rows from below, with room beside the outermost however few there are."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(-0.6, len(names) - 0.4)


def heat(ax: Axes, table: pd.DataFrame, *, limits: tuple[float, float], colours: str, digits: int = 2) -> None:
    """Draw a table as a map of colours with its numbers in the cells."""
    notes = table.map(lambda value: "" if pd.isna(value) else number(value, digits))
    options: dict[str, Any] = {"annot_kws": {"fontsize": 8.5}, "linewidths": 1, "linecolor": GRID, "cbar": False}
    sns.heatmap(table, annot=notes, fmt="", cmap=colours, vmin=limits[0], vmax=limits[1], ax=ax, **options)
    ax.grid(visible=False)
    mesh = ax.collections[0]
    mesh.update_scalarmappable()
    ground = np.asarray(mesh.get_facecolor()).reshape(*table.shape, 4)
    for text in ax.texts:
        column, row = (int(place) for place in text.get_position())
        if text.get_text():
            text.set_color(_readable_on(ground[row, column]))


def _readable_on(ground: Any) -> str:
    """Black or white, whichever stands out more; of any ground one of them has a contrast of 4.5."""
    linear = np.where(ground[:3] <= 0.04045, ground[:3] / 12.92, ((ground[:3] + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def drawn_narrowly(draw: Callable[[], Axes | None]) -> Figure:
    """Figure drawn again for a narrow screen: long names wrapped, fewer numbers on its axes, no small letters."""
    token = WIDTH.set(NARROW)
    try:
        figure: Any = cast(Axes, draw()).get_figure()
    finally:
        WIDTH.reset(token)
    for axes in figure.axes:
        _thin(axes)
    for text in figure.findobj(Text):
        text.set_fontsize(max(text.get_fontsize(), _SMALLEST))
    return cast(Figure, figure)


def wrapped(text: str, width: int) -> str:
    """Break a name into lines at its blanks, and after any Chinese character, which is as wide as two others."""
    lines, room = [""], width
    for piece in _PIECES.findall(text):
        wide = sum(2 if CJK.match(character) else 1 for character in piece)
        if wide > room and lines[-1].strip():
            lines.append("")
            room = width
        lines[-1] += piece if lines[-1] else piece.lstrip()
        room -= wide
    return "\n".join(line.rstrip() for line in lines)


def _thin(axes: Axes) -> None:
    """Wrap what is written beside an axis, and leave out every other number on one of numbers."""
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_locator(), MaxNLocator):
            axis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    if isinstance(axes.yaxis.get_major_locator(), FixedLocator):
        names = [wrapped(text.get_text(), _LONG_NAME) for text in axes.get_yticklabels()]
        axes.set_yticks(axes.get_yticks(), names)
    if isinstance(axes.xaxis.get_major_locator(), FixedLocator):
        axes.tick_params(axis="x", labelrotation=90)
    axes.set_ylabel(wrapped(axes.get_ylabel(), _LONG_LINE))
    axes.xaxis.label.set_wrap(True)
    for title in axes.get_children():
        if isinstance(title, Text) and title not in axes.texts:
            title.set_wrap(True)


def nothing(ax: Axes) -> Axes:
    """Say in the figure's place that there is nothing to draw."""
    ax.text(0.5, 0.5, label("figure.nothing"), ha="center", va="center", color=MUTED, transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])
    return ax

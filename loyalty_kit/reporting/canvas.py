"""What every figure shares: a new canvas where none is given, colours and a font that has the labels' characters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from loyalty_kit.core.fonts import CJK, cjk_font, note_undrawn
from loyalty_kit.core.language import language, number, term

INK, MUTED, GRID = "#1b1f24", "#6a737d", "#d8dee4"
BLUE, YELLOW, GREEN, ORANGE = sns.color_palette("colorblind").as_hex()[:4]

STYLE: dict[str, Any] = {
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "grid.color": GRID,
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
    style: Any = {**sns.axes_style("whitegrid", STYLE), "font.family": fonts}
    if ax is None:
        size = (7.6, 1.2 + 0.36 * max(rows, 2))
        figure = plt.figure(figsize=size, layout="constrained", facecolor="white")
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


def nothing(ax: Axes) -> Axes:
    """Say in the figure's place that there is nothing to draw."""
    ax.text(0.5, 0.5, label("figure.nothing"), ha="center", va="center", color=MUTED, transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])
    return ax

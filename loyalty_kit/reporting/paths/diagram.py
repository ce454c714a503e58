"""The path diagram: constructs one below the other, each path an arc as wide as it is strong."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from loyalty_kit.core.language import number, term
from loyalty_kit.paths.path_result import PathResult
from loyalty_kit.paths.path_verdict import PathVerdict
from loyalty_kit.reporting.canvas import (
    BLUE,
    INK,
    MUTED,
    NARROW,
    ORANGE,
    PAPER,
    WIDTH,
    canvas,
    drawable,
    label,
    named,
    wrapped,
)
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.verbs import draws

_ROWS, _ROWS_NARROW = 1.4, 1.75
"""Rows of other figures that one construct takes; more where names are wrapped."""
_HALF = 0.36
"""Half the height of a box, where constructs are 1 apart."""
_BESIDE = 0.43
"""Half the width of an interval, in inches."""
_STYLES = {"positive": (BLUE, "-"), "negative": (ORANGE, "-"), "unclear": (MUTED, "--"), "collinear": (MUTED, ":")}


@draws(PathVerdict, "paths")
def plot_paths(verdict: PathVerdict, *, ax: Axes | None = None) -> Axes:
    """Draw the paths; without verdicts where constructs cannot be told apart."""
    return _diagram(verdict.model, ax, told=verdict.reading != "not_distinct")


@draws(PathResult, "paths")
def plot_model(result: PathResult, *, ax: Axes | None = None) -> Axes:
    """Draw the paths of a model."""
    return _diagram(result, ax, told=True)


def _diagram(result: PathResult, ax: Axes | None, *, told: bool) -> Axes:
    """Draw constructs from above in the order in which they act; each path an arc beside them."""
    order, table = result.model.in_order, records(result.to_frame())
    names = [result.model.constructs[j] for j in order]
    place = {name: -row for row, name in enumerate(names)}
    spans = [place[row["source"]] - place[row["target"]] for row in table]
    width = WIDTH.get()
    box = 0.29 * width
    room, used = 0.97 * width - box - 2 * _BESIDE, sorted(set(spans))
    reach = {span: _BESIDE + room * rank / max(len(used) - 1, 1) for rank, span in enumerate(used)}
    with canvas(ax, rows=(_ROWS_NARROW if width <= NARROW else _ROWS) * len(names)) as ax:
        explained = {row["target"]: row["r2"] for row in table}
        for name, shown in zip(names, drawable(named(names, result.labels), names), strict=True):
            _box(ax, wrapped(shown, int(12 * box)), place[name], box, explained.get(name))
        for row, span in zip(table, spans, strict=True):
            _arc(ax, row, place, (box, reach[span]), told=told)
        ax.set_xlim(-0.04, 0.97 * width)
        ax.set_ylim(-len(names) + 0.5, 0.5)
        ax.set_axis_off()
        ax.set_title(
            label("figure.path_diagram" if told else "figure.path_diagram_untold"), loc="left", fontweight="bold"
        )
        if told:
            _legend(ax, [verdict for verdict in _STYLES if any(row["verdict"] == verdict for row in table)])
        return ax


def _box(ax: Axes, name: str, y: float, width: float, r_squared: float | None) -> None:
    shape = f"round,pad=0,rounding_size={0.08}"
    ax.add_patch(FancyBboxPatch((0, y - _HALF), width, 2 * _HALF, boxstyle=shape, fc=PAPER, ec=INK, lw=1.2, zorder=3))
    told = name if r_squared is None else f"{name}\n{label('figure.r_squared', r_squared=number(r_squared))}"
    ax.text(width / 2, y, told, ha="center", va="center", fontsize=9, color=INK, zorder=4)


def _arc(ax: Axes, row: dict[str, Any], place: dict[str, int], reach: tuple[float, float], *, told: bool) -> None:
    """Arc from one box to another, with its estimate and interval where it reaches furthest."""
    left, out = reach
    colour, style = _STYLES[row["verdict"]] if told else (MUTED, "-")
    start, end = place[row["source"]] - 0.12, place[row["target"]] + 0.12
    furthest = left + out * 4 / 3
    curve = Path([(left, start), (furthest, start), (furthest, end), (left, end)], [1, 4, 4, 4])
    wide = 0.9 + 6 * min(abs(row["estimate"]), 1)
    head = f"-|>,head_length={0.35 + 0.02 * wide},head_width={0.16 + 0.01 * wide}"
    arrow = FancyArrowPatch(
        path=curve, arrowstyle=head, mutation_scale=14, lw=wide, color=colour, ls=style, fill=False, zorder=1
    )
    arrow.set_capstyle("butt")
    ax.add_patch(arrow)
    interval = term("span", low=number(row["ci_low"]), high=number(row["ci_high"]))
    ax.text(
        left + out,
        (start + end) / 2,
        f"{number(row['estimate'])}\n{interval}",
        ha="center",
        va="center",
        fontsize=8,
        linespacing=1.0,
        color=INK,
        zorder=5,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.2, "alpha": 0.9},
    )


def _legend(ax: Axes, verdicts: list[str]) -> None:
    lines = [Line2D([], [], color=_STYLES[one][0], ls=_STYLES[one][1], lw=3) for one in verdicts]
    words = [label(f"figure.path_{one}") for one in verdicts]
    columns = 2 if WIDTH.get() <= NARROW else len(verdicts)
    ax.legend(lines, words, loc="upper left", bbox_to_anchor=(0, 0), ncols=columns, frameon=False, fontsize=8.5)

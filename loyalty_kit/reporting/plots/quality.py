"""Figures about scales, items and scores."""

import numpy as np
from matplotlib.axes import Axes

from loyalty_kit.language import level
from loyalty_kit.measurement.reliability import ReliabilityResult
from loyalty_kit.reporting.plots.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    canvas,
    drawable,
    drawn,
    label,
    name_rows,
    nothing,
)
from loyalty_kit.reporting.wording.quality import RELIABLE, WEAK_ITEM, verdict
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import ScaleScores

MARKS = {"trust": ("o", BLUE), "unsure": ("D", MUTED), "distrust": ("X", ORANGE), "unknown": ("", MUTED)}


def plot_reliability(result: ReliabilityResult, codebook: Codebook, *, ax: Axes | None = None) -> Axes:
    """Cronbach's alpha of each scale with its interval, against the least acceptable value.

    Parameters
    ----------
    result : ReliabilityResult
        What `reliability` gave.
    codebook : Codebook
        Labels of the scales.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = result.to_frame().iloc[::-1]
    with canvas(ax, rows=len(table)) as ax:
        for row, (low, high, estimate) in enumerate(table[["ci_low", "ci_high", "cronbach_alpha"]].to_numpy()):
            marker, colour = MARKS[verdict(low, high)]
            ax.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="round")
            ax.plot(estimate, row, marker=marker, color=colour, markersize=8)
        ax.axvline(RELIABLE, color=INK, linewidth=1, linestyle="--")
        ax.annotate(
            f"{RELIABLE:.2f}",
            (RELIABLE, 1),
            (3, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
        )
        name_rows(ax, drawable(map(codebook.label, table["scale"]), table["scale"]))
        ax.set_xlabel(label("figure.reliability_x", level=level(result.confidence, language=drawn())))
        ax.set_title(loc="left", fontweight="bold", label=label("figure.reliability"))
        lows = table["ci_low"].dropna()
        if lows.empty:
            return nothing(ax)
        ax.set(xlim=(min(lows.min() - 0.03, 0.3), 1), ylim=(-0.6, len(table) - 0.4))
        return ax


def plot_items(result: ReliabilityResult, codebook: Codebook, *, ax: Axes | None = None) -> Axes:
    """Item-rest correlation of each item, grouped by scale, against the least acceptable value.

    Parameters
    ----------
    result : ReliabilityResult
        What `reliability` gave.
    codebook : Codebook
        Labels of the scales.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    items = result.items.dropna(subset=["item_rest_r"]).iloc[::-1].reset_index(drop=True)
    scales = list(dict.fromkeys(items["scale"]))
    place = np.arange(len(items)) + 1.2 * items["scale"].map(scales.index).to_numpy(dtype=float)
    with canvas(ax, rows=0.62 * (place.max(initial=0) + 2)) as ax:
        ax.set_xlabel(label("figure.items_x", weak=f"{WEAK_ITEM:.2f}"))
        ax.set_title(loc="left", fontweight="bold", label=label("figure.items"))
        if items.empty:
            return nothing(ax)
        weak = (items["item_rest_r"] < WEAK_ITEM).to_numpy()
        for rows, marker, colour in ((~weak, "o", BLUE), (weak, "X", ORANGE)):
            ax.hlines(place[rows], 0, items.loc[rows, "item_rest_r"], color=colour, linewidth=1.5)
            ax.plot(items.loc[rows, "item_rest_r"], place[rows], marker, color=colour, markersize=7)
        ax.axvline(WEAK_ITEM, color=INK, linewidth=1, linestyle="--")
        ax.set_yticks(place, drawable(items["item"], [label("figure.item", n=n) for n in range(len(items), 0, -1)]))
        for scale, name in zip(scales, drawable(map(codebook.label, scales), scales), strict=True):
            ax.text(0, place[items["scale"] == scale].max() + 0.65, name, fontweight="bold", va="bottom", fontsize=9)
        ax.set(xlim=(min(0.0, items["item_rest_r"].min()) - 0.02, 1), ylim=(-0.8, place.max() + 2))
        ax.tick_params(axis="y", labelsize=8.5)
        return ax


def plot_scores(scores: ScaleScores, *, ax: Axes | None = None) -> Axes:
    """Distribution of each score: a row of bars, ten points wide each, and the mean.

    Parameters
    ----------
    scores : ScaleScores
        What `score` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    names = [name for name in reversed(list(scores.labels)) if scores.frame[name].notna().any()]
    means = scores.summary().set_index("scale")["mean"]
    edges = np.linspace(0, 100, 11)
    with canvas(ax, rows=2 * len(names)) as ax:
        for row, name in enumerate(names):
            known = scores.frame[name].notna()
            weight = scores.frame.loc[known, scores.weight] if scores.weight else None
            counts, _ = np.histogram(scores.frame.loc[known, name], bins=edges, weights=weight)
            ax.bar(edges[:-1], 0.8 * counts / counts.max(), width=9.4, bottom=row, align="edge", color=BLUE, alpha=0.75)
            ax.plot([means[name]] * 2, [row, row + 0.85], color=ORANGE, linewidth=2)
        ax.set_yticks(np.arange(len(names)) + 0.3, drawable((scores.labels[name] for name in names), names))
        ax.set(xlim=(0, 100), ylim=(-0.1, len(names)))
        ax.set_xlabel(label("figure.scores_x"))
        ax.set_title(loc="left", fontweight="bold", label=label("figure.scores"))
        return ax

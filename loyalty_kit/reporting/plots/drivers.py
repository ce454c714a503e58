"""Figures about loyalty drivers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from loyalty_kit.language import level
from loyalty_kit.modelling.driver_result import DriverResult
from loyalty_kit.modelling.importance import ImportanceResult
from loyalty_kit.modelling.priority import LOOK_CLOSER, PriorityResult
from loyalty_kit.modelling.robustness import RobustnessResult
from loyalty_kit.reporting.plots.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, heat, label, name_rows, named

ELLIPSE_SDS = 2.4477
"""Radius, in standard deviations, of an ellipse that holds 95 % of a bivariate normal."""


def plot_coefficients(model: DriverResult, *, ax: Axes | None = None) -> Axes:
    """Draw each driver's coefficient with its interval.

    Parameters
    ----------
    model : DriverResult
        What `drivers` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = model.to_frame().iloc[::-1].reset_index(drop=True)
    with canvas(ax, rows=len(table)) as ax:
        for row, (estimate, low, high) in enumerate(table[["estimate", "ci_low", "ci_high"]].to_numpy()):
            colour = MUTED if low <= 0 <= high else BLUE if estimate > 0 else ORANGE
            ax.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="round")
            ax.plot(estimate, row, "o", color=colour, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        name_rows(ax, drawable(named(table["driver"], model.labels), table["driver"]))
        outcome = drawable(named([model.outcome], model.labels), [model.outcome])[0]
        ax.set_xlabel(label("figure.coefficients_x", outcome=outcome, level=level(model.confidence)))
        ax.set_title(label("figure.coefficients"), loc="left", fontweight="bold")
        return ax


def plot_importance(result: ImportanceResult, *, ax: Axes | None = None) -> Axes:
    """Draw each driver's share of what is explained, with its interval.

    Parameters
    ----------
    result : ImportanceResult
        What `DriverResult.importance` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = result.table.iloc[::-1].reset_index(drop=True)
    with canvas(ax, rows=len(table)) as ax:
        ax.barh(range(len(table)), 100 * table["share"], color=BLUE, alpha=0.75, height=0.62)
        if result.bootstrap:
            ax.hlines(range(len(table)), 100 * table["ci_low"], 100 * table["ci_high"], color=INK, linewidth=1.5)
        name_rows(ax, drawable(named(table["driver"], result.labels), table["driver"]))
        ax.set_xlabel(label("figure.importance_x", level=level(result.confidence)))
        ax.set_title(label("figure.importance"), loc="left", fontweight="bold")
        return ax


def plot_ranks(result: ImportanceResult, *, ax: Axes | None = None) -> Axes:
    """Draw the probability that each driver has each rank.

    Parameters
    ----------
    result : ImportanceResult
        What `DriverResult.importance` gave, with a bootstrap.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = 100 * result.rank_probabilities.loc[result.table["driver"]]
    with canvas(ax, rows=1.1 * len(table)) as ax:
        heat(ax, table, limits=(0, 100), colours="Blues", digits=0)
        labels = drawable(named(table.index, result.labels), table.index)
        ax.set_yticks(np.arange(len(table)) + 0.5, labels, rotation=0)
        ax.set(xlabel=label("figure.ranks_x"), ylabel="")
        ax.set_title(label("figure.ranks"), loc="left", fontweight="bold")
        return ax


def plot_priorities(result: PriorityResult, *, ax: Axes | None = None) -> Axes:
    """Draw the map of importance and performance, an ellipse for how sure each place is.

    Parameters
    ----------
    result : PriorityResult
        What `priorities` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = result.table.merge(result.ellipses, on="driver")
    labels = drawable(named(table["driver"], result.labels), table["driver"])
    with canvas(ax, rows=11) as ax:
        for name, row in zip(labels, table.to_dict("records"), strict=True):
            colour = {"act first": ORANGE, LOOK_CLOSER: MUTED}.get(row["quadrant"], BLUE)
            note = label("figure.look_closer", driver=name) if row["quadrant"] == LOOK_CLOSER else name
            place = (row["performance"], 100 * row["share"])
            ax.add_patch(_ellipse(row, place, colour))
            ax.plot(*place, "o", color=colour, markersize=6, clip_on=False)
            ax.annotate(note, place, (7, 5), textcoords="offset points", fontsize=9)
        ax.axvline(result.performance_cut, color=INK, linewidth=1, linestyle="--")
        ax.axhline(100 * result.share_cut, color=INK, linewidth=1, linestyle="--")
        corner: dict[str, Any] = {"xycoords": "axes fraction", "fontsize": 9, "color": MUTED, "style": "italic"}
        for name, (x, y), ha, va in (
            ("act_first", (0.01, 0.99), "left", "top"),
            ("keep_up", (0.99, 0.99), "right", "top"),
            ("low_priority", (0.01, 0.01), "left", "bottom"),
            ("enough", (0.99, 0.01), "right", "bottom"),
        ):
            ax.annotate(label(f"quadrant.{name}"), (x, y), ha=ha, va=va, **corner)
        ax.autoscale_view()
        bottom, top = ax.get_ylim()
        ax.set_ylim(max(bottom, 0.0), min(top, 100.0))
        ax.set(xlabel=label("figure.priorities_x"), ylabel=label("figure.priorities_y"))
        ax.set_title(label("figure.priorities"), loc="left", fontweight="bold")
        return ax


def plot_robustness(result: RobustnessResult, *, ax: Axes | None = None) -> Axes:
    """Draw each driver's rank in every way to ask the question.

    Parameters
    ----------
    result : RobustnessResult
        What `DriverResult.robustness` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = result.settings.pivot(index="driver", columns="setting", values="rank")
    table = table.loc[table.mean(axis=1).sort_values(kind="stable").index]
    with canvas(ax, rows=1.1 * len(table)) as ax:
        heat(ax, table, limits=(1, len(table)), colours="Blues_r", digits=0)
        labels = drawable(named(table.index, result.labels), table.index)
        ax.set_yticks(np.arange(len(table)) + 0.5, labels, rotation=0)
        ax.set(xlabel=label("figure.robustness_x"), ylabel="")
        ax.set_title(label("figure.robustness"), loc="left", fontweight="bold")
        return ax


def _ellipse(row: Mapping[Any, Any], centre: tuple[float, float], colour: str) -> Ellipse:
    """Region that holds 95 % of the bootstrap samples, if these are normal."""
    sds = np.array([row["sd_performance"], 100 * row["sd_share"]])
    covariance = np.outer(sds, sds) * [[1, row["correlation"]], [row["correlation"], 1]]
    values, vectors = np.linalg.eigh(np.nan_to_num(covariance))
    width, height = 2 * ELLIPSE_SDS * np.sqrt(np.maximum(values[::-1], 0))
    angle = float(np.degrees(np.arctan2(*vectors[::-1, 1])))
    return Ellipse(centre, width, height, angle=angle, facecolor=colour, alpha=0.15, edgecolor=colour)

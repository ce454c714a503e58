"""Figures about a campaign test."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyalty_kit.campaigns.assignment import AssignmentResult
from loyalty_kit.campaigns.course import CourseResult
from loyalty_kit.campaigns.decisions import gain_density
from loyalty_kit.campaigns.effects import ALL, EffectsResult
from loyalty_kit.campaigns.following import NextTestResult
from loyalty_kit.campaigns.metrics import Metric
from loyalty_kit.language import level
from loyalty_kit.reporting.plots.canvas import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    YELLOW,
    canvas,
    drawable,
    drawn,
    label,
    name_rows,
)
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.wording.campaigns import THOUSAND, plain_name, primary, shown_cells

ARMS = (BLUE, ORANGE, GREEN, YELLOW)
BALANCED = 0.1
"""Standardized difference from which a covariate is out of balance (Austin 2009)."""
DESIGNS = {"again": "as_this", "equal arms": "equal_arms"}


def plot_assignment(assignment: AssignmentResult, *, ax: Axes | None = None) -> Axes:
    """Draw the share of customers in each arm against the planned one.

    Parameters
    ----------
    assignment : AssignmentResult
        What `Campaign.check` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = assignment.counts.iloc[::-1].reset_index(drop=True)
    rows = np.arange(len(table))
    with canvas(ax, rows=len(table)) as ax:
        ax.barh(rows, 100 * table["share"], color=BLUE, alpha=0.75, height=0.55)
        ax.vlines(100 * table["planned"], rows - 0.4, rows + 0.4, color=INK, linewidth=2)
        name_rows(ax, _arms(table["arm"]))
        ax.set_xlabel(label("figure.assignment_x"))
        ax.set_title(label("figure.assignment"), loc="left", fontweight="bold")
        return ax


def plot_balance(assignment: AssignmentResult, *, ax: Axes | None = None) -> Axes:
    """Draw how far each arm stood from control before the campaign.

    Parameters
    ----------
    assignment : AssignmentResult
        What `Campaign.check` gave, of a campaign with covariates.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = assignment.balance.iloc[::-1].reset_index(drop=True)
    with canvas(ax, rows=len(table)) as ax:
        ax.axvspan(-BALANCED, BALANCED, color=MUTED, alpha=0.15, linewidth=0)
        ax.plot(table["standardized_difference"], np.arange(len(table)), "o", color=BLUE, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        widest = float(table["standardized_difference"].abs().max())
        ax.set_xlim(-max(0.15, 1.1 * widest), max(0.15, 1.1 * widest))
        names = [label("figure.balance_row", **row) for row in records(table[["covariate", "arm"]])]
        name_rows(ax, drawable(names, table["arm"]))
        ax.set_xlabel(label("figure.balance_x"))
        ax.set_title(label("figure.balance"), loc="left", fontweight="bold")
        return ax


def plot_effects(effects: EffectsResult, metric: Metric, *, ax: Axes | None = None) -> Axes:
    """Draw each arm's difference from control with its interval.

    Parameters
    ----------
    effects : EffectsResult
        What `Campaign.evaluate` gave.
    metric : Rate, Mean, Ratio, Profit or Quantile
        Which of its metrics to draw.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = primary(effects, metric.name)
    table = table[table["by"] == ALL]
    return _forest(table, [str(arm) for arm in table["arm"]], metric, effects, "effects", ax)


def plot_segments(effects: EffectsResult, metric: Metric, *, min_cell: int, ax: Axes | None = None) -> Axes:
    """Draw each arm's difference from control in every segment that may be shown.

    Parameters
    ----------
    effects : EffectsResult
        What `Campaign.evaluate` gave, with by-columns.
    metric : Rate, Mean, Ratio, Profit or Quantile
        Which of its metrics to draw.
    min_cell : int
        Fewest customers in an arm of a segment that is shown.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = shown_cells(effects, min_cell=min_cell, metric=metric.name)
    table = table.sort_values("arm", kind="stable", key=lambda arms: arms.map(list(dict.fromkeys(arms)).index))
    names = [label("figure.segment", **row) for row in records(table[["arm", "by", "level"]])]
    return _forest(table, names, metric, effects, "segments", ax)


def plot_profit(effects: EffectsResult, metric: Metric, *, ax: Axes | None = None) -> Axes:
    """Draw what each arm gains per 1,000 customers, each value as probable as the data make it.

    Parameters
    ----------
    effects : EffectsResult
        What `Campaign.evaluate` gave.
    metric : Profit
        What is gained.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = primary(effects, metric.name)
    table = table[(table["by"] == ALL) & (table["standard_error"] > 0)]
    gains = THOUSAND * table[["difference", "standard_error"]].to_numpy(dtype=float)
    low, high = (gains[:, 0] - 4 * gains[:, 1]).min(initial=0.0), (gains[:, 0] + 4 * gains[:, 1]).max(initial=0.0)
    grid = np.linspace(low, high, 400)
    densities = gain_density(effects, metric=metric.name, grid=grid / THOUSAND)
    with canvas(ax, rows=6) as ax:
        for i, name, arm in zip(_places(table["arm"]), _arms(table["arm"]), table["arm"], strict=True):
            density = densities[arm]
            colour = ARMS[i]
            ax.plot(grid, density, color=colour, linewidth=2, linestyle=("-", "--", "-.", ":")[i], label=name)
            ax.fill_between(grid, density, where=grid >= 0, color=colour, alpha=0.25, linewidth=0)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        ax.xaxis.set_major_formatter(_thousands)
        ax.set_yticks([])
        ax.set_ylim(bottom=0)
        if len(table):
            ax.legend(frameon=False)
        ax.set_xlabel(label("figure.profit_x"))
        ax.set_title(label("figure.profit"), loc="left", fontweight="bold")
        return ax


def plot_course(course: CourseResult, metric: Metric, *, ax: Axes | None = None) -> Axes:
    """Draw the effect on the customers so far, with a band that holds at every look.

    Parameters
    ----------
    course : CourseResult
        What `Campaign.course` gave.
    metric : Rate, Mean, Ratio or Profit
        Which of its metrics to draw.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = course.table[course.table["metric"] == metric.name]
    factor, unit = _unit(metric)
    with canvas(ax, rows=7) as ax:
        arms = list(dict.fromkeys(table["arm"]))
        for i, name, arm in zip(_places(arms), _arms(arms), arms, strict=True):
            rows = table[table["arm"] == arm]
            periods = rows["period"].astype(str)
            style: dict[str, Any] = {"color": ARMS[i], "marker": "os^D"[i], "label": name}
            ax.plot(periods, factor * rows["difference"], linewidth=2, **style)
            ax.fill_between(periods, factor * rows["ci_low"], factor * rows["ci_high"], color=ARMS[i], alpha=0.15)
        ax.axhline(0, color=INK, linewidth=1, linestyle="--")
        ax.yaxis.set_major_formatter(_thousands)
        ax.legend(frameon=False)
        ax.set_xlabel(label("figure.course_x"))
        ax.set_ylabel(unit)
        ax.set_title(label("figure.course", metric=_metric(metric)), loc="left", fontweight="bold")
        return ax


def plot_power(plan: NextTestResult, *, ax: Axes | None = None) -> Axes:
    """Draw the smallest change that a test of each size finds.

    Parameters
    ----------
    plan : NextTestResult
        What `plan_next` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    with canvas(ax, rows=7) as ax:
        for (design, rows), colour, line in zip(plan.curve.groupby("design", sort=False), ARMS, "-:", strict=False):
            known = rows.dropna()
            name = label(f"figure.{DESIGNS[str(design)]}")
            ax.plot(known["n"], THOUSAND * known["mde"], line, color=colour, linewidth=2.5, label=name)
        here = plan.table[plan.table["design"] == "again"]
        ax.plot(here["n"], THOUSAND * here["mde"], "o", color=INK, markersize=8, label=label("figure.this_test"))
        ax.set_xscale("log")
        sizes = plan.n_used * np.array([0.25, 0.5, 1, 2, 4])
        ax.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
        ax.minorticks_off()
        ax.yaxis.set_major_formatter(_thousands)
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False)
        ax.set_xlabel(label("figure.power_x"))
        ax.set_ylabel(label("figure.power_y"))
        ax.set_title(label("figure.power", power=level(plan.power)), loc="left", fontweight="bold")
        return ax


def _forest(
    table: pd.DataFrame,
    names: list[str],
    metric: Metric,
    effects: EffectsResult,
    title: Literal["effects", "segments"],
    ax: Axes | None,
) -> Axes:
    """Differences with intervals, the first row on top; grey where the interval holds zero."""
    factor, unit = _unit(metric)
    values = factor * table[["difference", "ci_low", "ci_high"]].to_numpy(dtype=float)[::-1]
    with canvas(ax, rows=len(table)) as ax:
        for row, (difference, low, high) in enumerate(values):
            colour = BLUE if low > 0 else ORANGE if high < 0 else MUTED
            ax.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="round")
            ax.plot(difference, row, "o", color=colour, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        name_rows(ax, drawable(names, table["arm"])[::-1])
        if factor == THOUSAND:
            ax.xaxis.set_major_formatter(_thousands)
        ax.set_xlabel(label("figure.interval_x", unit=unit, level=level(effects.confidence)))
        ax.set_title(
            label(f"figure.{title}", metric=_metric(metric), control=effects.control), loc="left", fontweight="bold"
        )
        return ax


def _unit(metric: Metric) -> tuple[float, str]:
    return (100.0, label("figure.points")) if metric.kind == "rate" else (float(THOUSAND), label("figure.money"))


def _metric(metric: Metric) -> str:
    return plain_name(metric.name, language=drawn())


def _thousands(value: float, _place: object = None) -> str:
    return f"{value:,.10g}".replace("-", "−")


def _places(arms: Any) -> list[int]:
    """Place of each arm among the colours, the same in every figure."""
    return [sorted(map(str, arms)).index(str(arm)) % len(ARMS) for arm in arms]


def _arms(arms: Any) -> list[str]:
    return drawable([str(arm) for arm in arms], [f"arm {i}" for i in range(1, len(arms) + 1)])

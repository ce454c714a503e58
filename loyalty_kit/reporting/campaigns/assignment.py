"""Who took part in a campaign test, and whether the test was sound."""

from typing import Any

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.gaps import covariate_name
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.trust.assignment import AssignmentResult
from loyalty_kit.core.language import in_a_row, term, translate
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.canvas import (
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
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

COLOURS = (BLUE, ORANGE, GREEN, YELLOW)
BALANCED = 0.1
"""Standardized difference from which a covariate is out of balance (Austin 2009)."""


@describes(Campaign, "customers")
def describe_customers(campaign: Campaign) -> Passage:
    """Say how many customers each arm holds."""
    sizes = campaign.sizes.items()
    if campaign.cluster is not None:
        return Passage([_units_drawn(campaign)])
    arms = [
        say(f"campaign.arm{'_control' if arm == campaign.control else ''}", arm=arm, n=f"{n:,}") for arm, n in sizes
    ]
    return Passage([say("campaign.customers", n=f"{campaign.n:,}", arms=in_a_row(arms))])


@describes(Campaign, "simulated")
def describe_simulated(campaign: Campaign) -> Passage:
    """Warn of customers who are simulated; nothing where they are real."""
    return Passage([Sentence(say("campaign.simulated"), "warning")] if campaign.simulated else [])


def _units_drawn(campaign: Campaign) -> Sentence:
    """Say how many stores or households were drawn by lot into each arm."""
    counts = campaign.unit_sizes
    arms = [
        say("campaign.units_arm", arm=arm, n=f"{n:,}", count=f"{counts[arm]:,}") for arm, n in campaign.sizes.items()
    ]
    name = translate(units(campaign.cluster))
    return say("campaign.units", count=f"{sum(counts.values()):,}", units=name, arms=in_a_row(arms))


@describes(AssignmentResult, "checks")
def describe_checks(assignment: AssignmentResult) -> Passage:
    """Say which checks passed, and of the others what they found."""
    table = assignment.table
    passed = int((table["outcome"] == "passed").sum())
    first = say("sound.all" if passed == len(table) else "sound.some", passed=passed, count=len(table))
    warned = [
        say("sound.warned", check=translate(row["check"]), message=translate(row["message"]))
        for row in records(table[table["outcome"] == "warned"])
    ]
    return Passage([*(Sentence(translate(text), "warning") for text in assignment.warnings), first, *warned])


@tabulates(AssignmentResult, "checks")
def checks_table(assignment: AssignmentResult) -> GT:
    """Lay out every check of the assignment."""
    table = assignment.table
    shown = table.assign(
        check=table["check"].map(translate),
        outcome=[term(f"verdict.{outcome}") for outcome in table["outcome"]],
        message=table["message"].map(translate),
    )
    labels = headings({"check": "check", "outcome": "outcome", "message": "message"})
    return lay_out(shown, name="assignment", title=term("title.assignment"), labels=labels)


@draws(AssignmentResult, "shares")
def plot_shares(assignment: AssignmentResult, *, ax: Axes | None = None) -> Axes:
    """Draw the share of customers in each arm against the planned one."""
    table = assignment.counts.iloc[::-1].reset_index(drop=True)
    rows = np.arange(len(table))
    with canvas(ax, rows=len(table)) as ax:
        ax.barh(rows, 100 * table["share"], color=BLUE, alpha=0.75, height=0.55)
        line: dict[str, Any] = {"color": INK, "linewidth": 2, "label": label("figure.planned")}
        ax.vlines(100 * table["planned"], rows - 0.4, rows + 0.4, **line)
        name_rows(ax, arm_names(table["arm"]))
        ax.set_xlabel(label("figure.assignment_x", units=translate(assignment.unit, language=drawn())))
        ax.set_title(
            label("figure.assignment", units=translate(assignment.unit, language=drawn())),
            loc="left",
            fontweight="bold",
        )
        return ax


@draws(AssignmentResult, "balance")
def plot_balance(assignment: AssignmentResult, *, ax: Axes | None = None) -> Axes | None:
    """Draw how far each arm stood from control before the campaign; nothing without covariates."""
    table = assignment.balance.iloc[::-1].reset_index(drop=True)
    if table.empty:
        return None
    with canvas(ax, rows=len(table)) as ax:
        ax.axvspan(-BALANCED, BALANCED, color=MUTED, alpha=0.15, linewidth=0)
        ax.plot(table["standardized_difference"], np.arange(len(table)), "o", color=BLUE, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        widest = float(table["standardized_difference"].abs().max())
        ax.set_xlim(-max(0.15, 1.1 * widest), max(0.15, 1.1 * widest))
        named = table["covariate"].map(lambda name: translate(covariate_name(name), language=drawn()))
        rows = records(table[["arm"]].assign(covariate=named))
        names = [label("figure.balance_row", **row) for row in rows]
        name_rows(ax, drawable(names, table["arm"]))
        ax.set_xlabel(label("figure.balance_x"))
        ax.set_title(label("figure.balance"), loc="left", fontweight="bold")
        return ax


def thousands(value: float, _place: object = None) -> str:
    """Write a number on an axis."""
    return f"{value:,.10g}".replace("-", "−")


def colour_places(arms: Any) -> list[int]:
    """Place of each arm among the colours, the same in every figure."""
    return [sorted(map(str, arms)).index(str(arm)) % len(COLOURS) for arm in arms]


def arm_names(arms: Any) -> list[str]:
    """Names of arms as far as they can be drawn."""
    return drawable([str(called(arm)) for arm in arms], [f"arm {i}" for i in range(1, len(arms) + 1)])

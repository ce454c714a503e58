"""Guardrails of a campaign: which arm kept which, in a sentence each, a table and a figure."""

from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.campaigns.design.guardrails import GuardrailResult
from loyalty_kit.core.language import level, percent, term
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.campaigns.amounts import THOUSAND, plain_name
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, label, name_rows
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

NUMBERS = ("difference", "ci_low", "ci_high", "margin")
COLOURS = {"kept": BLUE, "broken": ORANGE, "not settled": MUTED}


@describes(type(None), "guardrails")
def describe_no_guardrails(_: None) -> Passage:
    """Say that no guardrail was named."""
    return Passage([say("guardrails.none")])


@describes(GuardrailResult, "guardrails")
def describe_guardrails(guardrails: GuardrailResult) -> Passage:
    """Say of each guardrail and arm whether it was kept."""
    sentences = []
    for row in records(guardrails.table):
        ends = {name: _written(row[column], row) for name, column in (("low", "ci_low"), ("high", "ci_high"))}
        span = term("interval", level=level(_shown_level(guardrails)), n=f"{row['n']:,}", **ends)
        if not row["ci_low"] <= row["ci_high"]:
            span = term("interval_none", n=f"{row['n']:,}")
        names = {"metric": plain_name(row["metric"]), "arm": row["arm"], "unit": _unit(row)}
        values = {"difference": _written(row["difference"], row), "margin": _margin(row)}
        text = say(f"guardrails.{row['verdict'].replace(' ', '_')}", span=span, **names, **values)
        sentences.append(Sentence(text, "warning") if row["verdict"] == "broken" else text)
    return Passage(sentences)


@tabulates(type(None), "guardrails")
def no_guardrails_table(_: None) -> None:
    """Lay out nothing where no guardrail was named."""
    return


@tabulates(GuardrailResult, "guardrails")
def guardrails_table(guardrails: GuardrailResult) -> GT:
    """Each guardrail and arm with its margin and verdict."""
    rows = records(guardrails.table)
    factors = np.array([_factor(row) for row in rows])
    shown = guardrails.table.assign(
        group=[f"{plain_name(row['metric'])} ({_unit(row)})" for row in rows],
        verdict=[term(f"verdict.guardrail_{row['verdict'].replace(' ', '_')}") for row in rows],
        change=[_written(row["difference"], row) for row in rows],
        interval=[term("span", low=_written(row["ci_low"], row), high=_written(row["ci_high"], row)) for row in rows],
        limit=[_margin(row) for row in rows],
        **{f"raw_{name}": factors * guardrails.table[name].astype(float) for name in NUMBERS},
    )
    columns = {"arm": "arm", "verdict": "verdict", "change": "difference", "interval": "interval", "limit": "margin"}
    return lay_out(
        shown,
        name="guardrails",
        title=term("title.guardrails"),
        labels=headings(columns, level=level(_shown_level(guardrails))),
        group="group",
        note=term("note.guardrails", error=percent(1 - guardrails.confidence)),
        behind=Behind(
            {"change": "raw_difference", "interval": ("raw_ci_low", "raw_ci_high"), "limit": "raw_margin"},
            group=term("column.metric"),
        ),
    ).cols_align("right", ["change", "interval", "limit"])


@draws(type(None), "guardrails")
def plot_no_guardrails(_: None, *, ax: Axes | None = None) -> None:
    """Draw nothing where no guardrail was named."""
    return


@draws(GuardrailResult, "guardrails")
def plot_guardrails(guardrails: GuardrailResult, *, ax: Axes | None = None) -> Axes:
    """Draw harm in multiples of each margin: left of the line at 1 a guardrail is kept."""
    table = guardrails.table.iloc[::-1]
    with canvas(ax, rows=len(table)) as ax:
        for place, row in enumerate(records(table)):
            way = 1.0 if row["better"] == "lower" else -1.0
            low, high, here = (way * row[name] / row["margin"] for name in ("ci_low", "ci_high", "difference"))
            ax.plot([low, high], [place, place], color=COLOURS[row["verdict"]], linewidth=2.5)
            ax.plot(here, place, "o", color=COLOURS[row["verdict"]], markersize=8)
        ax.axvline(1, color=INK, linewidth=2)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        names = [label("figure.balance_row", covariate=m, arm=a) for m, a in table[["metric", "arm"]].to_numpy()]
        name_rows(ax, drawable(names, table["arm"]))
        ax.set_xlabel(label("figure.guardrails_x", level=level(_shown_level(guardrails))))
        ax.set_title(label("figure.guardrails"), loc="left", fontweight="bold")
        return ax


def _shown_level(guardrails: GuardrailResult) -> float:
    """Level of the interval that a one-sided verdict is read from."""
    return 1 - 2 * (1 - guardrails.confidence)


def _factor(row: dict[str, Any]) -> float:
    return 100.0 if row["relative"] or row["kind"] == "rate" else float(THOUSAND)


def _unit(row: dict[str, Any]) -> str:
    points = "unit.percentage_points" if row["kind"] == "rate" else "unit.money"
    return term("unit.relative" if row["relative"] else points)


def _written(value: float, row: dict[str, Any]) -> str:
    """Write a change in the unit of its guardrail, with digits enough to be told from its margin."""
    if pd.isna(value):
        return "–"
    scaled = _factor(row) * value
    digits = 2 if _factor(row) * row["margin"] < 1 else 1 if _factor(row) * row["margin"] < 100 else 0
    return f"{scaled:,.{digits}f}".replace("-", "−") if round(scaled, digits) else "0"


def _margin(row: dict[str, Any]) -> str:
    """Write the margin with the sign of the harm."""
    sign = "" if row["better"] == "lower" else "−"
    return f"{sign}{_written(row['margin'], row)}"

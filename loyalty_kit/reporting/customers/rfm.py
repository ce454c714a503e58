"""Segments by recency, frequency and amount, and the moves between them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.language import interval, level, percent, term, translate
from loyalty_kit.core.privacy import small_cells
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.concentration import ConcentrationResult
from loyalty_kit.customers.rfm.rfm import MovesResult, RfmResult
from loyalty_kit.customers.segments.structure import StructureResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, GREEN, INK, MUTED, ORANGE, canvas, label, name_rows
from loyalty_kit.reporting.customers.log import top_of
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates


@describes(RfmResult, "answer")
def describe_answer(result: RfmResult, *, moves: MovesResult | TooLittleError | None = None) -> Passage:
    """Say what the best customers bring, who is at risk, and who is leaving; with what to do."""
    simulated = [Sentence(say("campaign.simulated"), "warning")] if result.simulated else []
    last = []
    if isinstance(moves, MovesResult):
        leaving = [row for row in records(_shown(moves)) if row["from"] == "champions" and row["verdict"] == "more"]
        leaving = [row for row in leaving if row["to"] != "champions"]
        last = [_move(row) for row in leaving[:1]] or [say("moves.champions_stay")]
    answer = (Sentence(text, "answer") for text in [*_segments_first(result), *last])
    return Passage([*simulated, *answer])


@describes(RfmResult, "reasons")
def describe_reasons(
    result: RfmResult,
    *,
    revenue: ConcentrationResult | TooLittleError | None = None,
    structure: StructureResult | TooLittleError | None = None,
) -> Passage:
    """Say how many customers there are, who carries the revenue, and whether segments are real."""
    sentences = [say("rfm.customers", n=f"{result.n_used:,}", day=result.at.isoformat())]
    if isinstance(revenue, ConcentrationResult):
        sentences.append(top_of(revenue))
    if isinstance(structure, StructureResult):
        sentences.append(say(f"structure.short_{structure.verdict}"))
    return Passage(sentences)


def _segments_first(result: RfmResult) -> list[Sentence]:
    """Say what the champions bring and who is at risk, and what to do with each."""
    rows = {row["segment"]: row for row in records(result.table)}
    sentences = [
        say(f"rfm.few_{name}", least=FEWEST)
        if rows[name]["customers"] < FEWEST
        else _segment(f"rfm.{name}", rows[name], result)
        for name in ("champions", "at_risk")
        if name in rows
    ]
    if "at_risk" not in rows:
        sentences.append(say("rfm.nobody_at_risk"))
    return [Sentence(text) for text in sentences]


@describes(RfmResult, "segments")
def describe_segments(result: RfmResult) -> Passage:
    """Say how many customers stand in segments, and what ties do to their scores."""
    first = say("rfm.all", n=f"{result.n_used:,}", day=result.at.isoformat())
    return Passage([first, *map(Sentence, map(translate, result.warnings))])


@tabulates(RfmResult, "segments")
def segments_table(result: RfmResult) -> GT:
    """Lay out each segment: customers, revenue, when they bought last, how often and for how much."""
    shown = result.table[result.table["customers"] >= FEWEST]
    shown = shown.assign(
        name=[term(f"segment.{name}") for name in shown["segment"]],
        interval=span(100 * shown["ci_low"], 100 * shown["ci_high"], 0),
    )
    columns = {
        "name": "segment",
        "customers": "customers",
        "share": "customer_share",
        "revenue_share": "revenue_share",
        "interval": "interval",
        "recency": "recency",
        "frequency": "frequency",
        "monetary": "monetary",
    }
    return lay_out(
        shown,
        name="rfm",
        title=term("title.rfm"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers", "recency", "monetary"], 1: ["frequency"]},
        percent=["share", "revenue_share"],
        note=term("note.rfm", day=result.at.isoformat()),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@tabulates(RfmResult, "todo")
def todo_table(result: RfmResult) -> GT:
    """Lay out what to do with each segment, those with the most revenue first."""
    shown = result.table[result.table["customers"] >= FEWEST].sort_values("revenue_share", ascending=False)
    shown = shown.assign(
        name=[term(f"segment.{name}") for name in shown["segment"]],
        advice=[term(f"advice.{name}") for name in shown["segment"]],
    )
    columns = {"name": "segment", "customers": "customers", "revenue_share": "revenue_share", "advice": "todo"}
    return lay_out(
        shown,
        name="todo",
        title=term("title.todo"),
        labels=headings(columns),
        decimals={0: ["customers"]},
        percent=["revenue_share"],
        note=term("note.todo"),
    )


@tabulates(RfmResult, "borders")
def borders_table(result: RfmResult) -> GT:
    """Lay out where the scores begin and end."""
    table = result.borders
    few = table.groupby("measure")["customers"].transform(small_cells, min_cell=FEWEST)
    shown = table.assign(
        customers=table["customers"].mask(few, np.nan),
        group=[term(f"measure.{name}") for name in table["measure"]],
        between=[_between(row) for row in records(table)],
    )
    labels = headings({"score": "score", "between": "values", "customers": "customers"})
    return lay_out(
        shown,
        name="borders",
        title=term("title.borders"),
        labels=labels,
        group="group",
        decimals={0: ["customers"]},
        note=term("note.borders", least=FEWEST) if few.any() else None,
    )


@draws(RfmResult, "segments")
def plot_segments(
    result: RfmResult, *, moves: MovesResult | TooLittleError | None = None, ax: Axes | None = None
) -> Axes:
    """Draw each segment's share of customers and of revenue; with moves also where its revenue came from."""
    if isinstance(moves, MovesResult):
        return _plot_origins(result, moves, ax)
    table = result.table[result.table["customers"] >= FEWEST].iloc[::-1].reset_index(drop=True)
    rows = np.arange(len(table))
    with canvas(ax, rows=1.3 * len(table)) as ax:
        errors = 100 * np.abs(table[["ci_low", "ci_high"]].to_numpy().T - table["revenue_share"].to_numpy())
        ax.barh(rows + 0.2, 100 * table["revenue_share"], height=0.38, color=BLUE, label=label("figure.rfm_revenue"))
        ax.errorbar(100 * table["revenue_share"], rows + 0.2, xerr=errors, fmt="none", ecolor=INK, elinewidth=1.2)
        ax.barh(rows - 0.2, 100 * table["share"], height=0.38, color=MUTED, label=label("figure.rfm_customers"))
        name_rows(ax, [label(f"segment.{name}") for name in table["segment"]])
        ax.set_xlabel(label("figure.rfm_x"))
        ax.set_title(label("figure.rfm"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="lower right")
        return ax


def _plot_origins(result: RfmResult, moves: MovesResult, ax: Axes | None) -> Axes:
    """Draw each segment's share of revenue, by where its customers stood at the earlier date."""
    names = result.table.loc[result.table["customers"] >= FEWEST, "segment"].tolist()[::-1]
    seen = moves.origins[moves.origins["customers"] >= FEWEST]
    parts = seen.pivot(index="to", columns="origin", values="revenue_share").reindex(names).fillna(0.0)
    rows, left = np.arange(len(names)), np.zeros(len(names))
    with canvas(ax, rows=1.1 * len(names)) as ax:
        for origin, colour in (("stayed", BLUE), ("rose", GREEN), ("fell", ORANGE), ("new", MUTED)):
            if origin in parts:
                widths = 100 * parts[origin].to_numpy()
                ax.barh(rows, widths, left=left, height=0.6, color=colour, label=label(f"figure.origin_{origin}"))
                left = left + widths
        name_rows(ax, [label(f"segment.{name}") for name in names])
        ax.set_xlabel(label("figure.origins_x"))
        ax.set_title(label("figure.origins", day=moves.first.isoformat()), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="lower right")
        return ax


@describes(MovesResult, "moves")
def describe_moves(result: MovesResult) -> Passage:
    """Say how many changed segment, how many would by chance, and which moves chance does not explain."""
    days = {"first": result.first.isoformat(), "last": result.last.isoformat()}
    first = say("moves.all", changed=percent(result.changed), chance=percent(result.changed_by_chance), **days)
    clear = [row for row in records(_shown(result)) if row["verdict"] != "as_chance" and row["from"] != row["to"]]
    if not clear:
        return Passage([first, Sentence(say("moves.chance"), "answer")])
    return Passage([first, *(Sentence(_move(row), "answer") for row in clear)])


@tabulates(MovesResult, "moves")
def moves_table(result: MovesResult) -> GT | None:
    """Lay out each move: who went where, and how many would by chance."""
    table = _shown(result)
    if table.empty:
        return None
    shown = table.assign(
        group=[term("moves.from", segment=term(f"segment.{name}")) for name in table["from"]],
        name=[term(f"segment.{name}") for name in table["to"]],
        interval=span(100 * table["ci_low"], 100 * table["ci_high"], 0),
        told=[term(f"verdict.move_{verdict}") for verdict in table["verdict"]],
    )
    columns = {
        "name": "to",
        "customers": "customers",
        "share": "share",
        "interval": "interval",
        "expected_by_chance": "by_chance",
        "told": "verdict",
    }
    return lay_out(
        shown,
        name="moves",
        title=term("title.moves"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers"]},
        percent=["share", "expected_by_chance"],
        group="group",
        note=term("note.moves"),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@draws(MovesResult, "moves")
def plot_moves(result: MovesResult, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each segment that is still in it, beside what chance would leave there."""
    table = _shown(result)
    stayed = table[table["from"] == table["to"]].iloc[::-1].reset_index(drop=True)
    rows = np.arange(len(stayed))
    colours = [{"more": GREEN, "fewer": ORANGE}.get(verdict, BLUE) for verdict in stayed["verdict"]]
    with canvas(ax, rows=len(stayed)) as ax:
        ax.hlines(rows, 100 * stayed["ci_low"], 100 * stayed["ci_high"], color=colours, linewidth=2)
        ax.scatter(100 * stayed["share"], rows, color=colours, s=60, zorder=3, label=label("figure.moves_share"))
        chance: dict[str, Any] = {"marker": "|", "s": 260, "color": INK, "linewidths": 2, "zorder": 4}
        ax.scatter(100 * stayed["expected_by_chance"], rows, label=label("figure.moves_chance"), **chance)
        name_rows(ax, [label(f"segment.{name}") for name in stayed["from"]])
        ax.set_xlabel(label("figure.moves_x"))
        ax.set_title(label("figure.moves"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


def _segment(key: str, row: Mapping[str, Any], result: RfmResult) -> str:
    low, high = 100 * row["ci_low"], 100 * row["ci_high"]
    written = interval(low, high, n=result.n_used, confidence=result.confidence, digits=0)
    return say(
        key,
        n=f"{row['customers']:,}",
        share=percent(row["share"]),
        revenue=percent(row["revenue_share"]),
        interval=written,
    )


def _move(row: Mapping[str, Any]) -> str:
    low, high = 100 * row["ci_low"], 100 * row["ci_high"]
    return say(
        f"moves.{row['verdict']}",
        before=term(f"segment.{row['from']}"),
        after=term(f"segment.{row['to']}"),
        share=percent(row["share"]),
        span=term("span", low=percent(low / 100), high=percent(high / 100)),
        chance=percent(row["expected_by_chance"]),
    )


def _shown(result: MovesResult) -> pd.DataFrame:
    """Select moves that as many make as may be told."""
    return result.table[result.table["customers"] >= FEWEST]


def _between(row: Mapping[str, Any]) -> str:
    low, high = row["from"], row["to"]
    if np.isinf(low):
        return term("border.up_to", high=f"{high:,.6g}")
    if np.isinf(high):
        return term("border.above", low=f"{low:,.6g}")
    return term("border.between", low=f"{low:,.6g}", high=f"{high:,.6g}")

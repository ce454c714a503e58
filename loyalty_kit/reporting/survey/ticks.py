"""Select-all questions: how many chose each option, and of whom."""

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import in_a_row, interval, level, percent, term
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, canvas, drawable, label, nothing
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.survey.sample import LEVELS
from loyalty_kit.reporting.verbs import describes, draws, tabulates
from loyalty_kit.survey.tick_shares import TickSharesResult


@describes(TickSharesResult, "ticks")
def describe_ticks(shares: TickSharesResult) -> Passage:
    """Which options most and fewest chose, of whom, and who does not count."""
    if not shares.bases:
        return Passage([Sentence(say("ticks.no_question"), "left_out")])
    table = shares.overall()
    return Passage(
        sentence for key in shares.bases for sentence in _question(shares, key, table[table["question"] == key])
    )


@tabulates(TickSharesResult, "ticks")
def ticks_table(shares: TickSharesResult) -> GT | None:
    """Share of each option over all, a question's from the most often chosen on."""
    table = shares.overall()
    return _laid_out(shares, table, "ticks", term("title.ticks"), {"label": "option"})


@tabulates(TickSharesResult, "groups")
def ticks_by_group(shares: TickSharesResult) -> GT | None:
    """Share of each option in each level of the groups."""
    table = shares.table[shares.table["group"] != ""]
    levels = [term(f"verdict.{LEVELS[name]}") if name in LEVELS else name for name in table["level"]]
    table = table.assign(
        level=levels, where=[f"{row['group']}: {name}" for row, name in zip(records(table), levels, strict=True)]
    )
    return _laid_out(
        shares, table, "ticks-by-group", term("title.ticks_by_group"), {"label": "option", "where": "group"}
    )


@draws(TickSharesResult, "ticks")
def plot_ticks(shares: TickSharesResult, *, ax: Axes | None = None) -> Axes | None:
    """Draw the share of each option with its interval, question by question; nothing where there is no question."""
    if not shares.bases:
        return None
    table = shares.overall()
    table = table[table["share"].notna()].iloc[::-1].reset_index(drop=True)
    with canvas(ax, rows=len(table)) as ax:
        if table.empty:
            return nothing(ax)
        places = np.arange(len(table)) + 0.7 * (table["question"] != table["question"].shift()).cumsum().to_numpy()
        ax.barh(places, 100 * table["share"], color=BLUE, alpha=0.75, height=0.62)
        ax.hlines(places, 100 * table["ci_low"], 100 * table["ci_high"], color=INK, linewidth=1.5)
        ax.set_yticks(places, drawable(table["label"], table["option"]))
        ax.set(xlim=(0, 100), ylim=(places[0] - 0.6, places[-1] + 0.6))
        ax.set_xlabel(label("figure.ticks_x", level=level(shares.confidence)))
        ax.set_title(label("figure.ticks"), loc="left", fontweight="bold")
        return ax


def _question(shares: TickSharesResult, key: str, table: pd.DataFrame) -> list[Sentence]:
    """Sentences on one question: its highest and lowest share, then its base."""
    base = shares.bases[key]
    known = records(table[table["share"].notna()])
    if not known:
        return [say("ticks.hidden", question=base.wording, min_cell=shares.min_cell)]
    ends: dict[str, str] = {}
    for end, row in (("most", known[0]), ("fewest", known[-1])):
        low, high = 100 * row["ci_low"], 100 * row["ci_high"]
        written = interval(low, high, n=int(row["n"]), confidence=shares.confidence, digits=0)
        ends |= {end: row["label"], f"{end}_share": percent(row["share"]), f"{end}_interval": written}
    alike = known[0]["share"] == known[-1]["share"]
    case = "one" if len(known) == 1 else "alike" if alike else "most"
    first = say(f"ticks.{case}", question=base.wording, options=in_a_row(row["label"] for row in known), **ends)
    return [first, *_base(shares, key)]


def _base(shares: TickSharesResult, key: str) -> list[Sentence]:
    """Who counts, and who does not; counts below the smallest that is shown are not told."""
    base = shares.bases[key]
    sentences = [say(f"ticks.base_{base.rule}", n=base.n_used)]
    if base.n_dropped >= shares.min_cell:
        sentences.append(say(f"ticks.blank_{base.rule}", n=base.n_dropped))
    elif base.n_dropped:
        sentences.append(say("ticks.few_blank", min_cell=shares.min_cell))
    if base.n_none >= shares.min_cell:
        sentences.append(say("ticks.none", n=base.n_none))
    return sentences


def _laid_out(shares: TickSharesResult, table: pd.DataFrame, name: str, title: str, first: dict[str, str]) -> GT | None:
    """Table of shares under its questions; none without a row."""
    if table.empty:
        return None
    hidden = term("verdict.suppressed", min_cell=shares.min_cell)
    shown = table.assign(
        wording=[shares.bases[key].wording for key in table["question"]],
        count=table["n"],
        n=[hidden if pd.isna(n) else f"{n:,.0f}" for n in table["n"]],
        interval=span(100 * table["ci_low"], 100 * table["ci_high"], 0),
    ).reset_index(drop=True)
    labels = headings(
        {**first, "n": "n", "share": "share", "interval": "interval_percent"}, level=level(shares.confidence)
    )
    raw: dict[str, str | tuple[str, str]] = {"n": "count", "interval": ("ci_low", "ci_high")}
    behind = Behind(raw, shares=["interval"], group=term("column.question"))
    return lay_out(
        shown,
        name=name,
        title=title,
        labels=labels,
        percent=["share"],
        group="wording",
        behind=behind,
        note=term("note.ticks"),
    )

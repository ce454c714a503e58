"""The quality of scales: which can be trusted, which items are weak."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import in_a_row, interval, level, number, term, translate
from loyalty_kit.measurement.reliability.reliability import ReliabilityResult
from loyalty_kit.measurement.reliability.scale_verdict import REDUNDANT, RELIABLE, WEAK_ITEM
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import (
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
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

MARKS = {"trust": ("o", BLUE), "unsure": ("D", MUTED), "distrust": ("X", ORANGE), "unknown": ("", MUTED)}


@describes(ReliabilityResult, "scales")
def describe_scales(result: ReliabilityResult) -> Passage:
    """Verdict on each scale, with its interval, and the warnings of the analysis."""
    sentences = []
    for row in records(_judged(result)):
        values = _coefficient(row, result)
        sentences.append(say(f"reliability.{row['verdict']}", threshold=f"{RELIABLE:.2f}", **values))
        if row["cronbach_alpha"] > REDUNDANT:
            sentences.append(say("reliability.redundant", count=row["items"], **values))
    notes = [Sentence(translate(text, result.labels)) for text in result.warnings if text not in result.keying]
    return Passage(
        [*(Sentence(translate(text, result.labels), "warning") for text in result.keying), *sentences, *notes]
    )


@describes(ReliabilityResult, "answer")
def describe_answer(result: ReliabilityResult) -> Passage:
    """Headline: which scales can be trusted, whether the outcome is one of them, and what to do first."""
    table = _judged(result)
    if (table["verdict"] == "unknown").all():
        return Passage([Sentence(say("answer.none"), "answer")])
    sentences = [_sorted_out(table, result)]
    for row in records(table[table["scale"].isin(result.codebook.role("outcome"))]):
        sentences.append(say(f"answer.outcome_{row['verdict']}", **_coefficient(row, result)))
    step = result.first_step
    if step:
        sentences.append(say(f"answer.{step.case}", **_item(step.item, result)))
    return Passage(Sentence(text, "answer") for text in sentences)


def outcome_in_doubt(result: ReliabilityResult, scale: str) -> list[Sentence]:
    """Warn of an outcome that is not shown to be measured well enough; nothing of any other."""
    rows = [row for row in records(_judged(result)) if row["scale"] == scale]
    doubted = [row for row in rows if row["verdict"] in ("unsure", "distrust")]
    return [
        Sentence(say(f"answer.outcome_{row['verdict']}", **_coefficient(row, result)), "warning") for row in doubted
    ]


def _sorted_out(table: pd.DataFrame, result: ReliabilityResult) -> Sentence:
    """Name the scales of each verdict in one sentence."""
    names = {case: table.loc[table["verdict"] == case, "scale"] for case in MARKS}
    told = {case: in_a_row(map(result.codebook.label, scales)) for case, scales in names.items() if len(scales)}
    if list(told) == ["trust"] and len(table) > 1:
        whole = len(result.codebook.scales)
        key = "answer.all" if whole == len(table) else "answer.all_of"
        return say(key, scales=told["trust"], count=len(table), total=whole)
    parts = [term(f"answer.{case}", scales=scales, threshold=f"{RELIABLE:.2f}") for case, scales in told.items()]
    text = term("structure.pair_gap").join(parts)
    return say("answer.sorted", verdicts=f"{text[0].upper()}{text[1:]}")


@describes(ReliabilityResult, "items")
def describe_items(result: ReliabilityResult) -> Passage:
    """Items that hang together weakly with their scale, and what dropping each would do."""
    items = result.items
    spoiled = items.loc[items["suspected_keying"], "scale"].unique()
    weak = result.weak_items
    sentences = [say("items.spoiled", scale=result.codebook.label(scale)) for scale in spoiled]
    for row in records(weak[~weak["scale"].isin(spoiled)]):
        pair = pd.isna(row["cronbach_alpha_if_dropped"])
        case = "weak_pair" if pair else "weak" if row["gain"] > 0 else "weak_kept"
        sentences.append(say(f"items.{case}", **_item(row, result)))
    known = items["item_rest_r"].notna()
    case = "none" if known.all() else "none_known" if known.any() else "unknown"
    return Passage(sentences or [say(f"items.{case}", weak=number(WEAK_ITEM))])


@tabulates(ReliabilityResult, "scales")
def scales_table(result: ReliabilityResult) -> GT:
    """Coefficients of each scale with a verdict."""
    table = _judged(result)
    shown = table.assign(
        label=table["scale"].map(result.codebook.label),
        interval=span(table["ci_low"], table["ci_high"], 2),
        verdict=[term(f"verdict.{verdict}") for verdict in table["verdict"]],
    )
    columns = {
        "label": "scale",
        "verdict": "verdict",
        "cronbach_alpha": "alpha",
        "interval": "interval",
        "omega_total": "omega",
        "lambda4": "lambda4",
        "mean_inter_item_r": "mean_r",
        "sem": "se",
        "items": "items",
        "n_used": "n",
    }
    return lay_out(
        shown,
        name="reliability",
        title=term("title.reliability"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["cronbach_alpha", "omega_total", "lambda4", "mean_inter_item_r", "sem"], 0: ["n_used"]},
        note=term("note.reliability", threshold=f"{RELIABLE:.2f}"),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@tabulates(ReliabilityResult, "items")
def items_table(result: ReliabilityResult) -> GT:
    """Statistics of each item, grouped by scale."""
    items, book = result.items, result.codebook
    shown = items.assign(
        group=items["scale"].map(book.label),
        wording=[book.item(name).wording or "" for name in items["item"]],
        mark=_remarks(result),
    )
    columns = {
        "item": "item",
        "wording": "wording",
        "mark": "remark",
        "item_rest_r": "item_rest",
        "cronbach_alpha_if_dropped": "alpha_without",
        "loading": "loading",
        "mean": "mean",
        "sd": "sd",
        "floor": "lowest",
        "ceiling": "highest",
        "missing": "missing",
    }
    if not shown["wording"].any():
        del columns["wording"]
    return lay_out(
        shown,
        name="items",
        title=term("title.items"),
        labels=headings(columns),
        decimals={2: ["mean", "sd", "item_rest_r", "loading", "cronbach_alpha_if_dropped"]},
        percent=["floor", "ceiling", "missing"],
        group="group",
        note=term("note.items", weak=f"{WEAK_ITEM:.2f}"),
        behind=Behind(group=term("column.scale")),
    )


@draws(ReliabilityResult, "scales")
def plot_scales(result: ReliabilityResult, *, ax: Axes | None = None) -> Axes:
    """Cronbach's alpha of each scale with its interval, against the least acceptable value."""
    table = _judged(result).iloc[::-1]
    with canvas(ax, rows=len(table)) as ax:
        for row, (low, high, estimate, verdict) in enumerate(
            table[["ci_low", "ci_high", "cronbach_alpha", "verdict"]].to_numpy()
        ):
            marker, colour = MARKS[verdict]
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
        name_rows(ax, drawable(map(result.codebook.label, table["scale"]), table["scale"]))
        ax.set_xlabel(label("figure.reliability_x", level=level(result.confidence, language=drawn())))
        ax.set_title(loc="left", fontweight="bold", label=label("figure.reliability"))
        lows = table["ci_low"].dropna()
        if lows.empty:
            return nothing(ax)
        ax.set(xlim=(min(lows.min() - 0.03, 0.3), 1), ylim=(-0.6, len(table) - 0.4))
        return ax


@draws(ReliabilityResult, "items")
def plot_items(result: ReliabilityResult, *, ax: Axes | None = None) -> Axes:
    """Item-rest correlation of each item, grouped by scale, against the least acceptable value."""
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
        for scale, name in zip(scales, drawable(map(result.codebook.label, scales), scales), strict=True):
            ax.text(0, place[items["scale"] == scale].max() + 0.65, name, fontweight="bold", va="bottom", fontsize=9)
        ax.set(xlim=(min(0.0, items["item_rest_r"].min()) - 0.02, 1), ylim=(-0.8, place.max() + 2))
        ax.tick_params(axis="y", labelsize=8.5)
        return ax


def _judged(result: ReliabilityResult) -> pd.DataFrame:
    return result.scales.assign(verdict=list(result.verdicts.values()))


def _remarks(result: ReliabilityResult) -> list[str]:
    """Say of each item whether it is reverse-keyed, runs against its scale or is weak."""
    items = result.items
    against, weak, turned = (term(f"verdict.{word}") for word in ("turned", "weak", "reversed"))
    reverse = result.codebook.reversed
    marks = zip(items["item"].isin(reverse), items["suspected_keying"], items["item_rest_r"] < WEAK_ITEM, strict=True)
    return [
        term("comma").join([turned] * is_reverse + ([against] if runs_against else [weak] * is_weak))
        for is_reverse, runs_against, is_weak in marks
    ]


def _item(row: Mapping[str, Any] | pd.Series, result: ReliabilityResult) -> dict[str, str]:
    wording = result.codebook.item(row["item"]).wording
    return {
        "item": term("items.named", item=row["item"], wording=wording) if wording else row["item"],
        "scale": result.codebook.label(row["scale"]),
        "r": number(row["item_rest_r"]),
        "before": number(row["before"]),
        "after": number(row["cronbach_alpha_if_dropped"]),
    }


def _coefficient(row: Mapping[str, Any], result: ReliabilityResult) -> dict[str, str]:
    written = interval(row["ci_low"], row["ci_high"], n=row["n_used"], confidence=result.confidence)
    return {
        "scale": result.codebook.label(row["scale"]),
        "estimate": number(row["cronbach_alpha"]),
        "interval": written,
    }

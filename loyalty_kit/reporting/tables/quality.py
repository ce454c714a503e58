"""Tables about respondents, scales, items and scores."""

import pandas as pd
from great_tables import GT

from loyalty_kit.language import level, term
from loyalty_kit.language import translate as tell
from loyalty_kit.measurement.reliability import ReliabilityResult
from loyalty_kit.reporting.tables.layout import headings, lay_out, span
from loyalty_kit.reporting.wording.quality import RELIABLE, WEAK_ITEM, verdict
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import ScaleScores
from loyalty_kit.survey.screening import ScreeningResult

LEVELS = {"(none)": "no_level", "(other)": "other_level"}
"""Levels that `group_counts` adds, with their key in the catalogue."""


def groups_table(counts: pd.DataFrame, *, min_cell: int) -> GT:
    """Respondents by group, as `group_counts` gives them; suppressed counts are said to be."""
    hidden = term("verdict.suppressed", min_cell=min_cell)
    shown = counts.assign(
        n=[hidden if pd.isna(n) else f"{n:,.0f}" for n in counts["n"]],
        level=[term(f"verdict.{LEVELS[name]}") if name in LEVELS else name for name in counts["level"]],
    )
    labels = headings({"level": "level", "n": "respondents", "share": "share"})
    return lay_out(shown, name="groups", title=term("title.groups"), labels=labels, percent=["share"], group="group")


def screening_table(screening: ScreeningResult) -> GT:
    """Respondents at each screening rule."""
    table = screening.to_frame()
    shown = table.assign(meaning=table["meaning"].map(tell))
    labels = headings({"meaning": "sign", "flagged": "respondents", "dropped": "two_signs"})
    return lay_out(shown, name="screening", title=term("title.screening"), labels=labels)


def reliability_table(result: ReliabilityResult, codebook: Codebook) -> GT:
    """Coefficients of each scale with a verdict."""
    table = result.to_frame()
    shown = table.assign(
        label=table["scale"].map(codebook.label),
        interval=span(table["ci_low"], table["ci_high"], 2),
        verdict=[
            term(f"verdict.{verdict(low, high)}") for low, high in zip(table["ci_low"], table["ci_high"], strict=True)
        ],
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
    )


def items_table(result: ReliabilityResult, codebook: Codebook) -> GT:
    """Statistics of each item, grouped by scale."""
    items = result.items
    against, weak, turned = (term(f"verdict.{word}") for word in ("turned", "weak", "reversed"))
    reverse = {name for scale in codebook.scales.values() for name in scale.reverse}
    marks = zip(items["item"].isin(reverse), items["suspected_keying"], items["item_rest_r"] < WEAK_ITEM, strict=True)
    mark = [
        term("comma").join([turned] * is_reverse + ([against] if runs_against else [weak] * is_weak))
        for is_reverse, runs_against, is_weak in marks
    ]
    shown = items.assign(
        group=items["scale"].map(codebook.label),
        wording=[codebook.item(name).wording or "" for name in items["item"]],
        mark=mark,
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
    )


def scores_table(scores: ScaleScores, *, confidence: float = 0.95) -> GT:
    """Mean, spread and ends of each score."""
    table = scores.summary(confidence=confidence)
    shown = table.assign(label=table["scale"].map(scores.labels), interval=span(table["ci_low"], table["ci_high"], 1))
    columns = {
        "label": "score",
        "n": "n",
        "mean": "mean",
        "interval": "interval",
        "sd": "sd",
        "floor": "at_0",
        "ceiling": "at_100",
    }
    return lay_out(
        shown,
        name="scores",
        title=term("title.scores"),
        labels=headings(columns, level=level(confidence)),
        decimals={1: ["mean", "sd"], 0: ["n"]},
        percent=["floor", "ceiling"],
    )


def index_table(scores: ScaleScores) -> GT:
    """Weights of the scales in each composite index."""
    weights = scores.weights.rename_axis("scale").reset_index()
    shown = weights.assign(scale=weights["scale"].map(scores.labels))
    labels = headings({"scale": "scale"}) | {str(name): scores.labels[str(name)] for name in scores.weights.columns}
    names = [str(name) for name in scores.weights.columns]
    return lay_out(shown, name="index", title=term("title.index"), labels=labels, percent=names)

"""Tables about respondents, scales, items and scores."""

import pandas as pd
from great_tables import GT

from loyalty_kit.measurement.reliability import ReliabilityResult
from loyalty_kit.reporting.tables.layout import lay_out, span
from loyalty_kit.reporting.wording.quality import RELIABLE, WEAK_ITEM, verdict
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import ScaleScores
from loyalty_kit.survey.screening import ScreeningResult

VERDICTS = {"trust": "reliable enough", "unsure": "not settled", "distrust": "not reliable enough", "unknown": "–"}


def groups_table(counts: pd.DataFrame, *, min_cell: int) -> GT:
    """Respondents by group, as `group_counts` gives them; suppressed counts are said to be."""
    shown = counts.assign(n=[f"under {min_cell} or withheld" if pd.isna(n) else f"{n:,.0f}" for n in counts["n"]])
    labels = {"level": "Level", "n": "Respondents", "share": "Share"}
    return lay_out(shown, name="groups", title="Who answered", labels=labels, percent=["share"], group="group")


def screening_table(screening: ScreeningResult) -> GT:
    """Respondents at each screening rule."""
    labels = {
        "meaning": "Sign of careless answering",
        "flagged": "Respondents",
        "dropped": "Two signs",
    }
    return lay_out(screening.to_frame(), name="screening", title="Screening", labels=labels)


def reliability_table(result: ReliabilityResult, codebook: Codebook) -> GT:
    """Coefficients of each scale with a verdict."""
    table = result.to_frame()
    shown = table.assign(
        label=table["scale"].map(codebook.label),
        interval=span(table["ci_low"], table["ci_high"], 2),
        verdict=[VERDICTS[verdict(low, high)] for low, high in zip(table["ci_low"], table["ci_high"], strict=True)],
    )
    labels = {
        "label": "Scale",
        "verdict": "Verdict",
        "cronbach_alpha": "Alpha",
        "interval": f"{100 * result.confidence:g} % interval",
        "omega_total": "Omega",
        "lambda4": "Lambda 4",
        "mean_inter_item_r": "Mean r",
        "sem": "SE",
        "items": "Items",
        "n_used": "n",
    }
    return lay_out(
        shown,
        name="reliability",
        title="Reliability of each scale",
        labels=labels,
        decimals={2: ["cronbach_alpha", "omega_total", "lambda4", "mean_inter_item_r", "sem"], 0: ["n_used"]},
        note=f"Reliable enough: the whole interval of Cronbach's alpha lies at {RELIABLE:.2f} or above. "
        "Mean r: mean correlation between items. SE: standard error of one respondent's mean answer, in answer units.",
    )


def items_table(result: ReliabilityResult, codebook: Codebook) -> GT:
    """Statistics of each item, grouped by scale."""
    items = result.items
    mark = [
        "runs against the scale" if turned else "weak" if r < WEAK_ITEM else ""
        for turned, r in zip(items["suspected_keying"], items["item_rest_r"], strict=True)
    ]
    shown = items.assign(
        group=items["scale"].map(codebook.label),
        wording=[codebook.item(name).wording or "" for name in items["item"]],
        mark=mark,
    )
    labels = {
        "item": "Item",
        "wording": "Wording",
        "mark": "Remark",
        "item_rest_r": "Item-rest r",
        "cronbach_alpha_if_dropped": "Alpha without",
        "loading": "Loading",
        "mean": "Mean",
        "sd": "SD",
        "floor": "Lowest",
        "ceiling": "Highest",
        "missing": "Missing",
    }
    if not shown["wording"].any():
        del labels["wording"]
    return lay_out(
        shown,
        name="items",
        title="Items of each scale",
        labels=labels,
        decimals={2: ["mean", "sd", "item_rest_r", "loading", "cronbach_alpha_if_dropped"]},
        percent=["floor", "ceiling", "missing"],
        group="group",
        note=f"Reverse-keyed items are turned. Weak: item-rest correlation below {WEAK_ITEM:.2f}. "
        "Lowest, highest: share of answers at either end of the range.",
    )


def scores_table(scores: ScaleScores, *, confidence: float = 0.95) -> GT:
    """Mean, spread and ends of each score."""
    table = scores.summary(confidence=confidence)
    shown = table.assign(label=table["scale"].map(scores.labels), interval=span(table["ci_low"], table["ci_high"], 1))
    labels = {
        "label": "Score",
        "n": "n",
        "mean": "Mean",
        "interval": f"{100 * confidence:g} % interval",
        "sd": "SD",
        "floor": "At 0",
        "ceiling": "At 100",
    }
    return lay_out(
        shown,
        name="scores",
        title="Scores from 0 to 100",
        labels=labels,
        decimals={1: ["mean", "sd"], 0: ["n"]},
        percent=["floor", "ceiling"],
    )


def index_table(scores: ScaleScores) -> GT:
    """Weights of the scales in each composite index."""
    weights = scores.weights.rename_axis("scale").reset_index()
    shown = weights.assign(scale=weights["scale"].map(scores.labels))
    labels = {"scale": "Scale"} | {str(name): scores.labels[str(name)] for name in scores.weights.columns}
    names = [str(name) for name in scores.weights.columns]
    return lay_out(shown, name="index", title="Weights in the index", labels=labels, percent=names)

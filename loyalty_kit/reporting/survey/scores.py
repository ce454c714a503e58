"""Where the scores, the indices and the questions that managers know stand."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import in_a_row, interval, level, number, percent, term
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, ORANGE, canvas, drawable, label
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.survey.experts import experts_said
from loyalty_kit.reporting.survey.sample import warned
from loyalty_kit.reporting.verbs import describes, draws, tabulates
from loyalty_kit.survey.scoring import ScaleScores
from loyalty_kit.survey.shares import NetPromoterResult, SharesResult, TopBoxResult

CROWDED_END = 0.15
"""Share at one end of a scale from which floor or ceiling effects matter (Terwee et al. 2007)."""


@describes(ScaleScores, "scores")
def describe_scores(scores: ScaleScores) -> Passage:
    """How high the scores lie and whether they crowd at an end."""
    table = scores.summary()
    table = table[table["scale"].isin(scores.roles)].assign(label=lambda t: t["scale"].map(scores.labels))
    scored = table.dropna(subset=["mean"])
    sentences = [say("scores.empty", scale=label) for label in table.loc[table["mean"].isna(), "label"]]
    if len(scored) > 1:
        ordered = records(scored.sort_values("mean"))
        low, high = ordered[0], ordered[-1]
        ends = {"low": low["label"], "high": high["label"]}
        means = {"low_mean": number(low["mean"], 0), "high_mean": number(high["mean"], 0)}
        case = "alike" if means["low_mean"] == means["high_mean"] else "range"
        sentences.append(say(f"scores.{case}", **ends, **means))
    elif len(scored):
        row = records(scored)[0]
        sentences.append(say("scores.one", scale=row["label"], **_score(row, scores.confidence)))
    crowded = [
        say(f"scores.{end}", scale=row["label"], share=percent(row[end]))
        for row in records(scored)
        for end in ("floor", "ceiling")
        if row[end] >= CROWDED_END
    ]
    return Passage([*sentences, *(crowded or [say("scores.spread", limit=percent(CROWDED_END))])])


@describes(ScaleScores, "index")
def describe_index(scores: ScaleScores) -> Passage:
    """Value of each composite index, what it is made of and whether its parts are reliable."""
    if scores.weights.empty:
        return Passage([Sentence(say("index.none"), "left_out")])
    values = {row["scale"]: row for row in records(scores.summary())}
    sentences = []
    for name, weights in scores.weights.items():
        used = weights.dropna()
        label = scores.labels[str(name)]
        parts = in_a_row(
            term("index.part", share=percent(w), scale=scores.labels[str(scale)]) for scale, w in used.items()
        )
        row = values[name]
        if row["n"] == 0:
            sentences.append(say("index.empty", index=label))
            continue
        sentences.append(say("index.value", index=label, parts=parts, **_score(row, scores.confidence)))
        if name in scores.experts:
            sentences += experts_said(scores.experts[str(name)], scores.labels, index=label)
        leaning = [scores.labels[str(scale)] for scale in used.index if scale in scores.doubtful]
        if leaning:
            sentences.append(say("index.weak", index=label, scales=in_a_row(leaning)))
    return Passage([*sentences, *warned(scores.warnings)])


@describes(SharesResult, "shares")
def describe_shares(shares: SharesResult) -> Passage:
    """Net promoter score and top box of the marked items."""
    if not shares.by_item:
        return Passage([Sentence(say("shares.none"), "left_out")])
    return Passage(_share(shares.wordings[name], result, shares.min_cell) for name, result in shares.by_item.items())


@describes(NetPromoterResult, "share")
@describes(TopBoxResult, "share")
def describe_share(result: NetPromoterResult | TopBoxResult) -> Passage:
    """One question's net promoter score or top box."""
    return Passage([_share(result.item, result, 1)])


@tabulates(ScaleScores, "scores")
def scores_table(scores: ScaleScores) -> GT:
    """Mean, spread and ends of each score."""
    table = scores.summary()
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
        labels=headings(columns, level=level(scores.confidence)),
        decimals={1: ["mean", "sd"], 0: ["n"]},
        percent=["floor", "ceiling"],
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@tabulates(ScaleScores, "index")
def index_table(scores: ScaleScores) -> GT | None:
    """Weights of the scales in each composite index; none where there is no index."""
    if not len(scores.weights):
        return None
    weights = scores.weights.rename_axis("scale").reset_index()
    shown = weights.assign(scale=weights["scale"].map(scores.labels))
    labels = headings({"scale": "scale"}) | {str(name): scores.labels[str(name)] for name in scores.weights.columns}
    names = [str(name) for name in scores.weights.columns]
    return lay_out(shown, name="index", title=term("title.index"), labels=labels, percent=names)


@draws(ScaleScores, "scores")
def plot_scores(scores: ScaleScores, *, ax: Axes | None = None) -> Axes:
    """Distribution of each score: a row of bars, ten points wide each, and the mean."""
    names = [name for name in reversed(list(scores.labels)) if scores.frame[name].notna().any()]
    means = scores.summary().set_index("scale")["mean"]
    edges = np.linspace(0, 100, 11)
    with canvas(ax, rows=2 * len(names)) as ax:
        for row, name in enumerate(names):
            known = scores.frame[name].notna()
            weight = scores.frame.loc[known, scores.weight] if scores.weight else None
            counts, _ = np.histogram(scores.frame.loc[known, name], bins=edges, weights=weight)
            bars = {"width": 9.4, "align": "edge", "color": BLUE, "alpha": 0.75, "linewidth": 0}
            ax.bar(edges[:-1], 0.8 * counts / counts.max(), bottom=row, **bars)
            ax.plot([means[name]] * 2, [row, row + 0.85], color=ORANGE, linewidth=2)
        ax.set_yticks(np.arange(len(names)) + 0.3, drawable((scores.labels[name] for name in names), names))
        ax.set(xlim=(0, 100), ylim=(-0.1, len(names)))
        ax.set_xlabel(label("figure.scores_x"))
        ax.set_title(loc="left", fontweight="bold", label=label("figure.scores"))
        return ax


def _share(item: str, result: NetPromoterResult | TopBoxResult, min_cell: int) -> Sentence:
    if result.n_used < min_cell:
        return say("shares.hidden", item=item, min_cell=min_cell)
    if isinstance(result, TopBoxResult):
        low, high = 100 * result.ci_low, 100 * result.ci_high
        written = interval(low, high, n=result.n_used, confidence=result.confidence, digits=0)
        boxes = {"lowest": f"{result.lowest:g}", "highest": f"{result.highest:g}"}
        return say("shares.top", item=item, share=percent(result.estimate), interval=written, **boxes)
    case = "more" if result.ci_low > 0 else "fewer" if result.ci_high < 0 else "unclear"
    # Told as critics over recommenders, estimate and interval change sign together.
    sign = -1 if case == "fewer" else 1
    low, high = sorted((sign * result.ci_low, sign * result.ci_high))
    written = interval(low, high, n=result.n_used, confidence=result.confidence, digits=0)
    return say(f"shares.{case}", item=item, points=number(sign * result.estimate, 0), interval=written)


def _score(row: Mapping[str, Any], confidence: float) -> dict[str, str]:
    written = interval(row["ci_low"], row["ci_high"], n=row["n"], confidence=confidence, digits=1)
    return {"mean": number(row["mean"], 1), "interval": written}

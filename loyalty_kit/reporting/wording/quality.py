"""Sentences about the quality of scales: each stays true whatever the result is."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyalty_kit.language import in_a_row, interval, number, percent, term
from loyalty_kit.language import translate as tell
from loyalty_kit.measurement.item_analysis import clearly_negative
from loyalty_kit.measurement.reliability import ReliabilityResult
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import ScaleScores
from loyalty_kit.survey.screening import ScreeningResult
from loyalty_kit.survey.shares import NetPromoterResult, TopBoxResult

RELIABLE = 0.70
"""Least acceptable reliability for research on groups (Nunnally & Bernstein 1994, p. 265)."""
REDUNDANT = 0.95
WEAK_ITEM = 0.30
"""Least acceptable item-rest correlation (Nunnally & Bernstein 1994, p. 305)."""
CROWDED_END = 0.15
"""Share at one end of a scale from which floor or ceiling effects matter (Terwee et al. 2007)."""
SMALL_SAMPLE = 100

Verdict = Literal["trust", "unsure", "distrust", "unknown"]


def verdict(ci_low: float, ci_high: float) -> Verdict:
    """Judge a scale by the interval of its Cronbach's alpha.

    Examples
    --------
    >>> verdict(0.66, 0.77)
    'unsure'
    """
    if not ci_low <= ci_high:
        return "unknown"
    return "trust" if ci_low >= RELIABLE else "distrust" if ci_high < RELIABLE else "unsure"


def describe_sample(responses: pd.DataFrame, used: pd.DataFrame, codebook: Codebook) -> Passage:
    """Say which survey it is, how many respondents its file holds and how many are used, and how they are weighted."""
    total, n = len(responses), len(used)
    sentences = [say("sample.title", title=codebook.title)] if codebook.title else []
    sentences.append(say("sample.all", n=n) if n == total else say("sample.some", n=n, total=total, dropped=total - n))
    if codebook.weight:
        zero = int((used[codebook.weight] == 0).sum())
        sentences.append(say("sample.weightless" if zero else "sample.weighted", weight=codebook.weight, zero=zero))
    small = [Sentence(say("sample.small", n=n), "warning")] if n < SMALL_SAMPLE else []
    return Passage([*sentences, *small])


def describe_left_out(warnings: Iterable[str]) -> Passage:
    """Say what of the codebook could not be used; nothing where all of it was."""
    return Passage(_warnings(warnings))


def describe_groups(counts: pd.DataFrame, *, min_cell: int) -> Passage:
    """Say what the table of groups shows and hides."""
    if counts.empty:
        return Passage([say("groups.none")])
    first = say("groups.all", groups=in_a_row(counts["group"].unique()))
    return Passage([first, *([say("groups.hidden", min_cell=min_cell)] if counts["n"].isna().any() else [])])


def describe_screening(screening: ScreeningResult, *, screen_out: bool) -> Passage:
    """Who shows signs of careless answering, and what was done about it."""
    flagged, dropped = int(screening.flags.any(axis=1).sum()), int(screening.dropped.sum())
    case = "clean" if not flagged else "one_rule" if not dropped else "dropped" if screen_out else "kept"
    first = say(f"screening.{case}", flagged=flagged, dropped=dropped, n=screening.n_used)
    return Passage([first, *_warnings(screening.warnings)])


def answer_scale_quality(result: ReliabilityResult, codebook: Codebook) -> Passage:
    """Headline: which scales can be trusted, whether the outcome is one of them, and what to do first."""
    table = _judged(result)
    known = table[table["verdict"] != "unknown"]
    if known.empty:
        return Passage([Sentence(say("answer.none"), "answer")])
    sentences = []
    for case in ("trust", "unsure", "distrust"):
        names = known.loc[known["verdict"] == case, "scale"]
        if len(names):
            phrase = "all" if case == "trust" and len(names) == len(table) > 1 else case
            values = {
                "scales": in_a_row(map(codebook.label, names)),
                "count": len(names),
                "threshold": f"{RELIABLE:.2f}",
            }
            sentences.append(Sentence(say(f"answer.{phrase}", **values), "answer"))
    unknown = table.loc[table["verdict"] == "unknown", "scale"]
    if len(unknown):
        sentences.append(Sentence(say("answer.unknown", scales=in_a_row(map(codebook.label, unknown))), "answer"))
    for row in records(table[table["scale"].isin(codebook.role("outcome"))]):
        sentences.append(
            Sentence(say(f"answer.outcome_{row['verdict']}", **_coefficient(row, result, codebook)), "answer")
        )
    return Passage([*sentences, *_first_step(result, codebook)])


def describe_reliability(result: ReliabilityResult, codebook: Codebook) -> Passage:
    """Verdict on each scale, with its interval, and the warnings of the analysis."""
    sentences = []
    for row in records(_judged(result)):
        values = _coefficient(row, result, codebook)
        sentences.append(say(f"reliability.{row['verdict']}", threshold=f"{RELIABLE:.2f}", **values))
        if row["cronbach_alpha"] > REDUNDANT:
            sentences.append(say("reliability.redundant", count=row["items"], **values))
    notes = [Sentence(tell(text, result.labels)) for text in result.warnings if text not in result.keying]
    return Passage([*(Sentence(tell(text, result.labels), "warning") for text in result.keying), *sentences, *notes])


def describe_items(result: ReliabilityResult, codebook: Codebook) -> Passage:
    """Items that hang together weakly with their scale, and what dropping each would do."""
    items = result.items
    spoiled = items.loc[items["suspected_keying"], "scale"].unique()
    weak = _with_coefficient(result, (items["item_rest_r"] < WEAK_ITEM) & ~items["scale"].isin(spoiled))
    sentences = [say("items.spoiled", scale=codebook.label(scale)) for scale in spoiled]
    gains = _gained(weak) > 0
    for row, gain in zip(records(weak), gains, strict=True):
        case = "weak_pair" if pd.isna(row["cronbach_alpha_if_dropped"]) else "weak" if gain else "weak_kept"
        sentences.append(say(f"items.{case}", **_item(row, codebook)))
    known = items["item_rest_r"].notna()
    case = "none" if known.all() else "none_known" if known.any() else "unknown"
    return Passage(sentences or [say(f"items.{case}", weak=number(WEAK_ITEM))])


def describe_scores(scores: ScaleScores, *, confidence: float = 0.95) -> Passage:
    """How high the scores lie and whether they crowd at an end."""
    table = scores.summary(confidence=confidence)
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
        sentences.append(say("scores.one", scale=scored["label"].iloc[0], **_score(records(scored)[0], confidence)))
    crowded = [
        say(f"scores.{end}", scale=row["label"], share=percent(row[end]))
        for row in records(scored)
        for end in ("floor", "ceiling")
        if row[end] >= CROWDED_END
    ]
    return Passage([*sentences, *(crowded or [say("scores.spread", limit=percent(CROWDED_END))])])


def describe_index(scores: ScaleScores, quality: ReliabilityResult) -> Passage:
    """Value of each composite index, what it is made of and whether its parts are reliable."""
    if scores.weights.empty:
        return Passage([say("index.none")])
    doubtful = set(_judged(quality).query("verdict != 'trust'")["scale"])
    values = {row["scale"]: row for row in records(scores.summary(confidence=quality.confidence))}
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
        sentences.append(say("index.value", index=label, parts=parts, **_score(row, quality.confidence)))
        leaning = [scores.labels[str(scale)] for scale in used.index if scale in doubtful]
        if leaning:
            sentences.append(say("index.weak", index=label, scales=in_a_row(leaning)))
    return Passage([*sentences, *_warnings(scores.warnings)])


def describe_shares(
    shares: Mapping[str, NetPromoterResult | TopBoxResult], codebook: Codebook, *, min_cell: int
) -> Passage:
    """Net promoter score and top box of the marked items."""
    if not shares:
        return Passage([say("shares.none")])
    return Passage(_share(codebook.wording(name), result, min_cell) for name, result in shares.items())


def _share(item: str, result: NetPromoterResult | TopBoxResult, min_cell: int) -> Sentence:
    if result.n_used < min_cell:
        return say("shares.hidden", item=item, min_cell=min_cell)
    if isinstance(result, TopBoxResult):
        span = interval(
            100 * result.ci_low, 100 * result.ci_high, n=result.n_used, confidence=result.confidence, digits=0
        )
        ends = {"lowest": f"{result.lowest:g}", "highest": f"{result.highest:g}"}
        return say("shares.top", item=item, share=percent(result.estimate), interval=span, **ends)
    case = "more" if result.ci_low > 0 else "fewer" if result.ci_high < 0 else "unclear"
    # Told as critics over recommenders, estimate and interval change sign together.
    sign = -1 if case == "fewer" else 1
    points = sign * result.estimate
    low, high = sorted((sign * result.ci_low, sign * result.ci_high))
    span = interval(low, high, n=result.n_used, confidence=result.confidence, digits=0)
    return say(f"shares.{case}", item=item, points=number(points, 0), interval=span)


def _warnings(texts: Iterable[str]) -> list[Sentence]:
    return [Sentence(tell(text), "warning") for text in texts]


def _judged(result: ReliabilityResult) -> pd.DataFrame:
    table = result.to_frame()
    return table.assign(
        verdict=[verdict(low, high) for low, high in zip(table["ci_low"], table["ci_high"], strict=True)]
    )


def _with_coefficient(result: ReliabilityResult, which: pd.Series) -> pd.DataFrame:
    """Items chosen, the weakest first, each with the coefficient of its scale as it stands."""
    before: pd.Series = result.to_frame().set_index("scale")["cronbach_alpha"]
    chosen: pd.DataFrame = result.items[which]
    return chosen.assign(before=chosen["scale"].map(before).astype(float)).sort_values("item_rest_r")


def _first_step(result: ReliabilityResult, codebook: Codebook) -> list[Sentence]:
    """Check the keying that would gain most, else mend the outcome's weakest item, else the weakest of all."""
    weak = _with_coefficient(result, result.items["item_rest_r"] < WEAK_ITEM)
    dropped, turned = weak["cronbach_alpha_if_dropped"], weak["cronbach_alpha_if_turned"]
    n = weak["scale"].map(result.to_frame().set_index("scale")["n_used"]).astype(float)
    clear = clearly_negative(weak["item_rest_r"].to_numpy(dtype=float), n=np.asarray(n, dtype=float))
    against = weak[weak["suspected_keying"] & clear & (turned > weak["before"]) & ~(turned < dropped)]
    if len(against):
        row = records(against.sort_values("cronbach_alpha_if_turned"))[-1]
        return [Sentence(say("answer.turn", **_item(row, codebook)), "answer")]
    helped = weak[_gained(weak) > 0]
    outcome = helped[helped["scale"].isin(codebook.role("outcome"))]
    rows = records(outcome if len(outcome) else helped)
    return [Sentence(say("answer.mend", **_item(rows[0], codebook)), "answer")] if rows else []


def _gained(items: pd.DataFrame) -> pd.Series:
    """How much the coefficient of its scale rises without an item, at the decimals shown."""
    gained: pd.Series = items["cronbach_alpha_if_dropped"].round(2) - items["before"].round(2)
    return gained


def _item(row: Mapping[str, Any], codebook: Codebook) -> dict[str, str]:
    wording = codebook.item(row["item"]).wording
    return {
        "item": term("items.named", item=row["item"], wording=wording) if wording else row["item"],
        "scale": codebook.label(row["scale"]),
        "r": number(row["item_rest_r"]),
        "before": number(row["before"]),
        "after": number(row["cronbach_alpha_if_dropped"]),
    }


def _coefficient(row: Mapping[str, Any], result: ReliabilityResult, codebook: Codebook) -> dict[str, str]:
    span = interval(row["ci_low"], row["ci_high"], n=row["n_used"], confidence=result.confidence)
    return {
        "scale": codebook.label(row["scale"]),
        "estimate": number(row["cronbach_alpha"]),
        "interval": span,
    }


def _score(row: Mapping[str, Any], confidence: float) -> dict[str, str]:
    span = interval(row["ci_low"], row["ci_high"], n=row["n"], confidence=confidence, digits=1)
    return {"mean": number(row["mean"], 1), "interval": span}

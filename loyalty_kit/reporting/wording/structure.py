"""Sentences about factors, the codebook's structure, its validity and the comparability of groups."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.errors import GroupsError
from loyalty_kit.measurement.adequacy import AdequacyResult
from loyalty_kit.measurement.common_method import CommonMethodResult
from loyalty_kit.measurement.confirmatory import CfaResult
from loyalty_kit.measurement.factors import FactorResult
from loyalty_kit.measurement.fit import leading_indices
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.retention import RetentionResult
from loyalty_kit.measurement.validity import ValidityResult
from loyalty_kit.reporting.wording.catalogue import (
    Passage,
    Sentence,
    in_a_row,
    level,
    number,
    percent,
    probability,
    say,
    term,
)
from loyalty_kit.reporting.wording.notes import tell
from loyalty_kit.survey.codebook import Codebook

GOOD_FIT = {"cfi": 0.95, "rmsea": 0.06, "srmr": 0.08}
"""Hu & Bentler (1999)."""
COSTLY_LOSS = 0.2
FAIR_FIT = {"cfi": 0.90, "rmsea": 0.08, "srmr": 0.10}
GOOD_KMO, LEAST_KMO = 0.70, 0.60
"""Kaiser & Rice (1974): middling from .70, mediocre from .60."""
KINDS = {
    "distinct": "distinct",
    "distinct by the liberal bound": "distinct_liberal",
    "below .85, without an interval": "below",
    "not below .85, without an interval": "not_below",
    "not certain": "not_certain",
    "not distinct": "not_distinct",
}
"""First words of a pair's verdict, with their key in the catalogue."""
DISTINCT = ("distinct", "distinct_liberal")


def describe_structure_sample(result: CfaResult, responses: pd.DataFrame, codebook: Codebook) -> Passage:
    """Say which survey it is, how many respondents enter the factor model, and how they are weighted."""
    total = len(responses)
    title = [say("sample.title", title=codebook.title)] if codebook.title else []
    weighted = [say("sample.weighted", weight=codebook.weight)] if codebook.weight else []
    answered = int(responses[list(codebook.measures)].notna().all(axis=1).sum())
    if result.n_used > answered:
        return Passage([*title, say("structure.sample_fiml", n=result.n_used), *weighted])
    lost = 1 - result.n_used / total
    costly = [Sentence(say("structure.sample_loss", share=percent(lost)), "warning")] if lost > COSTLY_LOSS else []
    phrase = "structure.sample" if result.n_used < total else "structure.sample_all"
    return Passage([*title, say(phrase, n=result.n_used, total=total), *weighted, *costly])


def answer_structure(
    result: CfaResult, validity: ValidityResult, ladder: InvarianceResult | GroupsError | None, codebook: Codebook
) -> Passage:
    """Headline: does the claimed structure fit, which scales overlap, may groups be compared."""
    fit = fit_indices(result)
    case = "good" if _within(fit, GOOD_FIT) else "fair" if _within(fit, FAIR_FIT) else "poor"
    count = result.loadings["scale"].nunique()
    sentences = [say(f"structure.fit_{case}", count=count, fit=fit_in_words(result))]
    improper = _improper(result)
    if improper:
        sentences.append(say("structure.improper", why=tell(improper[0], _called(codebook))))
    miskeyed = contradictions(result, codebook)
    if miskeyed:
        sentences.append(say("structure.keying", items=in_a_row(miskeyed)))
    sentences += _distinctness(validity, codebook)
    sentences += _comparability(ladder, settled=not miskeyed)
    return Passage(Sentence(sentence, "answer") for sentence in sentences)


def contradictions(result: CfaResult, codebook: Codebook) -> list[str]:
    """Items whose loading has another sign than the codebook's keying gives it beside its scale's other items."""
    found = []
    for name, part in result.loadings.groupby("scale", sort=False):
        reverse = codebook.scales[str(name)].reverse if str(name) in codebook.scales else ()
        keyed = part["standardized"].to_numpy() * np.where(part["item"].isin(reverse), -1, 1)
        found += list(part.loc[keyed * np.sign(keyed.sum() or 1) < 0, "item"])
    return found


def describe_adequacy(result: AdequacyResult) -> Passage:
    """Say whether the items share enough to be factored."""
    case = "good" if result.kmo >= GOOD_KMO else "fair" if result.kmo >= LEAST_KMO else "poor"
    values = {"kmo": number(result.kmo), "p": probability(result.bartlett_p), "n": result.n_used}
    weakest = result.kmo_items.idxmin()
    item = say("adequacy.item", item=weakest, kmo=number(result.kmo_items.min()))
    return Passage([say(f"adequacy.{case}", **values), item, *_warnings(result.warnings)])


def describe_retention(result: RetentionResult, codebook: Codebook) -> Passage:
    """Say how many factors the methods find and how firmly."""
    claimed = sum(len(scale.items) > 1 for scale in codebook.reflective().values())
    low, high = int(result.answers.min()), int(result.answers.max())
    votes = result.answers.value_counts()
    tied = len(votes) > 1 and (votes == votes.max()).sum() > 1
    case = "nothing" if result.vote == 0 else "agree" if low == high else "split" if tied else "differ"
    sentences = [say(f"retention.{case}", low=low, high=high, factors=result.vote, claimed=claimed)]
    if result.shares is not None:
        share = percent(result.shares["vote"].get(result.vote, 0.0))
        sentences.append(say("retention.share", share=share, bootstrap=result.bootstrap))
    return Passage(sentences)


def describe_factors(result: FactorResult, codebook: Codebook) -> Passage:
    """Say which scales of the codebook the factors bring back, split or merge."""
    home = result.loadings.abs().idxmax(axis=1)
    homes = {
        name: set(home[[item for item in scale.items if item in home.index]])
        for name, scale in codebook.reflective().items()
        if set(scale.items) <= set(home.index)
    }
    whole = {name: next(iter(places)) for name, places in homes.items() if len(places) == 1}
    alone = [name for name, place in whole.items() if sum(place in places for places in homes.values()) == 1]
    split = [name for name, places in homes.items() if len(places) > 1]
    sentences = []
    if alone:
        sentences.append(say("factors.together", scales=_labels(alone, codebook)))
    if split:
        sentences.append(say("factors.split", scales=_labels(split, codebook)))
    for place in dict.fromkeys(whole.values()):
        merged = [name for name, own in whole.items() if own == place]
        if len(merged) > 1:
            sentences.append(say("factors.shared", scales=_labels(merged, codebook)))
    warnings = [Sentence(tell(text, _called(codebook)), "warning") for text in result.warnings]
    return Passage([*(sentences or [say("factors.none")]), *warnings])


def describe_fit(result: CfaResult, codebook: Codebook) -> Passage:
    """Warnings of the factor model: those that question the estimates loudly, the rest plainly."""
    loud, labels = _improper(result), _called(codebook)
    return Passage(
        Sentence(tell(text, labels), "warning" if text in loud else "plain") for text in (*loud, *_notes(result, loud))
    )


def describe_validity(result: ValidityResult, codebook: Codebook) -> Passage:
    """Say which scales hang together and which pairs are told apart."""
    belong = result.scales["verdict"] == "items belong together"
    sentences = []
    if belong.any():
        sentences.append(say("validity.together", scales=_labels(result.scales.loc[belong, "scale"], codebook)))
    for row in result.scales[~belong].to_dict("records"):
        sentences.append(say("validity.weak", scale=codebook.label(row["scale"]), verdict=tell(row["verdict"])))
    pairs = result.pairs.assign(kind=kind(result))
    for row in pairs[pairs["kind"] != "distinct"].to_dict("records"):
        ends = {"first": codebook.label(row["first"]), "second": codebook.label(row["second"])}
        span = {"htmt": number(row["htmt"]), "low": number(row["ci_low"]), "high": number(row["ci_high"])}
        verdict = term(f"verdict.{row['kind']}")
        sentences.append(say("validity.pair", verdict=verdict, level=level(result.confidence), **ends, **span))
    return Passage(sentences)


def describe_common_method(result: CommonMethodResult | None) -> Passage:
    """Say whether one source could explain all the answers."""
    if result is None:
        return Passage([say("common.none")])
    return Passage([Sentence(tell(result.verdict))])


def describe_invariance(result: InvarianceResult | GroupsError | None, codebook: Codebook) -> Passage:
    """Say whether groups may be compared and, where they may, how they differ, or why that was not examined."""
    if result is None or isinstance(result, GroupsError):
        return Passage(_comparability(result))
    sentences = [Sentence(tell(result.verdict), "plain" if result.comparable else "warning")]
    if result.n_dropped:
        sentences.append(say("invariance.sample", n=result.n_used, dropped=result.n_dropped))
    freed = result.items.loc[result.items["freed"].astype(bool), "item"].unique()
    if len(freed):
        sentences.append(say("invariance.freed", items=in_a_row(freed)))
    reference = str(result.groups.index[0])
    for row in result.latent_means.dropna(subset=["ci_low"]).to_dict("records"):
        unclear = row["ci_low"] <= 0 <= row["ci_high"]
        # Told as so much below, estimate and interval change sign together.
        sign = -1 if row["ci_high"] < 0 else 1
        low, high = sorted((sign * row["ci_low"], sign * row["ci_high"]))
        names = {"scale": codebook.label(row["scale"]), "group": row["group"], "reference": reference}
        span = {"difference": number(sign * row["estimate"]), "low": number(low), "high": number(high)}
        direction = say("invariance.above" if row["estimate"] > 0 else "invariance.below")
        phrase = "invariance.mean_unclear" if unclear else "invariance.mean"
        sentences.append(say(phrase, direction=direction, level=level(result.confidence), **names, **span))
    return Passage([*sentences, *_warnings(_doubts(result.warnings))])


def fit_indices(result: CfaResult) -> dict[str, float]:
    """CFI, RMSEA with its interval and SRMR, robust ones where the estimator has them."""
    return leading_indices(result.fit.to_dict())


def fit_in_words(result: CfaResult) -> str:
    """Write the indices in a row."""
    fit = {name: number(value, 3) for name, value in fit_indices(result).items()}
    span = {"level": level(0.90), "low": fit["rmsea_low"], "high": fit["rmsea_high"]}
    indices = {"cfi": fit["cfi"], "rmsea": fit["rmsea"], "srmr": fit["srmr"]}
    return term("structure.fit_indices", n=result.n_used, **indices, **span)


def _within(fit: dict[str, float], bounds: dict[str, float]) -> bool:
    return fit["cfi"] >= bounds["cfi"] and fit["rmsea"] <= bounds["rmsea"] and fit["srmr"] <= bounds["srmr"]


def _comparability(ladder: InvarianceResult | GroupsError | None, *, settled: bool = True) -> list[Sentence]:
    if ladder is None:
        return [say("structure.groups_none")]
    if isinstance(ladder, GroupsError):
        return [Sentence(say("structure.groups_refused", why=tell(ladder.message)), "warning")]
    if not settled:
        return [say("structure.groups_keying")]
    case = "no" if not ladder.comparable else "part" if len(ladder.partial) else "yes"
    doubts = _doubts(ladder.warnings)
    reserve = [say("structure.groups_doubt", why=tell(doubts[0]))] if doubts and ladder.comparable else []
    return [say(f"structure.groups_{case}", group=ladder.group), *reserve]


def _improper(result: CfaResult) -> list[str]:
    return _doubts(result.warnings)


def _doubts(warnings: Iterable[str]) -> list[str]:
    """Warnings that question the estimates, without those that only say what was left out."""
    return [text for text in warnings if not text.startswith("Left out of the factor model")]


def _notes(result: CfaResult, loud: list[str]) -> list[str]:
    return [text for text in result.warnings if text not in loud]


def _distinctness(validity: ValidityResult, codebook: Codebook) -> list[Sentence]:
    pairs = validity.pairs
    if pairs.empty:
        return [say("structure.single")]
    kinds = kind(validity)
    distinct = int(kinds.isin(DISTINCT).sum())
    one = len(pairs) == 1
    if distinct == len(pairs):
        return [say("structure.distinct_one" if one else "structure.distinct_all", count=len(pairs))]
    sentences = [
        say("structure.overlap_one" if one else "structure.distinct_some", distinct=distinct, count=len(pairs))
    ]
    overlap = pairs[kinds == "not_distinct"]
    if len(overlap):
        sentences.append(
            say("structure.overlap", pairs=term("structure.pair_gap").join(pair_labels(overlap, codebook)))
        )
    return sentences


def pair_labels(pairs: pd.DataFrame, codebook: Codebook) -> list[str]:
    """Name each pair of scales."""
    ends = pairs[["first", "second"]].to_numpy()
    return [term("verdict.pair", first=codebook.label(a), second=codebook.label(b)) for a, b in ends]


def kind(validity: ValidityResult) -> "pd.Series[Any]":
    """Key of each pair's verdict in the catalogue."""
    keys: pd.Series[Any] = validity.pairs["verdict"].astype(str).str.split(":").str[0].map(KINDS)
    return keys


def _called(codebook: Codebook) -> dict[str, str]:
    """Label of each scale."""
    return {key: codebook.label(key) for key in codebook.scales}


def _labels(names: Any, codebook: Codebook) -> str:
    return in_a_row(codebook.label(str(name)) for name in names)


def _warnings(texts: Any) -> list[Sentence]:
    return [Sentence(tell(text), "warning") for text in texts]

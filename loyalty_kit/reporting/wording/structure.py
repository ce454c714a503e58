"""Sentences about factors, the codebook's structure and its validity."""

from collections.abc import Iterable
from operator import ge, gt
from typing import Any

import pandas as pd

from loyalty_kit.errors import GroupsError
from loyalty_kit.language import in_a_row, level, number, percent, probability, term
from loyalty_kit.language import translate as tell
from loyalty_kit.measurement.adequacy import POOR_KMO, AdequacyResult
from loyalty_kit.measurement.cfa_soundness import UNRELATED
from loyalty_kit.measurement.common_method import CommonMethodResult
from loyalty_kit.measurement.confirmatory import CfaResult
from loyalty_kit.measurement.factors import FactorResult, homes, recovered
from loyalty_kit.measurement.fit import FAIR_FIT, GOOD_FIT, leading_indices, within
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.keying import against_keying
from loyalty_kit.measurement.retention import RetentionResult
from loyalty_kit.measurement.validity import LIBERAL, STRICT, ValidityResult
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.wording.comparability import comparability, doubts
from loyalty_kit.survey.codebook import Codebook

COSTLY_LOSS = 0.2
GOOD_KMO, LEAST_KMO = 0.70, 0.60
"""Kaiser & Rice (1974): middling from .70, mediocre from .60."""
KINDS = {
    "distinct": "distinct",
    "overlapping": "overlapping",
    "not settled": "not_settled",
    "cannot be told": "untold",
    "below .85, without an interval": "below",
    "not below .85, without an interval": "not_below",
}
"""First words of a pair's verdict, with their key in the catalogue."""


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
    sentences = [_fit_verdict(result)]
    improper = _improper(result)
    if improper:
        sentences.append(say("structure.improper", why=tell(improper[0], _called(codebook))))
    miskeyed = contradictions(result, codebook)
    if miskeyed:
        sentences.append(say("structure.keying", items=in_a_row(miskeyed)))
    sentences += _distinctness(result, validity, codebook)
    sentences += comparability(ladder, settled=not miskeyed)
    return Passage(Sentence(sentence, "answer") for sentence in sentences)


def contradictions(result: CfaResult, codebook: Codebook) -> list[str]:
    """Items that run against their scale's other items by more than chance, as the codebook keys them."""
    return against_keying(result, {item for scale in codebook.scales.values() for item in scale.reverse})


def describe_adequacy(result: AdequacyResult) -> Passage:
    """Say whether the items share enough to be factored."""
    case = "good" if result.kmo >= GOOD_KMO else "fair" if result.kmo >= LEAST_KMO else "poor"
    case = "none" if result.bartlett_p >= UNRELATED else case
    values = {"kmo": beside(result.kmo, GOOD_KMO, LEAST_KMO), "p": probability(result.bartlett_p), "n": result.n_used}
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
    found = homes(result.loadings, codebook)
    whole = {name: next(iter(places)) for name, places in found.items() if len(places) == 1}
    alone = list(recovered(found))
    split = [name for name, places in found.items() if len(places) > 1]
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
    for verdict, part in result.scales[~belong].groupby("verdict", sort=False):
        sentences.append(say("validity.weak", scale=_labels(part["scale"], codebook), verdict=tell(str(verdict))))
    pairs = result.pairs.assign(kind=kind(result))
    for row in records(pairs[~pairs["kind"].isin(("distinct", "untold"))]):
        ends = {"first": codebook.label(row["first"]), "second": codebook.label(row["second"])}
        verdict = term(f"verdict.{row['kind']}")
        if pd.isna(row["ci_low"]):
            sentences.append(say("validity.pair_only", verdict=verdict, htmt=beside(row["htmt"], STRICT), **ends))
            continue
        span = {"htmt": number(row["htmt"]), "low": beside(row["ci_low"], LIBERAL)}
        span |= {"high": beside(row["ci_high"], LIBERAL), "level": level(result.confidence)}
        sentences.append(say("validity.pair", verdict=verdict, **ends, **span))
    if (pairs["kind"] == "untold").any():
        sentences.append(say("validity.untold", scales=_unrelated(result, codebook)))
    return Passage(sentences)


def describe_common_method(result: CommonMethodResult | None) -> Passage:
    """Say whether one source could explain all the answers."""
    if result is None:
        return Passage([say("common.none")])
    return Passage([Sentence(tell(result.verdict))])


def fit_indices(result: CfaResult) -> dict[str, float]:
    """CFI, RMSEA with its interval and SRMR, robust ones where the estimator has them."""
    return leading_indices(result.fit.to_dict())


def fit_in_words(result: CfaResult) -> str:
    """Write the indices in a row."""
    found = fit_indices(result)
    fit = {name: number(value, 3) for name, value in found.items()}
    for name in GOOD_FIT:
        fit[name] = beside(found[name], GOOD_FIT[name], FAIR_FIT[name], digits=3, above=name == "cfi")
    span = {"level": level(0.90), "low": fit["rmsea_low"], "high": fit["rmsea_high"]}
    indices = {"cfi": fit["cfi"], "rmsea": fit["rmsea"], "srmr": fit["srmr"]}
    return term("structure.fit_indices", n=result.n_used, **indices, **span)


def beside(value: float, *bounds: float, digits: int = 2, above: bool = True) -> str:
    """Write a number with the digits that keep it on its own side of each bound, which itself counts as above or not.

    Examples
    --------
    >>> beside(0.72, 0.5), beside(0.4979, 0.5), beside(0.49996, 0.5)
    ('0.72', '0.498', '0.49996')
    """
    return number(value, digits_beside([value], *bounds, digits=digits, above=above))


def digits_beside(values: Iterable[float], *bounds: float, digits: int = 2, above: bool = True) -> int:
    """Digits that keep every number on its own side of each bound, at most eight."""
    side = ge if above else gt
    known = [float(value) for value in values if pd.notna(value)]
    while digits < 8 and any(side(round(value, digits), b) != side(value, b) for value in known for b in bounds):
        digits += 1
    return digits


def _fit_verdict(result: CfaResult) -> Sentence:
    """Judge the fit, or say why it cannot be judged."""
    count, fit, why = result.loadings["scale"].nunique(), fit_indices(result), _withheld(result)
    if why:
        return say("structure.fit_withheld", count=count, why=term("structure.pair_gap").join(why))
    case = "good" if within(fit, GOOD_FIT) else "fair" if within(fit, FAIR_FIT) else "poor"
    return say(f"structure.fit_{case}", count=count, fit=fit_in_words(result))


def _withheld(result: CfaResult) -> list[str]:
    """Reasons for which the fit cannot be judged."""
    reasons = []
    if result.standing != "proper":
        reasons.append(term(f"structure.standing_{result.standing.replace(' ', '_')}"))
    if result.independence_p >= UNRELATED:
        reasons.append(term("structure.unrelated", p=probability(result.independence_p)))
    elif result.kmo < POOR_KMO:
        reasons.append(term("structure.kmo_low", kmo=beside(result.kmo, POOR_KMO), least=number(POOR_KMO)))
    if result.fit["df"] == 0:
        reasons.append(term("structure.saturated"))
    return reasons


def _improper(result: CfaResult) -> list[str]:
    return doubts(result.warnings)


def _notes(result: CfaResult, loud: list[str]) -> list[str]:
    return [text for text in result.warnings if text not in loud]


def _distinctness(result: CfaResult, validity: ValidityResult, codebook: Codebook) -> list[Sentence]:
    pairs = validity.pairs
    if pairs.empty:
        return [say("structure.single")]
    kinds = kind(validity)
    untold = [say("structure.untold", scales=_unrelated(validity, codebook))] if (kinds == "untold").any() else []
    if (kinds == "untold").all():
        return untold
    basis = [say("structure.htmt_alone")] if result.standing != "proper" else []
    distinct = int((kinds == "distinct").sum())
    one = len(pairs) == 1
    if distinct == len(pairs):
        return [*basis, say("structure.distinct_one" if one else "structure.distinct_all", count=len(pairs))]
    first = say("structure.overlap_one" if one else "structure.distinct_some", distinct=distinct, count=len(pairs))
    open_pairs = int((kinds == "not_settled").sum())
    bound = number(LIBERAL)
    unsettled = [say("structure.unsettled", count=open_pairs, bound=bound)] if open_pairs and not one else []
    return [*basis, first, *_overlaps(pairs[kinds == "overlapping"], codebook), *unsettled, *untold]


def _overlaps(pairs: pd.DataFrame, codebook: Codebook) -> list[Sentence]:
    """Overlaps among scales that may be ranked as drivers, then each with an outcome."""
    outcomes = codebook.role("outcome")
    ends = pairs[["first", "second"]].isin(outcomes)
    mixed = ends["first"] != ends["second"]
    said = []
    if (~mixed).any():
        between = term("structure.pair_gap").join(pair_labels(pairs[~mixed], codebook))
        said.append(say("structure.overlap", pairs=between, bound=number(LIBERAL)))
    for a, b in pairs.loc[mixed, ["first", "second"]].to_numpy():
        outcome, scale = (a, b) if a in outcomes else (b, a)
        said.append(
            say(
                "structure.overlap_outcome",
                scale=codebook.label(scale),
                outcome=codebook.label(outcome),
                bound=number(LIBERAL),
            )
        )
    return said


def _unrelated(validity: ValidityResult, codebook: Codebook) -> str:
    scales = validity.scales
    return _labels(scales.loc[scales["independence_p"] >= UNRELATED, "scale"], codebook)


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

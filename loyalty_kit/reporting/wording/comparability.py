"""Sentences about the comparability of groups: what decides it, how narrowly, and what could not be examined."""

from collections.abc import Iterable

from loyalty_kit.errors import GroupsError
from loyalty_kit.language import in_a_row, level, number, probability, term
from loyalty_kit.language import translate as tell
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.invariance_verdict import Decision
from loyalty_kit.messages import figure
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.survey.codebook import Codebook


def describe_invariance(result: InvarianceResult | GroupsError | None, codebook: Codebook) -> Passage:
    """Say whether groups may be compared and, where they may, how they differ, or why that was not examined."""
    if result is None or isinstance(result, GroupsError):
        return Passage(comparability(result))
    last = [Sentence(tell(text), "warning") for text in doubts(result.warnings)]
    dropped = [say("invariance.sample", n=result.n_used, dropped=result.n_dropped)] if result.n_dropped else []
    if result.obstacle:
        return Passage([Sentence(_unexamined(result), "warning"), *dropped, *last])
    sentences = [Sentence(tell(result.verdict), "plain" if result.comparable else "warning"), *dropped]
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
    return Passage([*sentences, *last])


def comparability(ladder: InvarianceResult | GroupsError | None, *, settled: bool = True) -> list[Sentence]:
    """Whether groups may be compared, in one sentence and a second where there is reserve."""
    if ladder is None:
        return [say("structure.groups_none")]
    if isinstance(ladder, GroupsError):
        return [Sentence(say("structure.groups_refused", why=tell(ladder.message)), "warning")]
    if not settled:
        return [say("structure.groups_keying")]
    if ladder.decision is None:
        return [_unexamined(ladder)]
    case = "no" if not ladder.comparable else "part" if len(ladder.partial) else "yes"
    reserve = tell(ladder.reserve) if ladder.reserve else ""
    first = say(
        f"structure.groups_{case}", group=ladder.group, figures=_change_in_words(ladder.decision), reserve=reserve
    )
    found = doubts(ladder.warnings)
    return [first, *([say("structure.groups_doubt", why=tell(found[0]))] if found and ladder.comparable else [])]


def doubts(warnings: Iterable[str]) -> list[str]:
    """Warnings that question the estimates, without those that only say what was left out."""
    return [text for text in warnings if not text.startswith("Left out of the factor model")]


def _unexamined(ladder: InvarianceResult) -> Sentence:
    sizes = term("comma").join(term("verdict.group_size", group=name, n=n) for name, n in ladder.groups.items())
    return say("structure.groups_unexamined", group=ladder.group, why=tell(ladder.obstacle), sizes=sizes)


def _change_in_words(found: Decision) -> str:
    """Write the figures that decide, with digits enough to tell them from their limits."""
    changes = {"cfi": figure(found.cfi_change, "+.4f"), "rmsea": figure(found.rmsea_change, "+.4f")}
    limits = {"cfi_limit": figure(-found.rule.cfi_fall, "+.4f"), "rmsea_limit": figure(found.rule.rmsea_rise, "+.4f")}
    step = term(f"verdict.{found.level}")
    return term("structure.change", step=step, p=probability(found.p_change), **changes, **limits)

"""A tier's threshold: whether members hurry to reach it, and only if not, whether reaching it changes anything."""

from great_tables import GT

from loyalty_kit.core.language import interval, level, number, term, translate
from loyalty_kit.programme.tiers import TierJumpResult
from loyalty_kit.reporting.layout import headings, lay_out, p_is, p_values, span
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.reporting.verbs import describes, tabulates

DIGITS = 2


@describes(TierJumpResult, "tier")
def describe_tier(result: TierJumpResult) -> Passage:
    """Say whether members crowd at the threshold and, if they do not, what reaching it changes."""
    figures = {"threshold": number(result.threshold, 0), "score": result.score}
    p = p_is(result.density_p_value)
    if result.verdict == "bunched":
        key = "tier.bunched" if result.density_ratio > 1 else "tier.gap"
        told = [say(key, ratio=number(result.density_ratio, 1), p=p, **figures)]
    else:
        n = result.n_below + result.n_above
        written = interval(result.ci_low, result.ci_high, n=n, confidence=result.confidence, digits=DIGITS)
        size = number(abs(result.estimate), DIGITS)
        told = [
            say("tier.smooth", p=p, **figures),
            say(f"tier.{result.verdict}", outcome=result.outcome, size=size, interval=written, **figures),
        ]
    return Passage([*told, *(Sentence(translate(text)) for text in result.warnings)])


@tabulates(TierJumpResult, "tier")
def tier_table(result: TierJumpResult) -> GT:
    """Lay out the jump, where it is told, and what it rests on."""
    shown = result.to_frame()
    shown = shown.assign(
        name=result.outcome,
        interval=span(shown["ci_low"], shown["ci_high"], DIGITS),
        p=p_values(shown["density_p_value"]),
    )
    columns = {
        "name": "outcome",
        "estimate": "jump",
        "interval": "interval",
        "bandwidth": "bandwidth",
        "n_below": "n_below",
        "n_above": "n_above",
        "p": "density_p",
    }
    return lay_out(
        shown,
        name="tier",
        title=term("title.tier", threshold=number(result.threshold, 0), score=result.score),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["estimate"], 0: ["bandwidth", "n_below", "n_above"]},
        note=term("note.tier"),
    )

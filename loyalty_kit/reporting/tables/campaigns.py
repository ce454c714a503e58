"""Tables about a campaign test."""

from collections.abc import Sequence

import pandas as pd
from great_tables import GT

from loyalty_kit.campaigns.assignment import AssignmentResult
from loyalty_kit.campaigns.decisions import DecisionResult
from loyalty_kit.campaigns.effects import ALL, EffectsResult
from loyalty_kit.campaigns.following import NextTestResult
from loyalty_kit.campaigns.metrics import Metric
from loyalty_kit.campaigns.trust import TrustResult
from loyalty_kit.reporting.tables.layout import lay_out
from loyalty_kit.reporting.wording.campaigns import (
    PERMUTED,
    SURE,
    UNLIKELY,
    about,
    amount,
    chance,
    decisions,
    plain_name,
    primary,
    shown_cells,
    trusted,
)
from loyalty_kit.reporting.wording.catalogue import number, percent

CASES = {
    "roll_out": "roll out",
    "second": "stop, another gains more",
    "stop": "stop",
    "test": "test more",
    "unknown": "cannot be judged",
}
DESIGNS = {
    "again": "This test again",
    "equal arms": "As many customers, equal arms",
    "half the effect": "Half the change, equal arms",
}


def assignment_table(assignment: AssignmentResult) -> GT:
    """Lay out every check of the assignment."""
    labels = {"check": "Check", "outcome": "Outcome", "message": "What was found"}
    return lay_out(assignment.table, name="assignment", title="Checks of the assignment", labels=labels)


def effects_table(effects: EffectsResult, metrics: Sequence[Metric]) -> GT:
    """Difference of each arm from control, the first estimate of each metric."""
    table = primary(effects)
    shown = _written(table[table["by"] == ALL], effects, metrics)
    labels = {
        "arm": "Arm",
        "n": "Customers",
        "control": f"In {effects.control}",
        "treatment": "In the arm",
        "difference": "Difference",
        "interval": f"{100 * effects.confidence:g} % interval",
        "lift": "Lift",
        "p": "p",
    }
    return lay_out(
        shown,
        name="effects",
        title="What each arm changed",
        labels=labels,
        group="group",
        note="Rates in percent and percentage points, money per 1,000 customers. Customers: of the arm and of "
        f"{effects.control} together. Lift: relative difference, where {effects.control} is clearly above zero. "
        f"Method: {'; '.join(dict.fromkeys(shown['method']))}.",
    ).cols_align("right", [name for name in labels if name != "arm"])


def segments_table(effects: EffectsResult, metrics: Sequence[Metric], *, min_cell: int) -> GT:
    """Difference in every segment that may be shown."""
    chosen = [metric.name for metric in metrics if metric.kind in ("rate", "profit")]
    table = shown_cells(effects, min_cell=min_cell)
    shown = _written(table[table["metric"].isin(chosen)], effects, metrics)
    shown = shown.assign(
        group=[f"{plain_name(metric)}: {arm}" for metric, arm in shown[["metric", "arm"]].to_numpy()],
        cell=[f"{by} {level}" for by, level in shown[["by", "level"]].to_numpy()],
    ).sort_values("group", kind="stable", key=lambda groups: groups.map(list(dict.fromkeys(groups)).index))
    labels = {
        "cell": "Segment",
        "n": "Customers",
        "difference": "Difference",
        "interval": f"{100 * effects.confidence:g} % interval",
        "p": "p, adjusted",
        "by_permutation": "Method",
    }
    return lay_out(
        shown,
        name="segments",
        title="Effects by segment",
        labels=labels,
        group="group",
        note="Rates in percentage points, money per 1,000 customers. Each interval is for one segment at a time; "
        "p is adjusted (Holm) over the arms and levels of one column.",
    ).cols_align("right", ["n", "difference", "interval", "p"])


def decision_table(
    assignment: AssignmentResult, effects: EffectsResult, trust: TrustResult, decision: DecisionResult
) -> GT:
    """Each choice with its probabilities and what is to be expected of it; no advice on an unsound test."""
    choices = decisions(effects, trust, decision).set_index("arm")
    cases = choices["case"]
    advice = CASES if assignment.sound else dict.fromkeys(CASES, "none, the test is not sound")
    table = decision.table
    shown = pd.DataFrame(
        {
            "choice": [_choice(what, arm) for what, arm in table[["decision", "arm"]].to_numpy()],
            "advice": [advice[cases[arm]] if arm in cases.index else "–" for arm in table["arm"]],
            "p_gain": [chance(p) for p in table["probability_gain"]],
            "p_best": [chance(p) for p in table["probability_best"]],
            "gain": [amount(gain) for gain in table["expected_gain"]],
            "loss": [amount(loss) for loss in table["expected_loss"]],
        }
    )
    shown.loc[table["arm"].isna().to_numpy(), "p_gain"] = "–"
    doubtful = choices.index[choices["permuted"] | (cases == "unknown")]
    shown.loc[table["arm"].isin(doubtful).to_numpy(), ["p_gain", "p_best"]] = "–"
    labels = {
        "choice": "Choice",
        "advice": "Advice",
        "p_gain": "P(gain)",
        "p_best": "P(best)",
        "gain": "Expected gain",
        "loss": "Expected regret",
    }
    return lay_out(
        shown,
        name="decision",
        title="What to do",
        labels=labels,
        note=f"Money per 1,000 customers. Roll out: gains with probability {percent(SURE)} or more, and the best arm. "
        f"Stop: the best choice with probability {percent(UNLIKELY)} or less. Where only the permutation test can be "
        "believed, its interval decides. Regret: what the choice gains less, on average, than always choosing right. "
        "Test more, at best: what a test that shows the truth would gain; its P is that of the best present choice "
        "being wrong.",
    ).cols_align("right", ["p_gain", "p_best", "gain", "loss"])


def trust_table(trust: TrustResult, effects: EffectsResult, *, min_cell: int) -> GT:
    """Whether each result can be believed, with the false alarms of the ordinary method."""
    table = trusted(trust, effects, min_cell=min_cell)
    shown = table.assign(
        group=table["metric"].map(plain_name),
        result=[
            f"{arm}, all customers" if by == ALL else f"{arm}, {by} {level}"
            for arm, by, level in table[["arm", "by", "level"]].to_numpy()
        ],
        better=[percent(rate, 1) for rate in table["false_better"]],
        worse=[percent(rate, 1) for rate in table["false_worse"]],
    )
    labels = {
        "result": "Result",
        "believable": "Can I believe this?",
        "better": "False ‘better’",
        "worse": "False ‘worse’",
        "nonzero_control": f"In {effects.control} above 0",
    }
    return lay_out(
        shown,
        name="trust",
        title="Can I believe this?",
        labels=labels,
        group="group",
        note=f"From {trust.method}. False alarms of the ordinary method; {percent(trust.nominal, 1)} on each side is "
        "due. By permutation: the ordinary method cries wolf, and the permutation result stands in its place.",
    ).cols_align("right", ["better", "worse", "nonzero_control"])


def next_table(plan: NextTestResult) -> GT:
    """Designs of a next test."""
    table = plan.table
    shown = table.assign(
        design=table["design"].map(DESIGNS),
        size=[about(n) if design == "half the effect" else f"{n:,}" for design, n in table[["design", "n"]].to_numpy()],
        share=[percent(share) for share in table["control_share"]],
        change=[amount(mde) for mde in table["mde"]],
        lift=["–" if pd.isna(lift) else percent(lift) for lift in table["lift"]],
    )
    labels = {
        "design": "Design",
        "size": "Customers",
        "share": "Held out",
        "change": "Smallest change found",
        "lift": "Relative to control",
    }
    return lay_out(
        shown,
        name="next",
        title="The next test",
        labels=labels,
        note=f"Change in {plain_name(plan.metric)} per 1,000 customers, found with probability {percent(plan.power)} "
        f"({plan.method}). From the spread that this test showed, not from its estimates.",
    ).cols_align("right", ["size", "share", "change", "lift"])


def _choice(what: str, arm: object) -> str:
    return f"Roll out {arm}" if what == "roll out" else "Stop all" if what == "stop" else "Test more, at best"


def _written(table: pd.DataFrame, effects: EffectsResult, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Numbers of effects as text, each in its metric's unit."""
    kinds = {metric.name: metric.kind for metric in metrics}
    rate = table["metric"].map(kinds) == "rate"
    pairs = [
        ["–" if pd.isna(value) else number(100 * value, 1) if is_rate else amount(value) for value in values]
        for is_rate, values in zip(
            rate, table[["control", "treatment", "difference", "ci_low", "ci_high"]].to_numpy(dtype=float), strict=True
        )
    ]
    names = ["control", "treatment", "difference", "low", "high"]
    written = pd.DataFrame(pairs, columns=names, index=table.index)
    return table.assign(
        group=table["metric"].map(plain_name),
        **{name: written[name] for name in names[:3]},
        n=[f"{n:,}" for n in table["n"]],
        interval=[
            "–" if low == "–" else f"{low}\u00a0to\u00a0{high}"
            for low, high in zip(written["low"], written["high"], strict=True)
        ],
        lift=["–" if pd.isna(lift) else percent(lift, 1) for lift in table["lift"]],
        p=["–" if pd.isna(p) else "< .001" if p < 0.001 else f"{p:.3f}" for p in table["p_adjusted"]],
        by_permutation=["permutation" if PERMUTED in method else "ordinary" for method in table["method"]],
    )

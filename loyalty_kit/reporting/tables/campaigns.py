"""Tables about a campaign test."""

from collections.abc import Sequence

import pandas as pd
from great_tables import GT

from loyalty_kit.campaigns.assignment import AssignmentResult
from loyalty_kit.campaigns.decisions import DecisionResult
from loyalty_kit.campaigns.effects import ALL, DISBELIEVED, EffectsResult
from loyalty_kit.campaigns.following import NextTestResult
from loyalty_kit.campaigns.metrics import Metric
from loyalty_kit.campaigns.trust import TrustResult
from loyalty_kit.language import level, number, percent, term
from loyalty_kit.language import translate as tell
from loyalty_kit.reporting.tables.layout import headings, lay_out, p_values
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


def assignment_table(assignment: AssignmentResult) -> GT:
    """Lay out every check of the assignment."""
    table = assignment.table
    shown = table.assign(
        check=table["check"].map(tell),
        outcome=[term(f"verdict.{outcome}") for outcome in table["outcome"]],
        message=table["message"].map(tell),
    )
    labels = headings({"check": "check", "outcome": "outcome", "message": "message"})
    return lay_out(shown, name="assignment", title=term("title.assignment"), labels=labels)


def effects_table(effects: EffectsResult, metrics: Sequence[Metric]) -> GT:
    """Difference of each arm from control, the first estimate of each metric."""
    table = primary(effects)
    shown = _written(table[table["by"] == ALL], effects, metrics)
    columns = {
        "arm": "arm",
        "n": "customers",
        "control": "in_control",
        "treatment": "in_arm",
        "difference": "difference",
        "interval": "interval",
        "lift": "lift",
        "p": "p",
    }
    labels = headings(columns, control=effects.control, level=level(effects.confidence))
    methods = term("semicolon").join(map(tell, dict.fromkeys(shown["method"])))
    return lay_out(
        shown,
        name="effects",
        title=term("title.effects"),
        labels=labels,
        group="group",
        note=term("note.effects", control=effects.control, methods=methods),
    ).cols_align("right", [name for name in labels if name != "arm"])


def segments_table(effects: EffectsResult, metrics: Sequence[Metric], *, min_cell: int) -> GT:
    """Difference in every segment that may be shown."""
    chosen = [metric.name for metric in metrics if metric.kind in ("rate", "profit")]
    table = shown_cells(effects, min_cell=min_cell)
    shown = _written(table[table["metric"].isin(chosen)], effects, metrics)
    shown = shown.assign(
        group=[
            term("verdict.metric_arm", metric=plain_name(metric), arm=arm)
            for metric, arm in shown[["metric", "arm"]].to_numpy()
        ],
        cell=[term("verdict.segment", by=by, level=cell) for by, cell in shown[["by", "level"]].to_numpy()],
    ).sort_values("group", kind="stable", key=lambda groups: groups.map(list(dict.fromkeys(groups)).index))
    columns = {
        "cell": "segment",
        "n": "customers",
        "difference": "difference",
        "interval": "interval",
        "p": "p_adjusted",
        "by_permutation": "method",
    }
    labels = headings(columns, level=level(effects.confidence))
    return lay_out(
        shown,
        name="segments",
        title=term("title.segments"),
        labels=labels,
        group="group",
        note=term("note.segments"),
    ).cols_align("right", ["n", "difference", "interval", "p"])


def decision_table(
    assignment: AssignmentResult, effects: EffectsResult, trust: TrustResult, decision: DecisionResult
) -> GT:
    """Each choice with its probabilities and what is to be expected of it; no advice on an unsound test."""
    choices = decisions(effects, trust, decision).set_index("arm")
    cases = choices["case"]
    table = decision.table
    shown = pd.DataFrame(
        {
            "choice": [_choice(what, arm) for what, arm in table[["decision", "arm"]].to_numpy()],
            "advice": [
                term("verdict.advice_" + (cases[arm] if assignment.sound else "unsound")) if arm in cases.index else "–"
                for arm in table["arm"]
            ],
            "p_gain": [chance(p) for p in table["probability_gain"]],
            "p_best": [chance(p) for p in table["probability_best"]],
            "gain": [amount(gain) for gain in table["expected_gain"]],
            "loss": [amount(loss) for loss in table["expected_loss"]],
        }
    )
    shown.loc[table["arm"].isna().to_numpy(), "p_gain"] = "–"
    doubtful = choices.index[cases == "unknown"]
    shown.loc[table["arm"].isin(doubtful).to_numpy(), ["p_gain", "p_best"]] = "–"
    return lay_out(
        shown,
        name="decision",
        title=term("title.decision"),
        labels=headings({name: name for name in shown.columns}),
        note=term("note.decision", sure=percent(SURE), unlikely=percent(UNLIKELY)),
    ).cols_align("right", ["p_gain", "p_best", "gain", "loss"])


def trust_table(trust: TrustResult, effects: EffectsResult, *, min_cell: int) -> GT:
    """Whether each result can be believed, with the false alarms of the ordinary method."""
    table = trusted(trust, effects, min_cell=min_cell)
    shown = table.assign(
        group=table["metric"].map(plain_name),
        result=[
            term("verdict.all_customers", arm=arm)
            if by == ALL
            else term("verdict.in_segment", arm=arm, by=by, level=cell)
            for arm, by, cell in table[["arm", "by", "level"]].to_numpy()
        ],
        believable=[term(f"verdict.believable_{verdict.replace(' ', '_')}") for verdict in table["believable"]],
        better=[percent(rate, 1) for rate in table["false_better"]],
        worse=[percent(rate, 1) for rate in table["false_worse"]],
    )
    columns = {
        "result": "result",
        "believable": "believable",
        "better": "false_better",
        "worse": "false_worse",
        "nonzero_control": "above_zero",
    }
    return lay_out(
        shown,
        name="trust",
        title=term("title.trust"),
        labels=headings(columns, control=effects.control),
        group="group",
        note=term("note.trust", method=tell(trust.method), nominal=percent(trust.nominal, 1)),
    ).cols_align("right", ["better", "worse", "nonzero_control"])


def next_table(plan: NextTestResult) -> GT:
    """Designs of a next test."""
    table = plan.table
    shown = table.assign(
        design=[term(f"verdict.design_{design.replace(' ', '_')}") for design in table["design"]],
        size=[about(n) if design == "half the effect" else f"{n:,}" for design, n in table[["design", "n"]].to_numpy()],
        share=[percent(share) for share in table["control_share"]],
        change=[amount(mde) for mde in table["mde"]],
        lift=["–" if pd.isna(lift) else percent(lift) for lift in table["lift"]],
    )
    columns = {
        "design": "design",
        "size": "customers",
        "share": "held_out",
        "change": "smallest_change",
        "lift": "relative",
    }
    return lay_out(
        shown,
        name="next",
        title=term("title.next"),
        labels=headings(columns),
        note=term("note.next", metric=plain_name(plan.metric), power=percent(plan.power), method=tell(plan.method)),
    ).cols_align("right", ["size", "share", "change", "lift"])


def _choice(what: str, arm: object) -> str:
    return term(f"verdict.choice_{what.replace(' ', '_')}", arm=arm)


def _method(warning: str, method: str) -> str:
    if DISBELIEVED in warning:
        return "no_method"
    return "permutation" if PERMUTED in method else "ordinary"


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
            "–" if low == "–" else term("span", low=low, high=high)
            for low, high in zip(written["low"], written["high"], strict=True)
        ],
        lift=["–" if pd.isna(lift) else percent(lift, 1) for lift in table["lift"]],
        p=p_values(table["p_adjusted"]),
        by_permutation=[
            term(f"verdict.{_method(*pair)}") for pair in zip(table["warning"], table["method"], strict=True)
        ],
    )

"""Sentences about a campaign test: what to decide, what happened, and whether it can be believed."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from loyalty_kit.campaigns.assignment import AssignmentResult
from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.course import CourseResult
from loyalty_kit.campaigns.decisions import DecisionResult
from loyalty_kit.campaigns.effects import ALL, EffectsResult
from loyalty_kit.campaigns.following import NextTestResult
from loyalty_kit.campaigns.metrics import Metric, Profit
from loyalty_kit.campaigns.trust import TrustResult
from loyalty_kit.language import in_a_row, level, number, percent, probability, term
from loyalty_kit.language import translate as tell
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.survey.groups import small_cells

SURE, UNLIKELY = 0.95, 0.05
"""From which probability of a gain an arm is rolled out, and up to which of being best it is stopped."""
LEVEL_OF_TESTS = 0.05
FEW_BUYERS = 30
THOUSAND = 1000
PERMUTED = "permutation"
ENDS = [("difference", "difference"), ("ci_low", "low"), ("ci_high", "high")]


def answer_campaign(
    assignment: AssignmentResult, effects: EffectsResult, trust: TrustResult, decision: DecisionResult
) -> Passage:
    """Headline: what is wrong with the test, what to do with each arm, and whether that can be believed."""
    warnings = [Sentence(tell(text), "warning") for text in assignment.warnings]
    if not assignment.sound:
        return Passage([*warnings, Sentence(say("campaign.unsound"), "answer")])
    choices = decisions(effects, trust, decision)
    best = records(choices.nlargest(1, "expected_gain"))[0]["arm"]
    order = ["roll_out", "test", "unknown", "second", "stop"]
    ordered = choices.sort_values("case", key=lambda cases: cases.map(order.index), kind="stable")
    sentences = [_advice(row, best, effects) for row in records(ordered)]
    if (choices["case"] == "test").any():
        now = _now(decision)
        phrase = "campaign.more_stop" if now["decision"] == "stop" else "campaign.more_arm"
        sentences.append(say(phrase, arm=now["arm"], loss=amount(now["expected_loss"])))
    buyers = choices[["nonzero_control", "nonzero_treatment"]].min(axis=1)
    for row in records(choices[buyers < FEW_BUYERS]):
        counts = {"control": row["nonzero_control"], "treatment": row["nonzero_treatment"]}
        sentences.append(say("campaign.few", arm=row["arm"], reference=effects.control, **counts))
    return Passage([*warnings, *(Sentence(text, "answer") for text in (*sentences, _believed(choices, trust)))])


def _advice(row: dict[str, Any], best: object, effects: EffectsResult) -> Sentence:
    """Advise on one arm."""
    case = "roll_out_open" if row["case"] == "roll_out" and row["ci_low"] <= 0 else row["case"]
    values = {"arm": row["arm"], "best": best, "gain": amount(row["expected_gain"]), "span": _span(row, effects)}
    chances = {"p": chance(row["probability_gain"]), "p_best": chance(row["probability_best"]), "sure": percent(SURE)}
    return say(f"campaign.{case}", **chances, **values)


def _now(decision: DecisionResult) -> dict[str, Any]:
    """Row of the best choice on these data alone."""
    return records(decision.table[decision.table["decision"] != "test more"].nlargest(1, "expected_gain"))[0]


def decisions(effects: EffectsResult, trust: TrustResult, decision: DecisionResult) -> pd.DataFrame:
    """Each arm with its profit, its probabilities and what to do with it, the arms in their order.

    `case` is 'roll_out', 'second' (gains, but another arm more), 'stop', 'test' or 'unknown'. An arm is
    rolled out where it gains with probability 0.95 and is the best one, stopped where it is the best choice
    with probability 0.05 or less; the probabilities are those of the permutation test where it stands.
    """
    keys = ["metric", "arm", "by", "level", "kind"]
    rows = primary(effects, decision.metric)
    rows = rows[rows["by"] == ALL].merge(trust.table[[*keys, "believable", "false_better", "false_worse"]], on=keys)
    rows = rows.merge(decision.table[decision.table["decision"] == "roll out"], on="arm")
    leading = rows["expected_gain"] == rows["expected_gain"].max()
    cases = [_case(row, first) for row, first in zip(records(rows), leading, strict=True)]
    return rows.assign(case=cases)


def _case(row: dict[str, Any], leading: bool) -> str:
    if row["believable"] == "no":
        return "unknown"
    if row["probability_gain"] >= SURE:
        return "roll_out" if leading else "second"
    return "stop" if row["probability_best"] <= UNLIKELY else "test"


def describe_customers(campaign: Campaign, *, simulated: bool) -> Passage:
    """Say how many customers each arm holds, and that they are simulated where they are."""
    counts: pd.Series[int] = campaign.frame[campaign.arm].value_counts()
    known = [campaign.control, *(arm for arm in campaign.planned or counts.index if arm != campaign.control)]
    arms = [
        say(f"campaign.arm{'_control' if arm == campaign.control else ''}", arm=arm, n=f"{counts.get(arm, 0):,}")
        for arm in known
    ]
    first = say("campaign.customers", n=f"{len(campaign.frame):,}", arms=in_a_row(arms))
    return Passage([*([Sentence(say("campaign.simulated"), "warning")] if simulated else []), first])


def describe_assignment(assignment: AssignmentResult) -> Passage:
    """Say which checks passed, and of the others what they found."""
    table = assignment.table
    passed = int((table["outcome"] == "passed").sum())
    first = say("sound.all" if passed == len(table) else "sound.some", passed=passed, count=len(table))
    warned = [
        say("sound.warned", check=tell(row["check"]), message=tell(row["message"]))
        for row in records(table[table["outcome"] == "warned"])
    ]
    return Passage([*(Sentence(tell(text), "warning") for text in assignment.warnings), first, *warned])


def describe_effects(effects: EffectsResult, metrics: Sequence[Metric]) -> Passage:
    """Say of each metric and arm by how much it differs from control."""
    kinds = {metric.name: metric.kind for metric in metrics}
    table = primary(effects)
    table = table[table["by"] == ALL]
    sentences = [_effect(row, kinds[row["metric"]], effects) for row in records(table)]
    if table["method"].str.contains("max-t").any():
        sentences.append(say("effects.together", count=table["arm"].nunique()))
    replaced = table[table["method"].str.contains(PERMUTED)]
    if len(replaced):
        sentences.append(say("effects.permuted", rows=_rows(replaced)))
    return Passage([*sentences, *map(Sentence, map(tell, effects.warnings))])


def _effect(row: dict[str, Any], kind: str, effects: EffectsResult) -> Sentence:
    names = {"metric": plain_name(row["metric"]), "arm": row["arm"], "reference": effects.control}
    if not row["ci_low"] <= row["ci_high"]:
        return say("effects.no_interval", **names, why=tell(row["warning"]))
    way = "up" if row["ci_low"] > 0 else "down" if row["ci_high"] < 0 else "unclear"
    change = row["difference"] if way == "unclear" else abs(row["difference"])
    # An interval that excludes zero must not seem to reach it.
    near = min(abs(row["ci_low"]), abs(row["ci_high"]))
    digits = 2 if way != "unclear" and round(100 * near, 1) == 0 else 1
    values = {"difference": _size(change, kind, digits), "span": _span(row, effects, kind, digits)}
    ends = {name: percent(row[name], 1) for name in ("control", "treatment")}
    return say(f"effects.{_unit(kind)}_{way}", **names, **values, **ends)


def describe_segments(effects: EffectsResult, metrics: Sequence[Metric], *, min_cell: int) -> Passage:
    """Say whether the effect differs between segments, and in which it is clear."""
    cells = shown_cells(effects, min_cell=min_cell)
    tests = effects.interactions.drop_duplicates(["metric", "arm", "by"])
    if tests.empty:
        return Passage([say("segments.none")])
    sentences = []
    kinds: dict[Any, str] = {metric.name: metric.kind for metric in metrics if metric.kind in ("rate", "profit")}
    tests = tests[tests["metric"].isin(list(kinds))].dropna(subset=["p_adjusted"])
    for (metric, by), rows in tests.groupby(["metric", "by"], sort=False):
        differ = rows["p_adjusted"] < LEVEL_OF_TESTS
        values: dict[str, Any] = {"metric": plain_name(str(metric)), "by": by}
        if not differ.any():
            arms = term("comma").join(
                f"{row['arm']} {probability(row['p_adjusted'])}".replace(" ", "\N{NO-BREAK SPACE}")
                for row in records(rows)
            )
            sentences.append(say("segments.same", arms=arms, **values))
            continue
        for row in records(rows[differ]):
            own = cells[(cells["metric"] == metric) & (cells["by"] == by) & (cells["arm"] == row["arm"])]
            values |= {"cells": _levels(own, kinds[metric]), "unit": term("segments." + _unit(kinds[metric]))}
            sentences.append(say("segments.differ", arm=row["arm"], p=probability(row["p_adjusted"]), **values))
    whole = primary(effects)
    if len(cells) < (whole["by"] != ALL).sum():
        sentences.append(say("segments.hidden", min_cell=min_cell))
    return Passage(sentences)


def _levels(cells: pd.DataFrame, kind: str) -> str:
    """Effect in each level, with its interval."""
    if cells.empty:
        return term("segments.hidden_all")
    texts = [
        term(
            "segments.cell", by=row["by"], level=row["level"], **{end: _size(row[column], kind) for column, end in ENDS}
        )
        for row in records(cells)
    ]
    return in_a_row(texts)


def _unit(kind: str) -> str:
    return "rate" if kind == "rate" else "money"


def _size(value: float, kind: str, digits: int = 1) -> str:
    return "–" if pd.isna(value) else number(100 * value, digits) if kind == "rate" else amount(value)


def describe_decision(decision: DecisionResult, profit: Profit) -> Passage:
    """Say what profit is, which choice is best on these data alone, and what knowing more could be worth."""
    spend = term("worth.margin", margin=f"{profit.margin:g}", spend=profit.spend)
    contact = profit.cost if isinstance(profit.cost, str) else term("worth.contact", cost=f"{profit.cost:g}")
    costs = [contact if profit.cost else None, profit.coupon]
    formula = " − ".join(str(part) for part in (spend, *costs) if part)
    best = _now(decision)
    values = {"gain": amount(best["expected_gain"]), "loss": amount(best["expected_loss"])}
    choice = say("worth.best_stop" if best["decision"] == "stop" else "worth.best_arm", arm=best["arm"], **values)
    warnings = [Sentence(tell(text), "warning") for text in decision.warnings]
    return Passage([*warnings, say("worth.profit", formula=formula), choice, say("worth.more", **values)])


def describe_trust(trust: TrustResult, effects: EffectsResult, *, min_cell: int) -> Passage:
    """Say how the results were tried and which keep their promise."""
    table = trusted(trust, effects, min_cell=min_cell)
    permuted = table[table["believable"] == "by permutation"]
    never = table[table["believable"] == "no"]
    sentences = [say("belief.how", method=tell(trust.method), nominal=percent(trust.nominal, 1))]
    if len(permuted):
        whole = permuted[permuted["by"] == ALL]
        case = "permuted" if len(whole) else "permuted_cells"
        sentences.append(say(f"belief.{case}", count=len(permuted), total=len(table), rows=_rows(whole)))
    elif never.empty:
        sentences.append(say("belief.all"))
    lost = [Sentence(say("belief.none", rows=_rows(never)), "warning")] if len(never) else []
    return Passage([*lost, *sentences])


def describe_course(course: CourseResult | None, metrics: Sequence[Metric]) -> Passage:
    """Say from which period on the effect so far is told apart from none."""
    if course is None:
        return Passage([say("course.none")])
    names = [metric.name for metric in metrics if metric.kind in ("rate", "profit")]
    sentences = []
    for (metric, arm), rows in course.table.groupby(["metric", "arm"], sort=False):
        clear = rows[(rows["ci_low"] > 0) | (rows["ci_high"] < 0)]
        if metric not in names:
            continue
        values: dict[str, Any] = {"metric": plain_name(str(metric)), "arm": arm}
        if len(clear):
            sentences.append(say("course.crossed", period=clear["period"].iloc[0], **values))
        else:
            sentences.append(say("course.crossed_not", **values))
    return Passage([*sentences, *map(Sentence, map(tell, course.warnings))])


def describe_next(plan: NextTestResult) -> Passage:
    """Say what the next test could find, and how many customers it takes to find less."""
    rows = {row["design"]: row for row in records(plan.table)}
    if not rows:
        return Passage([*map(Sentence, map(tell, plan.warnings))])
    again, half = rows["again"], rows["half the effect"]
    shares = {"share": percent(again["control_share"]), "power": percent(plan.power), "metric": plain_name(plan.metric)}
    sentences = [say("next.again", n=f"{again['n']:,.0f}", mde=amount(again["mde"]), **shares)]
    if "equal arms" in rows:
        sentences.append(say("next.equal", mde=amount(rows["equal arms"]["mde"])))
    sentences.append(say("next.half", n=about(half["n"]), mde=amount(half["mde"])))
    return Passage([*sentences, *map(Sentence, map(tell, plan.warnings))])


def primary(effects: EffectsResult, metric: str | None = None) -> pd.DataFrame:
    """First estimate of each metric, arm and cell: the adjusted one where there is one."""
    rows = effects.table.drop_duplicates(["metric", "arm", "by", "level"])
    chosen: pd.DataFrame = rows if metric is None else rows[rows["metric"] == metric]
    return chosen


def shown_cells(effects: EffectsResult, *, min_cell: int, metric: str | None = None) -> pd.DataFrame:
    """First estimates in segments, those left out that would show a few customers or give them away."""
    rows = primary(effects, metric)
    rows = rows[rows["by"] != ALL]
    smallest = rows[["n_control", "n_treatment"]].min(axis=1).groupby([rows["by"], rows["level"]], sort=False).min()
    hidden = {
        (by, level)
        for by in rows["by"].unique()
        for level, small in small_cells(smallest.xs(by, level=0), min_cell).items()
        if small
    }
    kept = [cell not in hidden for cell in zip(rows["by"], rows["level"], strict=True)]
    return rows[pd.Series(kept, index=rows.index, dtype=bool)]


def trusted(trust: TrustResult, effects: EffectsResult, *, min_cell: int) -> pd.DataFrame:
    """Rows of trust that belong to the estimates shown."""
    keys = ["metric", "arm", "by", "level", "kind"]
    whole = primary(effects)
    shown = pd.concat([whole[whole["by"] == ALL], shown_cells(effects, min_cell=min_cell)])
    return shown[keys].merge(trust.table, on=keys)


def plain_name(metric: str, *, language: str | None = None) -> str:
    """Name of a metric for readers: its column, or just profit; in the language spoken unless one is given.

    Examples
    --------
    >>> plain_name("profit(spend)", language="en"), plain_name("spend")
    ('profit', 'spend')
    """
    return term("campaign.profit", language=language) if metric.startswith("profit(") else metric


def amount(value: float) -> str:
    """Money per customer as money per 1,000 customers.

    Examples
    --------
    >>> amount(0.4784), amount(-1.2), amount(0.0031)
    ('478', '−1,200', '3.1')
    """
    scaled = THOUSAND * value
    digits = 0 if abs(scaled) >= 10 or abs(scaled) < 0.05 else 1
    return f"{scaled:,.{digits}f}".replace("-", "−") if round(scaled, digits) else "0"


def about(n: float) -> str:
    """Write a planned number of customers to three digits.

    Examples
    --------
    >>> about(82031)
    '82,000'
    """
    return f"{float(f'{n:.3g}'):,.0f}"


def chance(p: float) -> str:
    r"""Probability as a percentage that is never quite 0 or 100.

    Examples
    --------
    >>> [chance(p).replace("\xa0", " ") for p in (0.962, 0.99998, 0.0)]
    ['96 %', 'over 99 %', 'under 1 %']
    """
    if 0.01 <= p <= 0.99:
        return percent(p)
    return term("campaign.chance_over", p=percent(0.99)) if p > 0.99 else term("campaign.chance_under", p=percent(0.01))


def _believed(choices: pd.DataFrame, trust: TrustResult) -> Sentence:
    """Say whether the profit of the arms can be believed."""
    rates = {"better": choices["false_better"].max(), "worse": choices["false_worse"].max(), "nominal": trust.nominal}
    values = {name: percent(rate, 1) for name, rate in rates.items()} | {"placebos": str(trust.placebos)}
    for case, believable in (("no", "no"), ("permutation", "by permutation")):
        arms = choices.loc[choices["believable"] == believable, "arm"]
        if len(arms):
            return say(f"campaign.believe_{case}", arms=in_a_row(map(str, arms)), **values)
    return say("campaign.believe_yes", **values)


def _span(row: dict[str, Any], effects: EffectsResult, kind: str = "profit", digits: int = 1) -> str:
    if not row["ci_low"] <= row["ci_high"]:
        return term("interval_none", n=f"{row['n']:,}")
    ends = {"low": _size(row["ci_low"], kind, digits), "high": _size(row["ci_high"], kind, digits)}
    return term("interval", level=level(effects.confidence), n=f"{row['n']:,}", **ends)


def _rows(table: pd.DataFrame) -> str:
    """Name results in a row."""
    names: Iterable[str] = (
        term(
            "effects.result" if row["by"] == ALL else "effects.result_cell",
            metric=plain_name(row["metric"]),
            **{name: row[name] for name in ("arm", "by", "level")},
        )
        for row in records(table)
    )
    return in_a_row(names) if len(table) else ""

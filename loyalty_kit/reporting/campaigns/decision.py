"""What to do after a campaign test: the verdict, the course so far and the next test."""

from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.campaigns.design.metrics import Profit
from loyalty_kit.campaigns.effects.course import CourseResult
from loyalty_kit.campaigns.effects.effects_result import BY_UNITS, way_of
from loyalty_kit.campaigns.planning.decisions import BORDER, SURE, UNLIKELY, DecisionResult
from loyalty_kit.campaigns.planning.next_test import NextTestResult
from loyalty_kit.core.language import in_a_row, level, percent, term, translate
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.campaigns.amounts import (
    THOUSAND,
    about,
    amount,
    chance,
    per_thousand,
    plain_name,
    span,
)
from loyalty_kit.reporting.campaigns.assignment import COLOURS, arm_names, colour_places, thousands
from loyalty_kit.reporting.campaigns.effects import IN_SEGMENTS, axis_unit, metric_of
from loyalty_kit.reporting.canvas import INK, canvas, drawn, label
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.money import money
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

ORDER = ["roll out", "borderline", "test", "borderline stop", "open", "unknown", "second", "stop"]
"""Advice in the order in which a report gives it."""
OPEN = ["borderline", "test", "borderline stop"]
"""Advice after which a further test is a choice."""
DESIGNS = {"again": "as_this", "equal arms": "equal_arms"}


@describes(DecisionResult, "decision")
def describe_decision(decision: DecisionResult) -> Passage:
    """Say what profit is, which choice is best on these data alone, and what knowing more could be worth."""
    metric = metric_of(decision.effects.metrics, decision.metric)
    profit = [say("worth.profit", formula=_formula(metric))] if isinstance(metric, Profit) else []
    best = decision.now
    values = _worth(best, decision)
    choice = say("worth.best_stop" if best["decision"] == "stop" else "worth.best_arm", arm=best["arm"], **values)
    warnings = [Sentence(translate(text), "warning") for text in decision.warnings]
    return Passage([*warnings, *profit, choice, say("worth.more", **values), *_totals(decision)])


@describes(DecisionResult, "answer")
def describe_answer(decision: DecisionResult) -> Passage:
    """Headline: what is wrong with the test, else what to do with each arm, and what a further test is worth."""
    found = decision.assignment.warnings if decision.assignment else ()
    warnings = [Sentence(translate(text), "warning") for text in found]
    if not decision.sound:
        return Passage([*warnings, Sentence(say("campaign.unsound"), "answer")])
    arms = decision.arms
    best = records(arms.nlargest(1, "expected_gain"))[0]["arm"]
    ordered = arms.sort_values("advice", key=lambda advice: advice.map(ORDER.index), kind="stable")
    sentences = [_advise(row, best, decision) for row in records(ordered)]
    if arms["advice"].isin(OPEN).any():
        sentences.append(_reconciled(decision))
    if (arms["believable"] == "no").any():
        sentences += _believed(decision)
    warnings += _broken(decision)
    return Passage([*warnings, *(Sentence(text, "answer") for text in sentences)])


@describes(DecisionResult, "reasons")
def describe_reasons(decision: DecisionResult) -> Passage:
    """Why the headline may be believed, and what it comes to for all members; nothing of an unsound test."""
    if not decision.sound:
        return Passage()
    arms = decision.arms
    sentences = _believed(decision) if not (arms["believable"] == "no").any() else []
    for row in records(arms[arms["few_buyers"]]):
        counts = {"control": row["nonzero_control"], "treatment": row["nonzero_treatment"]}
        sentences.append(say("campaign.few", arm=row["arm"], reference=decision.effects.control, **counts))
    sentences += _totals(decision, of=records(arms.nlargest(1, "expected_gain"))[0]["arm"])
    return Passage([*sentences, *([_worth_of_knowing(decision)] if arms["advice"].isin(OPEN).any() else [])])


@describes(type(None), "course")
def describe_no_course(_: None) -> Passage:
    """Say that no period was named."""
    return Passage([Sentence(say("course.none"), "left_out")])


@describes(CourseResult, "course")
def describe_course(course: CourseResult) -> Passage:
    """Say from which period on the effect so far is told apart from none."""
    names = [metric.name for metric in course.metrics if metric.kind in IN_SEGMENTS]
    table = course.table[course.table["metric"].isin(names)]
    sentences = []
    for (metric, arm), rows in table.groupby(["metric", "arm"], sort=False):
        ends = zip(rows["ci_low"], rows["ci_high"], rows["p_value"], strict=True)
        ways = [way_of(low, high, p, course.confidence) for low, high, p in ends]
        clear = rows[[way in ("up", "down") for way in ways]]
        values: dict[str, Any] = {"metric": plain_name(str(metric)), "arm": arm}
        if len(clear):
            sentences.append(say("course.crossed", period=clear["period"].iloc[0], **values))
        else:
            sentences.append(say("course.crossed_not", **values))
    if course.placebos and course.trials["begins"].notna().any():
        worst = {side: percent(float(course.trials[f"false_{side}"].max()), 1) for side in ("better", "worse")}
        told = {"placebos": str(course.placebos), "nominal": percent(course.nominal, 1), **worst}
        sentences.append(say("course.tried", **told))
    return Passage([*sentences, *map(Sentence, map(translate, course.warnings))])


@describes(NextTestResult, "designs")
def describe_designs(plan: NextTestResult) -> Passage:
    """Say what the next test could find, and how many customers it takes to find less."""
    rows = {row["design"]: row for row in records(plan.table)}
    if not rows:
        return Passage([*map(Sentence, map(translate, plan.warnings))])
    again, half = rows["again"], rows["half the effect"]
    shares = {"share": percent(again["control_share"]), "power": percent(plan.power), "metric": plain_name(plan.metric)}
    sentences = [say("next.again", n=f"{again['n']:,.0f}", mde=amount(again["mde"]), **shares)]
    if "equal arms" in rows:
        sentences.append(say("next.equal", mde=amount(rows["equal arms"]["mde"])))
    if plan.cluster_size > 1:
        count = about(half["n"] / plan.cluster_size)
        sentences.append(say("next.units", units=translate(plan.unit), count=count, size=f"{plan.cluster_size:,.0f}"))
    sentences.append(say("next.half", n=about(half["n"]), mde=amount(half["mde"])))
    return Passage([*sentences, *map(Sentence, map(translate, plan.warnings))])


@tabulates(DecisionResult, "decision")
def decision_table(decision: DecisionResult) -> GT:
    """Each choice with its probabilities and what is to be expected of it; no advice on an unsound test."""
    table = decision.table
    shown = pd.DataFrame(
        {
            "choice": [_choice(what, arm) for what, arm in table[["decision", "arm"]].to_numpy()],
            "advice": [
                "–" if pd.isna(advice) else term(f"verdict.advice_{advice.replace(' ', '_')}")
                for advice in table["advice"]
            ],
            "p_gain": [chance(p) for p in table["probability_gain"]],
            "p_best": [chance(p) for p in table["probability_best"]],
            "gain": [amount(gain) for gain in table["expected_gain"]],
            "loss": [amount(loss) for loss in table["expected_loss"]],
        }
    )
    shown.loc[table["arm"].isna().to_numpy(), "p_gain"] = "–"
    doubtful = decision.arms.loc[decision.arms["believable"] == "no", "arm"]
    shown.loc[table["arm"].isin(doubtful).to_numpy(), ["p_gain", "p_best"]] = "–"
    labels = headings({name: name for name in shown.columns})
    # What is not told on the page is not told in the workbook.
    numbers = {
        "raw_p_gain": table["probability_gain"].where((shown["p_gain"] != "–").to_numpy()),
        "raw_p_best": table["probability_best"].where((shown["p_best"] != "–").to_numpy()),
        "raw_gain": THOUSAND * table["expected_gain"],
        "raw_loss": THOUSAND * table["expected_loss"],
    }
    unit = term("unit.money")
    return lay_out(
        shown.assign(**{name: column.to_numpy() for name, column in numbers.items()}),
        name="decision",
        title=term("title.decision"),
        labels=labels,
        behind=Behind(
            {name: f"raw_{name}" for name in ("p_gain", "p_best", "gain", "loss")},
            shares=["p_gain", "p_best"],
            units={"gain": unit, "loss": unit},
        ),
        note=term("note.decision", sure=percent(SURE), unlikely=percent(UNLIKELY), border=f"{100 * BORDER:.0f}"),
    ).cols_align("right", ["p_gain", "p_best", "gain", "loss"])


@tabulates(NextTestResult, "designs")
def designs_table(plan: NextTestResult) -> GT:
    """Designs of a next test."""
    table = plan.table
    shown = table.assign(
        design=[term(f"verdict.design_{design.replace(' ', '_')}") for design in table["design"]],
        size=[about(n) if design == "half the effect" else f"{n:,}" for design, n in table[["design", "n"]].to_numpy()],
        share=[percent(share) for share in table["control_share"]],
        change=[amount(mde) for mde in table["mde"]],
        lift=["–" if pd.isna(lift) else percent(lift) for lift in table["lift"]],
        raw_change=THOUSAND * table["mde"],
        raw_lift=table["lift"],
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
        note=term(
            "note.next", metric=plain_name(plan.metric), power=percent(plan.power), method=translate(plan.method)
        ),
        behind=Behind(
            {"size": "n", "share": "control_share", "change": "raw_change", "lift": "raw_lift"},
            shares=["share", "lift"],
            units={"change": term("unit.money")},
        ),
    ).cols_align("right", ["size", "share", "change", "lift"])


@draws(CourseResult, "course")
def plot_course(course: CourseResult, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the effect on the customers so far, with a band that holds at every look; the first metric's if not told."""
    chosen = metric_of(course.metrics, metric)
    table = course.table[course.table["metric"] == chosen.name]
    factor, words = axis_unit(chosen)
    with canvas(ax, rows=7) as ax:
        arms = list(dict.fromkeys(table["arm"]))
        for i, name, arm in zip(colour_places(arms), arm_names(arms), arms, strict=True):
            rows = table[table["arm"] == arm]
            periods = rows["period"].astype(str)
            style: dict[str, Any] = {"color": COLOURS[i], "marker": "os^D"[i], "label": name}
            ax.plot(periods, factor * rows["difference"], linewidth=2, **style)
            ax.fill_between(periods, factor * rows["ci_low"], factor * rows["ci_high"], color=COLOURS[i], alpha=0.15)
        ax.axhline(0, color=INK, linewidth=1, linestyle="--")
        ax.yaxis.set_major_formatter(thousands)
        ax.legend(frameon=False)
        ax.set_xlabel(label("figure.course_x"))
        ax.set_ylabel(words)
        heading = label("figure.course", metric=plain_name(chosen.name, language=drawn()))
        ax.set_title(heading, loc="left", fontweight="bold")
        return ax


@draws(NextTestResult, "designs")
def plot_designs(plan: NextTestResult, *, ax: Axes | None = None) -> Axes:
    """Draw the smallest change that a test of each size finds."""
    with canvas(ax, rows=7) as ax:
        for (design, rows), colour, line in zip(plan.curve.groupby("design", sort=False), COLOURS, "-:", strict=False):
            known = rows.dropna()
            name = label(f"figure.{DESIGNS[str(design)]}")
            ax.plot(known["n"], THOUSAND * known["mde"], line, color=colour, linewidth=2.5, label=name)
        here = plan.table[plan.table["design"] == "again"]
        ax.plot(here["n"], THOUSAND * here["mde"], "o", color=INK, markersize=8, label=label("figure.this_test"))
        ax.set_xscale("log")
        sizes = plan.n_used * np.array([0.25, 0.5, 1, 2, 4])
        ax.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
        ax.minorticks_off()
        ax.yaxis.set_major_formatter(thousands)
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False)
        ax.set_xlabel(label("figure.power_x"))
        ax.set_ylabel(label("figure.power_y"))
        ax.set_title(label("figure.power", power=level(plan.power)), loc="left", fontweight="bold")
        return ax


def _advise(row: dict[str, Any], best: object, decision: DecisionResult) -> Sentence:
    """Advise on one arm."""
    unclear = row["advice"] == "roll out" and row["way"] != "up"
    case = "roll_out_open" if unclear else row["advice"].replace(" ", "_")
    gain = {"gain": per_thousand(row["expected_gain"], decision.currency), "span": span(row, decision.effects)}
    chances = {"p": chance(row["probability_gain"]), "p_best": chance(row["probability_best"])}
    limits = {"sure": percent(SURE), "unlikely": percent(UNLIKELY)}
    return say(f"campaign.{case}", arm=row["arm"], best=best, **chances, **limits, **gain)


def _reconciled(decision: DecisionResult) -> Sentence:
    """Say which choice is the better bet now, and what a further test can be worth beside that."""
    now = decision.now
    phrase = "campaign.bet_stop" if now["decision"] == "stop" else "campaign.bet_arm"
    return say(phrase, arm=now["arm"], **_worth(now, decision))


def _worth_of_knowing(decision: DecisionResult) -> Sentence:
    """Say why a further test is worth no more than it is."""
    more = decision.table[decision.table["decision"] == "test more"].iloc[0]
    phrase = "campaign.more_stop" if decision.now["decision"] == "stop" else "campaign.more_arm"
    return say(phrase, wrong=chance(more["probability_best"]))


def _worth(choice: Any, decision: DecisionResult) -> dict[str, str]:
    """Write what a choice gains and what it loses against one that knows the truth."""
    return {name: per_thousand(choice[f"expected_{name}"], decision.currency) for name in ("gain", "loss")}


def _believed(decision: DecisionResult) -> list[Sentence]:
    """Say whether the profit of the arms can be believed; nothing where that was not tried."""
    arms, trust = decision.arms, decision.effects.trust
    if trust is None:
        return []
    rates = {"better": arms["false_better"].max(), "worse": arms["false_worse"].max(), "nominal": trust.nominal}
    values = {name: percent(rate, 1) for name, rate in rates.items()} | {"placebos": str(trust.placebos)}
    for case, believable in (("no", "no"), ("permutation", "by permutation"), ("borderline", "borderline")):
        found = arms.loc[arms["believable"] == believable, "arm"]
        if case == "permutation" and (arms["procedure"] == BY_UNITS).any():
            return [say("campaign.believe_by_lot", units=translate(decision.effects.unit))]
        if len(found):
            return [say(f"campaign.believe_{case}", arms=in_a_row([str(called(arm)) for arm in found]), **values)]
    return [say("campaign.believe_yes", **values)]


def _totals(decision: DecisionResult, of: object = None) -> list[Sentence]:
    """Say what each arm would gain of all members, and earn on what is spent on contacts; nothing without members.

    Of one arm in the headline, only what it would gain.
    """
    if decision.metric not in {metric.name for metric in decision.effects.metrics if metric.kind == "profit"}:
        return []
    sentences = []
    still = decision.arms.loc[decision.arms["advice"] == "open", "arm"]
    table = decision.totals[~decision.totals["arm"].isin(still)]
    for row in records(table if of is None else table[table["arm"] == of]):
        ends = {
            name: money(row[column], decision.currency) for name, column in (("low", "ci_low"), ("high", "ci_high"))
        }
        values = {"total": money(row["total"], decision.currency), "level": level(decision.effects.confidence)}
        if row["ci_low"] <= row["ci_high"]:
            members = f"{decision.members:,}"
            sentences.append(say("worth.total", arm=row["arm"], members=members, **values, **ends))
        if of is None and row["roi_low"] <= row["roi_high"]:
            earned = {name: f"{row[name]:.2f}".replace("-", "−") for name in ("roi", "roi_low", "roi_high")}
            one = money(1, decision.currency)
            sentences.append(say("worth.return", arm=row["arm"], level=values["level"], one=one, **earned))
    return sentences


def _broken(decision: DecisionResult) -> list[Sentence]:
    """Name the guardrails that arms broke; nothing where none was."""
    guardrails = decision.effects.guardrails
    rows = guardrails.table[guardrails.table["verdict"] == "broken"] if guardrails else decision.arms.iloc[:0]
    names = {"metric": rows["metric"].map(plain_name), "arm": rows["arm"]}
    told = pd.DataFrame(names).groupby("arm", sort=False)["metric"].agg(list)
    return [Sentence(say("campaign.broken", arm=arm, metrics=in_a_row(own)), "warning") for arm, own in told.items()]


def _formula(profit: Profit) -> str:
    """Write how profit is made up."""
    spend = term("worth.margin", margin=f"{profit.margin:g}", spend=profit.spend)
    contact = profit.cost if isinstance(profit.cost, str) else term("worth.contact", cost=f"{profit.cost:g}")
    costs = [contact if profit.cost else None, profit.coupon]
    return " − ".join(str(part) for part in (spend, *costs) if part)


def _choice(what: str, arm: object) -> str:
    return term(f"verdict.choice_{what.replace(' ', '_')}", arm=arm)

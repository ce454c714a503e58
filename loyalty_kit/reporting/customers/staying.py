"""Who stays away, how well that is told, whom to contact; when customers come back, and the life cycle."""

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.estimates import Tile
from loyalty_kit.core.language import interval, level, number, percent, term, translate
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.lifecycle import LABELS, LifecycleResult
from loyalty_kit.customers.staying.churn import ChurnResult
from loyalty_kit.customers.staying.contact import ContactResult
from loyalty_kit.customers.staying.keeping import KeepingResult
from loyalty_kit.customers.staying.lapsed import LapsedResult
from loyalty_kit.customers.staying.sbg import ProjectionResult
from loyalty_kit.customers.staying.time_to_next import TimeToNextResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, MUTED, ORANGE, canvas, label, name_rows
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.money import money
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.tiles import makes_tiles
from loyalty_kit.reporting.verbs import describes, draws, tabulates

DAYS = (30, 91)
"""Days after the first order at which it is said how many came back."""
SHARES = ("retention", "churn", "repeat_rate", "referral")
PERIODS = ("payback",)
MOST_GROUPS = 12


@describes(ChurnResult, "churn")
def describe_churn(result: ChurnResult) -> Passage:
    """Say how well the model told who would stay away, on a later time than it was fitted to."""
    figures = {
        "auc": number(result.auc),
        "interval": interval(result.ci_low, result.ci_high, n=result.n_used, confidence=result.confidence),
        "left": percent(result.left),
        "days": result.horizon,
        "day": result.at.isoformat(),
    }
    told = [Sentence(say(f"churn.{result.verdict}", **figures), "answer")]
    if result.verdict == "tells":
        told.append(say("churn.lift", lift=number(result.lift, 1)))
    return Passage([*told, *(Sentence(translate(warning)) for warning in result.warnings)])


@tabulates(ChurnResult, "churn")
def churn_table(result: ChurnResult) -> GT:
    """Lay out tenths of customers by the risk said, and how many of each stayed away."""
    shown = result.tenths.assign(interval=span(100 * result.tenths["ci_low"], 100 * result.tenths["ci_high"], 0))
    columns = {"tenth": "tenth", "n": "customers", "predicted": "risk_said", "observed": "stayed_away"}
    return lay_out(
        shown,
        name="churn",
        title=term("title.churn"),
        labels=headings({**columns, "interval": "interval"}, level=level(result.confidence)),
        decimals={0: ["tenth", "n"]},
        percent=["predicted", "observed"],
        note=term("note.churn", day=result.at.isoformat(), days=result.horizon),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@tabulates(ChurnResult, "rolling")
def churn_rolling_table(result: ChurnResult) -> GT:
    """Lay out how many were said to stay away at earlier days, and how many did."""
    table = result.rolling()
    shown = table.assign(interval=span(table["ci_low"], table["ci_high"], 2))
    columns = {
        "cut": "cut",
        "customers": "customers",
        "said": "risk_said",
        "left": "stayed_away",
        "expected_over_observed": "said_over_came",
        "auc": "auc",
        "interval": "interval",
    }
    return lay_out(
        shown,
        name="churn-rolling",
        title=term("title.churn_rolling"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers"], 2: ["expected_over_observed", "auc"]},
        percent=["said", "left"],
        note=term("note.churn_rolling", days=result.horizon),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@draws(ChurnResult, "churn")
def plot_churn(result: ChurnResult, *, ax: Axes | None = None) -> Axes:
    """Draw the share who stayed away by the risk said, beside the line on which both are equal."""
    tenths = 100 * result.tenths[["predicted", "observed", "ci_low", "ci_high"]]
    with canvas(ax, rows=8) as ax:
        ax.plot([0, 100], [0, 100], color=MUTED, linewidth=1, linestyle="--", label=label("figure.as_said"))
        errors = np.abs(tenths[["ci_low", "ci_high"]].to_numpy().T - tenths["observed"].to_numpy())
        ax.errorbar(
            tenths["predicted"],
            tenths["observed"],
            yerr=errors,
            fmt="o",
            color=BLUE,
            elinewidth=1.5,
            label=label("figure.tenths"),
        )
        ax.set(xlim=(0, 100), ylim=(0, 100))
        ax.set_xlabel(label("figure.churn_x"))
        ax.set_ylabel(label("figure.churn_y"))
        ax.set_title(label("figure.churn"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="upper left")
        return ax


@makes_tiles(KeepingResult)
def keeping_tiles(result: KeepingResult) -> list[Tile]:
    """Sum up how many will stay away, and what one point fewer is worth."""
    ends = {end: money(value, result.currency) for end, value in (("low", result.ci_low), ("high", result.ci_high))}
    return [
        Tile(
            term("tile.away", days=result.horizon),
            percent(result.away),
            term("tile.of_customers", n=f"{result.n_used:,}"),
        ),
        Tile(
            term("tile.point"),
            money(result.worth, result.currency),
            term("tile.between", level=level(result.confidence), **ends),
            term("tile.point_of", n=f"{result.point:,.0f}"),
        ),
    ]


@describes(LapsedResult, "lapsed")
def describe_lapsed(result: LapsedResult) -> Passage:
    """Say how the rule by one's own gap and the model did on the same customers."""
    rows = {row["method"]: row for row in records(result.table)}
    rule, model = rows["rule"], rows["model"]
    if rule["marked"] < FEWEST:
        return Passage([Sentence(say("lapsed.few", least=FEWEST))])
    apart = rule["ci_high"] < model["ci_low"] or model["ci_high"] < rule["ci_low"]
    better = "same" if not apart else "model" if model["right"] > rule["right"] else "rule"
    figures = {"rule": percent(rule["right"]), "model": percent(model["right"]), "marked": f"{rule['marked']:,}"}
    told = [say(f"lapsed.{better}", multiple=f"{result.multiple:g}", left=percent(result.left), **figures)]
    if result.now >= FEWEST:
        told.append(say("lapsed.now", n=f"{result.now:,}", of=f"{result.n_now:,}"))
    return Passage(told)


@describes(ContactResult, "contact")
def describe_contact(result: ContactResult, *, currency: str = "", margin: float | None = None) -> Passage:
    """Say how many contacts are expected to pay and what they bring, and that this is an assumption until tested."""
    if not result.contacts:
        return Passage([Sentence(say("contact.none", effect=percent(result.effect)), "answer")])
    figures = {
        "n": f"{result.contacts:,}",
        "of": f"{result.n_used:,}",
        "effect": percent(result.effect),
        "gain": money(result.gain, currency),
        "low": money(result.ci_low, currency),
        "high": money(result.ci_high, currency),
        "level": level(result.confidence),
        "break_even": percent(result.break_even, 1),
    }
    sure = "pays" if result.ci_low > 0 else "may_pay"
    told = [Sentence(say(f"contact.{sure}", **figures), "answer")]
    told += [say("contact.revenue")] if margin is None else []
    return Passage([*told, *(Sentence(translate(warning)) for warning in result.warnings)])


@describes(TimeToNextResult, "wait")
def describe_wait(result: TimeToNextResult) -> Passage:
    """Say how many came back within some days, and whether groups of the first order differ."""
    told = []
    for day in DAYS:
        rows = [row for row in records(result.returned_by(day)) if row["group"] == "all"]
        for row in rows:
            written = interval(
                100 * row["ci_low"], 100 * row["ci_high"], n=result.n_used, confidence=result.confidence, digits=0
            )
            told.append(say("wait.by", share=percent(row["returned"]), days=day, interval=written))
    if result.by is not None and np.isfinite(result.p_value):
        told.append(say("wait.differ" if result.p_value < 1 - result.confidence else "wait.alike"))
    return Passage([*told, *(Sentence(translate(warning)) for warning in result.warnings)])


@tabulates(TimeToNextResult, "wait")
def wait_table(result: TimeToNextResult) -> GT | None:
    """Lay out groups of the first order: how many came back, and how fast against the largest group."""
    table = result.table[result.table["customers"] >= FEWEST].head(MOST_GROUPS)
    if len(table) < 2:
        return None
    shown = table.assign(
        group=[term("wait.all") if name == "all" else name for name in table["group"]],
        median=table["median"].where(np.isfinite(table["median"])),
        interval=span(table["hr_low"], table["hr_high"], 2),
    )
    columns = {"group": "first_order", "customers": "customers", "returned": "came_back", "median": "median_days"}
    return lay_out(
        shown,
        name="wait",
        title=term("title.wait"),
        labels=headings(
            {**columns, "hazard_ratio": "hazard_ratio", "interval": "interval"}, level=level(result.confidence)
        ),
        decimals={0: ["customers", "returned", "median"], 2: ["hazard_ratio"]},
        note=term("note.wait"),
        behind=Behind({"interval": ("hr_low", "hr_high")}),
    )


@describes(ProjectionResult, "projection")
def describe_projection(result: ProjectionResult) -> Passage:
    """Say how many of today's cohorts will be there in the last period ahead."""
    last = records(result.table)[-1]
    written = interval(
        100 * last["ci_low"], 100 * last["ci_high"], n=result.n_used, confidence=result.confidence, digits=0
    )
    return Passage([say("projection.last", share=percent(last["expected"]), age=last["age"], interval=written)])


@describes(LifecycleResult, "stages")
def describe_stages(result: LifecycleResult) -> Passage:
    """Say how many customers are active, at risk and lost, and how many stayed from period to period."""
    rows = {row["stage"]: row for row in records(result.table)}
    here = rows["new"]["customers"] + rows["active"]["customers"]
    told = [
        say(
            "life.all",
            n=f"{result.n_used:,}",
            day=result.at.isoformat(),
            here=percent(here / result.n_used),
            lost=percent(rows["lost"]["share"]),
            days=result.period,
        )
    ]
    (kept,) = (row for row in records(result.metrics) if row["metric"] == "retention")
    if np.isfinite(kept["estimate"]):
        written = interval(
            100 * kept["ci_low"], 100 * kept["ci_high"], n=kept["n"], confidence=result.confidence, digits=0
        )
        told.append(say("life.kept", share=percent(kept["estimate"]), interval=written))
    return Passage([*told, *(Sentence(translate(warning)) for warning in result.warnings)])


@tabulates(LifecycleResult, "stages")
def stages_table(result: LifecycleResult) -> GT:
    """Lay out the stages with their borders, now and a period earlier."""
    shown = result.table[(result.table["customers"] >= FEWEST) & ~result.table["before"].between(1, FEWEST - 1)]
    shown = shown.assign(
        name=[term(f"stage.{name}") for name in shown["stage"]],
        borders=[
            term("stage.first", days=result.period)
            if row["stage"] == "new"
            else term("stage.over", since=row["since"])
            if np.isinf(row["until"])
            else term("stage.between", since=row["since"], until=int(row["until"]))
            for row in records(shown)
        ],
        interval=span(100 * shown["ci_low"], 100 * shown["ci_high"], 0),
    )
    columns = {"name": "stage", "borders": "days_away", "customers": "customers", "share": "customer_share"}
    return lay_out(
        shown,
        name="stages",
        title=term("title.stages"),
        labels=headings({**columns, "interval": "interval", "before": "before"}, level=level(result.confidence)),
        decimals={0: ["customers", "before"]},
        percent=["share"],
        note=term("note.stages", days=result.period),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@tabulates(LifecycleResult, "metrics")
def metrics_table(result: LifecycleResult) -> GT:
    """Lay out the figures of the base with what each is."""
    table = result.metrics
    shown = table.assign(
        name=[translate(LABELS[name]) for name in table["metric"]],
        value=[_figure(name, value) for name, value in zip(table["metric"], table["estimate"], strict=True)],
        interval=[
            "–" if pd.isna(low) or pd.isna(high) else term("span", low=_figure(name, low), high=_figure(name, high))
            for name, low, high in zip(table["metric"], table["ci_low"], table["ci_high"], strict=True)
        ],
        meaning=table["definition"].map(translate),
    )
    columns = {"name": "figure", "value": "value", "interval": "interval", "n": "n", "meaning": "meaning"}
    return lay_out(
        shown,
        name="metrics",
        title=term("title.metrics"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["n"]},
        behind=Behind({"value": "estimate", "interval": ("ci_low", "ci_high")}),
    )


def _figure(name: str, value: float) -> str:
    if pd.isna(value):
        return "–"
    return percent(value) if name in SHARES else f"{value:,.0f}" if name in PERIODS else f"{value:,.2f}"


@draws(LifecycleResult, "stages")
def plot_stages(result: LifecycleResult, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers are at each stage, now and a period earlier."""
    table = result.table[result.table["customers"] >= FEWEST].iloc[::-1]
    rows = np.arange(len(table))
    with canvas(ax, rows=1.2 * len(table)) as ax:
        ax.barh(rows + 0.2, table["customers"], height=0.38, color=BLUE, label=label("figure.stages_now"))
        ax.barh(
            rows - 0.2,
            table["before"],
            height=0.38,
            color=ORANGE,
            label=label("figure.stages_before", days=result.period),
        )
        name_rows(ax, [label(f"stage.{name}") for name in table["stage"]])
        ax.set_xlabel(label("figure.stages_x"))
        ax.set_title(label("figure.stages"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax

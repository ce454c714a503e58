"""What today's customers will bring, how right such forecasts were, and who holds the value."""

from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import level, number, percent, term, translate
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.staying.churn import ChurnResult
from loyalty_kit.customers.staying.keeping import KeepingResult
from loyalty_kit.customers.value.models.known import MODELS
from loyalty_kit.customers.value.value_result import ValueResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, ORANGE, canvas, label, name_rows
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.money import money
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.tiles import makes_tiles
from loyalty_kit.reporting.verbs import describes, draws, tabulates

TRIED: dict[str, Tone] = {"right": "good", "corrected": "open", "turning": "open"}
MOST = 12


@describes(ValueResult, "answer")
def describe_answer(
    result: ValueResult,
    *,
    churned: ChurnResult | TooLittleError | None = None,
    kept: KeepingResult | TooLittleError | None = None,
) -> Passage:
    """Say what customers will bring, how such forecasts went, and who stays away."""
    simulated = [Sentence(say("campaign.simulated"), "warning")] if result.simulated else []
    worth = _worth(result)
    first = say(
        f"value.{worth['measure']}",
        n=f"{result.n_used:,}",
        weeks=result.horizon,
        total=money(worth["estimate"], result.currency),
        low=money(worth["ci_low"], result.currency),
        high=money(worth["ci_high"], result.currency),
        level=level(result.confidence),
    )
    answer = [first, _tried(result)]
    if isinstance(churned, ChurnResult) and isinstance(kept, KeepingResult):
        figures = {"away": percent(kept.away), "days": kept.horizon, "worth": money(kept.worth, kept.currency)}
        answer.append(say("value.keep" if churned.verdict == "tells" else "value.keep_untold", **figures))
    return Passage([*simulated, *(Sentence(text, "answer") for text in answer)])


def _worth(result: ValueResult) -> dict[str, Any]:
    """Margin where it is known, else revenue."""
    return records(result.amounts)[-1]


def _tried(result: ValueResult) -> Sentence:
    last = records(result.past)[-1]
    figures = {"said": f"{last['predicted']:,.0f}", "came": f"{last['actual']:,}", "weeks": number(last["weeks"], 0)}
    times = {"low": f"{result.past['ratio'].min():.2f}", "high": f"{result.past['ratio'].max():.2f}"}
    return say(f"value.{result.verdict}", **figures, **times)


@describes(ValueResult, "reasons")
def describe_reasons(result: ValueResult) -> Passage:
    """Say what must be known beside the forecast."""
    return Passage([Sentence(translate(warning)) for warning in result.warnings])


@describes(ValueResult, "rolling")
def describe_rolling(result: ValueResult) -> Passage:
    """Say at how many earlier cuts what came lay within the interval."""
    past = result.past
    inside = int(((past["ci_low"] <= past["actual"]) & (past["actual"] <= past["ci_high"])).sum())
    return Passage([_tried(result), say("value.inside", inside=inside, cuts=len(past))])


@describes(ValueResult, "dropout")
def describe_dropout(result: ValueResult) -> Passage:
    """Say whether customers are seen to leave, and how far models that are as good lie apart."""
    if not result.dropout_seen:
        return Passage([Sentence(say("value.no_dropout", model=MODELS[result.used].called), "answer")])
    table = result.models()
    equal = table[table["model"].isin(result.equal)]
    alive = equal["alive"].dropna() / result.n_used
    told = [Sentence(say("value.dropout", model=MODELS[result.used].called), "answer")]
    if len(alive) > 1:
        figures = {"n": len(alive), "low": percent(alive.min()), "high": percent(alive.max())}
        told.append(say("value.alive_range", **figures))
    elif len(alive):
        told.append(say("value.alive", share=percent(float(alive.iloc[0]))))
    return Passage(told)


@tabulates(ValueResult, "rolling")
def rolling_table(result: ValueResult) -> GT:
    """Lay out what the model said at earlier cuts, and what came."""
    shown = result.past.assign(interval=_spans(result.past))
    columns = {
        "cut": "cut",
        "weeks": "weeks",
        "predicted": "predicted",
        "interval": "interval",
        "actual": "came",
        "ratio": "said_over_came",
    }
    return lay_out(
        shown,
        name="rolling",
        title=term("title.rolling"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["weeks", "predicted", "actual"], 2: ["ratio"]},
        note=term("note.rolling"),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@tabulates(ValueResult, "models")
def models_table(result: ValueResult) -> GT:
    """Lay out the models side by side: how well each foresaw the holdout, its total, and whom it takes to be there."""
    table = result.models()
    shown = table.assign(
        name=[MODELS[name].called for name in table["model"]],
        alive=table["alive"] / result.n_used,
        used=[term(f"verdict.value_{'used' if used else 'not'}") for used in table["used"]],
    )
    columns = {
        "name": "model",
        "log_score": "log_score",
        "total": "purchases_ahead",
        "alive": "still_there",
        "used": "used",
    }
    if not result.dropout_seen:
        del columns["alive"]
    return lay_out(
        shown,
        name="models",
        title=term("title.value_models"),
        labels=headings(columns),
        decimals={0: ["total"], 1: ["log_score"]},
        percent=["alive"] if result.dropout_seen else [],
        note=term("note.value_models"),
    )


@tabulates(ValueResult, "parts")
def parts_table(result: ValueResult, *, part: str | pd.Series) -> GT | None:
    """Lay out the value of parts of the customers, the most valuable first."""
    table = result.by(part)
    shown = table[table["customers"] >= FEWEST].head(MOST)
    if shown.empty:
        return None
    shown = shown.assign(
        name=[_part_name(name, part, first=name == table["level"].min()) for name in shown["level"]],
        each=shown["revenue"] / shown["customers"],
        interval=_spans(shown),
    )
    kind = part if isinstance(part, str) else "segment"
    columns = {
        "name": f"part_{kind}",
        "customers": "customers",
        "share": "customer_share",
        "revenue": "revenue_ahead",
        "interval": "interval",
        "revenue_share": "revenue_share",
        "each": "revenue_each",
    }
    return lay_out(
        shown,
        name=f"parts-{kind}",
        title=term(f"title.parts_{kind}"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers", "revenue"], 1: ["each"]},
        percent=["share", "revenue_share"],
        note=term("note.parts_cohort" if kind == "cohort" else "note.parts"),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


def _spans(table: pd.DataFrame) -> list[str]:
    """Intervals of large numbers, in whole ones with their thousands."""
    ends = zip(table["ci_low"], table["ci_high"], strict=True)
    return [term("span", low=f"{low:,.0f}", high=f"{high:,.0f}") for low, high in ends]


def _part_name(name: str, part: str | pd.Series, *, first: bool) -> str:
    if name in ("", "few"):
        return term(f"part.{name or 'unknown'}")
    if first and isinstance(part, str) and part == "cohort":
        return term("part.and_before", level=name)
    return name if isinstance(part, str) else term(f"segment.{name}")


@draws(ValueResult, "rolling")
def plot_rolling(result: ValueResult, *, ax: Axes | None = None) -> Axes:
    """Draw what was said at earlier cuts with its interval beside what came, and what is said now."""
    past = result.past
    now = result.amounts.set_index("measure").loc["purchases"]
    names = [*(label("figure.cut", day=day) for day in past["cut"]), label("figure.cut_now")][::-1]
    middle = np.r_[past["predicted"], now["estimate"]][::-1]
    low, high = (np.r_[past[end], now[end]][::-1] for end in ("ci_low", "ci_high"))
    rows = np.arange(len(names))
    with canvas(ax, rows=1.1 * len(names)) as ax:
        ax.errorbar(
            middle,
            rows,
            xerr=[middle - low, high - middle],
            fmt="o",
            color=BLUE,
            elinewidth=2.5,
            capsize=4,
            label=label("figure.said"),
        )
        came = past["actual"].to_numpy(dtype=float)[::-1]
        ax.plot(came, rows[1:], "D", color=ORANGE, markersize=7, label=label("figure.came"))
        name_rows(ax, names)
        ax.set_xlim(left=0)
        ax.set_xlabel(label("figure.rolling_x", weeks=result.horizon))
        ax.set_title(label("figure.rolling"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


@makes_tiles(ValueResult)
def value_tiles(result: ValueResult) -> list[Tile]:
    """Sum up the money within the horizon, and how right the last such forecast was."""
    worth, last = _worth(result), records(result.past)[-1]
    ends = {end: money(worth[f"ci_{end}"], result.currency) for end in ("low", "high")}
    return [
        Tile(
            term(f"tile.value_{worth['measure']}", weeks=result.horizon),
            money(worth["estimate"], result.currency),
            term("tile.between", level=level(result.confidence), **ends),
            term("tile.plan_low"),
            name=worth["measure"],
        ),
        Tile(
            term("tile.tried", weeks=number(last["weeks"], 0)),
            f"{last['ratio']:.2f}",
            term("tile.tried_of", said=f"{last['predicted']:,.0f}", came=f"{last['actual']:,}"),
            term(f"tile.tried_{result.verdict}"),
            TRIED[result.verdict],
        ),
    ]

"""How much each driver matters, and where to act first."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from loyalty_kit.core.language import level, number, percent, term, translate
from loyalty_kit.drivers.driver_verdict import SURE, DriverVerdict
from loyalty_kit.drivers.importance.importance import ImportanceResult
from loyalty_kit.drivers.item_map import ItemMapResult
from loyalty_kit.drivers.priority import LOOK_CLOSER, PriorityResult
from loyalty_kit.drivers.validation.robustness import TOP
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    canvas,
    drawable,
    heat,
    label,
    name_rows,
    named,
    nothing,
)
from loyalty_kit.reporting.drivers.names import ends, names
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.measurement.reliability import outcome_in_doubt
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

FIVE = 5
_COLOURS = {"act first": ORANGE, LOOK_CLOSER: MUTED}
ELLIPSE_SDS = 2.4477
"""Radius, in standard deviations, of an ellipse that holds 95 % of a bivariate normal."""


@describes(DriverVerdict, "answer")
def describe_answer(verdict: DriverVerdict) -> Passage:
    """Headline: how much is explained, which driver leads, where to act."""
    model, validation, importance = verdict.model, verdict.validation, verdict.importance
    doubts = outcome_in_doubt(verdict.reliability, model.outcome) if verdict.reliability else []
    values: dict[str, Any] = {"outcome": model.labels.get(model.outcome, model.outcome), "n": model.n_used}
    if verdict.ranking == "not_predicted":
        interval = ends(*validation.r_squared_interval, validation.confidence, points=True)
        sentences = [say("drivers.explained_not", r_squared=number(validation.r_squared), **values, **interval)]
        sentences.append(say("drivers.no_ranking"))
    else:
        interval = ends(importance.r_squared_ci_low, importance.r_squared_ci_high, importance.confidence)
        shares = {"share": percent(model.r_squared), "unseen": percent(validation.r_squared)}
        several = len(model.drivers) > 1
        phrase, only = (
            "drivers.explained" if several else "drivers.explained_one",
            names(model.drivers[:1], model.labels),
        )
        sentences = [say(phrase, count=len(model.drivers), driver=only, **values, **shares, **interval)]
        # Of one driver there is nothing to rank.
        if verdict.ranking == "too_few":
            sentences.append(say("drivers.too_few", count=len(model.drivers), least=importance.ranked_from))
        elif several:
            sentences += [_leader(verdict), *_first_place(verdict.priorities, verdict)]
    return Passage([*doubts, *(Sentence(text, "answer") for text in sentences)])


@describes(DriverVerdict, "reasons")
def describe_reasons(verdict: DriverVerdict) -> Passage:
    """Say what must be known beside the headline: what is sure of the ranking, and that no cause is shown."""
    if verdict.ranking == "not_predicted":
        return Passage()
    return Passage([*_top(verdict), say("drivers.association")])


@describes(ImportanceResult, "importance")
def describe_importance(result: ImportanceResult) -> Passage:
    """Say of each driver its share, rank and how sure the rank is; that there is none where nothing is predicted."""
    warnings = [Sentence(translate(text, result.labels), "warning") for text in result.warnings]
    if result.ranking == "not_predicted":
        outcome = result.labels.get(result.outcome, result.outcome)
        return Passage([say("importance.none", outcome=outcome), *warnings])
    phrase, sentences = ("importance.row" if len(result.table) > TOP else "importance.row_of_few"), []
    if result.ranking == "too_few":
        phrase = "importance.row_unranked"
        sentences.append(say("importance.too_few", count=len(result.table), least=result.ranked_from))
    for row in records(result.table):
        interval = ends(row["ci_low"], row["ci_high"], result.confidence)
        shares = {"share": percent(row["share"]), "p": percent(row["p_top3"])}
        name = result.labels.get(row["driver"], row["driver"])
        sentences.append(say(phrase, driver=name, rank=row["rank"], **shares, **interval))
    return Passage([*sentences, *warnings])


@describes(PriorityResult, "priorities")
def describe_priorities(result: PriorityResult) -> Passage:
    """Say where to act first, if that can be said, and what goes with some points more on each driver."""
    phrase = "priorities.change" if result.step == FIVE else "priorities.change_step"
    values = {"outcome": result.labels.get(result.outcome, result.outcome), "step": f"{result.step:g}"}
    sentences = _where_first(result, values["outcome"])
    for row in records(result.table):
        name = result.labels.get(row["driver"], row["driver"])
        sentences.append(say(phrase, driver=name, **values, **_change(row, result.confidence)))
    warnings = result.warnings if result.ranked else ()
    return Passage([*sentences, *(Sentence(translate(text, result.labels), "warning") for text in warnings)])


@tabulates(ImportanceResult, "importance")
def importance_table(result: ImportanceResult) -> GT:
    """Share and rank of each driver."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        interval=span(100 * table["ci_low"], 100 * table["ci_high"], 0),
        percent=100 * table["share"],
    )
    columns = {
        "label": "driver",
        "rank": "rank",
        "percent": "percent",
        "interval": "interval",
        "importance": "r_squared",
        "p_top3": "p_top3",
    }
    if len(table) <= TOP or not result.ranked:
        del columns["p_top3"]
    if not result.ranked:
        del columns["rank"]
    labels = headings(columns, level=level(result.confidence))
    decimals = {0: ["percent"], 3: ["importance"]} | ({2: ["p_top3"]} if "p_top3" in columns else {})
    return lay_out(
        shown,
        name="importance",
        title=term("title.importance"),
        labels=labels,
        decimals=decimals,
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@tabulates(PriorityResult, "priorities")
def priorities_table(result: PriorityResult) -> GT:
    """Lay out importance, performance and expected change of each driver."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        quadrant=[term(f"quadrant.{place.replace(' ', '_')}") for place in table["quadrant"]],
        percent=100 * table["share"],
        interval=span(table["change_ci_low"], table["change_ci_high"], 2),
    )
    columns = {
        "label": "driver",
        "quadrant": "place",
        "p_act_first": "p_act_first",
        "percent": "percent",
        "performance": "performance",
        "expected_change": "step",
        "interval": "interval",
    }
    if not result.ranked:
        del columns["quadrant"], columns["p_act_first"]
    labels = headings(columns, step=f"{result.step:g}", level=level(result.confidence))
    decimals = {0: ["percent"], 1: ["performance"], 2: ["expected_change", *(["p_act_first"] if result.ranked else [])]}
    if table["change_per_cost"].notna().any():
        labels |= headings({"change_per_cost": "change_per_cost"})
        decimals[3] = ["change_per_cost"]
    return lay_out(
        shown,
        name="priorities",
        title=term("title.priorities"),
        labels=labels,
        decimals=decimals,
        behind=Behind({"interval": ("change_ci_low", "change_ci_high")}),
    )


@draws(ImportanceResult, "importance")
def plot_importance(result: ImportanceResult, *, ax: Axes | None = None) -> Axes:
    """Draw each driver's share of what is explained, with its interval."""
    table = result.table.iloc[::-1].reset_index(drop=True)
    with canvas(ax, rows=len(table)) as ax:
        ax.barh(range(len(table)), 100 * table["share"], color=BLUE, alpha=0.75, height=0.62)
        if result.bootstrap:
            ax.hlines(range(len(table)), 100 * table["ci_low"], 100 * table["ci_high"], color=INK, linewidth=1.5)
        name_rows(ax, drawable(named(table["driver"], result.labels), table["driver"]))
        ax.set_xlabel(label("figure.importance_x", level=level(result.confidence)))
        ax.set_title(label("figure.importance"), loc="left", fontweight="bold")
        return ax


@draws(ImportanceResult, "ranks")
def plot_ranks(result: ImportanceResult, *, ax: Axes | None = None) -> Axes:
    """Draw the probability that each driver has each rank."""
    table = 100 * result.rank_probabilities.loc[result.table["driver"]]
    if not result.ranked:
        with canvas(ax, rows=1) as ax:
            ax.set_title(label("figure.ranks_not"), loc="left", fontweight="bold")
            return nothing(ax)
    with canvas(ax, rows=1.1 * len(table)) as ax:
        heat(ax, table, limits=(0, 100), colours="Blues", digits=0)
        labels = drawable(named(table.index, result.labels), table.index)
        ax.set_yticks(np.arange(len(table)) + 0.5, labels, rotation=0)
        ax.set(xlabel=label("figure.ranks_x"), ylabel="")
        ax.set_title(label("figure.ranks"), loc="left", fontweight="bold")
        return ax


@draws(PriorityResult, "priorities")
def plot_priorities(result: PriorityResult, *, ax: Axes | None = None) -> Axes:
    """Draw the map of importance and performance, an ellipse for how sure each place is."""
    table = result.table.merge(result.ellipses, on="driver")
    labels = drawable(named(table["driver"], result.labels), table["driver"])
    with canvas(ax, rows=11) as ax:
        for name, row in zip(labels, table.to_dict("records"), strict=True):
            colour = _COLOURS.get(row["quadrant"], BLUE) if result.ranked else MUTED
            closer = result.ranked and row["quadrant"] == LOOK_CLOSER
            note = label("figure.look_closer", driver=name) if closer else name
            place = (row["performance"], 100 * row["share"])
            sds = (row["sd_performance"], 100 * row["sd_share"])
            ax.add_patch(ellipse(place, sds, row["correlation"], colour))
            ax.plot(*place, "o", color=colour, markersize=6, clip_on=False)
            ax.annotate(note, place, (7, 5), textcoords="offset points", fontsize=9)
        ax.axvline(result.performance_cut, color=INK, linewidth=1, linestyle="--")
        ax.axhline(100 * result.share_cut, color=INK, linewidth=1, linestyle="--")
        if result.ranked:
            name_corners(ax)
        ax.autoscale_view()
        bottom, top = ax.get_ylim()
        ax.set_ylim(max(bottom, 0.0), min(top, 100.0))
        ax.set(xlabel=label("figure.priorities_x"), ylabel=label("figure.priorities_y"))
        title = "figure.priorities" if result.ranked else "figure.priorities_not"
        ax.set_title(label(title), loc="left", fontweight="bold")
        return ax


def name_corners(ax: Axes) -> None:
    """Name the corners of a map of importance and performance."""
    corner: dict[str, Any] = {"xycoords": "axes fraction", "fontsize": 9, "color": MUTED, "style": "italic"}
    for name, (x, y), ha, va in (
        ("act_first", (0.01, 0.99), "left", "top"),
        ("keep_up", (0.99, 0.99), "right", "top"),
        ("low_priority", (0.01, 0.01), "left", "bottom"),
        ("enough", (0.99, 0.01), "right", "bottom"),
    ):
        ax.annotate(label(f"quadrant.{name}"), (x, y), ha=ha, va=va, **corner)


def ellipse(centre: tuple[float, float], sds: tuple[float, float], correlation: float, colour: str) -> Ellipse:
    """Region that holds 95 % of the bootstrap samples, if these are normal."""
    covariance = np.outer(sds, sds) * [[1, correlation], [correlation, 1]]
    values, vectors = np.linalg.eigh(np.nan_to_num(covariance))
    width, height = 2 * ELLIPSE_SDS * np.sqrt(np.maximum(values[::-1], 0))
    angle = float(np.degrees(np.arctan2(*vectors[::-1, 1])))
    return Ellipse(centre, width, height, angle=angle, facecolor=colour, alpha=0.15, edgecolor=colour)


def _leader(verdict: DriverVerdict) -> Sentence:
    """Name the driver that is likeliest to matter most."""
    labels, (leader, p) = verdict.importance.labels, verdict.leader
    phrase = "drivers.leader" if p >= SURE else "drivers.leader_unsure"
    return say(phrase, driver=labels.get(leader, leader), p=percent(p))


def _top(verdict: DriverVerdict) -> list[Sentence]:
    """Name those that surely are among the three that matter most; nothing of so few drivers."""
    if len(verdict.importance.table) <= TOP or verdict.ranking != "given":
        return []
    sure = verdict.surely_leading
    return [say("drivers.top3", drivers=names(sure, verdict.importance.labels)) if sure else say("drivers.top3_none")]


def _where_first(result: PriorityResult, outcome: str) -> list[Sentence]:
    if result.ranking == "not_predicted":
        return [say("priorities.none", outcome=outcome)]
    if result.ranking == "too_few":
        return [say("priorities.too_few", count=len(result.table), least=result.ranked_from)]
    return _first_place(result)


def _item_of(items: ItemMapResult | None, driver: str) -> tuple[str, dict[str, str]]:
    """Form and values that the item to mend adds to the sentence on the driver to act first on."""
    place = None if items is None else items.places.get(driver)
    if items is None or place in (None, "single"):
        return "", {}
    if place != "mend":
        return "_any", {}
    row = records(items.of(driver))[0]
    return "_item", {"item": items.wordings[row["item"]], "score": number(row["performance"], 0)}


def _first_place(priorities: PriorityResult, verdict: DriverVerdict | None = None) -> list[Sentence]:
    """Name the driver on which to act first."""
    outcome, first = priorities.labels.get(priorities.outcome, priorities.outcome), priorities.first_place
    if first is None:
        return [say("drivers.act_none", outcome=outcome)]
    form, item = _item_of(verdict.items if verdict else None, first.driver)
    phrase = ("drivers.act" if first.likely else "drivers.act_unsure") + form
    name = priorities.labels.get(first.driver, first.driver)
    return [say(phrase, driver=name, outcome=outcome, p=percent(first.p), **item)]


def _change(row: Mapping[str, Any], confidence: float) -> dict[str, str]:
    """Change in words, as more or as less, with its interval told the same way, and doubt where that holds zero."""
    change, low, high = (row[name] for name in ("expected_change", "change_ci_low", "change_ci_high"))
    doubt = "" if low > 0 or high < 0 else term("priorities.doubt")
    if number(change).startswith("−"):
        change, low, high, way = -change, -high, -low, "less"
    else:
        way = "more"
    points = term(f"priorities.{way}", change=number(change))
    return {"points": points, "doubt": doubt, **ends(low, high, confidence, points=True)}

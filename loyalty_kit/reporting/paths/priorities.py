"""Where to act for an outcome: the map of importance and performance, down to the items."""

import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import level, number, percent, term, translate
from loyalty_kit.drivers.priority import LOOK_CLOSER
from loyalty_kit.paths.prediction.priorities import PathPriorityResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, label, named
from loyalty_kit.reporting.drivers.importance import ellipse, name_corners
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.paths.answer import of
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

_COLOURS = {"act first": ORANGE, LOOK_CLOSER: MUTED}
_MOST = 8


@describes(PathPriorityResult, "priorities")
def describe_priorities(result: PathPriorityResult) -> Passage:
    """Say on which construct to act first, and on which item."""
    warnings = [Sentence(translate(text, result.labels), "warning") for text in result.warnings]
    values = {"outcome": of(result.outcome, result.labels)}
    if not result.ranked:
        one = len(result.constructs) == 1
        return Passage([Sentence(say("act.one" if one else "act.not_predicted", **values), "answer"), *warnings])
    first = result.first_place
    if first is None:
        told = [Sentence(say("act.none", **values), "answer")]
    else:
        phrase = "act.first" if first.likely else "act.first_unsure"
        told = [
            Sentence(say(phrase, construct=of(first.driver, result.labels), p=percent(first.p), **values), "answer")
        ]
    item = records(result.items)[0]
    if item["p_act_first"] > 0:
        figures = {"p": percent(item["p_act_first"]), "score": number(item["performance"], 0)}
        told.append(
            say(
                "act.item",
                item=result.wordings[item["item"]],
                construct=of(item["construct"], result.labels),
                **figures,
            )
        )
    return Passage([*told, *warnings])


@tabulates(PathPriorityResult, "constructs")
def constructs_table(result: PathPriorityResult) -> GT:
    """Lay out importance and performance of the constructs."""
    names = [of(name, result.labels) for name in result.constructs["construct"]]
    return _table(result, result.constructs.assign(name=names), "construct", "title.act")


@tabulates(PathPriorityResult, "items")
def items_table(result: PathPriorityResult) -> GT:
    """Lay out importance and performance of the items that are likeliest to be important and low."""
    shown = result.items.head(_MOST)
    return _table(
        result, shown.assign(name=[result.wordings[item] for item in shown["item"]]), "item", "title.act_items"
    )


def _table(result: PathPriorityResult, table: pd.DataFrame, first: str, title: str) -> GT:
    shown = table.assign(
        interval=span(table["importance_low"], table["importance_high"], 2),
        range=span(table["performance_low"], table["performance_high"], 0),
        place=[term(f"quadrant.{place.replace(' ', '_')}") for place in table["quadrant"]],
    )
    columns = {"name": first, "importance": "goes_with", "interval": "interval", "performance": "performance"}
    columns |= {"range": "interval", "place": "place", "p_act_first": "p_act_first"}
    if not result.ranked:
        del columns["place"], columns["p_act_first"]
    return lay_out(
        shown,
        name=f"act-{first}",
        title=term(title, outcome=of(result.outcome, result.labels)),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["importance", *(["p_act_first"] if result.ranked else [])], 0: ["performance"]},
        note=term("note.act"),
        behind=Behind(
            {"interval": ("importance_low", "importance_high"), "range": ("performance_low", "performance_high")}
        ),
    )


@draws(PathPriorityResult, "priorities")
def plot_priorities(result: PathPriorityResult, *, ax: Axes | None = None) -> Axes:
    """Draw the map of importance and performance, an ellipse for how sure each place is."""
    table = result.constructs
    with canvas(ax, rows=11) as ax:
        for name, row in zip(
            drawable(named(table["construct"], result.labels), table["construct"]), records(table), strict=True
        ):
            colour = _COLOURS.get(row["quadrant"], BLUE) if result.ranked else MUTED
            place = (row["performance"], row["importance"])
            sds = (row["sd_performance"], row["sd_importance"])
            ax.add_patch(ellipse(place, sds, row["correlation"], colour))
            ax.plot(*place, "o", color=colour, markersize=6, clip_on=False)
            ax.annotate(name, place, (7, 5), textcoords="offset points", fontsize=9)
        ax.axvline(result.performance_cut, color=INK, linewidth=1, linestyle="--")
        ax.axhline(result.importance_cut, color=INK, linewidth=1, linestyle="--")
        if result.ranked:
            name_corners(ax)
        ax.autoscale_view()
        ax.margins(x=0.14)
        (outcome,) = drawable([of(result.outcome, result.labels)], [result.outcome])
        ax.set(xlabel=label("figure.priorities_x_paths"), ylabel=label("figure.act_y", outcome=outcome))
        ax.set_title(label("figure.act" if result.ranked else "figure.act_not"), loc="left", fontweight="bold")
        return ax

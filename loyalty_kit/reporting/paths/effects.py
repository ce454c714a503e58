"""What works through what, in shares; and whether the constructs are distinct."""

from typing import Any

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import in_a_row, level, number, percent, term
from loyalty_kit.paths.path_result import PathResult
from loyalty_kit.paths.path_verdict import PathVerdict
from loyalty_kit.paths.quality import PathQualityResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, YELLOW, canvas, drawable, label, name_rows, named
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.paths.answer import of, way_of
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

_LEAST = 0.05
"""Share of a total from which a way is listed."""


@describes(PathQualityResult, "distinct")
def describe_distinct(result: PathQualityResult) -> Passage:
    """Say which constructs cannot be told apart, and which may not be."""
    pairs = result.distinct
    if pairs.empty:
        return Passage([say("distinct.nothing")])
    told = []
    for verdict in ("not_distinct", "unclear"):
        rows = records(pairs[pairs["verdict"] == verdict])
        if rows:
            names = in_a_row(f"{of(row['first'], result.labels)}–{of(row['second'], result.labels)}" for row in rows)
            told.append(Sentence(say(f"distinct.{verdict}", pairs=names, level=level(result.confidence)), "warning"))
    return Passage(told or [say("distinct.all", level=level(result.confidence))])


@tabulates(PathQualityResult, "distinct")
def distinct_table(result: PathQualityResult) -> GT | None:
    """Lay out the pairs of constructs by how alike they are."""
    if result.distinct.empty:
        return None
    table = result.distinct.sort_values("htmt", ascending=False)
    shown = table.assign(
        pair=[f"{of(row['first'], result.labels)}–{of(row['second'], result.labels)}" for row in records(table)],
        interval=span(table["ci_low"], table["ci_high"], 2),
        told=[term(f"verdict.pair_{verdict}") for verdict in table["verdict"]],
    )
    columns = {"pair": "pair", "htmt": "htmt", "interval": "interval", "told": "verdict"}
    return lay_out(
        shown,
        name="distinct",
        title=term("title.distinct"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["htmt"]},
        note=term("note.distinct"),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@tabulates(PathQualityResult, "constructs")
def constructs_table(result: PathQualityResult) -> GT:
    """Lay out how well each construct is measured."""
    shown = result.constructs.assign(
        name=[of(name, result.labels) for name in result.constructs["construct"]],
        one=[
            term("verdict.formative" if np.isnan(row["ave"]) else f"verdict.one_{bool(row['unidimensional'])}")
            for row in records(result.constructs)
        ],
    )
    columns = {"name": "construct", "n_items": "items", "cronbach_alpha": "alpha", "rho_a": "rho_a", "rho_c": "rho_c"}
    columns |= {"ave": "ave", "one": "dimension"}
    return lay_out(
        shown,
        name="constructs",
        title=term("title.constructs"),
        labels=headings(columns),
        decimals={0: ["n_items"], 2: ["cronbach_alpha", "rho_a", "rho_c", "ave"]},
        note=term("note.constructs"),
    )


@tabulates(PathResult, "paths")
def paths_table(result: PathResult) -> GT:
    """Lay out the paths."""
    table = result.to_frame()
    shown = table.assign(
        source=[of(name, result.labels) for name in table["source"]],
        target=[term("column.on_target", target=of(name, result.labels)) for name in table["target"]],
        interval=span(table["ci_low"], table["ci_high"], 2),
        bca=span(table["bca_low"], table["bca_high"], 2),
        told=[term(f"verdict.path_{verdict}") for verdict in table["verdict"]],
    )
    columns = {"source": "construct", "estimate": "path", "interval": "interval", "bca": "bca"}
    columns |= {"f2": "f2", "vif": "vif", "told": "verdict"}
    return lay_out(
        shown,
        name="paths",
        title=term("title.paths"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["estimate", "f2"], 1: ["vif"]},
        group="target",
        note=term("note.paths"),
        behind=Behind(
            {"interval": ("ci_low", "ci_high"), "bca": ("bca_low", "bca_high")}, group=term("column.outcome")
        ),
    )


@describes(PathVerdict, "effects")
def describe_effects(verdict: PathVerdict) -> Passage:
    """Say of each construct before the outcome how much works through others, by its kind of mediation."""
    if verdict.reading == "not_distinct":
        return Passage([Sentence(say("effects.stopped"), "left_out")])
    chance = [Sentence(say("effects.chance", outcome=of(verdict.outcome, verdict.labels)), "warning")]
    told = [_effect(verdict, row) for row in records(verdict.totals)]
    return Passage([*(chance if verdict.reading == "not_predicted" else []), *told])


def _effect(verdict: PathVerdict, row: dict[str, Any]) -> Sentence:
    found = verdict.through(row["source"])
    values = {
        "source": of(row["source"], verdict.labels),
        "outcome": of(verdict.outcome, verdict.labels),
        "total": number(row["estimate"]),
        "low": number(row["ci_low"]),
        "high": number(row["ci_high"]),
        "level": level(verdict.confidence),
    }
    if not row["mediation"]:
        clear = row["ci_low"] > 0 or row["ci_high"] < 0
        return say("effects.only_direct" if clear else "effects.only_direct_unclear", **values)
    way = way_of(found["way"], verdict.labels)
    if found["mediation"] == "complementary" and not np.isnan(found["share"]):
        return say("effects.complementary", way=way, share=percent(found["share"]), **values)
    kind = "complementary_mixed" if found["mediation"] == "complementary" else found["mediation"]
    return say(f"effects.{kind}", way=way, **values)


@tabulates(PathVerdict, "effects")
def effects_table(verdict: PathVerdict) -> GT | None:
    """Lay out direct, each indirect and total effect on the outcome."""
    if verdict.reading == "not_distinct":
        return None
    table = verdict.effects[verdict.effects["target"] == verdict.outcome]
    table = table[~((table["kind"] == "indirect") & (table["share_of_total"] < _LEAST))]
    shown = table.assign(
        source=[of(name, verdict.labels) for name in table["source"]],
        way=[
            term("effect.indirect", way=way_of(row["via"], verdict.labels))
            if row["kind"] == "indirect"
            else term(f"effect.{row['kind']}")
            for row in records(table)
        ],
        interval=span(table["ci_low"], table["ci_high"], 2),
        kind=[term(f"mediation.{row['mediation'] or 'alone'}") for row in records(table)],
    )
    columns = {"way": "way", "estimate": "path_effect", "interval": "interval", "share_of_total": "of_total"}
    columns |= {"kind": "mediation"}
    return lay_out(
        shown,
        name="effects",
        title=term("title.path_effects", outcome=of(verdict.outcome, verdict.labels)),
        labels=headings(columns, level=level(verdict.confidence)),
        decimals={2: ["estimate"]},
        percent=["share_of_total"],
        group="source",
        note=term("note.path_effects"),
        behind=Behind({"interval": ("ci_low", "ci_high")}, group=term("column.construct")),
    )


@draws(PathVerdict, "effects")
def plot_effects(verdict: PathVerdict, *, ax: Axes | None = None) -> Axes | None:
    """Draw of each total effect on the outcome what is direct and what works through others."""
    if verdict.reading == "not_distinct":
        return None
    totals = verdict.totals.iloc[::-1].reset_index(drop=True)
    through = np.array([verdict.through(source)["estimate"] for source in totals["source"]])
    direct = totals["estimate"].to_numpy() - through
    rows = np.arange(len(totals))
    with canvas(ax, rows=1.2 * len(totals)) as ax:
        beside = np.where(np.sign(direct) == np.sign(through), direct, 0.0)
        words = [label(f"figure.{part}") for part in ("direct", "through", "total")]
        parts: list[Any] = [
            ax.barh(rows, direct, height=0.5, color=BLUE, label=words[0]),
            ax.barh(rows, through, left=beside, height=0.5, color=YELLOW, hatch="//", label=words[1]),
            ax.hlines(rows, totals["ci_low"], totals["ci_high"], color=INK, linewidth=1.5, label=words[2]),
        ]
        ax.plot(totals["estimate"], rows, "|", color=INK, markersize=11, markeredgewidth=2)
        ax.axvline(0, color=INK, linewidth=1)
        name_rows(ax, drawable(named(totals["source"], verdict.labels), totals["source"]))
        ax.set_xlabel(label("figure.path_effects_x", level=level(verdict.confidence)))
        (outcome,) = drawable([of(verdict.outcome, verdict.labels)], [verdict.outcome])
        ax.set_title(label("figure.path_effects", outcome=outcome), loc="left", fontweight="bold")
        ax.legend(parts, words, frameon=False, loc="lower right", fontsize=8.5)
        return ax


@describes(PathResult, "groups")
def describe_groups(result: PathResult) -> Passage:
    """Say why groups are not compared."""
    del result
    return Passage([Sentence(say("paths.groups"), "left_out")])

"""Scores by group: where each level stands, which differences are clear, and what may not be compared."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.estimates import Tile
from loyalty_kit.core.language import in_a_row, level, number, probability, term, translate
from loyalty_kit.measurement.scores.by_group import ScoresByGroupResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, canvas, drawable, label, name_rows, nothing
from loyalty_kit.reporting.layout import headings, lay_out, p_values, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.survey.sample import LEVELS
from loyalty_kit.reporting.tiles import between, makes_tiles
from loyalty_kit.reporting.verbs import describes, draws, tabulates

MOST_PAIRS = 24
"""Differences that a table shows; of more, the smallest p values."""
MOST_TOLD = 3
"""Clear differences of a grouping that are told in sentences."""


@describes(ScoresByGroupResult, "groups")
def describe_groups(result: ScoresByGroupResult) -> Passage:
    """Say which levels differ clearly, or that none do, what may not be compared, and what is not shown."""
    if not result.group_labels:
        return Passage([Sentence(say("by_group.none"), "left_out")])
    told = [sentence for group in result.group_labels for sentence in _grouping(result, group)]
    return Passage([*told, *_unexaminable(result)])


def _unexaminable(result: ScoresByGroupResult) -> list[Sentence]:
    """Say of which scores it cannot be examined, by any grouping, whether they mean the same in each level."""
    standings = next(iter(result.comparability.values())).standings
    names = [result.labels[name] for name, found in standings.items() if found in ("one item", "formative")]
    return [say("by_group.unexaminable", scales=in_a_row(names))] if names else []


def _grouping(result: ScoresByGroupResult, group: str) -> list[Sentence]:
    """Sentences on one grouping."""
    judged, by = result.comparability[group], result.group_labels[group]
    tested = result.differences[result.differences["group"] == group]
    found = result.clear()
    clear = records(found[found["group"] == group])
    told = [_difference(result, row) for row in clear[:MOST_TOLD]]
    if len(clear) > MOST_TOLD:
        told.append(say("by_group.more", group=by, count=len(clear) - MOST_TOLD))
    made = int(tested["p_value"].notna().sum())
    if made and not clear:
        told.append(say("by_group.unclear", group=by, tests=made))
    if judged.reserve and made:
        told.append(Sentence(translate(judged.reason, result.labels)))
    elif made:
        told += [Sentence(translate(text, result.labels)) for text in judged.doubts]
    return [*told, *_not_compared(result, group, tested=made), *_not_shown(result, group)]


def _difference(result: ScoresByGroupResult, row: dict[str, Any]) -> Sentence:
    """Sentence on a clear difference, the higher level first."""
    high, low, ends = _high_and_low(row)
    own = result.table[(result.table["group"] == row["group"]) & (result.table["scale"] == row["scale"])]
    means = own.set_index("level")["mean"]
    return say(
        "by_group.clear",
        scale=result.labels[row["scale"]],
        group=result.group_labels[row["group"]],
        high=level_name(high),
        low=level_name(low),
        high_mean=number(means[high], 1),
        low_mean=number(means[low], 1),
        difference=number(abs(row["difference"]), 1),
        level=level(result.confidence),
        ends=term("span", low=number(ends[0], 1), high=number(ends[1], 1)),
        p=probability(row["p_adjusted"]),
    )


def _high_and_low(row: dict[str, Any]) -> tuple[str, str, tuple[float, float]]:
    """Higher and lower level of a difference, and the interval of the former less the latter."""
    if row["difference"] > 0:
        return row["first"], row["second"], (row["ci_low"], row["ci_high"])
    return row["second"], row["first"], (-row["ci_high"], -row["ci_low"])


def _not_compared(result: ScoresByGroupResult, group: str, *, tested: int) -> list[Sentence]:
    """Say which scores are not compared, and why."""
    judged, by = result.comparability[group], result.group_labels[group]
    of = {case: [result.labels[name] for name, found in judged.standings.items() if found == case] for case in _CASES}
    told: list[Sentence] = []
    for case in ("not justified", "not examined"):
        if of[case]:
            told.append(Sentence(translate(judged.reason, result.labels)))
            told.append(say("by_group.beside", group=by, scales=in_a_row(of[case])))
    for name, items in judged.items.items():
        told.append(say("by_group.items_apart", group=by, scale=result.labels[name], items=in_a_row(items)))
    if of["parts"]:
        told.append(say("by_group.parts", group=by, scales=in_a_row(of["parts"])))
    if of["comparable"] and not tested:
        told.append(say("by_group.untested", group=by, min_cell=result.min_cell))
    return told


_CASES = ("comparable", "items apart", "not justified", "not examined", "parts")


def _not_shown(result: ScoresByGroupResult, group: str) -> list[Sentence]:
    """Say how many levels are hidden, and which nobody has."""
    by, hidden = result.group_labels[group], result.hidden[group]
    told = [say("by_group.hidden", group=by, count=hidden, min_cell=result.min_cell)] if hidden else []
    own = result.table[result.table["group"] == group]
    nobody = [str(name) for name, n in own.groupby("level", sort=False)["n"].max().items() if n == 0]
    if nobody:
        told.append(say("by_group.nobody", group=by, levels=in_a_row(map(level_name, nobody))))
    return told


@tabulates(ScoresByGroupResult, "groups")
def groups_table(result: ScoresByGroupResult) -> GT | None:
    """Lay out the mean of each score in each level, the leading score first; none where there is no group."""
    table = result.table
    if table.empty:
        return None
    places = {name: place for place, name in enumerate([result.leading, *result.labels])}
    places |= {result.leading: 0}
    order = pd.DataFrame(
        {"scale": table["scale"].map(places), "group": table["group"].map(_order(result.group_labels))}
    )
    table = table.loc[order.sort_values(["scale", "group"], kind="stable").index].reset_index(drop=True)
    shown = table.assign(
        heading=[
            term("by_group.heading", scale=result.labels[scale], group=result.group_labels[group])
            for scale, group in zip(table["scale"], table["group"], strict=True)
        ],
        level=[level_name(name) for name in table["level"]],
        count=table["n"],
        n=counts(table["n"], result.min_cell),
        interval=span(table["ci_low"], table["ci_high"], 1),
    )
    columns = {"level": "level", "n": "n", "mean": "mean", "interval": "interval"}
    return lay_out(
        shown,
        name="scores-by-group",
        title=term("title.scores_by_group"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={1: ["mean"]},
        group="heading",
        note=term("note.scores_by_group"),
        behind=Behind({"n": "count", "interval": ("ci_low", "ci_high")}, group=term("column.score")),
    )


@tabulates(ScoresByGroupResult, "differences")
def differences_table(result: ScoresByGroupResult) -> GT | None:
    """Lay out the differences that were tested, the smallest p values first; none where none was."""
    table = result.differences[result.differences["p_value"].notna()]
    if table.empty:
        return None
    first = table.sort_values(["p_adjusted", "p_value"], kind="stable").head(MOST_PAIRS)
    table = first.loc[first["group"].map(_order(result.group_labels)).sort_values(kind="stable").index].reset_index(
        drop=True
    )
    left = int(result.differences["p_value"].notna().sum()) - len(table)
    rows = records(table)
    shown = table.assign(
        pair=[term("by_group.pair", first=level_name(row["first"]), second=level_name(row["second"])) for row in rows],
        label=[result.labels[row["scale"]] for row in rows],
        heading=[result.group_labels[row["group"]] for row in rows],
        interval=span(table["ci_low"], table["ci_high"], 1),
        p=p_values(table["p_adjusted"]),
        verdict=[term("verdict.clear_difference" if row["clear"] else "verdict.no_clear_difference") for row in rows],
    )
    columns = {"label": "score", "pair": "levels", "difference": "difference", "interval": "interval"}
    columns |= {"p": "p_adjusted", "verdict": "verdict"}
    note = term("note.differences_by_group")
    return lay_out(
        shown,
        name="differences-by-group",
        title=term("title.differences_by_group"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={1: ["difference"]},
        group="heading",
        note=term("note.differences_left", note=note, left=left) if left else note,
        behind=Behind({"interval": ("ci_low", "ci_high"), "p": "p_adjusted"}, group=term("column.group")),
    )


@draws(ScoresByGroupResult, "groups")
def plot_groups(result: ScoresByGroupResult, *, scale: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw the mean of a score, the leading one where none is named, in each level; nothing where there is no group."""
    name = scale or result.leading
    table = result.table[(result.table["scale"] == name) & result.table["mean"].notna()].reset_index(drop=True)
    if table.empty:
        return None
    values = (table["mean"], table["ci_low"], table["ci_high"])
    names = rows_named(table, result.group_labels)
    title = label("figure.scores_by_group", scale=drawable([result.labels[name]], [name])[0])
    x = label("figure.scores_by_group_x", level=level(result.confidence))
    return dots(names, values, float(result.overall[name]), (0.0, 100.0), title, x, ax)


def dots(
    names: Sequence[str],
    values: tuple[pd.Series, pd.Series, pd.Series],
    overall: float,
    limits: tuple[float, float],
    title: str,
    x: str,
    ax: Axes | None,
) -> Axes:
    """Draw values with their intervals by level, the first on top, beside the value over all."""
    with canvas(ax, rows=len(names)) as ax:
        if not names:
            return nothing(ax)
        mean, low, high = (part.to_numpy(dtype=float)[::-1] for part in values)
        places = np.arange(len(names))
        ax.axvline(overall, color=MUTED, linestyle="--", linewidth=1.2)
        ax.hlines(places, low, high, color=INK, linewidth=1.6)
        ax.plot(mean, places, "o", color=BLUE, markersize=7)
        ends = np.array([np.nanmin([*low, *mean, overall]), np.nanmax([*high, *mean, overall])])
        room = max(0.06 * (limits[1] - limits[0]), 0.1 * (ends[1] - ends[0]))
        ax.set_xlim(max(ends[0] - room, limits[0] - 2), min(ends[1] + room, limits[1] + 2))
        name_rows(ax, list(names)[::-1])
        ax.set_xlabel(x)
        ax.set_title(title, loc="left", fontweight="bold")
        return ax


def rows_named(table: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Names of levels with their n, after the grouping's where there are several."""
    several = table["group"].nunique() > 1
    names = []
    for row in records(table):
        own, at = level_name(row["level"]), f"{row['n']:,.0f}"
        key = "figure.level_of" if several else "figure.level"
        names.append(label(key, group=labels[row["group"]], level=own, n=at))
    return drawable(names, [str(at) for at in range(1, len(names) + 1)])


@makes_tiles(ScoresByGroupResult)
def group_tiles(result: ScoresByGroupResult) -> list[Tile]:
    """Sum up the difference that is clear on the leading score, else the largest that is clear; nothing without one."""
    rows = records(result.clear().head(1))
    if not rows:
        return []
    row = rows[0]
    high, low, ends = _high_and_low(row)
    scale, by = result.labels[row["scale"]], result.group_labels[row["group"]]
    return [
        Tile(
            heading=term("tile.by_group", scale=scale, group=by),
            value=term("tile.points_apart", points=number(abs(row["difference"]), 1)),
            detail=between(ends[0], ends[1], result.confidence, digits=1),
            verdict=term("tile.higher", high=level_name(high), low=level_name(low)),
        )
    ]


def level_name(name: str) -> str:
    """Level as a report calls it."""
    return term(f"verdict.{LEVELS[name]}") if name in LEVELS else name


def counts(column: pd.Series, min_cell: int) -> list[str]:
    """Write counts as text; what is hidden is said to be."""
    hidden = term("verdict.suppressed", min_cell=min_cell)
    return [hidden if pd.isna(n) else f"{n:,.0f}" for n in column]


def _order(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}

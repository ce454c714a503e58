"""Who would recommend: the distribution of the answers, the score by group, and what the camps think of the scales."""

from typing import Any

import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator, NullLocator

from loyalty_kit.core.language import in_a_row, interval, level, number, percent, probability, term
from loyalty_kit.measurement.scores.recommendation import CAMPS, RecommendationResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, canvas, label
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.measurement.group_scores import counts, dots, level_name, rows_named
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

COLOURS = {"promoters": BLUE, "passives": MUTED, "detractors": ORANGE}
MIDDLES = {"promoters": 9.5, "passives": 7.5, "detractors": 3.0}
"""Where the name of each camp stands above its answers."""


@describes(RecommendationResult, "camps")
def describe_recommendation(result: RecommendationResult) -> Passage:
    """Say how large the camps are, where the score is lowest and highest, and on what they lie farthest apart."""
    if not result.wordings:
        return Passage([Sentence(say("recommend.none"), "left_out")])
    told = [say("shares.hidden", item=result.wordings[item], min_cell=result.min_cell) for item in result.few]
    return Passage([*told, *(sentence for item in result.overall for sentence in _question(result, item))])


def _question(result: RecommendationResult, item: str) -> list[Sentence]:
    whole = result.overall[item]
    shares = {camp: percent(getattr(whole, camp)) for camp in CAMPS}
    first = say("recommend.camps", item=result.wordings[item], n=f"{whole.n_used:,}", **shares)
    by = [sentence for group in result.group_labels for sentence in _by_group(result, item, group)]
    known = result.groups[(result.groups["item"] == item) & result.groups["estimate"].notna()]
    several = known["group"].duplicated().any()
    return [first, *by, *([say("recommend.untested")] if several else []), *_gaps(result, item)]


def _by_group(result: RecommendationResult, item: str, group: str) -> list[Sentence]:
    """Say where the score is lowest and highest, and what is not shown."""
    own = result.groups[(result.groups["item"] == item) & (result.groups["group"] == group)]
    known = records(own[own["estimate"].notna()].sort_values("estimate", kind="stable"))
    by, told = result.group_labels[group], []
    if not known:
        told.append(say("recommend.groups_none", group=by, min_cell=result.min_cell))
    else:
        low, high = _end(known[0], result, "low"), _end(known[-1], result, "high")
        key = "recommend.groups" if len(known) > 1 else "recommend.groups_one"
        told.append(say(key, group=by, **low, **(high if len(known) > 1 else {})))
    hidden = result.hidden[item, group]
    return [*told, *([say("by_group.hidden", group=by, count=hidden, min_cell=result.min_cell)] if hidden else [])]


def _end(row: dict[str, Any], result: RecommendationResult, end: str) -> dict[str, str]:
    said = interval(row["ci_low"], row["ci_high"], n=int(row["n"]), confidence=result.confidence, digits=0)
    return {end: number(row["estimate"], 0), f"{end}_level": level_name(row["level"]), f"{end}_interval": said}


def _gaps(result: RecommendationResult, item: str) -> list[Sentence]:
    """Say on which score promoters and detractors lie farthest apart, or that none is clear."""
    own = result.gaps[result.gaps["item"] == item]
    if own.empty:
        shown = [say("recommend.gap_hidden", min_cell=result.min_cell)]
        return shown if len(result.labels) else []
    others = own[~own["holds_item"].astype(bool)]
    clear = others[others["clear"].astype(bool)]
    above, below = clear[clear["difference"] > 0], clear[clear["difference"] < 0]
    told = []
    if len(above):
        told.append(_widest(result, records(above.sort_values("difference", kind="stable"))[-1]))
    elif len(others) and clear.empty:
        told.append(say("recommend.gap_unclear", tests=int(others["p_value"].notna().sum())))
    if len(below):
        told.append(say("recommend.gap_below", scales=in_a_row(result.labels[name] for name in below["scale"])))
    making = [result.labels[name] for name in own.loc[own["holds_item"].astype(bool), "scale"]]
    return [*told, *([say("recommend.holds_item", scales=in_a_row(making))] if making else [])]


def _widest(result: RecommendationResult, row: dict[str, Any]) -> Sentence:
    own = result.scores[(result.scores["item"] == row["item"]) & (result.scores["scale"] == row["scale"])]
    means = own.set_index("camp")["mean"]
    return say(
        "recommend.gap",
        scale=result.labels[row["scale"]],
        promoters=number(means["promoters"], 1),
        detractors=number(means["detractors"], 1),
        difference=number(row["difference"], 1),
        level=level(result.confidence),
        ends=term("span", low=number(row["ci_low"], 1), high=number(row["ci_high"], 1)),
        p=probability(row["p_adjusted"]),
    )


@tabulates(RecommendationResult, "groups")
def recommend_groups(result: RecommendationResult) -> GT | None:
    """Lay out the camps and the score in each level; none where there is no group."""
    table = result.groups.reset_index(drop=True)
    if table.empty:
        return None
    shown = table.assign(
        heading=[_heading(result, row["item"], result.group_labels[row["group"]]) for row in records(table)],
        level=[level_name(name) for name in table["level"]],
        count=table["n"],
        n=counts(table["n"], result.min_cell),
        interval=span(table["ci_low"], table["ci_high"], 0),
        estimate=table["estimate"].astype(float),
    ).astype(dict.fromkeys(CAMPS, float))
    columns = {"level": "level", "n": "n"} | {camp: camp for camp in CAMPS}
    columns |= {"estimate": "net_promoter", "interval": "interval"}
    return lay_out(
        shown,
        name="recommend-groups",
        title=term("title.recommend_groups"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["estimate"]},
        percent=list(CAMPS),
        group="heading",
        note=term("note.recommend_groups"),
        behind=Behind({"n": "count", "interval": ("ci_low", "ci_high")}, group=term("column.group")),
    )


@tabulates(RecommendationResult, "scores")
def recommend_scores(result: RecommendationResult) -> GT | None:
    """Lay out the mean scores of the camps, and the gap between promoters and detractors; none without a score."""
    if result.scores["mean"].notna().sum() == 0:
        return None
    means = result.scores.pivot_table(index=["item", "scale"], columns="camp", values="mean", sort=False, dropna=False)
    table = means.reindex(columns=list(CAMPS)).reset_index().merge(result.gaps, on=["item", "scale"], how="left")
    shown = table.assign(
        heading=[_heading(result, item, "") for item in table["item"]],
        label=[result.labels[name] for name in table["scale"]],
        difference=table["difference"].astype(float),
        interval=span(table["ci_low"], table["ci_high"], 1),
    )
    columns = {"label": "score"} | {camp: camp for camp in CAMPS} | {"difference": "gap", "interval": "interval"}
    return lay_out(
        shown,
        name="recommend-scores",
        title=term("title.recommend_scores"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={1: [*CAMPS, "difference"]},
        note=term("note.recommend_scores"),
        behind=Behind({"interval": ("ci_low", "ci_high")}, group=term("column.item")),
        group="heading" if len(result.overall) > 1 else None,
    )


@draws(RecommendationResult, "camps")
def plot_recommendation(result: RecommendationResult, *, item: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw the share of each answer, the camps told by name and by colour; nothing where the question was not asked."""
    if not result.overall:
        return None
    name = item or next(iter(result.overall))
    table = result.answers[result.answers["item"] == name]
    shares = 100 * table["share"].to_numpy(dtype=float)
    with canvas(ax, rows=7) as ax:
        bars = ax.bar(table["answer"], shares, color=[COLOURS[camp] for camp in table["camp"]], alpha=0.85, width=0.82)
        top = float(shares.max())
        for bar, share in zip(bars, shares, strict=True):
            written = "" if share == 0 else "<1" if share < 0.5 else number(share, 0)
            middle = bar.get_x() + bar.get_width() / 2
            ax.text(middle, share + 0.02 * top, written, ha="center", va="bottom", color=INK, fontsize=9)
        for camp, at in MIDDLES.items():
            told = label(f"figure.camp_{camp}", share=_share(getattr(result.overall[name], camp)))
            # Two camps stand close beside each other: a line each keeps their names apart on a narrow screen too.
            ax.text(at, top * (1.28 if camp == "passives" else 1.16), told, ha="center", va="bottom", color=INK)
        for edge in (6.5, 8.5):
            ax.plot([edge, edge], [0, 1.14 * top], color=MUTED, linewidth=0.8, linestyle=":")
        ax.set(xlim=(-0.6, 10.6), ylim=(0, 1.42 * top))
        ax.xaxis.set_major_locator(MultipleLocator(1))
        ax.yaxis.set_major_locator(NullLocator())
        ax.grid(visible=False)
        ax.set_xlabel(label("figure.recommend_x"))
        ax.set_title(label("figure.recommend"), loc="left", fontweight="bold")
        return ax


@draws(RecommendationResult, "groups")
def plot_recommend_groups(result: RecommendationResult, *, item: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw the score in each level with its interval; nothing where there is no group."""
    if not result.overall:
        return None
    name = item or next(iter(result.overall))
    table = result.groups[(result.groups["item"] == name) & result.groups["estimate"].notna()].reset_index(drop=True)
    if table.empty:
        return None
    values: tuple[pd.Series, pd.Series, pd.Series] = (table["estimate"], table["ci_low"], table["ci_high"])
    title, x = label("figure.recommend_groups"), label("figure.recommend_groups_x", level=level(result.confidence))
    names = rows_named(table, result.group_labels)
    return dots(names, values, result.overall[name].estimate, (-100.0, 100.0), title, x, ax)


def _share(share: float) -> str:
    return label("percent", number=number(100 * share, 0))


def _heading(result: RecommendationResult, item: str, group: str) -> str:
    """Heading of rows: the grouping, and the question where there are several."""
    several = len(result.overall) > 1
    parts = [result.wordings[item]] * several + [group] * bool(group)
    return term("comma").join(parts)

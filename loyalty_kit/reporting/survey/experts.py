"""What experts say: weights, how far they agree, whether to ask again, and what they call essential."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import in_a_row, number, percent, probability, term
from loyalty_kit.reporting.canvas import BLUE, INK, canvas, drawable, label, name_rows, named
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.survey.sample import warned
from loyalty_kit.reporting.verbs import describes, draws, tabulates
from loyalty_kit.survey.experts.concordance import ConcordanceResult
from loyalty_kit.survey.experts.content_validity import ContentValidityResult
from loyalty_kit.survey.experts.expert_weights import ExpertWeightsResult
from loyalty_kit.survey.experts.hierarchy import MOST_RATIO, AhpResult


@describes(ExpertWeightsResult, "weights")
def describe_experts(result: ExpertWeightsResult) -> Passage:
    """Say what weighs most, how far the experts agree and whether to ask again."""
    rows = records(result.table.sort_values("weight", ascending=False, kind="stable"))
    most, least = rows[0], rows[-1]
    ends = {"most": most["thing"], "least": least["thing"]}
    first = say("experts.weights", most_share=percent(most["weight"]), least_share=percent(least["weight"]), **ends)
    return Passage([first, *experts_said(result, {})])


def experts_said(result: ExpertWeightsResult, labels: Mapping[str, str], *, index: str = "") -> list[Sentence]:
    """Sentences on the experts behind weights, of an index where it is named; `labels` names what they weighed."""
    rounds = len(result.rounds)
    counts = {"n": result.n_experts, "rounds": rounds, "index": index}
    told = [say(f"experts.{result.source}{'_index' if index else ''}", **counts)]
    last = records(result.rounds)[-1]
    values = {"w": number(last["w"]), "p": probability(last["p_permutation"])}
    told.append(say(f"experts.{result.stop}", **values))
    if result.n_dropped:
        told.append(say("experts.dropped", n=result.n_dropped))
    if result.hierarchy is not None and result.hierarchy.consistency_ratio <= MOST_RATIO:
        told.append(say("experts.consistent", ratio=number(result.hierarchy.consistency_ratio)))
    if result.content is not None:
        told += _essential(result.content, labels)
    return [*told, *warned(result.warnings)]


@describes(ConcordanceResult, "agreement")
def describe_agreement(result: ConcordanceResult) -> Passage:
    """Say how far the experts agree."""
    if not np.isfinite(result.w):
        return Passage([say("experts.unknown")])
    beyond = "agreement" if result.p_permutation <= 0.05 or result.p_value <= 0.05 else "no_agreement"
    p = result.p_permutation if np.isfinite(result.p_permutation) else result.p_value
    values = {"w": number(result.w), "p": probability(p), "n": result.n_experts, "things": result.df + 1}
    dropped = [say("experts.dropped", n=result.n_dropped)] if result.n_dropped else []
    return Passage([say(f"experts.{beyond}", **values), *dropped])


@describes(ContentValidityResult, "content")
def describe_content(result: ContentValidityResult) -> Passage:
    """Say what the panel calls essential beyond chance."""
    return Passage(_essential(result, {}))


@describes(AhpResult, "hierarchy")
def describe_hierarchy(result: AhpResult) -> Passage:
    """Say what weighs most and whether the comparisons fit together."""
    order = result.weights.sort_values(ascending=False, kind="stable")
    shares = {"most_share": percent(order.iloc[0]), "least_share": percent(order.iloc[-1])}
    first = say("experts.weights", most=str(order.index[0]), least=str(order.index[-1]), **shares)
    fit = result.consistency_ratio <= MOST_RATIO
    fits = [say("experts.consistent", ratio=number(result.consistency_ratio))] if fit else []
    return Passage([first, *fits, *warned(result.warnings)])


def _essential(result: ContentValidityResult, labels: Mapping[str, str]) -> list[Sentence]:
    """Sentences on what is essential, what is not shown to be, and where the panel is too small to tell."""
    told = []
    for verdict in ("essential", "unclear", "unknown"):
        names = [str(name) for name in result.table.loc[result.table["verdict"] == verdict, "thing"]]
        if names:
            told.append(say(f"experts.content_{verdict}", things=in_a_row(named(names, labels))))
    return told


@tabulates(ExpertWeightsResult, "weights")
def experts_table(result: ExpertWeightsResult, *, labels: Mapping[str, str] | None = None) -> GT:
    """Lay out weights with how far the experts lie apart and, where it was asked, content validity."""
    table = result.table.assign(label=named(result.table["thing"], labels or {}))
    columns = {"label": "thing", "weight": "weight", "sd": "sd_experts"}
    if result.content is not None:
        found = result.content.table
        table = table.assign(ratio=found["ratio"].to_numpy(), critical=found["critical"].to_numpy())
        table = table.assign(verdict=_verdicts(found["verdict"]))
        columns |= {"ratio": "content_ratio", "critical": "content_critical", "verdict": "verdict"}
    return lay_out(
        table,
        name="experts",
        title=term("title.experts"),
        labels=headings(columns),
        percent=["weight", "sd"],
        decimals={} if result.content is None else {2: ["ratio", "critical"]},
        note=term("note.experts" if result.content is None else "note.experts_content"),
    )


@tabulates(ExpertWeightsResult, "rounds")
def rounds_table(result: ExpertWeightsResult) -> GT:
    """Lay out agreement by round."""
    columns = {"round": "round", "n_experts": "experts", "w": "concordance", "chi_squared": "chi_squared"}
    columns |= {"df": "df", "p": "p", "chance": "p_permutation"}
    table = result.rounds
    shown = table.assign(
        p=[_p(p) for p in table["p_value"]],
        chance=[_p(p) for p in table["p_permutation"]],
    )
    decimals = {2: ["w", "chi_squared"], 0: ["df", "n_experts"]}
    name, title = "expert-rounds", term("title.rounds")
    return lay_out(shown, name=name, title=title, labels=headings(columns), decimals=decimals, note=term("note.rounds"))


@tabulates(ConcordanceResult, "agreement")
def agreement_table(result: ConcordanceResult) -> GT:
    """Lay out the mean ranks."""
    shown = pd.DataFrame({"thing": list(map(str, result.mean_ranks.index)), "rank": result.mean_ranks.to_numpy()})
    labels = headings({"thing": "thing", "rank": "mean_rank"})
    return lay_out(shown, name="agreement", title=term("title.ranks"), labels=labels, decimals={2: ["rank"]})


@tabulates(ContentValidityResult, "content")
def content_table(result: ContentValidityResult) -> GT:
    """Lay out the content validity ratio of each thing."""
    shown = result.table.assign(label=result.table["thing"].map(str), said=_verdicts(result.table["verdict"]))
    columns = {"label": "thing", "n": "experts", "n_essential": "essential", "ratio": "content_ratio"}
    columns |= {"critical": "content_critical", "said": "verdict"}
    decimals = {0: ["n", "n_essential"], 2: ["ratio", "critical"]}
    title, note = term("title.content"), term("note.content")
    return lay_out(shown, name="content", title=title, labels=headings(columns), decimals=decimals, note=note)


@tabulates(AhpResult, "hierarchy")
def hierarchy_table(result: AhpResult) -> GT:
    """Lay out the weights."""
    shown = result.to_frame().assign(label=lambda table: table["thing"].map(str))
    labels = headings({"label": "thing", "weight": "weight"})
    return lay_out(shown, name="hierarchy", title=term("title.experts"), labels=labels, percent=["weight"])


@draws(ExpertWeightsResult, "weights")
def plot_experts(
    result: ExpertWeightsResult, *, labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the weights, with how far the experts' own lie apart."""
    names = named(result.table["thing"], labels or {})
    spread = 100 * result.table["sd"].fillna(0)
    return _bars(names, 100 * result.table["weight"], "figure.experts", "figure.experts_x", ax, spread=spread)


@draws(ConcordanceResult, "agreement")
def plot_agreement(result: ConcordanceResult, *, ax: Axes | None = None) -> Axes:
    """Draw the mean ranks."""
    return _bars(list(result.mean_ranks.index), result.mean_ranks, "figure.mean_ranks", "column.mean_rank", ax)


@draws(ContentValidityResult, "content")
def plot_content(result: ContentValidityResult, *, ax: Axes | None = None) -> Axes:
    """Draw the content validity ratios, and from where each is beyond chance."""
    table = result.table
    ax = _bars(list(table["thing"]), table["ratio"], "figure.content", "column.content_ratio", ax)
    ax.plot(table["critical"].to_numpy()[::-1], range(len(table)), "|", color=INK, markersize=16, markeredgewidth=2)
    ax.set_xlim(-1, 1)
    return ax


@draws(AhpResult, "hierarchy")
def plot_hierarchy(result: AhpResult, *, ax: Axes | None = None) -> Axes:
    """Draw the weights."""
    return _bars(list(result.weights.index), 100 * result.weights, "figure.experts", "figure.weights_x", ax)


def _bars(
    names: Sequence[object], values: pd.Series, title: str, x: str, ax: Axes | None, *, spread: pd.Series | None = None
) -> Axes:
    """Bars by thing, the first on top."""
    shown = [str(name) for name in names][::-1]
    with canvas(ax, rows=len(shown)) as ax:
        error = None if spread is None else spread.to_numpy()[::-1]
        ax.barh(range(len(shown)), values.to_numpy()[::-1], xerr=error, color=BLUE, alpha=0.75, height=0.62, ecolor=INK)
        name_rows(ax, drawable(shown, [str(at) for at in range(len(shown), 0, -1)]))
        ax.set_xlabel(label(x))
        ax.set_title(label(title), loc="left", fontweight="bold")
        return ax


def _verdicts(column: pd.Series) -> list[str]:
    return [term(f"experts.verdict_{verdict}") for verdict in column]


def _p(p: float) -> str:
    return "–" if pd.isna(p) else probability(p)

"""The open search: whether items can be factored, how many factors they hold and what these are."""

from typing import Any

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyalty_kit.core.language import in_a_row, level, number, percent, probability, term, translate
from loyalty_kit.measurement.factors.adequacy import GOOD_KMO, LEAST_KMO, AdequacyResult
from loyalty_kit.measurement.factors.factors import FactorResult, factors_by_scale, recovered_scales
from loyalty_kit.measurement.factors.retention import RetentionResult
from loyalty_kit.reporting.bounds import number_near_bound
from loyalty_kit.reporting.canvas import BLUE, INK, ORANGE, canvas, drawable, drawn, heat, label, numbered
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.reporting.survey.sample import warned
from loyalty_kit.reporting.verbs import describes, draws, tabulates
from loyalty_kit.survey.codebook import Codebook


@describes(AdequacyResult, "adequacy")
def describe_adequacy(result: AdequacyResult) -> Passage:
    """Say whether the items share enough to be factored."""
    values = {
        "kmo": number_near_bound(result.kmo, GOOD_KMO, LEAST_KMO),
        "p": probability(result.bartlett_p),
        "n": result.n_used,
    }
    weakest = result.kmo_items.idxmin()
    item = say("adequacy.item", item=weakest, kmo=number(result.kmo_items.min()))
    return Passage([say(f"adequacy.{result.verdict}", **values), item, *warned(result.warnings)])


@describes(RetentionResult, "retention")
def describe_retention(result: RetentionResult) -> Passage:
    """Say how many factors the methods find and how firmly."""
    low, high = int(result.answers.min()), int(result.answers.max())
    votes = result.answers.value_counts()
    tied = len(votes) > 1 and (votes == votes.max()).sum() > 1
    case = "nothing" if result.vote == 0 else "agree" if low == high else "split" if tied else "differ"
    claimed = {"claimed": result.claimed} if result.claimed is not None else {}
    sentences = [
        say(f"retention.{case}{'' if claimed else '_open'}", low=low, high=high, factors=result.vote, **claimed)
    ]
    if result.shares is not None:
        share = percent(result.shares["vote"].get(result.vote, 0.0))
        sentences.append(say("retention.share", share=share, bootstrap=result.bootstrap))
    return Passage(sentences)


@describes(FactorResult, "factors")
def describe_factors(result: FactorResult) -> Passage:
    """Say which scales of the codebook the factors bring back, split or merge."""
    found = factors_by_scale(result.loadings, result.codebook)
    whole = {name: next(iter(places)) for name, places in found.items() if len(places) == 1}
    alone = list(recovered_scales(found))
    split = [name for name, places in found.items() if len(places) > 1]
    sentences = []
    if alone:
        sentences.append(say("factors.together", scales=labels(alone, result.codebook)))
    if split:
        sentences.append(say("factors.split", scales=labels(split, result.codebook)))
    for place in dict.fromkeys(whole.values()):
        merged = [name for name, own in whole.items() if own == place]
        if len(merged) > 1:
            sentences.append(say("factors.shared", scales=labels(merged, result.codebook)))
    warnings = [Sentence(translate(text, result.codebook.labels), "warning") for text in result.warnings]
    return Passage([*(sentences or [say("factors.none")]), *warnings])


@tabulates(RetentionResult, "retention")
def retention_table(result: RetentionResult) -> GT:
    """Lay out the number of factors by each method."""
    table = result.to_frame()
    shown = table.assign(method=[term(f"method.{name}") for name in table["method"]])
    columns = {"method": "method", "factors": "factors"} | ({"share": "resamples"} if result.bootstrap else {})
    return lay_out(
        shown,
        name="retention",
        title=term("title.retention"),
        labels=headings(columns),
        percent=["share"] if result.bootstrap else [],
        note=term("note.retention"),
    )


@draws(RetentionResult, "retention")
def plot_scree(result: RetentionResult, *, ax: Axes | None = None) -> Axes:
    """Eigenvalues by rank with those that chance alone would bring."""
    rank = np.arange(1, len(result.eigenvalues) + 1)
    lines = {
        "components": (BLUE, "o", "-"),
        "components_null": (BLUE, "", "--"),
        "factors": (ORANGE, "s", "-"),
        "factors_null": (ORANGE, "", "--"),
    }
    with canvas(ax, rows=8) as ax:
        for column, (colour, marker, style) in lines.items():
            name = label(f"figure.{column}")
            ax.plot(rank, result.eigenvalues[column], style, color=colour, marker=marker, markersize=4, label=name)
        ax.axvline(result.vote + 0.5, color=INK, linewidth=1, linestyle=":")
        quantile = level(result.quantile, language=drawn())
        ax.set(xlabel=label("figure.rank"), ylabel=label("figure.eigenvalue", quantile=quantile))
        ax.set_title(label("figure.scree", vote=result.vote), loc="left", fontweight="bold")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(frameon=False)
        return ax


@draws(FactorResult, "loadings")
def plot_loadings(result: FactorResult, *, ax: Axes | None = None) -> Axes:
    """Draw the loadings of every item on every factor, items in the order in which they were given."""
    table = result.loadings
    names = drawable((result.codebook.label(str(name)) for name in table.columns), map(str, table.columns))
    with canvas(ax, rows=0.75 * len(table)) as ax:
        heat(ax, table, limits=(-1, 1), colours="vlag")
        ax.set_xticks(np.arange(len(names)) + 0.5, names)
        ax.set_yticks(np.arange(len(table)) + 0.5, drawable(map(str, table.index), numbered(len(table))), rotation=0)
        ax.set(xlabel=label("figure.loadings_x"), ylabel=label("figure.loadings_y"))
        ax.set_title(label("figure.loadings"), loc="left", fontweight="bold")
        return ax


def labels(names: Any, codebook: Codebook) -> str:
    """Labels of scales in a row."""
    return in_a_row(codebook.label(str(name)) for name in names)

"""Whether the items of each scale belong together, and whether the scales are distinct."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from loyalty_kit.core.language import level, number, term, translate
from loyalty_kit.measurement.cfa.validity import LIBERAL, RELIABLE, SHARED, STRICT, ValidityResult
from loyalty_kit.measurement.common_method import CommonMethodResult
from loyalty_kit.measurement.factors.adequacy import UNRELATED
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.bounds import digits_near_bound, number_near_bound
from loyalty_kit.reporting.canvas import canvas, drawable, heat, label, nothing
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.measurement.factors import labels
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates
from loyalty_kit.survey.codebook import Codebook


@describes(ValidityResult, "validity")
def describe_validity(result: ValidityResult) -> Passage:
    """Say which scales hang together and which pairs are told apart."""
    book = result.codebook
    belong = result.scales["verdict"] == "together"
    sentences = []
    if belong.any():
        sentences.append(say("validity.together", scales=labels(result.scales.loc[belong, "scale"], book)))
    for verdict, part in result.scales[~belong].groupby("verdict", sort=False):
        sentences.append(say("validity.weak", scale=labels(part["scale"], book), verdict=_convergence(str(verdict))))
    pairs = result.pairs
    for row in records(pairs[~pairs["verdict"].isin(("distinct", "untold"))]):
        ends = {"first": book.label(row["first"]), "second": book.label(row["second"])}
        verdict = _distinctness(row["verdict"])
        if pd.isna(row["ci_low"]):
            sentences.append(
                say("validity.pair_only", verdict=verdict, htmt=number_near_bound(row["htmt"], STRICT), **ends)
            )
            continue
        figures = {"htmt": number(row["htmt"]), "low": number_near_bound(row["ci_low"], LIBERAL)}
        figures |= {"high": number_near_bound(row["ci_high"], LIBERAL), "level": level(result.confidence)}
        sentences.append(say("validity.pair", verdict=verdict, **ends, **figures))
    if (pairs["verdict"] == "untold").any():
        sentences.append(say("validity.untold", scales=unrelated_scales(result)))
    return Passage(sentences)


@describes(type(None), "common method")
def describe_no_common_method(_: None) -> Passage:
    """Say that one scale and one source cannot be told apart."""
    return Passage([Sentence(say("common.none"), "left_out")])


@describes(CommonMethodResult, "common method")
def describe_common_method(result: CommonMethodResult) -> Passage:
    """Say whether one source could explain all the answers."""
    return Passage([Sentence(translate(result.verdict))])


@tabulates(ValidityResult, "scales")
def scales_table(result: ValidityResult) -> GT:
    """Reliability and shared variance of each scale."""
    scales = result.told.scales
    shown = scales.assign(label=scales["scale"].map(result.codebook.label), verdict=scales["verdict"].map(_convergence))
    decimals: dict[int, list[str]] = {2: ["smallest_loading"]}
    for column, bound in (("composite_reliability", RELIABLE), ("ave", SHARED)):
        decimals.setdefault(digits_near_bound(scales[column], bound), []).append(column)
    columns = {
        "label": "scale",
        "composite_reliability": "composite",
        "ave": "ave",
        "smallest_loading": "smallest_loading",
        "verdict": "verdict",
    }
    return lay_out(
        shown,
        name="validity",
        title=term("title.validity"),
        labels=headings(columns),
        decimals=decimals,
        note=term("note.validity"),
    )


@tabulates(ValidityResult, "pairs")
def pairs_table(result: ValidityResult) -> GT:
    """Distinctness of each pair of scales."""
    pairs = result.told.pairs
    digits = digits_near_bound([*pairs["ci_low"], *pairs["ci_high"]], LIBERAL)
    shown = pairs.assign(
        pair=pair_labels(pairs, result.codebook),
        interval=span(pairs["ci_low"], pairs["ci_high"], digits),
        short=pairs["verdict"].map(_distinctness),
    )
    columns = {
        "pair": "pair",
        "short": "verdict",
        "htmt": "htmt",
        "interval": "interval",
        "p_below_85": "p_below_85",
        "p_below_90": "p_below_90",
        "correlation": "factor_r",
    }
    decimals = {2: ["htmt", "p_below_85", "p_below_90", "correlation"]}
    names = headings(columns, level=level(result.confidence))
    return lay_out(
        shown,
        name="pairs",
        title=term("title.pairs"),
        labels=names,
        decimals=decimals,
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@draws(ValidityResult, "pairs")
def plot_htmt(result: ValidityResult, *, ax: Axes | None = None) -> Axes:
    """Heterotrait–monotrait ratio of each pair of scales, those marked that are not shown to be distinct."""
    return draw_pairs(result, {(row["first"], row["second"]): row["verdict"] for row in records(result.pairs)}, ax=ax)


def draw_pairs(result: ValidityResult, verdicts: Mapping[tuple[str, str], str], *, ax: Axes | None) -> Axes:
    """Draw the ratios, a frame around those of pairs that are one, a question mark where that cannot be told."""
    table = result.htmt.iloc[1:, :-1]
    rows = drawable((result.codebook.label(str(name)) for name in table.index), map(str, table.index))
    columns = drawable((result.codebook.label(str(name)) for name in table.columns), map(str, table.columns))
    with canvas(ax, rows=1.1 * len(table) + 1) as ax:
        ax.set_title(label("figure.htmt"), loc="left", fontweight="bold")
        if table.empty:
            return nothing(ax)
        heat(ax, table.where(np.tril(np.ones(table.shape, dtype=bool))), limits=(0.3, 1.1), colours="flare")
        ax.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=20)
        ax.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)
        texts = {tuple(map(int, text.get_position())): text for text in ax.texts}
        for (first, second), verdict in verdicts.items():
            place = (list(table.columns).index(first), list(table.index).index(second))
            if verdict in ONE:
                _frame(ax, place)
            elif verdict not in APART:
                texts[place].set_text(f"{texts[place].get_text()} ?")
        ax.set(xlabel=label("figure.pairs_marks", strict=f"{STRICT:.2f}", liberal=f"{LIBERAL:.2f}"), ylabel="")
        return ax


ONE, APART = ("overlapping", "merge"), ("distinct", "apart")
"""Verdicts on a pair that is one thing, or two; of any other it cannot be told."""


def _frame(ax: Axes, place: tuple[int, int]) -> None:
    """Draw a frame within a cell, in black on white, so that it is seen on every colour."""
    for width, colour in ((4.2, "#ffffff"), (2.2, "#000000")):
        corner = (place[0] + 0.05, place[1] + 0.06)
        ax.add_patch(Rectangle(corner, 0.9, 0.88, fill=False, edgecolor=colour, linewidth=width))


def pair_labels(pairs: pd.DataFrame, codebook: Codebook) -> list[str]:
    """Name each pair of scales."""
    ends = pairs[["first", "second"]].to_numpy()
    return [term("verdict.pair", first=codebook.label(a), second=codebook.label(b)) for a, b in ends]


def unrelated_scales(result: ValidityResult) -> str:
    """Scales in a row whose items hardly correlate with one another; empty where there is none."""
    names = result.scales.loc[result.scales["independence_p"] >= UNRELATED, "scale"]
    return labels(names, result.codebook) if len(names) else ""


def _convergence(code: str) -> str:
    return term(f"convergence.{code.replace(' ', '_')}")


def _distinctness(code: str) -> str:
    return term(f"verdict.{code.replace(' ', '_')}")

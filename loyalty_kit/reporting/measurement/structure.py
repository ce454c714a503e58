"""The claimed structure: its sample, its fit, its loadings, and the verdict on it."""

import math
from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from loyalty_kit.core.language import in_a_row, level, number, percent, probability, term, translate
from loyalty_kit.measurement.cfa.confirmatory import CfaResult
from loyalty_kit.measurement.cfa.validity import LIBERAL
from loyalty_kit.measurement.factors.adequacy import POOR_KMO
from loyalty_kit.measurement.factors.fit_indices import FAIR_FIT, GOOD_FIT, leading_indices
from loyalty_kit.measurement.structure_verdict import StructureVerdict
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.bounds import number_near_bound
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, PAPER, canvas, drawable, label, nothing, numbered
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.measurement.invariance import comparability
from loyalty_kit.reporting.measurement.validity import pair_labels, unrelated_scales
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

COSTLY_LOSS = 0.2
"""Share of respondents left out from which a report says so loudly."""
WEAK_LOADING = 0.5


@describes(StructureVerdict, "answer")
def describe_answer(verdict: StructureVerdict) -> Passage:
    """Headline: does the claimed structure fit, are its scales distinct, may groups be compared."""
    keying = [say("structure.keying", items=in_a_row(verdict.against_keying))] if verdict.against_keying else []
    groups = comparability(verdict.groups, settled=not verdict.against_keying)[:1] if verdict.groups is not None else []
    sentences = [*(keying or [fit_sentence(verdict)]), *(overlaps(verdict) or _distinctness(verdict))[:1], *groups]
    return Passage([*(Sentence(sentence, "answer") for sentence in sentences), *improper(verdict)])


@describes(StructureVerdict, "reasons")
def describe_reasons(verdict: StructureVerdict) -> Passage:
    """Say what the headline rests on: how far the model can be believed, which scales overlap, what is not known."""
    sentences = [fit_sentence(verdict)] if verdict.against_keying else []
    if verdict.model.standing != "proper" and len(verdict.validity.pairs):
        sentences.append(say("structure.htmt_alone"))
    shared = overlaps(verdict)
    sentences += [*_distinctness(verdict), *shared[1:]] if shared else _distinctness(verdict)[1:]
    groups = comparability(verdict.groups, settled=not verdict.against_keying)
    return Passage([*sentences, *(groups if verdict.groups is None else groups[1:])])


@describes(CfaResult, "fit")
def describe_fit(result: CfaResult) -> Passage:
    """Warnings of the factor model: those that question the estimates loudly, the rest plainly."""
    loud, names = result.doubts, result.codebook.labels
    return Passage(
        Sentence(translate(text, names), "warning" if text in loud else "plain") for text in (*loud, *result.left_out)
    )


@describes(CfaResult, "sample")
def describe_sample(result: CfaResult) -> Passage:
    """Say which survey it is, how many respondents enter the factor model, and how they are weighted."""
    book, total = result.codebook, result.n_used + result.n_dropped
    title = [say("sample.title", title=book.title)] if book.title else []
    weighted = [say("sample.weighted", weight=book.weight)] if book.weight else []
    complete = int(np.isfinite(result.answers.values).all(axis=1).sum())
    if result.n_used > complete:
        how = "structure.sample_pairwise" if result.estimator == "wlsmv" else "structure.sample_fiml"
        return Passage([*title, say(how, n=result.n_used), *weighted])
    lost = 1 - result.n_used / total
    costly = [Sentence(say("structure.sample_loss", share=percent(lost)), "warning")] if lost > COSTLY_LOSS else []
    phrase = "structure.sample" if result.n_used < total else "structure.sample_all"
    return Passage([*title, say(phrase, n=result.n_used, total=total), *weighted, *costly])


@tabulates(CfaResult, "fit")
def fit_table(result: CfaResult) -> GT:
    """Fit of the factor model: the estimator's own indices beside those that are robust to non-normality."""
    names = ("chi2", "df", "cfi", "tli", "rmsea", "srmr")
    fit = result.told.fit
    plain = [_index(fit, name) for name in names]
    robust = [
        next((_index(fit, f"{name}{end}") for end in ("_robust", "_scaled") if f"{name}{end}" in fit), "–")
        for name in names
    ]
    columns = {"index": "index", "plain": "estimated"} | ({"robust": "robust"} if set(robust) != {"–"} else {})
    numbers = [float(fit.get(name, math.nan)) for name in names]
    others = [
        next((float(fit[f"{name}{end}"]) for end in ("_robust", "_scaled") if f"{name}{end}" in fit), math.nan)
        for name in names
    ]
    rows = pd.DataFrame({"index": [term(f"column.{name}") for name in names], "plain": plain, "robust": robust})
    method = translate(result.method)
    note = term("note.fit", method=f"{method[0].upper()}{method[1:]}")
    return lay_out(
        rows.assign(raw_plain=numbers, raw_robust=others),
        name="fit",
        title=term("title.fit"),
        labels=headings(columns),
        note=note,
        behind=Behind({"plain": "raw_plain", "robust": "raw_robust"}),
    )


@tabulates(CfaResult, "loadings")
def loadings_table(result: CfaResult) -> GT:
    """Standardized loading of each item with its interval, then what the user added."""
    result = result.told
    added = result.also.assign(scale="", item=_added(result))
    table = pd.concat([result.loadings, added[list(result.loadings)]]) if len(added) else result.loadings
    own = [result.codebook.label(scale) if scale else term("title.cfa_also") for scale in table["scale"]]
    shown = table.assign(
        group=own,
        wording=[result.codebook.item(name).wording or "" for name in table["item"]],
        interval=span(table["ci_low"], table["ci_high"], 2),
    )
    columns = {"item": "item", "wording": "wording", "standardized": "loading", "interval": "interval"}
    return lay_out(
        shown,
        name="cfa-loadings",
        title=term("title.cfa_loadings"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["standardized"]},
        group="group",
        behind=Behind({"interval": ("ci_low", "ci_high")}, group=term("column.scale")),
    )


@draws(CfaResult, "loadings")
def plot_loadings(result: CfaResult, *, ax: Axes | None = None) -> Axes:
    """Path diagram: each scale, its items and their standardized loadings."""
    loadings = result.told.loadings
    if loadings["standardized"].isna().all():
        with canvas(ax, rows=2) as ax:
            ax.set_title(label("figure.paths"), loc="left", fontweight="bold")
            return nothing(ax)
    scales = list(dict.fromkeys(loadings["scale"]))
    place = -(np.arange(len(loadings)) + 0.7 * loadings["scale"].map(scales.index).to_numpy())
    names = drawable(map(result.codebook.label, scales), scales)
    items = drawable(loadings["item"], numbered(len(loadings)))
    with canvas(ax, rows=0.75 * -place.min()) as ax:
        for scale, name in zip(scales, names, strict=True):
            mine = (loadings["scale"] == scale).to_numpy()
            middle = place[mine].mean()
            for y, loading in zip(place[mine], loadings.loc[mine, "standardized"], strict=True):
                colour = ORANGE if abs(loading) < WEAK_LOADING else BLUE
                ax.plot([0.16, 0.69], [middle, y], color=colour, linewidth=0.6 + 3 * abs(loading))
                ax.text(0.59, middle + (y - middle) * 0.81, number(loading), **_TAG)
            box = {"boxstyle": "round,pad=0.5", "fc": PAPER, "ec": INK}
            ax.text(0.16, middle, name, bbox=box, zorder=3, **_CENTRED)
        for y, item in zip(place, items, strict=True):
            ax.add_patch(FancyBboxPatch((0.69, y - 0.3), 0.2, 0.6, boxstyle="square,pad=0", fc=PAPER, ec=MUTED))
            ax.text(0.79, y, item, fontsize=8.5, **_CENTRED)
        ax.set(xlim=(0, 0.92), ylim=(place.min() - 0.8, 0.8), xticks=[], yticks=[])
        ax.set_xlabel(label("figure.paths_x", bound=f"{WEAK_LOADING:.2f}"))
        ax.set_title(label("figure.paths"), loc="left", fontweight="bold")
        return ax


_CENTRED: dict[str, Any] = {"ha": "center", "va": "center"}
_TAG: dict[str, Any] = _CENTRED | {"fontsize": 8, "bbox": {"boxstyle": "square,pad=0.15", "fc": PAPER, "ec": "none"}}


def _index(fit: "pd.Series[Any]", name: str) -> str:
    value = float(fit[name])
    return "–" if pd.isna(value) else f"{value:.0f}" if name.startswith("df") else f"{value:.3f}".replace("-", "−")


def fit_sentence(verdict: StructureVerdict) -> Sentence:
    """Judge the fit, or say why it cannot be judged."""
    lines = _added(verdict.model)
    told = term("structure.also", lines=in_a_row(lines)) if lines else ""
    claim: dict[str, object] = {"count": verdict.model.loadings["scale"].nunique(), "also": told}
    if verdict.fit == "withheld":
        why = term("structure.pair_gap").join(_reason(code, verdict.model) for code in verdict.withheld)
        return say("structure.fit_withheld", why=why, **claim)
    return say(f"structure.fit_{verdict.fit}", fit=_indices(verdict.model), **claim)


def _added(result: CfaResult) -> list[str]:
    """Write what the user added as they wrote it."""
    signs = {"loading": "=~", "residual covariance": "~~"}
    return [f"{row['first']} {signs[row['kind']]} {row['second']}" for row in records(result.also)]


def _reason(code: str, model: CfaResult) -> str:
    """Say why a fit cannot be judged."""
    if code == "unrelated":
        return term("structure.unrelated", p=probability(model.independence_p))
    if code == "kmo":
        return term("structure.kmo_low", kmo=number_near_bound(model.kmo, POOR_KMO), least=number(POOR_KMO))
    return term("structure.saturated" if code == "saturated" else f"structure.standing_{code.replace(' ', '_')}")


def _indices(result: CfaResult) -> str:
    """Write CFI, RMSEA with its interval and SRMR in a row."""
    found = leading_indices(result.fit.to_dict())
    fit = {name: number(value, 3) for name, value in found.items()}
    for name in GOOD_FIT:
        fit[name] = number_near_bound(found[name], GOOD_FIT[name], FAIR_FIT[name], digits=3, above=name == "cfi")
    ends = {"level": level(0.90), "low": fit["rmsea_low"], "high": fit["rmsea_high"]}
    indices = {"cfi": fit["cfi"], "rmsea": fit["rmsea"], "srmr": fit["srmr"]}
    return term("structure.fit_indices", n=result.n_used, **indices, **ends)


def improper(verdict: StructureVerdict) -> list[Sentence]:
    """Warn of estimates that cannot be taken at face value."""
    if not verdict.model.doubts:
        return []
    why = translate(verdict.model.doubts[0], verdict.model.codebook.labels)
    return [Sentence(say("structure.improper", why=why), "warning")]


def _distinctness(verdict: StructureVerdict) -> list[Sentence]:
    pairs, codes = verdict.validity.pairs, verdict.validity.pairs["verdict"]
    if pairs.empty:
        return [say("structure.single")]
    scales = unrelated_scales(verdict.validity)
    untold = [say("structure.untold", scales=scales)] if (codes == "untold").any() else []
    if (codes == "untold").all():
        return untold
    distinct = int((codes == "distinct").sum())
    one = len(pairs) == 1
    if distinct == len(pairs):
        return [say("structure.distinct_one" if one else "structure.distinct_all", count=len(pairs))]
    first = say("structure.overlap_one" if one else "structure.distinct_some", distinct=distinct, count=len(pairs))
    open_pairs = int((codes == "not settled").sum())
    bound = number(LIBERAL)
    unsettled = [say("structure.unsettled", count=open_pairs, bound=bound)] if open_pairs and not one else []
    return [first, *unsettled, *untold]


def overlaps(verdict: StructureVerdict) -> list[Sentence]:
    """Overlaps among scales that may be ranked as drivers, then each with an outcome."""
    book, pairs = verdict.model.codebook, verdict.validity.pairs
    pairs = pairs[pairs["verdict"] == "overlapping"]
    outcomes = book.role("outcome")
    ends = pairs[["first", "second"]].isin(outcomes)
    mixed = ends["first"] != ends["second"]
    sentences, bound = [], number(LIBERAL)
    if (~mixed).any():
        between = term("structure.pair_gap").join(pair_labels(pairs[~mixed], book))
        sentences.append(say("structure.overlap", pairs=between, bound=bound))
    for a, b in pairs.loc[mixed, ["first", "second"]].to_numpy():
        outcome, scale = (a, b) if a in outcomes else (b, a)
        names = {"scale": book.label(scale), "outcome": book.label(outcome)}
        sentences.append(say("structure.overlap_outcome", bound=bound, **names))
    return sentences

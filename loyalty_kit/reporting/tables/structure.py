"""Tables about factors, the codebook's structure, its validity and the comparability of groups."""

from typing import Any

import pandas as pd
from great_tables import GT

from loyalty_kit.language import level, term
from loyalty_kit.language import translate as tell
from loyalty_kit.measurement.confirmatory import CfaResult
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.retention import RetentionResult
from loyalty_kit.measurement.validity import LIBERAL, RELIABLE, SHARED, ValidityResult
from loyalty_kit.reporting.tables.layout import headings, lay_out, p_values, span
from loyalty_kit.reporting.wording.structure import digits_beside, kind, pair_labels
from loyalty_kit.survey.codebook import Codebook


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


def fit_table(result: CfaResult) -> GT:
    """Fit of the factor model: the estimator's own indices beside those that are robust to non-normality."""
    names = ("chi2", "df", "cfi", "tli", "rmsea", "srmr")
    fit = result.fit
    plain = [_index(fit, name) for name in names]
    robust = [
        next((_index(fit, f"{name}{end}") for end in ("_robust", "_scaled") if f"{name}{end}" in fit), "–")
        for name in names
    ]
    columns = {"index": "index", "plain": "estimated"} | ({"robust": "robust"} if set(robust) != {"–"} else {})
    rows = pd.DataFrame({"index": [term(f"column.{name}") for name in names], "plain": plain, "robust": robust})
    method = tell(result.method)
    note = term("note.fit", method=f"{method[0].upper()}{method[1:]}")
    return lay_out(rows, name="fit", title=term("title.fit"), labels=headings(columns), note=note)


def _index(fit: "pd.Series[Any]", name: str) -> str:
    value = float(fit[name])
    return "–" if pd.isna(value) else f"{value:.0f}" if name.startswith("df") else f"{value:.3f}".replace("-", "−")


def cfa_loadings_table(result: CfaResult, codebook: Codebook) -> GT:
    """Standardized loading of each item with its interval."""
    table = result.loadings
    shown = table.assign(
        group=table["scale"].map(codebook.label),
        wording=[codebook.item(name).wording or "" for name in table["item"]],
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
    )


def validity_table(result: ValidityResult, codebook: Codebook) -> GT:
    """Reliability and shared variance of each scale."""
    scales = result.scales
    shown = scales.assign(label=scales["scale"].map(codebook.label), verdict=scales["verdict"].map(tell))
    decimals: dict[int, list[str]] = {2: ["smallest_loading"]}
    for column, bound in (("composite_reliability", RELIABLE), ("ave", SHARED)):
        decimals.setdefault(digits_beside(scales[column], bound), []).append(column)
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


def pairs_table(result: ValidityResult, codebook: Codebook) -> GT:
    """Distinctness of each pair of scales."""
    pairs = result.pairs
    shown = pairs.assign(
        pair=pair_labels(pairs, codebook),
        interval=span(pairs["ci_low"], pairs["ci_high"], digits_beside([*pairs["ci_low"], *pairs["ci_high"]], LIBERAL)),
        short=[term(f"verdict.{key}") for key in kind(result)],
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
    labels = headings(columns, level=level(result.confidence))
    return lay_out(shown, name="pairs", title=term("title.pairs"), labels=labels, decimals=decimals)


def invariance_table(result: InvarianceResult) -> GT:
    """Levels of equality over groups, those with items set free below."""
    levels = pd.concat([result.levels, result.partial], ignore_index=True)
    freed = levels["freed"] if "freed" in levels else pd.Series(None, index=levels.index, dtype=object)
    holds = ["–" if pd.isna(value) else term("verdict.yes" if value else "verdict.no") for value in levels["holds"]]
    steps = [term(f"verdict.{name.replace(' ', '_')}") for name in levels["level"]]
    names = [
        term("verdict.freed", level=step, items=items) if isinstance(items, str) and items else step
        for step, items in zip(steps, freed, strict=True)
    ]
    shown = levels.assign(level=names, holds=holds, p_change=p_values(levels["p_change"]))
    columns = {
        "level": "equality",
        "holds": "holds",
        "chi2": "chi2",
        "df": "df",
        "cfi": "cfi",
        "cfi_change": "cfi_change",
        "rmsea": "rmsea",
        "rmsea_change": "rmsea_change",
        "p_change": "p_change",
    }
    groups = term("comma").join(term("verdict.group_size", group=name, n=n) for name, n in result.groups.items())
    changes = ["cfi", "cfi_change", "rmsea", "rmsea_change"]
    return lay_out(
        shown.astype({name: float for name in changes}),
        name="invariance",
        title=term("title.invariance"),
        labels=headings(columns),
        decimals={3: changes, 1: ["chi2"]},
        note=term("note.invariance", method=tell(result.method), groups=groups),
    )

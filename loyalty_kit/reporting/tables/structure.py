"""Tables about factors, the codebook's structure, its validity and the comparability of groups."""

from typing import Any

import pandas as pd
from great_tables import GT

from loyalty_kit.measurement.confirmatory import CfaResult
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.retention import RetentionResult
from loyalty_kit.measurement.validity import ValidityResult
from loyalty_kit.reporting.tables.layout import lay_out, span
from loyalty_kit.survey.codebook import Codebook

METHODS = {
    "parallel_components": "Parallel analysis, components",
    "parallel_factors": "Parallel analysis, common factors",
    "map": "Minimum average partial",
    "empirical_kaiser": "Empirical Kaiser criterion",
    "vote": "Vote",
}


def retention_table(result: RetentionResult) -> GT:
    """Lay out the number of factors by each method."""
    table = result.to_frame()
    shown = table.assign(method=table["method"].map(METHODS))
    labels = {"method": "Method", "factors": "Factors"} | ({"share": "Share of resamples"} if result.bootstrap else {})
    return lay_out(
        shown,
        name="retention",
        title="How many factors",
        labels=labels,
        percent=["share"] if result.bootstrap else [],
        note="Share of resamples: in how many resampled surveys the method gives the same number.",
    )


def fit_table(result: CfaResult) -> GT:
    """Fit of the factor model: the estimator's own indices beside those that are robust to non-normality."""
    names = {"chi2": "Chi²", "df": "df", "cfi": "CFI", "tli": "TLI", "rmsea": "RMSEA", "srmr": "SRMR"}
    fit = result.fit
    plain = [_index(fit, name) for name in names]
    robust = [
        next((_index(fit, f"{name}{end}") for end in ("_robust", "_scaled") if f"{name}{end}" in fit), "–")
        for name in names
    ]
    labels = {"index": "Index", "plain": "As estimated"}
    if set(robust) != {"–"}:
        labels["robust"] = "Robust or scaled"
    rows = pd.DataFrame({"index": list(names.values()), "plain": plain, "robust": robust})
    note = f"{result.method[0].upper()}{result.method[1:]}."
    return lay_out(rows, name="fit", title="Fit of the codebook's structure", labels=labels, note=note)


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
    labels = {
        "item": "Item",
        "wording": "Wording",
        "standardized": "Loading",
        "interval": f"{100 * result.confidence:g} % interval",
    }
    return lay_out(
        shown,
        name="cfa-loadings",
        title="Standardized loadings",
        labels=labels,
        decimals={2: ["standardized"]},
        group="group",
    )


def validity_table(result: ValidityResult, codebook: Codebook) -> GT:
    """Reliability and shared variance of each scale."""
    shown = result.scales.assign(label=result.scales["scale"].map(codebook.label))
    labels = {
        "label": "Scale",
        "composite_reliability": "Composite reliability",
        "ave": "AVE",
        "smallest_loading": "Smallest loading",
        "verdict": "Verdict",
    }
    return lay_out(
        shown,
        name="validity",
        title="Do the items of each scale belong together?",
        labels=labels,
        decimals={2: ["composite_reliability", "ave", "smallest_loading"]},
        note="AVE: average share of an item's variance that its scale explains.",
    )


def pairs_table(result: ValidityResult, codebook: Codebook) -> GT:
    """Distinctness of each pair of scales."""
    pairs = result.pairs
    shown = pairs.assign(
        pair=[f"{codebook.label(a)} with {codebook.label(b)}" for a, b in pairs[["first", "second"]].to_numpy()],
        interval=span(pairs["ci_low"], pairs["ci_high"], 2),
        short=pairs["verdict"].astype(str).str.split(":").str[0],
    )
    labels = {
        "pair": "Scales",
        "short": "Verdict",
        "htmt": "HTMT",
        "interval": f"{100 * result.confidence:g} % interval",
        "p_below_85": "P(<\N{NO-BREAK SPACE}.85)",
        "p_below_90": "P(<\N{NO-BREAK SPACE}.90)",
        "correlation": "Factor r",
    }
    decimals = {2: ["htmt", "p_below_85", "p_below_90", "correlation"]}
    title = "Are the scales distinct?"
    return lay_out(shown, name="pairs", title=title, labels=labels, decimals=decimals)


def invariance_table(result: InvarianceResult) -> GT:
    """Levels of equality over groups, those with items set free below."""
    levels = pd.concat([result.levels, result.partial], ignore_index=True)
    freed = levels["freed"] if "freed" in levels else pd.Series(None, index=levels.index, dtype=object)
    holds = ["–" if pd.isna(value) else "yes" if value else "no" for value in levels["holds"]]
    names = [
        f"{level}, {freed_items} free" if isinstance(freed_items, str) and freed_items else level
        for level, freed_items in zip(levels["level"], freed, strict=True)
    ]
    shown = levels.assign(level=names, holds=holds)
    labels = {
        "level": "Level",
        "holds": "Holds",
        "chi2": "Chi²",
        "df": "df",
        "cfi": "CFI",
        "cfi_change": "Change of CFI",
        "rmsea": "RMSEA",
        "rmsea_change": "Change of RMSEA",
        "p_change": "p of the change",
    }
    changes = ["cfi", "cfi_change", "rmsea", "rmsea_change", "p_change"]
    return lay_out(
        shown.astype({name: float for name in changes}),
        name="invariance",
        title="Equality over groups",
        labels=labels,
        decimals={3: changes, 1: ["chi2"]},
        note=f"{result.method} Groups: {', '.join(f'{name} ({n})' for name, n in result.groups.items())}.",
    )

"""Tables of a ladder of invariance: levels, items, latent means."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from loyalty_kit.core.messages import message
from loyalty_kit.measurement.cfa.model import MEAN
from loyalty_kit.measurement.cfa.structure import Structure
from loyalty_kit.measurement.invariance.fit import GroupFit, positions
from loyalty_kit.measurement.invariance.ladder import Rule, Step
from loyalty_kit.measurement.invariance.verdict import is_sound

_INDICES = ["chi2", "df", "p_value", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr", "aic", "bic"]
_SCALED = [
    *("scaling_factor", "chi2_scaled", "p_value_scaled", "cfi_scaled", "tli_scaled"),
    *("rmsea_scaled", "rmsea_scaled_low", "rmsea_scaled_high"),
    *("cfi_robust", "tli_robust", "rmsea_robust", "rmsea_robust_low", "rmsea_robust_high"),
]
_CHANGES = ["chi2_change", "df_change", "p_change", "cfi_change", "rmsea_change", "srmr_change"]
_LIMITS = ["cfi_limit", "rmsea_limit"]

_PARTIAL = {
    "thresholds": message("partial thresholds"),
    "metric": message("partial metric"),
    "scalar": message("partial scalar"),
    "strict": message("partial strict"),
}


def level_table(full: Mapping[str, GroupFit], rule: Rule) -> pd.DataFrame:
    """Levels in full, one a row, each against the one above in the table."""
    rows: list[dict[str, object]] = []
    below, so_far = None, cast(object, True if is_sound(full["configural"]) else pd.NA)
    for level, fit in full.items():
        row = {"level": level, **_figures(fit, below, rule, level)}
        if below is not None:
            # A level above one that fails fails, and above one that could not be examined could not be either.
            so_far = row["holds"] = row["holds"] if so_far is True else so_far
        rows.append(row)
        below = fit
    return _typed(pd.DataFrame(rows))


def partial_table(ladder: list[Step], rule: Rule) -> pd.DataFrame:
    """Levels at which items are free, each against what holds below it."""
    rows = [
        {"level": _PARTIAL[step.level], **_figures(step.fit, step.below, rule, step.level), "freed": _names(step)}
        for step in ladder
        if step.released
    ]
    scaled = [name for name in _SCALED if rows and name in rows[0]]
    columns = ["level", *_INDICES, *scaled, *_CHANGES, *_LIMITS, "holds", "freed"]
    return _typed(pd.DataFrame(rows, columns=columns))


def _figures(fit: GroupFit, below: GroupFit | None, rule: Rule, level: str) -> dict[str, object]:
    """Collect the indices of a fit and their changes against the level below; missing where they are no estimates."""
    sound = is_sound(fit)
    names = [name for name in [*_INDICES, *_SCALED] if name in fit.fit]
    own: dict[str, object] = {name: fit.fit[name] if sound or name == "df" else np.nan for name in names}
    if below is None:
        return own | dict.fromkeys([*_CHANGES, *_LIMITS], np.nan) | {"holds": pd.NA}
    change = {f"{name}_change": fit.leading[name] - below.leading[name] for name in ("cfi", "rmsea", "srmr")}
    change |= dict(zip(("chi2_change", "df_change", "p_change"), fit.change(below), strict=True))
    if not (sound and is_sound(below)):
        change |= {name: np.nan for name in change if name != "df_change"}
    limit = rule.limit(fit, below, level)
    ends = {"cfi_limit": -limit.cfi_fall, "rmsea_limit": limit.rmsea_rise}
    holds = rule.holds(fit, below, level) if sound else pd.NA
    return own | {name: change[name] for name in _CHANGES} | ends | {"holds": holds}


def threshold_table(full: Mapping[str, GroupFit]) -> pd.DataFrame:
    """Thresholds of ordered answers by level, group and item; empty where answers are taken as they are."""
    parts: list[pd.DataFrame] = []
    for level, fit in full.items():
        for name, own in zip(fit.groups.names, fit.thresholds, strict=False):
            table = pd.DataFrame(own, columns=[f"t{i + 1}" for i in range(own.shape[1])])
            parts.append(table.assign(level=level, group=name, item=fit.model.items))
    if not parts:
        return pd.DataFrame()
    whole = pd.concat(parts, ignore_index=True)
    return whole[["level", "group", "item", *whole.columns[:-3]]]


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"df": int, "df_change": "Int64", "holds": "boolean"})


def _names(step: Step) -> str:
    return ", ".join(step.fit.model.items[item] for item in step.freed)


def score_tables(ladder: list[Step]) -> pd.DataFrame:
    """Score tests of the levels that fail in full."""
    columns = ["level", "scale", "item", "score", "df", "p_value", "freed"]
    failed = [step.scores for step in ladder if len(step.scores)]
    return pd.concat(failed, ignore_index=True) if failed else pd.DataFrame(columns=columns)


def latent_means(fit: GroupFit | None, structure: Structure, confidence: float) -> pd.DataFrame:
    """Factor means of every group; no row where they may not be compared."""
    columns = ["group", "scale", "estimate", "std_error", "ci_low", "ci_high", "p_value"]
    if fit is None:
        return pd.DataFrame(columns=columns)
    scales, names = list(structure.scales), fit.groups.names
    places = [positions(fit.model, MEAN, g, range(len(scales))) for g in range(1, len(names))]
    later = np.array(places).ravel()
    zero, unknown = np.zeros(len(scales)), np.full(len(scales), np.nan)
    estimate = np.concatenate([zero, fit.values[later]])
    error = np.concatenate([unknown, np.sqrt(np.diag(fit.errors()))[later]])
    half = ndtri((1 + confidence) / 2) * error
    values = [np.repeat(names, len(scales)), scales * len(names), estimate, error, estimate - half, estimate + half]
    return pd.DataFrame(dict(zip(columns, [*values, 2 * ndtr(-np.abs(estimate / error))], strict=True)))

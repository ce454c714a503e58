"""The omegas of a scale, what keeps one from being told, and the general factor of all scales together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import message
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.coefficients import OneFactor
from loyalty_kit.measurement.reliability.hierarchical import GROUP_FACTORS, Hierarchy, hierarchy
from loyalty_kit.measurement.reliability.item_analysis import complete_rows
from loyalty_kit.measurement.reliability.omega_interval import omega_interval
from loyalty_kit.measurement.reliability.ordinal import ordinal_coefficients
from loyalty_kit.statistics.moments import Floats

UNTOLD_COLUMNS = ("scale", "coefficient", "reason")


@dataclass(frozen=True)
class Omegas:
    """Figures of one scale by name, and by coefficient the reason why there is none."""

    figures: Mapping[str, float]
    untold: Mapping[str, str]


def omegas_of(table: ItemTable, factor: OneFactor, correlation: Floats, confidence: float) -> Omegas:
    """Omega total with its interval, omega hierarchical, ordinal omega and ordinal alpha of one scale."""
    interval = omega_interval(table, factor, confidence=confidence)
    ordinal, general = ordinal_coefficients(table), hierarchy(correlation)
    figures = {
        "omega_total": factor.omega,
        "omega_ci_low": interval.low,
        "omega_ci_high": interval.high,
        "omega_hierarchical": general.omega_hierarchical,
        "ordinal_omega": ordinal.omega,
        "ordinal_alpha": ordinal.alpha,
    }
    untold: dict[str, str] = {}
    if not np.isfinite(interval.std_error):
        untold["omega_total"] = _no_interval(len(table.names), factor)
    reasons = {"omega_hierarchical": general.reason, "ordinal_omega": ordinal.reason}
    return Omegas(figures, untold | {name: reason for name, reason in reasons.items() if reason is not None})


def _no_interval(items: int, factor: OneFactor) -> str:
    if items < 3:
        return message("Two items have no unique one-factor solution.")
    if factor.notes:
        return message("The one-factor model has no proper solution.")
    return message("The one-factor model finds nothing in common, or nothing of an item's own.")


def untold_table(omegas: Mapping[str, Omegas]) -> pd.DataFrame:
    """Every omega that cannot be told, by scale."""
    rows = [(scale, name, reason) for scale, own in omegas.items() for name, reason in own.untold.items()]
    return pd.DataFrame(rows, columns=list(UNTOLD_COLUMNS))


def together(tables: Mapping[str, ItemTable]) -> Hierarchy | None:
    """General factor of all scales, each with a factor of its own, of those who answer every item.

    None with fewer than three scales, or where too few answer every item.
    """
    if len(tables) < GROUP_FACTORS:
        return None
    parts = list(tables.values())
    names = tuple(name for part in parts for name in part.names)
    whole = ItemTable(names, np.hstack([part.values for part in parts]), parts[0].weights)
    answers = whole.values[complete_rows(whole)]
    if len(answers) <= len(names) or len(set(names)) < len(names) or (answers == answers[0]).all(axis=0).any():
        return None
    return hierarchy(whole.moments().correlation.to_numpy(), factors=len(tables))

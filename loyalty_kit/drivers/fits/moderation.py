"""Does a driver matter more in one group: interactions with a grouping column."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.errors import GroupsError, InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST, group_name
from loyalty_kit.drivers.fits.design import Design, codes, levels_of
from loyalty_kit.drivers.fits.fits import Fit, estimable, fit
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.multiplicity import holm

ROWS_A_COEFFICIENT = 10
"""Respondents to a coefficient below which a group gets none."""


@dataclass(frozen=True, eq=False)
class ModerationResult(Result):
    """Coefficients of each driver in each group, and tests that they are the same.

    Attributes
    ----------
    slopes : DataFrame, a row a driver and group
        driver, group, n, estimate, std_error, ci_low, ci_high.
    tests : DataFrame, a row a driver
        driver, statistic, df, df_residual, p_value, p_corrected (Holm, over the drivers).
    joint : Series
        statistic, df, df_residual, p_value of the hypothesis that no driver's coefficient differs.
    moderator : str
        The grouping column.
    groups : tuple
        Groups compared.
    labels : mapping
        Labels of columns.
    confidence : float
        Level of the intervals.
    n_used : int
        Respondents in the groups compared.
    method : str
        What was fitted and tested.
    warnings : tuple of str
        Groups left out.
    """

    slopes: pd.DataFrame
    tests: pd.DataFrame
    joint: pd.Series
    moderator: str
    groups: tuple[Hashable, ...]
    labels: Mapping[str, str]
    confidence: float
    n_used: int
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Coefficients by driver and group, beside the corrected p of the driver's test."""
        return self.slopes.merge(self.tests[["driver", "p_value", "p_corrected"]], on="driver")


def moderate(design: Design, fitted: Fit, moderator: str, *, confidence: float) -> ModerationResult:
    """Fit the model with every driver's coefficient free in every group.

    Parameters
    ----------
    design, fitted : Design, Fit
        Rows and the model without interactions, among whose controls the moderator is.
    moderator : str
        The grouping column.
    confidence : float
        Level of the intervals.

    Returns
    -------
    ModerationResult

    Raises
    ------
    InputError
        If fewer than two groups have ten respondents to a coefficient.

    Notes
    -----
    Columns driver × (group = g) replace the drivers; controls keep one coefficient. A driver's test is the
    Wald F of the differences between its coefficients, with the model's own kind of errors (χ² / df where
    levels are fitted); the joint test takes the differences of all drivers together. Holm's correction
    keeps the chance of any false finding among the drivers.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6, 65–70.
    """
    groups, chosen, warnings = split(design, moderator)
    part = design.part(chosen)
    p, count = len(part.drivers), len(groups)
    places = codes(part.table[moderator].iloc[part.rows], groups)
    member = places[:, None] == np.arange(count)
    inner = (part.x[:, :p, None] * member[:, None, :]).reshape(len(places), p * count)
    columns = np.column_stack([inner, part.x[:, p:]])
    if not estimable(columns, part.weights):
        raise GroupsError(
            "The groups of '{by}' leave too few respondents to tell their coefficients apart.", by=moderator
        )
    again = fit(
        part.y,
        columns,
        weights=part.weights,
        clusters=part.clusters,
        model=fitted.model,
        errors=fitted.errors,
    )
    estimates, covariance = again.slopes[: p * count], again.slope_covariance[: p * count, : p * count]
    differences = np.eye(count)[1:] - np.eye(count)[0]
    tests = [wald(again, np.kron(np.eye(p)[j], differences), estimates, covariance) for j in range(p)]
    table = pd.DataFrame(tests)
    table.insert(0, "driver", list(part.drivers))
    return ModerationResult(
        slopes=_slopes(again, part.drivers, groups, member.sum(axis=0), confidence),
        tests=table.assign(p_corrected=holm(table["p_value"].to_numpy())),
        joint=pd.Series(wald(again, np.kron(np.eye(p), differences), estimates, covariance)),
        moderator=moderator,
        groups=groups,
        labels=design.labels,
        confidence=confidence,
        n_used=len(places),
        method=message("interactions with '{by}', Wald tests, Holm's correction", by=moderator),
        warnings=warnings,
    )


def _slopes(
    fitted: Fit, drivers: Sequence[str], groups: tuple[Hashable, ...], sizes: npt.NDArray[np.int_], confidence: float
) -> pd.DataFrame:
    """Coefficient of every driver in every group, with its interval."""
    p, count = len(drivers), len(groups)
    estimates = fitted.slopes[: p * count]
    errors = fitted.std_errors[fitted.intercepts :][: p * count]
    half = fitted.critical(confidence) * errors
    return pd.DataFrame(
        {
            "driver": np.repeat(drivers, count),
            "group": np.tile(np.array(groups, dtype=object), p),
            "n": np.tile(sizes, p),
            "estimate": estimates,
            "std_error": errors,
            "ci_low": estimates - half,
            "ci_high": estimates + half,
        }
    )


def split(design: Design, by: str) -> tuple[tuple[Hashable, ...], npt.NDArray[np.bool_], tuple[str, ...]]:
    """Find the groups that can carry a model of their own, the rows in them, and say which cannot."""
    column = design.table[by].iloc[design.rows]
    levels = levels_of(column)
    places = codes(column, levels)
    least = ROWS_A_COEFFICIENT * (len(design.drivers) + 1)
    kept, left_out = [], []
    for i, level in enumerate(levels):
        size = int((places == i).sum())
        try:
            if size < least:
                raise _too_few(size, least)
            design.part(places == i)
            kept.append(i)
        except InputError as error:
            why = {"level": group_name(level, size), "by": by, "why": error.said}
            left_out.append(message("Group '{level}' of '{by}' is left out. {why}", **why))
    if len(kept) < 2:
        told = {"by": by, "why": left_out[0]}
        raise GroupsError("A comparison by '{by}' needs two groups that can carry the model. {why}", **told)
    return tuple(levels[i] for i in kept), np.isin(places, kept), tuple(left_out)


def _too_few(size: int, least: int) -> InputError:
    """Say how many respondents a group lacks; not how many it has, where these are so few that they may be known."""
    if size < FEWEST:
        return InputError("It has too few complete rows: ten to a coefficient, {least}, are needed.", least=least)
    return InputError("It has {n} complete rows: ten to a coefficient, {least}, are needed.", n=size, least=least)


def wald(fitted: Fit, contrasts: Floats, estimates: Floats, covariance: Floats) -> dict[str, float]:
    """Wald test that the contrasts of the estimates are zero: F, or χ² / df where the normal is used."""
    contrasts = np.atleast_2d(contrasts)
    away = contrasts @ estimates
    rank = len(contrasts)
    statistic = float(away @ np.linalg.pinv(contrasts @ covariance @ contrasts.T) @ away / rank)
    p = stats.chi2.sf(statistic * rank, rank) if np.isinf(fitted.df) else stats.f.sf(statistic, rank, fitted.df)
    return {"statistic": statistic, "df": rank, "df_residual": fitted.df, "p_value": float(p)}

"""Do the drivers matter alike in every group: coefficients, ranks and a test of equality."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_columns, check_rng, check_whole
from loyalty_kit.core.errors import GroupsError, InputError
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.fits.design import Design, codes, read_design
from loyalty_kit.drivers.fits.fits import Fit, fit
from loyalty_kit.drivers.fits.moderation import ModerationResult, moderate
from loyalty_kit.drivers.fits.specification import WHERE
from loyalty_kit.drivers.importance.importance import importance

LEVEL = 0.05
"""Level of the tests that coefficients are the same in every group."""


@dataclass(frozen=True, eq=False)
class DriverStabilityResult(Result):
    """Coefficients and ranks of the drivers in each group.

    Attributes
    ----------
    table : DataFrame, a row a driver and group
        driver, group, n, estimate, std_error, ci_low, ci_high, share (LMG, in that group alone), rank,
        p_top3; the last two are NaN in a group of fewer than 15 respondents to a driver.
    moderation : ModerationResult
        The coefficients' tests: `moderation.tests` a driver, `moderation.joint` all together.
    by : str
        The grouping column.
    groups : tuple
        Groups compared.
    labels : mapping
        Labels of columns.
    bootstrap, confidence : int, float
        Samples behind p_top3; level of the intervals.
    n_used : int
        Respondents in the groups compared.
    method : str
        What was fitted and tested.
    warnings : tuple of str
        Groups left out.
    """

    table: pd.DataFrame
    moderation: ModerationResult
    by: str
    groups: tuple[Hashable, ...]
    labels: Mapping[str, str]
    bootstrap: int
    confidence: float
    n_used: int
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, group, n, estimate, std_error, ci_low, ci_high, share, rank, p_top3."""
        return self.table.copy()

    @property
    def differ(self) -> bool:
        """Whether the coefficients differ between groups (joint test, 5 %)."""
        return bool(self.moderation.joint["p_value"] < LEVEL)

    @property
    def different_drivers(self) -> pd.DataFrame:
        """Tests of the drivers whose coefficients differ between groups, corrected for their number (5 %)."""
        tests = self.moderation.tests
        return tests[tests["p_corrected"] < LEVEL]


def stability(
    design: Design,
    fitted: Fit,
    *,
    by: str,
    bootstrap: int,
    rng: int | np.random.Generator,
    confidence: float,
) -> DriverStabilityResult:
    """Coefficients and ranks by group; see `DriverResult.stability`."""
    check_whole(bootstrap, "bootstrap", 0)
    generator = check_rng(rng)
    check_columns(design.table.columns, [by], WHERE)
    given = design.specification
    if by in (given.outcome, *given.drivers):
        raise InputError("'{by}' is the outcome or a driver; 'by' needs a column that groups respondents.", by=by)
    if design.table[by].iloc[design.rows].nunique() < 2:
        raise GroupsError("'{by}' holds fewer than two groups among the complete rows.", by=by)
    controls = given.controls if by in given.controls else (*given.controls, by)
    specification = replace(given, controls=controls, categorical=given.categorical | {by})
    whole = read_design(design.table, specification, design.labels)
    moderation = moderate(whole, fitted, by, confidence=confidence)
    places = codes(whole.table[by].iloc[whole.rows], moderation.groups)
    parts = []
    for i, group in enumerate(moderation.groups):
        part = whole.part(places == i)
        try:
            refitted = _refitted(part, fitted)
        except InputError as error:
            template = "Group '{group}' of '{by}' cannot be fitted. {why}"
            raise GroupsError(template, group=group, by=by, why=error.said) from None
        own = importance(part, refitted, bootstrap=bootstrap, rng=generator, confidence=confidence)
        found = own.to_frame() if own.ranked else own.to_frame().assign(rank=np.nan, p_top3=np.nan)
        parts.append(found.assign(group=pd.Series([group] * len(found), dtype=object)))
    ranks = pd.concat(parts, ignore_index=True)[["driver", "group", "share", "rank", "p_top3"]]
    return DriverStabilityResult(
        table=moderation.slopes.merge(ranks, on=["driver", "group"]),
        moderation=moderation,
        by=by,
        groups=moderation.groups,
        labels=design.labels,
        bootstrap=bootstrap,
        confidence=confidence,
        n_used=moderation.n_used,
        method=moderation.method,
        warnings=(*whole.warnings, *moderation.warnings),
    )


def _refitted(design: Design, fitted: Fit) -> Fit:
    """Fit the design as the result was."""
    return fit(
        design.y,
        design.x,
        weights=design.weights,
        clusters=design.clusters,
        model=fitted.model,
        errors=fitted.errors,
    )

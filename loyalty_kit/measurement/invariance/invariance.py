"""Measurement invariance: whether the scores of groups may be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from loyalty_kit.core.checks import check_columns, check_level
from loyalty_kit.core.errors import GroupsError, InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import group_name
from loyalty_kit.measurement.cfa.model import MEAN
from loyalty_kit.measurement.cfa.structure import ScaleItems, Structure, read_answers, structure_of
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.invariance.groups import GroupFit, Groups, positions
from loyalty_kit.measurement.invariance.ladder import Rule, Step, fit_ladder, full_levels, p_of_change
from loyalty_kit.measurement.invariance.verdict import (
    Decision,
    decision,
    invariance_warnings,
    is_sound,
    obstacle,
    reserve,
    verdict,
)
from loyalty_kit.survey.codebook import Codebook

_INDICES = ["chi2", "df", "p_value", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr", "aic", "bic"]
_CHANGES = ["chi2_change", "df_change", "p_change", "cfi_change", "rmsea_change", "srmr_change"]

_PARTIAL = {
    "metric": message("partial metric"),
    "scalar": message("partial scalar"),
    "strict": message("partial strict"),
}


@dataclass(frozen=True, eq=False)
class InvarianceResult(Result):
    """Comparability of groups.

    Attributes
    ----------
    levels : DataFrame
        level ('configural', 'metric', 'scalar', 'strict'), chi2, df, p_value, cfi, tli, rmsea,
        rmsea_low, rmsea_high, srmr, aic, bic, then against the level above in the table chi2_change,
        df_change, p_change (chi²-difference test), cfi_change, rmsea_change, srmr_change, holds
        (missing where the level or one below it did not converge or has no proper solution).
    partial : DataFrame
        The same columns for the models in which items were freed, each against what holds below
        it, and freed (the items' names); empty where none was needed.
    items : DataFrame
        Of levels that fail in full: level, scale, item, score (chi² of freeing the item), df,
        p_value, freed; the items most responsible first.
    latent_means : DataFrame
        group, scale, estimate, std_error, ci_low, ci_high, p_value: factor means in standard
        deviations of the first group's factor, whose own are 0. Empty where comparing is not justified.
    comparable : bool
        Whether the scalar level holds, in full or in part; False also where that could not be examined.
    decision : Decision or None
        The step that decides, with its figures; None where comparability could not be examined.
    obstacle : str
        Why it could not: the level whose model did not converge or has no proper solution; else empty.
    reserve : str
        Continues a sentence that tells the decision: that it is narrow, or the structure fits badly; else empty.
    verdict : str
        What may be compared, and why not more.
    group : str
        Grouping column.
    groups : Series
        Respondents used by group, in the codebook's order of levels, else as they appear; the first is the reference.
    n_used, n_dropped : int
        Respondents; dropped are those with a missing answer or without a group.
    method : str
        The rule by which a level holds.
    confidence : float
        Level of the intervals.
    codebook : Codebook
        What the survey asked, and what the column of groups is called; an empty one where the structure came as a dict.
    warnings : tuple of str
        What questions the estimates, and what was left out.
    left_out : tuple of str
        Those of the warnings that only say which scales were left out.
    """

    levels: pd.DataFrame
    partial: pd.DataFrame
    items: pd.DataFrame
    latent_means: pd.DataFrame
    comparable: bool
    decision: Decision | None
    obstacle: str
    reserve: str
    verdict: str
    group: str
    groups: pd.Series
    n_used: int
    n_dropped: int
    method: str
    confidence: float
    codebook: Codebook = Codebook()
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Levels in full, one a row."""
        return self.levels.copy()

    @property
    def by(self) -> str:
        """What the column of groups is called."""
        return self.codebook.group_labels.get(self.group, self.group)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Warnings that question the estimates."""
        return tuple(text for text in self.warnings if text not in self.left_out)


def invariance(
    responses: pd.DataFrame,
    codebook: ScaleItems,
    *,
    group: str,
    cfi_fall: float = 0.01,
    rmsea_rise: float = 0.015,
    confidence: float = 0.95,
) -> InvarianceResult:
    """Test whether a codebook's scales measure the same in several groups.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed; complete rows are used.
    codebook : Codebook or dict of str to list of str
        Scales and their items, as in `cfa`.
    group : str
        Column of groups: channels, waves, segments, languages.
    cfi_fall, rmsea_rise : float
        How far CFI may fall and RMSEA rise from one level to the next, above 0 and below 1.
    confidence : float
        Level of the intervals of latent means.

    Returns
    -------
    InvarianceResult

    Raises
    ------
    InputError
        If a column is absent, fewer than two groups have more respondents than items, or a group's
        answers allow no factor model: an item without answers or constant. The group is named.

    Notes
    -----
    Maximum likelihood in all groups at once, factor variances 1 in the first. 'metric' holds
    loadings equal and frees the later groups' factor variances, 'scalar' holds intercepts equal
    and frees their factor means, 'strict' holds residual variances equal. Groups with no more
    respondents than items are left out and named. A level holds only if those below it do, and where CFI and RMSEA
    change little or the chi² difference is no more than chance brings (p > .05): in small groups the indices alone
    jump by chance. Where one fails, the
    item with the largest score test is freed, again and again, until the level holds, as long as
    two items of its scale stay tied; levels above go on from there. The intercept of an item
    whose loading is free is free. RMSEA carries the factor √groups.

    References
    ----------
    Jöreskog, K. G. (1971). Simultaneous factor analysis in several populations. Psychometrika 36(4), 409–426.

    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance.
    Structural Equation Modeling 14(3), 464–504.

    Byrne, B. M., Shavelson, R. J. & Muthén, B. (1989). Testing for the equivalence of factor
    covariance and mean structures. Psychological Bulletin 105(3), 456–466.

    Checked against ``lavaan::cfa(…, std.lv = TRUE, group = …, group.equal = …)`` and
    ``lavaan::lavTestScore``, lavaan 0.6-14.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(600, 2)).repeat(3, axis=1) + rng.normal(size=(600, 6))
    >>> responses = pd.DataFrame(answers, columns=list("abcdef")).assign(channel=["store", "web"] * 300)
    >>> result = invariance(responses, {"trust": list("abc"), "value": list("def")}, group="channel")
    >>> result.levels[["level", "df", "holds"]].to_dict("list")  # doctest: +NORMALIZE_WHITESPACE
    {'level': ['configural', 'metric', 'scalar', 'strict'], 'df': [16, 20, 24, 30],
     'holds': [None, True, True, False]}
    """
    for value, name in ((cfi_fall, "cfi_fall"), (rmsea_rise, "rmsea_rise"), (confidence, "confidence")):
        check_level(value, name)
    rule = Rule(cfi_fall, rmsea_rise)
    structure = structure_of(codebook)
    tables, small = _tables(responses, structure, group)
    groups = Groups.of(tables, structure)
    full = full_levels(groups)
    ladder = fit_ladder(groups, full, rule)
    why = obstacle(groups, full, ladder)
    found = None if why else decision(ladder, rule)
    reserved = reserve(found, full["configural"]) if found else ""
    scalar = next((step for step in ladder if step.level == "scalar" and step.holds and not why), None)
    n_used = sum(groups.sizes)
    return InvarianceResult(
        levels=_level_table(full, rule),
        partial=_partial_table(ladder, rule),
        items=_score_tables(ladder),
        latent_means=_latent_means(scalar.fit if scalar else None, structure, confidence),
        comparable=scalar is not None,
        decision=found,
        obstacle=why,
        reserve=reserved,
        verdict=verdict(ladder, _by(structure, group), found, why, reserved),
        group=group,
        groups=pd.Series(groups.sizes, index=pd.Index(groups.names, name=group), name="n"),
        n_used=n_used,
        n_dropped=len(responses) - n_used,
        method=message("A level holds where {rule}.", rule=rule.described()),
        confidence=confidence,
        codebook=structure.codebook,
        warnings=(*structure.warnings, *small, *invariance_warnings(groups, full, scalar)),
        left_out=structure.warnings,
    )


def _tables(responses: pd.DataFrame, structure: Structure, group: str) -> tuple[dict[str, ItemTable], tuple[str, ...]]:
    """Complete answers by group, in the codebook's order, and a sentence on the groups too small for any."""
    wanted = [group, *structure.items, *filter(None, [structure.weight])]
    check_columns(responses.columns, wanted, message("The table of responses"))
    present, by = responses[responses[group].notna()], _by(structure, group)
    names = _ordered(present[group], structure, group)
    if len(names) < 2:
        if not names:
            raise GroupsError("'{by}' holds no group; comparing needs two groups or more.", by=by)
        raise GroupsError("'{by}' holds {groups}; comparing needs two groups or more.", by=by, groups=names)
    answering = present[list(structure.items)].notna().any(axis=1).groupby(present[group], sort=False).sum()
    small = [name for name in names if answering[name] <= len(structure.items)]
    sizes = present[group].value_counts()
    small_names = list(dict.fromkeys(group_name(name, sizes[name]) for name in small))
    if len(names) - len(small) < 2:
        raise GroupsError(
            "Comparing by '{by}' needs two groups with more respondents than the {items} items; too few are "
            "in {groups}.",
            by=by,
            items=len(structure.items),
            groups=small_names,
        )
    tables = {}
    for name in (name for name in names if name not in small):
        try:
            tables[_label(name)] = read_answers(present[present[group] == name], structure, "listwise")
        except InputError as error:
            raise GroupsError(
                "In group '{group}' of '{by}': {why}", group=_label(name), by=by, why=error.said
            ) from None
    told = message("Not compared, as too few answered: {groups} of '{by}'.", groups=small_names, by=by)
    return tables, (told,) if small else ()


def _by(structure: Structure, group: str) -> str:
    """Label of the column of groups, or its name."""
    return structure.codebook.group_labels.get(group, group)


def _ordered(column: pd.Series, structure: Structure, group: str) -> list[Any]:
    """Put groups in the order of the codebook, those that it does not name in that of their appearance."""
    levels = list(structure.codebook.levels(group).values())
    return sorted(column.unique(), key=lambda name: levels.index(str(name)) if str(name) in levels else len(levels))


def _label(name: object) -> str:
    return f"{name:g}" if isinstance(name, float) else str(name)


def _level_table(full: Mapping[str, GroupFit], rule: Rule) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    below, so_far = None, cast(object, True if is_sound(full["configural"]) else pd.NA)
    for level, fit in full.items():
        row = {"level": level, **_figures(fit, below, rule)}
        if below is not None:
            # A level above one that fails fails, and above one that could not be examined could not be either.
            so_far = row["holds"] = row["holds"] if so_far is True else so_far
        rows.append(row)
        below = fit
    return _typed(pd.DataFrame(rows))


def _partial_table(ladder: list[Step], rule: Rule) -> pd.DataFrame:
    rows = [
        {"level": _PARTIAL[step.level], **_figures(step.fit, step.below, rule), "freed": _names(step)}
        for step in ladder
        if step.released
    ]
    columns = ["level", *_INDICES, *_CHANGES, "holds", "freed"]
    return _typed(pd.DataFrame(rows, columns=columns))


def _figures(fit: GroupFit, below: GroupFit | None, rule: Rule) -> dict[str, object]:
    """Collect the indices of a fit and their changes against the level below."""
    own: dict[str, object] = {name: fit.fit[name] for name in _INDICES}
    if below is None:
        return own | dict.fromkeys(_CHANGES, np.nan) | {"holds": pd.NA}
    change = {f"{name}_change": fit.fit[name] - below.fit[name] for name in ("chi2", "df", "cfi", "rmsea", "srmr")}
    change["p_change"] = p_of_change(fit, below)
    return (
        own | {name: change[name] for name in _CHANGES} | {"holds": rule.holds(fit, below) if is_sound(fit) else pd.NA}
    )


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"df": int, "df_change": "Int64", "holds": "boolean"})


def _names(step: Step) -> str:
    return ", ".join(step.fit.model.items[item] for item in step.freed)


def _score_tables(ladder: list[Step]) -> pd.DataFrame:
    columns = ["level", "scale", "item", "score", "df", "p_value", "freed"]
    failed = [step.scores for step in ladder if len(step.scores)]
    return pd.concat(failed, ignore_index=True) if failed else pd.DataFrame(columns=columns)


def _latent_means(fit: GroupFit | None, structure: Structure, confidence: float) -> pd.DataFrame:
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

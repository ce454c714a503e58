"""Measurement invariance: whether the scores of groups may be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from loyalty_kit.core.checks import check_level, check_whole
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.cfa.structure import ScaleItems, check_moments, structure_of
from loyalty_kit.measurement.chance.limits import Chance
from loyalty_kit.measurement.invariance.ladder import fit_ladder, full_levels
from loyalty_kit.measurement.invariance.reading import group_label, read_groups, sampled
from loyalty_kit.measurement.invariance.rule import ladder_rule
from loyalty_kit.measurement.invariance.tables import (
    latent_means,
    level_table,
    partial_table,
    score_tables,
    threshold_table,
)
from loyalty_kit.measurement.invariance.verdict import (
    Decision,
    decision,
    invariance_warnings,
    obstacle,
    reserve,
    verdict,
)
from loyalty_kit.measurement.latent.estimators import METHODS, Estimator, MissingAnswers, check_estimator
from loyalty_kit.survey.codebook import Codebook


@dataclass(frozen=True, eq=False)
class InvarianceResult(Result):
    """Comparability of groups.

    Attributes
    ----------
    levels : DataFrame
        level ('configural', under 'wlsmv' 'thresholds', 'metric', 'scalar', 'strict'), chi2, df, p_value, cfi, tli,
        rmsea, rmsea_low, rmsea_high, srmr, aic, bic, under 'mlr' and 'wlsmv' the scaled and robust figures
        as in `cfa` (scaling_factor, chi2_scaled, cfi_robust, …), then against the level above in the table chi2_change,
        df_change, p_change (chi²-difference test, scaled under 'mlr' and 'wlsmv'), cfi_change and rmsea_change (of the
        robust, else the scaled index where there is one), srmr_change, holds (all but df missing where the level or one
        below it did not converge or has no proper solution).
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
        Estimator in words, and the rule by which a level holds.
    confidence : float
        Level of the intervals.
    thresholds : DataFrame
        Under 'wlsmv' level, group, item, t1, t2, …: where the latent answer passes from one category to the next,
        of the levels in full; else empty.
    chance : Chance or None
        error (share of simulated surveys of groups that are alike in which a level up to equal intercepts is refused),
        power (the same where one item's standardized loading is lower by .2 in one group), draws behind each; None
        where a level has no proper solution to simulate from, and limits not named are .01 and .015.
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
    thresholds: pd.DataFrame = field(default_factory=pd.DataFrame)
    chance: Chance | None = None
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
    estimator: Estimator = "ml",
    missing: MissingAnswers = "listwise",
    also: Sequence[str] = (),
    cfi_fall: float | None = None,
    rmsea_rise: float | None = None,
    confidence: float = 0.95,
    rng: int = 0,
) -> InvarianceResult:
    """Test whether a codebook's scales measure the same in several groups.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed.
    codebook : Codebook or dict of str to list of str
        Scales and their items, as in `cfa`.
    group : str
        Column of groups: channels, waves, segments, languages.
    estimator : {'ml', 'mlr', 'wlsmv'}
        Maximum likelihood; the same with errors and tests robust to non-normality; diagonally weighted least squares on
        thresholds and polychoric correlations, for answers of few categories.
    missing : {'listwise', 'fiml', 'pairwise'}
        As in `cfa`.
    also : sequence of str
        Cross-loadings and residual covariances, as in `cfa`. Cross-loadings are held equal with the loadings, residual
        covariances stay each group's own.
    cfi_fall, rmsea_rise : float, optional
        How far CFI may fall and RMSEA rise from one level to the next, above 0 and below 1; as far as chance alone
        makes them, where not given.
    confidence : float
        Level of the intervals of latent means.
    rng : int
        Seed of the simulated surveys.

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
    worsen by no more than the limits of its level (cfi_limit and rmsea_limit of `levels`). Where one fails, the
    item with the largest score test is freed, again and again, until the level holds, as long as
    two items of its scale stay tied; levels above go on from there. The intercept of an item
    whose loading is free is free. RMSEA carries the factor √groups.

    Limits are those of chance: 199 surveys are simulated in which the groups are alike, of the same sizes and with the
    same gaps, under the model with equal intercepts and with as much misfit of the structure on top as the configural
    level shows beyond chance. Moments are normal and Wishart, each step's chi² stretched by its own factor under 'mlr';
    thresholds and polychoric correlations under 'wlsmv' are drawn from their own sampling covariance. All levels up to
    equal intercepts together go beyond their limits in 5 % of them; equal residual variances have 5 % of their own.
    `chance` has that error, or the error of limits that a user names, and the power against one standardized loading
    that is lower by .2 in one group, items and groups taking turns. Limits may lie on the better side of no change,
    where equality as such improves CFI and RMSEA. In 200 surveys each of two groups that are alike they refused 1.5 %
    (100 a group, normal answers), 7 % (400, normal), 4.5 % (200, a misfit) and 6 % (200, 'mlr', misfit and
    steep five-point answers), each ± 1.5 points; under 'wlsmv' with 200 a group and answers as steep 13 % (± 2), as the
    sampling covariance of polychoric correlations holds for larger groups only.

    Under 'mlr' the chi² difference is scaled after Satorra and Bentler (2001), levels are judged by the robust
    CFI and RMSEA, latent means carry sandwich errors, and score tests are the generalized ones.
    A difference whose factor is not positive has no p value.

    Under 'wlsmv' every item has a latent answer with residual variance 1 and intercept 0 in the first group.
    'thresholds' holds thresholds equal and frees the later groups' intercepts and residual variances, as Wu and
    Estabrook do; the levels above are as before. Every group must give the same three answers or more to an item.
    Chi² and its differences are scaled and shifted, and levels are judged by the scaled CFI and RMSEA.

    References
    ----------
    Jöreskog, K. G. (1971). Simultaneous factor analysis in several populations. Psychometrika 36(4), 409–426.

    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance.
    Structural Equation Modeling 14(3), 464–504.

    Byrne, B. M., Shavelson, R. J. & Muthén, B. (1989). Testing for the equivalence of factor
    covariance and mean structures. Psychological Bulletin 105(3), 456–466.

    Satorra, A. & Bentler, P. M. (2001). A scaled difference chi-square test statistic for moment
    structure analysis. Psychometrika 66(4), 507–514.

    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment structures. In
    Innovations in multivariate statistical analysis, 233–247.

    Wu, H. & Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
    invariance for ordered categorical outcomes. Psychometrika 81(4), 1014–1045.

    Checked against ``lavaan::cfa(…, std.lv = TRUE, group = …, group.equal = …)``, ``lavaan::lavTestLRT`` and
    ``lavaan::lavTestScore``, lavaan 0.6-14, and ``semTools::measEq.syntax(…, ID.cat = "Wu.Estabrook.2016",
    parameterization = "theta")``, semTools 0.5-6.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(600, 2)).repeat(3, axis=1) + rng.normal(size=(600, 6))
    >>> responses = pd.DataFrame(answers, columns=list("abcdef")).assign(channel=["store", "web"] * 300)
    >>> result = invariance(responses, {"trust": list("abc"), "value": list("def")}, group="channel")
    >>> result.levels[["level", "df", "holds"]].to_dict("list")  # doctest: +NORMALIZE_WHITESPACE
    {'level': ['configural', 'metric', 'scalar', 'strict'], 'df': [16, 20, 24, 30],
     'holds': [None, True, True, False]}
    """
    for value, name in ((cfi_fall, "cfi_fall"), (rmsea_rise, "rmsea_rise"), (confidence, "confidence")):
        if value is not None:
            check_level(value, name)
    check_whole(rng, "rng", 0)
    check_estimator(estimator, missing)
    structure = structure_of(codebook, also)
    check_moments(structure, ordinal=estimator == "wlsmv")
    tables, small = read_groups(responses, structure, group, missing)
    groups = sampled(tables, structure, group_label(structure, group), estimator, missing)
    full = full_levels(groups)
    rule = ladder_rule(groups, full, (cfi_fall, rmsea_rise), rng)
    ladder = fit_ladder(groups, full, rule)
    why = obstacle(groups, full, ladder)
    found = None if why else decision(ladder, rule)
    reserved = reserve(found, full["configural"]) if found else ""
    scalar = next((step for step in ladder if step.level == "scalar" and step.holds and not why), None)
    n_used = sum(groups.sizes)
    return InvarianceResult(
        levels=level_table(full, rule),
        partial=partial_table(ladder, rule),
        items=score_tables(ladder),
        latent_means=latent_means(scalar.fit if scalar else None, structure, confidence),
        comparable=scalar is not None,
        decision=found,
        obstacle=why,
        reserve=reserved,
        verdict=verdict(ladder, group_label(structure, group), found, why, reserved),
        group=group,
        groups=pd.Series(groups.sizes, index=pd.Index(groups.names, name=group), name="n"),
        n_used=n_used,
        n_dropped=len(responses) - n_used,
        method=message(
            "Estimated by {estimator}. A level holds where {rule}.",
            estimator=METHODS[estimator, missing],
            rule=rule.described(),
        ),
        confidence=confidence,
        thresholds=threshold_table(full),
        chance=rule.chance,
        codebook=structure.codebook,
        warnings=(*structure.warnings, *small, *groups.doubts, *invariance_warnings(groups, full, scalar)),
        left_out=structure.warnings,
    )

"""Confirmatory factor analysis: whether the structure that the codebook proposes fits the answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.cfa.normal import normal_solution
from loyalty_kit.measurement.cfa.ordinal import ordinal_solution, polychoric_sample
from loyalty_kit.measurement.cfa.solution import (
    Solution,
    added_table,
    correlation_errors,
    general_table,
    loading_table,
    modification_table,
    residual_correlations,
    residual_table,
)
from loyalty_kit.measurement.cfa.soundness import (
    Standing,
    fit_warnings,
    independence,
    sampling_adequacy,
    standing,
    without_figures,
)
from loyalty_kit.measurement.cfa.structure import ScaleItems, check_moments, read_answers, structure_of
from loyalty_kit.measurement.cfa.validity import ValidityResult, assess_validity
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.fit_indices import leading_indices
from loyalty_kit.measurement.latent.estimators import METHODS, MissingAnswers, check_estimator
from loyalty_kit.measurement.latent.estimators import Estimator as Estimator
from loyalty_kit.measurement.latent.general import General, check_general
from loyalty_kit.measurement.latent.respondent_scores import FactorScores, ScoreMethod, respondent_scores
from loyalty_kit.survey.codebook import Codebook


@dataclass(frozen=True, eq=False)
class CfaResult(Result):
    """Estimated factor model.

    Attributes
    ----------
    fit : Series
        chi2, df, p_value, cfi, tli, rmsea with its 90 % interval (rmsea_low, rmsea_high) and
        rmsea_p_close, srmr, aic, bic, loglik, baseline_chi2, baseline_df, parameters. 'mlr' adds
        scaling_factor, chi2_scaled, p_value_scaled, cfi_scaled, tli_scaled, rmsea_scaled with its
        interval (…_low, …_high), and cfi_robust, tli_robust, rmsea_robust with its own: what these would be for
        normal answers without gaps. 'wlsmv' adds chi2_scaled, df_scaled, the scaled and the robust indices (missing
        where polychoric correlations are not positive definite), has no likelihood and counts no thresholds among
        the parameters.
    loadings : DataFrame
        scale, item, estimate, std_error, z, p_value, standardized, standardized_error and the
        interval ci_low to ci_high of the standardized loading; an item a row.
    factor_correlations, factor_correlation_errors : DataFrame of shape (scales, scales)
        Correlations of the factors and their standard errors.
    residual_variances : DataFrame
        scale, item, estimate, std_error, standardized (share of the item's variance).
    residual_correlations : DataFrame of shape (items, items)
        Correlations of the sample less those that the model implies.
    also : DataFrame
        Cross-loadings and residual covariances that the user added: kind ('loading' or 'residual covariance'), first
        (scale or item), second (item), and the figures of `loadings`; the standardized covariance is the residuals'
        correlation.
    general : DataFrame
        Loadings on the general factor: name (scale of a second-order factor, item of a bifactor model), and the
        figures of `loadings`; those of a second-order factor rest on factors of variance 1. Empty without one.
    thresholds : DataFrame
        Under 'wlsmv' the normal quantiles between an item's answers, items × t1, t2, …; else empty.
    converged : bool
        Whether the search ended at a maximum: nothing leads up from there, and nothing has run away.
    n_used, n_dropped : int
        Respondents.
    method : str
        Estimator in words.
    confidence : float
        Level of the intervals of loadings.
    warnings : tuple of str
        What keeps the estimates from being taken at face value, and what was left out.
    left_out : tuple of str
        Those of the warnings that only say what was left out.
    codebook : Codebook
        What the survey asked; an empty one where the structure came as a dict.
    solution, answers : Solution, ItemTable
        What `validity` and the plots compute from.
    estimator : str
        'ml', 'mlr' or 'wlsmv'.
    """

    fit: pd.Series
    loadings: pd.DataFrame
    factor_correlations: pd.DataFrame
    factor_correlation_errors: pd.DataFrame
    residual_variances: pd.DataFrame
    residual_correlations: pd.DataFrame
    also: pd.DataFrame
    general: pd.DataFrame
    thresholds: pd.DataFrame
    converged: bool
    n_used: int
    n_dropped: int
    method: str
    confidence: float
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    codebook: Codebook
    solution: Solution = field(repr=False)
    answers: ItemTable = field(repr=False)
    estimator: Estimator = "ml"

    def to_frame(self) -> pd.DataFrame:
        """Return the loadings, an item a row; their figures missing where they are no estimates."""
        return self.told.loadings.copy()

    @property
    def told(self) -> "CfaResult":
        """The result as it may be read: with figures that are no estimates missing, degrees of freedom apart.

        They are none where the search did not converge or the solution is improper. The result itself holds where the
        search ended.
        """
        if self.standing not in {"not converged", "improper"}:
            return self
        counts = self.fit.index.isin(["df", "baseline_df", "parameters"])
        return replace(
            self,
            fit=self.fit.where(counts),
            loadings=without_figures(self.loadings),
            also=without_figures(self.also),
            general=without_figures(self.general),
            residual_variances=without_figures(self.residual_variances),
            residual_correlations=without_figures(self.residual_correlations),
            factor_correlations=without_figures(self.factor_correlations),
            factor_correlation_errors=without_figures(self.factor_correlation_errors),
        )

    def estimates(self) -> tuple[Estimate, ...]:
        """CFI, and RMSEA with its interval of 90 %: robust, else scaled ones where the estimator has them.

        None where the figures are no estimates: the search did not converge, or the solution is improper.
        """
        fit, label = leading_indices(self.fit.to_dict()), message("RMSEA (90 % interval)")
        if self.told is not self:
            return ()
        return (
            Estimate("cfa/cfi", fit["cfi"], n=self.n_used, label=message("CFI")),
            Estimate("cfa/rmsea", fit["rmsea"], fit["rmsea_low"], fit["rmsea_high"], self.n_used, label),
        )

    @property
    def doubts(self) -> tuple[str, ...]:
        """Warnings that question the estimates."""
        return tuple(text for text in self.warnings if text not in self.left_out)

    @property
    def standing(self) -> Standing:
        """Whether the figures are estimates: 'proper', 'not converged', 'not identified' or 'improper'."""
        return standing(self.solution)

    @cached_property
    def independence_p(self) -> float:
        """Probability value of Bartlett's test that no items correlate."""
        return independence(self.solution, self.answers)

    @cached_property
    def kmo(self) -> float:
        """Kaiser–Meyer–Olkin measure of the items."""
        return sampling_adequacy(self.solution)

    @cached_property
    def modification_indices(self) -> pd.DataFrame:
        """What each cross-loading and residual covariance left out would gain, largest first.

        kind ('loading' or 'residual covariance'), first, second (scale and item, or two items),
        modification_index (fall of chi²), expected_change, standardized_change.
        """
        return modification_table(self.solution)

    def factor_scores(self, *, method: ScoreMethod = "regression") -> FactorScores:
        """Scores of the respondents on the factors.

        Parameters
        ----------
        method : {'regression', 'bartlett'}
            Least squares of the factors (Thurstone), or conditionally unbiased (Bartlett).

        Returns
        -------
        FactorScores

        Raises
        ------
        InputError
            If answers were taken as ordered ('wlsmv'), or the model has no estimates to score by.

        Notes
        -----
        Of the items that a respondent answered, ΨΛᵀΣ⁻¹(x − μ), and (ΛᵀΣ⁻¹Λ)⁻¹ΛᵀΣ⁻¹(x − μ). Determinacy is the
        correlation with the factor: √(diag ΨΛᵀΣ⁻¹ΛΨ / diag Ψ), and √(diag Ψ / diag (ΛᵀΣ⁻¹Λ)⁻¹).

        References
        ----------
        Grice, J. W. (2001). Computing and evaluating factor scores. Psychological Methods 6(4), 430–450.

        Checked against ``lavaan::lavPredict(fit, method = …)``, lavaan 0.6-14.

        Examples
        --------
        >>> rng = np.random.default_rng(1)
        >>> answers = rng.normal(size=(300, 2)).repeat(3, axis=1) + rng.normal(size=(300, 6))
        >>> responses = pd.DataFrame(answers, columns=list("abcdef"))
        >>> cfa(responses, {"trust": list("abc"), "value": list("def")}).factor_scores().determinacy.round(2).to_dict()
        {'trust': 0.84, 'value': 0.89}
        """
        check_choice(method, "method", ("regression", "bartlett"))
        if self.estimator == "wlsmv":
            raise InputError(
                "Factor scores of ordered answers ('wlsmv') are not built; estimate with 'ml' or 'mlr' for scores."
            )
        if self.standing in {"not converged", "improper"}:
            raise InputError(
                "There are no factor scores: {why}", why=next(iter(self.doubts), message("the model has no estimates."))
            )
        return respondent_scores(self.solution.measured(self.answers), self.answers, method, warnings=self.warnings)

    def validity(self, *, bootstrap: int = 1000, rng: int | np.random.Generator = 0) -> ValidityResult:
        """Convergent and discriminant validity of the scales.

        Parameters
        ----------
        bootstrap : int
            Bootstrap replicates behind the probabilities and intervals of HTMT; 0 for none.
        rng : int or Generator
            Source of chance.

        Returns
        -------
        ValidityResult

        Raises
        ------
        InputError
            If `bootstrap` is negative, or the model is a bifactor model.

        Examples
        --------
        >>> rng = np.random.default_rng(1)
        >>> answers = rng.normal(size=(300, 2)).repeat(3, axis=1) + rng.normal(size=(300, 6))
        >>> responses = pd.DataFrame(answers, columns=list("abcdef"))
        >>> cfa(responses, {"trust": list("abc"), "value": list("def")}).validity().ave.round(2).to_dict()
        {'trust': 0.45, 'value': 0.51}
        """
        if len(self.general) and self.solution.second_order is None:
            raise InputError(
                "Validity of scales is told by a model without general='bifactor', in which the scales' factors hold "
                "only what the general factor leaves; estimate without it."
            )
        return assess_validity(
            self.solution,
            self.answers,
            bootstrap=bootstrap,
            rng=rng,
            confidence=self.confidence,
            warnings=self.warnings,
            codebook=self.codebook,
        )


def cfa(
    responses: pd.DataFrame,
    codebook: ScaleItems,
    *,
    estimator: Estimator = "ml",
    missing: MissingAnswers = "listwise",
    scale: Literal["std", "marker"] = "std",
    also: Sequence[str] = (),
    general: General | None = None,
    confidence: float = 0.95,
) -> CfaResult:
    """Confirmatory factor analysis of a codebook's scales.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed: the loadings of reverse-keyed items come out negative.
    codebook : Codebook or dict of str to list of str
        Scales and their items. Of a codebook, formative scales and those of one item are left out
        with a warning, and its weight column is used.
    estimator : {'ml', 'mlr', 'wlsmv'}
        Maximum likelihood; the same with errors and test robust to non-normality; diagonally
        weighted least squares on polychoric correlations, for answers of few categories.
    missing : {'listwise', 'fiml', 'pairwise'}
        Use complete rows, or every answer that is there: under 'ml' and 'mlr' by full information, under 'wlsmv' pair
        by pair.
    scale : {'std', 'marker'}
        Unit of the factors: variance 1, or first loading of each scale 1.
    also : sequence of str
        What is estimated beyond the scales: 'scale =~ item' for a cross-loading, 'item ~~ item' for a covariance of
        residuals.
    general : {'second-order', 'bifactor'}, optional
        A factor above those of the scales, which alone makes them correlate, or one beside them on every item, all
        of them uncorrelated.
    confidence : float
        Level of the intervals of loadings.

    Returns
    -------
    CfaResult

    Raises
    ------
    InputError
        If an item is absent, not numeric, without answers or constant, if items determine one
        another, if a dict names a scale of one item, if `also` names what the model does not hold or leaves it more
        parameters than moments, or if there are no more respondents than items.

    Notes
    -----
    Σ = ΛΨΛᵀ + Θ with every item on its own scale's factor, factors correlated, Θ diagonal, but for `also`. A factor
    runs along its first item that is not reverse-keyed. The search is Fisher scoring; errors rest on
    the expected information under 'ml', on the observed one under 'fiml', and on the sandwich
    under 'mlr'; those of standardized loadings follow by the delta method. Chi² is n times the
    discrepancy with covariances divided by n. Means are saturated, and uncounted in AIC and BIC
    unless 'fiml' needs them. Under weights n is Kish's effective size, or under 'mlr', whose errors
    allow for weights, the number of rows.

    References
    ----------
    Jöreskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor analysis.
    Psychometrika 34(2), 183–202, equations 4 and 8.

    Yuan, K.-H. & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
    structure analysis with nonnormal missing data. Sociological Methodology 30, 165–200.

    Robust indices: Brosseau-Liard, P. E. & Savalei, V. (2014), Multivariate Behavioral Research 49(5), 460–470; with
    gaps Zhang, X. & Savalei, V. (2023), Psychological Methods 28(2), 263–283; of ordered answers Savalei, V. (2021),
    Multivariate Behavioral Research 56(3), 390–407.

    Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical,
    and continuous latent variable indicators. Psychometrika 49(1), 115–132.

    Checked against ``lavaan::cfa(model, data, std.lv = TRUE, estimator = …, missing = …)``, lavaan 0.6-14.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(300, 2)).repeat(3, axis=1) + rng.normal(size=(300, 6))
    >>> responses = pd.DataFrame(answers, columns=list("abcdef"))
    >>> cfa(responses, {"trust": list("abc"), "value": list("def")}).fit[["chi2", "df", "cfi"]].round(2).to_dict()
    {'chi2': 9.09, 'df': 8.0, 'cfi': 1.0}
    """
    check_estimator(estimator, missing)
    check_choice(scale, "scale", ("std", "marker"))
    check_level(confidence, "confidence")
    structure = structure_of(codebook, also, general)
    check_general(general, list(structure.scales), marker=scale == "marker")
    check_moments(structure, ordinal=estimator == "wlsmv")
    answers = read_answers(responses, structure, missing)
    marker = scale == "marker"
    ordered = polychoric_sample(answers) if estimator == "wlsmv" else None
    if ordered is None:
        solution = normal_solution(structure, answers, robust=estimator == "mlr", fiml=missing == "fiml", marker=marker)
    else:
        solution = ordinal_solution(structure, ordered.correlations, marker=marker)
    scales, items = list(solution.model.scales), list(structure.items)
    return CfaResult(
        fit=pd.Series(solution.fit, name="fit", dtype=float),
        loadings=loading_table(solution, confidence),
        factor_correlations=pd.DataFrame(solution.correlations, index=scales, columns=scales),
        factor_correlation_errors=pd.DataFrame(correlation_errors(solution), index=scales, columns=scales),
        residual_variances=residual_table(solution),
        residual_correlations=pd.DataFrame(residual_correlations(solution), index=items, columns=items),
        also=added_table(solution, confidence),
        general=general_table(solution, confidence) if general else pd.DataFrame(),
        thresholds=pd.DataFrame() if ordered is None else ordered.threshold_table,
        converged=solution.converged,
        n_used=len(answers.values),
        n_dropped=len(responses) - len(answers.values),
        method=METHODS[estimator, missing],
        confidence=confidence,
        warnings=(
            *structure.warnings,
            *(ordered.doubts if ordered else ()),
            *fit_warnings(solution, len(answers.values)),
        ),
        left_out=structure.warnings,
        codebook=structure.codebook,
        solution=solution,
        answers=answers,
        estimator=estimator,
    )

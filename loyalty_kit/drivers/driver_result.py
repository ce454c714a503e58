"""The result of a driver model and the questions that can be put to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.diagnostics import influence
from loyalty_kit.drivers.fits.errors_in_variables import OFTEN
from loyalty_kit.drivers.fits.fits import Errors, Fit, Model
from loyalty_kit.drivers.fits.moderation import ModerationResult
from loyalty_kit.drivers.fits.specification import Scores
from loyalty_kit.drivers.importance.importance import ImportanceResult, importance
from loyalty_kit.drivers.importance.measures import Method
from loyalty_kit.drivers.validation.prediction import at_risk, predict
from loyalty_kit.drivers.validation.robustness import RobustnessResult, robustness
from loyalty_kit.drivers.validation.stability import DriverStabilityResult, stability
from loyalty_kit.drivers.validation.validation import ValidationResult, validate

DOUBTFUL = 0.05
"""Probability of a test of the model below which its assumption is in doubt."""


@dataclass(frozen=True, eq=False)
class DriverResult(Result):
    """A fitted driver model.

    Attributes
    ----------
    coefficients : DataFrame, a row a coefficient
        term, kind ('intercept', 'threshold', 'driver' or 'control'), estimate, std_error, statistic,
        ci_low, ci_high, p_value, standardized, correlation (with the outcome, on its own), vif.
    r_squared, r_squared_adjusted, press_r_squared : float
        Share of the outcome's variance explained; adjusted for the number of columns; for
        respondents left out one at a time. Where levels are fitted the first is McKelvey and
        Zavoina's, of the latent outcome, and the others are NaN.
    aic, bic, log_likelihood : float
        The residual variance counts as a parameter, as in R.
    f_statistic, f_p_value : float
        Wald test that no column has any effect, with the model's kind of errors.
    residual_sd, df_residual : float
        In units of the outcome (NaN where levels are fitted); degrees of freedom of the intervals.
    diagnostics : DataFrame, indexed by test
        statistic, df, df_residual, p_value of breusch_pagan, reset and normality; empty where
        levels are fitted.
    suppressed : DataFrame, a row a driver whose coefficient runs against its own correlation
        driver, correlation, estimate, ci_low, ci_high, clear (whether the interval excludes zero).
    n_influential : int
        Respondents who alone move a coefficient by over half its standard error; see `influence`.
    corrected : DataFrame, optional
        Coefficients corrected for measurement error, where reliabilities were given: driver,
        estimate, std_error, ci_low, ci_high, standardized, plain, reliability.
    correction_failures : float
        Share of bootstrap samples in which the corrected drivers cannot be told apart; NaN where none were drawn.
    moderation : ModerationResult, optional
        Coefficients by group, where a moderator was given.
    drivers, controls : tuple of str
        What `outcome` was explained by, and besides what.
    labels : mapping
        Labels of columns that have one.
    n_used, n_dropped : int
        Respondents used; left out because an answer is missing or the weight is zero.
    confidence : float
        Level of the intervals.
    method : str
        Model and errors in words.
    warnings : tuple of str
        What a reader must know.
    tabled_warnings : tuple of str
        Those of the warnings that say in words what `suppressed` and `diagnostics` hold in figures.
    title : str
        Title of the survey; empty where it has none.
    design, fitted : Design, Fit
        Rows and fit that the methods work on. They hold single respondents: not for reports.
    """

    coefficients: pd.DataFrame
    r_squared: float
    r_squared_adjusted: float
    press_r_squared: float
    aic: float
    bic: float
    log_likelihood: float
    f_statistic: float
    f_p_value: float
    residual_sd: float
    df_residual: float
    diagnostics: pd.DataFrame
    suppressed: pd.DataFrame
    n_influential: int
    corrected: pd.DataFrame | None
    correction_failures: float
    moderation: ModerationResult | None
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    labels: Mapping[str, str]
    n_used: int
    n_dropped: int
    confidence: float
    method: str
    warnings: tuple[str, ...]
    tabled_warnings: tuple[str, ...]
    title: str
    design: Design = field(repr=False)
    fitted: Fit = field(repr=False)

    @property
    def outcome(self) -> str:
        """Column that was explained."""
        return self.design.specification.outcome

    @property
    def model(self) -> Model:
        """Model, as asked for."""
        return self.fitted.model

    @property
    def errors(self) -> Errors:
        """Kind of errors, as asked for."""
        return self.fitted.errors

    @property
    def weight(self) -> str | None:
        """Column of weights."""
        return self.design.specification.weight

    @property
    def cluster(self) -> str | None:
        """Column of clusters."""
        return self.design.specification.cluster

    @property
    def correction_settled(self) -> bool:
        """Whether there are corrected coefficients and the data settle them, so that a report may show them."""
        return self.corrected is not None and self.correction_failures <= OFTEN

    @property
    def unequal_spread(self) -> bool | None:
        """Whether residuals spread unequally (Breusch–Pagan, 5 %) under errors that allow for it; None: not tested."""
        p = self.diagnostics["p_value"].get("breusch_pagan")
        return None if p is None else bool(p < DOUBTFUL and self.errors == "hc3")

    @property
    def curved(self) -> bool:
        """Whether straight lines describe the relation incompletely (RESET, 5 %)."""
        return bool(self.diagnostics["p_value"].get("reset", 1.0) < DOUBTFUL)

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, estimate, std_error, ci_low, ci_high, p_value, standardized, vif; a row a driver."""
        columns = ["term", "estimate", "std_error", "ci_low", "ci_high", "p_value", "standardized", "vif"]
        table = self.coefficients.loc[self.coefficients["kind"] == "driver", columns]
        return table.rename(columns={"term": "driver"}).reset_index(drop=True)

    def estimates(self) -> tuple[Estimate, ...]:
        """R² and the coefficient of each driver, in units of the outcome for one of the driver."""
        start = f"drivers/{self.outcome}"
        effects = (
            Estimate(
                f"{start}/{row['driver']}",
                row["estimate"],
                row["ci_low"],
                row["ci_high"],
                self.n_used,
                message("Effect of {driver}", driver=self.labels.get(str(row["driver"]), row["driver"])),
            )
            for row in self.to_frame().to_dict("records")
        )
        explained = message("R² of {outcome}", outcome=self.labels.get(self.outcome, self.outcome))
        return (Estimate(f"{start}/r_squared", self.r_squared, n=self.n_used, label=explained), *effects)

    def importance(
        self,
        *,
        method: Method = "lmg",
        bootstrap: int = 1000,
        validation: ValidationResult | None = None,
        rng: int | np.random.Generator = 0,
    ) -> ImportanceResult:
        """Rank the drivers by what each adds to R², with the uncertainty of the ranking.

        Parameters
        ----------
        method : {'lmg', 'relative_weights', 'pratt', 'last', 'first'}
            What importance means: the Shapley value of R² (Lindeman, Merenda and Gold), Johnson's
            relative weights, coefficient times correlation, what R² loses without the driver, what the
            driver explains alone. The last two do not add up to R².
        bootstrap : int
            Samples of respondents (of clusters, where the model has any) behind the intervals and
            rank probabilities; 0 for none.
        validation : ValidationResult, optional
            What `validate` gave: where the model predicts no customers whom it has not seen, reports rank none.
        rng : int or Generator
            Seed or source of chance.

        Returns
        -------
        ImportanceResult

        Raises
        ------
        InputError
            If the method is unknown.

        Notes
        -----
        Worked out from the correlation matrix alone. Controls come first: drivers share what R² they
        leave. LMG looks at all subsets of up to 20 drivers; beyond, at 4,000 random orders, and tells the
        error. Intervals of shares are percentiles of the bootstrap, less what chance adds to every driver, and a
        little wider; ranks are counted in samples that are shrunk toward equality as far as the data do not tell
        the drivers apart (`importance.uncertainty`). In simulated surveys of 100, 300 and 1,000 respondents the
        intervals hold the share 92 to 97 times in 100, and a probability is right within 0.05; with fewer than 15
        respondents to a driver it is not, and reports rank none. Beyond 15 drivers samples are measured
        over 100 orders, whose error on the data themselves is taken off. Where levels are fitted, R²
        is that of the latent outcome, and samples move the coefficients by the infinitesimal jackknife.

        References
        ----------
        Grömping, U. (2007). Estimators of relative importance in linear regression based on variance
        decomposition. The American Statistician 61(2), 139–147. McKelvey, R. D. & Zavoina, W. (1975).
        A statistical model for the analysis of ordinal level dependent variables. Journal of
        Mathematical Sociology 4(1), 103–120.
        """
        found = importance(
            self.design, self.fitted, method=method, bootstrap=bootstrap, rng=rng, confidence=self.confidence
        )
        return (
            found
            if validation is None
            else replace(found, ranking=found.ranking if validation.predicts else "not_predicted")
        )

    def validate(self, *, folds: int = 10, repeats: int = 20, rng: int | np.random.Generator = 0) -> ValidationResult:
        """Predict respondents that the model has not seen.

        Parameters
        ----------
        folds : int
            Parts, each of which is predicted by a fit to the others; whole clusters stay together.
        repeats : int
            Divisions into parts.
        rng : int or Generator
            Seed or source of chance.

        Returns
        -------
        ValidationResult
            Errors of the expected outcome, against predicting everybody by the mean of the others.

        Raises
        ------
        InputError
            If there are more folds than respondents.

        Notes
        -----
        R² = 1 − Σw L / Σw L₀ with L and L₀ a respondent's squared errors of model and mean, averaged over
        the repeats. Its interval is that of a ratio of means over respondents; it takes the fits as
        given and so is somewhat narrow.
        """
        return validate(self.design, self.fitted, folds=folds, repeats=repeats, rng=rng, confidence=self.confidence)

    def stability(self, *, by: str, bootstrap: int = 500, rng: int | np.random.Generator = 0) -> DriverStabilityResult:
        """Coefficients and ranks in each group, with tests that the coefficients are the same.

        Parameters
        ----------
        by : str
            Grouping column of the scores: a wave, a channel.
        bootstrap : int
            Samples within each group behind P(in the top 3).
        rng : int or Generator
            Seed or source of chance.

        Returns
        -------
        DriverStabilityResult
            The test of equal coefficients is Chow's under classical errors, groups being free to
            differ in level; a Wald test with the model's kind of errors otherwise.

        Raises
        ------
        InputError
            If the column is absent, or fewer than two groups can carry the model.

        References
        ----------
        Chow, G. C. (1960). Tests of equality between sets of coefficients in two linear regressions.
        Econometrica 28(3), 591–605.
        """
        return stability(self.design, self.fitted, by=by, bootstrap=bootstrap, rng=rng, confidence=self.confidence)

    def robustness(self, *, samples: Mapping[str, Scores] | None = None) -> RobustnessResult:
        """Ask the same question in all the other ways that could be defended.

        Parameters
        ----------
        samples : mapping of name to ScaleScores or DataFrame, optional
            The same columns of other respondents, such as
            ``{"careless left out": score(screening.keep(responses), codebook)}``.

        Returns
        -------
        RobustnessResult
            A row a driver: in how many settings it is among the top 3, and keeps its sign. The grid is
            the data as given and each sample of other respondents × weighted or not, where there are weights
            × with or without controls, where there are any × linear or ordered logit (linear or logit) × LMG or
            relative weights. An outcome of over 100 values is cut into ten bands for the ordered logit. A setting
            that cannot be fitted is named in the warnings.

        Raises
        ------
        InputError
            If a sample is called 'all', which is the data as given.
        """
        return robustness(self.design, self.fitted, samples=samples or {}, confidence=self.confidence)

    def predict(self, new_scores: Scores, *, confidence: float | None = None) -> pd.DataFrame:
        """Predict other respondents, with the interval in which their outcome will lie.

        Parameters
        ----------
        new_scores : ScaleScores or DataFrame of shape (respondents, columns)
            Drivers and controls; the outcome is not needed.
        confidence : float, optional
            Level of the intervals; the model's own where not given.

        Returns
        -------
        DataFrame of shape (respondents, 3)
            predicted, ci_low, ci_high, indexed as the scores; NaN where a driver or control is missing.

        Raises
        ------
        InputError
            If a column is absent, or a category holds a level that the model has not seen.

        Notes
        -----
        Linear: x β ± t √(s² + x V xᵀ) with V the covariance of β, R's ``predict(interval =
        "prediction")`` under classical errors. Ordered: the quantiles of the predicted distribution over
        levels. Logit: predicted is a probability's mean of the two values, and the interval is its own.
        """
        level = self.confidence if confidence is None else confidence
        return predict(self.design, self.fitted, new_scores, confidence=level)

    def at_risk(self, scores: Scores, *, cut: float, probability: float = 0.8) -> pd.DataFrame:
        """Respondents whose outcome lies below a cut with high probability: names, so not for reports.

        Parameters
        ----------
        scores : ScaleScores or DataFrame of shape (respondents, columns)
            Drivers and controls; respondents with a missing one are passed over.
        cut : float
            In units of the outcome.
        probability : float
            How probable it must be that the outcome is below the cut.

        Returns
        -------
        DataFrame
            predicted and p_below of those respondents, indexed as the scores, the surest first.

        Raises
        ------
        InputError
            If a column is absent, or a category holds a level that the model has not seen.
        """
        return at_risk(self.design, self.fitted, scores, cut=cut, probability=probability)

    def influence(self) -> pd.DataFrame:
        """Shift of the coefficients by each respondent: names, so not for reports.

        Returns
        -------
        DataFrame, a row a respondent used, indexed as the scores
            largest_shift: the most, over the drivers, that leaving the respondent out moves a coefficient,
            in its standard errors; driver: which; leverage, cooks_distance; influential.
        """
        return influence(self.design, self.fitted)

"""Path models: which constructs act on which, how strongly, and how surely."""

from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level, check_rng, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.paths.covariance.fit import by_likelihood
from loyalty_kit.paths.model.fitted import Inner
from loyalty_kit.paths.model.samples import correlations_of, leaving_out, products_of
from loyalty_kit.paths.model.specification import Answers, Floats, Specification, complete_answers, specify
from loyalty_kit.paths.path_result import PathResult
from loyalty_kit.paths.pls.consistency import heterotrait_monotrait
from loyalty_kit.paths.pls.fit import by_pls
from loyalty_kit.paths.pls.partial_least_squares import SCHEMES, Scheme
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.codebook_text import Paths

Estimator = Literal["pls", "plsc", "ml", "mlr"]
ESTIMATORS = ("pls", "plsc", "ml", "mlr")
_MOST_FAILED = 0.05
_METHODS = {
    "pls": message("partial least squares"),
    "plsc": message("consistent partial least squares"),
    "ml": message("maximum likelihood of the covariance structure"),
    "mlr": message("maximum likelihood of the covariance structure with robust errors and scaled test (MLR)"),
}


def path_model(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    paths: Paths | None = None,
    estimator: Estimator = "pls",
    scheme: Scheme = "path",
    bootstrap: int = 5000,
    confidence: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> PathResult:
    """Fit a path model of constructs.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, from `read_responses`. Respondents who lack an answer of the model are left out and counted.
    codebook : Codebook
        Its scales are the constructs, those of kind 'formative' made up by their items; its table `paths` names for
        each construct that is explained those that act on it. Its weight is honoured.
    paths : mapping of scale to list of scales, optional
        In place of the codebook's.
    estimator : {'pls', 'plsc', 'ml', 'mlr'}
        Partial least squares, or with its correlations corrected for the reliability (rho_A) of reflective constructs;
        maximum likelihood of the covariance structure, or with errors and test robust to non-normality.
    scheme : {'path', 'centroid', 'factorial'}
        How neighbouring constructs weigh in the weights of the items, under 'pls' and 'plsc'.
    bootstrap : int
        Samples of the intervals, 200 or more.
    confidence : float
        Level of the intervals.
    rng : int or Generator
        Seed or source of chance.

    Returns
    -------
    PathResult

    Raises
    ------
    InputError
        If paths run in a circle or name no scale, an item holds one answer only, constructs correlate to 1 or
        more once corrected, or more than 5 % of the samples do not settle; under 'ml' and 'mlr' also if a construct is
        formative or follows from others to R² = .95, a variance is negative, or the search does not converge.
    TooLittleError
        If respondents are fewer than ten for each predictor of the largest regression.

    Notes
    -----
    All constructs have variance 1. f² comes of a model fitted again without the path. All follows from the items'
    correlations, of which each sample's are one weighted product. A path is an association at given values of the
    other sources, not the effect of a change.

    Under 'pls' constructs are scores with the error of their items, which shrinks paths and indirect effects: with
    three items that load by .8, 95 % intervals of indirect effects cover the truth in 10 to 67 % of surveys of 400,
    under 'plsc' and 'ml' in 92 to 96 %. Where constructs are common causes of their items, take one of those two.

    'ml' estimates constructs as factors: Σ = Λ(I − B)⁻¹Ψ(I − B)⁻ᵀΛᵀ + Θ, in the unit of each one's first item and
    then standardized; a construct of one item is that item. Constructs that nothing acts on covary, and so do what
    the paths leave of constructs that act on no other (as in lavaan's `sem`). f² is then of the estimated
    correlations of constructs. Errors rest on the expected information, under 'mlr' on the sandwich with the
    observed one, and chi² is scaled after Yuan and Bentler.

    References
    ----------
    Lohmöller, J.-B. (1989). Latent variable path modeling with partial least squares. Physica.
    Dijkstra, T. K. & Henseler, J. (2015). Consistent partial least squares path modeling. MIS Quarterly 39(2), 297–316.

    Yuan, K.-H. & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance structure analysis with
    nonnormal missing data. Sociological Methodology 30, 165–200.

    Checked against R 4.2.2, seminr 2.3.1 (``estimate_pls``) and lavaan 0.6-14 (``sem``).

    Examples
    --------
    >>> book = Codebook.parse('''response = { min = 1, max = 5 }
    ... scales.trust.items = ["t"]
    ... scales.loyalty.items = ["l"]
    ... paths.loyalty = ["trust"]''')
    >>> answers = pd.DataFrame({"t": [1, 2, 3, 4, 5] * 8, "l": [1, 3, 2, 5, 4] * 8})
    >>> path_model(answers, book, bootstrap=200).to_frame()[["source", "target", "estimate"]].round(3)
      source   target  estimate
    0  trust  loyalty       0.8
    """
    check_choice(estimator, "estimator", ESTIMATORS)
    check_choice(scheme, "scheme", SCHEMES)
    check_whole(bootstrap, "bootstrap", 200)
    check_level(confidence, "confidence")
    generator = check_rng(rng)
    model = specify(codebook, paths)
    answers, weights, dropped = complete_answers(responses, codebook, model)
    structure = None
    if estimator in ("ml", "mlr"):
        fitted, structure = by_likelihood(answers, weights, model, robust=estimator == "mlr")
    else:
        fitted = by_pls(answers, weights, model, scheme, estimator)
    correlations = correlations_of(np.ones((1, len(answers))), *products_of(answers, weights))
    drawn = over_samples(fitted.sampler, len(answers), bootstrap, rng=generator)
    kept = _settled(drawn, fitted.inner, model)
    left_out = fitted.sampler(leaving_out(len(answers)), generator)
    return PathResult(
        model=model,
        correlations=correlations[0],
        weights=fitted.weights,
        loadings=fitted.loadings,
        inner=fitted.inner,
        f2=fitted.f2,
        ratios=heterotrait_monotrait(correlations, model)[0],
        samples=kept,
        left_out=left_out[np.isfinite(left_out[:, : len(model.edges)]).all(axis=1)],
        answers=Answers(answers, weights),
        scheme=scheme,
        labels={name: codebook.label(name) for name in model.constructs},
        estimator=estimator,
        method=_METHODS[estimator],
        confidence=confidence,
        n_used=len(answers),
        n_dropped=dropped,
        n_failed=len(drawn) - len(kept),
        title=codebook.title,
        codebook=codebook,
        responses=responses,
        structure=structure,
    )


def _settled(drawn: Floats, inner: Inner, model: Specification) -> Floats:
    """Keep the bootstrap samples that settled; refuse where more than 5 in 100 did not."""
    kept: Floats = drawn[np.isfinite(drawn[:, : len(model.edges)]).all(axis=1)]
    if len(drawn) - len(kept) > _MOST_FAILED * len(drawn):
        raise InputError(
            "{failed} of {all} bootstrap samples do not settle, more than 5 in 100: construct '{construct}' has the "
            "weakest tie to the others; simplify the paths or ask more respondents.",
            failed=len(drawn) - len(kept),
            all=len(drawn),
            construct=_weakest(inner.correlations, model),
        )
    return kept


def _weakest(correlations: Floats, model: Specification) -> str:
    ties = np.where((model.structure + model.structure.T) > 0, np.abs(correlations), 0).max(axis=0)
    return model.constructs[int(ties.argmin())]

"""Path models: which constructs act on which, how strongly, and how surely."""

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level, check_rng, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.paths.model.samples import correlations_of, leaving_out, products_of
from loyalty_kit.paths.model.specification import Answers, Floats, Specification, complete_answers, specify
from loyalty_kit.paths.path_result import PathResult
from loyalty_kit.paths.pls.consistency import heterotrait_monotrait
from loyalty_kit.paths.pls.figures import f_squared, inner_of, loadings_of, sampled_figures
from loyalty_kit.paths.pls.partial_least_squares import (
    SCHEMES,
    Inner,
    Scheme,
    equal_weights,
    outer_weights,
    score_correlations,
)
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.codebook_text import Paths

Estimator = Literal["pls", "plsc"]
ESTIMATORS = ("pls", "plsc")
_MOST_FAILED = 0.05
_METHODS = {
    "pls": message("partial least squares"),
    "plsc": message("consistent partial least squares"),
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
    """Fit a path model of constructs by partial least squares.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, from `read_responses`. Respondents who lack an answer of the model are left out and counted.
    codebook : Codebook
        Its scales are the constructs, those of kind 'formative' made up by their items; its table `paths` names for
        each construct that is explained those that act on it. Its weight is honoured.
    paths : mapping of scale to list of scales, optional
        In place of the codebook's.
    estimator : {'pls', 'plsc'}
        Partial least squares, or with its correlations corrected for the reliability (rho_A) of reflective constructs.
    scheme : {'path', 'centroid', 'factorial'}
        How neighbouring constructs weigh in the weights of the items.
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
        more once corrected, or more than 5 % of the samples do not settle.
    TooLittleError
        If respondents are fewer than ten for each predictor of the largest regression.

    Notes
    -----
    All constructs have variance 1. f² comes of a model fitted again without the path. All follows from the items'
    correlations, of which each sample's are one weighted product. A path is an association at given values of the
    other sources, not the effect of a change.

    References
    ----------
    Lohmöller, J.-B. (1989). Latent variable path modeling with partial least squares. Physica.
    Dijkstra, T. K. & Henseler, J. (2015). Consistent partial least squares path modeling. MIS Quarterly 39(2), 297–316.

    Checked against R 4.2.2, seminr 2.3.1 (``estimate_pls``).

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
    products = products_of(answers, weights)
    correlations = correlations_of(np.ones((1, len(answers))), *products)
    _check_formative(correlations[0], model)
    _check_below_one(score_correlations(equal_weights(correlations, model), correlations)[0], model)
    fitted = outer_weights(correlations, model, scheme)
    inner = inner_of(fitted.weights, correlations, model, estimator)
    _check_below_one(inner.correlations[0], model)
    if not fitted.converged[0]:
        raise InputError("The weights of the items do not settle; take the construct with the weakest paths out.")
    sampled = partial(sampled_figures, products, model, scheme, estimator)
    drawn = over_samples(sampled, len(answers), bootstrap, rng=generator)
    kept = _settled(drawn, inner, model)
    left_out = sampled(leaving_out(len(answers)), generator)
    return PathResult(
        model=model,
        correlations=correlations[0],
        weights=fitted.weights[0],
        loadings=loadings_of(fitted.weights, correlations, model, estimator)[0],
        inner=Inner(*(part[0] for part in inner)),
        f2=f_squared(correlations, model, scheme, estimator, inner),
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
            construct=_weakest(inner.correlations[0], model),
        )
    return kept


def _weakest(correlations: Floats, model: Specification) -> str:
    ties = np.where((model.structure + model.structure.T) > 0, np.abs(correlations), 0).max(axis=0)
    return model.constructs[int(ties.argmin())]


def _check_below_one(correlations: Floats, model: Specification) -> None:
    """Refuse constructs that are one and the same, or whose correction goes beyond what a correlation can be."""
    apart = np.abs(np.where(np.isfinite(correlations), correlations, np.inf)) * ~np.eye(len(correlations), dtype=bool)
    apart = np.where(np.isnan(apart), 0, apart)
    first, second = np.unravel_index(int(apart.argmax()), apart.shape)
    if apart[first, second] >= 1 - 1e-9:
        raise InputError(
            "Constructs '{first}' and '{second}' correlate to {r}, 1 or more: their items measure one thing; join "
            "the two scales or leave one out of the paths.",
            first=model.constructs[first],
            second=model.constructs[second],
            r=f"{correlations[first, second]:.2f}",
        )


def _check_formative(correlations: Floats, model: Specification) -> None:
    """Refuse a formative construct of which an item follows from the others."""
    for j in model.formative:
        block = model.block(j)
        for place in block[1:]:
            before = block[block <= place]
            if np.linalg.matrix_rank(correlations[np.ix_(before, before)], tol=1e-9, hermitian=True) < len(before):
                raise InputError(
                    "Item '{item}' of the formative construct '{construct}' follows from its other items; leave it "
                    "out of the scale.",
                    item=model.items[place],
                    construct=model.constructs[j],
                )

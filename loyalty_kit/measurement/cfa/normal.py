"""CFA by normal theory: maximum likelihood on complete rows or on all that is answered, with plain or robust errors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.convergence import are_estimates, is_identified
from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise, starting_values
from loyalty_kit.measurement.cfa.likelihood import Sample, loglik, scores
from loyalty_kit.measurement.cfa.model import Elements, Model, confirmatory_model
from loyalty_kit.measurement.cfa.robust import Rows, Unrestricted, robust_fit, sandwich_of, squared_slopes
from loyalty_kit.measurement.cfa.saturated import item_moments, saturated
from loyalty_kit.measurement.cfa.solution import Score, Solution
from loyalty_kit.measurement.cfa.structure import Structure, begun, second_order, turned
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.fit_indices import ChiSquares, fit_indices, information_criteria, srmr
from loyalty_kit.measurement.latent.general import Tie, Tied
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.weights import effective_n


@dataclass(frozen=True, eq=False)
class _Data:
    """Sample and rows, with the moments that no model restricts."""

    sample: Sample
    rows: Rows
    mean: Floats
    covariance: Floats
    settled: bool
    means_modelled: bool


def normal_solution(structure: Structure, table: ItemTable, *, robust: bool, fiml: bool, marker: bool) -> Solution:
    """CFA of a table's rows by the normal likelihood.

    Weights are rescaled to sum to Kish's effective n or, under robust errors that allow for them,
    to the number of rows.
    """
    data = _data(table, robust=robust, fiml=fiml)
    simple = confirmatory_model(structure.scales, means=fiml, marker=marker, beyond=structure.beyond)
    model, tie, start = begun(structure, simple, starting_values(simple, [(data.mean, data.covariance)]))
    anchors = () if marker else structure.anchor_positions
    return _solution(model, data, start, tie=tie, robust=robust, fiml=fiml, anchors=anchors)


def model_solution(
    model: Model, table: ItemTable, *, robust: bool, fiml: bool = False, anchors: Sequence[int] = ()
) -> Solution:
    """Estimate any model of one group by the normal likelihood; factors run along their anchors where these are given.

    Weights as in `normal_solution`.
    """
    data = _data(table, robust=robust, fiml=fiml)
    start = starting_values(model, [(data.mean, data.covariance)])
    return _solution(model, data, start, tie=None, robust=robust, fiml=fiml, anchors=anchors)


def _solution(
    model: Model, data: _Data, start: Floats, *, tie: Tie | None, robust: bool, fiml: bool, anchors: Sequence[int]
) -> Solution:
    """Search from a start, and take estimates, errors and fit from where that ends."""
    objective = Likelihood(model, [data.sample])
    found = maximise(Tied(objective, tie) if tie else objective, start)
    own = turned(model, tie, found.values, anchors) if len(anchors) else found.values
    values = tie.free(own) if tie else own
    test = _test(model, found.loglik, data, len(own))
    fit = fit_indices(test, n=data.sample.n)
    (matrices,) = model.matrices(values)
    residuals, sd = data.covariance - matrices.covariance, np.sqrt(np.diag(data.covariance))
    off = (data.mean - matrices.mean) / sd if fiml else None
    fit |= {"srmr": srmr([(residuals / np.outer(sd, sd), off)], [1.0])}
    fit |= information_criteria(found.loglik, len(own), data.sample.n)
    fit |= {"baseline_chi2": test.baseline_chi2, "baseline_df": test.baseline_df, "parameters": len(own)}
    try:
        errors, extra = _errors(model, own, tie, data, test, robust=robust, fiml=fiml)
    except np.linalg.LinAlgError:
        errors, extra = np.full((len(own), len(own)), np.nan), {}
    if not (np.diag(errors) > 0).all():
        errors = np.full_like(errors, np.nan)
    above = second_order(tie, own, errors) if tie else None
    return Solution(
        model=model,
        values=values,
        errors=above.slopes @ errors @ above.slopes.T if above else errors,
        converged=found.converged and data.settled and are_estimates([matrices], [data.covariance], test),
        fit=fit | extra,
        covariance=data.covariance,
        score=lambda elements: _score(model, data.sample, values, elements, above.slopes if above else None),
        scaling=extra.get("scaling_factor", 1.0),
        second_order=above,
    )


def _data(table: ItemTable, *, robust: bool, fiml: bool) -> _Data:
    weights = table.weights / table.weights.sum()
    n = len(weights) if robust else effective_n(weights)
    if fiml:
        sample, pattern = Sample.by_pattern(table.values, weights * n)
        rows = Rows(np.nan_to_num(table.values), weights * n, pattern)
        return _Data(sample, rows, *unrestricted_moments(sample, table), means_modelled=True)
    sample = Sample.complete(table.moments(), n, centered=True)
    centred = table.values - weights @ table.values
    rows = Rows(centred, weights * n, np.zeros(len(weights), dtype=np.intp))
    return _Data(sample, rows, sample.means[0], sample.covariances[0], settled=True, means_modelled=False)


def unrestricted_moments(sample: Sample, table: ItemTable) -> tuple[Floats, Floats, bool]:
    """Mean and covariance by EM and whether it settled; InputError where the answers do not tell them."""
    try:
        found = saturated(sample)
        np.linalg.cholesky(found[1])
    except np.linalg.LinAlgError:
        raise InputError(
            "{n} respondents with gaps in their answers are too few to tell how {count} items vary together; "
            "leave out the item with the most gaps.",
            n=len(table.values),
            count=len(table.names),
        ) from None
    return found


def _test(model: Model, value: float, data: _Data, size: int) -> ChiSquares:
    """Chi² of the model and of uncorrelated items, each against the saturated model."""
    p = len(model.items)
    highest = loglik(data.sample, data.mean, data.covariance)
    mean, variance = item_moments(data.sample)
    df = p * (p + 1) // 2 + p * data.means_modelled - size
    baseline = 2 * (highest - loglik(data.sample, mean, np.diag(variance)))
    return ChiSquares(max(2 * (highest - value), 0.0), df, baseline, p * (p - 1) // 2)


def _errors(
    model: Model, own: Floats, tie: Tie | None, data: _Data, test: ChiSquares, *, robust: bool, fiml: bool
) -> tuple[Floats, dict[str, float]]:
    """Covariance of the parameters, and the robust fit where asked; LinAlgError where the model is not identified."""
    likelihood = Likelihood(model, [data.sample])
    climbed = Tied(likelihood, tie) if tie else likelihood
    expected = climbed.evaluate(own)[2]
    if not is_identified(expected):
        raise np.linalg.LinAlgError
    if not robust:
        return np.asarray(np.linalg.inv(climbed.observed(own) if fiml else expected)), {}
    values, moved = (tie.free(own), tie.slopes(own)) if tie else (own, None)
    squares = squared_slopes(model, [data.sample], [data.rows], values)
    robustly = sandwich_of(climbed.observed(own), squares if moved is None else moved.T @ squares @ moved)
    found = Unrestricted.of(data.sample, data.rows, (data.mean, data.covariance), means=fiml)
    return robustly.covariance, robust_fit(test, robustly, model, values, found, moved)


def _score(model: Model, sample: Sample, values: Floats, elements: Elements, moved: Floats | None) -> Score:
    found = scores(model, [sample], values, elements)
    if moved is not None:
        found = replace(found, between=moved.T @ found.between, among=moved.T @ found.among @ moved)
    return Score(found.slopes, found.variance())

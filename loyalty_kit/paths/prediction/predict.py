"""Whether a path model predicts customers whom it has not seen, and better than what needs no model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.results import Result
from loyalty_kit.paths.model.specification import Answers, Floats, Specification
from loyalty_kit.paths.pls.partial_least_squares import Scheme, inner_model
from loyalty_kit.paths.prediction.held_out import HeldOut, hold_out

ITEM_COLUMNS = ["item", "construct", "rmse", "rmse_earliest", "rmse_linear", "rmse_mean", "q2", "q2_earliest"]
LOSS_COLUMNS = ["target", "over", "benchmark", "loss", "loss_benchmark", "difference", "ci_low", "ci_high", "p_value"]


@dataclass(frozen=True, eq=False)
class PathPredictionResult(Result):
    """Errors of prediction of respondents whom the model has not seen.

    Attributes
    ----------
    table : DataFrame, a row an item of a construct that others act on
        item, construct, rmse (from the direct antecedents), rmse_earliest (through the whole model, from those that
        nothing acts on), rmse_linear (regression on the items of the direct antecedents), rmse_mean (mean of the
        others), q2 and q2_earliest (share by which the squared error is below that of the mean), loss_difference
        (squared error less that of the regression) with ci_low and ci_high.
    losses : DataFrame
        target (a construct, or '' for all items), over ('direct' or 'earliest' antecedents), benchmark ('mean' or
        'linear'), loss (mean squared error of the target's items), loss_benchmark, difference with ci_low, ci_high
        and p_value, verdict: 'better' or 'worse' where the interval leaves zero out, 'unclear', or 'no_benchmark'
        where there are more items to regress on than respondents.
    folds : int
        Parts that were left out in turn; n_used where each respondent was one.
    """

    table: pd.DataFrame
    losses: pd.DataFrame
    folds: int
    labels: Mapping[str, str] = field(repr=False)
    n_used: int
    n_dropped: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """List the items, a row each."""
        return self.table

    def verdict(self, target: str = "") -> str:
        """Say what the prediction of a construct, or of all, is worth.

        Returns
        -------
        str
            'none' where it is not better than the mean; else 'ahead' where it is better than the regression,
            'behind' where it is worse, 'even' where that is unclear or cannot be told.
        """
        own = self.losses[(self.losses["target"] == target) & (self.losses["over"] == "direct")]
        told = dict(zip(own["benchmark"], own["verdict"], strict=True))
        if told["mean"] != "better":
            return "none"
        return {"better": "ahead", "worse": "behind"}.get(told["linear"], "even")


def predict(
    answers: Answers,
    parts: npt.NDArray[np.intp],
    model: Specification,
    scheme: Scheme,
    *,
    labels: Mapping[str, str],
    n_dropped: int,
    confidence: float,
) -> PathPredictionResult:
    """Predict each part of the respondents by the model of the others, and compare the errors.

    Notes
    -----
    With all scores of variance 1, an item of a construct is predicted as its loading times the construct's
    expected score: paths times the respondent's scores on the direct antecedents (Shmueli et al. 2016), or through
    the whole model from the scores on the constructs that nothing acts on. The regression is of each item on all
    items of the direct antecedents. The loss of a respondent is the mean squared error over the items of the
    target; differences of losses have a t interval over respondents (CVPAT).

    References
    ----------
    Shmueli, G., Ray, S., Velasquez Estrada, J. M. & Chatla, S. B. (2016). The elephant in the room: predictive
    performance of PLS models. Journal of Business Research 69(10), 4552–4564.
    Liengaard, B. D. et al. (2021). Prediction: coveted, yet forsaken? Introducing a cross-validated predictive ability
    test in partial least squares path modeling. Decision Sciences 52(2), 362–392.
    """
    held = hold_out(answers, parts, model, scheme)
    kept = held.settled
    weights = answers.weights[kept]
    spread = answers.given.std(axis=0)
    errors = {name: (found[kept] * spread) ** 2 for name, found in _errors(held, model).items()}
    own = model.blocks.argmax(axis=1)
    explained = np.isin(own, model.explained)
    rows = [
        _item_row(model, int(place), {name: error[:, place] for name, error in errors.items()}, weights, confidence)
        for place in np.flatnonzero(explained)
    ]
    groups = {"": explained} | {model.constructs[j]: own == j for j in model.explained}
    return PathPredictionResult(
        table=pd.DataFrame(rows, columns=[*ITEM_COLUMNS, "loss_difference", "ci_low", "ci_high"]),
        losses=pd.concat(
            [_loss_rows(name, errors, items, weights, confidence) for name, items in groups.items()], ignore_index=True
        ),
        folds=int(parts.max()) + 1,
        labels=labels,
        n_used=int(kept.sum()),
        n_dropped=n_dropped + int((~kept).sum()),
        confidence=confidence,
    )


def _errors(held: HeldOut, model: Specification) -> dict[str, Floats]:
    """Errors of each way to predict, respondents × items, in units of the items' spread over all respondents."""
    parts, own = held.parts, model.blocks.argmax(axis=1)
    with np.errstate(invalid="ignore"):
        paths = inner_model(held.correlations, model).paths
        whole = np.linalg.inv(np.eye(len(model.constructs)) - paths)
    outer = [j for j in range(len(model.constructs)) if j not in model.explained]
    direct = np.einsum("nj,njk->nk", held.scores, paths[parts])
    earliest = np.einsum("nj,njk->nk", held.scores[:, outer], whole[parts][:, outer])
    loadings, spreads = held.loadings[parts], held.spreads[parts]
    return {
        "direct": (held.z - direct[:, own] * loadings) * spreads,
        "earliest": (held.z - earliest[:, own] * loadings) * spreads,
        "linear": _linear_errors(held, model),
        "mean": held.z * spreads,
    }


def _linear_errors(held: HeldOut, model: Specification) -> Floats:
    """Errors of the regression on the items of the direct antecedents; NaN where these are too many."""
    centred = held.z * held.spreads[held.parts]
    errors = np.full(centred.shape, np.nan)
    fewest = len(held.parts) - int(np.bincount(held.parts).max())
    for j in model.explained:
        block = model.block(j)
        given = np.flatnonzero(model.blocks[:, model.sources(j)].any(axis=1))
        if len(given) + 1 >= fewest:
            continue
        slopes = _slopes(held.covariances[:, given[:, None], given], held.covariances[:, given[:, None], block])
        errors[:, block] = centred[:, block] - np.einsum("ni,nik->nk", centred[:, given], slopes[held.parts])
    return errors


def _slopes(among: Floats, between: Floats) -> Floats:
    """Coefficients of each part's regression; the shortest ones where an item follows from others."""
    if np.linalg.cond(among.mean(axis=0)) < 1 / np.finfo(float).eps ** 0.75:
        return np.asarray(np.linalg.solve(among, between), dtype=float)
    shortest: Floats = np.linalg.pinv(among, rcond=1e-9, hermitian=True) @ between
    return shortest


def _item_row(
    model: Specification, place: int, errors: dict[str, Floats], weights: Floats, confidence: float
) -> tuple[object, ...]:
    loss = {name: float(np.average(error, weights=weights)) for name, error in errors.items()}
    root = [np.sqrt(loss[name]) for name in ("direct", "earliest", "linear", "mean")]
    shares = [1 - loss["direct"] / loss["mean"], 1 - loss["earliest"] / loss["mean"]]
    construct = model.constructs[int(model.blocks[place].argmax())]
    apart = mean_interval(errors["direct"] - errors["linear"], weights, confidence)
    return (model.items[place], construct, *root, *shares, *apart[:3])


def _loss_rows(
    target: str, errors: dict[str, Floats], items: npt.NDArray[np.bool_], weights: Floats, confidence: float
) -> pd.DataFrame:
    lost = {name: error[:, items].mean(axis=1) for name, error in errors.items()}
    rows = []
    for over, benchmark in (("direct", "mean"), ("direct", "linear"), ("earliest", "mean")):
        found = mean_interval(lost[over] - lost[benchmark], weights, confidence)
        means = (float(np.average(lost[name], weights=weights)) for name in (over, benchmark))
        rows.append((target, over, benchmark, *means, *found, _verdict(*found[1:3])))
    return pd.DataFrame(rows, columns=[*LOSS_COLUMNS, "verdict"])


def mean_interval(values: Floats, weights: Floats, confidence: float) -> tuple[float, float, float, float]:
    """Weighted mean over respondents with its t interval, and the p value of its being zero."""
    n, mean = len(values), float(np.average(values, weights=weights))
    error = float(np.sqrt(n / (n - 1) * (weights**2 * (values - mean) ** 2).sum()) / weights.sum())
    if error == 0:
        return mean, mean, mean, float(mean == 0)
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * error
    return mean, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, n - 1))


def _verdict(low: float, high: float) -> str:
    if np.isnan(low):
        return "no_benchmark"
    return "better" if high < 0 else "worse" if low > 0 else "unclear"

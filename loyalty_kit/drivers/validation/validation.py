"""Does the model hold for respondents that it has not seen: repeated cross-validation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_rng, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.fits import Fit, levels_of_outcome, standardize
from loyalty_kit.drivers.fits.ordinal import fit_ordinal, level_probabilities
from loyalty_kit.statistics.moments import Floats


@dataclass(frozen=True, eq=False)
class ValidationResult(Result):
    """How well the outcome of respondents left out is predicted, against the mean alone.

    Attributes
    ----------
    table : DataFrame, a row a measure
        measure ('r_squared', 'rmse', 'baseline_rmse'), estimate, ci_low, ci_high, sd_repeats (how much
        the choice of folds moves it), in_sample.
    per_repeat : DataFrame, a row a repeat
        repeat, r_squared, rmse, baseline_rmse.
    r_squared, rmse, baseline_rmse : float
        Out of sample; the errors in units of the outcome, the baseline's when everybody is predicted
        by the mean of the others.
    r_squared_in_sample : float
        Of the model fitted to all, for the same kind of prediction.
    folds, repeats : int
        Parts, of which each was left out once; divisions into parts.
    outcome : str
        The outcome.
    labels : mapping
        Labels of columns.
    confidence : float
        Level of the intervals.
    n_used, n_dropped : int
        Respondents used; left out because an answer is missing.
    method : str
        How it was validated.
    """

    table: pd.DataFrame
    per_repeat: pd.DataFrame
    r_squared: float
    rmse: float
    baseline_rmse: float
    r_squared_in_sample: float
    folds: int
    repeats: int
    outcome: str
    labels: Mapping[str, str]
    confidence: float
    n_used: int
    n_dropped: int
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Columns measure, estimate, ci_low, ci_high, sd_repeats, in_sample."""
        return self.table.copy()

    @property
    def r_squared_interval(self) -> tuple[float, float]:
        """Interval of R² out of sample."""
        row = self.table[self.table["measure"] == "r_squared"]
        return float(row["ci_low"].iloc[0]), float(row["ci_high"].iloc[0])

    @property
    def predicts(self) -> bool:
        """Whether respondents left out are clearly predicted better than by the mean."""
        return self.r_squared > 0 and self.r_squared_interval[0] > 0


def validate(
    design: Design, fitted: Fit, *, folds: int, repeats: int, rng: int | np.random.Generator, confidence: float
) -> ValidationResult:
    """Repeated cross-validation; see `DriverResult.validate`."""
    check_whole(folds, "folds", 2)
    check_whole(repeats, "repeats", 1)
    generator = check_rng(rng)
    units = np.arange(len(design.y)) if design.clusters is None else design.clusters
    count = int(units.max()) + 1
    if folds > count:
        if design.clusters is None:
            template = "'folds' may be at most the {count} respondents used; got {given}."
            raise InputError(template, count=count, given=folds)
        raise InputError("'folds' may be at most the {count} clusters used; got {given}.", count=count, given=folds)
    model, baseline = np.empty((repeats, len(units))), np.empty((repeats, len(units)))
    for repeat in range(repeats):
        own = generator.permutation(np.arange(count) % folds)[units]
        for fold in range(folds):
            test = own == fold
            model[repeat, test] = _predicted(design, fitted, ~test, test)
            baseline[repeat, test] = np.average(design.y[~test], weights=design.weights[~test])
    losses, floors = (model - design.y) ** 2, (baseline - design.y) ** 2
    table = _summary(losses.mean(axis=0), floors.mean(axis=0), design, units, confidence)
    in_sample = _in_sample(design, fitted)
    per_repeat = _per_repeat(losses, floors, design.weights)
    table["sd_repeats"] = per_repeat[table["measure"]].std(ddof=1).to_numpy() if repeats > 1 else np.nan
    table["in_sample"] = [in_sample[measure] for measure in table["measure"]]
    estimates = table.set_index("measure")["estimate"]
    return ValidationResult(
        table=table,
        per_repeat=per_repeat,
        r_squared=float(estimates["r_squared"]),
        rmse=float(estimates["rmse"]),
        baseline_rmse=float(estimates["baseline_rmse"]),
        r_squared_in_sample=in_sample["r_squared"],
        folds=folds,
        repeats=repeats,
        outcome=design.specification.outcome,
        labels=design.labels,
        confidence=confidence,
        n_used=len(design.y),
        n_dropped=len(design.table) - len(design.y),
        method=message("{repeats} × {folds}-fold cross-validation", repeats=repeats, folds=folds),
    )


def _predicted(design: Design, fitted: Fit, train: npt.NDArray[np.bool_], test: npt.NDArray[np.bool_]) -> Floats:
    """Predict the rows left out by a fit to the others."""
    z, y, weights = standardize(design.x)[0], design.y[train], design.weights[train]
    if fitted.model == "ols":
        root = np.sqrt(weights)
        exog = np.column_stack([np.ones(len(y)), z[train]])
        slopes = np.linalg.lstsq(exog * root[:, None], y * root)[0]
        return np.asarray(slopes[0] + z[test] @ slopes[1:])
    levels, places = levels_of_outcome(y)
    if len(levels) < 2:
        return np.full(int(test.sum()), levels[0])
    again = fit_ordinal(z[train], places, weights, len(levels))
    return np.asarray(level_probabilities(again.parameters, z[test], len(levels)) @ levels)


def _summary(
    losses: Floats, floors: Floats, design: Design, units: npt.NDArray[np.intp], confidence: float
) -> pd.DataFrame:
    """Out-of-sample measures with intervals over respondents, or over clusters where there are any."""
    total = design.weights.sum()
    loss, floor = design.weights @ losses / total, design.weights @ floors / total
    ratio = loss / floor
    errors = {
        "r_squared": _error(losses - ratio * floors, design.weights, units) / floor,
        "rmse": _error(losses - loss, design.weights, units) / (2 * np.sqrt(loss)),
        "baseline_rmse": _error(floors - floor, design.weights, units) / (2 * np.sqrt(floor)),
    }
    table = pd.DataFrame({"measure": list(errors), "estimate": [1 - ratio, np.sqrt(loss), np.sqrt(floor)]})
    half = stats.t.ppf((1 + confidence) / 2, units.max()) * np.array(list(errors.values()))
    return table.assign(ci_low=table["estimate"] - half, ci_high=table["estimate"] + half)


def _error(deviations: Floats, weights: Floats, units: npt.NDArray[np.intp]) -> float:
    """Error of a weighted mean, from the deviations from it."""
    sums = np.bincount(units, weights * deviations)
    return float(np.sqrt(len(sums) / max(len(sums) - 1, 1) * (sums**2).sum()) / weights.sum())


def _per_repeat(losses: Floats, floors: Floats, weights: Floats) -> pd.DataFrame:
    share = weights / weights.sum()
    loss, floor = losses @ share, floors @ share
    columns = {"r_squared": 1 - loss / floor, "rmse": np.sqrt(loss), "baseline_rmse": np.sqrt(floor)}
    return pd.DataFrame({"repeat": np.arange(1, len(loss) + 1), **columns})


def _in_sample(design: Design, fitted: Fit) -> dict[str, float]:
    share = design.weights / design.weights.sum()
    loss, floor = share @ (design.y - fitted.fitted) ** 2, share @ (design.y - share @ design.y) ** 2
    return {"r_squared": float(1 - loss / floor), "rmse": float(np.sqrt(loss)), "baseline_rmse": float(np.sqrt(floor))}

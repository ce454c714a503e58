"""The models of purchases by name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from loyalty_kit.customers.value.models import bg_nbd, nbd, pareto_nbd
from loyalty_kit.customers.value.models.fitting import Fit, Likelihood, fit
from loyalty_kit.customers.value.models.histories import Cells
from loyalty_kit.customers.value.models.shifts import Shift, shifted, shifted_alive, shifted_expected, shifted_futures

Floats = npt.NDArray[np.float64]
LEVEL = 0.05
SAME = 0.01
"""Standard deviations that a covariate keeps when those before it are given, below which it tells nothing here."""


class Model(NamedTuple):
    """What a model of purchases can tell of histories; covariates, where there are any, follow these."""

    parameters: tuple[str, ...]
    likelihood: Likelihood
    alive: Callable[..., Floats]
    expected: Callable[..., Floats]
    futures: Callable[..., Iterator[Floats]]
    called: str
    shifts: tuple[Shift, ...]

    def names(self, covariates: tuple[str, ...]) -> tuple[str, ...]:
        """Names of all parameters, the effects of covariates last."""
        return self.parameters + tuple(f"{shift.part}: {name}" for shift in self.shifts for name in covariates)


def _model(
    called: str, parameters: tuple[str, ...], module: Any, leaving: tuple[Shift, ...] = (), **options: bool
) -> Model:
    likelihood, alive, expected, futures = (
        partial(getattr(module, name), **options) for name in ("likelihood", "alive", "expected", "futures")
    )
    shifts = (Shift("purchases", 1, -1.0), *leaving)
    return Model(
        parameters,
        shifted(likelihood, shifts),
        shifted_alive(alive, shifts),
        shifted_expected(expected, shifts),
        shifted_futures(futures, shifts),
        called,
        shifts,
    )


_BG, _ODDS, _RATE = ("r", "alpha", "a", "b"), (Shift("leaving", 2, 1.0),), (Shift("leaving", 3, -1.0),)
MODELS = {
    "nbd": _model("NBD", ("r", "alpha"), nbd),
    "bg_nbd": _model("BG/NBD", _BG, bg_nbd, _ODDS),
    "mbg_nbd": _model("MBG/NBD", _BG, bg_nbd, _ODDS, modified=True),
    "pareto_nbd": _model("Pareto/NBD", ("r", "alpha", "s", "beta"), pareto_nbd, _RATE),
}
DROPOUT = tuple(name for name in MODELS if name != "nbd")
"""Models in which customers leave."""


def fit_models(cells: Cells) -> dict[str, Fit]:
    """Fit each model to the same histories, from where the NBD ends."""
    stay = fit_model("nbd", cells)
    return {"nbd": stay, **{name: fit_model(name, cells, stay) for name in DROPOUT}}


def fit_model(name: str, cells: Cells, stay: Fit | None = None) -> Fit:
    """Fit one model without covariates; `stay` is the NBD's fit, if it is known."""
    model = MODELS[name]
    start: tuple[float, ...]
    span = float(np.average(cells.T, weights=cells.customers))
    if name == "nbd":
        start = (0.5, 0.5 * span / max(float(np.average(cells.x, weights=cells.customers)), 1e-3))
    else:
        r, alpha = (stay or fit_model("nbd", cells)).parameters
        starts = {"bg_nbd": (r, 0.6 * alpha, 0.8, 2.5), "mbg_nbd": (1.3 * r, 0.6 * alpha, 0.9, 1.6)}
        start = starts.get(name, (1.3 * r, alpha, 0.6, span / 3))
    return fit(model.likelihood, model.parameters, cells.history[:3], cells.customers, start)


def fit_with_covariates(name: str, cells: Cells, covariates: tuple[str, ...], without: Fit) -> Fit:
    """Fit one model with covariates, from where it ends without them.

    Notes
    -----
    Covariates are fitted in standard deviations from their means, so that any unit starts as well, and the parameters
    are turned back: those of everybody are of a customer of whom all covariates are 0. One that is the same for all of
    these histories, or follows from those before it, is taken to move nothing.
    """
    model, values = MODELS[name], np.stack(cells.covariates)
    centre = np.average(values, axis=1, weights=cells.customers)
    moved = values - centre[:, None]
    spread = np.sqrt(np.average(moved**2, axis=1, weights=cells.customers))
    kept = _of_their_own(moved / np.where(spread > 0, spread, 1.0)[:, None], cells.customers)
    scaled = moved[kept] / spread[kept, None]
    names = model.names(tuple(np.array(covariates)[kept].tolist()))
    start = np.r_[np.exp(without.theta), np.ones(len(names) - len(without.theta))]
    found = fit(model.likelihood, names, (*cells.history[:3], *scaled), cells.customers, start.tolist())
    count, many, all_ = len(model.parameters), len(scaled), len(values)
    back = np.zeros((count + len(model.shifts) * all_, len(names)))
    back[:count, :count] = np.eye(count)
    for place, shift in enumerate(model.shifts):
        columns = count + place * many + np.arange(many)
        back[count + place * all_ + np.flatnonzero(kept), columns] = 1 / spread[kept]
        back[shift.place, columns] -= shift.sign * centre[kept] / spread[kept]
    return found._replace(theta=back @ found.theta, covariance=back @ found.covariance @ back.T)


def _of_their_own(scaled: Floats, customers: Floats) -> npt.NDArray[np.bool_]:
    """Which covariates vary, and do not follow from those before them."""
    left = np.abs(np.diag(np.linalg.qr((scaled * np.sqrt(customers)).T, mode="r")))
    found: npt.NDArray[np.bool_] = np.r_[left, np.zeros(len(scaled) - len(left))] > SAME * np.sqrt(customers.sum())
    return found


def dropout_p(gain: float) -> float:
    """P value of a gain in log likelihood over the NBD, which lies at the border of each model with dropout."""
    return float(stats.chi2.sf(2 * gain, 1) / 2) if gain > 0 else 1.0

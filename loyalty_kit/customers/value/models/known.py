"""The models of purchases by name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from loyalty_kit.customers.value.models import bg_nbd, nbd, pareto_nbd
from loyalty_kit.customers.value.models.fitting import Fit, Likelihood, fit
from loyalty_kit.customers.value.models.histories import Cells

Floats = npt.NDArray[np.float64]
LEVEL = 0.05


class Model(NamedTuple):
    """What a model of purchases can tell of histories."""

    parameters: tuple[str, ...]
    likelihood: Likelihood
    alive: Callable[..., Floats]
    expected: Callable[..., Floats]
    futures: Callable[..., Iterator[Floats]]
    called: str


_BG = ("r", "alpha", "a", "b")
MODELS = {
    "nbd": Model(("r", "alpha"), nbd.likelihood, nbd.alive, nbd.expected, nbd.futures, "NBD"),
    "bg_nbd": Model(_BG, bg_nbd.likelihood, bg_nbd.alive, bg_nbd.expected, bg_nbd.futures, "BG/NBD"),
    "mbg_nbd": Model(
        _BG,
        partial(bg_nbd.likelihood, modified=True),
        partial(bg_nbd.alive, modified=True),
        partial(bg_nbd.expected, modified=True),
        partial(bg_nbd.futures, modified=True),
        "MBG/NBD",
    ),
    "pareto_nbd": Model(
        ("r", "alpha", "s", "beta"),
        pareto_nbd.likelihood,
        pareto_nbd.alive,
        pareto_nbd.expected,
        pareto_nbd.futures,
        "Pareto/NBD",
    ),
}
DROPOUT = tuple(name for name in MODELS if name != "nbd")
"""Models in which customers leave."""


def fit_models(cells: Cells) -> dict[str, Fit]:
    """Fit each model to the same histories, from where the NBD ends."""
    stay = fit_model("nbd", cells)
    return {"nbd": stay, **{name: fit_model(name, cells, stay) for name in DROPOUT}}


def fit_model(name: str, cells: Cells, stay: Fit | None = None) -> Fit:
    """Fit one model; `stay` is the NBD's fit, if it is known."""
    model = MODELS[name]
    start: tuple[float, ...]
    span = float(np.average(cells.T, weights=cells.customers))
    if name == "nbd":
        start = (0.5, 0.5 * span / max(float(np.average(cells.x, weights=cells.customers)), 1e-3))
    else:
        r, alpha = (stay or fit_model("nbd", cells)).parameters
        starts = {"bg_nbd": (r, 0.6 * alpha, 0.8, 2.5), "mbg_nbd": (1.3 * r, 0.6 * alpha, 0.9, 1.6)}
        start = starts.get(name, (1.3 * r, alpha, 0.6, span / 3))
    return fit(model.likelihood, model.parameters, cells.history, cells.customers, start)


def dropout_p(gain: float) -> float:
    """P value of a gain in log likelihood over the NBD, which lies at the border of each model with dropout."""
    return float(stats.chi2.sf(2 * gain, 1) / 2) if gain > 0 else 1.0

"""How long a customer waits until the next purchase: quantiles that count 'never' among the answers."""

import numpy as np
import numpy.typing as npt

from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.histories import Cells
from loyalty_kit.customers.value.models.known import MODELS

Floats = npt.NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
HALVINGS, BLOCK = 40, 20_000


def weeks_until(name: str, fitted: Fit, cells: Cells, chance: float) -> Floats:
    """Weeks by which each history has bought again with some chance; infinite where it is likelier that none comes.

    Notes
    -----
    Who is there waits with P(longer than t) = q = ((alpha + T) / (alpha + T + t))^(r + x), unless they leave before, as
    only the Pareto/NBD has it: then they come within t with a chance of the integral of ((beta + T) / (beta + T +
    t(u)))^s over u from q to 1. That is solved for q by halving.
    """
    blocks = (slice(at, at + BLOCK) for at in range(0, len(cells.x), BLOCK))
    p = fitted.parameters
    parts = [_block(name, p, cells.x[some], cells.t_x[some], cells.T[some], chance) for some in blocks]
    found: Floats = np.concatenate(parts)
    return found


def _block(name: str, p: Floats, x: Floats, t_x: Floats, T: Floats, chance: float) -> Floats:
    shape, span = p[0] + x, p[1] + T
    needed = chance / np.maximum(MODELS[name].alive(p, x, t_x, T), 1e-12)
    s, beta = p[2:] if name == "pareto_nbd" else (0.0, 1.0)

    def come(longer: Floats) -> Floats:
        if s == 0:
            return 1 - longer
        nodes = longer[:, None] + (1 - longer[:, None]) * NODES
        waited = span[:, None] * np.expm1(-np.log(nodes) / shape[:, None])
        found: Floats = (1 - longer) * (((beta + T) / (beta + T + waited.T)).T ** s @ WEIGHTS)
        return found

    low, high = np.zeros(len(x)), np.ones(len(x))
    ever = come(low) >= needed
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = come(middle) >= needed
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    with np.errstate(over="ignore", divide="ignore"):
        return np.where(ever, span * np.expm1(-np.log(low) / shape), np.inf)

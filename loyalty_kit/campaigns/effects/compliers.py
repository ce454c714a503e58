"""Effect among those whom the campaign reached: two-stage least squares with the arm as instrument."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Metric, Profit
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result

COLUMNS = ["metric", "arm", "n", "reached_control", "reached_arm", "effect", "ci_low", "ci_high", "p_value", "warning"]
WEAK = 10.0
MISMEASURED = message(
    "Opens are mismeasured: mail programs load pictures by themselves or block them, so that the effect among "
    "those who opened is a rough guide; the effect of being sent stands firmer."
)


@dataclass(frozen=True, eq=False)
class ComplierResult(Result):
    """Effect of being reached among those who are reached when sent.

    Attributes
    ----------
    table : DataFrame
        metric, arm, n, reached_control, reached_arm, effect, ci_low, ci_high, p_value, warning.
    reached : str
        Column that says who was reached.
    n_used : int
        Customers.
    confidence : float
        Level of the intervals.
    method : str
        Two-stage least squares.
    warnings : tuple of str
        That opens are mismeasured, first.
    """

    table: pd.DataFrame
    reached: str
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a metric and arm."""
        return self.table.copy()


def complier_effects(
    cube: Cube, metrics: Sequence[Metric], reached: str, arms: tuple[Any, ...], confidence: float
) -> ComplierResult:
    """Wald's ratio of two differences, with robust errors from the cube.

    Notes
    -----
    With differences Δy and Δr of outcome and share reached, the effect is e = Δy/Δr and its variance
    that of the difference of y − e r, divided by Δr²: two-stage least squares with the arm as the
    instrument and an error for each arm. It holds if being sent acts only through being reached.

    References
    ----------
    Angrist, J. D., Imbens, G. W. & Rubin, D. B. (1996). Identification of causal effects using
    instrumental variables. JASA 91, 444–455.
    """
    rows = []
    limit = float(stats.norm.isf((1 - confidence) / 2))
    for metric in metrics:
        (form, *_) = metric.forms() or (None,)
        if form is None or form.divisor is not None:
            raise InputError("'{metric}' has no complier effect; name rates, means and profits.", metric=metric.name)
        columns = (*form.columns, reached)
        weights = np.array([*form.weights.values(), 0.0])
        at = np.eye(len(columns))[-1]
        blocks = [cube.block(columns, arm) for arm in arms]
        _check_reached(reached, blocks)
        control = blocks[0]
        for arm, block in zip(arms[1:], blocks[1:], strict=True):
            moved = block.means[0] - control.means[0]
            spread = block.covariances[0] / block.n[0] + control.covariances[0] / control.n[0]
            added = (
                metric.contact(arm, arms[0]) - metric.contact(arms[0], arms[0]) if isinstance(metric, Profit) else 0.0
            )
            first = float(at @ moved)
            strength = first**2 / float(at @ spread @ at) if first else 0.0
            effect, error = float("nan"), float("nan")
            if first:
                effect = (float(weights @ moved) - added) / first
                left = weights - effect * at
                error = float(np.sqrt(left @ spread @ left)) / abs(first)
            p = float(2 * stats.norm.sf(abs(effect) / error)) if error > 0 else float("nan")
            weak = f"The arm hardly changes who is reached (F = {strength:.1f}): not to be believed."
            n = int(block.n[0] + control.n[0])
            shares = [float(control.means[0, -1]), float(block.means[0, -1])]
            limits = [effect - limit * error, effect + limit * error]
            rows.append([metric.name, arm, n, *shares, effect, *limits, p, weak if strength < WEAK else ""])
    table = pd.DataFrame(rows, columns=COLUMNS)
    method = message("two-stage least squares, robust errors")
    return ComplierResult(table, reached, int(cube.rows.sum()), confidence, method, (MISMEASURED,))


def _check_reached(reached: str, blocks: Sequence[Any]) -> None:
    if not all(block.binary(reached) for block in blocks):
        raise InputError("'{column}' must hold 0 and 1, or false and true: who was reached.", column=reached)

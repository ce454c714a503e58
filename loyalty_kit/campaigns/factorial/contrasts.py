"""Main effects and interactions as weighted sums of the values of a factorial's combinations."""

from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.factors import CROSS, Factors

Effect = Literal["main effect", "interaction"]


@dataclass(frozen=True, eq=False)
class Contrast:
    """One main effect or interaction: `weights` of the combinations in the order of `Factors.cells`.

    `factors` are one or two names, `levels` their levels, `versus` those of control.
    """

    effect: Effect
    factors: tuple[str, ...]
    levels: tuple[str, ...]
    versus: tuple[str, ...]
    weights: npt.NDArray[np.float64]

    @property
    def texts(self) -> tuple[str, str, str]:
        """Factor, level and the level that it is held against, as one text each."""
        return CROSS.join(self.factors), CROSS.join(self.levels), CROSS.join(self.versus)


def contrasts(factors: Factors) -> list[Contrast]:
    """List the main effects of each factor, then the interactions of each two.

    Notes
    -----
    The main effect of a level is the mean, over all combinations of the other factors with equal weight, of the
    difference that this level makes to control's. The interaction of two levels is by how much the first makes more
    difference where the second stands than where control's does, averaged in the same way. (Dasgupta, Pillai and Rubin
    halve it.)

    References
    ----------
    Dasgupta, T., Pillai, N. S. & Rubin, D. B. (2015). Causal inference from 2^K factorial designs by using potential
    outcomes. JRSS B 77(4), 727–753. Zhao, A. & Ding, P. (2022). Regression-based causal inference with factorial
    experiments: estimands, model specifications and design-based properties. Biometrika 109(3), 799–815.

    Examples
    --------
    >>> crossed = Factors(("subject", "offer"), (("plain", "short"), ("none", "5 €")))
    >>> [(one.texts[1], one.weights.tolist()) for one in contrasts(crossed)][:2]
    [('short', [-0.5, -0.5, 0.5, 0.5]), ('5 €', [-0.5, 0.5, -0.5, 0.5])]
    """
    places = range(len(factors.names))
    found = [_contrast(factors, {i: level}) for i in places for level in factors.levels[i][1:]]
    for i, j in combinations(places, 2):
        found += [_contrast(factors, {i: a, j: b}) for a in factors.levels[i][1:] for b in factors.levels[j][1:]]
    return found


def _contrast(factors: Factors, chosen: dict[int, str]) -> Contrast:
    """Contrast of some factors' levels with control's."""
    share = prod(len(own) for i, own in enumerate(factors.levels) if i not in chosen)
    weights = []
    for cell in factors.combinations:
        signs = [1 if cell[i] == level else -1 if cell[i] == factors.levels[i][0] else 0 for i, level in chosen.items()]
        weights.append(prod(signs) / share)
    return Contrast(
        "main effect" if len(chosen) == 1 else "interaction",
        tuple(factors.names[i] for i in chosen),
        tuple(chosen.values()),
        tuple(factors.levels[i][0] for i in chosen),
        np.array(weights),
    )

"""What a plan compares: arms against control, or the main effects and interactions of crossed factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from scipy import stats

from loyalty_kit.campaigns.design.factors import Factors
from loyalty_kit.campaigns.effects.simultaneous import critical_value
from loyalty_kit.campaigns.factorial.contrasts import Contrast, contrasts
from loyalty_kit.campaigns.factorial.joint import joint_limit
from loyalty_kit.campaigns.planning.plan_checks import planned_arms
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown


@dataclass(frozen=True)
class Comparison:
    """One comparison: its name, the shares of the customers that its two sides are worth, and those that stand there.

    The sides of an interaction are worth less than stand there, since it is a difference of two differences.
    """

    name: Any
    worth: tuple[float, float]
    held: tuple[float, float]
    main: bool = True


@dataclass(frozen=True)
class Comparisons:
    """All comparisons of a plan, the share of control, and the two-sided error that each may have."""

    each: tuple[Comparison, ...]
    control: float
    error: float

    @property
    def smallest(self) -> float:
        """Share of the customers that the smallest arm or combination holds."""
        return min(self.control, *(min(one.held) for one in self.each))

    @property
    def hardest(self) -> Comparison:
        """Comparison with the fewest customers, but interactions."""
        return min((one for one in self.each if one.main), key=lambda one: min(one.worth))


def of_arms(allocation: Mapping[Any, float] | None, confidence: float) -> Comparisons:
    """Each arm against control, which all share."""
    shares = planned_arms(allocation)
    (_, control), *others = shares.items()
    values = np.array(list(shares.values()))
    error = 1 - confidence
    if len(values) > 2:
        error = 2 * float(stats.norm.sf(critical_value(1 / values, confidence)))
    each = tuple(Comparison(arm, (control, share), (control, share)) for arm, share in others)
    return Comparisons(each, control, error)


def of_factors(factors: Mapping[str, int | Sequence[Any]], confidence: float) -> Comparisons:
    """List the main effects and interactions of factors whose combinations are all of one size.

    Notes
    -----
    With l levels a main effect compares two sides of 1/l of the customers each. An interaction of two factors with C
    combinations is a sum of four means of 1/C each: as uncertain as two sides of 1/(2C).
    """
    counts = {name: len(level) if isinstance(level, list | tuple) else level for name, level in factors.items()}
    good = all(isinstance(n, int) and not isinstance(n, bool) and n > 1 for n in counts.values())
    if len(counts) < 2 or not good:
        raise InputError(
            "'factors' must name two or more factors with their numbers of levels, as {example}; got {given}.",
            example=shown({"subject": 2, "offer": 3}),
            given=shown(dict(factors)),
        )
    numbered = tuple(tuple(map(str, range(int(str(n))))) for n in counts.values())
    found = contrasts(Factors(tuple(counts), numbered))
    weights = np.array([one.weights for one in found])
    covariance = weights @ weights.T
    size = np.sqrt(np.diag(covariance))
    limit = joint_limit(covariance / np.outer(size, size), confidence)
    each = tuple(_compared(one, weights.shape[1]) for one in found if set(one.levels) == {"1"})
    return Comparisons(each, 1 / prod(map(len, numbered)), 2 * float(stats.norm.sf(limit)))


def _compared(one: Contrast, cells: int) -> Comparison:
    """Comparison of a contrast of combinations, all of one size; levels of a factor are as hard to tell as any."""
    name, _, _ = one.texts
    held = tuple(float((one.weights * way > 0).sum()) / cells for way in (-1, 1))
    worth = 2 / (cells * float((one.weights**2).sum()))
    main = one.effect == "main effect"
    named = name if main else message("{factors} (interaction)", factors=name)
    return Comparison(named, (worth, worth), (held[0], held[1]), main)

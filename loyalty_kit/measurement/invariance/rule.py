"""The rule of a ladder: the limits that a user names, or those that chance alone keeps to."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from loyalty_kit.measurement.cfa.soundness import is_proper
from loyalty_kit.measurement.chance.limits import (
    CUSTOMARY,
    DRAWS,
    ERROR,
    WEAKER,
    Chance,
    Changes,
    Limit,
    changes,
    limits,
    refused,
)
from loyalty_kit.measurement.invariance.fit import GroupData, GroupFit
from loyalty_kit.measurement.invariance.ladder import Rule


def ladder_rule(
    groups: GroupData, full: Mapping[str, GroupFit], named: tuple[float | None, float | None], seed: int
) -> Rule:
    """Limits of every level with their error and power.

    Surveys are simulated in which groups are alike: up to equal intercepts under the model that holds those equal, and
    for equal residual variances under the model that holds those equal too, always with the structure's own misfit.
    Levels up to equal intercepts share one error; equal residual variances have one of their own.
    """
    upto = {level: fit for level, fit in full.items() if level != "strict"}
    if not all(map(_usable, upto.values())):
        return Rule({level: _named(CUSTOMARY, named) for level in full})
    alike = _changes(groups, full, upto, "scalar", seed)
    last = {level: full[level] for level in ("scalar", "strict")}
    strict = _changes(groups, full, last, "strict", seed) if _usable(full["strict"]) else None

    def at(error: float) -> dict[str, Limit]:
        found = limits(alike, error=error) | (limits(strict, error=error) if strict else {"strict": CUSTOMARY})
        return {level: _named(own, named) for level, own in found.items()}

    own, levels = at(ERROR), list(full)
    ties = {level: int(full[level].fit["df"] - full[below].fit["df"]) for below, level in pairwise(levels)}
    apart = changes(
        groups.simulate(
            upto, full["scalar"], full["configural"], count=DRAWS, rng=np.random.default_rng(seed), weaker=WEAKER
        ),
        list(upto),
    )
    chance = Chance(refused(alike, own), refused(apart, own), DRAWS)
    return Rule(own, () if None not in named else (at(ERROR / 2), at(2 * ERROR)), chance, ties)


def _changes(
    groups: GroupData, full: Mapping[str, GroupFit], fits: Mapping[str, GroupFit], truth: str, seed: int
) -> Changes:
    rng = np.random.default_rng(seed)
    return changes(groups.simulate(fits, full[truth], full["configural"], count=DRAWS, rng=rng), list(fits))


def _usable(fit: GroupFit) -> bool:
    """Whether a level can be simulated: the search ended, and every covariance is one."""
    return fit.converged and all(map(is_proper, fit.model.matrices(fit.values)))


def _named(own: Limit, named: tuple[float | None, float | None]) -> Limit:
    """Put what a user named in place of a limit."""
    fall, rise = named
    if fall is None and rise is None:
        return own
    return Limit(own.cfi_fall if fall is None else fall, own.rmsea_rise if rise is None else rise)

"""What chance alone does to the ladder: how far CFI and RMSEA move in simulated surveys whose groups are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loyalty_kit.statistics.moments import Floats

DRAWS = 199
"""Simulated surveys."""

ERROR = 0.05
"""Share of surveys of groups that are alike in which a level may be refused."""

WEAKER = 0.2
"""Difference of one item's standardized loading in one group that the power is told for."""


@dataclass(frozen=True, eq=False)
class IndexDraws:
    """CFI and RMSEA of one level in each simulated survey."""

    cfi: Floats
    rmsea: Floats


@dataclass(frozen=True)
class Limit:
    """How far CFI may fall and RMSEA rise at one level.

    Attributes
    ----------
    cfi_fall, rmsea_rise : float
        With every parameter of the level equal.
    usual_fall, usual_rise : float
        What they change by on average where groups are alike.
    simulated : bool
        Whether the two above are known, so that the limit is less where less is equal.
    """

    cfi_fall: float
    rmsea_rise: float
    usual_fall: float = 0.0
    usual_rise: float = 0.0
    simulated: bool = False

    def of(self, share: float) -> "Limit":
        """Limit where a share of the level's parameters is equal: means shrink by it, spreads by its root."""
        if not self.simulated:
            return self
        fall = self.usual_fall * share + (self.cfi_fall - self.usual_fall) * share**0.5
        return Limit(fall, self.usual_rise * share + (self.rmsea_rise - self.usual_rise) * share**0.5)


CUSTOMARY = Limit(0.01, 0.015)
"""Changes that are often called negligible (Chen 2007)."""


@dataclass(frozen=True)
class Chance:
    """Error and power of a ladder's limits, up to equal intercepts.

    Attributes
    ----------
    error : float
        Share of simulated surveys of groups that are alike in which a level is refused.
    power : float
        Share in which one is refused where one item loads weaker by .2 in one group.
    draws : int
        Simulated surveys behind each.
    """

    error: float
    power: float
    draws: int


POWERFUL = 0.8
"""Power from which a difference is seen as a rule (Cohen 1988)."""

_ROUNDING = 1e-6

Changes = Mapping[str, tuple[Floats, Floats]]
"""By level, how far CFI falls and RMSEA rises in each simulated survey."""


def changes(draws: Mapping[str, IndexDraws], levels: Sequence[str]) -> dict[str, tuple[Floats, Floats]]:
    """Fall of CFI and rise of RMSEA from each level to the next."""
    pairs = zip(levels, levels[1:], strict=False)
    return {
        level: (draws[below].cfi - draws[level].cfi, draws[level].rmsea - draws[below].rmsea) for below, level in pairs
    }


def limits(found: Changes, *, error: float = ERROR) -> dict[str, Limit]:
    """Limits that all levels together go beyond in no more than a share of the simulated surveys.

    Notes
    -----
    Each limit is the k-th largest change, or the next smaller one; k is the largest for which no more than
    error · (draws + 1) − 1 surveys go beyond any limit: one more survey of the same kind then does so with hardly more
    than that probability.
    """
    columns = np.stack([column for pair in found.values() for column in pair])
    ordered = -np.sort(-columns, axis=1)
    allowed = int(error * (columns.shape[1] + 1)) - 1
    every, rank = np.arange(len(columns)), np.zeros(len(columns), dtype=int)
    # All limits tighten together as far as they may, then one after the other.
    for turn in [every] * columns.shape[1] + [every[i : i + 1] for i in every]:
        tighter = rank.copy()
        tighter[turn] = np.minimum(tighter[turn] + 1, columns.shape[1] - 1)
        if (columns > ordered[every, tighter][:, None]).any(axis=0).sum() <= allowed:
            rank = tighter
    best = ordered[every, rank]
    ends, usual = best.reshape(-1, 2) + _ROUNDING, columns.mean(axis=1).reshape(-1, 2)
    each = zip(found, ends.tolist(), usual.tolist(), strict=True)
    return {level: Limit(fall, rise, own, other, simulated=True) for level, (fall, rise), (own, other) in each}


def refused(found: Changes, own: Mapping[str, Limit]) -> float:
    """Share of the simulated surveys in which some level goes beyond its limit."""
    beyond = [(fall > own[level].cfi_fall) | (rise > own[level].rmsea_rise) for level, (fall, rise) in found.items()]
    return float(np.logical_or.reduce(beyond).mean())

"""The ladder of invariance: each level holds more equal, is tested against the one below and freed item by item."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import Message, message
from loyalty_kit.measurement.cfa.model import INTERCEPT, LOADING, Released
from loyalty_kit.measurement.chance.limits import ERROR, Chance, Limit
from loyalty_kit.measurement.factors.fit_indices import p_value
from loyalty_kit.measurement.invariance.fit import GroupData, GroupFit, ReleaseTest
from loyalty_kit.measurement.invariance.ordinal_model import THRESHOLD

WORDS = {
    "thresholds": message("thresholds"),
    "metric": message("loadings"),
    "scalar": message("intercepts"),
    "strict": message("residual variances"),
}

_KEPT = 2
_SCORES = ["level", "scale", "item", "score", "df", "p_value", "freed"]


@dataclass(frozen=True)
class Rule:
    """How much worse than the level below a level may fit.

    Attributes
    ----------
    limits : mapping of str to Limit
        By level.
    around : tuple of mappings
        Limits at half and at twice the error; none where a user named the limits.
    chance : Chance or None
        Error and power of the limits; None where they could not be simulated.
    ties : mapping of str to int
        Degrees of freedom that each level adds in full.
    """

    limits: Mapping[str, Limit]
    around: tuple[Mapping[str, Limit], ...] = ()
    chance: Chance | None = None
    ties: Mapping[str, int] = field(default_factory=dict)

    def described(self, limit: Limit | None = None) -> Message:
        """Sentence part: the rule in words, with the limit of a level."""
        if self.around:
            share = {"share": f"{100 * (1 - ERROR):.0f}"}
            if limit is None:
                return message(
                    "CFI and RMSEA worsen by no more than in {share} % of simulated surveys of the same size whose "
                    "groups are alike",
                    **share,
                )
            return message(
                "CFI changes by {cfi:+.4f} or more and RMSEA by {rmsea:+.4f} or less, as in {share} % of simulated "
                "surveys of the same size whose groups are alike",
                cfi=-limit.cfi_fall,
                rmsea=limit.rmsea_rise,
                **share,
            )
        own = next(iter(self.limits.values()))
        return message(
            "CFI falls by at most {cfi_fall:.3f} and RMSEA rises by at most {rmsea_rise:.3f}",
            cfi_fall=own.cfi_fall,
            rmsea_rise=own.rmsea_rise,
        )

    def holds(self, fit: GroupFit, below: GroupFit, level: str) -> bool:
        """Whether a level holds, given the one below."""
        return bool(fit.converged and kept(fit, below, self.limit(fit, below, level)))

    def limit(self, fit: GroupFit, below: GroupFit, level: str) -> Limit:
        """Limit of a level as far as it holds parameters equal."""
        return self.at(self.limits, fit, below, level)

    def at(self, limits: Mapping[str, Limit], fit: GroupFit, below: GroupFit, level: str) -> Limit:
        """One of several limits of a level as far as it holds parameters equal."""
        own, full = fit.fit["df"] - below.fit["df"], self.ties.get(level, 0)
        return limits[level].of(own / full if full else 1.0)


def kept(fit: GroupFit, below: GroupFit, limit: Limit) -> bool:
    """Whether CFI and RMSEA stay within a limit."""
    fall, rise = below.leading["cfi"] - fit.leading["cfi"], fit.leading["rmsea"] - below.leading["rmsea"]
    return fall <= limit.cfi_fall and rise <= limit.rmsea_rise


def p_of_change(fit: GroupFit, below: GroupFit) -> float:
    """Probability value of the chi²-difference test of a level against the one below."""
    return fit.change(below)[2]


@dataclass(frozen=True, eq=False)
class Step:
    """A level on the way up.

    Attributes
    ----------
    level : str
        'metric', 'scalar' or 'strict'.
    below, tied, fit : GroupFit
        What holds below, the level before any item was freed at it, and once items are free as far as needed.
    freed : tuple of int
        Items freed at this level.
    released : frozenset of (int, int)
        Every (kind, item) free by now.
    scores : DataFrame
        Score test of every item before any was freed at this level; empty where the level holds at once.
    holds : bool
        Whether the level holds, with the items freed.
    """

    level: str
    below: GroupFit
    tied: GroupFit
    fit: GroupFit
    freed: tuple[int, ...]
    released: Released
    scores: pd.DataFrame
    holds: bool


def full_levels(groups: GroupData) -> dict[str, GroupFit]:
    """Every level with nothing freed."""
    equal = {"configural": frozenset[int](), **{level: _equal(groups, level) for level in groups.kinds}}
    return {level: groups.fit(kinds, Released()) for level, kinds in equal.items()}


def fit_ladder(groups: GroupData, full: dict[str, GroupFit], rule: Rule) -> list[Step]:
    """Take the steps up from 'configural' to the last level that holds, and the one that does not, if any."""
    ladder: list[Step] = []
    below, released = full["configural"], Released()
    if not below.converged:
        return ladder
    for level, kind in groups.kinds.items():
        released |= {(kind, item) for free, item in released if free == THRESHOLD}
        if kind == INTERCEPT:
            released |= {(INTERCEPT, item) for free, item in released if free == LOADING}
        fit = groups.fit(_equal(groups, level), released) if released else full[level]
        step = _step(groups, level, below, fit, released, rule)
        ladder.append(step)
        if not step.holds:
            break
        below, released = step.fit, step.released
    return ladder


def _equal(groups: GroupData, level: str) -> frozenset[int]:
    levels = list(groups.kinds)
    return frozenset(groups.kinds[name] for name in levels[: levels.index(level) + 1])


def _step(groups: GroupData, level: str, below: GroupFit, fit: GroupFit, released: Released, rule: Rule) -> Step:
    """Free the item with the largest score statistic, again and again, until the level holds or no more may go."""
    kind, freed, first, tied_fit = groups.kinds[level], list[int](), pd.DataFrame(columns=_SCORES), fit
    while not rule.holds(fit, below, level):
        tied = [item for item in range(len(fit.model.items)) if (kind, item) not in released]
        tests = dict(zip(tied, fit.release_test(kind, tied), strict=True))
        first = _score_table(groups, level, tests) if first.empty else first
        members = fit.model.membership.argmax(axis=1)
        spare = [item for item in tied if np.sum(members[tied] == members[item]) > _KEPT]
        if not spare:
            break
        worst = max(spare, key=lambda item: tests[item].score)
        freed.append(worst)
        released |= {(kind, worst)}
        fit = groups.fit(_equal(groups, level), released)
    first["freed"] = first["item"].isin([fit.model.items[item] for item in freed])
    return Step(level, below, tied_fit, fit, tuple(freed), released, first, rule.holds(fit, below, level))


def _score_table(groups: GroupData, level: str, tests: dict[int, ReleaseTest]) -> pd.DataFrame:
    scale_of = {item: scale for scale, items in groups.structure.scales.items() for item in items}
    names = [groups.structure.items[item] for item in tests]
    table = pd.DataFrame(
        {
            "level": level,
            "scale": [scale_of[name] for name in names],
            "item": names,
            "score": [test.score for test in tests.values()],
            "df": [test.df for test in tests.values()],
            "p_value": [p_value(test.score, test.df) for test in tests.values()],
            "freed": False,
        }
    )
    return table.sort_values("score", ascending=False, ignore_index=True)

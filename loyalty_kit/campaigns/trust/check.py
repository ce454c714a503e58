"""One check of an assignment, and from which p values on it warns and fails."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from loyalty_kit.core.messages import Message, message

FAIL, WARN = 0.001, 0.01
CLEAR = 0.1
"""Standardized difference that is looked into where chance explains it badly."""
MOST_CONTAMINATED = 0.01


@dataclass(frozen=True)
class Check:
    """One check: its outcome, figure and sentence."""

    check: str
    outcome: str
    statistic: float
    p_value: float
    message: str


def outcome_of(p: float) -> str:
    """Outcome of a test: passed, warned or failed.

    Examples
    --------
    >>> outcome_of(0.5), outcome_of(0.005), outcome_of(1e-6)
    ('passed', 'warned', 'failed')
    """
    return "failed" if p < FAIL else "warned" if p < WARN else "passed"


def by_arm(arms: Iterable[object], figures: Iterable[str]) -> Message:
    """Figure of each arm in a row, in which readers' labels stand for the arms.

    Examples
    --------
    >>> by_arm(["none", "A"], ["19", "21"])
    'none 19, A 21'
    """
    pairs = zip(arms, figures, strict=True)
    told = [message("{arm} {figure}", arm=str(arm), figure=figure) for arm, figure in pairs]
    return reduce(lambda first, second: message("{first}, {second}", first=first, second=second), told)

"""Figures that a report stands for: kept from run to run, compared between two runs, shown first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["moved", "unclear", "same", "unknown", "new", "gone"]
"""Beyond its interval; within it; equal to the last digit; without an interval to judge by; only now; only then."""


@dataclass(frozen=True)
class Estimate:
    """A figure that a report stands for.

    Attributes
    ----------
    name : str
        What history knows it by: the same in each run and in each language.
    estimate : float
        Its value.
    ci_low, ci_high : float or None
        Ends of its interval; None where it has none.
    n : int or None
        Respondents or customers behind it.
    label : str
        What readers call it; the name where empty.
    """

    name: str
    estimate: float
    ci_low: float | None = None
    ci_high: float | None = None
    n: int | None = None
    label: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Ends of the interval; None where either is lacking or no finite number."""
        low, high = self.ci_low, self.ci_high
        if low is None or high is None or not math.isfinite(low) or not math.isfinite(high):
            return None
        return low, high


Tone = Literal["good", "bad", "open", "plain"]
"""Settled and welcome; settled and not; not settled; no verdict at all."""

TILES = "application/vnd.loyalty-kit.tiles+json"
"""Kind of the output that carries a report's tiles."""


@dataclass(frozen=True)
class Tile:
    """A figure of a report's first screen, written out in the report's language.

    Attributes
    ----------
    heading, value : str
        What it is, and its value with its unit.
    detail : str
        Its interval, or what it is of.
    verdict : str
        What it comes to, in a few words; empty where it is only told.
    tone : str
        'good', 'bad', 'open' or 'plain': how the verdict is coloured and which shape stands before it.
    name : str
        What history knows the figure by, so that a page can say whether it moved; empty where it does not.
    """

    heading: str
    value: str
    detail: str = ""
    verdict: str = ""
    tone: Tone = "plain"
    name: str = ""


@dataclass(frozen=True)
class Change:
    """What became of one figure between two runs.

    Attributes
    ----------
    name, label : str
        What history and what readers call it.
    last, now : Estimate or None
        The figure in either run; None where the run does not have it.
    verdict : str
        'moved' where the interval of the difference excludes zero, 'unclear' where it does not, 'same'
        where both figures are equal, 'unknown' where one has no interval, 'new' and 'gone'.
    difference : float or None
        Now less then.
    ci_low, ci_high : float or None
        Interval of the difference, of the level that the intervals of both runs have.
    """

    name: str
    label: str
    last: Estimate | None
    now: Estimate | None
    verdict: Verdict
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def compare(now: Sequence[Estimate], last: Sequence[Estimate]) -> tuple[Change, ...]:
    """Compare the figures of two runs by name.

    Parameters
    ----------
    now, last : sequence of Estimate
        What either run recorded; figures that are no finite numbers are left out.

    Returns
    -------
    tuple of Change
        In the order of `now`; those that are gone come last.

    Notes
    -----
    See `difference_interval` for how a difference is judged. Each figure is judged on its own: with
    intervals of 95 % about one in twenty that have not moved is called moved.

    Examples
    --------
    >>> then, today = Estimate("trust", 61.0, 59.0, 63.0), Estimate("trust", 66.0, 64.0, 68.0)
    >>> compare([today, Estimate("nps", 23.0)], [then])[0].verdict
    'moved'
    """
    current = {figure.name: figure for figure in now if math.isfinite(figure.estimate)}
    before = {figure.name: figure for figure in last if math.isfinite(figure.estimate)}
    names = [*current, *(name for name in before if name not in current)]
    return tuple(_change(name, current.get(name), before.get(name)) for name in names)


def difference_interval(now: Estimate, last: Estimate) -> tuple[float, float] | None:
    """Interval of the difference of two independent estimates, from the interval of each.

    Parameters
    ----------
    now, last : Estimate
        With intervals of one level.

    Returns
    -------
    (float, float) or None
        Ends of the interval of now − last, of the same level; None where either has no interval.

    Notes
    -----
    The method of variance estimates recovery: for estimates a with (l, u) and b with (l', u') the ends are
    a − b − √((a − l)² + (u' − b)²) and a − b + √((u − a)² + (b − l')²). It needs no standard error and
    keeps intervals that lie askew askew. A bootstrap interval that does not hold its estimate counts on
    that side as if it ended there.

    The two runs are taken as independent samples. Where the same respondents answered both times their
    answers go together, so the true interval is narrower: the comparison then errs on the side of
    'not clearly moved'.

    References
    ----------
    Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about effect measures: a general
    approach. Statistics in Medicine 27(10), 1693–1702. Newcombe, R. G. (1998). Interval estimation for
    the difference between independent proportions: comparison of eleven methods. Statistics in Medicine
    17(8), 873–890, method 10.

    Examples
    --------
    >>> low, high = difference_interval(Estimate("a", 5.0, 2.0, 8.0), Estimate("a", 1.0, -3.0, 5.0))
    >>> low, high
    (-1.0, 9.0)
    """
    ours, theirs = now.interval, last.interval
    if ours is None or theirs is None:
        return None
    difference = now.estimate - last.estimate
    below = math.hypot(max(now.estimate - ours[0], 0.0), max(theirs[1] - last.estimate, 0.0))
    above = math.hypot(max(ours[1] - now.estimate, 0.0), max(last.estimate - theirs[0], 0.0))
    return difference - below, difference + above


def _change(name: str, now: Estimate | None, last: Estimate | None) -> Change:
    label = (now.label if now else "") or (last.label if last else "") or name
    if now is None or last is None:
        return Change(name, label, last, now, "gone" if now is None else "new")
    difference, ends = now.estimate - last.estimate, difference_interval(now, last)
    verdict: Verdict = "unknown" if ends is None else "unclear"
    if difference == 0:
        verdict = "same"
    elif ends is not None and not ends[0] <= 0 <= ends[1]:
        verdict = "moved"
    low, high = ends or (None, None)
    return Change(name, label, last, now, verdict, difference, low, high)

"""Named estimates that reports keep from run to run, and what changed between two runs."""

from dataclasses import dataclass


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

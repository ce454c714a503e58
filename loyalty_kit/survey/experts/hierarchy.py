"""Weights of things compared in pairs: Saaty's analytic hierarchy process."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.intake.numerals.forms import readings
from loyalty_kit.statistics.moments import Floats

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Saaty's mean consistency index of random comparisons of 1 to 15 things."""
MOST_RATIO = 0.1
PAIRS = ("thing", "against", "times")
"""Columns of a table of comparisons; 'expert' may stand beside them."""


@dataclass(frozen=True, eq=False)
class AhpResult(Result):
    """Weights from comparisons in pairs.

    Attributes
    ----------
    weights : Series
        Weight of each thing; they sum to 1.
    eigenvalue, consistency_ratio : float
        Of the comparisons of all experts together; the ratio is 0 where they fit together, and up to 0.1 by Saaty's
        rule of thumb they do well enough.
    experts : DataFrame of shape (experts, 1 + things)
        By expert, consistency_ratio, then own weight of each thing.
    n_experts, n_inconsistent : int
        Experts, and those whose ratio is above 0.1.
    """

    weights: pd.Series
    eigenvalue: float
    consistency_ratio: float
    experts: pd.DataFrame
    n_experts: int
    n_inconsistent: int
    method: str = "analytic hierarchy process"
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Weight of each thing, a row a thing: thing, weight."""
        return pd.DataFrame({"thing": list(self.weights.index), "weight": self.weights.to_numpy()})


def ahp(comparisons: pd.DataFrame) -> AhpResult:
    """Weights of things that experts compared in pairs, with the consistency of the comparisons.

    Parameters
    ----------
    comparisons : DataFrame
        Either one expert's matrix of things × things, whose cell says how many times as important the row is as the
        column; or a row a comparison: thing, against, times, and expert where there are several. Times are numbers
        above 0, or fractions such as '1/3'; each pair stands once an expert.

    Returns
    -------
    AhpResult

    Raises
    ------
    InputError
        If a pair is missing or stands twice, a number is not above 0, a matrix is not reciprocal, or there are more
        than 15 things.

    Notes
    -----
    Weights are the principal eigenvector of the matrix a of comparisons, a(j, i) = 1 / a(i, j). With its eigenvalue λ
    and n things the consistency index is (λ − n) / (n − 1), the ratio that over the index of random comparisons.
    Several experts are put together by the geometric mean of their comparisons, which alone keeps them reciprocal.

    References
    ----------
    Saaty, T. L. (1977). A scaling method for priorities in hierarchical structures. Journal of Mathematical Psychology
    15(3), 234–281. Aczél, J. & Saaty, T. L. (1983). Procedures for synthesizing ratio judgements. Journal of
    Mathematical Psychology 27(1), 93–102.

    Examples
    --------
    >>> pairs = pd.DataFrame({"thing": ["a", "a", "b"], "against": ["b", "c", "c"], "times": [2, 6, 3]})
    >>> found = ahp(pairs)
    >>> found.weights.round(3).to_dict(), round(found.consistency_ratio, 6) + 0.0
    ({'a': 0.6, 'b': 0.3, 'c': 0.1}, 0.0)
    """
    if not isinstance(comparisons, pd.DataFrame):
        raise InputError("'comparisons' must be a pandas DataFrame; got {given}.", given=kind(comparisons))
    things, matrices = _matrices(comparisons)
    if len(things) < 2:
        raise TooLittleError("Comparisons need two things or more; got {n}.", n=len(things))
    if len(things) > len(RANDOM_INDEX):
        raise InputError("Comparisons of {n} things; Saaty's index is known up to {most}.", n=len(things), most=15)
    together = np.exp(np.mean([np.log(matrix) for matrix in matrices.values()], axis=0))
    eigenvalue, weights, ratio = principal(together)
    own = {name: principal(matrix) for name, matrix in matrices.items()}
    rows = [[found[2], *found[1]] for found in own.values()]
    experts = pd.DataFrame(rows, index=pd.Index(own, name="expert"), columns=["consistency_ratio", *things])
    inconsistent = int((experts["consistency_ratio"] > MOST_RATIO).sum())
    told: list[Message] = []
    if inconsistent:
        told.append(message("Experts whose comparisons contradict one another (ratio above 0.1): {n}.", n=inconsistent))
    if ratio > MOST_RATIO:
        told.append(message("Taken together the comparisons contradict one another: ratio {ratio:.2f}.", ratio=ratio))
    return AhpResult(
        pd.Series(weights, index=things), eigenvalue, ratio, experts, len(own), inconsistent, warnings=tuple(told)
    )


def principal(matrix: Floats) -> tuple[float, Floats, float]:
    """Principal eigenvalue, eigenvector that sums to 1, and consistency ratio of a reciprocal matrix.

    Examples
    --------
    >>> value, weights, ratio = principal(np.array([[1.0, 3.0], [1 / 3, 1.0]]))
    >>> round(value, 6), weights.round(2).tolist(), ratio
    (2.0, [0.75, 0.25], 0.0)
    """
    n = len(matrix)
    values, vectors = np.linalg.eig(matrix)
    at = int(values.real.argmax())
    vector = np.abs(vectors[:, at].real)
    value = float(values[at].real)
    random = RANDOM_INDEX[n - 1]
    ratio = max(value - n, 0.0) / (n - 1) / random if random else 0.0
    return value, vector / vector.sum(), float(ratio)


def _matrices(comparisons: pd.DataFrame) -> tuple[list[str], dict[str, Floats]]:
    """Things, and the matrix of each expert."""
    if set(PAIRS) <= set(comparisons.columns):
        return _of_pairs(comparisons)
    names = [str(name) for name in comparisons.columns]
    if [str(name) for name in comparisons.index] != names:
        raise InputError(
            "'comparisons' must have the columns {columns}, or the same things as rows and as columns.",
            columns=list(PAIRS),
        )
    matrix = np.array([[times_of(cell) for cell in row] for row in comparisons.to_numpy(dtype=object)])
    wrong = ~np.isclose(matrix * matrix.T, 1, rtol=0.02)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            "'{row}' against '{column}' is {times:.3g} and the other way round {back:.3g}; one is 1 divided by the "
            "other.",
            row=names[row],
            column=names[column],
            times=float(matrix[row, column]),
            back=float(matrix[column, row]),
        )
    # Rounded fractions as .33 are made exact: what stands above the diagonal counts.
    upper = np.triu(matrix, 1)
    return names, {"1": upper + np.tril(1 / matrix.T, -1) + np.eye(len(matrix))}


def _of_pairs(comparisons: pd.DataFrame) -> tuple[list[str], dict[str, Floats]]:
    rows = comparisons[list(PAIRS)].astype(object).to_numpy().tolist()
    things = [str(name) for name in dict.fromkeys(name for row in rows for name in row[:2])]
    experts = comparisons["expert"].map(str).tolist() if "expert" in comparisons else ["1"] * len(rows)
    places = {name: at for at, name in enumerate(things)}
    matrices = {name: np.full((len(things), len(things)), np.nan) for name in dict.fromkeys(experts)}
    for expert, (thing, against, cell) in zip(experts, rows, strict=True):
        one, other, matrix = places[str(thing)], places[str(against)], matrices[expert]
        if one == other or not np.isnan(matrix[one, other]):
            _refuse(expert, experts, things, (one, other), message("stands twice"))
        matrix[one, other], matrix[other, one] = times_of(cell), 1 / times_of(cell)
    for expert, matrix in matrices.items():
        np.fill_diagonal(matrix, 1.0)
        if np.isnan(matrix).any():
            _refuse(expert, experts, things, np.argwhere(np.isnan(matrix))[0], message("is missing"))
    return things, matrices


def _refuse(
    expert: str, experts: Sequence[str], things: Sequence[str], at: Sequence[int] | Floats, what: Message
) -> None:
    """Refuse a pair of one expert, by name, or in a report by number."""
    template = "Expert '{expert}': the comparison of '{thing}' with '{against}' {what}; each pair is compared once."
    values = {"thing": things[int(at[0])], "against": things[int(at[1])], "what": what}
    number = list(dict.fromkeys(experts)).index(expert) + 1
    raise InputError(template, expert=expert, anonymous=message(template, expert=number, **values), **values)


def times_of(cell: object) -> float:
    """Read how many times as important: a number above 0, or a fraction as '1/3'.

    Examples
    --------
    >>> times_of("1/4"), times_of("3"), times_of(0.5)
    (0.25, 3.0, 0.5)
    """
    over, stroke, under = str(cell).strip().partition("/")
    parts = [readings(part.strip()) for part in (over, under or "1")]
    number = parts[0][0].value / parts[1][0].value if all(parts) and parts[1][0].value else np.nan
    if not np.isfinite(number) or number <= 0 or (stroke and not under):
        raise InputError("Times must be a number above 0 or a fraction such as 1/3; got '{given}'.", given=cell)
    return float(number)

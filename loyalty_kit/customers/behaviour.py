"""What segments do: segments of survey answers, joined with the log by the customers' ids."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_columns, check_level
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.customers.segments.segments import SegmentsResult, segments
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.intake.tables import read_table

Floats = npt.NDArray[np.float64]
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class BehaviourResult(Result):
    """What the customers of each segment buy.

    Attributes
    ----------
    table : DataFrame
        segment, customers (found in the log), purchases and amount (means), ci_low, ci_high (of the amount),
        revenue_share of all customers found.
    names : tuple of Message
        Names of the segments.
    p_value : float
        Of equal amounts in all segments (Kruskal and Wallis).
    n_used, n_unmatched : int
        Customers found in the log; those of the table who are not.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    p_value: float
    n_used: int
    n_unmatched: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a segment."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]

    @property
    def differs(self) -> bool:
        """Whether segments differ in what they bring."""
        return self.p_value < LEVEL


def read_segments(survey: list[str], *, k: int | None = None, rng: int = 0) -> SegmentsResult:
    """Latent classes of the answers in a survey file, as a notebook's parameter names it.

    Parameters
    ----------
    survey : list of str
        The file, its column of customers, and two or more questions with answers of a few kinds.
    k : int, optional
        How many; see `lk.segments`.
    rng : int
        Seed.

    Returns
    -------
    SegmentsResult

    Raises
    ------
    TooLittleError
        If no file is named.
    """
    if not survey:
        raise TooLittleError("No survey is given: name its file, its column of customers, and two questions or more.")
    if isinstance(survey, str) or len(survey) < 4:
        raise InputError(
            "'survey' must list a file, its column of customers, and two questions or more; got {given}.",
            given=shown(survey),
        )
    names = list(survey[1:])
    frame = read_table(Path(survey[0]), names, what=message("The survey")).frame
    check_columns(frame.columns, names, message("The survey"))
    return segments(frame[names], columns=names[1:], method="latent_class", k=k, samples=50, rng=rng)


def behaviour(
    groups: SegmentsResult, transactions: Transactions, *, customer: str, confidence: float = 0.95
) -> BehaviourResult:
    """Say what the customers of each segment buy, joined with a log by their ids.

    Parameters
    ----------
    groups : SegmentsResult
        Segments of a table that holds a column of ids, of survey answers for instance.
    transactions : Transactions
        A log with the same ids.
    customer : str
        Column of ids in the table of the segments.
    confidence : float
        Level of the intervals.

    Returns
    -------
    BehaviourResult

    Raises
    ------
    InputError
        If the column is absent or an id stands in it twice.
    TooLittleError
        If no id stands in the log.

    Notes
    -----
    Who answers a survey is seldom like who does not: the figures are those of customers who answered.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> answers = pd.DataFrame({"who": range(60), "a": ["yes", "no"] * 30, "b": ["yes", "no"] * 30})
    >>> groups = segments(answers, columns=["a", "b"], method="latent_class", k=2)
    >>> paid = pd.DataFrame({"who": range(60), "when": pd.Timestamp("2026-01-01"), "paid": [9, 3] * 30})
    >>> log = read_transactions(paid, customer="who", time="when", amount="paid")
    >>> sorted(behaviour(groups, log, customer="who").to_frame()["amount"])
    [3.0, 9.0]
    """
    check_level(confidence, "confidence")
    check_columns(groups.frame.columns, [customer], message("The table of segments"))
    ids = pd.Index(cell_texts(groups.frame[customer]))
    if ids.has_duplicates:
        raise InputError("Column '{column}' holds a customer twice; keep one row of each.", column=customer)
    ledger = transactions.ledger()
    bought = ledger.by_customer()
    place = pd.Index(ledger.ids.iloc[bought.index]).get_indexer(ids)
    known = place >= 0
    if not known.any():
        raise TooLittleError(
            "No customer of the survey stands in the log by the id in column '{column}'.", column=customer
        )
    rows = bought.iloc[place[known]]
    amounts = rows["net" if transactions.refunds == "net" else "spend"].to_numpy(dtype=float)
    labels = groups.labels[known]
    parts = [amounts[labels == segment] for segment in range(groups.k)]
    alike = sum(len(part) > 0 for part in parts) < 2 or len(np.unique(amounts)) < 2
    return BehaviourResult(
        table=_table(labels, rows["orders"].to_numpy(dtype=float), amounts, groups.k, confidence),
        names=groups.names,
        p_value=1.0 if alike else float(stats.kruskal(*(part for part in parts if len(part))).pvalue),
        n_used=int(known.sum()),
        n_unmatched=int((~known).sum()),
        confidence=confidence,
    )


def _table(labels: npt.NDArray[np.intp], orders: Floats, amounts: Floats, k: int, confidence: float) -> pd.DataFrame:
    sizes = np.bincount(labels, minlength=k)
    counts = np.maximum(sizes, 1)
    means = [np.bincount(labels, values, minlength=k) / counts for values in (orders, amounts)]
    squares = np.bincount(labels, (amounts - means[1][labels]) ** 2, minlength=k)
    error = np.sqrt(squares / np.maximum(sizes - 1, 1) / counts)
    half = stats.t.ppf(0.5 + confidence / 2, np.maximum(sizes - 1, 1)) * error
    return pd.DataFrame(
        {
            "segment": np.arange(1, k + 1),
            "customers": sizes,
            "purchases": means[0],
            "amount": means[1],
            "ci_low": means[1] - half,
            "ci_high": means[1] + half,
            "revenue_share": sizes * means[1] / amounts.sum() if amounts.sum() else np.nan,
        }
    )

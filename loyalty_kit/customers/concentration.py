"""How much of the revenue a few customers bring: Lorenz curve, Gini coefficient, share of the top tenth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_level, check_share
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.customers.transactions.transactions import Transactions

Floats = npt.NDArray[np.float64]
POINTS = 101
LABELS = {"top_share": message("Share of revenue of the top customers"), "gini": message("Gini coefficient of revenue")}


@dataclass(frozen=True, eq=False)
class ConcentrationResult(Result):
    """How revenue is spread over customers.

    Attributes
    ----------
    table : DataFrame
        measure ('top_share', 'gini'), estimate, ci_low, ci_high.
    curve : DataFrame
        customers, revenue: shares from the smallest customer on, at each hundredth.
    top : float
        Share of customers that counts as the top.
    revenue : float
        What all customers bring.
    n_used : int
        Customers who ever bought.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    top: float
    revenue: float
    n_used: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a measure: measure, estimate, ci_low, ci_high."""
        return self.table.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Share of the top and the Gini coefficient."""
        return tuple(
            Estimate(str(measure), float(estimate), float(low), float(high), self.n_used, LABELS[str(measure)])
            for measure, estimate, low, high in self.table.to_numpy().tolist()
        )


def concentration(transactions: Transactions, *, top: float = 0.1, confidence: float = 0.95) -> ConcentrationResult:
    """Share of the revenue that the top customers bring, with the Gini coefficient and the Lorenz curve.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    top : float
        Share of customers that counts as the top.
    confidence : float
        Level of the intervals.

    Returns
    -------
    ConcentrationResult

    Raises
    ------
    TooLittleError
        If there are fewer than 20 customers, or they bring nothing together.

    Notes
    -----
    The top holds the ceil(top n) customers with the largest amounts (net of refunds where the log is read so). The
    errors are those of linearised statistics: with q the smallest amount at the top, m the mean and S the share, a
    customer's influence on S is ((x − q) 1(x ≥ q) + top q − S x) / m; on Gini's G it is
    (2 F(x) x + 2 ∫_x^∞ t dF(t) − (1 + G) (x + m)) / m, where F is the share of customers up to x.

    References
    ----------
    Langel, M. & Tillé, Y. (2013). Variance estimation of the Gini index: revisiting a result several times
    published. Journal of the Royal Statistical Society A 176(2), 521–540. Beach, C. M. & Davidson, R. (1983).
    Distribution-free statistical inference with Lorenz curves and income shares. Review of Economic Studies 50,
    723–735.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> log = pd.DataFrame({"who": range(20), "when": pd.Timestamp("2026-01-01"), "paid": [81, *[1] * 19]})
    >>> found = concentration(read_transactions(log, customer="who", time="when", amount="paid"), top=0.05)
    >>> float(found.to_frame()["estimate"].iloc[0])
    0.81
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_share(top, "top")
    check_level(confidence, "confidence")
    customers = transactions.ledger().by_customer()
    return spread(customers["net" if transactions.refunds == "net" else "spend"].to_numpy(dtype=float), top, confidence)


def spread(amounts: Floats, top: float, confidence: float) -> ConcentrationResult:
    """Concentration of amounts, one a customer; as `concentration` has it."""
    amounts = np.sort(amounts)
    n, total = len(amounts), float(amounts.sum())
    if n < 20 or total <= 0:
        raise TooLittleError(
            "Concentration needs 20 customers or more who bring something together; the log has {n}, with {total}.",
            n=n,
            total=f"{total:g}",
        )
    z = stats.norm.ppf(0.5 + confidence / 2)
    records = []
    for measure, (estimate, influence) in {"top_share": _top(amounts, top), "gini": _gini(amounts)}.items():
        error = influence.std(ddof=1) / np.sqrt(n)
        records.append((measure, estimate, max(estimate - z * error, 0.0), min(estimate + z * error, 1.0)))
    places = np.linspace(0, 1, POINTS)
    reached = np.interp(places, np.arange(n + 1) / n, np.r_[0, np.cumsum(amounts)] / total)
    return ConcentrationResult(
        table=pd.DataFrame(records, columns=["measure", "estimate", "ci_low", "ci_high"]),
        curve=pd.DataFrame({"customers": places, "revenue": reached}),
        top=top,
        revenue=total,
        n_used=n,
        confidence=confidence,
    )


def _top(amounts: Floats, top: float) -> tuple[float, Floats]:
    """Share of the largest amounts and each customer's influence on it; amounts in rising order."""
    held = int(np.ceil(top * len(amounts) - 1e-9))
    share = amounts[-held:].sum() / amounts.sum()
    border = amounts[-held]
    above = np.where(amounts >= border, amounts - border, 0.0)
    return float(share), (above + held / len(amounts) * border - share * amounts) / amounts.mean()


def _gini(amounts: Floats) -> tuple[float, Floats]:
    """Give Gini's coefficient and each customer's influence on it; amounts in rising order."""
    n, mean = len(amounts), amounts.mean()
    rank = np.arange(1, n + 1)
    gini = 2 * (rank * amounts).sum() / (n * amounts.sum()) - (n + 1) / n
    # Half of a customer's own weight counts as below it.
    reached = (rank - 0.5) / n
    beyond = (amounts.sum() - np.cumsum(amounts) + amounts / 2) / n
    influence = (2 * reached * amounts + 2 * beyond - (1 + gini) * (amounts + mean)) / mean
    return float(gini), influence

"""Which share of the points still there is redeemed in each month of their age."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_level, check_rng, check_whole
from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.results import Result
from loyalty_kit.programme.points.life_table import LifeTable, life_table
from loyalty_kit.programme.points.postings import Postings
from loyalty_kit.programme.points.validity import Validity

Floats = npt.NDArray[np.float64]

FEWEST_MEMBERS = 30
"""Members below whom nothing is said of how points are redeemed."""


@dataclass(frozen=True, eq=False)
class RedemptionResult(Result):
    """Life table of points.

    Attributes
    ----------
    table : DataFrame
        age (whole months since the points were earned), at_risk (points still there at its beginning), redeemed,
        hazard (redeemed over at_risk), ci_low, ci_high, share (of all points earned that are redeemed by the end of
        this age; NaN from the first age that nobody has seen).
    at : date
        Day up to which was counted.
    n_used : int
        Members.
    bootstrap : int
        Samples of members.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    at: date
    n_used: int
    bootstrap: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row an age."""
        return self.table.copy()


def redemption(
    postings: Postings, validity: Validity, at: int, bootstrap: int, confidence: float, rng: int
) -> RedemptionResult:
    """Life table of points; see `PointsLedger.redemption`.

    Notes
    -----
    A lot is at risk in a month of its age when some of it is still there at the month's beginning and the month was
    seen to its end. Points that an adjustment takes away leave without being redeemed. Intervals are percentiles
    over resampled members, since the points of one member move together.
    """
    table, weights = drawn_members(postings, validity, at, bootstrap, confidence, rng)
    risk, redeemed, withdrawn, _, _ = table.weighted(np.ones((1, len(table.at_risk))))
    hazard, gone = hazards(risk, redeemed, withdrawn)
    samples = hazards(*table.weighted(weights)[:3])[0]
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(samples, ends, axis=0)
    # A product with what nobody has seen is not known.
    staying = np.cumprod(np.append(1.0, (1 - hazard[0] - gone[0])[:-1]))
    moment: date = np.datetime64(at, "D").item()
    return RedemptionResult(
        table=pd.DataFrame(
            {
                "age": np.arange(len(hazard[0])),
                "at_risk": risk[0],
                "redeemed": redeemed[0],
                "hazard": hazard[0],
                "ci_low": low,
                "ci_high": high,
                "share": np.cumsum(staying * hazard[0]),
            }
        ),
        at=moment,
        n_used=table.n_members,
        bootstrap=bootstrap,
        confidence=confidence,
    )


def drawn_members(
    postings: Postings, validity: Validity, at: int, bootstrap: int, confidence: float, rng: int
) -> tuple[LifeTable, Floats]:
    """Life table and how often each block of members stands in each sample, of shape (samples, blocks)."""
    check_whole(bootstrap, "bootstrap", 100)
    check_level(confidence, "confidence")
    generator = check_rng(rng)
    table = life_table(postings, validity, at)
    if table.n_members < FEWEST_MEMBERS:
        raise TooLittleError(
            "How points are redeemed takes {least} members or more; the ledger has {n}.",
            least=FEWEST_MEMBERS,
            n=table.n_members,
        )
    blocks = len(table.at_risk)
    return table, generator.multinomial(blocks, np.full(blocks, 1 / blocks), bootstrap).astype(float)


def hazards(risk: Floats, redeemed: Floats, withdrawn: Floats) -> tuple[Floats, Floats]:
    """Share of the points at risk that is redeemed, and that is taken away; NaN where none was at risk."""
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = np.where(risk > 0.5, risk, np.nan)
        return redeemed / seen, withdrawn / seen

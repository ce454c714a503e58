"""Points redeemed by month of earning and age: the triangle that auditors ask for, beside the life table."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.results import Result
from loyalty_kit.programme.points.chain_ladder import ChainLadder, cape_cod, chain_ladder
from loyalty_kit.programme.points.postings import Postings
from loyalty_kit.programme.points.validity import Validity, month_of

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

FEWEST_AGES = 4


@dataclass(frozen=True, eq=False)
class TriangleResult(Result):
    """Triangle of redeemed points, with the reserve by Mack's chain ladder and by Cape Cod.

    Attributes
    ----------
    cumulative : DataFrame of shape (origins, ages)
        Points redeemed so far, by month of earning and months since, from the first age at which points are redeemed
        on; NaN where not seen yet. Younger origins stand in no row, for nothing can be told of them by this method.
    exposure : Series of shape (origins,)
        Points earned.
    mack : ChainLadder
        Factors, errors and reserve by origin.
    cape_cod_rate, cape_cod_reserve : float
        Share of the earned points that is redeemed in the end, the same for all origins, and the reserve by it.
    at : date
        End of the last whole month.
    n_used : int
        Members.
    """

    cumulative: pd.DataFrame
    exposure: pd.Series
    mack: ChainLadder
    cape_cod_rate: float
    cape_cod_reserve: float
    at: date
    n_used: int

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row an origin: origin, earned, redeemed, ultimate, reserve, std_error."""
        found = self.mack
        columns = {"redeemed": found.ultimate - found.reserve, "ultimate": found.ultimate, "reserve": found.reserve}
        table = pd.DataFrame({"origin": self.exposure.index, "earned": self.exposure.to_numpy(), **columns})
        return table.assign(std_error=found.std_error)


def triangle(postings: Postings, validity: Validity, at: int) -> TriangleResult:
    """Triangle up to the last whole month; see `PointsLedger.triangle`.

    Raises
    ------
    TooLittleError
        If there are fewer than four whole months from the first redemption on.
    """
    end = month_of(np.array([at + 1]))[0]
    last = int(end.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)) - 1
    known = postings.until(last)
    months = month_of(known.day)
    first = int(months.min(initial=end))
    count = int(end) - first
    if count < FEWEST_AGES:
        raise _too_short(count)
    lots = known.lots(validity)
    taken = lots.taken
    burned = known.burned[taken.by] > 0
    lot, by, points = taken.lot[burned], taken.by[burned], taken.points[burned]
    origin = months[lot] - first
    # A debt is settled by points of a later month: at age 0.
    age = np.maximum(months[by] - months[lot], 0)
    ages = min(count, (validity.ages + 1) if validity.expires else count)
    cells = np.bincount(origin * ages + np.minimum(age, ages - 1), points, minlength=count * ages).reshape(count, ages)
    seen = np.add.outer(np.arange(count), np.arange(ages)) < count
    cumulative = np.where(seen, np.cumsum(cells, axis=1), np.nan)
    earned = np.bincount(months - first, lots.earned, minlength=count).astype(float)
    begun = _begun(cumulative)
    some = (earned > 0) & ~np.isnan(cumulative[:, begun])
    if ages - begun < FEWEST_AGES or some.sum() < FEWEST_AGES:
        raise _too_short(min(ages - begun, int(some.sum())))
    cumulative, earned = cumulative[some, begun:], earned[some]
    names = pd.Index((np.arange(count) + first).astype("datetime64[M]").astype("datetime64[D]"), name="origin")[some]
    mack = chain_ladder(cumulative)
    rate, reserve = cape_cod(mack, earned)
    moment: date = np.datetime64(last, "D").item()
    return TriangleResult(
        cumulative=pd.DataFrame(cumulative, index=names, columns=pd.RangeIndex(begun, ages, name="age")),
        exposure=pd.Series(earned, index=names, name="earned"),
        mack=mack,
        cape_cod_rate=rate,
        cape_cod_reserve=float(reserve.sum()),
        at=moment,
        n_used=len(np.unique(known.member)),
    )


def _too_short(months: int) -> TooLittleError:
    return TooLittleError(
        "A triangle takes {least} whole months from the first redemption on; the ledger has {n}.",
        least=FEWEST_AGES,
        n=max(months, 0),
    )


def _begun(cumulative: Floats) -> int:
    """First age at which points are redeemed by origins that are seen longer: nothing can develop from nothing."""
    later = ~np.isnan(cumulative[:, 1:])
    some = np.flatnonzero(np.where(later, cumulative[:, :-1], 0.0).sum(axis=0) > 0)
    return int(some[0]) if len(some) else cumulative.shape[1] - 1

"""Chain ladder with Mack's errors, Bornhuetter–Ferguson and Cape Cod: what auditors know from insurance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChainLadder:
    """Reserve of a triangle.

    Attributes
    ----------
    factors, sigma : array of shape (ages - 1,)
        Development from age to age, and the root of its variance.
    ultimate, reserve, std_error : array of shape (origins,)
        What an origin comes to in the end, what of it is still to come, and Mack's standard error of that.
    total, total_std_error : float
        Reserve of all origins and its error, which counts that they share factors.
    """

    factors: Floats
    sigma: Floats
    ultimate: Floats
    reserve: Floats
    std_error: Floats
    total: float
    total_std_error: float

    @property
    def developed(self) -> Floats:
        """Share of each origin's ultimate that has been seen."""
        return np.divide(
            self.ultimate - self.reserve, self.ultimate, out=np.ones_like(self.ultimate), where=self.ultimate != 0
        )


def chain_ladder(cumulative: Floats) -> ChainLadder:
    """Chain ladder of a triangle.

    Parameters
    ----------
    cumulative : array of shape (origins, ages)
        Cumulative figures, NaN where not seen yet; the oldest origin first. Origins may be seen to the last age.

    Notes
    -----
    f(k) = Σ C(k + 1) / Σ C(k) over origins seen at both ages; σ²(k) is the weighted variance of single factors around
    it, the last one extrapolated as min(σ⁴ / σ², σ², σ²) of those before. The error of an origin's ultimate U is
    U² Σ σ²(k) / f(k)² (1 / C(k) + 1 / S(k)) over the ages to come, S(k) the sum that f(k) stands on.

    References
    ----------
    Mack, T. (1993). Distribution-free calculation of the standard error of chain ladder reserve estimates. ASTIN
    Bulletin 23(2), 213–225.
    """
    factors, variance, base = _development(cumulative)
    full = cumulative.copy()
    for age in range(cumulative.shape[1] - 1):
        ahead = np.isnan(full[:, age + 1])
        full[ahead, age + 1] = full[ahead, age] * factors[age]
    last = (~np.isnan(cumulative)).sum(axis=1) - 1
    ultimate = full[:, -1]
    reserve = ultimate - cumulative[np.arange(len(last)), last]
    share = variance / factors**2
    ahead = np.arange(len(factors)) >= last[:, None]
    # An origin of which nothing has been seen comes to nothing, without error.
    single = np.divide(1.0, full[:, :-1], out=np.zeros_like(full[:, :-1]), where=full[:, :-1] > 0)
    parts = np.where(ahead, share * (single + 1 / base), 0.0)
    shared = np.where(ahead, 2 * share / base, 0.0).sum(axis=1)
    squared = ultimate**2 * parts.sum(axis=1)
    younger = np.array([ultimate[last < age].sum() for age in last])
    return ChainLadder(
        factors=factors,
        sigma=np.sqrt(variance),
        ultimate=ultimate,
        reserve=reserve,
        std_error=np.sqrt(squared),
        total=float(reserve.sum()),
        total_std_error=float(np.sqrt((squared + ultimate * younger * shared).sum())),
    )


def bornhuetter_ferguson(found: ChainLadder, exposure: Floats, expected: float) -> Floats:
    """Reserve of each origin by an expectation from elsewhere: exposure times it times the share still to come."""
    return exposure * expected * (1 - found.developed)


def cape_cod(found: ChainLadder, exposure: Floats) -> tuple[float, Floats]:
    """Take the expectation, one for all origins, from the triangle itself; it and the reserve of each origin by it."""
    seen = found.ultimate - found.reserve
    expected = float(seen.sum() / (exposure * found.developed).sum())
    return expected, bornhuetter_ferguson(found, exposure, expected)


def _development(cumulative: Floats) -> tuple[Floats, Floats, Floats]:
    """Factors, their variances and the sums that they stand on."""
    ages = cumulative.shape[1]
    factors, variance, base = np.ones(ages - 1), np.full(ages - 1, np.nan), np.zeros(ages - 1)
    for age in range(ages - 1):
        seen = ~np.isnan(cumulative[:, age + 1])
        before, after = cumulative[seen, age], cumulative[seen, age + 1]
        base[age] = before.sum()
        factors[age] = after.sum() / before.sum()
        some = before > 0
        if some.sum() > 1:
            apart = before[some] * (after[some] / before[some] - factors[age]) ** 2
            variance[age] = apart.sum() / (some.sum() - 1)
    if np.isnan(variance[-1]) and ages > 3:
        earlier, last = variance[-3], variance[-2]
        variance[-1] = min(last**2 / earlier if earlier > 0 else 0.0, earlier, last)
    return factors, variance, base

"""How far experts agree on an order: Kendall's W, with ties."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_numbers, check_rng, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import block_of, run_blocks

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class ConcordanceResult(Result):
    """Kendall's coefficient of concordance.

    Attributes
    ----------
    w : float
        0 (no agreement) to 1 (one order); NaN where no expert tells any two things apart.
    chi_squared, p_value : float
        Statistic with `df` degrees of freedom, and its p-value.
    df : int
        Things that were rated, less one.
    p_permutation : float
        Share of orders drawn by chance that agree as much; below eight things it is to be preferred.
    mean_ranks : Series
        Mean rank of each, 1 the lowest.
    n_experts, n_dropped : int
        Experts who rated everything, and those who did not and do not count.
    """

    w: float
    chi_squared: float
    df: int
    p_value: float
    p_permutation: float
    mean_ranks: pd.Series
    n_experts: int
    n_dropped: int
    method: str = "Kendall's W"
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row: w, chi_squared, df, p_value, p_permutation, n_experts, n_dropped."""
        names = ["w", "chi_squared", "df", "p_value", "p_permutation", "n_experts", "n_dropped"]
        return pd.DataFrame([[getattr(self, name) for name in names]], columns=names)


def kendall_w(
    ratings: pd.DataFrame, *, permutations: int = 9999, rng: int | np.random.Generator = 0
) -> ConcordanceResult:
    """Kendall's coefficient of concordance W.

    Parameters
    ----------
    ratings : DataFrame of shape (experts, things)
        Ranks or ratings; only their order within an expert counts. Experts with a missing rating are left out.
    permutations : int
        Orders drawn by chance; 0 for none.
    rng : int or Generator
        Source of chance.

    Returns
    -------
    ConcordanceResult

    Raises
    ------
    TooLittleError
        If fewer than two experts rated all of two things or more.
    InputError
        If `ratings` is no table of numbers.

    Notes
    -----
    With k experts, n things, rank sums R and T = Σ(t³ − t) over the ties of all experts,
    W = (12 ΣR² − 3 k² n (n + 1)²) / (k² n (n² − 1) − k T), and χ² = k (n − 1) W with n − 1 degrees of freedom.
    Permutations shuffle each expert's ranks; p = (1 + those with W as large) / (1 + all).

    References
    ----------
    Kendall, M. G. & Babington Smith, B. (1939). The problem of m rankings. Annals of Mathematical Statistics 10(3),
    275–287. Siegel, S. (1956). Nonparametric statistics. McGraw-Hill, chapter 9. Legendre, P. (2005). Species
    associations: the Kendall coefficient of concordance revisited. Journal of Agricultural, Biological, and
    Environmental Statistics 10(2), 226–245.

    Examples
    --------
    >>> kendall_w(pd.DataFrame([[1, 2, 3], [1, 3, 2], [1, 2, 3]])).w.__round__(3)
    0.778
    """
    check_whole(permutations, "permutations", 0)
    generator = check_rng(rng)
    values, dropped = rated(ratings)
    experts, things = values.shape
    if experts < 2 or things < 2:
        raise TooLittleError(
            "{experts} experts rated all of {things} things; agreement takes two of each.",
            experts=experts,
            things=things,
        )
    ranks = stats.rankdata(values, axis=1)
    w = float(_w(ranks[None], _ties(ranks))[0])
    chi_squared, df = experts * (things - 1) * w, things - 1
    return ConcordanceResult(
        w=w,
        chi_squared=chi_squared,
        df=df,
        p_value=float(stats.chi2.sf(chi_squared, df)) if np.isfinite(w) else np.nan,
        p_permutation=_by_chance(ranks, w, permutations, generator),
        mean_ranks=pd.Series(ranks.mean(axis=0), index=ratings.columns),
        n_experts=experts,
        n_dropped=dropped,
    )


def rated(ratings: object) -> tuple[Floats, int]:
    """Ratings of the experts who rated everything, and how many did not."""
    if not isinstance(ratings, pd.DataFrame):
        raise InputError("'ratings' must be a pandas DataFrame, experts × things; got {given}.", given=kind(ratings))
    check_numbers(ratings, list(ratings.columns), message("The table of ratings"))
    values = ratings.to_numpy(dtype=float, na_value=np.nan)
    whole = np.isfinite(values).all(axis=1)
    return values[whole], int((~whole).sum())


def _ties(ranks: Floats) -> float:
    """Σ(t³ − t) over the ties of all experts."""
    counts = [np.unique(row, return_counts=True)[1] for row in ranks]
    return float(sum((count**3 - count).sum() for count in counts))


def _w(ranks: Floats, ties: float) -> Floats:
    """W of each of several tables of ranks, tables × experts × things."""
    _, k, n = ranks.shape
    sums = ranks.sum(axis=1)
    most = k**2 * n * (n**2 - 1) - k * ties
    if most <= _ROUNDING:
        return np.full(len(ranks), np.nan)
    return np.asarray(np.clip((12 * (sums**2).sum(axis=1) - 3 * k**2 * n * (n + 1) ** 2) / most, 0, 1))


def _by_chance(ranks: Floats, w: float, permutations: int, rng: np.random.Generator) -> float:
    """Share of shuffled tables that agree as much."""
    if not permutations or not np.isfinite(w):
        return np.nan
    ties = _ties(ranks)

    def shuffled(count: int, chance: np.random.Generator) -> Floats:
        tables = np.broadcast_to(ranks, (count, *ranks.shape))
        return _w(chance.permuted(tables, axis=2), ties)

    drawn = run_blocks(shuffled, replicates=permutations, rng=rng, block=block_of(ranks.size))
    return float((1 + (drawn >= w - _ROUNDING).sum()) / (1 + permutations))

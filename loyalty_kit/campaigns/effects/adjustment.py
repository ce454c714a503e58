"""Errors of single rows: Lin's interacted analysis of covariance with HC2, and of clusters CR2 with its df."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.rows import Floats, Rows
from loyalty_kit.intake.panels.frames import collected
from loyalty_kit.statistics.grouped_moments import Block

Place = tuple[Any, str | None, Any]
IN_MEMORY = 5_000_000
"""Numbers that are fetched from a lazily held table, to see single rows."""
MANY = 1_000
"""Clusters of an arm from which on their df follow from their sizes alone."""


def unevenness(n: Floats, size: Floats, variance: Floats) -> Floats:
    """Σ q² of the clusters' shares q of the customers, from the mean and variance of their sizes; 1/n where all equal.

    Examples
    --------
    >>> sizes = np.array([1.0, 2.0, 5.0])
    >>> float(unevenness(np.float64(3.0), sizes.mean(), sizes.var(ddof=1)))
    0.46875
    """
    return np.asarray((1 + (n - 1) / n * variance / size**2) / n)


@dataclass(frozen=True, eq=False)
class Fit:
    """Least-squares fit of one arm of one cell, all that the errors of its rows need.

    With v the row of block columns, the outcome is v'outcome − center and the covariates are
    v'covariates − centers; `shift` is where the fit is evaluated, overall mean less the arm's. Of clusters,
    `size` is the place of their sizes, of mean `mean_size`, and `uneven` the sum of their squared shares.
    """

    place: Place
    columns: tuple[str, ...]
    n: float
    outcome: Floats
    center: float
    covariates: Floats
    centers: Floats
    slopes: Floats
    inverse: Floats
    shift: Floats
    residual: float
    size: int | None = None
    mean_size: float = 1.0
    uneven: float = 0.0

    def by_moments(self) -> tuple[float, float, float]:
        """Variance of the fit at `shift` from the residual variance alone, its df, and the variance expected."""
        k, reach = len(self.slopes), 1 / self.n + float(self.shift @ self.inverse @ self.shift)
        if self.size is None:
            return float(self.residual * reach), self.n - 1 - k, reach
        spread = self.residual * (1 - 1 / self.n) / (1 - self.uneven) if self.uneven < 1 else float("nan")
        return float(spread * reach), max(1 / self.uneven - 1 - k, 1.0), reach / self.mean_size

    def by_rows(self, values: Floats) -> tuple[float, float, float]:
        """Variance of the fit at `shift` from the arm's rows × columns, HC2 or CR2; its df; the variance expected.

        Notes
        -----
        Each squared residual is divided by 1 less its leverage. A cluster with the share q of the arm's customers
        has the leverage q in place of 1/n, which for a difference of two means is CR2. Were customers
        independent and alike, the variance would be a quadratic form with the trace `expected` and the df
        trace² / trace of the square (Bell & McCaffrey).

        References
        ----------
        Bell, R. M. & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with
        multi-stage samples. Survey Methodology 28(2), 169–181. Pustejovsky, J. E. & Tipton, E. (2018).
        Small-sample methods for cluster-robust variance estimation. Journal of Business & Economic Statistics
        36(4), 672–683, equations 6 and 10.
        """
        x = values @ self.covariates - self.centers
        errors = values @ self.outcome - self.center - x @ self.slopes
        shares = np.full(len(values), 1 / self.n)
        if self.size is not None:
            shares = values[:, self.size] / (self.n * self.mean_size)
        leverage = shares + np.einsum("ij,ij->i", x @ self.inverse, x)
        reach = 1 / self.n + x @ (self.inverse @ self.shift)
        rest = 1 - leverage
        with np.errstate(divide="ignore", invalid="ignore"):
            found = float(np.where(rest > 1e-10, (reach * errors) ** 2 / rest, 0.0).sum())
        if self.size is None or len(values) > MANY:
            return found, *self.by_moments()[1:]
        scale = np.where(rest > 1e-10, reach / np.sqrt(np.maximum(rest, 1e-10)), 0.0)
        return found, *self._satterthwaite(scale, shares, x)

    def _satterthwaite(self, scale: Floats, shares: Floats, x: Floats) -> tuple[float, float]:
        """Df and expectation of the variance, were the customers in the clusters independent and alike."""
        maker = np.eye(len(shares)) - shares[:, None] - x @ self.inverse @ x.T
        spread = shares * self.n / self.mean_size
        form = scale[:, None] * ((maker * spread) @ maker.T) * scale
        trace = float(np.trace(form))
        return trace**2 / float((form**2).sum()) if trace > 0 else float("nan"), trace


def fit_arms(
    blocks: Sequence[Block],
    outcomes: Sequence[tuple[float, Floats]],
    names: tuple[str, ...],
    places: Sequence[Place],
    size: str | None,
) -> tuple[Floats, list[Fit]]:
    """Fit each arm and give its adjusted value.

    Parameters
    ----------
    blocks : list of Block
        One a arm, one cell each; its columns are the metric's and the covariates'.
    outcomes : list of (float, array of shape (columns,))
        Value of the metric in the arm and the weights whose mean varies as it does.
    names : tuple of str
        Covariates.
    places : list of (arm, by, level)
        Where the rows of each arm lie.
    size : str or None
        Column of cluster sizes where a row is a cluster: covariates are then means per customer.

    Returns
    -------
    values : array of shape (arms,)
        Each arm's value at the covariate means of all arms together.
    fits : list of Fit

    Notes
    -----
    In arm a the outcome is regressed on the covariates x by itself, which is the regression of the
    outcome on arms, centred covariates and their products (Lin 2013, equation 3). The arm's value is
    ȳₐ − bₐ'(x̄ₐ − x̄). HC2 divides each squared residual by 1 − leverage.

    References
    ----------
    Lin, W. (2013). Agnostic notes on regression adjustments to experimental data. Annals of Applied
    Statistics 7(1), 295–318.
    """
    at = [blocks[0].columns.index(name) for name in names]
    base = blocks[0].columns.index(size) if size else None
    own = np.array([_level(block.sums[0], at, base, block.n[0]) for block in blocks])
    pooled = np.sum([block.sums[0] for block in blocks], axis=0)
    overall = _level(pooled, at, base, sum(block.n[0] for block in blocks))
    values, fits = np.empty(len(blocks)), []
    for i, (block, (value, outcome)) in enumerate(zip(blocks, outcomes, strict=True)):
        n, means, covariance = block.n[0], block.means[0], block.covariances[0]
        x = np.zeros((len(block.columns), len(names)))
        x[at, np.arange(len(names))] = 1.0
        if base is not None:
            x = x / means[base]
            x[base] -= own[i] / means[base]
        spread = x.T @ covariance @ x
        inverse = inverse_of(spread)
        slopes = inverse @ (x.T @ covariance @ outcome)
        shift = overall - own[i]
        left = outcome @ covariance @ outcome - slopes @ spread @ slopes
        residual = max(float(left), 0.0) * (n - 1) / (n - 1 - len(names))
        values[i] = value + slopes @ shift
        fit = Fit(
            places[i],
            block.columns,
            n,
            outcome,
            float(outcome @ means),
            x,
            means @ x,
            slopes,
            inverse / (n - 1),
            shift,
            residual,
            base,
            1.0 if base is None else float(means[base]),
            0.0 if base is None else float(unevenness(n, means[base], covariance[base, base])),
        )
        fits.append(fit)
    return values, fits


def inverse_of(spread: Floats) -> Floats:
    """Moore–Penrose inverse of covariance matrices, whose columns' units do not decide what counts as zero.

    Examples
    --------
    >>> bool(np.allclose(inverse_of(np.diag([1e9, 1e-9, 0.0])).diagonal(), [1e-9, 1e9, 0.0], rtol=1e-12))
    True
    """
    size = np.sqrt(np.maximum(np.diagonal(spread, axis1=-2, axis2=-1), 0.0))
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    outer = scale[..., :, None] * scale[..., None, :]
    return np.asarray(np.linalg.pinv(spread * outer, rcond=1e-12, hermitian=True) * outer)


def _level(sums: Floats, at: list[int], base: int | None, n: float) -> Floats:
    return np.asarray(sums[at] / (n if base is None else sums[base]))


def seen_rows(source: Any, fits: Sequence[Fit], cube: Cube) -> Rows | None:
    """Rows for HC2: those at hand, or fetched where a lazily held table is small enough; else none."""
    if source is None or isinstance(source, Rows) or not fits:
        return source if isinstance(source, Rows) else None
    names = {name for fit in fits for name in fit.columns}
    if cube.rows.sum() * len(names) > IN_MEMORY:
        return None
    caps = cube.caps if cube.unit == "customer" else {}
    bare = {caps[name][0] if name in caps else name for name in names}
    return Rows(collected(source, [cube.arm, *cube.by, *sorted(bare)]), caps)


def squared_errors(rows: Rows | None, fits: Sequence[Fit], arm: str) -> list[tuple[float, float, float]]:
    """Variance, df and expected variance of each fit: by rows where they can be seen, else by moments."""
    if rows is None:
        return [fit.by_moments() for fit in fits]
    values: dict[tuple[str, ...], Floats] = {}
    chosen: dict[Place, Any] = {}
    found = []
    for fit in fits:
        if fit.columns not in values:
            values[fit.columns] = rows.matrix(fit.columns)
        if fit.place not in chosen:
            chosen[fit.place] = _rows_at(rows, arm, fit.place)
        mine = values[fit.columns][chosen[fit.place]]
        found.append(fit.by_rows(mine if len(mine) == fit.n else mine[~np.isnan(mine).any(axis=1)]))
    return found


def _rows_at(source: Rows, column: str, place: Place) -> Any:
    arm, by, level = place
    chosen = source.where(column, arm)
    return np.flatnonzero(chosen if by is None else chosen & source.where(by, level))

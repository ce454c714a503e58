"""Is the assignment of clusters sound? What was dealt by lot is a store or a household, and those are counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.design.rows import Floats, Whole
from loyalty_kit.core.cells import level_of
from loyalty_kit.core.errors import InputError
from loyalty_kit.intake.panels.frames import check_frame, is_lazy


@dataclass(frozen=True, eq=False)
class Units:
    """One row a cluster and arm: the arm's number, its customers, and sums over them.

    Attributes
    ----------
    arm : array of shape (clusters,)
        Number of the arm.
    size, complete : array of shape (clusters,)
        Customers, and those with every covariate.
    sums, squares : array of shape (clusters, covariates)
        Over the complete customers.
    lacking : array of shape (clusters, metrics)
        Customers without the outcome.
    several : int
        Clusters with customers in more than one arm.
    """

    arm: Whole
    size: Floats
    complete: Floats
    sums: Floats
    squares: Floats
    lacking: Floats
    several: int

    @property
    def total(self) -> int:
        """Clusters, each counted once."""
        return len(self.arm) - self.several


def gather_units(campaign: Declaration, metrics: Sequence[Metric], arms: Sequence[Any]) -> Units:
    """Clusters of a campaign with what the checks need of them, in one pass."""
    outcomes = [metric.forms()[-1].columns if campaign.missing != "zero" else () for metric in metrics]
    covariates, cluster = list(campaign.covariates), str(campaign.cluster)
    check_frame(campaign.opened, [campaign.arm, cluster], [*covariates, *(c for names in outcomes for c in names)])
    frame = campaign.customers
    schema = frame.collect_schema()

    def lost(names: Sequence[str]) -> Any:
        found = nw.lit(False)
        for name in names:
            number = nw.col(name).cast(nw.Float64)
            found = found | (number.is_null() | number.is_nan() if schema[name].is_float() else number.is_null())
        return found

    whole = ~lost(covariates)
    made = {"size": nw.lit(1.0), "complete": whole.cast(nw.Float64)}
    for i, name in enumerate(covariates):
        number = nw.when(whole).then(nw.col(name).cast(nw.Float64)).otherwise(nw.lit(0.0))
        made |= {f"sum {i}": number, f"square {i}": number * number}
    made |= {f"lacking {i}": lost(names).cast(nw.Float64) for i, names in enumerate(outcomes)}
    table = frame.select(campaign.arm, cluster, **made).group_by(campaign.arm, cluster)
    table = table.agg(*(nw.col(name).sum() for name in made))
    held = pd.DataFrame((table.collect() if is_lazy(table) else table).to_pandas())
    check_cluster_ids(held[cluster], cluster)
    place = {arm: i for i, arm in enumerate(arms)}
    held = held.assign(at=[place[level_of(arm)] for arm in held[campaign.arm]]).sort_values(["at", cluster])

    def columns(what: str, count: int) -> Floats:
        return held[[f"{what} {i}" for i in range(count)]].to_numpy(dtype=float)

    return Units(
        held["at"].to_numpy(dtype=np.intp),
        held["size"].to_numpy(dtype=float),
        held["complete"].to_numpy(dtype=float),
        columns("sum", len(covariates)),
        columns("square", len(covariates)),
        columns("lacking", len(metrics)),
        int((held[cluster].value_counts() > 1).sum()),
    )


def check_cluster_ids(ids: pd.Series, cluster: str) -> None:
    """Refuse a campaign in which a customer belongs to no cluster."""
    if ids.isna().any():
        raise InputError(
            "Column '{column}' is missing for some customers; everybody needs the one with which the lot was drawn, "
            "or is left out of the file beforehand.",
            column=cluster,
        )


def wald_of_units(sums: Floats, sizes: Floats, arm: Whole, arms: int) -> tuple[float, float]:
    """Statistic and p value that no mean per customer differs between any arm and the first, by clusters.

    Parameters
    ----------
    sums : array of shape (clusters, columns)
        Over the customers of each cluster.
    sizes : array of shape (clusters,)
        Customers.
    arm : array of shape (clusters,)
        Number of the arm.
    arms : int
        How many.

    Returns
    -------
    statistic, p_value : float
        NaN where the clusters are too few for so many columns.

    Notes
    -----
    Hotelling's T² of the differences with CR2 covariances; its df are Σ (1/Σq² − 1), where q are the clusters'
    shares of their arm's customers: clusters − arms where all are of one size.

    References
    ----------
    Pustejovsky, J. E. & Tipton, E. (2018). Small-sample methods for cluster-robust variance estimation.
    Journal of Business & Economic Statistics 36(4), 672–683, section 3.

    Examples
    --------
    >>> sums = np.array([[1.0], [2.0], [3.0], [2.0], [3.0], [5.0]])
    >>> statistic, p = wald_of_units(sums, np.ones(6), np.array([0, 0, 0, 1, 1, 1]), 2)
    >>> round(statistic, 3), round(p, 3)
    (1.6, 0.275)
    """
    means, spreads, df = [], [], 0.0
    for i in range(arms):
        mine, size = sums[arm == i], sizes[arm == i]
        share = size / max(size.sum(), 1.0)
        mean = mine.sum(axis=0) / max(size.sum(), 1.0)
        errors = (mine - size[:, None] * mean) / max(size.sum(), 1.0)
        rest = np.where(share < 1 - 1e-10, 1 - share, np.inf)
        means.append(mean)
        spreads.append((errors / rest[:, None]).T @ errors)
        df += 1 / float((share**2).sum()) - 1 if size.sum() else 0.0
    k, treatments = sums.shape[1], arms - 1
    difference = np.concatenate([mean - means[0] for mean in means[1:]])
    joint = np.kron(np.ones((treatments, treatments)), spreads[0])
    for i, spread in enumerate(spreads[1:]):
        joint[i * k : (i + 1) * k, i * k : (i + 1) * k] += spread
    rank = int(np.linalg.matrix_rank(joint, hermitian=True))
    statistic = float(difference @ np.linalg.pinv(joint, hermitian=True) @ difference)
    left = df - rank + 1
    if rank == 0:
        return 0.0, 1.0
    if rank >= df:
        return statistic, float("nan")
    return statistic, float(stats.f.sf(statistic * left / (df * rank), rank, left))

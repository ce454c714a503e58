"""Segments of customers: how many, how sure, and whether there are any."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.checks import check_choice, check_responses, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.segments.features import Features, features_of
from loyalty_kit.customers.segments.fits import METHODS, Fit, fit
from loyalty_kit.customers.segments.stability import recovery, silhouette
from loyalty_kit.customers.segments.structure import StructureResult, cloud, shuffled, structure_of
from loyalty_kit.customers.segments.tree import TreeResult, tree_of

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

TRIED = (2, 3, 4, 5, 6)
STABLE = 0.75
"""Jaccard similarity from which a segment counts as stable (Hennig 2007)."""
CHANCE_SAMPLES = 20
CHOICE_SAMPLES = 25
TRIAL_STARTS = 5
"""Starts of the fits among which the number of segments is chosen; the chosen one has more."""
MARKED = 0.5
"""Standard deviations from the mean at which a column marks a segment."""


@dataclass(frozen=True, eq=False)
class SegmentsResult(Result):
    """Segments of customers, numbered from 1, the largest first.

    Attributes
    ----------
    table : DataFrame
        segment, customers, share, and the mean of each column in the segment.
    profile : DataFrame of shape (segments, columns)
        Means in standard deviations from the mean of all; for categories the share of each segment in the most
        frequent category.
    names : tuple of Message
        Names that the profile suggests.
    method : str
        'kmeans', 'gmm', 'ward' or 'latent_class'.
    k, n_used, n_dropped : int
        Segments; customers; rows without every column.
    labels : array of shape (customers,)
        Segment of each complete row, from 0.
    """

    table: pd.DataFrame
    profile: pd.DataFrame
    names: tuple[Message, ...]
    method: str
    k: int
    n_used: int
    n_dropped: int
    labels: Whole
    frame: pd.DataFrame
    features: Features
    fitted: Fit
    tried: pd.DataFrame
    samples: int
    seed: int
    warnings: tuple[Message, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a segment: segment, customers, share, and the mean of each column."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]

    @cached_property
    def _values(self) -> Floats:
        return self.features.values(self.frame)

    def stability(self) -> pd.DataFrame:
        """Jaccard similarity of each segment with its like in bootstrap samples, beside that of no structure.

        Returns
        -------
        DataFrame
            segment, jaccard, by_chance (the same k in a cloud of the same moments), sure (share of its customers who
            are in it again in nine of ten samples), verdict ('stable', 'unsure', 'dissolves').
        """
        return self._stability.copy()

    @cached_property
    def _stability(self) -> pd.DataFrame:
        rng = np.random.default_rng([self.seed, 1])
        found = recovery(self._values, self.labels, self.k, self.method, self.samples, rng)
        jaccard = found.jaccard.mean(axis=0)
        sure = np.bincount(self.labels, found.again >= 0.9, minlength=self.k) / self.table["customers"].to_numpy()
        verdict = np.where(jaccard >= STABLE, "stable", np.where(jaccard >= 0.5, "unsure", "dissolves"))
        return pd.DataFrame(
            {
                "segment": np.arange(1, self.k + 1),
                "jaccard": jaccard,
                "by_chance": self._by_chance(rng),
                "sure": sure,
                "verdict": verdict,
            }
        )

    def _by_chance(self, rng: np.random.Generator) -> float:
        """Mean similarity of segments of a cloud without structure."""
        nothing = (shuffled if self.method == "latent_class" else cloud)(self._values)(rng)
        labels = fit(nothing, self.k, self.method, rng, starts=5)[1]
        found = recovery(nothing, labels, self.k, self.method, CHANCE_SAMPLES, rng)
        return float(found.jaccard.mean())

    def choice(self) -> pd.DataFrame:
        """Numbers of segments that were tried: k, criterion (BIC), silhouette, stability (its least stable one's)."""
        return self.tried.copy()

    def structure(self, *, samples: int = 39) -> StructureResult:
        """Test whether there is any structure, against a cloud with the same moments.

        Parameters
        ----------
        samples : int
            Draws without structure; with 19, 39, 59 … the level of 5 % is exact.

        Returns
        -------
        StructureResult

        Notes
        -----
        A parametric bootstrap: normal draws with the same means, spreads and correlations are parted into as many
        segments, and how clearly these are apart is compared (simplified silhouette); for latent classes, answers
        drawn from each item's own shares and the gain in log-likelihood over one class. A column in which most
        customers are alike (one order) is no normal cloud: a second set of draws keeps every column's own distribution
        and only joins them as a cloud would. Where those fall apart as clearly, the groups are the columns' own, and
        crossing the columns tells as much. What lies between clear and none is called neither.
        """
        check_whole(samples, "samples", 19)
        return structure_of(self._values, self.k, self.method, samples, np.random.default_rng([self.seed, 2]))

    def tree(self) -> TreeResult:
        """Rules of at most three splits that lead to the segments, and how often they are right."""
        columns = self.frame[list(self.features.columns)]
        numbers = columns if not self.features.levels else pd.DataFrame(self._values, columns=columns.columns)
        return tree_of(numbers, self.labels, self.seed)

    def assign(self, new: pd.DataFrame) -> pd.DataFrame:
        """Segments of other customers.

        Parameters
        ----------
        new : DataFrame of shape (customers, columns)
            With the same columns in the same units.

        Returns
        -------
        DataFrame of shape (customers, 2)
            segment (1 to k) and its probability, with the index of `new`; missing where a column is.
        """
        check_responses(new, self.features.columns, "rows")
        known = self.features.complete(new)
        out = pd.DataFrame({"segment": np.nan, "probability": np.nan}, index=new.index)
        if known.any():
            found = self.fitted.probabilities(self.features.values(new[known]))
            out.loc[known, "segment"] = found.argmax(axis=1) + 1.0
            out.loc[known, "probability"] = found.max(axis=1)
        return out

    def drift(self, later: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
        """Sizes of the segments now and among the customers of a later table.

        Returns
        -------
        DataFrame
            segment, share, later_share, ci_low, ci_high (Wilson's, of the later share).
        """
        found = self.assign(later)["segment"].dropna().astype(int)
        sizes = np.bincount(found - 1, minlength=self.k)
        low, high = proportion_confint(sizes, max(len(found), 1), 1 - confidence, "wilson")
        shares = sizes / max(len(found), 1)
        return self.table[["segment", "share"]].assign(later_share=shares, ci_low=low, ci_high=high)


def segments(
    table: pd.DataFrame,
    *,
    columns: Sequence[str],
    method: Literal["kmeans", "gmm", "ward", "latent_class"] = "kmeans",
    k: int | None = None,
    logs: Sequence[str] = (),
    samples: int = 100,
    rng: int = 0,
) -> SegmentsResult:
    """Part customers into segments and say how sure these are.

    Parameters
    ----------
    table : DataFrame of shape (customers, columns)
        A row a customer.
    columns : list of str
        Numbers, which are standardized; for latent classes categories.
    method : {'kmeans', 'gmm', 'ward', 'latent_class'}
        'gmm' has one covariance matrix for all segments.
    k : int, optional
        How many; if absent, the largest of 2 to 6 whose every segment comes back in bootstrap samples (mean Jaccard
        similarity of .75 or more), or 2 where none does.
    logs : list of str
        Columns that count as log(1 + x), as skewed ones should: amounts, counts, days.
    samples : int
        Bootstrap samples of `stability`.
    rng : int
        Seed.

    Returns
    -------
    SegmentsResult

    Raises
    ------
    InputError
        If a column is absent, constant or of the wrong kind, fewer than 50 rows are complete, or Ward's method is
        asked for more than 20,000 rows.

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52(1),
    258–271. Dolnicar, S. & Leisch, F. (2010). Evaluation of structure and reproducibility of cluster solutions using
    the bootstrap. Marketing Letters 21(1), 83–101.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> places = np.repeat([[0, 0], [6, 0], [0, 6]], [50, 40, 30], axis=0)
    >>> table = pd.DataFrame(places + rng.normal(size=(120, 2)), columns=["visits", "spend"])
    >>> found = segments(table, columns=["visits", "spend"])
    >>> found.k, found.to_frame()["customers"].tolist()
    (3, [50, 40, 30])
    """
    check_choice(method, "method", METHODS)
    check_whole(samples, "samples", 10)
    if k is not None:
        check_whole(k, "k", 2)
    features = features_of(table, columns, logs, categories=method == "latent_class")
    known = table[features.complete(table)].reset_index(drop=True)
    values = features.values(known)
    if k is not None and k > len(np.unique(values, axis=0)):
        raise InputError("'k' is {k}, but only {n} rows differ.", k=k, n=len(np.unique(values, axis=0)))
    tried = _tried(values, method, [k] if k else list(TRIED), rng)
    chosen = k or _chosen(tried)
    fitted, labels = fit(values, chosen, method, np.random.default_rng([rng, 0, chosen]))
    profile = _profile(values, labels, features, chosen)
    return SegmentsResult(
        table=_sizes(known, labels, features, chosen),
        profile=profile,
        names=tuple(_name(row) for _, row in profile.iterrows()),
        method=method,
        k=chosen,
        n_used=len(known),
        n_dropped=len(table) - len(known),
        labels=labels,
        frame=known,
        features=features,
        fitted=fitted,
        tried=tried,
        samples=samples,
        seed=rng,
        warnings=_warnings(tried, chosen, k is None),
    )


def _tried(values: Floats, method: str, tried: list[int], seed: int) -> pd.DataFrame:
    records = []
    for k in tried:
        rng = np.random.default_rng([seed, 0, k])
        fitted, labels = fit(values, k, method, rng, starts=TRIAL_STARTS)
        whole = len(np.unique(labels)) == k
        back = recovery(values, labels, k, method, CHOICE_SAMPLES, rng).jaccard.mean(axis=0).min() if whole else 0.0
        width = float("nan") if method == "latent_class" else silhouette(values, labels, rng)
        records.append((k, fitted.criterion, width, float(back)))
    return pd.DataFrame(records, columns=["k", "criterion", "silhouette", "stability"])


def _chosen(tried: pd.DataFrame) -> int:
    stable = tried.loc[tried["stability"] >= STABLE, "k"]
    return int(stable.max()) if len(stable) else TRIED[0]


def _warnings(tried: pd.DataFrame, k: int, free: bool) -> tuple[Message, ...]:
    if free and not (tried["stability"] >= STABLE).any():
        return (
            message(
                "No number of segments from 2 to 6 comes back in other samples: these two are a cut, not a finding."
            ),
        )
    return ()


def _sizes(table: pd.DataFrame, labels: Whole, features: Features, k: int) -> pd.DataFrame:
    sizes = np.bincount(labels, minlength=k)
    out = pd.DataFrame({"segment": np.arange(1, k + 1), "customers": sizes, "share": sizes / len(labels)})
    if not features.levels:
        for name in features.columns:
            sums = np.bincount(labels, table[name].to_numpy(dtype=float), minlength=k)
            out[name] = sums / np.maximum(sizes, 1)
    return out


def _profile(values: Floats, labels: Whole, features: Features, k: int) -> pd.DataFrame:
    sizes = np.maximum(np.bincount(labels, minlength=k), 1)
    spread = values.std(axis=0, ddof=1)
    scaled = (values - values.mean(axis=0)) / spread
    means = np.column_stack([np.bincount(labels, column, minlength=k) / sizes for column in scaled.T])
    return pd.DataFrame(means, index=np.arange(1, k + 1), columns=list(features.columns))


def _name(row: pd.Series) -> Message:
    """Name by the two columns in which a segment stands out most."""
    order = row.abs().sort_values(ascending=False, kind="stable").index
    marked = [name for name in order if abs(row[name]) >= MARKED][:2]
    parts = [
        message("high {feature}", feature=name) if row[name] > 0 else message("low {feature}", feature=name)
        for name in marked
    ]
    if not parts:
        return message("near the average")
    return parts[0] if len(parts) == 1 else message("{first}, {second}", first=parts[0], second=parts[1])

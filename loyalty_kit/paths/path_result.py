"""Result of a path model: its paths, effects and the quality of its constructs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_rng, check_whole
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.paths.covariance.fit import Structure
from loyalty_kit.paths.covariance.tables import (
    INDEX_COLUMNS,
    PARAMETER_COLUMNS,
    modification_table,
    parameter_table,
    with_errors,
)
from loyalty_kit.paths.groups.by_group import PathGroupsResult, Settings, compare_groups
from loyalty_kit.paths.model.effects import effect_table
from loyalty_kit.paths.model.fitted import Inner
from loyalty_kit.paths.model.intervals import bias_corrected, percentile
from loyalty_kit.paths.model.specification import Answers, Floats, Specification
from loyalty_kit.paths.pls.partial_least_squares import Scheme, outer_weights, score_correlations
from loyalty_kit.paths.prediction.held_out import parts_of
from loyalty_kit.paths.prediction.predict import PathPredictionResult, predict
from loyalty_kit.paths.prediction.priorities import PathPriorityResult, path_priorities
from loyalty_kit.paths.prediction.rivals import RivalsResult, rivals
from loyalty_kit.paths.quality import PathQualityResult, construct_table, distinct_table, item_table
from loyalty_kit.survey.codebook import Codebook

_COLUMNS = ["source", "target", "estimate", "ci_low", "ci_high", "bca_low", "bca_high", "f2", "vif", "verdict"]
_COLLINEAR = 5.0


@dataclass(frozen=True, eq=False)
class PathResult(Result):
    """Paths among constructs, with intervals.

    Attributes
    ----------
    model : Specification
        Constructs, items and paths.
    correlations : array of shape (items, items)
    weights, loadings : array of shape (items, constructs)
    inner : Inner
        Paths, R² and correlations of the constructs.
    f2 : array of shape (paths,)
    ratios : array of shape (constructs, constructs)
        HTMT.
    samples, left_out : array of shape (samples, figures)
        Paths, R² and HTMT of each bootstrap sample, and without each part of the respondents.
    answers : Answers
        Keyed answers behind it, and their weights.
    n_failed : int
        Bootstrap samples that did not settle and are left out.
    responses : DataFrame of shape (respondents, columns)
        Answers as given, with the columns of groups.
    structure : Structure or None
        Covariance structure behind it under 'ml' and 'mlr'.
    """

    model: Specification = field(repr=False)
    correlations: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    loadings: Floats = field(repr=False)
    inner: Inner = field(repr=False)
    f2: Floats = field(repr=False)
    ratios: Floats = field(repr=False)
    samples: Floats = field(repr=False)
    left_out: Floats = field(repr=False)
    answers: Answers = field(repr=False)
    scheme: Scheme
    labels: Mapping[str, str]
    estimator: str
    method: str
    confidence: float
    n_used: int
    n_dropped: int
    n_failed: int
    title: str
    codebook: Codebook = field(repr=False)
    responses: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    structure: Structure | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Paths: source, target, estimate, intervals (percentile and BCa), f2, r2 of the target with interval, vif.

        `verdict` is 'positive' or 'negative' where the percentile interval leaves zero out, 'unclear' elsewhere, and
        'collinear' where the VIF is above 5 and no path can be told from its neighbours. Under 'ml' and 'mlr'
        further std_error, delta_low, delta_high of the estimate by the delta method, and unstandardized with its
        unstandardized_error in the units of the constructs' first items.
        """
        edges, constructs = self.model.edges, self.model.constructs
        count = len(edges)
        estimate = np.array([self.inner.paths[edge] for edge in edges])
        low, high = percentile(self.samples[:, :count], self.confidence)
        bca = bias_corrected(self.samples[:, :count], estimate, self.left_out[:, :count], self.confidence)
        inflation = self._inflation()
        told = [_verdict(*each) for each in zip(low, high, inflation, strict=True)]
        names = [(constructs[a], constructs[b]) for a, b in edges]
        cells = zip(names, estimate, low, high, *bca, self.f2, inflation, told, strict=True)
        table = pd.DataFrame([(*pair, *rest) for pair, *rest in cells], columns=_COLUMNS)
        table = table.merge(self.r_squared(), on="target")
        table = table[[*_COLUMNS[:8], "r2", "r2_low", "r2_high", "r2_adjusted", *_COLUMNS[8:]]]
        if self.structure is None:
            return table
        return with_errors(table.assign(kind="direct", via=""), self.structure, self.confidence).drop(
            columns=["kind", "via"]
        )

    @property
    def outcome(self) -> str:
        """Construct that a report is about: that of the role 'outcome' among those explained, else the last."""
        explained = [self.model.constructs[j] for j in self.model.explained]
        named = [name for name in self.codebook.role("outcome") if name in explained]
        ends = [self.model.constructs[j] for j in self.model.explained if not self.model.structure[j].any()]
        return (named or ends)[-1]

    def estimates(self) -> tuple[Estimate, ...]:
        """Each path, and R² of each construct that others act on."""
        paths = (
            Estimate(
                f"paths/{row['target']}/{row['source']}",
                row["estimate"],
                row["ci_low"],
                row["ci_high"],
                self.n_used,
                message("Path from {source} to {target}", source=row["source"], target=row["target"]),
            )
            for row in self.to_frame().to_dict("records")
        )
        explained = (
            Estimate(
                f"paths/{row['target']}/r_squared",
                row["r2"],
                row["r2_low"],
                row["r2_high"],
                self.n_used,
                message("R² of {outcome}", outcome=self.labels.get(row["target"], row["target"])),
            )
            for row in self.r_squared().to_dict("records")
        )
        return (*explained, *paths)

    def r_squared(self) -> pd.DataFrame:
        """R² of each construct that is explained: target, r2, r2_low, r2_high, r2_adjusted, bic."""
        first = len(self.model.edges)
        ends = percentile(self.samples[:, first : first + len(self.model.explained)], self.confidence)
        rows = []
        for place, j in enumerate(self.model.explained):
            n, sources, found = self.n_used, len(self.model.sources(j)), float(self.inner.r_squared[j])
            adjusted = 1 - (1 - found) * (n - 1) / (n - sources - 1)
            bic = n * np.log((1 - found) * (n - 1) / n) + (sources + 1) * np.log(n)
            rows.append((self.model.constructs[j], found, *ends[:, place], adjusted, bic))
        return pd.DataFrame(rows, columns=["target", "r2", "r2_low", "r2_high", "r2_adjusted", "bic"])

    def effects(self) -> pd.DataFrame:
        """Direct, each indirect and total effect of each pair, with its kind of mediation.

        Returns
        -------
        DataFrame
            source, via, target, kind ('direct', 'indirect', 'total_indirect', 'total'), estimate, ci_low, ci_high,
            bca_low, bca_high, share_of_total, mediation ('complementary', 'competitive', 'indirect_only',
            'direct_only', 'none', or empty where nothing stands between the two); under 'ml' and 'mlr' further the
            columns of `to_frame`.
        """
        drawn, left = self._paths_of(self.samples), self._paths_of(self.left_out)
        table = effect_table(self.model, self.inner.paths, drawn, left, self.confidence)
        return table if self.structure is None else with_errors(table, self.structure, self.confidence)

    def parameters(self) -> pd.DataFrame:
        """Tabulate all parameters of the covariance structure, empty but under 'ml' and 'mlr'.

        kind ('loading', 'path', 'covariance', 'variance', 'residual variance'; variances and covariances are of what
        the paths leave), first, second, estimate, std_error, z, p_value, standardized.
        """
        return pd.DataFrame(columns=PARAMETER_COLUMNS) if self.structure is None else parameter_table(self.structure)

    @property
    def fit(self) -> pd.Series:
        """Fit of the covariance structure, as of `cfa`; empty but under 'ml' and 'mlr'."""
        return pd.Series({} if self.structure is None else self.structure.solution.fit, name="fit", dtype=float)

    @property
    def modification_indices(self) -> pd.DataFrame:
        """What each path, cross-loading and residual covariance left out would gain, largest first.

        kind ('path', 'loading', 'residual covariance'), first, second (source and target, scale and item, or two
        items), modification_index (fall of chi²), expected_change, standardized_change; empty but under 'ml' and
        'mlr'. Paths against the direction of the model are not tried.
        """
        return pd.DataFrame(columns=INDEX_COLUMNS) if self.structure is None else modification_table(self.structure)

    def quality(self) -> PathQualityResult:
        """Judge loadings and weights of the items, reliability of the constructs, and whether these are distinct."""
        after = len(self.model.edges) + len(self.model.explained)
        ends = percentile(self.samples[:, after:], self.confidence)
        constructs = construct_table(self.model, self.correlations, self.weights, self.loadings)
        return PathQualityResult(
            constructs=constructs if self.structure is None else constructs.assign(rho_a=np.nan),
            items=item_table(self.model, self.correlations, self.weights, self.loadings),
            distinct=distinct_table(self.model, self.ratios, ends),
            labels=self.labels,
            n_used=self.n_used,
            confidence=self.confidence,
        )

    def predict(self, folds: int | None = None, *, rng: int | np.random.Generator = 0) -> PathPredictionResult:
        """Predict the answers of respondents by the model that is fitted without them.

        Parameters
        ----------
        folds : int, optional
            Parts that are left out in turn, drawn by lot; each respondent where not given (2,000 parts at most).
        rng : int or Generator
            Seed or source of chance of the parts.

        Returns
        -------
        PathPredictionResult
            Errors against the item's mean and against a regression on the items of the direct antecedents. The
            weights of the items are those of partial least squares, also under 'plsc', whose corrected correlations
            are of constructs that nobody observes.

        Raises
        ------
        InputError
            If folds are below 2 or above the respondents, or the model does not settle without more than 5 % of them.
        """
        return predict(self.answers, self._parts(folds, rng), self.model, self.scheme, **self._about())

    def priorities(
        self,
        outcome: str,
        *,
        prediction: PathPredictionResult | None = None,
        bootstrap: int = 1000,
        rng: int | np.random.Generator = 0,
    ) -> PathPriorityResult:
        """Find where to act for an outcome: importance through all paths against performance, down to the items.

        Parameters
        ----------
        outcome : str
            Construct that others act on.
        prediction : PathPredictionResult, optional
            What `predict` gave: where the outcome of unseen customers is predicted no better than by its mean,
            reports do not say where to act first.
        bootstrap : int
            Samples of the intervals, 200 or more.
        rng : int or Generator
            Seed or source of chance.

        Returns
        -------
        PathPriorityResult

        Raises
        ------
        InputError
            If nothing acts on the outcome.
        """
        check_whole(bootstrap, "bootstrap", 200)
        about = self._about()
        del about["labels"]
        return path_priorities(
            self.answers,
            self.model,
            self.scheme,
            outcome,
            self.codebook,
            predicts=prediction is None or prediction.verdict(outcome) != "none",
            bootstrap=bootstrap,
            rng=check_rng(rng),
            **about,
        )

    def rivals(self, folds: int | None = None, *, rng: int | np.random.Generator = 0) -> RivalsResult:
        """Compare the model with those in which a path, or all, are turned round or one is left out.

        Parameters
        ----------
        folds : int, optional
            As in `predict`.
        rng : int or Generator
            Seed or source of chance of the parts.

        Returns
        -------
        RivalsResult
            Each rival's error out of sample and its BIC beside the model's, and which predicts as well.
        """
        weights = outer_weights(self.correlations[None], self.model, self.scheme).weights
        scores = score_correlations(weights, self.correlations[None])[0]
        return rivals(self.answers, self._parts(folds, rng), self.model, self.scheme, scores, **self._about())

    def by(
        self,
        group: str,
        *,
        permutations: int = 1000,
        bootstrap: int = 1000,
        min_cell: int = 50,
        rng: int | np.random.Generator = 0,
    ) -> PathGroupsResult:
        """Fit the model in each group and compare its paths, where the constructs of the groups are the same.

        Parameters
        ----------
        group : str
            Column of groups.
        permutations : int
            Draws of groups by lot behind each probability, 200 or more.
        bootstrap : int
            Samples of the intervals of each group, 200 or more.
        min_cell : int
            Fewest respondents of a group that is compared; smaller ones are named and left out.
        rng : int or Generator
            Seed or source of chance.

        Returns
        -------
        PathGroupsResult
            `refusals` says why groups are not compared.

        Notes
        -----
        Under 'pls' and 'plsc' two groups are compared where their answers make up each construct alike (MICOM: the
        same items and settings, compositional invariance by permutation; equal means and variances are told beside
        it). Under 'ml' and 'mlr' groups are compared where `lk.invariance` finds their loadings equal. Differences
        are of standardized paths, with probabilities by permutation of the groups, Holm's over all pairs and paths.

        References
        ----------
        Chin, W. W. & Dibbern, J. (2010). An introduction to a permutation based procedure for multi-group PLS
        analysis. In Handbook of partial least squares, 171–193.

        Henseler, J., Ringle, C. M. & Sarstedt, M. (2016). Testing measurement invariance of composites using partial
        least squares. International Marketing Review 33(3), 405–431.
        """
        check_whole(permutations, "permutations", 200)
        check_whole(bootstrap, "bootstrap", 200)
        check_whole(min_cell, "min_cell", 1)
        return compare_groups(
            self.responses,
            self.codebook,
            Settings(self.model, self.estimator, self.scheme, self.confidence),
            group,
            permutations=permutations,
            bootstrap=bootstrap,
            min_cell=min_cell,
            rng=check_rng(rng),
        )

    def _parts(self, folds: int | None, rng: int | np.random.Generator) -> npt.NDArray[np.intp]:
        if folds is not None:
            check_whole(folds, "folds", 2)
        return parts_of(self.n_used, folds, check_rng(rng))

    def _about(self) -> dict[str, Any]:
        return {"labels": self.labels, "n_dropped": self.n_dropped, "confidence": self.confidence}

    def _paths_of(self, samples: Floats) -> Floats:
        """Paths of samples at (source, target)."""
        size = len(self.model.constructs)
        found = np.zeros((len(samples), size, size))
        first, second = (np.array(places, dtype=int) for places in zip(*self.model.edges, strict=True))
        found[:, first, second] = samples[:, : len(first)]
        return found

    def _inflation(self) -> Floats:
        """VIF of each path, by the correlations that the paths come from."""
        found: list[float] = []
        for j in self.model.explained:
            sources = self.model.sources(j)
            found += list(np.diag(np.linalg.inv(self.inner.correlations[np.ix_(sources, sources)])))
        return np.array(found)


def _verdict(low: float, high: float, inflation: float) -> str:
    if low > 0 or high < 0:
        return "positive" if low > 0 else "negative"
    return "collinear" if inflation > _COLLINEAR else "unclear"

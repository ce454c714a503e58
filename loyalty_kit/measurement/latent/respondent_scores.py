"""Scores of respondents on the factors of an estimated model, and how far they determine the factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.statistics.moments import Floats

ScoreMethod = Literal["regression", "bartlett"]


@dataclass(frozen=True, eq=False)
class FactorScores(Result):
    """Factor scores of single respondents.

    Attributes
    ----------
    scores : DataFrame of shape (respondents, factors)
        In the units of the model's factors and about 0, the factors' mean, with the rows' own index. Missing under
        'bartlett' where none of a factor's items was answered.
    determinacies : DataFrame of shape (respondents, factors)
        Correlation of each score with its factor, given what that respondent answered.
    determinacy : Series
        The same for complete answers, by factor.
    n_used : int
        Respondents.
    method : str
        'regression' or 'bartlett'.
    warnings : tuple of str
        Warnings of the factor model.
    """

    scores: pd.DataFrame
    determinacies: pd.DataFrame
    determinacy: pd.Series
    n_used: int
    method: ScoreMethod
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tabulate by factor: scale, determinacy, lowest_determinacy (over respondents), sd of the scores."""
        return pd.DataFrame(
            {
                "scale": list(self.scores.columns),
                "determinacy": self.determinacy.to_numpy(),
                "lowest_determinacy": self.determinacies.min().to_numpy(),
                "sd": self.scores.std(ddof=0).to_numpy(),
            }
        )


@dataclass(frozen=True, eq=False)
class Measured:
    """What scores need of a model: factors' names, Λ, Ψ, Σ and μ at the estimates."""

    names: tuple[str, ...]
    loadings: Floats
    factors: Floats
    covariance: Floats
    mean: Floats

    def weights(self, answered: np.ndarray, method: ScoreMethod) -> tuple[Floats, Floats]:
        """Weights of the answered items (factors × items), NaN where nothing tells a factor, and determinacies."""
        loadings, variance = self.loadings[answered], np.diag(self.factors)
        through = np.linalg.solve(self.covariance[np.ix_(answered, answered)], loadings)
        if method == "regression":
            found = self.factors @ through.T
            explained = ((found @ loadings) * self.factors).sum(axis=1)
            return found, np.sqrt(explained / variance)
        spread = np.linalg.pinv(loadings.T @ through, hermitian=True)
        found = spread @ through.T
        silent = ~(loadings != 0).any(axis=0)
        found[silent] = np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            known = np.sqrt(variance / np.diag(spread))
        return found, np.where(silent, np.nan, known)

    def scored(self, values: Floats, method: ScoreMethod) -> tuple[Floats, Floats]:
        """Scores and determinacies of rows with gaps (rows × factors), a pattern of answers at a time."""
        patterns, place = np.unique(np.isfinite(values), axis=0, return_inverse=True)
        off, place = values - self.mean, place.reshape(-1)
        scores, determinacies = np.full((2, len(values), len(self.factors)), np.nan)
        for g, answered in enumerate(patterns):
            rows = np.flatnonzero(place == g)
            weights, known = self.weights(answered, method)
            scores[rows] = off[np.ix_(rows, np.flatnonzero(answered))] @ weights.T
            determinacies[rows] = known
        return scores, determinacies


def respondent_scores(
    model: Measured, answers: ItemTable, method: ScoreMethod, *, warnings: Sequence[str] = ()
) -> FactorScores:
    """Score every respondent of a table."""
    found, known = model.scored(answers.values, method)
    names = list(model.names)
    _, whole = model.weights(np.ones(len(model.mean), dtype=bool), method)
    return FactorScores(
        scores=pd.DataFrame(found, index=answers.index, columns=names),
        determinacies=pd.DataFrame(known, index=answers.index, columns=names),
        determinacy=pd.Series(whole, index=names, name="determinacy"),
        n_used=len(found),
        method=method,
        warnings=tuple(warnings),
    )

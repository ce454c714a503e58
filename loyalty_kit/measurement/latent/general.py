"""A general factor above scales: their correlations tied to what each has of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.moments import Floats

General = Literal["second-order", "bifactor"]
GENERAL = "general"
"""What the general factor is called."""

_HIGHEST = 0.95


class Climbed(Protocol):
    """An objective of a model without a general factor."""

    def evaluate(self, values: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope and expected curvature."""

    def observed(self, values: Floats) -> Floats:
        """Negative second derivatives."""


@dataclass(frozen=True, eq=False)
class Tie:
    """A second-order factor: the correlation of two factors is the product of their loadings γ on it.

    Attributes
    ----------
    size : int
        Parameters of the model with free correlations.
    place, first, second : array of int, shape (pairs,)
        Of each correlation: its parameter there, and the two factors.
    """

    size: int
    place: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]

    @property
    def factors(self) -> int:
        """Number of factors."""
        return int(self.first.max()) + 1

    @property
    def rest(self) -> npt.NDArray[np.intp]:
        """Parameters that are not tied; they come first, then γ."""
        return np.setdiff1d(np.arange(self.size), self.place)

    def loadings(self, tied: Floats) -> Floats:
        """γ."""
        return tied[-self.factors :]

    def free(self, tied: Floats) -> Floats:
        """Parameters of the model with free correlations."""
        out, gamma = np.zeros(self.size), self.loadings(tied)
        out[self.rest] = tied[: -self.factors]
        out[self.place] = gamma[self.first] * gamma[self.second]
        return out

    def slopes(self, tied: Floats) -> Floats:
        """Slopes of the free parameters over the tied ones."""
        gamma, begin, pairs = self.loadings(tied), len(self.rest), self.place
        out = np.zeros((self.size, len(tied)))
        out[self.rest, np.arange(begin)] = 1.0
        out[pairs, begin + self.first] = gamma[self.second]
        out[pairs, begin + self.second] = gamma[self.first]
        return out

    def bend(self, slope: Floats) -> Floats:
        """Second derivatives of the free parameters over the tied ones, each times its slope."""
        begin = len(self.rest)
        out = np.zeros((begin + self.factors,) * 2)
        out[begin + self.first, begin + self.second] = slope[self.place]
        return out + out.T

    def start(self, values: Floats) -> Floats:
        """Tied parameters near free ones: γ from the first principal axis of the correlations."""
        r = np.eye(self.factors)
        r[self.first, self.second] = r[self.second, self.first] = values[self.place]
        roots, vectors = np.linalg.eigh(r)
        axis = vectors[:, -1] * (1.0 if vectors[:, -1].sum() >= 0 else -1.0)
        gamma = np.sqrt(max((roots[-1] - 1) / max(self.factors - 1, 1), 0.1)) * axis * np.sqrt(self.factors)
        return np.concatenate([values[self.rest], np.clip(gamma, -_HIGHEST, _HIGHEST)])


@dataclass(frozen=True, eq=False)
class Tied:
    """An objective as a function of tied parameters."""

    free: Climbed
    tie: Tie

    def evaluate(self, values: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope and expected curvature."""
        value, slope, expected = self.free.evaluate(self.tie.free(values))
        moved = self.tie.slopes(values)
        return value, moved.T @ slope, moved.T @ expected @ moved

    def observed(self, values: Floats) -> Floats:
        """Negative second derivatives."""
        at, moved = self.tie.free(values), self.tie.slopes(values)
        return np.asarray(moved.T @ self.free.observed(at) @ moved - self.tie.bend(self.free.evaluate(at)[1]))


@dataclass(frozen=True, eq=False)
class SecondOrder:
    """Estimates of a second-order factor: γ and its covariance, and the slopes of the free parameters."""

    loadings: Floats
    errors: Floats
    slopes: Floats

    def table(self, scales: Sequence[str], confidence: float) -> pd.DataFrame:
        """Tabulate γ; factors have variance 1, so that it is standardized as it stands."""
        error = np.sqrt(np.diag(self.errors))
        half = ndtri((1 + confidence) / 2) * error
        return pd.DataFrame(
            {
                "name": list(scales),
                "estimate": self.loadings,
                "std_error": error,
                "z": self.loadings / error,
                "p_value": 2 * ndtr(-np.abs(self.loadings / error)),
                "standardized": self.loadings,
                "standardized_error": error,
                "ci_low": self.loadings - half,
                "ci_high": self.loadings + half,
            }
        )


def check_general(general: General | None, scales: Sequence[str], *, marker: bool) -> None:
    """Refuse a general factor that the scales cannot tell, or that shares its name with one."""
    if general is None:
        return
    check_choice(general, "general", get_args(General))
    least = 3 if general == "second-order" else 2
    if len(scales) < least:
        raise InputError(
            "general='{general}' needs {least} scales or more; got {scales}.",
            general=general,
            least=least,
            scales=list(scales),
        )
    if GENERAL in scales:
        raise InputError("A scale is called 'general', as the general factor is; give it another name.")
    if marker:
        raise InputError("A general factor takes factors of variance 1; leave scale='std'.")

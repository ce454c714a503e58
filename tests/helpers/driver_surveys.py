"""Driver surveys whose truth is known, and importance by brute force."""

from collections.abc import Sequence
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd

from loyalty_kit.survey.codebook import Codebook

BETA = (0.4, 0.25, 0.3, 0.0)


def one_pair_alike(drivers: int, *, pair: float = 0.9, others: float = 0.5) -> np.ndarray:
    """Correlations of true scores: the first two drivers are nearly the same thing."""
    table = np.full((drivers, drivers), others)
    table[0, 1] = table[1, 0] = pair
    np.fill_diagonal(table, 1.0)
    return table


def driver_survey(
    respondents: int,
    correlations: np.ndarray,
    *,
    beta: Sequence[float] = BETA,
    items: int = 3,
    item_reliability: float = 0.5,
    noise: float = 0.6,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, Codebook]:
    """Answers from 1 to 20 whose true scores follow a linear model with coefficients `beta`."""
    true = rng.multivariate_normal(np.zeros(len(beta)), correlations, respondents)
    outcome = true @ np.asarray(beta) + noise * rng.standard_normal(respondents)
    spread = np.sqrt(1 / item_reliability - 1)
    names = [f"d{j}" for j in range(1, len(beta) + 1)] + ["loyalty"]
    blocks = {}
    for name, own in zip(names, [*true.T, outcome], strict=True):
        answers = 10.5 + 2 * (own[:, None] + spread * rng.standard_normal((respondents, items)))
        blocks |= {f"{name}_{k}": column for k, column in enumerate(answers.round().clip(1, 20).T, start=1)}
    scales = {
        name: {
            "role": "outcome" if name == "loyalty" else "driver",
            "items": [f"{name}_{k}" for k in range(1, items + 1)],
        }
        for name in names
    }
    codebook = Codebook.model_validate({"response": {"min": 1.0, "max": 20.0}, "scales": scales})
    return pd.DataFrame(blocks), codebook


def observed_coefficients(
    correlations: np.ndarray, *, beta: Sequence[float] = BETA, items: int = 3, item_reliability: float = 0.5
) -> np.ndarray:
    """Coefficients of the observed scores in the population; rounding adds 1/12 to an answer's variance."""
    noise = (4 * (1 / item_reliability - 1) + 1 / 12) / items
    observed = 4 * correlations + noise * np.eye(len(beta))
    return np.linalg.solve(observed, 4 * correlations @ np.asarray(beta))


def lmg_by_brute_force(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Shapley value of R², a regression for every subset."""
    n, p = x.shape
    root = np.sqrt(np.ones(n) if weights is None else weights)
    total = ((y - np.average(y, weights=root**2)) * root) @ ((y - np.average(y, weights=root**2)) * root)

    def r_squared(subset: tuple[int, ...]) -> float:
        exog = np.column_stack([np.ones(n), x[:, subset]]) * root[:, None]
        residuals = y * root - exog @ np.linalg.lstsq(exog, y * root)[0]
        return 1 - residuals @ residuals / total

    explained = {subset: r_squared(subset) for size in range(p + 1) for subset in combinations(range(p), size)}
    values = np.zeros(p)
    for j in range(p):
        for subset in explained:
            if j not in subset:
                share = factorial(len(subset)) * factorial(p - len(subset) - 1) / factorial(p)
                values[j] += share * (explained[tuple(sorted((*subset, j)))] - explained[subset])
    return values

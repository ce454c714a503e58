"""Surveys of satisfaction, trust, affection and loyalty, three or four items each, with paths that are known."""

import numpy as np
import pandas as pd

import loyalty_kit as lk

CONSTRUCTS = ("satisfaction", "trust", "affection", "loyalty")
PATHS = {
    "trust": ["satisfaction"],
    "affection": ["satisfaction", "trust"],
    "loyalty": ["satisfaction", "trust", "affection"],
}
KNOWN = {
    ("satisfaction", "trust"): 0.6,
    ("satisfaction", "affection"): 0.0,
    ("trust", "affection"): 0.5,
    ("satisfaction", "loyalty"): 0.0,
    ("trust", "loyalty"): 0.3,
    ("affection", "loyalty"): 0.4,
}
"""Satisfaction works through trust only; trust both by itself and through affection."""
NOTHING = dict.fromkeys(KNOWN, 0.0)


def book(items: int = 3) -> lk.Codebook:
    """Codebook of such a survey."""
    scales = "\n".join(
        f"scales.{name}.items = {[f'{name[:2]}{i}' for i in range(items)]}".replace("'", '"') for name in CONSTRUCTS
    )
    paths = "\n".join(f"paths.{target} = {sources}".replace("'", '"') for target, sources in PATHS.items())
    return lk.Codebook.parse(f"response = {{ min = 1, max = 10 }}\n{scales}\n{paths}")


def correlations(paths: dict[tuple[str, str], float]) -> np.ndarray:
    """Correlations of constructs of variance 1 under standardized paths."""
    found = np.eye(len(CONSTRUCTS))
    for j, target in enumerate(CONSTRUCTS):
        acting = np.array([paths.get((source, target), 0.0) for source in CONSTRUCTS[:j]])
        found[j, :j] = found[:j, j] = acting @ found[:j, :j]
    return found


def survey(
    n: int,
    rng: np.random.Generator,
    *,
    paths: dict[tuple[str, str], float] = KNOWN,
    items: int = 3,
    loading: float = 0.8,
) -> pd.DataFrame:
    """Answers of n respondents, not rounded, with mean 5.5 and standard deviation 1.5 per item."""
    constructs = rng.normal(size=(n, len(CONSTRUCTS))) @ np.linalg.cholesky(correlations(paths)).T
    noise = rng.normal(size=(n, len(CONSTRUCTS), items)) * np.sqrt(1 - loading**2)
    answers = 5.5 + 1.5 * (constructs[:, :, None] * loading + noise)
    names = [f"{name[:2]}{i}" for name in CONSTRUCTS for i in range(items)]
    return pd.DataFrame(answers.reshape(n, -1), columns=names)

"""Surveys whose truth is known: loadings, keys, missing answers and careless respondents, from a seed."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from loyalty_kit.survey.codebook import Codebook

TWO_SCALES = {"image": 5, "loyalty": 4}


def latent(
    respondents: int, loadings: pd.DataFrame, *, factor_correlations: pd.DataFrame, rng: int | np.random.Generator = 0
) -> pd.DataFrame:
    """Standardized answers before rounding: loadings (items × factors) · factors + unique parts."""
    rng = np.random.default_rng(rng)
    common = loadings.to_numpy() @ np.linalg.cholesky(factor_correlations)
    unique = np.sqrt(1 - (common**2).sum(axis=1))
    factors = rng.standard_normal((respondents, common.shape[1]))
    noise = rng.standard_normal((respondents, len(loadings)))
    return pd.DataFrame(factors @ common.T + unique * noise, columns=loadings.index)


def simple_structure(scales: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Loadings, items × scales, of items that load on their own scale alone."""
    blocks = [
        pd.DataFrame({scale: list(own)}, index=[f"{scale}_{n}" for n in range(1, len(own) + 1)])
        for scale, own in scales.items()
    ]
    return pd.concat(blocks).fillna(0.0)


def simulate(
    respondents: int = 200,
    *,
    scales: Mapping[str, int] = TWO_SCALES,
    loadings: float | Mapping[str, Sequence[float]] = 0.7,
    correlation: float = 0.4,
    reverse: Sequence[str] = (),
    points: int = 10,
    missing_share: float = 0.0,
    careless_share: float = 0.0,
    rng: int | np.random.Generator = 0,
) -> tuple[pd.DataFrame, Codebook]:
    """Raw answers from 1 to `points`, as `read_responses` gives them, and their codebook.

    Items are called 'scale_1', 'scale_2' …; those in `reverse` are turned. The careless
    respondents are the last ones: in turn, one answers the same throughout and one at random.
    Missing answers fall on everybody alike.
    """
    rng = np.random.default_rng(rng)
    if not isinstance(loadings, Mapping):
        loadings = {scale: [loadings] * count for scale, count in scales.items()}
    structure = simple_structure(loadings)
    factors = pd.DataFrame(np.where(np.eye(len(loadings)), 1.0, correlation), structure.columns, structure.columns)
    z = latent(respondents, structure, factor_correlations=factors, rng=rng)
    answers = (z * points / 5 + (1 + points) / 2).round().clip(1, points)
    answers[list(reverse)] = 1 + points - answers[list(reverse)]
    careless = respondents - round(careless_share * respondents)
    for row in range(careless, respondents):
        alike = (row - careless) % 2 == 0
        answers.iloc[row] = rng.integers(1, points + 1, size=1 if alike else answers.shape[1])
    answers = answers.mask(rng.random(answers.shape) < missing_share)
    answers.index = pd.Index([f"r{n:04d}" for n in range(1, respondents + 1)], name="id")
    return answers, _codebook(structure, reverse, points)


def _codebook(structure: pd.DataFrame, reverse: Sequence[str], points: int) -> Codebook:
    items = {scale: list(structure.index[structure[scale] != 0]) for scale in structure}
    scales = {
        scale: {"items": own, "reverse": [name for name in reverse if name in own]} for scale, own in items.items()
    }
    return Codebook.model_validate(
        {"respondent": "id", "response": {"min": 1.0, "max": float(points)}, "scales": scales}
    )


@st.composite
def surveys(draw: st.DrawFn, *, most_scales: int = 3, missing_share: float = 0.0) -> tuple[pd.DataFrame, Codebook]:
    """Any survey of 20 to 80 respondents: answers and codebook, some items reverse-keyed."""
    counts = draw(st.lists(st.integers(2, 6), min_size=1, max_size=most_scales))
    scales = {f"scale{n}": count for n, count in enumerate(counts)}
    names = [f"{scale}_{n}" for scale, count in scales.items() for n in range(1, count + 1)]
    return simulate(
        draw(st.integers(20, 80)),
        scales=scales,
        loadings=draw(st.floats(0.4, 0.9)),
        reverse=draw(st.lists(st.sampled_from(names), unique=True)),
        points=draw(st.sampled_from([5, 7, 10])),
        missing_share=missing_share,
        rng=draw(st.integers(0, 2**32 - 1)),
    )

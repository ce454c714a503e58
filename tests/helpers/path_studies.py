"""Studies of path models: those that R was given, and answers of constructs of one item whose truth is known."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses

ROOT = Path(__file__).parents[2]
SEMINR = json.loads((ROOT / "tests/reference/paths/pls.json").read_text("utf-8"))
ECSI = {
    "expectation": ["image"],
    "quality": ["expectation"],
    "value": ["expectation", "quality"],
    "satisfaction": ["image", "expectation", "quality", "value"],
    "complaints": ["satisfaction"],
    "loyalty": ["image", "satisfaction", "complaints"],
}


def study(name: str) -> tuple[pd.DataFrame, Codebook]:
    """Answers and codebook of a study that the project ships."""
    book = Codebook.read(ROOT / f"data/{name}/codebook.toml")
    return read_responses(ROOT / f"data/{name}/survey.csv", book), book


def reputation() -> tuple[pd.DataFrame, Codebook]:
    """As seminr was given it: missing answers replaced by their item's mean."""
    responses, book = study("corporate_reputation")
    given = responses[list(book.item_names)].astype(float)
    return responses.assign(**given.fillna(given.mean())), book


def single_items(paths: Mapping[str, Sequence[str]], low: float = -99, high: float = 99) -> Codebook:
    """Codebook whose constructs, in the order of the paths, have one item each of the same name."""
    names = dict.fromkeys(name for target, sources in paths.items() for name in (*sources, target))
    scales = "\n".join(f'scales.{name}.items = ["{name}_item"]' for name in names)
    return Codebook.parse(f"response = {{ min = {low}, max = {high} }}\n{scales}").edit(paths=dict(paths))


def drawn(n: int, paths: Mapping[str, Mapping[str, float]], seed: int = 1) -> pd.DataFrame:
    """Answers to single items that hang together by such paths, targets in order of what acts on them."""
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {}
    for target, sources in paths.items():
        found[target] = sum((b * found[name] for name, b in sources.items()), rng.normal(size=n))
    return pd.DataFrame({f"{name}_item": values for name, values in found.items()})

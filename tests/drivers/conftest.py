"""Scores of the ECSI survey and R's figures on them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.regression import drivers
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import ScaleScores, score

ROOT = Path(__file__).parents[2]
NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


@pytest.fixture(scope="session")
def scores() -> ScaleScores:
    folder = ROOT / "data/ecsi_mobile"
    return score(pd.read_csv(folder / "survey.csv"), Codebook.read(folder / "codebook.toml"))


@pytest.fixture(scope="session")
def result(scores) -> DriverResult:
    return drivers(scores)


@pytest.fixture(scope="session")
def table(scores) -> pd.DataFrame:
    """Scores with the columns that drivers_more.R adds."""
    rows = np.arange(len(scores.frame))
    items = pd.read_csv(ROOT / "data/ecsi_mobile/survey.csv")
    return scores.frame[[*NAMES, "loyalty"]].assign(
        w=0.5 + (rows % 4) / 2,
        region=np.array(["north", "south", "east"])[rows % 3],
        cluster=rows // 10,
        returns=(scores.frame["loyalty"] > 60).astype(int),
        CUSL3=items["CUSL3"],
    )


@pytest.fixture(scope="session")
def reference() -> dict:
    """Figures of drivers.R."""
    return json.loads((ROOT / "tests/reference/ecsi_mobile_drivers.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def more() -> dict:
    """Figures of drivers_more.R."""
    return json.loads((ROOT / "tests/reference/drivers_more.json").read_text("utf-8"))

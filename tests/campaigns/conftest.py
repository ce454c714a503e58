"""Campaigns with known figures: Hillstrom's where the file is there, and small simulated ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HILLSTROM = Path(__file__).parents[3] / "shared/data/hillstrom.csv"


@pytest.fixture(scope="session")
def _hillstrom():
    if not HILLSTROM.is_file():
        pytest.skip("the MineThatData e-mail challenge (hillstrom.csv) is not beside the repository")
    return pd.read_csv(HILLSTROM)


@pytest.fixture
def hillstrom(_hillstrom):
    """64,000 customers, three arms (column segment), outcomes visit, conversion, spend."""
    return _hillstrom.copy()


@pytest.fixture
def shoppers():
    """900 customers, arms none, A, B; skewed spend, orders, a covariate, a segment and households."""
    rng = np.random.default_rng(1)
    n = 900
    before = rng.gamma(2.0, 10.0, n)
    arm = rng.permutation(np.repeat(["none", "A", "B"], [180, 360, 360]))
    orders = rng.poisson(0.4 + 0.1 * (arm == "B"), n)
    spend = np.where(orders > 0, orders * rng.gamma(2.0, 8.0, n) + 0.3 * before, 0.0)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "arm": arm,
            "bought": (orders > 0).astype(int),
            "orders": orders,
            "spend": spend,
            "cost": np.where(arm == "none", 0.0, 0.3),
            "before": before,
            "age": rng.integers(18, 80, n),
            "channel": rng.choice(["网上", "门店", "app"], n),
            "household": np.arange(n) // 3,
            "week": rng.integers(1, 5, n),
        }
    )

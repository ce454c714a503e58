"""Spend that is nothing for most and much for a few."""

import numpy as np
import pandas as pd

SHARE = 0.009
"""Share of customers who buy in Hillstrom's campaign; spend there has mean 116 and a tail to 499."""


def skewed(buyers: int, ratio: int, rng: np.random.Generator, factor: float = 1.0) -> pd.DataFrame:
    """Campaign with so many buyers expected in control, ratio treatment customers to one, log-normal spend."""
    n = round(buyers / SHARE)
    arm = np.repeat(["c", "t"], [n, n * ratio])
    spend = np.where(rng.random(len(arm)) < SHARE, rng.lognormal(4.4, 0.9, len(arm)), 0.0)
    return pd.DataFrame({"arm": arm, "spend": np.where(arm == "t", factor * spend, spend)})

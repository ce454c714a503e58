"""Customers in four segments, and in none; and how a rate of many draws is told."""

import math

import numpy as np
import pandas as pd

COLUMNS = ["visits", "spend", "age"]
CENTRES = np.array([[0, 0, 0], [6, 0, 0], [0, 6, 0], [0, 0, 6]])
MIXING = np.array([[1, 0.6, 0.3], [0, 1, 0.2], [0, 0, 1]])


def four(seed: int, n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Four round segments of a half, a quarter and two eighths, six standard deviations apart; and who is where."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(4), [n // 2, n // 4, n // 8, n // 8])
    return pd.DataFrame(CENTRES[truth] + rng.normal(size=(n, 3)), columns=COLUMNS), truth


def nothing(seed: int, n: int = 400) -> pd.DataFrame:
    """One normal cloud with correlations."""
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, 3)) @ MIXING, columns=COLUMNS)


def buyers_alike(seed: int, n: int = 800) -> pd.DataFrame:
    """Days since the last purchase, purchases and amount of buyers whose rates and amounts are one cloud."""
    rng = np.random.default_rng(seed)
    rate, price = np.exp(rng.normal(size=(2, n)) * [[0.8], [0.6]] + [[1.5], [3.0]])
    bought = np.maximum(rng.poisson(rate), 1)
    since = np.floor(365 * (1 - rng.random(n) ** (1 / bought)))
    amount = bought * price * rng.lognormal(0, 0.25 / np.sqrt(bought))
    return pd.DataFrame({"days_since_last": since, "purchases": bought, "amount": amount.round(2)})


def told(what: str, times: int, draws: int) -> float:
    """Print a rate with its Monte Carlo error; give the rate."""
    rate = times / draws
    print(f"{what}: {rate:.2%} of {draws:,} (Monte Carlo error {math.sqrt(rate * (1 - rate) / draws):.2%})")
    return rate

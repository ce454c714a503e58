"""Simulated shops whose customers buy as a model of value has it, or as none does."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from loyalty_kit.customers.value.models.histories import Histories

TRUTHS = {
    "nbd": (0.4, 12.0),
    "bg_nbd": (0.243, 4.414, 0.793, 2.426),
    "mbg_nbd": (0.525, 6.183, 0.891, 1.614),
    "pareto_nbd": (0.553, 10.58, 0.606, 11.66),
}
"""Parameters of CDNOW; those of the NBD without its dropout."""


def histories(
    name: str, n: int, rng: np.random.Generator, weeks: int = 39, horizon: int = 39
) -> tuple[Histories, float]:
    """Histories of customers who came in the first twelve weeks, and what they buy in the horizon after."""
    born = rng.integers(0, 84, n)
    span = weeks - born / 7
    x, last, later = np.zeros(n, dtype=int), np.zeros(n), 0
    for time in visits(name, n, span + horizon, rng):
        before = time <= span
        x += before
        last = np.where(before, time, last)
        later += int((~before & (time <= span + horizon)).sum())
    days = weeks * 7 - born
    known = Histories(np.arange(n), x, np.floor(last * 7).astype(int), days, np.zeros(n), weeks * 7)
    return known, later


def visits(name: str, n: int, until: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Weeks since the first purchase of the next one of each customer; infinite for who has left or waits past all."""
    parameters = TRUTHS[name]
    rate = rng.gamma(parameters[0], size=n) / parameters[1]
    leaves = np.zeros(n)
    life = np.full(n, np.inf)
    if name.endswith("bg_nbd"):
        leaves = rng.beta(*parameters[2:], n)
    if name == "pareto_nbd":
        life = rng.exponential(size=n) * parameters[3] / np.maximum(rng.gamma(parameters[2], size=n), 1e-300)
    time = np.zeros(n)
    here = rng.random(n) >= leaves if name == "mbg_nbd" else np.ones(n, dtype=bool)
    while here.any():
        time = time + rng.exponential(size=n) / np.maximum(rate, 1e-300)
        here &= (time <= life) & (time <= until)
        yield np.where(here, time, np.inf)
        here &= rng.random(n) >= leaves


def orders(shop: str, n: int, weeks: int, horizon: int, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """Log of a shop whose rates double in a year ('grows'), swing by half ('season') or stay; and the days after."""
    rate = rng.gamma(1.0, size=n) / 12
    life = rng.exponential(size=n) * 40 / np.maximum(rng.gamma(1.0, size=n), 1e-9)
    born = rng.integers(0, weeks * 7 // 2, n) / 7
    phase = rng.random() * 2 * np.pi
    rows = [np.column_stack([np.arange(n), np.floor(born * 7)])]
    for day in range((weeks + horizon) * 7):
        week = day / 7
        pace = {"grows": 2 ** (week / 52), "season": 1 + 0.5 * np.sin(2 * np.pi * week / 52 + phase)}.get(shop, 1.0)
        here = (born < week) & (week < born + life)
        who = np.flatnonzero(here & (rng.random(n) < -np.expm1(-rate * pace / 7)))
        rows.append(np.column_stack([who, np.full(len(who), day)]))
    who, day = np.concatenate(rows).T.astype(int)
    paid = rng.gamma(6, 4, len(who))
    log = pd.DataFrame({"who": who, "when": pd.Timestamp("2025-01-01") + pd.to_timedelta(day, unit="D"), "paid": paid})
    seen = day < weeks * 7
    return log[seen], int((~seen).sum())

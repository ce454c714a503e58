"""How often chance is called a rule, and how often rules hold later: simulations, each with its Monte Carlo error."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from clouds import told

pytestmark = pytest.mark.slow

STRENGTHS = (0.5, 0.3, 0.2, 0.15, 0.1, 0.05)
"""Probability with which the first of a pair takes the second along."""
REAL = {frozenset((f"item {2 * pair:02d}", f"item {2 * pair + 1:02d}")) for pair in range(len(STRENGTHS))}


def shop(seed: int, orders: int = 4_000, later: float = 0.15) -> lk.results.AssociationsResult:
    """Rules of orders of 24 items, of which six pairs belong together, tried on the last orders."""
    rng = np.random.default_rng(seed)
    held = rng.random((orders, 24)) < rng.uniform(0.03, 0.2, 24)
    for pair, strength in enumerate(STRENGTHS):
        held[:, 2 * pair + 1] |= held[:, 2 * pair] & (rng.random(orders) < strength)
    order, item = np.nonzero(held)
    days = order * 300 // orders
    lines = pd.DataFrame({"order": order, "item": np.char.mod("item %02d", item)})
    lines["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(days, unit="D")
    at = pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(300 * (1 - later)) - 1)
    known = {"order": "order", "item": "item", "time": "time", "at": at.date()}
    return lk.associations(lines, **known, support=0.003, least_confidence=0.01)


def test_chance_is_called_a_rule_as_seldom_as_promised():
    """Logs without any association: each rule is false, so that the false-discovery rate is that of any rule."""
    false = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        order, item = np.nonzero(rng.random((1_000, 20)) < 0.1)
        lines = pd.DataFrame({"order": order, "item": item})
        false += len(lk.associations(lines, order="order", item="item", support=0.005, least_confidence=0.01).clear) > 0
    assert told("logs of chance with a rule", false, 400) <= 0.05


def test_rules_are_real_and_hold_later_as_often_as_said():
    false, held, due, rules = [], [], [], 0
    for seed in range(200):
        clear = shop(seed).clear
        real = np.array(
            [frozenset(pair) in REAL for pair in zip(clear["antecedent"], clear["consequent"], strict=True)]
        )
        false.append(1 - real.mean() if len(real) else 0.0)
        held.append((clear["held"] == "yes").sum())
        due.append(clear["held_expected"].sum())
        rules += len(clear)
    error = np.std(np.subtract(held, due)) * np.sqrt(len(held)) / rules
    print(f"false discoveries {np.mean(false):.2%} (Monte Carlo error {np.std(false) / np.sqrt(len(false)):.2%})")
    print(f"{rules:,} rules: {sum(held) / rules:.1%} hold, {sum(due) / rules:.1%} said (error {error:.1%})")
    assert np.mean(false) <= 0.05
    assert abs(sum(held) - sum(due)) / rules <= 0.03

"""Simulate the spring mailing of data/spring_campaign: `python tests/spring_campaign.py FOLDER` writes it anew.

No customer in it is real. Members are randomised one by one: 10 % are held out, 45 % get double points,
45 % a coupon. Double points make those who open the mail buy more often; the coupon changes nothing.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260301
MEMBERS = 40_000
SHARES = {"holdout": 0.10, "points": 0.45, "coupon": 0.45}
SEGMENTS = {"new": (0.30, -0.6), "regular": (0.50, 0.0), "gold": (0.20, 0.7)}
OPENS = {"email": 0.35, "sms": 0.50, "app": 0.45}
GAIN = {"new": 0.03, "regular": 0.05, "gold": 0.08}
"""What double points add to the probability that an opener buys, by segment."""
COST = {"email": 0.02, "sms": 0.08, "app": 0.01}
COUPON = 3.0


def members(rng: np.random.Generator) -> pd.DataFrame:
    """Members as they are before the mailing, with what each would do."""
    names = list(SEGMENTS)
    segment = rng.choice(names, MEMBERS, p=[share for share, _ in SEGMENTS.values()])
    channel = rng.choice(list(OPENS), MEMBERS, p=[0.6, 0.25, 0.15])
    level = np.array([SEGMENTS[name][1] for name in segment])
    taste = level + rng.normal(0, 0.8, MEMBERS)
    visited = rng.random(MEMBERS) < 1 / (1 + np.exp(0.4 - 1.2 * taste))
    before = np.where(visited, rng.lognormal(3.4 + 0.5 * taste, 0.7, MEMBERS), 0.0)
    return pd.DataFrame(
        {
            "member": np.arange(100_001, 100_001 + MEMBERS),
            "household": np.sort(rng.integers(0, 27_000, MEMBERS)) + 1,
            "segment": segment,
            "channel": channel,
            "week": rng.integers(1, 9, MEMBERS),
            "pre_spend": before.round(2),
            "buys": 1 / (1 + np.exp(2.3 - 0.9 * taste)),
            "opens": rng.random(MEMBERS) < np.array([OPENS[name] for name in channel]),
            "basket": 3.3 + 0.4 * taste,
        }
    )


def campaign(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, object]]:
    """The campaign's table, and the truth behind it."""
    table = members(rng)
    sizes = [round(share * MEMBERS) for share in SHARES.values()]
    arm = rng.permutation(np.repeat(list(SHARES), sizes))
    gain = table["segment"].map(GAIN).to_numpy() * table["opens"].to_numpy()
    probability = table["buys"].to_numpy() + gain * (arm == "points")
    bought = rng.random(MEMBERS) < probability
    orders = np.where(bought, 1 + rng.poisson(0.3, MEMBERS), 0)
    worth = rng.lognormal(table["basket"].to_numpy(), 0.9, MEMBERS)
    mailed = arm != "holdout"
    frame = table[["member", "household", "segment", "channel", "week", "pre_spend"]].assign(
        arm=arm,
        opened=(table["opens"].to_numpy() & mailed).astype(int),
        bought=bought.astype(int),
        orders=orders,
        spend=np.where(bought, orders * worth, 0.0).round(2),
        coupon=np.where(bought & (arm == "coupon") & table["opens"].to_numpy(), COUPON, 0.0),
        cost=np.where(mailed, table["channel"].map(COST).to_numpy(), 0.0),
    )
    return frame, truth(table, gain)


def truth(table: pd.DataFrame, gain: np.ndarray) -> dict[str, object]:
    """Expected differences from holdout over these members; a basket's mean is that of its log-normal."""
    basket = 1.3 * np.exp(table["basket"].to_numpy() + 0.9**2 / 2)
    spend = pd.Series(gain * basket)
    return {
        "note": "Simulated; expected differences from holdout over the 40,000 members.",
        "seed": SEED,
        "points": {
            "bought": round(float(gain.mean()), 6),
            "spend": round(float(spend.mean()), 6),
            "bought_by_segment": pd.Series(gain).groupby(table["segment"]).mean().round(6).to_dict(),
            "spend_among_openers": round(float(spend[table["opens"].to_numpy()].mean()), 6),
        },
        "coupon": {"bought": 0.0, "spend": 0.0},
    }


def write(folder: Path) -> None:
    """Write members.parquet and truth.json."""
    frame, known = campaign(np.random.default_rng(SEED))
    frame.to_parquet(folder / "members.parquet", index=False, compression="zstd")
    (folder / "truth.json").write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

"""Simulate the loyalty club of data/club: `python tests/helpers/club.py data/club` writes it anew.

No member in it is real. Four kinds of members differ in how often they buy, for how much, where, and how they answer;
two pairs of products belong together; engagement goes with more purchases after `CUT`, beyond recency and frequency.
The twin has about the same moments, and no kinds: what looks like segments in it is a cut through a cloud.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import club_programme
import numpy as np
import pandas as pd

SEED = 20261130
MEMBERS = 2_400
START, DAYS, CUT = np.datetime64("2025-01-01"), 638, 518
PRODUCTS = {
    "coffee": 9.5,
    "filters": 3.5,
    "pasta": 2.5,
    "sauce": 4.0,
    "wine": 12.0,
    "soap": 3.0,
    "bread": 3.5,
    "fruit": 5.0,
}
PAIRS = {"coffee": ("filters", 0.55), "pasta": ("sauce", 0.45)}
"""Who has the first in an order takes the second with this probability beside chance."""
ENGAGED = 0.6
"""After the cut the rate of purchases is multiplied by exp(ENGAGED × engagement)."""
CHANNELS = ("store", "web", "app")
EVENTS = ("visit", "like", "review", "share")
QUESTIONS = ("price", "quality", "service", "habit", "recommend", "green")


class Kind(NamedTuple):
    share: float
    rate: float
    basket: float
    refunds: float
    stays: int
    channels: tuple[float, float, float]
    agrees: tuple[float, ...]


KINDS = {
    "regulars": Kind(0.30, 16.0, 1.0, 0.02, DAYS, (0.8, 0.1, 0.1), (0.2, 0.7, 0.8, 0.9, 0.8, 0.4)),
    "big spenders": Kind(0.20, 6.0, 9.0, 0.04, DAYS, (0.2, 0.7, 0.1), (0.1, 0.9, 0.8, 0.3, 0.8, 0.8)),
    "bargain hunters": Kind(0.30, 4.0, 1.0, 0.10, DAYS, (0.1, 0.3, 0.6), (0.9, 0.2, 0.2, 0.2, 0.2, 0.2)),
    "lapsed": Kind(0.20, 14.0, 1.0, 0.03, 150, (0.5, 0.4, 0.1), (0.6, 0.3, 0.1, 0.2, 0.1, 0.3)),
}
"""Share, orders a year, size of a basket, share of orders given back, days until they leave, channels, who agrees."""


def members(rng: np.random.Generator) -> pd.DataFrame:
    """Members with their kind and engagement, which no other file tells."""
    kinds = rng.choice(list(KINDS), MEMBERS, p=[kind.share for kind in KINDS.values()])
    return pd.DataFrame(
        {
            "member": rng.permutation(MEMBERS) + 200_001,
            "joined": START + rng.integers(0, 60, MEMBERS),
            "kind": kinds,
            "engagement": rng.normal(size=MEMBERS),
        }
    )


def orders(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row an order: member's row, day, basket, channel; refunds come later."""
    rows = []
    joined = (people["joined"].to_numpy().astype("datetime64[D]") - START).astype(int)
    for number, (kind, engaged) in enumerate(zip(people["kind"], people["engagement"], strict=True)):
        about = KINDS[kind]
        ends = min(joined[number] + about.stays * rng.uniform(0.7, 1.3), DAYS)
        before = rng.poisson(about.rate * max(min(ends, CUT) - joined[number], 0) / 365)
        after = rng.poisson(about.rate * np.exp(ENGAGED * engaged) * max(ends - CUT, 0) / 365)
        days = np.r_[
            joined[number], rng.uniform(joined[number], min(ends, CUT), before), rng.uniform(CUT, max(ends, CUT), after)
        ]
        rows.append(pd.DataFrame({"row": number, "day": days, "channel": rng.choice(3, len(days), p=about.channels)}))
    found = pd.concat(rows, ignore_index=True).sort_values("day", kind="stable", ignore_index=True)
    return found.assign(order=np.arange(len(found)) + 500_001)


def lines(people: pd.DataFrame, placed: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row a product of an order, and a row a refund of a whole order."""
    names = np.array(list(PRODUCTS))
    basket = np.array([KINDS[kind].basket for kind in people["kind"]])[placed["row"]]
    has = rng.random((len(placed), len(names))) < 0.22
    for first, (second, chance) in PAIRS.items():
        place, then = (int(np.flatnonzero(names == name)[0]) for name in (first, second))
        has[:, then] |= has[:, place] & (rng.random(len(placed)) < chance)
    has[~has.any(axis=1), len(names) - 1] = True
    order, product = np.nonzero(has)
    price = np.array(list(PRODUCTS.values()))[product] * basket[order] * rng.lognormal(0, 0.25, len(order))
    moment = START.astype("datetime64[m]") + np.floor(placed["day"].to_numpy() * 1440).astype(int)
    table = pd.DataFrame(
        {
            "order": placed["order"].to_numpy()[order],
            "member": people["member"].to_numpy()[placed["row"].to_numpy()][order],
            "time": moment[order].astype("datetime64[s]"),
            "channel": np.array(CHANNELS)[placed["channel"].to_numpy()[order]],
            "product": names[product],
            "amount": price.round(2),
        }
    )
    shares = np.array([KINDS[kind].refunds for kind in people["kind"]])[placed["row"]]
    back = placed["order"].to_numpy()[rng.random(len(placed)) < shares]
    refunds = table[table["order"].isin(back)]
    later = (rng.integers(1, 20, int(refunds["order"].max()) + 1)[refunds["order"]]).astype("timedelta64[D]")
    refunds = refunds.assign(amount=-refunds["amount"], time=refunds["time"] + later, order=refunds["order"] + 400_000)
    whole = pd.concat([table, refunds[refunds["time"] < START + DAYS]])
    return whole.sort_values(["time", "order", "product"], kind="stable", ignore_index=True)


def events(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row an event before the cut: more, and of more kinds, the more a member is engaged."""
    counts = rng.poisson(4 * np.exp(0.7 * people["engagement"]))
    who = np.repeat(np.arange(len(people)), counts)
    kinds = np.array([0.70, 0.15, 0.10, 0.05])
    table = pd.DataFrame({"member": people["member"].to_numpy()[who], "kind": rng.choice(EVENTS, len(who), p=kinds)})
    moments = START.astype("datetime64[s]") + np.floor(rng.uniform(60, CUT, len(who)) * 86_400).astype(int)
    return table.assign(time=moments).sort_values("time", kind="stable", ignore_index=True)[["member", "time", "kind"]]


def survey(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Answers of a third of the members: yes or no, by kind; the engaged answer more often; two waves."""
    answers = rng.random(len(people)) < 1 / (1 + np.exp(0.9 - 0.5 * people["engagement"]))
    some = people[answers].reset_index(drop=True)
    chances = np.array([KINDS[kind].agrees for kind in some["kind"]])
    said = np.where(rng.random(chances.shape) < chances, "yes", "no")
    return pd.DataFrame(
        {"member": some["member"], "wave": rng.integers(1, 3, len(some))} | dict(zip(QUESTIONS, said.T, strict=True))
    )


def twin(log: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A log of as many members without kinds: rates and amounts are one log-normal cloud, and nobody leaves."""
    bought = (
        log[log["amount"] > 0].groupby(["member", "order"])["amount"].sum().groupby("member").agg(["count", "mean"])
    )
    logs = np.log(bought.to_numpy())
    drawn = np.exp(logs.mean(axis=0) + rng.normal(size=logs.shape) @ np.linalg.cholesky(np.cov(logs.T)).T)
    counts = np.maximum(rng.poisson(drawn[:, 0]), 1)
    who = np.repeat(np.arange(len(logs)), counts)
    moments = START.astype("datetime64[s]") + np.floor(rng.uniform(0, DAYS, len(who)) * 86_400).astype(int)
    table = pd.DataFrame(
        {
            "member": who + 300_001,
            "time": moments,
            "amount": np.maximum(drawn[who, 1] * rng.lognormal(0, 0.25, len(who)), 0.01).round(2),
        }
    )
    table = table.sort_values("time", kind="stable", ignore_index=True)
    return table.assign(order=np.arange(len(table)) + 1)[["order", "member", "time", "amount"]]


def truth(people: pd.DataFrame) -> dict[str, object]:
    """Everything that was put in."""
    return {
        "note": "Simulated; no member is real. Effects that later files of this world have are named here too.",
        "seed": SEED,
        "cut": str(START + CUT),
        "kinds": {
            name: {"share": float((people["kind"] == name).mean()), "orders_a_year": kind.rate, "refunds": kind.refunds}
            for name, kind in KINDS.items()
        },
        "pairs": {first: {"with": second, "probability": chance} for first, (second, chance) in PAIRS.items()},
        "engagement": {"log_rate_after_cut": ENGAGED, "log_events": 0.7, "log_odds_of_answering": 0.5},
        "survey": {"classes": len(KINDS), "questions": list(QUESTIONS)},
        "twin": {"kinds": 0, "pairs": {}},
        "programme": club_programme.truth(),
    }


def write(folder: Path) -> None:
    """Write the whole world into a folder."""
    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    people = members(rng)
    log = lines(people, orders(people, rng), rng)
    tables = {"orders": log, "events": events(people, rng), "survey": survey(people, rng), "twin": twin(log, rng)}
    tables["members"] = people[["member", "joined"]].sort_values("member", ignore_index=True)
    tables["kinds"] = people[["member", "kind", "engagement"]].sort_values("member", ignore_index=True)
    tables |= club_programme.tables(people, np.random.default_rng(SEED + 1))
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    (folder / "truth.json").write_text(json.dumps(truth(people), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

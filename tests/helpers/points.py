"""Ledgers of points: a plain loop over postings, and a simulated scheme whose future is known."""

import numpy as np
import pandas as pd

from loyalty_kit.programme.points.points_ledger import PointsLedger
from loyalty_kit.programme.points.validity import Validity

START = np.datetime64("2022-01", "M")


def by_loop(member, day, earned, used, validity: Validity, at: int):
    """Balance after each posting, what each took of which lot, and what is left of each lot, posting by posting."""
    ends, lots, debts, taken, balance = validity.ends(day), {}, {}, [], []
    for k, who in enumerate(member):
        own, owed = lots.setdefault(who, {}), debts.setdefault(who, {})
        for lot in own:
            own[lot] = 0.0 if ends[lot] <= day[k] else own[lot]
        left = earned[k]
        for debt in owed:
            paid = min(owed[debt], left)
            owed[debt], left = owed[debt] - paid, left - paid
            taken += [(k, debt, paid)] if paid else []
        if earned[k]:
            own[k] = left
        rest = used[k]
        for lot in own:
            points = min(own[lot], rest)
            own[lot], rest = own[lot] - points, rest - points
            taken += [(lot, k, points)] if points else []
        owed[k] = rest
        balance.append(sum(own.values()) - sum(owed.values()))
    left = {lot: 0.0 if ends[lot] <= at else points for own in lots.values() for lot, points in own.items()}
    return balance, sorted(taken), left


def scheme(seed: int, *, members: int = 800, months: int = 36, trend: float = 0.0, validity: int = 24):
    """Simulated scheme: its ledger to the end of `months`, and the points redeemed of these lots afterwards.

    Members differ in how much they earn and how often they redeem all that they have; `trend` raises how often, by that
    share over `months`.
    """
    rng = np.random.default_rng(seed)
    join, rate = rng.integers(0, months - 6, members), rng.gamma(1.2, 0.05, members)
    size = rng.gamma(0.8, 60, members)
    time = np.arange(months + validity)
    active = (join[:, None] <= time) & (time < months) & (rng.random((members, len(time))) < 0.5)
    earned = np.where(active, np.ceil(rng.gamma(2, size[:, None] / 2 + 1e-9, (members, len(time)))), 0.0)
    chance = np.minimum(rate[:, None] * (1 + trend * time / months), 0.9)
    redeems = rng.random((members, len(time))) < chance
    open_, truth, burns = np.zeros((members, len(time))), 0.0, []
    for month in time:
        open_[:, month] = earned[:, month]
        if month >= validity:
            open_[:, month - validity] = 0.0
        total = np.where(redeems[:, month], open_.sum(axis=1), 0.0)
        open_[redeems[:, month]] = 0.0
        if month < months:
            who = np.flatnonzero(total)
            burns.append(pd.DataFrame({"member": who, "month": month, "points": total[who], "kind": "burn"}))
        else:
            truth += total.sum()
    who, month = np.nonzero(earned)
    given = pd.DataFrame({"member": who, "month": month, "points": earned[who, month], "kind": "earn"})
    rows = pd.concat([given, *burns], ignore_index=True)
    # All is posted on the first of a month: what is earned then can be redeemed on the same day, at age 0.
    rows["time"] = (START + rows["month"].to_numpy()).astype("datetime64[s]")
    return rows, truth


def ledger(rows, validity: int | str = "24 months", **columns) -> PointsLedger:
    return PointsLedger(rows, member="member", time="time", kind="kind", points="points", validity=validity, **columns)

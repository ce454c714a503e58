"""The club's partner programme, simulated: members of the club enrol month by month, and their spend there is known.

Enrolment selects: the engaged spend more at the partner and enrol more often. All spend changes from month to month
alike, so that enrolment alone adds `EFFECT` a month to `spend`, and nothing to `visits`, on which those who enrol were
on another course before. Two scores stand beside a tier's threshold: one that nobody hurries to reach, and one for
which some pull purchases forward and that changes nothing.
"""

import numpy as np
import pandas as pd

EFFECT, DRIFT, JUMP, THRESHOLD = 6.0, 0.15, 25.0, 1000
MONTHS = [f"{2025 + month // 12}-{month % 12 + 1:02d}" for month in range(9, 21)]
FIRST, LAST = 3, 8
"""Places of the first and the last month in which members enrol."""
SPRING = np.array([0, 2, 9, -4, -2, 1, 3, 3, 5, 2, 1, 3], dtype=float)


def panel(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row a member and month: spend and visits at the partner's, points redeemed, and the day of enrolment."""
    n, count = len(people), len(MONTHS)
    engaged = people["engagement"].to_numpy()
    own = 30 * np.exp(0.5 * engaged)
    joins = rng.random(n) < 1 / (1 + np.exp(0.6 - 1.2 * engaged))
    start = np.where(joins, rng.integers(FIRST, LAST + 1, n), 99)
    month = np.arange(count)
    enrolled = month >= start[:, None]
    spend = own[:, None] + SPRING + EFFECT * enrolled + rng.gamma(4, 4, (n, count))
    visits = rng.poisson(3 + DRIFT * month * joins[:, None], (n, count))
    redeemed = np.where(enrolled, rng.poisson(0.25, (n, count)), 0)
    day = rng.integers(1, 29, n)
    joined = [f"{MONTHS[s]}-{d:02d}" if s < 99 else None for s, d in zip(start, day, strict=True)]
    columns = {"spend": spend.round(2), "visits": visits, "redeemed": redeemed}
    frame = pd.DataFrame({"member": np.repeat(people["member"].to_numpy(), count), "month": np.tile(MONTHS, n)})
    frame = frame.assign(**{name: values.ravel() for name, values in columns.items()})
    frame["enrolled"] = np.repeat(np.array(joined, dtype=object), count)
    frame["region"] = np.repeat(rng.choice(["north", "south"], n), count)
    return frame


def before_and_after(people: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """A row a member: the three months before anybody could enrol, and the three after everybody had."""
    wide = rows.pivot(index="member", columns="month", values="spend").loc[people["member"]]
    enrolled = rows.groupby("member")["enrolled"].first().loc[people["member"]].notna()
    return pd.DataFrame(
        {
            "member": people["member"].to_numpy(),
            "enrolled": enrolled.to_numpy().astype(int),
            "spend_before": wide[MONTHS[:FIRST]].mean(axis=1).to_numpy().round(2),
            "spend_after": wide[MONTHS[LAST + 1 :]].mean(axis=1).to_numpy().round(2),
            "engagement": people["engagement"].to_numpy().round(4),
        }
    ).sort_values("member", ignore_index=True)


def tiers(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row a member: two scores of a year, and what members spend in the year after under each."""
    n = len(people)
    own = rng.gamma(2, 1, (n, 2))
    points = own * 300 + rng.normal(0, 150, (n, 2)) + 200
    near = (points[:, 1] > 700) & (points[:, 1] < THRESHOLD) & (rng.random(n) < 0.35)
    points[:, 1] = np.where(near, THRESHOLD + rng.exponential(30, n), points[:, 1])
    spend = 50 * own + rng.normal(0, 25, (n, 2))
    spend[:, 0] += JUMP * (points[:, 0] >= THRESHOLD)
    table = {"points": points[:, 0], "spend_next": spend[:, 0], "points_hurried": points[:, 1]}
    table |= {"spend_next_hurried": spend[:, 1]}
    found = pd.DataFrame(table).round(2)
    found.insert(0, "member", people["member"].to_numpy())
    return found.sort_values("member", ignore_index=True)


def tables(people: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """All files of the programme, by name."""
    rows = panel(people, rng)
    joined = before_and_after(people, rows)
    rows = rows.sort_values(["member", "month"], ignore_index=True)
    return {"programme": rows, "programme_members": joined, "tiers": tiers(people, rng)}


def truth() -> dict[str, object]:
    """What was put in."""
    return {
        "spend": {"effect_a_month": EFFECT},
        "visits": {"effect_a_month": 0.0, "drift_of_members_a_month": DRIFT},
        "tiers": {"threshold": THRESHOLD, "points": {"jump": JUMP}, "points_hurried": {"jump": 0.0, "bunched": True}},
    }

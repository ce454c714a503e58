"""A survey of club members, with what real ones bring: a group of one, a wave never fielded, a constant item."""

import numpy as np
import pandas as pd

from loyalty_kit.survey.codebook import Codebook

MEMBERS = Codebook.parse("""
title = "Club members"
response = { min = 1, max = 5 }
[groups.channel]
label = "Channel"
[groups.wave]
label = "Wave"
levels = ["2025-1", "2025-2", "2026-1"]
[groups.tier]
label = "Club tier"
levels = { 1 = "Basic", 2 = "Silver", 3 = "Gold" }
[scales.loyalty]
label = "Loyalty"
role = "outcome"
items = ["L1", "L2", "L3"]
[scales.service]
label = "Service"
items = ["S1", "S2", "S3"]
[scales.words]
label = "Communication"
items = ["C1", "C2"]
[scales.price]
label = "Fair price"
items = ["P1"]
[index.whole]
label = "Loyalty index"
scales = { loyalty = 2, service = 1 }
[items.recommend]
wording = "Would you recommend us?"
min = 0
max = 10
role = "recommend"
""")


def members(n: int, *, gap: float = 0.5, seed: int = 6) -> pd.DataFrame:
    """Answers of n members as read; `gap` sets tiers apart in loyalty, in standard deviations a step."""
    rng = np.random.default_rng(seed)
    tier = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    loyal = rng.normal(size=n) + gap * (tier - 1)
    served = 0.6 * loyal + 0.8 * rng.normal(size=n)

    def item(factor: np.ndarray, noise: float = 0.6) -> np.ndarray:
        return np.clip(np.round(1.1 * (factor + noise * rng.normal(size=n)) + 3), 1, 5)

    columns: dict[str, object] = {f"L{at}": item(loyal) for at in (1, 2, 3)}
    columns |= {f"S{at}": item(served) for at in (1, 2, 3)}
    columns |= {"C1": np.full(n, 4.0), "C2": item(served, 1.0), "P1": item(loyal, 1.0)}
    columns["recommend"] = np.clip(np.round(7 + 2 * loyal + rng.normal(size=n)), 0, 10)
    columns["tier"] = np.array(["Basic", "Silver", "Gold"], dtype=object)[tier]
    columns["wave"] = rng.choice(np.array(["2025-1", "2025-2"], dtype=object), n)
    columns["channel"] = np.array([*["web"] * (n // 2), *["store"] * (n - n // 2)], dtype=object)
    columns["w"] = rng.uniform(0.5, 2.0, n)
    table = pd.DataFrame(columns)
    table.loc[0, "channel"] = "fax"
    return table

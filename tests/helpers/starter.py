"""Where the starter study's survey comes from: `python tests/starter.py` writes it anew."""

from pathlib import Path

import numpy as np
import pandas as pd

import loyalty_kit
from loyalty_kit import Codebook

FOLDER = Path(loyalty_kit.__file__).parent / "starter"
SEED = 20261122
RESPONDENTS = 120
MISSING_SHARE = 0.02


def starter_survey() -> str:
    """Answers, as CSV text, of customers whose loyalty follows their satisfaction, and that the service."""
    rng = np.random.default_rng(SEED)
    codebook = Codebook.read(FOLDER / "codebook.toml")
    channel = rng.choice(["store", "web", "app"], size=RESPONDENTS, p=[0.45, 0.35, 0.2])
    service = rng.normal(size=RESPONDENTS) + 0.3 * (channel == "store")
    satisfaction = 0.65 * service + 0.75 * rng.normal(size=RESPONDENTS)
    loyalty = 0.7 * satisfaction + 0.7 * rng.normal(size=RESPONDENTS)
    factors = {"service": service, "satisfaction": satisfaction, "loyalty": loyalty}
    answers = {}
    for key, scale in codebook.scales.items():
        for item in scale.items:
            latent = 0.8 * factors[key] + 0.6 * rng.normal(size=RESPONDENTS)
            answers[item] = _rounded(3.4 + latent, 1, 5)
            if item in scale.reverse:
                answers[item] = 6 - answers[item]
    answers["RECOMMEND"] = _rounded(7.6 + 1.8 * loyalty + rng.normal(size=RESPONDENTS), 0, 10)
    items = pd.DataFrame(answers).astype("Int64").mask(rng.random((RESPONDENTS, len(answers))) < MISSING_SHARE)
    items.loc[[17, 64], "SATI3"] = -99
    items.insert(0, "channel", channel)
    items.insert(0, "id", range(1001, 1001 + RESPONDENTS))
    return items.to_csv(index=False, lineterminator="\n")


def _rounded(values: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.rint(values), low, high).astype(int)


if __name__ == "__main__":
    (FOLDER / "survey.csv").write_text(starter_survey(), encoding="utf-8")

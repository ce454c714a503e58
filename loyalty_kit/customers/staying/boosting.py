"""Boosted trees of who stays away; scikit-learn is loaded only where they are asked for."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

Floats = npt.NDArray[np.float64]
Risks = Callable[[pd.DataFrame], Floats]
EDGE = 1e-6


def boosted(table: pd.DataFrame, away: Floats, names: list[str]) -> Risks:
    """Fit trees; give what tells risks of other rows."""
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=150, max_depth=3, min_samples_leaf=20, early_stopping=False, random_state=0
    ).fit(table[names].to_numpy(dtype=float), away)

    def risks(rows: pd.DataFrame) -> Floats:
        told: Floats = np.clip(trees.predict_proba(rows[names].to_numpy(dtype=float))[:, 1], EDGE, 1 - EDGE)
        return told

    return risks

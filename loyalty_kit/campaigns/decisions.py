"""What to do: roll out, stop, or test more, read from the effects as a posterior with a flat prior."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.campaigns.effects import ALL, EffectsResult
from loyalty_kit.checks import check_choice
from loyalty_kit.errors import InputError
from loyalty_kit.results import Result

COLUMNS = ["decision", "arm", "probability_best", "probability_gain", "expected_gain", "expected_loss"]
DRAWS = 200_000


@dataclass(frozen=True, eq=False)
class DecisionResult(Result):
    """Decisions, with what is to be expected of each.

    Attributes
    ----------
    table : DataFrame
        decision ('roll out', 'stop' or 'test more'), arm, probability_best, probability_gain,
        expected_gain and expected_loss per customer.
    metric : str
        What is gained.
    best : str
        The decision with the largest expected gain now, as 'roll out A' or 'stop'.
    n_used : int
        Customers.
    method : str
        How the probabilities were found.
    warnings : tuple of str
        Plain sentences.
    """

    table: pd.DataFrame
    metric: str
    best: str
    n_used: int
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a decision."""
        return self.table.copy()


def decide(effects: EffectsResult, *, metric: str, rng: int | np.random.Generator = 0) -> DecisionResult:
    """Weigh rolling out each arm, stopping, and testing more.

    Parameters
    ----------
    effects : EffectsResult
        Of `Campaign.evaluate`.
    metric : str
        Name of the metric that is to be gained, best a profit.
    rng : int or Generator
        Seed or source of chance.

    Returns
    -------
    DecisionResult

    Raises
    ------
    InputError
        If the metric was not evaluated or has no interval.

    Notes
    -----
    Under a flat prior the differences d are normal about their estimates, correlated through the shared
    control. 'Stop' gains 0. A decision's loss is the gain of the best decision less its own. 'Test more'
    shows what perfect knowledge would gain, E max(0, d): no further test can be worth more than that less
    the best present decision, and its probability_best is that of the present best being wrong.

    References
    ----------
    Stucchio, C. (2015). Bayesian A/B testing at VWO. Raiffa, H. & Schlaifer, R. (1961). Applied
    statistical decision theory, chapter 4.
    """
    check_choice(metric, "metric", list(dict.fromkeys(effects.table["metric"])))
    rows = effects.table[(effects.table["metric"] == metric) & (effects.table["by"] == ALL)]
    rows = rows.drop_duplicates("arm")
    error, shared = rows["standard_error"].to_numpy(dtype=float), rows["control_error"].to_numpy(dtype=float)
    if not (error > 0).all():
        raise InputError(f"The metric '{metric}' has no interval in some arm; there is nothing to weigh.")
    source = np.random.default_rng(rng)
    own = np.sqrt(np.maximum(error**2 - shared**2, 0.0))
    common = source.standard_normal((DRAWS, 1)) * shared
    draws = rows["difference"].to_numpy(dtype=float) + source.standard_normal((DRAWS, len(rows))) * own - common
    gains = np.column_stack([draws, np.zeros(DRAWS)])
    top = gains.max(axis=1)
    best = np.bincount(gains.argmax(axis=1), minlength=gains.shape[1]) / DRAWS
    expected = gains.mean(axis=0)
    arms = [*rows["arm"], None]
    table = pd.DataFrame(
        {
            "decision": ["roll out"] * len(rows) + ["stop"],
            "arm": pd.Series(arms, dtype=object),
            "probability_best": best,
            "probability_gain": [*(draws > 0).mean(axis=0), 0.0],
            "expected_gain": expected,
            "expected_loss": (top[:, None] - gains).mean(axis=0),
        }
    )
    chosen = int(expected.argmax())
    more = ["test more", None, 1 - best[chosen], float((top > 0).mean()), float(top.mean()), 0.0]
    table.loc[len(table)] = more
    replaced = rows["method"].str.contains("permutation").any()
    note = "The ordinary interval cannot be believed here, and these probabilities rest on it."
    return DecisionResult(
        table=table[COLUMNS],
        metric=metric,
        best="stop" if chosen == len(rows) else f"roll out {arms[chosen]}",
        n_used=effects.n_used,
        method=f"normal posterior under a flat prior, {DRAWS} draws",
        warnings=(note,) if replaced else (),
    )

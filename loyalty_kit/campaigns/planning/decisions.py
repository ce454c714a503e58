"""What to do: roll out, stop, or test more, read from the effects as a posterior with a flat prior."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.effects.effects_result import BOUNDS, KEYS, NO_METHOD, EffectsResult
from loyalty_kit.campaigns.trust.assignment import AssignmentResult
from loyalty_kit.core.checks import check_choice, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result

COLUMNS = ["decision", "arm", "advice", "probability_best", "probability_gain", "expected_gain", "expected_loss"]
DRAWS = 200_000
SURE, UNLIKELY = 0.95, 0.05
"""From which probability of a gain an arm is rolled out, and up to which of being best it is stopped."""
BORDER = 0.02
"""Distance from either within which it is a borderline: neither chance nor the choice of a method tips it over."""
FEW_BUYERS = 30

Advice = Literal["roll out", "borderline", "second", "borderline stop", "stop", "test", "open", "unknown", "unsound"]
"""The best arm, and it gains; the best arm, about as sure as is asked for; gains, but another arm more; about as
unlikely to be the best choice as an arm that is stopped; not the best choice; not settled; left open by missing
outcomes; cannot be told; a test whose assignment is not sound."""


@dataclass(frozen=True, eq=False)
class DecisionResult(Result):
    """Decisions, with what is to be expected of each.

    Attributes
    ----------
    table : DataFrame
        decision ('roll out', 'stop' or 'test more'), arm, advice (of each arm: 'roll out', 'borderline',
        'second', 'borderline stop', 'stop', 'test', 'open', 'unknown' or
        'unsound'), probability_best,
        probability_gain, expected_gain and expected_loss per customer.
    arms : DataFrame
        Each arm's estimate with its probabilities, its advice, believable, false_better, false_worse and
        few_buyers.
    effects : EffectsResult
        What was weighed.
    metric : str
        What is gained.
    assignment : AssignmentResult or None
        The checks of the assignment, where they were given.
    n_used : int
        Customers.
    method : str
        How the probabilities were found.
    warnings : tuple of str
        Plain sentences.
    members : int or None
        Customers to whom an arm would be rolled out, where that is known.
    currency : str
        Of the money, as '€' or 'CNY'; empty where it is not told.
    """

    table: pd.DataFrame
    arms: pd.DataFrame
    effects: EffectsResult
    metric: str
    assignment: AssignmentResult | None
    n_used: int
    method: str
    warnings: tuple[str, ...] = ()
    members: int | None = None
    currency: str = ""

    @property
    def totals(self) -> pd.DataFrame:
        """Each arm's gain were it rolled out to all members: arm, total, ci_low, ci_high, roi, roi_low, roi_high.

        The interval is that of the arm's effect times the members; no rows where their number is not known. Roi is
        what a money unit that is spent on contacts earns after paying for it, with Fieller's interval.
        """
        rows = self.arms[["arm", "difference", "ci_low", "ci_high"]].rename(columns={"difference": "total"})
        rows = rows.assign(**{name: (self.members or 0) * rows[name] for name in ("total", "ci_low", "ci_high")})
        returns = self.effects.returns
        own = returns.loc[returns["metric"] == self.metric, ["arm", "roi", "roi_low", "roi_high"]]
        return rows.merge(own, on="arm", how="left").iloc[: None if self.members else 0]

    @property
    def labels(self) -> Mapping[str, str]:
        """What readers call arms and metrics."""
        return self.effects.labels

    @property
    def sound(self) -> bool:
        """Whether the assignment is sound, as far as it was checked."""
        return self.assignment is None or self.assignment.sound

    @property
    def now(self) -> "pd.Series[Any]":
        """Choice with the largest expected gain on these data alone: an arm, or to stop."""
        choices = self.table[self.table["decision"] != "test more"]
        return choices.iloc[int(choices["expected_gain"].argmax())]

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a decision."""
        return self.table.copy()


def decide(
    effects: EffectsResult,
    *,
    metric: str,
    assignment: AssignmentResult | None = None,
    members: int | None = None,
    currency: str = "",
    rng: int | np.random.Generator = 0,
) -> DecisionResult:
    """Weigh rolling out each arm, stopping, and testing more.

    Parameters
    ----------
    effects : EffectsResult
        Of `Campaign.evaluate`.
    metric : str
        Name of the metric that is to be gained, best a profit.
    assignment : AssignmentResult, optional
        Of `Campaign.check`; an unsound test gets no advice.
    members : int, optional
        Customers to whom an arm would be rolled out: gains are then told for all of them too.
    currency : str
        Of the money, as '€' or 'CNY'.
    rng : int or Generator
        Seed or source of chance.

    Returns
    -------
    DecisionResult

    Raises
    ------
    InputError
        If the metric was not evaluated.

    Notes
    -----
    An arm is rolled out where it gains with probability 0.95 and is the best one, stopped where it is the
    best choice with probability 0.05 or less, else tested more; within 0.02 of either it is a borderline. One
    that neither method can judge, as `Campaign.trust` found, is 'unknown'. Where missing outcomes leave bounds, what is
    said holds at the bound nearest to no effect, and the arm is 'open' where they reach to either side of it.

    Under a flat prior the differences d are normal about their estimates, correlated through the shared
    control. Where a permutation result took an interval's place, d has the ranks of that normal deviate
    among the differences that the permutation test allows, so that P(d > 0) is one less its one-sided p.
    Where an outcome does not vary at all, d is taken as it is and a warning says so. An arm is expected to gain
    its estimated difference, whichever method stands, and to stop gains 0. A decision's loss is the gain of the
    best decision less its own, on average: of the best present one E max(0, d) − E d. 'Test more' shows what
    perfect knowledge would gain: no further test can be worth more than that less the best present decision,
    and its probability_best is that of the present best being wrong.

    References
    ----------
    Stucchio, C. (2015). Bayesian A/B testing at VWO. Raiffa, H. & Schlaifer, R. (1961). Applied
    statistical decision theory, chapter 4.
    """
    check_choice(metric, "metric", list(dict.fromkeys(effects.table["metric"])))
    if members is not None:
        check_whole(members, "members", 1)
    if any(one.name == metric and one.better == "lower" for one in effects.metrics):
        raise InputError(
            "'{metric}' is better where it is lower; weigh a metric that is gained, best a profit.", metric=metric
        )
    rows = _over_all(effects, metric)
    table = _chances(rows, _draws(effects, rows, np.random.default_rng(rng)))
    judged = _judged(effects, rows, table, sound=assignment is None or assignment.sound)
    table["advice"] = table["arm"].map(judged.set_index("arm")["advice"])
    return DecisionResult(
        table=table[COLUMNS],
        arms=judged,
        effects=effects,
        metric=metric,
        assignment=assignment,
        n_used=effects.n_used,
        method=_method(effects, rows),
        warnings=_warnings(rows),
        members=members,
        currency=currency,
    )


def _chances(rows: pd.DataFrame, draws: Floats) -> pd.DataFrame:
    """Probabilities, expected gain and expected loss of rolling out each arm, of stopping and of testing more."""
    gains = np.column_stack([draws, np.zeros(DRAWS)])
    top = gains.max(axis=1)
    best = np.bincount(gains.argmax(axis=1), minlength=gains.shape[1]) / DRAWS
    expected = np.append(rows["difference"].to_numpy(dtype=float), 0.0)
    chosen = int(expected.argmax())
    worth = expected[chosen] + float((top - gains[:, chosen]).mean())
    table = pd.DataFrame(
        {
            "decision": ["roll out"] * len(rows) + ["stop"],
            "arm": pd.Series([*rows["arm"], None], dtype=object),
            "probability_best": best,
            "probability_gain": [*(draws > 0).mean(axis=0), 0.0],
            "expected_gain": expected,
            "expected_loss": worth - expected,
        }
    )
    more = ["test more", None, 1 - best[chosen], float((top > 0).mean()), worth, 0.0]
    table.loc[len(table)] = more
    return table


def _method(effects: EffectsResult, rows: pd.DataFrame) -> str:
    """Say how the probabilities were found."""
    permuted = any(_key(row) in effects.permutations for row in rows.to_dict("records"))
    return (
        message("normal posterior under a flat prior, {draws} draws; permutation where it stands", draws=DRAWS)
        if permuted
        else message("normal posterior under a flat prior, {draws} draws", draws=DRAWS)
    )


def _judged(effects: EffectsResult, rows: pd.DataFrame, table: pd.DataFrame, *, sound: bool) -> pd.DataFrame:
    """Each arm with its probabilities, its advice and whether it can be believed, the arms in their order."""
    if effects.trust is None:
        tried = rows.assign(believable="yes", false_better=np.nan, false_worse=np.nan)
    else:
        tried = rows.merge(effects.trust.table[[*KEYS, "believable", "false_better", "false_worse"]], on=KEYS)
    chances = table.loc[table["decision"] == "roll out"].drop(columns="decision")
    judged = tried.merge(chances, on="arm")
    leading = judged["expected_gain"] == judged["expected_gain"].max()
    advice = [advice_on(row, leading=first) for row, first in zip(judged.to_dict("records"), leading, strict=True)]
    buyers = judged[["nonzero_control", "nonzero_treatment"]].min(axis=1)
    return judged.assign(
        advice=advice if sound else "unsound", few_buyers=(buyers < FEW_BUYERS) & (effects.n_units == effects.n_used)
    )


def advice_on(row: Mapping[Any, Any], *, leading: bool) -> Advice:
    """Say what to do with an arm."""
    if row["believable"] == "no":
        return "unknown"
    if row["procedure"] == BOUNDS and row["bound_low"] <= 0 <= row["bound_high"]:
        return "open"
    if leading and abs(row["probability_gain"] - SURE) < BORDER:
        return "borderline"
    if row["probability_gain"] >= SURE:
        return "roll out" if leading else "second"
    if abs(row["probability_best"] - UNLIKELY) < BORDER:
        return "borderline stop"
    return "stop" if row["probability_best"] <= UNLIKELY else "test"


def gain_density(effects: EffectsResult, *, metric: str, grid: Floats) -> pd.DataFrame:
    """Density of each arm's gain over all customers, by the same distribution as `decide`.

    Parameters
    ----------
    effects : EffectsResult
        Of `Campaign.evaluate`.
    metric : str
        Name of the metric that is to be gained.
    grid : array of shape (points,)
        Gains per customer.

    Returns
    -------
    DataFrame of shape (points, arms)
        Arms whose outcome does not vary are left out.
    """
    found = {}
    for row in _over_all(effects, metric).to_dict("records"):
        test = effects.permutations.get(_key(row))
        if test is not None:
            found[row["arm"]] = test.density(grid)
        elif row["standard_error"] > 0:
            found[row["arm"]] = stats.norm.pdf(grid, row["difference"], row["standard_error"])
    return pd.DataFrame(found, index=grid)


def _over_all(effects: EffectsResult, metric: str) -> pd.DataFrame:
    """First estimate of each arm over all customers; of bounds the one nearest to 0, the middle where they hold it."""
    rows = effects.overall[effects.overall["metric"] == metric]
    low, high, middle = rows["bound_low"], rows["bound_high"], rows["difference"]
    nearest = low.where(low > 0, high.where(high < 0, middle))
    return rows.assign(difference=middle.where(rows["procedure"] != BOUNDS, nearest))


def _key(row: dict[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYS)


def _draws(effects: EffectsResult, rows: pd.DataFrame, source: np.random.Generator) -> Floats:
    """Draws of each arm's difference, draws × arms."""
    error, shared = rows["standard_error"].to_numpy(dtype=float), rows["control_error"].to_numpy(dtype=float)
    own = np.sqrt(np.maximum(error**2 - shared**2, 0.0))
    common = source.standard_normal((DRAWS, 1)) * shared
    moved = source.standard_normal((DRAWS, len(rows))) * own - common
    draws = rows["difference"].to_numpy(dtype=float) + moved
    for i, row in enumerate(rows.to_dict("records")):
        test = effects.permutations.get(_key(row))
        if test is not None:
            draws[:, i] = test.effects(moved[:, i] / error[i])
    return np.asarray(draws)


def _warnings(rows: pd.DataFrame) -> tuple[str, ...]:
    """Say which arms hold too little to be weighed."""
    still = rows.loc[~(rows["standard_error"] > 0), "arm"].map(str).tolist()
    few = rows.loc[(rows["procedure"] == NO_METHOD) & (rows["standard_error"] > 0), "arm"].map(str).tolist()
    found = []
    if still:
        found.append(
            message("The outcome does not vary in control and in {arms}: there is nothing to weigh there.", arms=still)
        )
    if few:
        found.append(message("Too few customers bought for the probabilities of {arms} to be believed.", arms=few))
    return tuple(found)

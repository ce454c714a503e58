"""Can I believe this? False alarms of each estimate in placebo campaigns on the campaign's own customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Profit
from loyalty_kit.campaigns.design.rows import Rows, Whole
from loyalty_kit.campaigns.effects.effects import DISBELIEVED, Reading, segment_families
from loyalty_kit.campaigns.effects.effects_result import ALL, INSTEAD, KEYS, NO_METHOD, PERMUTATION, EffectsResult
from loyalty_kit.campaigns.effects.estimates import ArmEstimates, Cell
from loyalty_kit.campaigns.effects.permutation import Permutation, permute
from loyalty_kit.campaigns.trust.placebo import placebo_t
from loyalty_kit.campaigns.trust.verdicts import judged
from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import joined, message
from loyalty_kit.core.results import Result, keep_messages
from loyalty_kit.core.selection import group_name

COLUMNS = [
    *["metric", "arm", "by", "level", "nonzero_control", "false_better", "false_worse", "coverage"],
    *["detectable", "believable", "method", "message"],
]
DRAWS = 9_999
DRAWS_ADJUSTED = 4_999
"""Where estimates are adjusted, every customer is reassigned, not only the buyers."""
REPLACED = message("Placebo campaigns raised too many false alarms; the permutation result stands here.")


@dataclass(frozen=True, eq=False)
class TrustResult(Result):
    """Whether each row of an evaluation can be believed.

    Attributes
    ----------
    table : DataFrame
        The columns of `to_frame`, then kind, p_value, ci_low and ci_high: the permutation result where
        the ordinary one cannot be believed, NaN elsewhere.
    placebos : int
        How many placebo campaigns.
    nominal : float
        False alarms to be expected on each side.
    n_used : int
        Customers whose arms were drawn anew.
    confidence : float
        Level that was put to the test.
    method : str
        What the placebo campaigns were run on.
    warnings : tuple of str
        Sentences on rows that cannot be believed by either method.
    """

    table: pd.DataFrame
    placebos: int
    nominal: float
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    permutations: Mapping[tuple[Any, ...], Permutation] = field(default_factory=dict, repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row an estimate and treatment.

        Columns: metric, arm, by, level, nonzero_control, false_better, false_worse, coverage, detectable
        (smallest effect found with power 0.8), believable ('yes', 'borderline', 'by permutation' or 'no'),
        method, message.
        """
        return self.table[COLUMNS].copy()

    def _shown(self) -> pd.DataFrame:
        """Rows over all customers: how many stand behind one of a segment is not in the table."""
        table = self.to_frame()
        return table[table["by"] == ALL]


def run_placebos(
    rows: Rows,
    cube: Cube,
    found: Sequence[ArmEstimates],
    before: Mapping[str, str],
    times: int,
    confidence: float,
    rng: np.random.Generator,
) -> TrustResult:
    """Placebo campaigns of every estimate, and its permutation test where they show false alarms.

    Notes
    -----
    An estimate is believed where neither side's false alarms exceed what is due by more than four tenths, and is
    not where they are twice of that or more; between the two it is a borderline, and the permutation result stands
    there too: replacing a sound interval costs little, believing an unsound one much. With 2,000 placebo campaigns
    chance makes a borderline of a sound interval in 1 of 500 cases a side, and lets one pass that errs in 5 % of
    cases on a side, twice as often as it should, in 1 of 1,000.

    Arms are reassigned at random over all customers, with the same sizes; segments keep their customers. A cost that
    is the same for every customer of an arm belongs to the arm and is not reassigned. In the placebo campaigns
    and permutation tests adjusted estimates take their errors from residual variances rather than HC2.
    """
    outcomes = {name for estimate in found for name in estimate.form.columns}
    check_columns(outcomes, before, message("The list of metrics"))
    arms = max((estimate.arms for estimate in found), key=len)
    codes = _codes(rows, cube.arm, arms)
    apart = [_cost_apart(estimate, rows, codes, arms) for estimate in found]
    cells = {estimate.cell: _inside(rows, estimate.cell) for estimate in found}
    inside = [cells[estimate.cell] for estimate in found]
    drawn = placebo_t(rows, codes, len(arms), apart, inside, dict(before), times, rng)
    nominal = (1 - confidence) / 2
    limits = {name: limit for name, (_, limit) in cube.caps.items()}
    records: list[dict[str, Any]] = []
    wanted: dict[tuple[Cell, int], list[tuple[int, ArmEstimates]]] = {}
    for j, estimate in enumerate(found):
        places = [arms.index(arm) - 1 for arm in estimate.arms[1:]]
        for record in judged(estimate, drawn[:, j, places], nominal, limits):
            if record["believable"] in INSTEAD:
                wanted.setdefault((estimate.cell, arms.index(record["arm"])), []).append((len(records), apart[j]))
            size = len(rows) if (own := inside[j]) is None else len(own)
            records.append(record | {"named": group_name(record["level"], size)})
    tests: dict[tuple[Any, ...], Permutation] = {}
    for (cell, arm), estimates in wanted.items():
        mine = _pair(codes, cells[cell], arm)
        found_anew = _permutations(rows, codes == arm, [estimate for _, estimate in estimates], mine, arms[arm], rng)
        for (place, _), test in zip(estimates, found_anew, strict=True):
            low, high = test.interval(confidence)
            records[place] |= {"p_value": test.p_value, "ci_low": low, "ci_high": high}
            tests[tuple(records[place][name] for name in KEYS)] = test
    return _result(records, tests, times, nominal, len(rows), confidence, bool(before))


def _result(
    records: list[dict[str, Any]],
    tests: dict[tuple[Any, ...], Permutation],
    times: int,
    nominal: float,
    n: int,
    confidence: float,
    earlier: bool,
) -> TrustResult:
    """Verdicts as a table, with a sentence on each row that no method can read."""
    table = pd.DataFrame(records, columns=[*COLUMNS, "kind", "p_value", "ci_low", "ci_high"])
    table = keep_messages(table.astype({"arm": object, "level": object}), records, "method", "message")
    earlier_or_pooled = (
        message("{placebos} placebo campaigns on the period before", placebos=times)
        if earlier
        else message("{placebos} placebo campaigns on outcomes pooled over arms", placebos=times)
    )
    told = [
        message(
            "{metric}, {arm}, {by} {level}: {message}",
            **{name: record[name] for name in ("metric", "arm", "by", "message")},
            level=record["named"],
        )
        for record in records
        if record["believable"] == "no"
    ]
    return TrustResult(
        table=table,
        placebos=times,
        nominal=nominal,
        n_used=n,
        confidence=confidence,
        method=earlier_or_pooled,
        warnings=tuple(told),
        permutations=tests,
    )


def _codes(rows: Rows, column: str, arms: tuple[Any, ...]) -> Whole:
    codes, levels = rows.codes(column)
    return np.array([arms.index(level) for level in levels])[codes]


def _inside(rows: Rows, cell: Cell) -> Whole | None:
    return None if cell.by is None else np.flatnonzero(rows.where(cell.by, cell.level))


def _cost_apart(estimate: ArmEstimates, rows: Rows, codes: Whole, arms: tuple[Any, ...]) -> ArmEstimates:
    """Profit with its cost column written as an amount an arm, where no customer of an arm costs more than another."""
    metric = estimate.metric
    if not isinstance(metric, Profit) or not isinstance(metric.cost, str) or len(estimate.form.weights) < 2:
        return estimate
    cost = rows.values(metric.cost)
    first = cost[[np.flatnonzero(codes == arm)[0] for arm in range(len(arms))]]
    weights = {name: weight for name, weight in estimate.form.weights.items() if name != metric.cost}
    if not (cost == first[codes]).all() or metric.cost in (metric.spend, metric.coupon):
        return estimate
    amounts = dict(zip(arms, first.tolist(), strict=True))
    return replace(estimate, metric=replace(metric, cost=amounts), form=replace(estimate.form, weights=weights))


def _pair(codes: Whole, inside: Whole | None, arm: int) -> Whole:
    """Find the customers of control and one treatment in one cell."""
    mine = np.arange(len(codes)) if inside is None else inside
    return np.asarray(mine[(codes[mine] == 0) | (codes[mine] == arm)])


def _permutations(
    rows: Rows,
    inside: npt.NDArray[np.bool_],
    wanted: Sequence[ArmEstimates],
    mine: Whole,
    arm: object,
    rng: np.random.Generator,
) -> list[Permutation]:
    """Permutation tests of one treatment against control over some customers, those of adjusted estimates together."""
    treated = inside[mine]
    found: dict[int, Permutation] = {}
    together: dict[int, list[int]] = {}
    for i, estimate in enumerate(wanted):
        if estimate.form.divisor is not None or estimate.covariates:
            together.setdefault(DRAWS_ADJUSTED if estimate.covariates else DRAWS, []).append(i)
            continue
        weights = np.array([estimate.form.weights[name] for name in estimate.form.columns])
        values = rows.matrix(estimate.form.columns)[mine] @ weights
        known = ~np.isnan(values)
        test = permute(values[known & ~treated], values[known & treated], draws=DRAWS, rng=rng)
        found[i] = replace(test, difference=test.difference - _contact(estimate, arm))
    for draws, members in together.items():
        chosen = [wanted[i] for i in members]
        columns = dict.fromkeys(name for e in chosen for name in (*e.form.columns, *e.covariates))
        part = Rows(None, {}, {}, {name: rows.values(name)[mine] for name in columns})
        t = placebo_t(part, treated.astype(int), 2, chosen, [None] * len(chosen), {}, draws, rng)[:, :, 0, 0]
        for j, i in enumerate(members):
            difference = float(wanted[i].differences()[0][wanted[i].arms.index(arm) - 1])
            found[i] = Permutation(difference, _own_error(wanted[i], arm), np.sort(np.nan_to_num(t[:, j])))
    return [found[i] for i in range(len(wanted))]


def _own_error(estimate: ArmEstimates, arm: object) -> float:
    """Error of one treatment's difference by the rule that holds in the draws: residual variances, not HC2."""
    at = estimate.arms.index(arm)
    if not estimate.fits:
        return float(estimate.differences()[1][at - 1])
    return float(np.sqrt(estimate.fits[0].by_moments()[0] + estimate.fits[at].by_moments()[0]))


def _contact(estimate: ArmEstimates, arm: object) -> float:
    if not isinstance(estimate.metric, Profit):
        return 0.0
    arms = estimate.arms
    return estimate.metric.contact(arm, arms[0]) - estimate.metric.contact(arms[0], arms[0])


def believable(effects: EffectsResult, trust: TrustResult, reading: Reading) -> EffectsResult:
    """Effects in which the permutation result stands wherever the ordinary one cannot be believed.

    Over all customers, intervals and adjusted p values of several arms then follow Bonferroni.
    """
    if trust.confidence != effects.confidence:
        raise InputError(
            "'trust' was run at confidence {first}, the evaluation at {second}.",
            first=f"{trust.confidence:g}",
            second=f"{effects.confidence:g}",
        )
    table = effects.table.copy()
    verdict = {tuple(row[key] for key in KEYS): row["believable"] for _, row in trust.table.iterrows()}
    arms = table["arm"].nunique() if reading.multiple == "max-t" else 1
    for i, row in zip(table.index, table.to_dict("records"), strict=True):
        key = tuple(row[name] for name in KEYS)
        if verdict.get(key) == "no":
            table.at[i, "warning"] = joined(row["warning"], DISBELIEVED) if row["warning"] else DISBELIEVED
            table.at[i, "procedure"] = NO_METHOD
        if key not in trust.permutations:
            continue
        test = trust.permutations[key]
        family = arms if row["by"] == ALL else 1
        replaced = _replaced(test, row["own_method"], family, effects.confidence)
        for name, value in replaced.items():
            table.at[i, name] = value
    table = segment_families(table, reading)
    return replace(effects, table=table, permutations=trust.permutations, trust=trust)


def _replaced(test: Permutation, method: str, family: int, confidence: float) -> dict[str, Any]:
    """Columns of an estimate where the permutation result stands, over a family of so many arms."""
    low, high = test.interval(1 - (1 - confidence) / family)
    return {
        "ci_low": low,
        "ci_high": high,
        "p_value": test.p_value,
        "p_adjusted": min(test.p_value * family, 1.0),
        "lift_low": np.nan,
        "lift_high": np.nan,
        "procedure": PERMUTATION,
        "together": False,
        "method": (
            message("{method}; studentised permutation, Bonferroni over {arms} arms", method=method, arms=family)
            if family > 1
            else message("{method}; studentised permutation", method=method)
        ),
        "warning": REPLACED,
    }

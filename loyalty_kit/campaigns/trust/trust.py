"""Can I believe this? False alarms of each estimate in placebo campaigns on the campaign's own customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.effects import Reading
from loyalty_kit.campaigns.effects.effects_result import ALL, INSTEAD, KEYS, PERMUTATION, EffectsResult
from loyalty_kit.campaigns.effects.permutation import Permutation
from loyalty_kit.campaigns.trust.few_units import with_tests
from loyalty_kit.campaigns.trust.placebo import placebo_t
from loyalty_kit.campaigns.trust.redrawn import Part, cell_rows, codes_of, cost_apart, draw_again
from loyalty_kit.campaigns.trust.verdicts import judged
from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result, keep_messages
from loyalty_kit.core.selection import group_name

COLUMNS = [
    *["metric", "arm", "by", "level", "nonzero_control", "false_better", "false_worse", "coverage"],
    *["detectable", "believable", "method", "message"],
]


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


@dataclass(frozen=True)
class Trial:
    """How often arms are drawn anew, and what is put to the test."""

    before: Mapping[str, str]
    times: int
    confidence: float
    limits: dict[str, float]

    @property
    def nominal(self) -> float:
        """False alarms to be expected on each side."""
        return (1 - self.confidence) / 2


def run_placebos(
    parts: Sequence[Part],
    cube: Cube,
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

    Arms are reassigned at random over all customers, or clusters, with the same sizes; segments keep their customers.
    A cost that is the same for every customer of an arm belongs to the arm and is not reassigned. In the placebo
    campaigns and permutation tests adjusted estimates take their errors from residual variances rather than HC2.
    """
    found = [estimate for part in parts for estimate in part.found]
    outcomes = {name for estimate in found for name in estimate.form.columns}
    check_columns(outcomes, before, message("The list of metrics"))
    arms = max((estimate.arms for estimate in found), key=len)
    trial = Trial(before, times, confidence, {name: limit for name, (_, limit) in cube.caps.items()})
    records: list[dict[str, Any]] = []
    tests: dict[tuple[Any, ...], Permutation] = {}
    for part in parts:
        own, replaced = _tried(part, arms, trial, rng)
        records += own
        tests |= replaced
    unit = found[0].unit
    drawn = len(parts[0].rows) if unit is None else int(sum(found[0].units))
    return _result(records, tests, trial, drawn, unit)


def _tried(
    part: Part, arms: tuple[Any, ...], trial: Trial, rng: np.random.Generator
) -> tuple[list[dict[str, Any]], dict[tuple[Any, ...], Permutation]]:
    """Rows of the estimates of some rows, and the permutation tests that take their places."""
    rows, found = part.rows, part.found
    codes = codes_of(rows, part.arm, arms)
    apart = [cost_apart(estimate, rows, codes, arms) for estimate in found]
    cells = {estimate.cell: cell_rows(rows, estimate.cell) for estimate in found}
    inside = [cells[estimate.cell] for estimate in found]
    drawn = placebo_t(rows, codes, len(arms), apart, inside, dict(trial.before), trial.times, rng, part.units)
    records: list[dict[str, Any]] = []
    wanted = []
    for j, estimate in enumerate(found):
        places = [arms.index(arm) - 1 for arm in estimate.arms[1:]]
        for record in judged(estimate, drawn[:, j, places], trial.nominal, trial.limits):
            if record["believable"] in INSTEAD:
                wanted.append((len(records), j, record["arm"]))
            size = len(rows) if (own := inside[j]) is None else len(own)
            records.append(record | {"named": group_name(record["level"], size)})
    tests = {}
    for place, test in draw_again(part, arms, wanted, rng).items():
        low, high = test.interval(trial.confidence)
        records[place] |= {"p_value": test.p_value, "ci_low": low, "ci_high": high}
        tests[tuple(records[place][name] for name in KEYS)] = test
    return records, tests


def _result(
    records: list[dict[str, Any]],
    tests: dict[tuple[Any, ...], Permutation],
    trial: Trial,
    n: int,
    unit: str | None,
) -> TrustResult:
    """Verdicts as a table, with a sentence on each row that no method can read."""
    table = pd.DataFrame(records, columns=[*COLUMNS, "kind", "p_value", "ci_low", "ci_high"])
    table = keep_messages(table.astype({"arm": object, "level": object}), records, "method", "message")
    earlier_or_pooled = (
        message("{placebos} placebo campaigns on the period before", placebos=trial.times)
        if trial.before
        else message("{placebos} placebo campaigns on outcomes pooled over arms", placebos=trial.times)
    )
    if unit is not None:
        earlier_or_pooled = message("{method}, the lot drawn by {units}", method=earlier_or_pooled, units=units(unit))
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
        placebos=trial.times,
        nominal=trial.nominal,
        n_used=n,
        confidence=trial.confidence,
        method=earlier_or_pooled,
        warnings=tuple(told),
        permutations=tests,
    )


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
    verdict = {tuple(row[key] for key in KEYS): row["believable"] for _, row in trust.table.iterrows()}
    doubtful = {key for key, believed in verdict.items() if believed == "no"}
    tests = {key: (test, PERMUTATION) for key, test in trust.permutations.items()}
    return replace(with_tests(effects, tests, doubtful, reading), trust=trust)

"""Rows of an evaluation in which a permutation result stands: after false alarms, or since few clusters were drawn."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Any, Literal

import numpy as np

from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.effects import DISBELIEVED, Reading, kind_of, segment_families
from loyalty_kit.campaigns.effects.effects_result import ALL, BY_UNITS, KEYS, NO_METHOD, EffectsResult
from loyalty_kit.campaigns.effects.estimates import FEW_UNITS, ArmEstimates
from loyalty_kit.campaigns.effects.permutation import Permutation
from loyalty_kit.campaigns.trust.redrawn import Part, draw_again
from loyalty_kit.core.messages import Message, joined, message

REPLACED = message("Placebo campaigns raised too many false alarms; the permutation result stands here.")


@dataclass(frozen=True)
class Few:
    """What becomes of an estimate with few clusters in an arm, and why."""

    believable: Literal["by permutation", "no"]
    message: Message


def few_units(estimate: ArmEstimates, treatment: int, error: float) -> Few | None:
    """Say how a treatment with few clusters in an arm is read; None where there are enough, or customers were drawn.

    The lot is drawn anew, unless it could have fallen in so few ways that no outcome is rarer than `error`.
    """
    if not estimate.few[treatment]:
        return None
    counts = int(estimate.units[0]), int(estimate.units[treatment + 1])
    ways, name = comb(sum(counts), counts[0]), units(estimate.unit)
    if ways * error < 2:
        told = message(
            "No: {a} and {b} {units} can be dealt in {ways} ways, too few for any result to be clear.",
            a=counts[0],
            b=counts[1],
            units=name,
            ways=ways,
        )
        return Few("no", told)
    told = message(
        "By permutation: with fewer than {few} {units} in an arm, the lot is drawn anew among them.",
        few=FEW_UNITS,
        units=name,
    )
    return Few("by permutation", told)


def by_lot(effects: EffectsResult, parts: Sequence[Part], arms: tuple[Any, ...], reading: Reading) -> EffectsResult:
    """Effects in which the lot is drawn anew wherever an arm holds few clusters."""
    rng = np.random.default_rng(0)
    tests: dict[tuple[Any, ...], tuple[Permutation, str]] = {}
    doubtful = set()
    for part in parts:
        wanted = []
        for j, estimate in enumerate(part.found):
            error = estimate.differences()[1]
            for i, treatment in enumerate(estimate.arms[1:]):
                few = few_units(estimate, i, 1 - effects.confidence)
                by, level = (ALL, ALL) if estimate.cell.by is None else (estimate.cell.by, estimate.cell.level)
                key = (estimate.metric.name, treatment, by, level, kind_of(estimate))
                if few is not None and few.believable == "no":
                    doubtful.add(key)
                elif few is not None and error[i] > 0:
                    wanted.append((key, j, treatment))
        tests |= {key: (test, BY_UNITS) for key, test in draw_again(part, arms, wanted, rng).items()}
    return with_tests(effects, tests, doubtful, reading)


def with_tests(
    effects: EffectsResult,
    tests: Mapping[tuple[Any, ...], tuple[Permutation, str]],
    doubtful: Collection[tuple[Any, ...]],
    reading: Reading,
) -> EffectsResult:
    """Put permutation results, each with the procedure that it stands for, into the rows of some keys.

    Rows that no method can read are told. Where the lot was drawn anew for few clusters already, that stays so.
    """
    table = effects.table.copy()
    arms = table["arm"].nunique() if reading.multiple == "max-t" else 1
    for i, row in zip(table.index, table.to_dict("records"), strict=True):
        key = tuple(row[name] for name in KEYS)
        if key in doubtful and row["procedure"] != NO_METHOD:
            table.at[i, "warning"] = joined(row["warning"], DISBELIEVED) if row["warning"] else DISBELIEVED
            table.at[i, "procedure"] = NO_METHOD
        if key not in tests or row["procedure"] == BY_UNITS:
            continue
        test, procedure = tests[key]
        family = arms if row["by"] == ALL else 1
        for name, value in _replaced(test, row, procedure, effects.unit, family, effects.confidence).items():
            table.at[i, name] = value
    table = segment_families(table, reading)
    permutations = {key: test for key, (test, _) in tests.items()} | dict(effects.permutations)
    return replace(effects, table=table, permutations=permutations)


def _replaced(
    test: Permutation, row: Mapping[Any, Any], procedure: str, unit: Message, family: int, confidence: float
) -> dict[str, Any]:
    """Columns of an estimate where the permutation result stands, over a family of so many arms."""
    low, high = test.interval(1 - (1 - confidence) / family)
    drawn = message("{method}; studentised permutation", method=row["own_method"])
    why: Message = REPLACED
    if procedure == BY_UNITS:
        drawn = message("{method}; studentised permutation of {units}", method=row["own_method"], units=unit)
        found = {"few": FEW_UNITS, "units": unit}
        why = message(
            "Fewer than {few} {units} in an arm: the lot was drawn anew, and its result stands here.", **found
        )
    return {
        "ci_low": low,
        "ci_high": high,
        "p_value": test.p_value,
        "p_adjusted": min(test.p_value * family, 1.0),
        "lift_low": np.nan,
        "lift_high": np.nan,
        "procedure": procedure,
        "together": False,
        "method": message("{method}, Bonferroni over {arms} arms", method=drawn, arms=family) if family > 1 else drawn,
        "warning": why,
    }

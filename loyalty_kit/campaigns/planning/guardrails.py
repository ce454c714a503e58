"""Guardrails judged: kept, broken or not settled, each by the interval that a margin is read from."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from loyalty_kit.campaigns.design.guardrails import COLUMNS, Guardrail, GuardrailResult
from loyalty_kit.campaigns.effects.effects_result import ALL, EffectsResult
from loyalty_kit.campaigns.effects.margins import against_margin
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import keep_messages

DETAILS = ["kind", "relative", "better"]


def check_guardrails(guardrails: Sequence[Guardrail]) -> list[Guardrail]:
    """List of guardrails, refusing a stranger and a metric that stands twice."""
    chosen = list(guardrails)
    stranger = next((one for one in chosen if not isinstance(one, Guardrail)), None)
    if stranger is not None:
        raise InputError(
            "'guardrails' must list guardrails, as [Guardrail(Rate('unsubscribed', better='lower'), margin=0.002)]; "
            "got {given}.",
            given=repr(stranger),
        )
    names = [one.metric.name for one in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError("'guardrails' names '{metric}' twice; give each metric one margin.", metric=twice)
    return chosen


def judged_guardrails(effects: EffectsResult, guardrails: Sequence[Guardrail]) -> GuardrailResult:
    """Verdict on each guardrail and arm, over all customers.

    Notes
    -----
    A guardrail is kept where a one-sided test shows that the harm is smaller than the margin, broken where one shows
    that it is larger, else not settled; both tests err in at most 1 − confidence. Arms and guardrails are not
    adjusted for one another: all must be kept, so that a single one found wanting stops an arm.
    """
    records: list[dict[str, Any]] = []
    for guardrail in guardrails:
        name = guardrail.metric.name
        found = against_margin(
            effects, margin=guardrail.margin, metric=name, claim="noninferiority", relative=guardrail.relative
        ).table
        sizes = effects.first[(effects.first["metric"] == name) & (effects.first["by"] == ALL)].set_index("arm")["n"]
        for row in _rows(found[found["by"] == ALL].drop_duplicates("arm")):
            better = guardrail.metric.better
            details = {"kind": guardrail.metric.kind, "relative": guardrail.relative, "better": better}
            verdict = _verdict(row, better)
            records.append({**row, **details, "verdict": verdict, "n": int(sizes[row["arm"]])})
    table = pd.DataFrame(records, columns=[*COLUMNS, *DETAILS]).astype({"arm": object})
    return GuardrailResult(
        table=keep_messages(table, records, "method"),
        n_used=effects.n_used,
        confidence=effects.confidence,
        method=message("one-sided test"),
        warnings=effects.warnings,
    )


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _verdict(row: dict[str, Any], better: str) -> str:
    """Kept, broken or not settled, from the interval and its margin."""
    if row["shown"]:
        return "kept"
    harm = row["ci_low"] if better == "lower" else -row["ci_high"]
    return "broken" if harm > row["margin"] else "not settled"

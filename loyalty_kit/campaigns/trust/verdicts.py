"""Yes, borderline, by permutation or no: what the false alarms of an estimate say about its interval."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special, stats

from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.effects.effects import Reading, kind_of, method_of
from loyalty_kit.campaigns.effects.effects_result import ALL
from loyalty_kit.campaigns.effects.estimates import ArmEstimates
from loyalty_kit.campaigns.effects.rates import exact_alarms
from loyalty_kit.campaigns.trust.few_units import few_units
from loyalty_kit.core.messages import message

FEWEST = 5
POWER = 0.8
TOLERATED, CLEARLY = 1.4, 2.0
"""False alarms on one side, in multiples of what is due: up to which an interval is believed, and from which on it is
not; a borderline lies between them."""


def judged(estimate: ArmEstimates, drawn: Floats, nominal: float, limits: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of one estimate, a treatment each, from t and df of its placebos (campaigns × treatments × 2)."""
    t, limit = drawn[..., 0], -special.stdtrit(drawn[..., 1], nominal)
    better, worse = (t > limit).mean(axis=0), (t < -limit).mean(axis=0)
    if estimate.metric.better == "lower":
        better, worse = worse, better
    error = estimate.differences()[1]
    enough = (estimate.nonzero[0] + estimate.nonzero[1:] >= FEWEST) & (error > 0)
    for i in np.flatnonzero(estimate.rare).tolist():
        better[i], worse[i] = exact_alarms(*estimate.counts(i + 1), 2 * nominal)
    alarms = np.maximum(better, worse)
    sound, doubtful = (alarms <= TOLERATED * nominal) & (error > 0) | estimate.rare, alarms < CLEARLY * nominal
    scale = float(stats.norm.isf(nominal) + stats.norm.ppf(POWER))
    cell = estimate.cell
    shared = {
        "metric": estimate.metric.name,
        "by": cell.by or ALL,
        "level": ALL if cell.by is None else cell.level,
        "kind": kind_of(estimate),
        "nonzero_control": int(estimate.nonzero[0]),
        "method": method_of(estimate, Reading(), limits),
    }
    found = []
    for i, arm in enumerate(estimate.arms[1:]):
        rates = {"false_better": float(better[i]), "false_worse": float(worse[i])}
        record = shared | rates | {"arm": arm, "coverage": float(1 - better[i] - worse[i])}
        record |= {"detectable": float(scale * error[i])}
        instead = "borderline" if doubtful[i] else "by permutation"
        record["believable"] = "yes" if sound[i] else instead if enough[i] else "no"
        few = few_units(estimate, i, 2 * nominal)
        if few is not None:
            record["believable"] = few.believable if error[i] > 0 else "no"
        found.append(record | {"message": few.message if few else _message(record, nominal)})
    return found


def _message(record: Mapping[str, Any], nominal: float) -> str:
    values = {"better": record["false_better"], "worse": record["false_worse"], "nominal": nominal}
    if record["believable"] == "yes":
        return message(
            "Yes: it was called 'better' in {better:.1%} and 'worse' in {worse:.1%} of placebo campaigns, where "
            "{nominal:.1%} each is due.",
            **values,
        )
    if record["believable"] == "borderline":
        return message(
            "Borderline: the ordinary interval was called 'better' in {better:.1%} and 'worse' in {worse:.1%} of "
            "placebo campaigns, where {nominal:.1%} each is due; the permutation result stands in its place.",
            **values,
        )
    if record["believable"] == "by permutation":
        return message(
            "By permutation only: the ordinary interval was called 'better' in {better:.1%} and 'worse' in "
            "{worse:.1%} of placebo campaigns, where {nominal:.1%} each is due.",
            **values,
        )
    return message("No: too few customers have anything but 0 for any method.")

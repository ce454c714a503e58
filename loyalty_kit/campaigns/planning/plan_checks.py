"""What a plan may ask for, and what is to be said of one that rests on few buyers or few clusters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.estimates import FEW_UNITS
from loyalty_kit.core.checks import check_level
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown


def planned_arms(allocation: Mapping[Any, float] | None) -> dict[Any, float]:
    """Share of each arm, control first; halves where none is given."""
    shares = {"control": 0.5, "treatment": 0.5} if allocation is None else dict(allocation)
    if len(shares) < 2 or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise InputError(
            "'allocation' must hold two or more shares above 0 that sum to 1, control first; got {given}.",
            given=shown(shares),
        )
    return shares


def check_plan(
    baseline: float,
    mde: float | None,
    n: int | None,
    sd: float | None,
    buyers: float | None,
    buyer_sd: float | None,
    correlation: float,
    cluster_size: float,
    icc: float,
) -> None:
    """Refuse a plan that asks for nothing, too much, or the impossible."""
    if (mde is None) == (n is None):
        raise InputError("Give either 'mde' (then n is found) or 'n' (then the smallest effect is found).")
    if (buyers is None) != (buyer_sd is None) or (sd is not None and buyers is not None):
        raise InputError("The spread is given by 'sd', or by 'buyers' and 'buyer_sd' together; for a rate by neither.")
    if buyers is not None:
        check_level(buyers, "buyers")
    for name, value in (("sd", sd), ("buyer_sd", buyer_sd), ("n", n)):
        if value is not None and not value > 0:
            raise InputError("'{name}' must be above 0; got {given}.", name=name, given=shown(value))
    rate = sd is None and buyers is None
    if rate and not 0 < baseline < 1:
        raise InputError(
            "'baseline' must be a rate between 0 and 1 where no 'sd' is given; got {given}.", given=shown(baseline)
        )
    if mde is not None and (mde == 0 or (rate and not 0 <= baseline + mde <= 1)):
        raise InputError(
            "'mde' must be an effect other than 0 that keeps a rate within 0 and 1; got {given}.", given=shown(mde)
        )
    if not -1 < correlation < 1 or cluster_size < 1 or not 0 <= icc <= 1:
        raise InputError(
            "'correlation' lies between -1 and 1, 'cluster_size' is at least 1, 'icc' lies between 0 and 1; "
            "got {given}.",
            given=f"{correlation!r}, {cluster_size!r}, {icc!r}",
        )


def on_buyers(buyers: float | None, smallest: float, total: int) -> tuple[str, ...]:
    """Say where a plan rests on too few buyers."""
    if buyers is None:
        return ()
    few = buyers * smallest * total
    text = message(
        "The smallest arm will hold about {few:.0f} buyers: the ordinary interval may cry wolf; plan for 100 or more.",
        few=few,
    )
    return (text,) if few < 100 else ()


def on_few_units(smallest: float, total: float, cluster: str | None, clustered: bool) -> tuple[str, ...]:
    """Say where an arm holds so few clusters that the lot will be drawn anew."""
    least = int(np.ceil(smallest * total))
    if not clustered or least >= FEW_UNITS:
        return ()
    template = (
        "The smallest arm will hold {n} {units}: with fewer than {few} the lot is drawn anew, which finds somewhat "
        "less than planned here."
    )
    return (message(template, n=least, units=units(cluster or "clusters"), few=FEW_UNITS),)

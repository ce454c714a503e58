"""Money, chances and names of metrics as the report of a campaign writes them."""

from typing import Any

import pandas as pd

from loyalty_kit.campaigns.effects.effects_result import ALL, EffectsResult
from loyalty_kit.core.language import in_a_row, level, number, percent, term
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.money import in_currency
from loyalty_kit.reporting.sentences import records

THOUSAND = 1000


def plain_name(metric: str, *, language: str | None = None) -> str:
    """Name of a metric for readers: its column, or just profit; in the language spoken unless one is given.

    Examples
    --------
    >>> plain_name("profit(spend)", language="en"), plain_name("spend")
    ('profit', 'spend')
    """
    name = str(called(metric))
    if name != metric or not metric.startswith("profit("):
        return name
    return str(called("profit")) if called("profit") != "profit" else term("campaign.profit", language=language)


def amount(value: float) -> str:
    """Money per customer as money per 1,000 customers.

    Examples
    --------
    >>> amount(0.4784), amount(-1.2), amount(0.0031)
    ('478', '−1,200', '3.1')
    """
    scaled = THOUSAND * value
    digits = 0 if abs(scaled) >= 10 or abs(scaled) < 0.05 else 1
    return f"{scaled:,.{digits}f}".replace("-", "−") if round(scaled, digits) else "0"


def per_thousand(value: float, currency: str = "") -> str:
    r"""Money per customer as money per 1,000 customers, in its currency.

    Examples
    --------
    >>> per_thousand(-0.4784, "€"), per_thousand(0.4784, "CNY").replace("\xa0", " "), per_thousand(0.4784)
    ('−€478', '478 CNY', '478')
    """
    return in_currency(amount(abs(value)), currency, negative=value < 0)


def about(n: float) -> str:
    """Write a planned number of customers to three digits.

    Examples
    --------
    >>> about(82031)
    '82,000'
    """
    return f"{float(f'{n:.3g}'):,.0f}"


def chance(p: float) -> str:
    r"""Probability as a percentage that is never quite 0 or 100.

    Examples
    --------
    >>> [chance(p).replace("\xa0", " ") for p in (0.962, 0.99998, 0.0)]
    ['96 %', 'over 99 %', 'under 1 %']
    """
    if 0.01 <= p <= 0.99:
        return percent(p)
    return term("campaign.chance_over", p=percent(0.99)) if p > 0.99 else term("campaign.chance_under", p=percent(0.01))


def size(value: float, kind: str, digits: int = 1) -> str:
    """Write a difference in its metric's unit: points of a rate, money of anything else."""
    return "–" if pd.isna(value) else number(100 * value, digits) if kind == "rate" else amount(value)


def unit(kind: str) -> str:
    """Key of a metric's unit in the catalogue."""
    return "rate" if kind == "rate" else "money"


def span(row: dict[str, Any], effects: EffectsResult, kind: str = "profit", digits: int = 1) -> str:
    """Write the interval of an effect with its level and n; say so where there is none."""
    if not row["ci_low"] <= row["ci_high"]:
        return term("interval_none", n=of_assigned(row))
    ends = {"low": size(row["ci_low"], kind, digits), "high": size(row["ci_high"], kind, digits)}
    return term("interval", level=level(effects.confidence), n=of_assigned(row), **ends)


def of_assigned(row: dict[str, Any]) -> str:
    """Write how many customers an effect is about, of how many where some lack the outcome."""
    n, total = row["n"], row["n_assigned"]
    return f"{n:,}" if n == total else term("campaign.n_of", n=f"{n:,}", total=f"{total:,}")


def results_in_a_row(table: pd.DataFrame) -> str:
    """Name results by metric, arm and segment."""
    names = [
        term(
            "effects.result" if row["by"] == ALL else "effects.result_cell",
            metric=plain_name(row["metric"]),
            **{name: row[name] for name in ("arm", "by", "level")},
        )
        for row in records(table)
    ]
    return in_a_row(names) if names else ""

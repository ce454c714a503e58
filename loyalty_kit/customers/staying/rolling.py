"""Risks said at several earlier days, each by a model fitted to a time before it, beside who stayed away."""

import pandas as pd

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.customers.staying.cuts import check_counts, fit_at
from loyalty_kit.customers.staying.known import known_at, stayed_away, with_more
from loyalty_kit.customers.transactions.day_numbers import as_date
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.statistics.prediction import auc

COLUMNS = ["cut", "customers", "said", "left", "expected_over_observed", "auc", "ci_low", "ci_high"]
CUTS = 5


def risks_before(
    ledger: Ledger, day: int, horizon: int, *, more: pd.DataFrame | None, model: str, confidence: float
) -> pd.DataFrame:
    """Judge the model at a day and at those half a horizon apart before it, as far back as it can be fitted."""
    rows: list[tuple[object, ...]] = []
    first = int(ledger.purchases.day.min())
    for place in range(CUTS):
        cut = day - place * max(horizon // 2, 1)
        if cut - horizon < first:
            break
        try:
            rows.append(_row(ledger, cut, horizon, more, model, confidence))
        except TooLittleError:
            break
    return pd.DataFrame(rows[::-1], columns=COLUMNS)


def _row(
    ledger: Ledger, cut: int, horizon: int, more: pd.DataFrame | None, model: str, confidence: float
) -> tuple[object, ...]:
    risks, *_ = fit_at(ledger, cut - horizon, horizon, more, model, confidence)
    table = with_more(known_at(ledger, cut), more)
    away = stayed_away(ledger, table.index.to_numpy(), cut, horizon)
    check_counts(away, cut, horizon)
    said = risks(table)
    area = auc(away, said, confidence=confidence)
    ratio = float(said.sum() / away.sum())
    return (as_date(cut).isoformat(), len(away), float(said.mean()), float(away.mean()), ratio, *area)

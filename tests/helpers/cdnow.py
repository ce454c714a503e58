"""CDNOW: a tenth of a cohort of 1997, on which the models of customer value are published."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import loyalty_kit as lk
from loyalty_kit.customers.transactions.ledger import Ledger

FOLDER = Path(__file__).parents[1] / "reference/customers"
CUT, END = "1997-09-30", "1998-06-30"


def known(package: str) -> dict[str, Any]:
    """Figures of a package of R: btyd, btydplus or clvtools."""
    figures: dict[str, Any] = json.loads((FOLDER / f"cdnow_{package}.json").read_text("utf-8"))
    return figures


def log(amount: str = "cds") -> lk.Transactions:
    """Orders; eight customers took a free record and nothing else, whom only the count of records shows."""
    table = pd.read_csv(FOLDER / "cdnow_log.csv", parse_dates=["date"])
    return lk.read_transactions(table, customer="cust", time="date", amount=amount)


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(int))


def rows(ledger: Ledger, who: np.ndarray, customers: list[dict[str, Any]]) -> np.ndarray:
    """Places of R's customers among histories."""
    order = np.argsort(ledger.ids.to_numpy()[who].astype(int))
    return order[np.array([customer["row"] for customer in customers]) - 1]

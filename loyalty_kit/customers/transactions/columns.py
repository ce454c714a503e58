"""What the columns of a log mean, and whether they can be read so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import narwhals as nw

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown


@dataclass(frozen=True)
class Columns:
    """Names of a log's columns.

    Attributes
    ----------
    customer, time, amount : str
        Who bought, when, and for how much; a refund is an amount below zero.
    order, channel, category, currency : str, optional
        Rows of one order are one purchase; where and what was bought; in which currency.
    """

    customer: str
    time: str
    amount: str
    order: str | None = None
    channel: str | None = None
    category: str | None = None
    currency: str | None = None

    def named(self) -> Iterator[tuple[str, str]]:
        """Meaning and name of each column that the log has."""
        for field in fields(self):
            if (name := getattr(self, field.name)) is not None:
                yield field.name, name

    @property
    def names(self) -> list[str]:
        """Names of the columns, each once."""
        return list(dict.fromkeys(name for _, name in self.named()))


def log_columns(names: Sequence[str]) -> dict[str, str]:
    """Columns of a log by what they mean, from a list in a fixed order: what a notebook's parameter holds.

    Parameters
    ----------
    names : list of str
        Columns of customer, time and amount; then, where known, of order, channel, category and currency. An empty
        text stands for a column that the log does not have.

    Returns
    -------
    dict of str to str
        What `read_transactions` takes.

    Raises
    ------
    InputError
        If customer, time or amount is not named, or there are more names than meanings.

    Examples
    --------
    >>> log_columns(["member", "day", "paid", "", "shop"])
    {'customer': 'member', 'time': 'day', 'amount': 'paid', 'channel': 'shop'}
    """
    meanings = [field.name for field in fields(Columns)]
    found = dict(zip(meanings, names, strict=False)) if not isinstance(names, str) else {}
    if not all(found.get(name) for name in meanings[:3]) or len(names) > len(meanings):
        raise InputError(
            "'columns' must list the columns of customer, time and amount, then, where known, those of order, channel, "
            "category and currency; got {given}.",
            given=shown(names),
        )
    return {meaning: name for meaning, name in found.items() if name}


def check_log(frame: Any, columns: Columns) -> None:
    """Refuse a log without its columns, whose times are no dates or whose amounts are no numbers."""
    meanings: dict[str, str] = {}
    for meaning, name in columns.named():
        if name in meanings:
            raise InputError(
                "Column '{column}' stands for '{first}' and for '{second}'; each needs a column of its own.",
                column=name,
                first=meanings[name],
                second=meaning,
            )
        meanings[name] = meaning
    schema = frame.collect_schema()
    check_columns(schema.names(), columns.names, message("The log"))
    if not isinstance(schema[columns.time], nw.Date | nw.Datetime):
        raise InputError(
            "Column '{column}' of the log holds {dtype}, not dates; store it as dates or times.",
            column=columns.time,
            dtype=schema[columns.time],
        )
    amount = schema[columns.amount]
    if not amount.is_numeric():
        raise InputError(
            "Column '{column}' of the log holds {dtype}, not amounts; store it as numbers, refunds below zero.",
            column=columns.amount,
            dtype=amount,
        )

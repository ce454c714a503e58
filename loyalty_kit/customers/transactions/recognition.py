"""A file taken for a log of orders by the names and the content of its columns."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.customers.transactions.columns import Columns
from loyalty_kit.customers.transactions.reading import read_transactions
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.intake.tables import read_table

NEEDED = ("customer", "time", "amount")
ROWS: dict[str, object] = {"rows": "leave_out"}
_NAMES = Path(__file__).with_name("names.toml")
_BRACKETS = re.compile(r"[(\[（【].*?[)\]）】]")
_MARKS = re.compile(r"[\W_]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_FEWEST_REPEATS = 0.02


@dataclass(frozen=True)
class LogFile:
    """A file that is a log of orders, and how it is read.

    Attributes
    ----------
    columns : Columns
        What its columns mean.
    file : mapping of str to object
        How it is to be read beside what it says itself.
    left_out : tuple of (int, Message)
        Rows that are no order, by their number, and why.
    timezone : str
        Zone of its days where times have several offsets, else empty.
    language : {'en', 'zh'}
        Of its column names.
    currencies : tuple of str
        Currencies that need rates before it can be read; none where there is one.
    """

    columns: Columns
    file: Mapping[str, object]
    left_out: tuple[tuple[int, Message], ...]
    timezone: str
    language: Literal["en", "zh"]
    currencies: tuple[str, ...] = ()

    def read(self, path: Path, **options: Any) -> Transactions:
        """Log of the file."""
        named = asdict(self.columns)
        return read_transactions(path, **named, file=self.file or None, timezone=self.timezone or None, **options)


def meanings(names: Iterable[str], kinds: Iterable[str]) -> dict[str, str]:
    """Column by meaning, as names tell: exact ones first, then those that hold one.

    Examples
    --------
    >>> meanings(["订单编号", "实付金额（元）", "会员号", "下单时间"], ["customer", "time", "amount", "order"])
    {'customer': '会员号', 'time': '下单时间', 'amount': '实付金额（元）', 'order': '订单编号'}
    """
    plain = {_folded(name): name for name in reversed(list(map(str, names)))}
    found: dict[str, str] = {}
    for kind in kinds:
        known = _known()[kind]
        near = [name for word in known["within"] for name in plain if word in name]
        for name in [*known["names"], *near]:
            if name in plain and plain[name] not in found.values():
                found[kind] = plain[name]
                break
    return found


def recognised(path: Path) -> LogFile | None:
    """Take a file for a log of orders; none where it is something else.

    Raises
    ------
    UnreadableError
        If the file cannot be read.
    InputError
        If it is a log without an amount, or its dates may mean two days.
    """
    table = read_table(path, (), what=message("The file"))
    names = [str(name) for name in table.frame.columns]
    found = meanings(names, ["customer", "time", "amount", "order", "channel", "category", "currency"])
    if meanings(names, ["survey"]) or not {"customer", "time"} <= found.keys():
        return None
    if "amount" not in found:
        _refuse_amount(path, names, found)
        return None
    rows = table.frame
    ids = rows[found["customer"]].dropna()
    if "order" not in found and len(ids) and ids.duplicated().mean() < _FEWEST_REPEATS:
        return None
    if "order" not in found and (order := _order_of_lines(names)):
        found["order"] = order
    codes = sorted(map(str, rows[found["currency"]].dropna().unique())) if "currency" in found else []
    if "currency" in found and len(codes) < 2:
        del found["currency"]
    columns = Columns(**found)
    log = LogFile(
        columns=columns,
        file=ROWS if table.doubtful else {},
        left_out=tuple((row.number, row.reason) for row in table.doubtful),
        timezone="UTC" if _offsets(rows[found["time"]]) > 1 else "",
        language="zh" if _CHINESE.search("".join(found.values())) else "en",
        currencies=tuple(codes) if "currency" in found else (),
    )
    # Without rates this only tries whether the rest can be read.
    log.read(path, **({"rates": dict.fromkeys(codes, 1.0)} if log.currencies else {}))
    return log


def _order_of_lines(names: list[str]) -> str:
    """Column 'Name' of an export with a row a line: the order's, where the line has a name of its own."""
    return "Name" if "Name" in names and any(_folded(name).startswith("lineitem") for name in names) else ""


def _refuse_amount(path: Path, names: list[str], found: Mapping[str, str]) -> None:
    """Say that a log of lines lacks what was paid; another file is none of ours."""
    if "order" in found and meanings(names, ["quantity"]):
        raise InputError(
            "'{file}' looks like a log of orders (customer '{customer}', time '{time}', order '{order}') without an "
            "amount; add a column 'amount', as quantity times price.",
            file=path.name,
            **{name: found[name] for name in ("customer", "time", "order")},
        )


def _offsets(column: pd.Series) -> int:
    if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
        return 0
    return int(column.astype(str).str.extract(r"(Z|[+-]\d{2}:?\d{2})\s*$")[0].nunique())


@cache
def _known() -> dict[str, dict[str, list[str]]]:
    read = tomllib.loads(_NAMES.read_text(encoding="utf-8"))
    return {
        kind: {key: [_folded(word) for word in text.split()] for key, text in held.items()}
        for kind, held in read.items()
    }


def _folded(name: str) -> str:
    """Name without case, blanks, marks, and units in brackets."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _MARKS.sub("", _BRACKETS.sub("", plain)) or _MARKS.sub("", plain)

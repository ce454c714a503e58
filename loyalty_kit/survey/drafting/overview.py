"""Every column of a file in a table: what it holds, and what it is taken for."""

from collections.abc import Mapping, Sequence

import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.drafting.looks.columns import Column, columns_of
from loyalty_kit.survey.drafting.proposals import Draft, Use
from loyalty_kit.survey.identity import BETWEEN

HEAD = ("name", "label", "kind", "distinct", "missing", "range", "taken for")
_KINDS = {
    "whole": "whole numbers",
    "numbers": "numbers",
    "dates": "dates",
    "words": "words",
    "text": "text",
    "empty": "empty",
}
_USES: dict[Use, str] = {
    "respondent": "respondent",
    "weight": "weight",
    "seconds": "duration",
    "group": "group",
    "ticks": "ticks",
    "item": "item by itself",
    "metadata": "note of the survey program",
    "own": "a value of its own in each row",
    "constant": "the same in every row",
    "empty": "nothing",
    "open": "text, not scored",
    "number": "number, not scored",
    "unsure": "not decided",
}
_WIDE = 40


def overview(columns: Sequence[Column], taken: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Rows of the table under its head: a column each, in the file's order.

    Parameters
    ----------
    columns : sequence of Column
        All of the file.
    taken : mapping of column to text
        What each is taken for.
    """
    rows = [
        (
            _short(column.name),
            _short(column.label),
            _KINDS[column.kind],
            str(column.distinct),
            f"{column.missing / column.rows:.1%}" if column.rows else "",
            _range(column),
            taken.get(column.name, ""),
        )
        for column in columns
    ]
    return [HEAD, *rows]


def columns_read(responses: pd.DataFrame, book: Codebook) -> list[Column]:
    """Look of every column of a survey as its codebook reads it, with the wordings there; respondents first."""
    frame = responses.reset_index() if book.ids else responses
    labels = {name: book.wording(name) for name in (*book.item_names, *book.names)} | book.tick_labels
    return columns_of(RawTable(frame, column_labels={name: said for name, said in labels.items() if said != name}))


def taken_by(book: Codebook) -> dict[str, str]:
    """Say what a codebook takes each column for."""
    said = {name: "item by itself" for name in book.item_names}
    said |= {name: f"item with the role '{item.role}'" for name, item in book.items.items() if item.role}
    said |= {name: f"item of '{key}'" for key, scale in book.scales.items() for name in scale.items}
    said |= {name: f"ticks of '{key}'" for key, one in book.ticks.items() for name in (key, *one.labels_of(key))}
    said |= {name: f"price '{key}'" for key, name in book.price_columns.items()}
    said |= {name: "item on buying at a price" for name in (book.price.items if book.price else ())}
    said |= {name: "group" for name in book.groups}
    said |= {name: "respondent" for name in (*book.ids, BETWEEN.join(book.ids))}
    said |= {name: what for name, what in ((book.weight, "weight"), (book.duration, "duration")) if name}
    return said


def taken_by_draft(draft: Draft) -> dict[str, str]:
    """Say what a draft takes each column of its file for."""
    said = {column.name: _USES[draft.uses[column.name]] for column in draft.columns}
    said |= {one.column.name: f"item of '{block.key}'" for block in draft.scales for one in block.questions}
    said |= {one.column.name: f"item with the role '{one.role}'" for one in draft.singles if one.role}
    return said | {column.name: f"ticks of '{one.key}'" for one in draft.ticked for column in one.columns}


def _range(column: Column) -> str:
    if column.low is not None and column.high is not None:
        return f"{cell_text(column.low)} to {cell_text(column.high)}"
    return _short(", ".join(column.texts[:3])) if column.kind == "words" else ""


def _short(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"

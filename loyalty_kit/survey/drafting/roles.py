"""Columns that are no question: who answered, how much they weigh, what the survey program noted down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loyalty_kit.core.messages import Message, message
from loyalty_kit.survey.drafting.looks.columns import Column
from loyalty_kit.survey.drafting.looks.names import Place
from loyalty_kit.survey.drafting.looks.wordlists import folded, group_of, is_called, word_list
from loyalty_kit.survey.drafting.proposals import Use

MOST_LEVELS = 12
_WIDE = 32


@dataclass
class Roles:
    """Uses found so far, by column; and what was not sure."""

    uses: dict[str, Use] = field(default_factory=dict)
    notes: dict[str, Message] = field(default_factory=dict)

    def left(self, columns: Sequence[Column]) -> list[Column]:
        """Columns without a use as yet."""
        return [column for column in columns if column.name not in self.uses]

    def first(self, use: Use) -> str | None:
        """Name of the column with a use that only one can have."""
        return next((name for name, held in self.uses.items() if held == use), None)


def roles_of(columns: Sequence[Column], misfits: Mapping[str, Message]) -> Roles:
    """Find the columns that are no question, by their names and cells; those that do not fit are not decided."""
    roles = Roles(uses=dict.fromkeys(misfits, "unsure"), notes=dict(misfits))
    _respondent(columns, roles)
    _weight(columns, roles)
    for column in roles.left(columns):
        if column.kind == "empty":
            roles.uses[column.name] = "empty"
        elif roles.first("seconds") is None and is_called(column.name, "seconds"):
            roles.uses[column.name] = "seconds"
        elif any(is_called(column.name, kind) for kind in ("metadata", "seconds")) or _is_counter(column):
            roles.uses[column.name] = "metadata"
        elif column.kind == "dates":
            roles.uses[column.name] = "metadata"
        elif column.kind == "text" and not _may_be_chosen(column):
            roles.uses[column.name] = "open"
        elif column.unique and column.kind in ("whole", "text") and column.rows > MOST_LEVELS:
            roles.uses[column.name] = "own"
    return roles


def _respondent(columns: Sequence[Column], roles: Roles) -> None:
    """Find the id: a column called so, in the order of the list, in which everybody has one of their own."""
    known = word_list("columns")["respondent"]["names"]
    called = sorted(
        (column for column in roles.left(columns) if folded(column.name) in known),
        key=lambda column: known.index(folded(column.name)),
    )
    own = [column for column in called if column.unique]
    if own:
        roles.uses[own[0].name] = "respondent"
    for column in called:
        if column not in own and column.distinct > MOST_LEVELS:
            roles.uses[column.name] = "metadata"
            told = "'{column}' is no id of one respondent each: {distinct} different ones in {rows} rows"
            values = {"column": column.name, "distinct": column.distinct, "rows": column.rows}
            roles.notes[column.name] = message(told, **values)
    for column in own[1:]:
        roles.uses[column.name] = "metadata"


def _weight(columns: Sequence[Column], roles: Roles) -> None:
    for column in roles.left(columns):
        if not is_called(column.name, "weight") or column.low is None or column.distinct < 2:
            continue
        if column.low >= 0 and not column.missing and roles.first("weight") is None:
            roles.uses[column.name] = "weight"
        else:
            roles.uses[column.name] = "number"
            roles.notes[column.name] = message(
                "'{column}' is called a weight, but some are missing or negative", column=column.name
            )


def _is_counter(column: Column) -> bool:
    """Whether a column without a name of its own counts the rows."""
    unnamed = folded(column.name) in ("", "x", "no", "nr", "n", "rownames", "unnamed0", "column1")
    return unnamed and column.unique and column.kind == "whole" and column.high - column.low + 1 == column.rows  # type: ignore[operator]


def _may_be_chosen(column: Column) -> bool:
    """Whether cells of text may be several options of one list."""
    return any(mark in text for text in column.texts[:20] for mark in "┋;；,，|") and column.distinct <= len(
        column.texts
    )


def group_name(column: Column, place: Place) -> str | None:
    """Tell what part of the sample a column stands for, as 'gender', where its name or a short question says so.

    A question in numbers must be a short one: 'Please rate our store' speaks of a store, and is none.
    """
    found = group_of(column.name) or group_of(place.wording)
    labelled = column.kind == "words" or bool(column.value_labels)
    width = sum(1 + (mark > "\u2e80") for mark in place.wording or column.name)
    return found if found and (labelled or width <= _WIDE) else None


def has_levels(column: Column) -> bool:
    """Whether a column's cells are few enough to be groups, and shared."""
    return 2 <= column.distinct <= MOST_LEVELS and column.kind in ("words", "whole")

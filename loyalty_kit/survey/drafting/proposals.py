"""What the draft proposes for each column, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from loyalty_kit.core.messages import Message
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.sources import Row
from loyalty_kit.survey.drafting.looks.answers import Answers
from loyalty_kit.survey.drafting.looks.columns import Column
from loyalty_kit.survey.drafting.looks.names import Place

Use = Literal[
    "respondent",
    "weight",
    "seconds",
    "group",
    "item",
    "ticks",
    "metadata",
    "own",
    "constant",
    "empty",
    "open",
    "number",
    "unsure",
]
LEFT_OUT: tuple[Use, ...] = ("metadata", "own", "constant", "empty", "open", "number", "unsure")
"""Uses of columns that the codebook does not name, in the order in which they are listed."""


@dataclass(frozen=True, eq=False)
class Question:
    """A column that is asked of respondents: its place, and the answers that it shares with others.

    Attributes
    ----------
    key : str
        What the codebook calls it.
    """

    column: Column
    place: Place
    answers: Answers
    key: str
    role: Literal["recommend", "satisfaction"] | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False)
class Block:
    """Questions that belong together, as a scale or as the options of one question.

    Attributes
    ----------
    sure : bool
        Whether names or headings tell so; else the answers alone.
    against : mapping of key to float
        Questions that run against the others, with their correlation to them.
    """

    key: str
    label: str
    questions: tuple[Question, ...]
    sure: bool = True
    against: Mapping[str, float] = field(default_factory=dict)
    outcome: bool = False
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False)
class Ticked:
    """A question of which several options could be chosen.

    Attributes
    ----------
    columns : tuple of Column
        One an option, or a single one that holds several in a cell.
    """

    key: str
    label: str
    columns: tuple[Column, ...]
    options: tuple[str, ...]
    separator: str | None = None


@dataclass(frozen=True, eq=False)
class Draft:
    """Proposal for a file.

    Attributes
    ----------
    uses : mapping of column to Use
        Every column of the file, in its order.
    keys : mapping of column to key
        Short names of columns whose own are too long, as `[names]` of a codebook gives them.
    missing : mapping of code to str
        What stands for no answer anywhere, with the file's own label.
    """

    file: str
    rows: int
    columns: tuple[Column, ...]
    uses: Mapping[str, Use]
    keys: Mapping[str, str]
    respondent: str | None
    weight: str | None
    seconds: str | None
    groups: tuple[str, ...]
    scales: tuple[Block, ...]
    singles: tuple[Question, ...]
    ticked: tuple[Ticked, ...]
    missing: Mapping[float | str, str]
    left_out: tuple[Row, ...]
    options: FileOptions
    language: Literal["en", "zh"]
    notes: Mapping[str, Message] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions that have a number for an answer, those of scales first."""
        return (*(question for block in self.scales for question in block.questions), *self.singles)

    def named(self, use: Use) -> list[Column]:
        """Columns with a use."""
        return [column for column in self.columns if self.uses[column.name] == use]

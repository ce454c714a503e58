"""Entries of a codebook: ranges, questions, scales and indices, each checked by itself."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalty_kit.core.errors import nearest
from loyalty_kit.core.messages import Message, message

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Code = int | float | str
Name = Annotated[str, Field(strict=True, pattern=r"^[^\x00-\x1f\x7f]+$")]


def fault_of(*said: Message) -> PydanticCustomError:
    """Fault that carries messages, which `plain_faults` gives back."""
    whole = said[0] if len(said) == 1 else message("{faults}", faults=list(said))
    return PydanticCustomError("said", "{said}", {"said": whole})


class Model(BaseModel):
    """Base of what a codebook is made of: frozen, and without keys of its own making."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Ranged(Model):
    min: Number | None = None
    max: Number | None = None
    labels: dict[Name, Number] = {}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min >= self.max:
            ends = {"low": f"{self.min:g}", "high": f"{self.max:g}"}
            raise fault_of(message("min {low} is not below max {high}", **ends))
        return self


class Response(_Ranged):
    """Range of answers that holds for every item without its own, and the text answers' values."""


class Item(_Ranged):
    """One question: its wording, its own range and text answers, and a special role where it has one.

    A question of which several options may be chosen has `kind = "ticks"`, and instead of a range either `columns`,
    one an option, or one column of its own name, each cell of which holds all that were chosen:

    .. code-block:: toml

        [items.channels]
        kind = "ticks"
        wording = "Where do you buy?"
        columns = { Q5_1 = "In the store", Q5_2 = "On the web" }

        [items.Q6]                       # a cell holds '1,3', 'Price┋Service' or 'Price; Service'
        kind = "ticks"
        options = { 1 = "Price", 2 = "Service", 3 = "Quality" }

    Attributes
    ----------
    columns : list of str, or table of column and label
        One column an option. Blank is not chosen, and so are 0, FALSE, 'No', '否' and the like; 1, TRUE, 'Yes', '是'
        or the one text that the column holds is chosen.
    options : list of str, or table of code and label
        What the parts of a cell may be. Each is a variable, as 'Q6_1'.
    separator : str
        Between the parts; found where not given.
    other : str
        Option as which every part counts that is none of the options.
    chosen : number or str
        What stands in `columns` for a chosen option where it cannot be told (1 and 2); 'any' for whatever stands there.
    base : {'ticked', 'answered'}
        Who saw the question: those who chose at least one option or have 'not chosen' written out; or all who
        answered anything at all.
    """

    wording: str | None = None
    role: Literal["recommend", "satisfaction"] | None = None
    kind: Literal["answer", "ticks"] = "answer"
    columns: dict[Name, str] | tuple[Name, ...] = ()
    options: dict[Name, str] | tuple[Name, ...] = ()
    separator: Annotated[str, Field(min_length=1)] | None = None
    other: Name | None = None
    chosen: Code | None = None
    base: Literal["ticked", "answered"] = "ticked"

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        fields = type(self).model_fields
        given = {name for name in (*_TICKS_ONLY, *_ANSWER_ONLY) if getattr(self, name) != fields[name].default}
        if self.kind == "answer" and (keys := [name for name in _TICKS_ONLY if name in given]):
            raise fault_of(message("only a question of kind 'ticks' takes {keys}", keys=keys))
        if self.kind == "answer":
            return self
        if keys := [name for name in _ANSWER_ONLY if name in given]:
            raise fault_of(message("a question of kind 'ticks' takes no {keys}", keys=keys))
        if self.columns and (keys := [name for name in ("options", "separator", "other") if name in given]):
            raise fault_of(message("ticks in 'columns' take no {keys}", keys=keys))
        if "chosen" in given and not self.columns:
            raise fault_of(message("'chosen' is for ticks in 'columns', one an option"))
        if self.other and self.options and self.other not in self.options:
            hint = nearest(self.other, self.options)
            raise fault_of(
                message("'other' names '{option}', not among 'options'{guess}", option=self.other, guess=hint)
            )
        return self

    def labels_of(self, key: str) -> dict[str, str]:
        """Variables of a question of ticks, each with the label of its option; `key` is the question's own."""
        if self.columns:
            return _labelled(self.columns)
        return {f"{key}_{option}": label for option, label in _labelled(self.options).items()}


def _labelled(names: dict[str, str] | tuple[str, ...]) -> dict[str, str]:
    return names if isinstance(names, dict) else {name: name for name in names}


_TICKS_ONLY = ("columns", "options", "separator", "other", "chosen", "base")
_ANSWER_ONLY = ("min", "max", "labels", "role")


class Scale(Model):
    """Items that measure one thing together."""

    label: str | None = None
    role: Literal["outcome", "driver", "none"] = "none"
    kind: Literal["reflective", "formative"] = "reflective"
    cost: Annotated[Number, Field(gt=0)] | None = None
    items: tuple[Name, ...] = Field(min_length=1)
    reverse: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        twice = [name for name in dict.fromkeys(self.items) if self.items.count(name) > 1]
        if twice:
            raise fault_of(message("{items} stands twice in 'items'", items=twice))
        strangers = [name for name in self.reverse if name not in self.items]
        if strangers:
            hint = nearest(strangers[0], self.items)
            raise fault_of(message("'reverse' names {items}, not among 'items'{guess}", items=strangers, guess=hint))
        return self


class Index(Model):
    """Composite index: a weighted mean of scale scores.

    `scales` maps scales to weights, or lists them with `weights` 'equal' or 'loadings'.
    """

    label: str | None = None
    scales: dict[Name, Number] | tuple[Name, ...] = Field(min_length=1)
    weights: Literal["equal", "loadings"] | None = None

    @model_validator(mode="after")
    def _weighted_once(self) -> Self:
        if isinstance(self.scales, dict):
            if self.weights is not None:
                raise fault_of(message("give weights in 'scales' or in 'weights', not in both"))
            if min(self.scales.values()) < 0 or sum(self.scales.values()) <= 0:
                raise fault_of(message("weights must be zero or more, with a positive sum"))
        return self

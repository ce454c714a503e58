"""Entries of a codebook: ranges, questions, scales, indices and prices, each checked by itself."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import nearest
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.numerals.forms import is_number

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


class Group(Model):
    """Column that parts the respondents: what it is called, and its levels in the order in which reports show them.

    .. code-block:: toml

        [groups.tier]
        label = "Club tier"
        levels = { 1 = "Basic", 2 = "Silver", 3 = "Gold" }

        [groups.wave]
        levels = ["2025-1", "2025-2", "2026-1"]

    Attributes
    ----------
    label : str
        What reports call it; its column's name where not given.
    levels : list of codes, or table of code and label
        Codes of the file; respondents get the labels in their place when it is read. Levels that are not named follow
        in order of their appearance.
    """

    label: str | None = None
    levels: dict[Name, Name] | tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        shown = list(self.labels.values())
        if twice := [name for name in dict.fromkeys(shown) if shown.count(name) > 1]:
            raise fault_of(message("'levels' calls two levels {names}", names=twice))
        return self

    @property
    def labels(self) -> dict[str, str]:
        """Label of each level by the text of its code, in order."""
        if isinstance(self.levels, dict):
            return {cell_text(code): label for code, label in self.levels.items()}
        return {cell_text(code): cell_text(code) for code in self.levels}


class Price(Model):
    """Questions on prices: the four of van Westendorp, a ladder of Gabor and Granger, or both.

    .. code-block:: toml

        [price]
        label = "Monthly pass"
        currency = "¥"
        too_cheap = "Q7_1"               # each column holds a price: 25, ¥25, 25元
        cheap = "Q7_2"
        expensive = "Q7_3"
        too_expensive = "Q7_4"
        labels = { "about 30" = 30 }
        intent_cheap = "Q8_1"            # would buy at the price called cheap: an item, 1 to 5
        intent_expensive = "Q8_2"
        ladder = { Q9_1 = 19, Q9_2 = 24, Q9_3 = 29 }
        buys_from = 4                    # lowest answer on the ladder that counts as buying

    Attributes
    ----------
    label, currency : str
        What is priced; what stands before its prices.
    too_cheap, cheap, expensive, too_expensive : str
        Columns of prices, all four or none.
    labels : table of text and number
        Prices of answers in words.
    intent_cheap, intent_expensive : str
        Items that say how likely the respondent buys at the price called cheap, and at that called expensive.
    chances : table of answer and number
        Chance of buying, 0 to 1, by answer to these; of answers from 1 to 5 it is 0, .1, .3, .5 and .7 where not given.
    ladder : table of item and number
        Price at which each item asks whether the respondent would buy.
    buys_from : float
        Lowest answer that counts as buying; 1 where answers are 0 and 1.
    """

    label: str | None = None
    currency: str = ""
    too_cheap: Name | None = None
    cheap: Name | None = None
    expensive: Name | None = None
    too_expensive: Name | None = None
    labels: dict[Name, Number] = {}
    intent_cheap: Name | None = None
    intent_expensive: Name | None = None
    chances: dict[Name, Number] = {}
    ladder: dict[Name, Number] = {}
    buys_from: Number | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for keys, what in ((FOUR, message("the four questions")), (_INTENTS, message("the two questions"))):
            absent = [key for key in keys if getattr(self, key) is None]
            if absent and len(absent) < len(keys):
                raise fault_of(message("lacks {keys}; {what} go together", keys=absent, what=what))
        if not self.columns and not self.ladder:
            raise fault_of(message("names neither {keys} nor a ladder", keys=FOUR))
        if self.intents and not self.columns:
            raise fault_of(message("{keys} need {others} beside them", keys=_INTENTS, others=FOUR))
        named = [*self.columns.values(), *self.intents, *self.ladder]
        if twice := [name for name in dict.fromkeys(named) if named.count(name) > 1]:
            raise fault_of(message("names {columns} twice", columns=twice))
        if strangers := [answer for answer in self.chances if not is_number(answer)]:
            raise fault_of(message("'chances' names {answers}; its keys are answers in numbers", answers=strangers))
        if any(not 0 <= chance <= 1 for chance in self.chances.values()):
            raise fault_of(message("'chances' holds shares from 0 to 1"))
        prices = list(self.ladder.values())
        if min([*prices, *self.labels.values()], default=0) < 0:
            raise fault_of(message("prices are numbers of zero or more"))
        if self.ladder and len(set(prices)) < max(len(prices), 2):
            raise fault_of(message("'ladder' needs two prices or more, each of its own"))
        return self

    def misfits(self, ranges: Mapping[str, tuple[float, float]]) -> list[Message]:
        """Say what must be said beside ranges of answers that do not tell by themselves who would buy."""
        others = [ranges[name] for name in self.intents if ranges[name] != (1, 5)]
        told = []
        if others and not self.chances:
            ends = {"low": f"{others[0][0]:g}", "high": f"{others[0][1]:g}"}
            told.append(
                message("price.chances is needed: how likely each answer from {low} to {high} means to buy", **ends)
            )
        for name in self.ladder:
            low, high = ranges[name]
            if self.buys_from is None and (low, high) != (0, 1):
                template = "price.buys_from is needed: the lowest answer from {low} to {high} that counts as buying"
                return [*told, message(template, low=f"{low:g}", high=f"{high:g}")]
            if self.buys_from is not None and not low < self.buys_from <= high:
                template = "price.buys_from must be above {low} and up to {high}; got {given}"
                given = f"{self.buys_from:g}"
                return [*told, message(template, low=f"{low:g}", high=f"{high:g}", given=given)]
        return told

    @property
    def columns(self) -> dict[str, str]:
        """Column of each of the four questions, by its key; none where they were not asked."""
        return {key: getattr(self, key) for key in FOUR if getattr(self, key) is not None}

    @property
    def intents(self) -> tuple[str, ...]:
        """Items on buying at the price called cheap, and at that called expensive."""
        return tuple(name for name in (self.intent_cheap, self.intent_expensive) if name is not None)

    @property
    def items(self) -> tuple[str, ...]:
        """Items with a range of answers: those on buying, then the ladder's."""
        return (*self.intents, *self.ladder)


FOUR = ("too_cheap", "cheap", "expensive", "too_expensive")
"""Keys of van Westendorp's questions, from the lowest price on."""
_INTENTS = ("intent_cheap", "intent_expensive")


class Index(Model):
    """Composite index: a weighted mean of scale scores.

    `scales` maps scales to weights, or lists them with `weights` 'equal', 'loadings' or 'experts'.

    .. code-block:: toml

        [index.loyalty_index]
        scales = ["loyalty", "image", "price"]
        weights = "experts"
        experts = "experts.csv"          # beside the codebook: a row an expert, a column a scale, or comparisons
        essential = 4                    # lowest rating that means essential; may be left out

    Attributes
    ----------
    experts : str
        Table of the experts' ratings (expert, round, a column a scale) or comparisons in pairs (expert, round, thing,
        against, times), as `lk.expert_weights` takes it; a path from the codebook on.
    essential : float
        Lowest rating that means essential, for the content validity of each scale.
    """

    label: str | None = None
    scales: dict[Name, Number] | tuple[Name, ...] = Field(min_length=1)
    weights: Literal["equal", "loadings", "experts"] | None = None
    experts: Annotated[str, Field(min_length=1)] | None = None
    essential: Number | None = None

    @model_validator(mode="after")
    def _weighted_once(self) -> Self:
        if isinstance(self.scales, dict):
            if self.weights is not None:
                raise fault_of(message("give weights in 'scales' or in 'weights', not in both"))
            if min(self.scales.values()) < 0 or sum(self.scales.values()) <= 0:
                raise fault_of(message("weights must be zero or more, with a positive sum"))
        if (self.weights == "experts") != (self.experts is not None):
            raise fault_of(message('weights = "experts" and experts = "FILE.csv" go together'))
        if self.essential is not None and self.experts is None:
            raise fault_of(message("'essential' needs weights = \"experts\""))
        if self.weights == "experts" and len(self.scales) < 2:
            raise fault_of(message("experts weigh two scales or more"))
        return self

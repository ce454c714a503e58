"""The codebook: what each column of a survey means, read from a TOML file and checked."""

from collections.abc import Iterable
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from loyalty_kit.core.checks import check_choice, check_path
from loyalty_kit.core.errors import InputError, kind, nearest, parse_toml, plain_faults, read_toml
from loyalty_kit.core.messages import Message, message, shown, together
from loyalty_kit.core.summaries import column_list, html_table
from loyalty_kit.intake.options import FileOptions

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Code = int | float | str
_UNION_MEMBERS = ("dict[", "tuple[")
Name = Annotated[str, Field(strict=True, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _fault_of(*said: Message) -> PydanticCustomError:
    """Fault that carries messages, which `plain_faults` gives back."""
    whole = said[0] if len(said) == 1 else message("{faults}", faults=list(said))
    return PydanticCustomError("said", "{said}", {"said": whole})


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Ranged(_Model):
    min: Number | None = None
    max: Number | None = None
    labels: dict[Name, Number] = {}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min >= self.max:
            ends = {"low": f"{self.min:g}", "high": f"{self.max:g}"}
            raise _fault_of(message("min {low} is not below max {high}", **ends))
        return self


class Response(_Ranged):
    """Range of answers that holds for every item without its own, and the text answers' values."""


class Item(_Ranged):
    """One question: its wording, its own range and text answers, and a special role where it has one."""

    wording: str | None = None
    role: Literal["recommend", "satisfaction"] | None = None


class Scale(_Model):
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
            raise _fault_of(message("{items} stands twice in 'items'", items=twice))
        strangers = [name for name in self.reverse if name not in self.items]
        if strangers:
            hint = nearest(strangers[0], self.items)
            raise _fault_of(message("'reverse' names {items}, not among 'items'{guess}", items=strangers, guess=hint))
        return self


class Index(_Model):
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
                raise _fault_of(message("give weights in 'scales' or in 'weights', not in both"))
            if min(self.scales.values()) < 0 or sum(self.scales.values()) <= 0:
                raise _fault_of(message("weights must be zero or more, with a positive sum"))
        return self


class Codebook(_Model):
    """Meaning of a survey file's columns.

    Read one with `Codebook.read`. Every attribute is a key of the file; scales, items and indices
    keep the file's order. `names` gives short names to columns: each with the column's name in the
    survey file, often a whole question.
    """

    title: str = ""
    language: Literal["en", "zh"] | None = None
    respondent: Name | None = None
    weight: Name | None = None
    groups: tuple[Name, ...] = ()
    missing: tuple[Code, ...] = ()
    file: FileOptions = FileOptions()
    names: dict[Name, Name] = {}
    response: Response = Response()
    scales: dict[Name, Scale] = {}
    items: dict[Name, Item] = {}
    index: dict[Name, Index] = {}

    @classmethod
    def read(cls, path: str | Path) -> "Codebook":
        """Codebook of a TOML file.

        Parameters
        ----------
        path : str or Path
            The file, UTF-8.

        Returns
        -------
        Codebook

        Raises
        ------
        UnreadableError
            If the file is absent, is not UTF-8 or is not TOML.
        InputError
            If a key is unknown, a value has the wrong type, an item stands in two places, a
            weight names no scale, a range is reversed; each with the key's path.

        Examples
        --------
        >>> Codebook.read("no-such-codebook.toml")
        Traceback (most recent call last):
        ...
        loyalty_kit.core.errors.UnreadableError: The codebook 'no-such-codebook.toml' does not exist.
        """
        check_path(path, "path")
        return cls._checked(read_toml(Path(path), message("The codebook")), Path(path).name)

    @classmethod
    def parse(cls, text: str, name: str = "codebook.toml") -> "Codebook":
        """Codebook of TOML text; `name` is what errors call it."""
        if not isinstance(text, str):
            raise InputError("'text' must be TOML text; got {given}.", given=kind(text))
        return cls._checked(parse_toml(text, message("{what} '{path}'", what=message("The codebook"), path=name)), name)

    @classmethod
    def _checked(cls, values: dict[str, Any], name: str) -> "Codebook":
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = dict.fromkeys(_fault(*fault) for fault in plain_faults(error.errors(include_url=False)))
            raise InputError(together(_of_file(name, fault) for fault in faults)) from None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        faults = [*self._doubles(), *self._unranged(), *self._unknown_scales(), *self._misnamed()]
        if faults:
            raise _fault_of(*faults)
        return self

    def _doubles(self) -> list[Message]:
        homes: dict[str, list[Message | str]] = {}
        for name in filter(None, (self.respondent, self.weight, *self.groups)):
            homes.setdefault(name, []).append(message("respondent, weight or groups"))
        for key, scale in self.scales.items():
            for name in scale.items:
                homes.setdefault(name, []).append(f"scales.{key}.items")
        clashes = [
            message("'{name}' stands in {places}", name=name, places=_in_turn(places))
            for name, places in homes.items()
            if len(places) > 1
        ]
        names = [*self.scales, *self.index]
        clashes += [
            message("'{name}' names a scale and an index", name=key) for key in self.index if key in self.scales
        ]
        taken = {self.weight, *self.groups} & set(names)
        clashed = [key for key in names if key in taken]
        return clashes + [message("'{name}' names a column and a scale or index", name=key) for key in clashed]

    def _unranged(self) -> list[Message]:
        faults = []
        for name in self.item_names:
            low, high = self.range(name)
            if low is None or high is None:
                faults.append(
                    message(
                        "item '{item}' has no range: give response = {{ min = …, max = … }} or items.{item}.min "
                        "and max",
                        item=name,
                    )
                )
                continue
            ends = {"item": name, "low": f"{low:g}", "high": f"{high:g}"}
            if low >= high:
                faults.append(message("items.{item}: min {low} is not below max {high}", **ends))
            elif self.item(name).role == "recommend" and (low, high) != (0, 10):
                faults.append(
                    message("items.{item}: role 'recommend' needs the range 0 to 10; got {low} to {high}", **ends)
                )
        return faults

    def _unknown_scales(self) -> list[Message]:
        return [
            message(
                "index.{index}.scales names '{scale}', which is no scale{guess}",
                index=key,
                scale=scale,
                guess=nearest(scale, self.scales),
            )
            for key, index in self.index.items()
            for scale in index.scales
            if scale not in self.scales
        ]

    def _misnamed(self) -> list[Message]:
        twice = [name for name in dict.fromkeys(self.names.values()) if list(self.names.values()).count(name) > 1]
        strangers = [key for key in self.names if key not in self.columns]
        return [
            message(
                "names.{key} is no respondent, weight, group or item{guess}", key=key, guess=nearest(key, self.columns)
            )
            for key in strangers
        ] + [message("'names' gives the column '{column}' two names", column=name) for name in twice]

    @cached_property
    def item_names(self) -> tuple[str, ...]:
        """Names of all items: those of the scales in their order, then those that stand alone."""
        scaled = [name for scale in self.scales.values() for name in scale.items]
        return tuple(dict.fromkeys([*scaled, *self.items]))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the survey file must have."""
        return tuple(dict.fromkeys([*filter(None, (self.respondent, self.weight)), *self.groups, *self.item_names]))

    def in_file(self, name: str) -> str:
        """Name in the survey file of a column that may have a short one here."""
        return self.names.get(name, name)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Items of the reflective scales with two or more items: those that factors can explain."""
        return tuple(name for scale in self.reflective().values() if len(scale.items) > 1 for name in scale.items)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label of each scale and index."""
        return {key: self.label(key) for key in (*self.scales, *self.index)}

    @cached_property
    def reversed(self) -> frozenset[str]:
        """Items that are reverse-keyed."""
        return frozenset(name for scale in self.scales.values() for name in scale.reverse)

    def item(self, name: str) -> Item:
        """Item of that name, with the codebook's defaults filled in."""
        own = self.items.get(name, Item())
        low = self.response.min if own.min is None else own.min
        high = self.response.max if own.max is None else own.max
        return own.model_copy(update={"min": low, "max": high, "labels": {**self.response.labels, **own.labels}})

    def range(self, name: str) -> tuple[Any, Any]:
        """Lowest and highest answer that an item allows."""
        item = self.item(name)
        return item.min, item.max

    def ranges(self, names: Iterable[str]) -> dict[str, tuple[float, float]]:
        """Lowest and highest answer by item."""
        return {name: self.range(name) for name in names}

    def wording(self, name: str) -> str:
        """Wording of an item, or its name in the survey file where it has none."""
        return self.item(name).wording or self.in_file(name)

    def label(self, key: str) -> str:
        """Label of a scale or index, or its key where it has none."""
        entry = self.scales.get(key) or self.index.get(key)
        return (entry.label if entry else None) or key

    def role(self, role: str) -> tuple[str, ...]:
        """Items with the role 'recommend' or 'satisfaction', or scales with the role 'outcome', 'driver' or 'none'."""
        check_choice(role, "role", ("recommend", "satisfaction", "outcome", "driver", "none"))
        holders: dict[str, Any] = self.items if role in ("recommend", "satisfaction") else self.scales
        return tuple(name for name, holder in holders.items() if holder.role == role)

    def reflective(self) -> dict[Name, Scale]:
        """Scales whose items reflect one factor: those with reliability."""
        return {key: scale for key, scale in self.scales.items() if scale.kind == "reflective"}

    def __repr__(self) -> str:
        """Title and sizes, in one line; the display has a row an item."""
        sizes = {"scales": len(self.scales), "items": len(self.item_names), "index": len(self.index)}
        counted = ", ".join(f"{name}={size}" for name, size in sizes.items())
        return f"{type(self).__name__}({self.title!r}, {counted}, groups={column_list(self.groups)})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        scaled = [(key, name, name in scale.reverse) for key, scale in self.scales.items() for name in scale.items]
        alone = [("", name, False) for name in self.item_names if name not in {item for _, item, _ in scaled}]
        rows = [(key, *self._cells(key, name), "yes" if turned else "") for key, name, turned in [*scaled, *alone]]
        head = ("scale", "label", "item", "wording", "answers", "reverse-keyed")
        return f"<p>{escape(repr(self))}</p>{html_table(head, rows)}"

    def _cells(self, key: str, name: str) -> tuple[str, str, str, str]:
        """Label of the scale, and name, wording and range of the item."""
        low, high = self.range(name)
        return (self.label(key) if key else ""), name, self.item(name).wording or "", f"{low:g} to {high:g}"


def check_codebook(codebook: object) -> None:
    """Refuse what is not a codebook, with the way to one."""
    if not isinstance(codebook, Codebook):
        raise InputError(
            "'codebook' must be a Codebook; got {given}; read it with Codebook.read.", given=kind(codebook)
        )


def _fault(detail: ErrorDetails, said: Message) -> Message:
    """One validation fault with the key's path, without its full stop."""
    path = ".".join(str(part) for part in detail["loc"] if not str(part).startswith(_UNION_MEMBERS))
    if detail["type"] == "extra_forbidden":
        guess = nearest(path.rpartition(".")[2], _known_keys(detail))
        return message("key '{path}': {wrong}", path=path, wrong=message("no such key{guess}", guess=guess))
    if not isinstance(detail["input"], dict | BaseModel):
        said = message("{wrong}; got {value}", wrong=said, value=shown(detail["input"]))
    return message("key '{path}': {wrong}", path=path, wrong=said) if path else said


def _of_file(name: str, fault: Message) -> Message:
    """Sentence on a fault of the file."""
    if fault.endswith("?"):
        return message("The codebook '{file}', {faults}", file=name, faults=fault)
    return message("The codebook '{file}', {faults}.", file=name, faults=fault)


def _in_turn(places: list[Message | str]) -> Message | str:
    """Places as 'here and in there'."""
    *others, last = places
    for home in others[::-1]:
        last = message("{home} and in {places}", home=home, places=last)
    return last


def _known_keys(detail: ErrorDetails) -> list[str]:
    models: dict[str, type[BaseModel]] = {"scales": Scale, "items": Item, "index": Index, "response": Response}
    return list((models.get(str(detail["loc"][0]), Codebook) if len(detail["loc"]) > 1 else Codebook).model_fields)

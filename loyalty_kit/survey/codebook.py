"""The codebook: what each column of a survey means, read from a TOML file and checked."""

from collections.abc import Iterable
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from loyalty_kit.core.checks import check_choice, check_path
from loyalty_kit.core.errors import InputError, kind, nearest, parse_toml, read_toml
from loyalty_kit.core.messages import Message, foreign, message, together
from loyalty_kit.core.summaries import column_list, html_table
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.survey.codebook_text import edited, file_faults, in_turn, path_faults, toml_text
from loyalty_kit.survey.entries import Code, Group, Index, Item, Model, Name, Price, Response, Scale, fault_of

# Tags as the members of a plain union are called in the path of a fault, from which they are left out.
_Groups = Annotated[
    Annotated[dict[Name, Group], Tag("dict[")] | Annotated[tuple[Name, ...], Tag("tuple[")],
    Discriminator(lambda groups: "dict[" if isinstance(groups, dict) else "tuple["),
]


class Codebook(Model):
    """Meaning of a survey file's columns.

    Read one with `Codebook.read`. Every attribute is a key of the file; scales, items and indices
    keep the file's order. `names` gives short names to columns: each with the column's name in the
    survey file, often a whole question.

    `respondent` is the column of ids, or a list of columns that name a respondent together, as
    `["id", "wave"]`. `groups` lists the columns that part the respondents, or is a table of them with their labels and
    the order of their levels. `duration` is the column of the time, in seconds, that answering took.
    """

    title: str = ""
    language: Literal["en", "zh"] | None = None
    respondent: Name | Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    weight: Name | None = None
    duration: Name | None = None
    groups: _Groups = ()
    missing: tuple[Code, ...] = ()
    file: FileOptions = FileOptions()
    names: dict[Name, Name] = {}
    response: Response = Response()
    scales: dict[Name, Scale] = {}
    items: dict[Name, Item] = {}
    index: dict[Name, Index] = {}
    price: Price | None = None
    paths: dict[Name, tuple[Name, ...]] = {}

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
        book = cls._checked(read_toml(Path(path), message("The codebook")), Path(path).name)
        book.__dict__["folder"] = Path(path).parent
        return book

    @cached_property
    def folder(self) -> Path:
        """Folder of the file that it was read from, in which tables of experts lie; else the working folder."""
        return Path()

    @classmethod
    def parse(cls, text: str, name: str = "codebook.toml") -> "Codebook":
        """Codebook of TOML text; `name` is what errors call it."""
        if not isinstance(text, str):
            raise InputError("'text' must be TOML text; got {given}.", given=kind(text))
        return cls._checked(parse_toml(text, message("{what} '{path}'", what=message("The codebook"), path=name)), name)

    def edit(self, **values: Any) -> "Codebook":
        r"""Codebook with other values, checked as a file's are.

        Parameters
        ----------
        **values : object
            Keys with what they are to hold. A table is merged into the one that is there, key by key; what is None
            is taken out.

        Returns
        -------
        Codebook

        Raises
        ------
        InputError
            As `read` does.

        Examples
        --------
        >>> book = Codebook.parse('response = { min = 1, max = 5 }\nscales.trust.items = ["a", "b"]')
        >>> book.edit(missing=[98, 99], items={"a": {"wording": "They keep their word"}}).wording("a")
        'They keep their word'
        """
        book = self._checked(edited(self.model_dump(exclude_defaults=True), values), "codebook.toml")
        book.__dict__["folder"] = self.folder
        return book

    def to_toml(self) -> str:
        r"""Text of the codebook as TOML, of which `parse` makes the same codebook.

        Examples
        --------
        >>> print(Codebook.parse('groups=["wave"]\nresponse={min=1,max=5}').to_toml(), end="")
        groups = ["wave"]
        <BLANKLINE>
        [response]
        min = 1
        max = 5
        """
        return toml_text(self.model_dump(exclude_defaults=True))

    def write(self, path: str | Path) -> Path:
        """Write the codebook as a TOML file; one that exists is never overwritten.

        Parameters
        ----------
        path : str or Path
            The new file.

        Returns
        -------
        Path
            Where it stands.

        Raises
        ------
        InputError
            If there is such a file already, or no file can be written there.
        """
        check_path(path, "path")
        try:
            with Path(path).open("x", encoding="utf-8", newline="\n") as file:
                file.write(self.to_toml())
        except FileExistsError:
            raise InputError("'{path}' exists and is not overwritten; give another path.", path=path) from None
        except OSError as error:
            cause = foreign(error.strerror or error)
            raise InputError("'{path}' cannot be written: {cause}.", path=path, cause=cause) from None
        return Path(path)

    @classmethod
    def _checked(cls, values: dict[str, Any], name: str) -> "Codebook":
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(together(file_faults(error, name, cls))) from None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        unranged = self._unranged()
        faults = [*self._doubles(), *unranged, *self._unknown_scales(), *self._misnamed()]
        faults += path_faults(self.paths, self.scales)
        if self.price and not unranged:
            faults += self.price.misfits(self.ranges(self.price.items))
        if faults:
            raise fault_of(*faults)
        return self

    def _doubles(self) -> list[Message]:
        homes: dict[str, list[Message | str]] = {}
        alone = self.ids if len(self.ids) == 1 else [name for name in self.ids if name not in self.groups]
        chosen = [name for name in self.groups if name in self.tick_labels]
        groups = [name for name in self.groups if name not in chosen]
        for name in (*alone, *filter(None, (self.weight, self.duration)), *groups):
            homes.setdefault(name, []).append(message("respondent, weight, duration or groups"))
        for key, scale in self.scales.items():
            for name in scale.items:
                homes.setdefault(name, []).append(f"scales.{key}.items")
        for key, question in self.ticks.items():
            homes.setdefault(key, []).append(f"items.{key}")
            for name in question.columns:
                homes.setdefault(name, []).append(f"items.{key}.columns")
        for key, name in self.price_columns.items():
            homes.setdefault(name, []).extend([f"price.{key}"] + [f"items.{name}"] * (name in self.items))
        clashes = [
            message("'{name}' stands in {places}", name=name, places=in_turn(places))
            for name, places in homes.items()
            if len(places) > 1
        ]
        names = [*self.scales, *self.index]
        clashes += [
            message("'{name}' names a scale and an index", name=key) for key in self.index if key in self.scales
        ]
        taken = {self.weight, self.duration, *self.groups, *self.tick_labels} & set(names)
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
        priced = self.price.items if self.price else ()
        return tuple(name for name in dict.fromkeys([*scaled, *self.items, *priced]) if name not in self.ticks)

    @cached_property
    def price_columns(self) -> dict[str, str]:
        """Columns that hold prices, by their keys under `price`."""
        return self.price.columns if self.price else {}

    @cached_property
    def ticks(self) -> dict[str, Item]:
        """Questions of which several options may be chosen."""
        return {key: item for key, item in self.items.items() if item.kind == "ticks"}

    @cached_property
    def tick_columns(self) -> tuple[str, ...]:
        """Columns of the file that hold ticks."""
        return tuple(name for key, question in self.ticks.items() for name in question.columns or (key,))

    @cached_property
    def tick_labels(self) -> dict[str, str]:
        """Variable of each option of the questions of ticks, 1 or 0, with the option's label."""
        return {name: label for key, question in self.ticks.items() for name, label in question.labels_of(key).items()}

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Columns that name a respondent; none where the codebook names none."""
        return (self.respondent,) if isinstance(self.respondent, str) else self.respondent or ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the survey file must have."""
        groups = [name for name in self.groups if name not in self.tick_labels]
        beside = [*self.ids, *filter(None, (self.weight, self.duration)), *groups]
        return tuple(dict.fromkeys([*beside, *self.item_names, *self.tick_columns, *self.price_columns.values()]))

    def in_file(self, name: str) -> str:
        """Name in the survey file of a column that may have a short one here."""
        return self.names.get(name, name)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Items of the reflective scales with two or more items: those that factors can explain."""
        return tuple(name for scale in self.reflective().values() if len(scale.items) > 1 for name in scale.items)

    @cached_property
    def group_labels(self) -> dict[str, str]:
        """Label of each group column: its own, that of its option where it is one, or its name in the survey file."""
        own = self.groups if isinstance(self.groups, dict) else {}
        other = {name: self.tick_labels.get(name, self.in_file(name)) for name in self.groups}
        return {name: (own[name].label if name in own else None) or other[name] for name in self.groups}

    def levels(self, group: str) -> dict[str, str]:
        """Label of each level of a group by its code, in the order of the codebook; none where it names none."""
        own = self.groups.get(group) if isinstance(self.groups, dict) else None
        return own.labels if own else {}

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
        rows += [(key, *self._ticked(key), "") for key in self.ticks]
        head = ("scale", "label", "item", "wording", "answers", "reverse-keyed")
        return f"<p>{escape(repr(self))}</p>{html_table(head, rows)}"

    def _cells(self, key: str, name: str) -> tuple[str, str, str, str]:
        """Label of the scale, and name, wording and range of the item."""
        low, high = self.range(name)
        return (self.label(key) if key else ""), name, self.item(name).wording or "", f"{low:g} to {high:g}"

    def _ticked(self, key: str) -> tuple[str, str, str, str]:
        """Cells of a question of ticks: its options in the place of a range."""
        question = self.ticks[key]
        labels = question.labels_of(key)
        return "", ", ".join(question.columns or [key]), question.wording or "", "; ".join(labels.values())


def check_codebook(codebook: object) -> None:
    """Refuse what is not a codebook, with the way to one."""
    if not isinstance(codebook, Codebook):
        raise InputError(
            "'codebook' must be a Codebook; got {given}; read it with Codebook.read.", given=kind(codebook)
        )

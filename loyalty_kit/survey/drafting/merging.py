"""A further wave of a survey: what is new in its file is added to its codebook, what changed is listed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.codebook_text import toml_key, toml_value
from loyalty_kit.survey.drafting.drafts import draft_of
from loyalty_kit.survey.drafting.looks.columns import Column
from loyalty_kit.survey.drafting.proposals import Block, Draft, Question
from loyalty_kit.survey.drafting.text import ASKED, new_lines

_ALIKE = 0.7
"""Likeness (difflib's ratio) from which a new column may be an old one in other words."""
_NAMES = "[names]"
_SHORT = 12
"""Longest name that is no wording: 'SAT4' looks like 'SAT3' and is another question."""


@dataclass(frozen=True)
class Merged:
    """Codebook with what is new of a file, and what is different there.

    Attributes
    ----------
    text : str
        Of the codebook; the one that there was stands in it unchanged.
    added : tuple of str
        Columns of the file that it did not name and now does.
    changed : tuple of Message
        What the codebook does not fit any more, or somebody has to decide.
    """

    text: str
    added: tuple[str, ...]
    changed: tuple[Message, ...]


def merged(codebook: Path, file: Path) -> Merged:
    """Codebook of a study with what is new in the file of a further wave.

    Raises
    ------
    InputError
        If the codebook or the file has faults of its own.
    """
    book = Codebook.read(codebook)
    old = codebook.read_text(encoding="utf-8-sig")
    draft = draft_of(file, book.language)
    known = {book.in_file(name) for name in book.columns}
    new = _new_part(draft, book, known)
    changed = [*_absent(draft, book), *_renamed(draft, book, new), *_reworded(draft, book)]
    changed += [*_unknown_answers(draft, book), *_to_decide(draft, book, known)]
    added = tuple(question.column.name for question in new.questions)
    if not added and not changed:
        return Merged(old, (), ())
    said = message("Added from '{file}':", file=file.name) if added else message("From '{file}':", file=file.name)
    lines = [f"# {_in(draft, said)}", *(f"{ASKED} {_in(draft, told)}" for told in changed)]
    short = {key: name for name, key in new.keys.items() if name in added}
    text, named = _with_names(old.rstrip() + "\n", short)
    text = "\n".join([text, *lines, *named, *new_lines(new), ""])
    Codebook.parse(text, codebook.name)
    return Merged(text, added, tuple(changed))


def _in(draft: Draft, told: Message) -> str:
    return " ".join(translate(told, language=draft.language).split())


def _new_part(draft: Draft, book: Codebook, known: set[str]) -> Draft:
    """Leave out what the codebook has: whole scales that are new stay, and new questions of others by themselves."""
    taken = {*book.columns, *book.scales, *book.index}
    scales, singles = [], []
    for block in draft.scales:
        fresh = [question for question in block.questions if question.column.name not in known]
        if fresh and len(fresh) == len(block.questions):
            scales.append(replace(block, key=_free(block.key, taken)))
        else:
            singles += fresh
    singles += [question for question in draft.singles if question.column.name not in known]
    fresh = [*(question for block in scales for question in block.questions), *singles]
    calls = _calls(fresh, taken)
    return replace(
        draft,
        scales=tuple(_called_so(block, calls) for block in scales),
        singles=tuple(replace(question, key=calls[question.column.name]) for question in singles),
        keys={name: key for name, key in {**draft.keys, **calls}.items() if name != key},
        ticked=(),
        groups=(),
        missing={},
        notes={},
    )


def _calls(questions: list[Question], taken: set[str]) -> dict[str, str]:
    """Key of each column that the codebook does not give to another one already."""
    calls: dict[str, str] = {}
    for question in questions:
        calls[question.column.name] = _free(question.key, {*taken, *calls.values()})
    return calls


def _called_so(block: Block, calls: Mapping[str, str]) -> Block:
    """Block whose questions have these keys."""
    keys = {question.key: calls[question.column.name] for question in block.questions}
    questions = tuple(replace(question, key=keys[question.key]) for question in block.questions)
    return replace(block, questions=questions, against={keys[key]: value for key, value in block.against.items()})


def _free(key: str, taken: set[str]) -> str:
    number = 2
    wanted = key
    while key in taken:
        key, number = f"{wanted}_{number}", number + 1
    return key


def _absent(draft: Draft, book: Codebook) -> list[Message]:
    held = {column.name for column in draft.columns}
    names = [book.in_file(name) for name in book.columns if book.in_file(name) not in held]
    return [message("'{file}' lacks {columns}", file=draft.file, columns=names)] if names else []


def _renamed(draft: Draft, book: Codebook, new: Draft) -> list[Message]:
    """Tell of new questions that may be old ones in other words: called alike, where the old ones are gone."""
    held = {column.name for column in draft.columns}
    gone = {book.in_file(name): name for name in book.item_names if book.in_file(name) not in held}
    told = []
    for question in new.questions:
        name = question.column.name
        for old in get_close_matches(name, gone, n=1, cutoff=_ALIKE) if len(name) > _SHORT else []:
            told.append(
                message(
                    "'{new}' is new and looks like '{old}', which is gone; if it is the same question, take out what "
                    "is added for it and write {line} under [names]",
                    new=name,
                    old=old,
                    line=f"{toml_key(gone[old])} = {toml_value(name)}",
                )
            )
    return told


def _reworded(draft: Draft, book: Codebook) -> list[Message]:
    """Questions that the file words otherwise than the codebook does."""
    told = []
    for name in book.item_names:
        known, question = book.item(name).wording, _question_of(draft, book.in_file(name))
        now = (question.place.wording or question.column.label) if question else ""
        if known and now and _plain(known) not in (_plain(now), _plain(question.column.label if question else "")):
            told.append(message("the wording of '{item}' was '{old}' and is '{new}'", item=name, old=known, new=now))
    return told


def _question_of(draft: Draft, column: str) -> Question | None:
    return next((question for question in draft.questions if question.column.name == column), None)


def _plain(text: str) -> str:
    return "".join(mark for mark in plain_text(text).casefold() if mark.isalnum())


def _unknown_answers(draft: Draft, book: Codebook) -> list[Message]:
    """Answers of known items that the codebook does not allow."""
    columns = {column.name: column for column in draft.columns}
    told = []
    for name in book.item_names:
        column = columns.get(book.in_file(name))
        strange = _strange(column, name, book) if column else []
        if strange:
            told.append(
                message(
                    "item '{item}' holds {answers}, which is neither in its range nor a label",
                    item=name,
                    answers=strange,
                )
            )
    return told


def _strange(column: Column, name: str, book: Codebook) -> list[str]:
    low, high = book.range(name)
    labels = {plain_text(text).casefold() for text in book.item(name).labels}
    missing = {cell_text(code).casefold() for code in book.missing}
    known = {*labels, *missing, *_coded(column, {*labels, *missing})}
    return [
        text
        for text, number in zip(column.texts, column.numbers, strict=True)
        if text.casefold() not in known and not (number is not None and low <= number <= high)
    ]


def _coded(column: Column, words: set[str]) -> set[str]:
    """Codes whose label in the file is a word that the codebook knows."""
    return {cell_text(code) for code, label in column.value_labels.items() if plain_text(label).casefold() in words}


def _to_decide(draft: Draft, book: Codebook, known: set[str]) -> list[Message]:
    """List new columns that only a person can place: items of a known scale, groups, options that can be chosen."""
    told = []
    homes = {book.in_file(name): key for key, scale in book.scales.items() for name in scale.items}
    for block in draft.scales:
        fresh = [question for question in block.questions if question.column.name not in known]
        if fresh and len(fresh) < len(block.questions):
            told.append(_for_scale(block, fresh, homes))
    groups = [column.name for column in draft.named("group") if column.name not in known]
    if groups:
        told.append(message("new columns that may be groups: {columns}", columns=groups))
    ticked = [column.name for one in draft.ticked for column in one.columns if column.name not in known]
    if ticked:
        told.append(message("new columns of which several can be chosen: {columns}", columns=ticked))
    return told


def _for_scale(block: Block, fresh: list[Question], homes: Mapping[str, str]) -> Message:
    keys = [question.key for question in fresh]
    scale = next((homes[one.column.name] for one in block.questions if one.column.name in homes), None)
    if scale is None:
        return message("new columns that look like others by themselves: {columns}", columns=keys)
    return message("new columns that look like items of '{scale}': {columns}", scale=scale, columns=keys)


def _with_names(text: str, short: Mapping[str, str]) -> tuple[str, list[str]]:
    """Text with new short names in its table of names, or lines of a table of their own where it has none."""
    lines = [f"{toml_key(key)} = {toml_value(name)}" for key, name in short.items()]
    if not lines:
        return text, []
    held = text.splitlines()
    place = next((number for number, line in enumerate(held) if line.split("#")[0].strip() == _NAMES), None)
    if place is None:
        return text, ["", _NAMES, *lines]
    return "\n".join([*held[: place + 1], *lines, *held[place + 1 :], ""]), []

"""A draft of a codebook: what a survey file's names, labels and cells tell of its columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from loyalty_kit.core.checks import check_path
from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.no_respondents import doubtful_rows
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.sources import RawTable, Row
from loyalty_kit.intake.tables import read_table
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.drafting.keys import Keys
from loyalty_kit.survey.drafting.looks.columns import Column, columns_of
from loyalty_kit.survey.drafting.looks.names import Place, places
from loyalty_kit.survey.drafting.proof import misfits
from loyalty_kit.survey.drafting.proposals import LEFT_OUT, Draft, Use
from loyalty_kit.survey.drafting.questions import Questions, questions_of
from loyalty_kit.survey.drafting.roles import roles_of
from loyalty_kit.survey.drafting.text import draft_text

_PROOFS = 3
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LETTERS = re.compile(r"[^\W\d_]")


def draft_of(path: Path, language: Literal["en", "zh"] | None = None) -> Draft:
    """Proposal for a survey file; rows that look like no respondent are left out of it."""
    check_path(path, "path")
    options = FileOptions(rows="leave_out")
    table = read_table(path, (), what=message("The survey"), options=options)
    if table.merged:
        options = FileOptions(rows="leave_out", fill_down=tuple(table.merged))
        table = read_table(path, (), what=message("The survey"), options=options)
    if table.frame.empty:
        raise UnreadableError("The survey '{file}' holds no respondents.", file=path.name)
    found: dict[str, Message] = {}
    for _ in range(_PROOFS):
        draft = _without_idle(_draft(path.name, table, options, language, found), table)
        wrong = misfits(Codebook.parse(draft_text(draft)), table)
        if not wrong:
            break
        found |= wrong
    return draft


def _without_idle(draft: Draft, table: RawTable) -> Draft:
    """Draft that leaves out the rows, too, in which none of its questions is answered."""
    asked = [question.column.name for question in draft.questions]
    ticked = [column.name for one in draft.ticked for column in one.columns]
    known = [column.name for column in draft.columns if draft.uses[column.name] not in LEFT_OUT]
    idle = doubtful_rows(table, known, [*asked, *ticked]) if asked else {}
    told = [Row(int(table.row_numbers[at]), reason) for at, reason in idle.items()]
    left_out = tuple(sorted([*draft.left_out, *told], key=lambda row: row.number))
    return replace(draft, left_out=left_out, rows=draft.rows - len(told))


def _draft(
    file: str,
    table: RawTable,
    options: FileOptions,
    language: Literal["en", "zh"] | None,
    taken_back: Mapping[str, Message],
) -> Draft:
    columns = columns_of(table)
    spoken = language or language_of(columns)
    found = places([column.name for column in columns], [column.label for column in columns])
    by_name = {column.name: place for column, place in zip(columns, found, strict=True)}
    roles = roles_of(columns, taken_back)
    keys = Keys({column.name for column in columns}, by_name, spoken)
    questions = questions_of(columns, by_name, roles, keys)
    uses: dict[str, Use] = {column.name: roles.uses[column.name] for column in columns}
    return Draft(
        file=file,
        rows=len(table.frame),
        columns=tuple(columns),
        uses=uses,
        respondent=_called(roles.first("respondent"), "id", keys),
        weight=_called(roles.first("weight"), "weight", keys),
        seconds=_called(roles.first("seconds"), "seconds", keys),
        groups=questions.groups,
        scales=questions.scales,
        singles=questions.singles,
        ticked=questions.ticked,
        missing=_missing(questions, columns, by_name),
        keys=keys.short,
        left_out=table.left_out,
        options=options,
        language=spoken,
        notes=roles.notes,
    )


def language_of(columns: Sequence[Column]) -> Literal["en", "zh"]:
    """Language of a file: Chinese where a good part of the letters of its names, labels and words is."""
    said = " ".join(
        f"{column.name} {column.label} {' '.join([*column.texts[:12], *column.value_labels.values()])}"
        for column in columns
    )
    return "zh" if len(_CHINESE.findall(said)) > 0.15 * len(_LETTERS.findall(said)) else "en"


def _called(name: str | None, kind: str, keys: Keys) -> str | None:
    return None if name is None else keys.of_role(name, kind)


def _missing(questions: Questions, columns: Sequence[Column], places: dict[str, Place]) -> dict[float | str, str]:
    """Every code of a question that stands for no answer, with the file's own label where one has it."""
    missing: dict[float | str, str] = {}
    for answers in questions.answers:
        for code, label in answers.missing.items():
            missing[code] = missing.get(code) or label
    return {**missing, **dict.fromkeys(questions.missing_levels, "")}

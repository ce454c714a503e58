"""Reading a survey file: its columns checked and converted by the codebook, all its faults told at once."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_path
from loyalty_kit.core.conditions import conditions
from loyalty_kit.core.errors import InputError, UnreadableError, anonymous, nearest
from loyalty_kit.core.messages import MOST, Message, few, message, together
from loyalty_kit.core.selection import FEWEST, keep_only, with_file_rows
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.intake.tables import looks_merged, read_table, refuse_doubtful, refuse_merged, without
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.columns import read_column
from loyalty_kit.survey.identity import BETWEEN, respondents
from loyalty_kit.survey.problems import Problem, merged, sentence, short, unnamed
from loyalty_kit.survey.ticks import read_ticks, with_base


def read_responses(
    path: str | Path,
    codebook: Codebook | str | Path,
    *,
    invalid: Literal["error", "missing"] = "error",
    only: Sequence[str] = (),
    min_cell: int = FEWEST,
) -> pd.DataFrame:
    r"""Answers of a survey file, checked against its codebook.

    Parameters
    ----------
    path : str or Path
        Text (.csv, .tsv, .txt, in any encoding and delimiter in use), a spreadsheet (.xlsx, .xlsm,
        .xls, .xlsb, .ods: the first sheet that holds the codebook's columns), SPSS or Stata (.sav,
        .zsav, .por, .dta) or Parquet (.parquet). Qualtrics' two extra header rows are skipped.
    codebook : Codebook, str or Path
        Meaning of the columns, or the file that holds it.
    invalid : {'error', 'missing'}
        What becomes of an item's answer that is neither in range nor one of its labels, and of a price that is none.
    only : list of str
        Conditions of the respondents who count, as 'channel = store'; see `keep_only`. Rows that look like no
        respondent stop the reading only where they meet them.
    min_cell : int
        Fewest respondents that conditions may leave.

    Returns
    -------
    DataFrame of shape (respondents, columns)
        Rows and columns in the file's order; respondents as index where the codebook names their
        column. Items and the weight are numbers, groups are text, all with NaN where an answer is
        missing; columns that the codebook does not name are as they stand in the file, which in a
        CSV is text. While a report is rendered the index is the row's number, so that no cell can
        show who answered.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If it lacks columns, holds answers that the codebook does not allow, respondents twice, a
        group in which over half of more than 20 respondents have a level of their own, or weights that
        are missing or negative: a line each, with value, count and first respondent. One wrong answer
        in three items or more is one line. A report names rows in place of respondents, and neither
        the file's own columns nor texts that fewer than 5 rows share: those of a column are one line.

    Notes
    -----
    An empty cell is missing, and so is one of the codebook's `missing` codes, as number or as
    text. A text answer among the item's `labels` becomes its number; blanks, case and full-width
    characters make no difference. Numbers are read as people store them: '3,5', '1.234,50', '95秒'; a
    column decides on its decimal sign, and where none of its cells does, '1.200' is a fault that names
    the line of `[file]` which decides. What SPSS or Stata declares missing is missing. Nothing else is
    guessed: 'NA' is missing only where the codebook says so. SPSS items are read by their codes, and by
    their value labels where these stand in `labels` with other numbers; SPSS groups by their value labels.

    Examples
    --------
    >>> import tempfile
    >>> codebook = Codebook.parse('''
    ... response = { min = 1, max = 5, labels = { "Strongly agree" = 5 } }
    ... scales.loyalty.items = ["q1", "q2"]
    ... ''')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     survey = Path(folder, "survey.csv")
    ...     _ = survey.write_text("q1;q2\n4;strongly agree\n;2")
    ...     read_responses(survey, codebook)
        q1   q2
    0  4.0  5.0
    1  NaN  2.0
    """
    check_choice(invalid, "invalid", ("error", "missing"))
    check_path(path, "path")
    if not isinstance(codebook, Codebook):
        check_path(codebook, "codebook")
    book = codebook if isinstance(codebook, Codebook) else Codebook.read(codebook)
    table = _read_survey(Path(path), book, only)
    columns = list(table.frame.columns)
    once = [name for name in columns if name in book.columns and columns.count(name) == 1]
    faults = _column_faults(columns, book, Path(path).name)
    ids: list[str] = []
    if book.ids and set(book.ids) <= set(once):
        ids, id_faults = respondents(table.frame, book)
        faults += id_faults
    converted, found = _converted(table, once, book, keep_wrong=invalid == "missing")
    told = [text for text, _ in faults] + [sentence(problem, ids) for problem in merged(found)]
    if told:
        nameless = [text for _, text in faults] + [sentence(problem, []) for problem in merged(unnamed(found))]
        raise InputError(together(told), anonymous=together(nameless))
    frame = table.frame.assign(**converted)
    if ids:
        # In a report respondents are rows, so that no output of a cell can show who they are.
        named = pd.Index(ids, name=BETWEEN.join(book.ids))
        names = pd.RangeIndex(1, len(ids) + 1, name="row") if anonymous() else named
        frame = frame.drop(columns=[name for name in book.ids if name not in book.groups]).set_axis(names)
    read = with_file_rows(frame, [row.reason for row in table.left_out], unasked=table.unasked)
    return keep_only(read, only, min_cell=min_cell)


def _converted(
    table: RawTable, once: list[str], book: Codebook, *, keep_wrong: bool
) -> tuple[dict[str, pd.Series], list[Problem]]:
    """Columns as the codebook means them, those of ticks as variables, and what is wrong in them."""
    beside = {*book.tick_columns, *(name for name in book.ids if name not in book.groups)}
    answered = {*book.item_names, *book.price_columns.values()}
    converted: dict[str, pd.Series] = {}
    found: list[Problem] = []
    for name in (name for name in once if name not in beside):
        converted[name], problems = read_column(name, table, book)
        if not (keep_wrong and name in answered):
            found += problems
    items = [converted[name].notna() for name in book.item_names if name in converted]
    for key, question in book.ticks.items():
        if not set(question.columns or [key]) <= set(once):
            continue
        variables, problems = read_ticks(key, table, book)
        if question.base == "answered" and items:
            variables = with_base(variables, np.any(items, axis=0))
        converted.update({str(name): column for name, column in variables.items()})
        found += problems
    return converted, found


def read_columns(path: Path, book: Codebook, names: Sequence[str], *, only: Sequence[str] = ()) -> pd.DataFrame:
    """Columns of a survey file, where there, as `read_responses` gives them; faults are left for it to tell."""
    return _columns(_read_survey(path, book, only), book, names)


def _columns(table: RawTable, book: Codebook, names: Sequence[str]) -> pd.DataFrame:
    held = table.frame.loc[:, ~table.frame.columns.duplicated()]
    wanted = {*names} & {*book.columns, *book.tick_labels}
    if any(name in book.tick_labels for name in names):
        # A variable of ticks may depend on who answered anything at all.
        wanted = {*book.columns}
    once = [name for name in held if name in wanted]
    converted, _ = _converted(replace(table, frame=held), once, book, keep_wrong=True)
    ids = {name for name in book.ids if name not in book.groups}
    there = [name for name in dict.fromkeys(names) if name in {*held, *converted} - ids]
    return held.assign(**{name: converted[name] for name in there if name in converted})[there]


def _read_survey(path: Path, book: Codebook, only: Sequence[str] = ()) -> RawTable:
    known = [book.in_file(name) for name in book.columns]
    beside = {*book.ids, book.weight, book.duration, *book.groups}
    answers = [book.in_file(name) for name in book.columns if name not in beside]
    table = read_table(path, known, what=message("The survey"), options=book.file, answers=answers)
    if table.frame.empty:
        raise UnreadableError("The survey '{file}' holds no respondents.", file=path.name)
    survey = message("{what} '{name}'", what=message("The survey"), name=path.name)
    table = _excused(table, book, only)
    refuse_doubtful(table, survey)
    groups = [book.in_file(name) for name in book.groups]
    if book.file.fill_down is None:
        like = {
            key: rows
            for name in groups
            if (table.frame.columns == name).sum() == 1
            for key, rows in looks_merged(table, name).items()
        }
        refuse_merged(replace(table, merged={**like, **table.merged}), known, survey)
    return table.renamed({column: name for name, column in book.names.items()})


def _excused(table: RawTable, book: Codebook, only: Sequence[str]) -> RawTable:
    """Table without the rows that look like no respondent and that the conditions leave out anyway."""
    if not table.doubtful or not only:
        return table
    named = table.renamed({column: name for name, column in book.names.items()})
    with suppress(InputError):
        # What is wrong with the conditions is told once the rows that are to meet them are known.
        asked = _columns(named, book, [name for name, _ in conditions(only)]).reset_index(drop=True)
        met = {int(table.row_numbers[at]) for at in keep_only(asked, only, min_cell=1).index}
        unmet = [row for row in table.doubtful if row.number not in met]
        return replace(without(table, unmet), left_out=table.left_out, unasked=len(unmet))
    return table


def _column_faults(columns: list[str], book: Codebook, file: str) -> list[tuple[Message, Message]]:
    """Sentences, with and without the file's names, on the codebook's columns that it lacks or holds repeatedly."""
    if not set(columns) & set(book.columns):
        return [_no_columns(columns, book, file)]
    strangers = [name for name in columns if name not in book.columns]
    faults = [
        message(
            "The survey '{file}' lacks the column '{column}'{hint}",
            file=file,
            column=book.in_file(name),
            hint=nearest(book.in_file(name), strangers) or message("."),
        )
        for name in book.columns
        if name not in columns
    ]
    faults += [
        message(
            "The survey '{file}' has {n} columns '{column}'; in the codebook write '{column}#1' for the first of them, "
            "'{column}#2' for the second, or rename one.",
            file=file,
            n=columns.count(name),
            column=book.in_file(name),
        )
        for name in book.columns
        if columns.count(name) > 1
    ]
    return [(fault, fault) for fault in [*faults, *_taken_names(columns, book, file)]]


def _no_columns(columns: list[str], book: Codebook, file: str) -> tuple[Message, Message]:
    """Sentence, with and without the file's names, on a file that has none of the codebook's columns."""
    # In a file without a header the first respondent stands in its place.
    own, count = few(tuple(map(short, columns)), MOST), len(columns)
    way = {"file": file, "line": book.file.line("header", 2)}
    named = message(
        "The survey '{file}' has none of the codebook's columns; its own are {columns}; if another row names "
        "them: {line}.",
        columns=own,
        **way,
    )
    unnamed = message(
        "The survey '{file}' has none of the codebook's columns; columns of its own: {n}; if another row names "
        "them: {line}.",
        n=count,
        **way,
    )
    return named, unnamed


def _taken_names(columns: list[str], book: Codebook, file: str) -> list[Message]:
    """Sentences on columns that are called as an option of ticks is."""
    return [
        message(
            "The survey '{file}' has a column '{column}', as an option of '{key}' is called; give the question "
            "another name under [names].",
            file=file,
            column=name,
            key=key,
        )
        for key, question in book.ticks.items()
        for name in question.labels_of(key)
        if name in columns and name not in question.columns
    ]

"""A draft is read by its own codebook before anybody gets it: columns that do not fit are taken back."""

from loyalty_kit.core.messages import Message
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.columns import read_column
from loyalty_kit.survey.problems import sentence
from loyalty_kit.survey.ticks import read_ticks


def misfits(book: Codebook, table: RawTable) -> dict[str, Message]:
    """Columns, by their names in the file, that the codebook cannot read, each with what is wrong first.

    Parameters
    ----------
    book : Codebook
        Drafted from the table.
    table : RawTable
        Without the rows that look like no respondent.
    """
    named = table.renamed({column: name for name, column in book.names.items()})
    found = {}
    for name in book.columns:
        if name in book.tick_columns or (name in book.ids and name not in book.groups):
            continue
        _, problems = read_column(name, named, book)
        if problems:
            found[book.in_file(name)] = sentence(problems[0], [])
    for key, question in book.ticks.items():
        _, problems = read_ticks(key, named, book)
        if problems:
            found |= {book.in_file(name): sentence(problems[0], []) for name in question.columns or [key]}
    return found

"""A draft is read by its own codebook before anybody gets it: columns that do not fit are taken back."""

from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.columns import read_column
from loyalty_kit.survey.problems import sentence


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
        if name in book.ids and name not in book.groups:
            continue
        if name not in (*book.item_names, *book.groups, book.weight, book.duration):
            found[book.in_file(name)] = message(
                "'{column}' looks like one of several that could be chosen", column=name
            )
            continue
        _, problems = read_column(name, named, book)
        if problems:
            found[book.in_file(name)] = sentence(problems[0], [])
    return found

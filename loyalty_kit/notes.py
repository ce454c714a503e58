"""Sentences of the analyses that keep what they were made of, so that a report can say them in its own language."""


class Note(str):
    """A sentence with the template and the values that it was made from."""

    template: str
    values: dict[str, object]


def note(template: str, **values: object) -> Note:
    """Sentence of a template with its values filled in.

    Parameters
    ----------
    template : str
        English sentence with names in braces; catalogues of other languages know it by this text.
    **values : object
        What stands for the names.

    Returns
    -------
    Note
        The English sentence, a str.

    Examples
    --------
    >>> told = note("Item '{item}' runs against its scale.", item="L3")
    >>> told, told.template
    ("Item 'L3' runs against its scale.", "Item '{item}' runs against its scale.")
    """
    told = Note(template.format(**values))
    told.template = template
    told.values = values
    return told

"""Sentences of the analyses that keep what they were made of, so that a report can say them in its own language."""

from loyalty_kit.errors import listing


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
        What stands for the names; a list of names is written in quotation marks, the first few of many.

    Returns
    -------
    Note
        The English sentence, a str.

    Examples
    --------
    >>> told = note("Left out: item {items}.", items=["L3", "L4"])
    >>> told, told.template
    ("Left out: item 'L3', 'L4'.", 'Left out: item {items}.')
    """
    told = Note(template.format(**{name: _written(value) for name, value in values.items()}))
    told.template = template
    told.values = values
    return told


def _written(value: object) -> object:
    return listing(value) if isinstance(value, list) else value

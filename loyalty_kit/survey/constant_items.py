"""What of a codebook a survey can answer: items that nobody answered, or all alike, are left out with a sentence."""

from typing import NamedTuple

import pandas as pd

from loyalty_kit.core.checks import check_responses
from loyalty_kit.core.messages import message
from loyalty_kit.survey.codebook import Codebook, check_codebook


class KeptItems(NamedTuple):
    """Codebook without what cannot be analysed, and sentences on what that was."""

    codebook: Codebook
    warnings: tuple[str, ...]


def drop_constant_items(responses: pd.DataFrame, codebook: Codebook) -> KeptItems:
    """Codebook of the items that vary in these responses.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given.
    codebook : Codebook
        What the survey was meant to ask.

    Returns
    -------
    KeptItems
        `codebook` without items that nobody answered or everybody answered alike, without scales of
        which no item is left and without indices that lack a scale; `warnings` names what was left out.

    Raises
    ------
    InputError
        If an item is absent from the table.

    Examples
    --------
    >>> book = Codebook.parse('''
    ... response = { min = 1, max = 5 }
    ... scales = { trust = { items = ["a", "b"] }, price = { items = ["c"] } }''')
    >>> answers = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 1.0], "c": [None, None]})
    >>> drop_constant_items(answers, book).warnings
    ("Left out, as nobody answered: item 'c', and with it scale 'price'.",)
    """
    check_codebook(codebook)
    check_responses(responses, codebook.item_names)
    different = responses[list(codebook.item_names)].nunique()
    idle = [name for name in codebook.item_names if different[name] < 2]
    scales = {}
    for name, scale in codebook.scales.items():
        items = tuple(item for item in scale.items if item not in idle)
        if items:
            reverse = tuple(item for item in scale.reverse if item in items)
            scales[name] = scale.model_copy(update={"items": items, "reverse": reverse})
    kept = codebook.model_copy(
        update={
            "scales": scales,
            "items": {name: item for name, item in codebook.items.items() if name not in idle},
            "index": {name: index for name, index in codebook.index.items() if set(index.scales) <= set(scales)},
        }
    )
    dropped = [name for name in (*codebook.scales, *codebook.index) if name not in scales and name not in kept.index]
    return KeptItems(Codebook.model_validate(kept.model_dump()), _warnings(responses, idle, dropped, codebook))


def _warnings(responses: pd.DataFrame, idle: list[str], dropped: list[str], codebook: Codebook) -> tuple[str, ...]:
    sentences = []
    for why, names in (
        (message("nobody answered"), [name for name in idle if responses[name].isna().all()]),
        (message("everybody answered alike"), [name for name in idle if responses[name].notna().any()]),
    ):
        if not names:
            continue
        scales = [name for name in dropped if name in codebook.scales and set(codebook.scales[name].items) & set(names)]
        with_it = message(", and with it scale {scales}", scales=scales) if scales else ""
        sentences.append(message("Left out, as {why}: item {items}{with_it}.", why=why, items=names, with_it=with_it))
    indices = [name for name in dropped if name in codebook.index]
    if indices:
        sentences.append(message("Left out, as it lacks a scale: index {indices}.", indices=indices))
    return tuple(sentences)

"""What of a codebook a survey can answer: items without answers, answered by all alike or copied are left out."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_responses
from loyalty_kit.core.messages import message
from loyalty_kit.survey.codebook import Codebook, check_codebook

_FEWEST_ALIKE = 10


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
        `codebook` without items that nobody answered or everybody answered alike, without all but the
        first of items whose answers are the same in every row (ten or more), without scales of
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
    copies = _copies(responses, [name for name in codebook.item_names if name not in idle])
    unvaried, idle = idle, [*idle, *copies]
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
    return KeptItems(
        Codebook.model_validate(kept.model_dump()),
        (*_warnings(responses, unvaried, dropped, codebook), *_copied(copies)),
    )


def _copies(responses: pd.DataFrame, items: list[str]) -> dict[str, str]:
    """Items whose answers are another's, row by row, with that one; too few respondents may agree by chance."""
    first: dict[bytes, str] = {}
    copies = {}
    for name in items:
        if responses[name].count() < _FEWEST_ALIKE or not pd.api.types.is_numeric_dtype(responses[name]):
            continue
        held = responses[name].to_numpy(dtype=float, na_value=np.nan).tobytes()
        if held in first:
            copies[name] = first[held]
        first.setdefault(held, name)
    return copies


def _copied(copies: dict[str, str]) -> list[str]:
    return [
        message(
            "Left out, as its answers are a copy of those to item '{first}': item '{item}'.", first=first, item=name
        )
        for name, first in copies.items()
    ]


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

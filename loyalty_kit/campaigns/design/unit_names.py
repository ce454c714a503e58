"""What the randomised units are called: customers, or what their column holds (stores, households)."""

import re

from loyalty_kit.core.messages import Message, message

_ENDING = re.compile(r"[\s_.-]*(?:id|ids|no|nr|nummer|number|code|key)$|(?<=[a-z])(?:Id|ID|No|Nr|Code|Key)$")


def units(column: str | None) -> Message:
    """Plural of the units that a column holds, in words that a report can translate.

    Parameters
    ----------
    column : str or None
        Column of clusters; None where customers were randomised one by one. Units themselves stay.

    Returns
    -------
    Message

    Examples
    --------
    >>> units(None), units("store_id"), units("Filiale")
    ('customers', 'stores', "clusters ('Filiale')")
    """
    if column is None:
        return message("customers")
    if isinstance(column, Message):
        return column
    word = _ENDING.sub("", column.strip()).lower().rstrip("_ ")
    known = {
        "store": message("stores"),
        "shop": message("shops"),
        "outlet": message("outlets"),
        "branch": message("branches"),
        "household": message("households"),
        "house": message("households"),
        "home": message("households"),
        "family": message("families"),
        "account": message("accounts"),
        "company": message("companies"),
        "region": message("regions"),
        "city": message("cities"),
        "town": message("towns"),
        "district": message("districts"),
        "market": message("markets"),
        "cluster": message("clusters"),
        "week": message("weeks"),
        "day": message("days"),
        "team": message("teams"),
        "school": message("schools"),
        "门店": message("stores"),
        "店铺": message("shops"),
        "家庭": message("households"),
        "户": message("households"),
        "城市": message("cities"),
        "地区": message("regions"),
    }
    return known.get(word) or known.get(word.removesuffix("s")) or message("clusters ('{column}')", column=column)

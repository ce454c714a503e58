"""Counts by group that give nobody away."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_responses, check_whole
from loyalty_kit.core.privacy import small_cells
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.intake.numerals.forms import is_number
from loyalty_kit.survey.codebook import Codebook, check_codebook


@dataclass(frozen=True, eq=False)
class GroupCounts(Result):
    """Respondents by group, small cells suppressed.

    Attributes
    ----------
    table : DataFrame of shape (levels, 4)
        group, level, n and share (0 to 1); n and share are NaN where suppressed.
    min_cell : int
        Smallest count that is shown.
    """

    table: pd.DataFrame
    min_cell: int

    def to_frame(self) -> pd.DataFrame:
        """Table of the counts."""
        return self.table.copy()


def group_counts(responses: pd.DataFrame, codebook: Codebook, *, min_cell: int = 5) -> GroupCounts:
    """Respondents in each level of the codebook's groups, small cells suppressed.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers with the group columns.
    codebook : Codebook
        Names the group columns.
    min_cell : int
        Smallest count that is shown.

    Returns
    -------
    GroupCounts
        Levels in the codebook's order, one that nobody has with n = 0, then others in order of their first
        appearance. A missing level counts as '(none)'; where more than one level is suppressed, '(other)' stands for
        all of them in the last row. An option of a select-all question is called by its label, its levels '(chosen)'
        and '(not chosen)'.

    Notes
    -----
    A single suppressed count could be worked out from the total, so within a group the next larger
    counts are suppressed too until at least two levels, with `min_cell` respondents together, are. A
    level that only few have may name them, as an address does, so its name is not shown either.

    Examples
    --------
    >>> codebook = Codebook.parse('groups = ["channel"]')
    >>> table = pd.DataFrame({"channel": ["web"] * 9 + ["store"] * 7 + ["app"] * 2})
    >>> group_counts(table, codebook).table["n"].tolist()
    [9.0, nan]
    """
    check_whole(min_cell, "min_cell", 1)
    check_codebook(codebook)
    check_responses(responses, codebook.groups)
    tables = [pd.DataFrame(columns=["group", "level", "n", "share"])]
    for group in codebook.groups:
        texts = level_texts(responses, codebook, group)
        counts = texts.value_counts().reindex(levels_in_order(texts, codebook, group), fill_value=0)
        hidden = hidden_levels(counts, min_cell)
        shown = counts.astype(float).where(~hidden)
        name = codebook.group_labels[group]
        table = pd.DataFrame({"group": name, "level": counts.index, "n": shown}).assign(share=shown / counts.sum())
        if hidden.sum() > 1:
            other = pd.DataFrame({"group": [name], "level": "(other)", "n": np.nan, "share": np.nan})
            table = pd.concat([table[~hidden], other])
        tables.append(table)
    return GroupCounts(pd.concat(tables[1:] or tables, ignore_index=True), min_cell)


def level_texts(responses: pd.DataFrame, codebook: Codebook, group: str) -> pd.Series:
    """Level of each respondent as text: '(none)' where it is missing, '(chosen)' or '(not chosen)' of an option."""
    texts = cell_texts(responses[group]).astype(object).fillna("(none)")
    return texts.replace({"1": "(chosen)", "0": "(not chosen)"}) if group in codebook.tick_labels else texts


def levels_in_order(texts: pd.Series, codebook: Codebook, group: str) -> list[str]:
    """Levels that the codebook names, in its order, nobody's too; then others by first appearance, '(none)' last.

    Where it names none and all are numbers, they stand by size.

    Examples
    --------
    >>> book = Codebook.parse('groups.wave = { levels = { 1 = "Spring", 2 = "Autumn", 3 = "Winter" } }')
    >>> levels_in_order(pd.Series(["Autumn", "(none)", "Other", "Spring"]), book, "wave")
    ['Spring', 'Autumn', 'Winter', 'Other', '(none)']
    """
    named = codebook.levels(group).values()
    found = [*dict.fromkeys([*named, *(level for level in texts.unique() if level != "(none)")])]
    if not named and all(map(is_number, found)):
        found.sort(key=float)
    return [*found, *["(none)"] * bool((texts == "(none)").any())]


def hidden_levels(counts: pd.Series, min_cell: int) -> pd.Series:
    """Mark the levels whose counts must not be shown; that nobody has a level gives nobody away.

    Examples
    --------
    >>> hidden_levels(pd.Series({"spring": 40, "autumn": 12, "winter": 0, "fax": 2}), 5).to_dict()
    {'spring': False, 'autumn': True, 'winter': False, 'fax': True}
    """
    return small_cells(counts[counts > 0], min_cell).reindex(counts.index, fill_value=False)

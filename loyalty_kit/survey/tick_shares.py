"""How many chose each option of the select-all questions, among those who saw the question, over all and by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_level, check_responses, check_whole
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.results import Result
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.groups import hidden_levels, level_texts, levels_in_order
from loyalty_kit.survey.shares import top_box

Chosen = npt.NDArray[np.bool_] | None
COLUMNS = ("question", "option", "label", "group", "level", "n", "share", "ci_low", "ci_high")


@dataclass(frozen=True)
class TickBase:
    """Who counts in the shares of one question.

    Attributes
    ----------
    wording : str
        Of the question.
    rule : str
        'ticked': those who chose an option or have 'not chosen' written out; 'answered': all who answered anything.
    n_used, n_dropped : int
        Respondents who count, and those who do not.
    n_none : int
        Of those who count, how many chose nothing.
    """

    wording: str
    rule: str
    n_used: int
    n_dropped: int
    n_none: int


@dataclass(frozen=True, eq=False)
class TickSharesResult(Result):
    """Share of each option of the select-all questions, 0 to 1, with its interval.

    Attributes
    ----------
    table : DataFrame of shape (options × (1 + levels), 9)
        question, option (the variable), label, group and level (empty over all), n (who saw the question), share,
        ci_low, ci_high; without figures where a cell is small.
    bases : mapping of str to TickBase
        By question, in the codebook's order.
    min_cell : int
        Fewest respondents of a share that is shown.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    bases: Mapping[str, TickBase]
    min_cell: int
    confidence: float
    method: str = "Wilson"
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of the shares."""
        return self.table.copy()

    def overall(self) -> pd.DataFrame:
        """Shares over all, the options of a question from the most often chosen on."""
        table = self.table[self.table["group"] == ""]
        order = {key: place for place, key in enumerate(self.bases)}
        places = table["question"].map(order)
        return table.assign(place=places).sort_values(["place", "share"], ascending=[True, False], kind="stable")[
            list(COLUMNS)
        ]

    def estimates(self) -> tuple[Estimate, ...]:
        """Share of each option over all that may be shown."""
        shown = self.table[(self.table["group"] == "") & self.table["share"].notna()]
        return tuple(
            Estimate(f"ticks/{row['option']}", row["share"], row["ci_low"], row["ci_high"], int(row["n"]), row["label"])
            for row in shown.to_dict("records")
        )


def tick_shares(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    min_cell: int = 5,
) -> TickSharesResult:
    """Share of each option of the select-all questions.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers from `read_responses`, in which each option is a variable: 1 chosen, 0 not, missing where the question
        was not seen.
    codebook : Codebook
        Its questions of kind 'ticks', and the weight.
    by : str or list of str, optional
        Grouping columns; those of the codebook where not given.
    confidence : float
        Level of the intervals.
    min_cell : int
        Fewest respondents of a share that is shown.

    Returns
    -------
    TickSharesResult
        Over all, then by group. `to_frame` has a row an option and level.

    Raises
    ------
    InputError
        If a variable or a grouping column is absent.

    Notes
    -----
    The base of a share is who saw the question: those who chose at least one of its options or have 'not chosen'
    written out, unless the codebook says `base = "answered"`. Whoever left all of it blank may have seen it and chosen
    nothing; a file of blanks cannot tell. Intervals are Wilson's at Kish's effective n, each for itself: the options
    of one question are no shares of a whole. Within a group small levels are hidden, with as many others as keep them
    from being worked out.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209–212.

    Examples
    --------
    >>> book = Codebook.parse('items.q = { kind = "ticks", columns = { q_1 = "Store", q_2 = "Web" } }')
    >>> answers = pd.DataFrame({"q_1": [1.0, 1, 0, 1, None], "q_2": [0.0, 1, 1, 0, None]})
    >>> tick_shares(answers, book, min_cell=1).to_frame()[["label", "n", "share"]]
       label    n  share
    0  Store  4.0   0.75
    1    Web  4.0   0.50
    """
    check_codebook(codebook)
    check_level(confidence, "confidence")
    check_whole(min_cell, "min_cell", 1)
    groups = [name for name in codebook.groups if name not in codebook.tick_labels] if by is None else by
    groups = [groups] if isinstance(groups, str) else list(groups)
    check_responses(responses, [*codebook.tick_labels, *groups, *filter(None, [codebook.weight])])
    rows, bases = [], {}
    for key, question in codebook.ticks.items():
        labels = question.labels_of(key)
        seen = responses[responses[list(labels)].notna().any(axis="columns").to_numpy()]
        weight = seen[codebook.weight] if codebook.weight else None
        none = int((seen[list(labels)].sum(axis="columns") == 0).sum())
        bases[key] = TickBase(codebook.wording(key), question.base, len(seen), len(responses) - len(seen), none)
        for group, level, there in _cells(seen, codebook, groups, min_cell):
            for name, label in labels.items():
                figures = _share(seen[name], there, weight, confidence, min_cell)
                rows.append([key, name, label, group, level, *figures])
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[5:], float))
    return TickSharesResult(table, bases, min_cell, confidence)


def _cells(
    seen: pd.DataFrame, codebook: Codebook, groups: Sequence[str], min_cell: int
) -> list[tuple[str, str, Chosen]]:
    """Group, level and whose answers count there, none where the level is hidden; over all first."""
    cells: list[tuple[str, str, Chosen]] = [("", "", np.ones(len(seen), dtype=bool))]
    for group in groups:
        texts = level_texts(seen, codebook, group)
        counts = texts.value_counts().reindex(levels_in_order(texts, codebook, group), fill_value=0)
        hidden = hidden_levels(counts, min_cell)
        cells += [(group, str(level), (texts == level).to_numpy(dtype=bool)) for level in counts.index[~hidden]]
        # A level that hardly anybody has may name them, so all that are hidden have one row.
        cells += [(group, "(other)", None)] * bool(hidden.any())
    return cells


def _share(column: pd.Series, cell: Chosen, weight: pd.Series | None, confidence: float, min_cell: int) -> list[float]:
    """N, share and interval of an option; missing where too few stand behind it."""
    if cell is None:
        return [np.nan] * 4
    there = column.notna().to_numpy() & cell
    if weight is not None:
        there &= (weight > 0).to_numpy()
    if there.sum() < min_cell:
        return [np.nan] * 4
    weights = None if weight is None else weight[there]
    share = top_box(column[there], boxes=1, top=1, weight=weights, confidence=confidence)
    return [share.n_used, share.estimate, share.ci_low, share.ci_high]

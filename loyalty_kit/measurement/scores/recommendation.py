"""Who would recommend: the distribution of 0 to 10, the score by group, and what promoters think of the scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_level, check_responses, check_whole
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.scores.differences import LevelMeans, level_means
from loyalty_kit.statistics.multiplicity import holm
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.groups import hidden_levels, level_texts, levels_in_order
from loyalty_kit.survey.scoring import ScaleScores, score
from loyalty_kit.survey.shares import NetPromoterResult, net_promoter

CAMPS = ("promoters", "passives", "detractors")
ANSWERS = ("item", "answer", "camp", "n", "share")
GROUPS = ("item", "group", "level", "n", "promoters", "passives", "detractors", "estimate", "ci_low", "ci_high")
SCORES = ("item", "scale", "camp", "n", "mean", "ci_low", "ci_high")
GAPS = ("item", "scale", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "clear", "holds_item")
_CAMP = "\0camp"


@dataclass(frozen=True, eq=False)
class RecommendationResult(Result):
    """The questions on recommendation: who answered what, who would recommend in which group, and what they think.

    Attributes
    ----------
    overall : mapping of str to NetPromoterResult
        By item with the role 'recommend' that enough answered.
    answers : DataFrame of shape (items × 11, 5)
        item, answer (0 to 10), camp ('promoters', 'passives', 'detractors'), n, share (0 to 1, weighted).
    groups : DataFrame of shape (items × groups × levels, 10)
        item, group, level, n, the shares of the three camps (0 to 1), estimate (−100 to 100), ci_low, ci_high; without
        figures where few answered, and n is 0 where nobody did.
    scores : DataFrame of shape (items × scores × camps, 7)
        item, scale, camp, n, mean, ci_low, ci_high: mean score on 0–100 of those who would recommend and of the others.
    gaps : DataFrame of shape (items × scores, 9)
        item, scale, difference (promoters − detractors), its interval, p_value, p_adjusted (Holm's, within the item),
        clear, holds_item (whether the question is itself part of the score).
    hidden : mapping of (str, str) to int
        By item and grouping, how many levels are not shown.
    wordings, labels, group_labels : mapping of str to str
        What each question, score and grouping is called.
    few : tuple of str
        Questions that fewer than `min_cell` answered, of which nothing is shown.
    min_cell : int
        Fewest respondents of a figure that is shown.
    confidence : float
        Level of the intervals.
    """

    overall: Mapping[str, NetPromoterResult]
    answers: pd.DataFrame
    groups: pd.DataFrame
    scores: pd.DataFrame
    gaps: pd.DataFrame
    hidden: Mapping[tuple[str, str], int]
    wordings: Mapping[str, str]
    labels: Mapping[str, str]
    group_labels: Mapping[str, str]
    few: tuple[str, ...]
    min_cell: int
    confidence: float
    method: str = "adjusted Wald"
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Distribution of the answers."""
        return self.answers.copy()


def recommendation(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    by: str | Sequence[str] | None = None,
    min_answered: float = 0.5,
    confidence: float = 0.95,
    min_cell: int = 5,
) -> RecommendationResult:
    """Distribution of the answers to the questions on recommendation, the score by group, and the camps' scores.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed yet.
    codebook : Codebook
        Items with the role 'recommend', scales, groups and the weight.
    by : str or list of str, optional
        Grouping columns; those of the codebook where not given.
    min_answered : float
        Share of a scale's items that a respondent must have answered for a score.
    confidence : float
        Level of the intervals.
    min_cell : int
        Fewest respondents of a figure that is shown.

    Returns
    -------
    RecommendationResult

    Raises
    ------
    InputError
        As `score` and `net_promoter` do, and if a grouping column is absent.

    Notes
    -----
    Score and interval are those of `net_promoter`. Promoters answer 9 or 10, passives 7 or 8, detractors 0 to 6. Mean
    scores have Student's intervals, the gap between promoters and detractors is Welch's, its p value Holm's over
    the scores. A score that the question is part of differs between the camps by its making.

    Examples
    --------
    >>> book = Codebook.parse('items.q = { min = 0, max = 10, role = "recommend" }')
    >>> found = recommendation(pd.DataFrame({"q": [10, 9, 9, 8, 3, 10]}), book)
    >>> found.to_frame().query("n > 0")[["answer", "camp", "n"]].to_dict("list")
    {'answer': [3, 8, 9, 10], 'camp': ['detractors', 'passives', 'promoters', 'promoters'], 'n': [1, 1, 2, 2]}
    """
    check_codebook(codebook)
    check_level(confidence, "confidence")
    check_whole(min_cell, "min_cell", 1)
    groups = list(codebook.groups if by is None else [by] if isinstance(by, str) else by)
    items = list(codebook.role("recommend"))
    check_responses(responses, [*items, *groups])
    scores = score(responses, codebook, min_answered=min_answered, confidence=confidence)
    counts = np.ones(len(responses), dtype=bool) if scores.weight is None else (responses[scores.weight] > 0).to_numpy()
    rows, frame = responses[counts], scores.frame[counts]
    asked = [item for item in items if rows[item].notna().sum() >= min_cell]
    found = [_Question(item, rows, frame, scores, codebook, confidence, min_cell) for item in asked]
    cells = {(one.item, group): one.by_level(group) for one in found for group in groups}
    own = {item: {name for name, scale in codebook.scales.items() if item in scale.items} for item in asked}
    return RecommendationResult(
        overall={one.item: one.overall() for one in found},
        answers=_joined([one.answers() for one in found], ANSWERS),
        groups=_joined([table for table, _ in cells.values()], GROUPS),
        scores=_joined([one.camp_scores() for one in found], SCORES),
        gaps=_joined([one.gaps(_with_indices(own[one.item], scores)) for one in found], GAPS),
        hidden={key: count for key, (_, count) in cells.items()},
        wordings={item: codebook.wording(item) for item in items},
        labels=scores.labels,
        group_labels={group: codebook.group_labels.get(group, codebook.in_file(group)) for group in groups},
        few=tuple(item for item in items if item not in asked),
        min_cell=min_cell,
        confidence=confidence,
    )


def camp_of(answers: pd.Series) -> pd.Series:
    """Camp of each answer; missing where there is none.

    Examples
    --------
    >>> camp_of(pd.Series([0, 6, 7, 9, None])).tolist()
    ['detractors', 'detractors', 'passives', 'promoters', None]
    """
    values = answers.to_numpy(dtype=float, na_value=np.nan)
    camps = np.select([values >= 9, values > 6, values <= 6], [*CAMPS], default="")
    return pd.Series(camps, index=answers.index, dtype=object).replace("", None)


@dataclass(frozen=True)
class _Question:
    """One question on recommendation with the rows that count."""

    item: str
    rows: pd.DataFrame
    frame: pd.DataFrame
    scores: ScaleScores
    codebook: Codebook
    confidence: float
    min_cell: int

    def overall(self) -> NetPromoterResult:
        return self._score(self.rows)

    def _score(self, rows: pd.DataFrame) -> NetPromoterResult:
        weight = None if self.scores.weight is None else rows[self.scores.weight]
        return net_promoter(rows[self.item], weight=weight, confidence=self.confidence)

    def answers(self) -> pd.DataFrame:
        """Row an answer, those that nobody gave too."""
        given = self.rows[self.item]
        weight = self.rows[self.scores.weight] if self.scores.weight else pd.Series(1.0, index=self.rows.index)
        weight = weight[given.notna()].astype(float)
        whole = given.dropna().astype(float).round().astype(int)
        answers = pd.RangeIndex(11)
        n = whole.value_counts().reindex(answers, fill_value=0)
        share = (weight.groupby(whole.to_numpy()).sum() / weight.sum()).reindex(answers, fill_value=0.0)
        columns = {"item": self.item, "answer": answers, "camp": camp_of(pd.Series(answers)), "n": n, "share": share}
        return pd.DataFrame(columns)

    def by_level(self, group: str) -> tuple[pd.DataFrame, int]:
        """Score in each level that may be shown, and how many are hidden."""
        texts = level_texts(self.rows, self.codebook, group)
        given = self.rows[self.item].notna()
        counts = texts[given].value_counts().reindex(levels_in_order(texts, self.codebook, group), fill_value=0)
        hidden = hidden_levels(counts, self.min_cell)
        table = [
            self._row(group, str(level), self.rows[(texts == level).to_numpy()]) for level in counts.index[~hidden]
        ]
        return pd.DataFrame(table, columns=list(GROUPS)), int(hidden.sum())

    def _row(self, group: str, level: str, rows: pd.DataFrame) -> list[object]:
        if not rows[self.item].notna().any():
            return [self.item, group, level, 0, *[np.nan] * 6]
        found = self._score(rows)
        camps = [found.promoters, found.passives, found.detractors]
        return [self.item, group, level, found.n_used, *camps, found.estimate, found.ci_low, found.ci_high]

    def _camps_means(self, name: str) -> tuple[LevelMeans, pd.Series]:
        """Means of a score in the camps, and which of these are of too few to be shown."""
        frame = self.frame.assign(**{_CAMP: camp_of(self.rows[self.item]).to_numpy()})
        means = level_means(frame, name, _CAMP, self.scores.weight, list(CAMPS))
        return means, hidden_levels(pd.Series(means.n), self.min_cell)

    def camp_scores(self) -> pd.DataFrame:
        """Mean of each score in each camp, those of a few left out."""
        tables = []
        for name in self.scores.labels:
            means, few = self._camps_means(name)
            low, high = means.interval(self.confidence, low=0.0, high=100.0)
            figures = {"n": means.n, "mean": means.mean, "ci_low": low, "ci_high": high}
            shown = {key: np.where(few, np.nan, values) for key, values in figures.items()}
            tables.append(pd.DataFrame({"item": self.item, "scale": name, "camp": CAMPS, **shown}))
        return _joined(tables, SCORES)

    def gaps(self, own: set[str]) -> pd.DataFrame:
        """Promoters less detractors on each score, where both may be shown."""
        rows = []
        for name in self.scores.labels:
            means, few = self._camps_means(name)
            if few[0] or few[2]:
                continue
            gap = means.take([0, 2]).differences(self.confidence).iloc[0]
            figures = gap[["difference", "ci_low", "ci_high", "p_value"]]
            rows.append([self.item, name, *figures, np.nan, False, name in own])
        table = pd.DataFrame(rows, columns=list(GAPS))
        adjusted = holm(table["p_value"].to_numpy(dtype=float))
        return table.assign(p_adjusted=adjusted, clear=adjusted < 1 - self.confidence)


def _with_indices(scales: set[str], scores: ScaleScores) -> set[str]:
    """Scales and the indices that are made of any of them."""
    parts = {str(index): set(column.dropna().index) for index, column in scores.weights.items()}
    return scales | {index for index, made_of in parts.items() if made_of & scales}


def _joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))

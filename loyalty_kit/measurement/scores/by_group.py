"""Scores by group: means with intervals, small groups suppressed, and differences where scores may be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_level, check_responses, check_whole
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.latent.estimators import Estimator, check_estimator
from loyalty_kit.measurement.scores.comparability import Comparability, comparability
from loyalty_kit.measurement.scores.differences import LevelMeans, level_means
from loyalty_kit.statistics.multiplicity import holm
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.groups import hidden_levels, level_texts, levels_in_order
from loyalty_kit.survey.scoring import ScaleScores, score

Marks = npt.NDArray[np.bool_]
COLUMNS = ("group", "level", "scale", "n", "mean", "sd", "ci_low", "ci_high")
PAIRS = ("group", "scale", "first", "second", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "clear")
_LEVEL = "\0level"


@dataclass(frozen=True, eq=False)
class ScoresByGroupResult(Result):
    """Scores in each level of the groupings, and the differences between levels.

    Attributes
    ----------
    table : DataFrame of shape (groups × levels × scores, 8)
        group, level, scale (an index too), n, mean, sd, ci_low, ci_high, on 0–100. Without figures where few
        respondents stand behind them; n is 0 where nobody does. Levels that are hidden altogether have no row.
    differences : DataFrame of shape (pairs of levels × scores that may be compared, 10)
        group, scale, first, second, difference (first − second), its interval, p_value, p_adjusted (Holm's, within
        the grouping) and clear.
    comparability : mapping of str to Comparability
        By grouping, which scores may be compared and why not.
    hidden : mapping of str to int
        By grouping, how many levels are not shown: fewer than `min_cell` have them, or they would give one away.
    labels, group_labels : mapping of str to str
        Label of each score and of each grouping.
    leading : str
        Score that sums the survey up: the first index, else the first outcome, else the first scale.
    overall : Series of shape (scores,)
        Mean of each score over all respondents.
    weight : str or None
        Weight column.
    min_cell : int
        Fewest respondents of a figure that is shown.
    confidence : float
        Level of the intervals; a difference is clear where its adjusted p lies below 1 less that.
    method : str
        How differences are tested.
    warnings : tuple of str
        Nothing as yet; what cannot be compared stands in `comparability`.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    comparability: Mapping[str, Comparability]
    hidden: Mapping[str, int]
    labels: Mapping[str, str]
    group_labels: Mapping[str, str]
    leading: str
    overall: pd.Series
    weight: str | None
    min_cell: int
    confidence: float
    method: str = "Welch, Holm"
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of the means."""
        return self.table.copy()

    def clear(self) -> pd.DataFrame:
        """Differences that are clear, those of the leading score first, then the larger ones first."""
        table = self.differences[self.differences["clear"]]
        order = pd.DataFrame({"other": table["scale"] != self.leading, "size": -table["difference"].abs()})
        return table.loc[order.sort_values(["other", "size"], kind="stable").index]


def scores_by_group(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    by: str | Sequence[str] | None = None,
    min_answered: float = 0.5,
    estimator: Estimator = "mlr",
    confidence: float = 0.95,
    min_cell: int = 5,
) -> ScoresByGroupResult:
    """Scale scores and indices by group, and whether groups differ where they may be compared.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed yet.
    codebook : Codebook
        Scales, indices, groups with their labels and the order of their levels, and the weight.
    by : str or list of str, optional
        Grouping columns; those of the codebook where not given.
    min_answered : float
        Share of a scale's items that a respondent must have answered.
    estimator : {'ml', 'mlr', 'wlsmv'}
        That of the test of invariance, as in `invariance`.
    confidence : float
        Level of the intervals.
    min_cell : int
        Fewest respondents of a figure that is shown.

    Returns
    -------
    ScoresByGroupResult

    Raises
    ------
    InputError
        As `score` does, and if a grouping column is absent.

    Notes
    -----
    Differences are Welch's, on Kish's effective sizes under weights, between each two levels that the test of
    invariance covers, for the scores that may be compared; p values are Holm's over all pairs and scores of a grouping.
    Intervals of differences stand each for itself.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6(2), 65–70.

    Examples
    --------
    >>> book = Codebook.parse('''
    ... groups = ["channel"]
    ... response = { min = 1, max = 5 }
    ... scales.trust.items = ["a", "b"]''')
    >>> answers = pd.DataFrame({"a": [5, 4, 4, 5, 3, 1] * 2, "b": [5, 4, 5, 4, 3, 3] * 2})
    >>> answers["channel"] = ["web", "app"] * 6
    >>> scores_by_group(answers, book).to_frame()["mean"].round(1).tolist()
    [79.2, 62.5]
    """
    check_codebook(codebook)
    check_level(confidence, "confidence")
    check_whole(min_cell, "min_cell", 1)
    check_estimator(estimator, "listwise")
    groups = list(codebook.groups if by is None else [by] if isinstance(by, str) else by)
    check_responses(responses, groups)
    scores = score(responses, codebook, min_answered=min_answered, confidence=confidence)
    names = list(scores.labels)
    tables, pairs = [pd.DataFrame(columns=list(COLUMNS))], [pd.DataFrame(columns=list(PAIRS))]
    judged: dict[str, Comparability] = {}
    hidden: dict[str, int] = {}
    for group in groups:
        frame = scores.frame.assign(**{_LEVEL: level_texts(responses, codebook, group)})
        counts = _counts(frame, names, levels_in_order(frame[_LEVEL], codebook, group), scores.weight)
        few = hidden_levels(counts["all"], min_cell)
        hidden[group], levels = int(few.sum()), list(counts.index[~few])
        judged[group] = comparability(
            responses,
            codebook,
            group,
            scores.weights,
            estimator=estimator,
            confidence=confidence,
            min_cell=min_cell,
        )
        for name in names:
            small = (hidden_levels(counts[name], min_cell) | few)[levels]
            means = level_means(frame, name, _LEVEL, scores.weight, levels)
            tables.append(_means(means, group, name, levels, small.to_numpy(), confidence))
            if judged[group].standings[name] == "comparable":
                pairs.append(_pairs(means, group, name, levels, small.to_numpy(), judged[group].levels, confidence))
    differences = _adjusted(_joined(pairs), groups, confidence)
    labels = {group: codebook.group_labels.get(group, codebook.in_file(group)) for group in groups}
    return ScoresByGroupResult(
        table=_joined(tables),
        differences=differences,
        comparability=judged,
        hidden=hidden,
        labels=scores.labels,
        group_labels=labels,
        leading=leading_score(scores),
        overall=scores.summary().set_index("scale")["mean"],
        weight=scores.weight,
        min_cell=min_cell,
        confidence=confidence,
    )


def leading_score(scores: ScaleScores) -> str:
    """Score that sums a survey up: its first index, else its first outcome, else its first scale; '' of none."""
    outcomes = [name for name, role in scores.roles.items() if role == "outcome"]
    return next(iter([*map(str, scores.weights.columns), *outcomes, *scores.roles]), "")


def _counts(frame: pd.DataFrame, names: list[str], levels: list[str], weight: str | None) -> pd.DataFrame:
    """Respondents of positive weight by level: all of them, and those with each score."""
    used = frame if weight is None else frame[frame[weight] > 0]
    there = used[names].notna().assign(all=True)
    counts = there.groupby(used[_LEVEL].to_numpy(), sort=False).sum().reindex(levels, fill_value=0)
    return counts.astype(int)


def _means(
    means: LevelMeans, group: str, scale: str, levels: list[str], small: Marks, confidence: float
) -> pd.DataFrame:
    """Rows of one score, without figures where a cell is small."""
    low, high = means.interval(confidence, low=0.0, high=100.0)
    figures = {"n": means.n, "mean": means.mean, "sd": means.sd, "ci_low": low, "ci_high": high}
    hidden = {name: np.where(small, np.nan, values) for name, values in figures.items()}
    return pd.DataFrame({"group": group, "level": levels, "scale": scale, **hidden})


def _pairs(
    means: LevelMeans,
    group: str,
    scale: str,
    levels: list[str],
    small: Marks,
    compared: tuple[str, ...],
    confidence: float,
) -> pd.DataFrame:
    """Differences between the levels that are shown and that the test of invariance covers."""
    places = [at for at, level in enumerate(levels) if level in compared and not small[at]]
    table = means.take(places).differences(confidence)
    names = np.array([levels[at] for at in places], dtype=object)
    return table.assign(
        group=group, scale=scale, first=names[table["first"]], second=names[table["second"]], p_adjusted=np.nan
    ).assign(clear=False)[list(PAIRS)]


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


def _adjusted(table: pd.DataFrame, groups: list[str], confidence: float) -> pd.DataFrame:
    """Differences with Holm's p values, a family a grouping."""
    adjusted = np.full(len(table), np.nan)
    for group in groups:
        places = np.flatnonzero(table["group"] == group)
        adjusted[places] = holm(table["p_value"].to_numpy(dtype=float)[places])
    return table.assign(p_adjusted=adjusted, clear=adjusted < 1 - confidence)

"""From answers to scores: keying, scale scores on 0–100 and composite indices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_answers, check_level, check_responses, check_share, check_weight
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.extraction import extract
from loyalty_kit.statistics.moments import Moments
from loyalty_kit.statistics.weights import Floats, effective_size
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.entries import Index
from loyalty_kit.survey.experts.expert_weights import ExpertWeightsResult, expert_weights


class Judged(Protocol):
    """A result that says which scales can be trusted, as `reliability` does."""

    @property
    def verdicts(self) -> Mapping[str, str]:
        """'trust', 'unsure', 'distrust' or 'unknown' by scale."""


@dataclass(frozen=True, eq=False)
class ScaleScores(Result):
    """Scores of every respondent on every scale and index.

    Attributes
    ----------
    frame : DataFrame of shape (respondents, scales + indices + groups + weight + options)
        Scores on 0–100, NaN where too few items are answered; group and weight columns beside them, and the options
        of select-all questions, 1 or 0, where the answers have them.
    roles : dict
        Role of each scale: 'outcome', 'driver' or 'none'.
    weights : DataFrame of shape (scales, indices)
        Weight of each scale in each index; columns sum to 1.
    labels : dict
        Label of each scale and index.
    groups : tuple of str
        Names of the group columns.
    weight : str or None
        Name of the weight column.
    warnings : tuple of str
        What a reader of the scores must know.
    confidence : float
        Level of the intervals.
    doubtful : tuple of str
        Scales that cannot be trusted, where `score` was told which those are.
    title : str
        Title of the survey; empty where it has none.
    ticks : dict
        Label of each option that the frame holds.
    experts : dict
        By index that experts weigh, their weights and how far they agree.
    """

    frame: pd.DataFrame
    roles: Mapping[str, str]
    weights: pd.DataFrame
    labels: Mapping[str, str]
    groups: tuple[str, ...] = ()
    weight: str | None = None
    warnings: tuple[str, ...] = ()
    confidence: float = 0.95
    doubtful: tuple[str, ...] = ()
    title: str = ""
    ticks: Mapping[str, str] = field(default_factory=dict)
    experts: Mapping[str, ExpertWeightsResult] = field(default_factory=dict)

    def summary(self, *, confidence: float | None = None) -> pd.DataFrame:
        """Weighted mean of each score with its interval.

        Parameters
        ----------
        confidence : float, optional
            Level of the interval; that of the scores where not given.

        Returns
        -------
        DataFrame of shape (scales + indices, 8)
            scale, n, mean, sd, ci_low, ci_high, and floor and ceiling: the shares of respondents, 0 to
            1, at the lowest and the highest possible score. NaN where nobody has the score.

        Notes
        -----
        mean ± t(n − 1) sd / √n, n being Kish's effective size under weights.
        """
        confidence = self.confidence if confidence is None else confidence
        check_level(confidence, "confidence")
        names = list(self.labels)
        scores = self.frame[names]
        if not scores.notna().to_numpy().any():
            empty = dict.fromkeys(["mean", "sd", "ci_low", "ci_high", "floor", "ceiling"], np.nan)
            return pd.DataFrame({"scale": names, "n": 0, **empty})
        moments = Moments.of(self.frame, names, weight=self.weight, missing="pairwise")
        with np.errstate(invalid="ignore", divide="ignore"):
            n = effective_size(np.diag(moments.weights), np.diag(moments.weight_squares))
            sd = np.sqrt(np.diag(moments.covariance))
            half = stats.t.ppf((1 + confidence) / 2, np.maximum(n - 1, np.nan_to_num(n - 1))) * sd / np.sqrt(n)
        mean = moments.means.to_numpy()
        w = np.ones(len(scores)) if self.weight is None else self.frame[self.weight].to_numpy()
        total = w @ scores.notna().to_numpy()
        return pd.DataFrame(
            {
                "scale": names,
                "n": np.diag(moments.counts).astype(int),
                "mean": mean,
                "sd": sd,
                "ci_low": mean - half,
                "ci_high": mean + half,
                "floor": w @ (scores <= 0).to_numpy() / total,
                "ceiling": w @ (scores >= 100).to_numpy() / total,
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Summary of the scores; single respondents stand in `frame`."""
        return self.summary()

    def estimates(self) -> tuple[Estimate, ...]:
        """Mean of each scale and index."""
        return tuple(
            Estimate(
                f"score/{row['scale']}",
                row["mean"],
                row["ci_low"],
                row["ci_high"],
                row["n"],
                self.labels[str(row["scale"])],
            )
            for row in self.summary().to_dict("records")
        )


def reverse_key(responses: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Answers with the codebook's reverse-keyed items turned.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, from `read_responses`.
    codebook : Codebook
        Which items are reverse-keyed, and their ranges.

    Returns
    -------
    DataFrame of the same shape
        A reverse-keyed answer x becomes min + max − x; all else is unchanged.

    Raises
    ------
    InputError
        If a reverse-keyed item is absent, or holds text or an answer outside its range.

    Notes
    -----
    Keying twice turns the items back: give `score` and `reliability` the answers as read, for
    they key by themselves.

    Examples
    --------
    >>> codebook = Codebook.parse('''
    ... response = { min = 1, max = 5 }
    ... scales.trust = { items = ["a", "b"], reverse = ["b"] }''')
    >>> reverse_key(pd.DataFrame({"a": [4.0], "b": [2.0]}), codebook)
         a    b
    0  4.0  4.0
    """
    check_codebook(codebook)
    turned = [name for scale in codebook.scales.values() for name in scale.reverse]
    check_responses(responses, turned)
    check_answers(responses, codebook.ranges(turned))
    ends = {name: sum(codebook.range(name)) for name in turned}
    return responses.assign(**{name: total - responses[name] for name, total in ends.items()})


def score(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    min_answered: float = 0.5,
    reliability: Judged | None = None,
    confidence: float = 0.95,
) -> ScaleScores:
    """Scale scores on 0–100 and composite indices.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed yet.
    codebook : Codebook
        Scales, ranges, reverse-keyed items, indices, group and weight columns.
    min_answered : float
        Share of a scale's items, above 0 and up to 1, that a respondent must have answered.
    reliability : ReliabilityResult, optional
        What `reliability` gave, so that an index says which of its scales cannot be trusted.
    confidence : float
        Level of the intervals of the mean scores.

    Returns
    -------
    ScaleScores

    Raises
    ------
    InputError
        If a column that the codebook names is absent, an item holds text or an answer outside its
        range, a weight is negative or missing, or `min_answered` lies outside its range.

    Notes
    -----
    An answer x on an item from min to max counts 100 (x − min) / (max − min), turned where the
    item is reverse-keyed; a score is the mean over the items answered ('percent of maximum
    possible'). An index is the weighted mean of scale scores, weights rescaled to sum 1, missing
    where one of its scales is. Weights 'loadings' are the one-factor minres loadings of the scale scores, weights
    'experts' those of `expert_weights` from the table beside the codebook.

    References
    ----------
    Cohen, P., Cohen, J., Aiken, L. S. & West, S. G. (1999). The problem of units and the
    circumstance for POMP. Multivariate Behavioral Research 34(3), 315–346.

    Examples
    --------
    >>> codebook = Codebook.parse('''
    ... response = { min = 1, max = 5 }
    ... scales.trust = { items = ["a", "b"], reverse = ["b"] }''')
    >>> score(pd.DataFrame({"a": [5.0, 3.0], "b": [1.0, None]}), codebook).frame["trust"].tolist()
    [100.0, 50.0]
    """
    check_share(min_answered, "min_answered")
    check_level(confidence, "confidence")
    check_codebook(codebook)
    ticks = {name: label for name, label in codebook.tick_labels.items() if name in responses}
    beside = list(dict.fromkeys([*codebook.groups, *filter(None, [codebook.weight]), *ticks]))
    scaled = [name for scale in codebook.scales.values() for name in scale.items]
    check_responses(responses, [*scaled, *beside])
    check_answers(responses, codebook.ranges(scaled))
    keyed = reverse_key(responses, codebook)
    scores = pd.DataFrame(
        {name: _scale_score(keyed, scale.items, codebook, min_answered) for name, scale in codebook.scales.items()},
        index=responses.index,
    )
    weight = None if codebook.weight is None else responses[codebook.weight]
    check_weight(weight, len(responses), codebook.weight or "weight")
    experts = weights_by_experts(codebook)
    weights, warnings = _index_weights(scores, codebook, weight, experts)
    indices = {name: scores[list(column.dropna().index)] @ column.dropna() for name, column in weights.items()}
    return ScaleScores(
        frame=pd.concat([scores, pd.DataFrame(indices, index=scores.index), responses[beside]], axis="columns"),
        roles={name: scale.role for name, scale in codebook.scales.items()},
        weights=weights,
        labels={name: codebook.label(name) for name in (*codebook.scales, *codebook.index)},
        groups=tuple(codebook.groups),
        weight=codebook.weight,
        warnings=warnings,
        confidence=confidence,
        doubtful=tuple(name for name, found in reliability.verdicts.items() if found != "trust") if reliability else (),
        title=codebook.title,
        ticks=ticks,
        experts=experts,
    )


def weights_by_experts(codebook: Codebook) -> dict[str, ExpertWeightsResult]:
    """Weights of the scales in each index that experts weigh, from the table that its codebook names."""
    return {
        name: expert_weights(
            codebook.folder / index.experts,
            things=list(index.scales),
            essential=index.essential,
            encoding=codebook.file.encoding,
        )
        for name, index in codebook.index.items()
        if index.experts is not None
    }


def on_hundred(keyed: pd.DataFrame, items: Sequence[str], codebook: Codebook) -> Floats:
    """Keyed answers as parts of their items' ranges, 0 to 100, respondents × items; NaN where there is none."""
    low, high = np.array([codebook.range(name) for name in items], dtype=float).T
    return np.asarray(100 * (keyed[list(items)].to_numpy(dtype=float, na_value=np.nan) - low) / (high - low))


def _scale_score(keyed: pd.DataFrame, items: tuple[str, ...], codebook: Codebook, min_answered: float) -> pd.Series:
    percent = on_hundred(keyed, items, codebook)
    answered = np.isfinite(percent)
    count = answered.sum(axis=1)
    total = np.where(answered, percent, 0.0).sum(axis=1)
    enough = count >= max(min_answered * len(items), 1)
    return pd.Series(np.where(enough, total / np.maximum(count, 1), np.nan), index=keyed.index)


def _index_weights(
    scores: pd.DataFrame,
    codebook: Codebook,
    weight: pd.Series | None,
    experts: Mapping[str, ExpertWeightsResult],
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Weights of scales (rows) in indices (columns), NaN where a scale is not part of one."""
    columns, warnings = {}, []
    for name, index in codebook.index.items():
        raw, reason = (experts[name].weights, "") if name in experts else _raw_weights(scores, index, weight)
        if reason:
            warnings.append(message("Index '{index}' weighs its scales equally: {reason}.", index=name, reason=reason))
        columns[name] = raw / raw.sum()
    table = pd.DataFrame(columns, index=list(codebook.scales), columns=list(codebook.index), dtype=float)
    return table.dropna(how="all"), tuple(warnings)


def _raw_weights(scores: pd.DataFrame, index: Index, weight: pd.Series | None) -> tuple[pd.Series, str]:
    """Weights of one index before rescaling, and why they are equal where loadings were asked for."""
    if isinstance(index.scales, dict):
        return pd.Series(index.scales, dtype=float), ""
    names = list(index.scales)
    equal = pd.Series(1.0, index=names)
    if index.weights != "loadings" or len(names) < 3:
        return equal, ""
    w = np.ones(len(scores)) if weight is None else weight.to_numpy(dtype=float)
    counted, w = scores.loc[w > 0, names], w[w > 0]
    complete = counted.dropna()
    empty = [name for name in names if counted[name].isna().all()]
    if empty:
        return equal, message("nobody has a score on {scales}", scales=empty)
    if len(complete) <= len(names):
        return equal, message(
            "{n} of {total} respondents have a score on each of its {scales} scales, and {needed} are needed",
            n=len(complete),
            total=len(counted),
            scales=len(names),
            needed=len(names) + 1,
        )
    constant = [name for name in names if complete[name].nunique() < 2]
    if constant:
        return equal, message("those with a score on each of its scales score all alike on {scales}", scales=constant)
    moments = Moments.of(complete, weight=w[counted.notna().all(axis="columns")])
    loadings = extract(moments.correlation.to_numpy(), factors=1).loadings[:, 0]
    if (loadings < 0).any():
        return equal, message("their scores have no common factor on which all load positively")
    return pd.Series(loadings, index=names), ""

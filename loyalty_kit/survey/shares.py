"""Shares of answers that managers read: the net promoter score and the top box."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import (
    check_level,
    check_number,
    check_range,
    check_responses,
    check_series,
    check_weight,
    check_whole,
)
from loyalty_kit.core.errors import InputError, rows
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.weights import effective_n
from loyalty_kit.survey.codebook import Codebook, check_codebook


@dataclass(frozen=True, eq=False)
class NetPromoterResult(Result):
    """Share of promoters minus share of detractors, in points from −100 to 100, with its interval."""

    estimate: float
    ci_low: float
    ci_high: float
    promoters: float
    passives: float
    detractors: float
    n_used: int
    n_dropped: int
    confidence: float
    method: str = "adjusted Wald"
    warnings: tuple[str, ...] = ()
    item: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row: estimate, ci_low, ci_high, promoters, passives, detractors, n_used."""
        names = ["estimate", "ci_low", "ci_high", "promoters", "passives", "detractors", "n_used"]
        return pd.DataFrame([[getattr(self, name) for name in names]], columns=names)

    def estimates(self) -> tuple[Estimate, ...]:
        """Give the score, by the name of its item where the answers have one."""
        name, label = "net_promoter", message("Net promoter score")
        if self.item:
            name, label = f"{name}/{self.item}", message("Net promoter score: {item}", item=self.item)
        return (Estimate(name, self.estimate, self.ci_low, self.ci_high, self.n_used, label),)


@dataclass(frozen=True, eq=False)
class TopBoxResult(Result):
    """Share of answers in the highest boxes of the range, 0 to 1, with its interval."""

    estimate: float
    ci_low: float
    ci_high: float
    lowest: float
    highest: float
    n_used: int
    n_dropped: int
    confidence: float
    method: str = "Wilson"
    warnings: tuple[str, ...] = ()
    item: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row: estimate, ci_low, ci_high, lowest, highest, n_used."""
        names = ["estimate", "ci_low", "ci_high", "lowest", "highest", "n_used"]
        return pd.DataFrame([[getattr(self, name) for name in names]], columns=names)

    def estimates(self) -> tuple[Estimate, ...]:
        """Give the share, by the name of its item where the answers have one."""
        name, label = "top_box", message("Share of answers in the highest boxes")
        if self.item:
            name, label = (
                f"{name}/{self.item}",
                message("Share of answers in the highest boxes: {item}", item=self.item),
            )
        return (Estimate(name, self.estimate, self.ci_low, self.ci_high, self.n_used, label),)


@dataclass(frozen=True, eq=False)
class SharesResult(Result):
    """Net promoter score or top box of every item that a codebook marks.

    Attributes
    ----------
    by_item : mapping of str to NetPromoterResult or TopBoxResult
        In the codebook's order.
    wordings : mapping of str to str
        Wording of each item, its name where it has none.
    min_cell : int
        Fewest answers of a share that is shown and recorded.
    """

    by_item: Mapping[str, NetPromoterResult | TopBoxResult]
    wordings: Mapping[str, str]
    min_cell: int

    def __getitem__(self, item: str) -> NetPromoterResult | TopBoxResult:
        """Share of one item."""
        return self.by_item[item]

    def to_frame(self) -> pd.DataFrame:
        """Row an item: item, measure, estimate, ci_low, ci_high, n_used; without figures where few answered."""
        names = ["estimate", "ci_low", "ci_high", "n_used"]
        rows = [
            [item, "net_promoter" if isinstance(share, NetPromoterResult) else "top_box"]
            + [getattr(share, name) if share.n_used >= self.min_cell else np.nan for name in names]
            for item, share in self.by_item.items()
        ]
        return pd.DataFrame(rows, columns=["item", "measure", *names])

    def estimates(self) -> tuple[Estimate, ...]:
        """Estimate of each share that may be shown."""
        shown = (share for share in self.by_item.values() if share.n_used >= self.min_cell)
        return tuple(figure for share in shown for figure in share.estimates())


def net_promoter(answers: pd.Series, *, weight: pd.Series | None = None, confidence: float = 0.95) -> NetPromoterResult:
    """Net promoter score of 0–10 recommendation answers.

    Parameters
    ----------
    answers : Series of shape (respondents,)
        Likelihood to recommend, 0 to 10. Missing answers are dropped and counted.
    weight : Series of shape (respondents,), optional
        Survey weights, zero or more, in the same order.
    confidence : float
        Level of the interval.

    Returns
    -------
    NetPromoterResult
        In points, −100 to 100.

    Raises
    ------
    InputError
        If an answer lies outside 0–10, no answer is left, or a weight is no number of zero or more.

    Notes
    -----
    With p = promoters (9–10) and d = detractors (0–6), the score is 100 (p − d) and its variance
    100² (p + d − (p − d)²) / n. The interval is an adjusted Wald: three pseudo-answers, in
    proportions 1:2:1 over promoters, passives and detractors, are added first. n is Kish's
    effective size under weights. The pseudo-answers draw the interval towards zero, with one or two
    answers past the estimate itself; it is then extended to the estimate, which only adds coverage.

    References
    ----------
    Rocks, B. (2016). Interval estimation for the 'net promoter score'. The American Statistician
    70(4), 365–372.

    Examples
    --------
    >>> net_promoter(pd.Series([10, 9, 8, 3])).estimate
    25.0
    """
    check_level(confidence, "confidence")
    used, w, n = _answers(answers, weight)
    check_range(used, 0, 10, str(answers.name or "answers"))
    promoters, detractors = (min(float(w[box].sum()), 1.0) for box in (used >= 9, used <= 6))
    p, d = (promoters * n + 0.75) / (n + 3), (detractors * n + 0.75) / (n + 3)
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt((p + d - (p - d) ** 2) / (n + 3))
    estimate = 100 * (promoters - detractors)
    return NetPromoterResult(
        estimate=estimate,
        ci_low=float(min(max(100 * (p - d - half), -100), estimate)),
        ci_high=float(max(min(100 * (p - d + half), 100), estimate)),
        promoters=promoters,
        passives=max(1 - promoters - detractors, 0.0),
        detractors=detractors,
        n_used=len(used),
        n_dropped=len(answers) - len(used),
        confidence=confidence,
        item=_name(answers),
    )


def top_box(
    answers: pd.Series,
    *,
    boxes: int = 2,
    top: float | None = None,
    weight: pd.Series | None = None,
    confidence: float = 0.95,
) -> TopBoxResult:
    """Share of answers in the highest boxes of the range.

    Parameters
    ----------
    answers : Series of shape (respondents,)
        Answers in whole steps. Missing answers are dropped and counted.
    boxes : int
        How many of the highest answers count.
    top : float, optional
        Highest answer that the question allows; the highest answer given where not told, which a
        warning then says.
    weight : Series of shape (respondents,), optional
        Survey weights, zero or more, in the same order.
    confidence : float
        Level of the interval.

    Returns
    -------
    TopBoxResult
        A share, 0 to 1, with Wilson's interval at Kish's effective n.

    Raises
    ------
    InputError
        If an answer lies above `top` or is infinite, or no answer is left.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209–212.

    Examples
    --------
    >>> top_box(pd.Series([5, 4, 2, 1]), boxes=2, top=5).estimate
    0.5
    """
    check_level(confidence, "confidence")
    check_whole(boxes, "boxes", 1)
    used, w, n = _answers(answers, weight)
    if top is not None:
        check_number(top, "top")
    highest = float(used.max() if top is None else top)
    check_range(used, -np.inf, highest, str(answers.name or "answers"))
    share = float(w[used > highest - boxes].sum())
    z = stats.norm.ppf((1 + confidence) / 2)
    center = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    told = message("The highest answer given, {highest:g}, was taken as the top of the range.", highest=highest)
    return TopBoxResult(
        estimate=share,
        ci_low=float(max(center - half, 0)),
        ci_high=float(min(center + half, 1)),
        lowest=highest - boxes + 1,
        highest=highest,
        n_used=len(used),
        n_dropped=len(answers) - len(used),
        confidence=confidence,
        item=_name(answers),
        warnings=(told,) if top is None else (),
    )


def marked_shares(
    responses: pd.DataFrame, codebook: Codebook, *, confidence: float = 0.95, min_cell: int = 5
) -> SharesResult:
    """Net promoter score or top box of every item that the codebook marks.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given.
    codebook : Codebook
        Items with the role 'recommend' give a net promoter score, 'satisfaction' the two highest boxes.
    confidence : float
        Level of the intervals.
    min_cell : int
        Fewest answers of a share that reports show.

    Returns
    -------
    SharesResult
        In the codebook's order; an item without any answer is left out.
    """
    check_codebook(codebook)
    check_whole(min_cell, "min_cell", 1)
    marked = (*codebook.role("recommend"), *codebook.role("satisfaction"))
    check_responses(responses, [*marked, *filter(None, [codebook.weight])])
    weight = responses[codebook.weight] if codebook.weight else None
    results: dict[str, NetPromoterResult | TopBoxResult] = {}
    for name in marked:
        if not responses[name].notna().any():
            continue
        if name in codebook.role("recommend"):
            results[name] = net_promoter(responses[name], weight=weight, confidence=confidence)
        else:
            top = codebook.range(name)[1]
            results[name] = top_box(responses[name], top=top, weight=weight, confidence=confidence)
    return SharesResult(results, {name: codebook.wording(name) for name in results}, min_cell)


def _name(answers: pd.Series) -> str:
    return "" if answers.name is None else str(answers.name)


def _answers(answers: pd.Series, weight: pd.Series | None) -> tuple[pd.Series, pd.Series, float]:
    """Answers that are there, their weights as shares of 1, and the effective n."""
    check_series(answers, "answers")
    name = str(answers.name or "answers")
    if not pd.api.types.is_numeric_dtype(answers) and answers.notna().any():
        raise InputError("'{name}' must hold numbers; got {given}.", name=name, given=str(answers.dtype))
    w = check_weight(weight, len(answers))
    values = answers.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(values).any():
        raise InputError(
            "'{name}' is infinite in {rows}; answers are finite numbers.",
            name=name,
            rows=rows(int(np.isinf(values).sum())),
        )
    there = np.isfinite(values) & (w > 0)
    if not there.any():
        raise InputError("'{name}' holds no answer.", name=name)
    w = w[there]
    return pd.Series(values[there]), pd.Series(w / w.sum()), effective_n(w)

"""Weights of things by a panel of experts, with how far it agrees and whether another round is worth it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_number, check_rng
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.results import Result
from loyalty_kit.survey.experts.concordance import ConcordanceResult, kendall_w
from loyalty_kit.survey.experts.content_validity import ContentValidityResult, content_validity
from loyalty_kit.survey.experts.hierarchy import AhpResult, ahp
from loyalty_kit.survey.experts.panel import Round, panel_rounds

STRONG = 0.7
"""Kendall's W from which on agreement is strong (Schmidt 1997)."""
STILL = 0.05
"""Change of W from round to round below which agreement has settled."""
_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class ExpertWeightsResult(Result):
    """Weights by a panel of experts.

    Attributes
    ----------
    table : DataFrame of shape (things, 3)
        thing, weight (they sum to 1), sd: how far the experts' own weights lie apart; NaN where there is one expert.
    rounds : DataFrame of shape (rounds, 8)
        round, w (Kendall's), chi_squared, df, p_value, p_permutation, n_experts, n_dropped.
    stop : str
        Whether to go on asking: 'agreed' (W of .7 or more, beyond chance), 'few' (as much, but so few experts that it
        may be chance), 'settled' (W moved by less than .05 since
        the round before), 'go_on', or 'unknown' where agreement cannot be told.
    source : str
        'ratings' or 'pairs'.
    content : ContentValidityResult or None
        Content validity of each thing, where it was said which ratings mean essential.
    hierarchy : AhpResult or None
        Of the comparisons in pairs, where there are any.
    n_experts, n_dropped : int
        Experts behind the weights, and those of the last round who did not rate everything.
    """

    table: pd.DataFrame
    rounds: pd.DataFrame
    stop: str
    source: str
    content: ContentValidityResult | None
    hierarchy: AhpResult | None
    n_experts: int
    n_dropped: int
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of the weights, a row a thing."""
        return self.table.copy()

    @property
    def weights(self) -> pd.Series:
        """Weight by thing."""
        return self.table.set_index("thing")["weight"]


def expert_weights(
    table: pd.DataFrame | str | Path,
    *,
    things: Sequence[str],
    essential: float | None = None,
    encoding: str | None = None,
    rng: int | np.random.Generator = 0,
) -> ExpertWeightsResult:
    """Weights of things, such as the scales of an index, by a panel of experts.

    Parameters
    ----------
    table : DataFrame, str or Path
        The panel's answers or their file (CSV, Excel, …): a row an expert, with `expert`, `round` where there were
        several, and a column of ratings a thing; or a row a comparison, with `expert`, `round`, `thing`, `against` and
        `times`, how many times as important the first is (see `ahp`).
    things : sequence of str
        What is weighed.
    essential : float, optional
        Lowest rating that means essential, for the content validity ratio of each thing.
    encoding : str, optional
        Of a file whose own bytes do not tell it.
    rng : int or Generator
        Source of chance of the permutation tests of agreement.

    Returns
    -------
    ExpertWeightsResult

    Raises
    ------
    TooLittleError
        If no expert of the last round rated everything.
    InputError
        If a thing has no rating, a rating is no number of zero or more, an expert stands twice in a round, or
        comparisons are incomplete.

    Notes
    -----
    The last round counts. Of ratings, each expert's are divided by their sum, so that who rates all high counts no
    more than others, and averaged. Of comparisons, see `ahp`. Agreement in a round is Kendall's W over the experts'
    ratings or own weights. A Delphi study may stop where W reaches .7 beyond chance (permutation test at .05), or where
    it moved by less than .05 since the round before: another round would then change little, and agreement stays as
    weak as W says.

    References
    ----------
    Schmidt, R. C. (1997). Managing Delphi surveys using nonparametric statistical techniques. Decision Sciences 28(3),
    763–774.

    Examples
    --------
    >>> panel = pd.DataFrame({"expert": ["A", "B", "C"], "trust": [6, 5, 9], "price": [3, 4, 6], "service": [1, 1, 5]})
    >>> found = expert_weights(panel, things=["trust", "price", "service"])
    >>> found.weights.round(3).to_dict(), found.stop
    ({'trust': 0.517, 'price': 0.333, 'service': 0.15}, 'agreed')
    """
    if isinstance(things, str) or len(things) < 2 or len(set(things)) < len(things):
        raise InputError("'things' must name two things or more, each once; got {given}.", given=list(things))
    if essential is not None:
        check_number(essential, "essential")
    generator = check_rng(rng)
    rounds = panel_rounds(table, things, encoding=encoding)
    last, found = rounds[-1], [_weighed(one, things) for one in rounds]
    own, hierarchy, dropped = found[-1]
    if not len(own):
        raise TooLittleError("No expert of the last round rated everything.")
    agreed = [_agreement(one, generator) for one, _, _ in found]
    weights = own.mean(axis=0) if hierarchy is None else hierarchy.weights[list(things)]
    weights = weights / weights.sum()
    sd = own.std(axis=0) if len(own) > 1 else pd.Series(np.nan, index=own.columns)
    return ExpertWeightsResult(
        table=pd.DataFrame({"thing": list(things), "weight": weights.to_numpy(), "sd": sd[list(things)].to_numpy()}),
        rounds=_round_table(rounds, agreed, [(len(one), gone) for one, _, gone in found]),
        stop=_stop(agreed),
        source="ratings" if hierarchy is None else "pairs",
        content=_content(last, essential),
        hierarchy=hierarchy,
        n_experts=len(own),
        n_dropped=dropped,
        warnings=() if hierarchy is None else hierarchy.warnings,
    )


def _content(last: Round, essential: float | None) -> ContentValidityResult | None:
    """Content validity by the last round's ratings, where it was said which of them mean essential."""
    if essential is None:
        return None
    if last.ratings is None:
        raise InputError("'essential' is for ratings; this panel compared in pairs.")
    return content_validity(last.ratings, essential=essential)


def _weighed(said: Round, things: Sequence[str]) -> tuple[pd.DataFrame, AhpResult | None, int]:
    """Own weights of each expert who rated everything, with the hierarchy of comparisons, and how many did not."""
    if said.pairs is not None:
        kept = said.pairs["thing"].isin(things) & said.pairs["against"].isin(things)
        found = ahp(said.pairs[kept])
        return found.experts[list(things)], found, 0
    if said.ratings is None:
        raise TooLittleError("No expert of the last round rated everything.")
    totals = said.ratings.sum(axis=1, skipna=False)
    whole = totals > 0
    return said.ratings[whole].div(totals[whole], axis=0), None, int((~whole).sum())


def _agreement(own: pd.DataFrame, rng: np.random.Generator) -> ConcordanceResult | None:
    """Agreement of the experts of a round; none of one expert."""
    return kendall_w(own.round(9), rng=rng) if len(own) > 1 else None


def _round_table(
    rounds: Sequence[Round], agreed: Sequence[ConcordanceResult | None], counts: Sequence[tuple[int, int]]
) -> pd.DataFrame:
    names = ["w", "chi_squared", "df", "p_value", "p_permutation"]
    rows = [
        [one.name, *(np.nan if found is None else getattr(found, name) for name in names), *count]
        for one, found, count in zip(rounds, agreed, counts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["round", *names, "n_experts", "n_dropped"])


def _stop(agreed: Sequence[ConcordanceResult | None]) -> str:
    """Whether another round is worth it."""
    last = agreed[-1]
    if last is None or not np.isfinite(last.w):
        return "unknown"
    if last.w >= STRONG:
        return "agreed" if last.p_permutation <= _LEVEL else "few"
    before = agreed[-2] if len(agreed) > 1 else None
    if before is not None and np.isfinite(before.w) and abs(last.w - before.w) < STILL:
        return "settled"
    return "go_on"

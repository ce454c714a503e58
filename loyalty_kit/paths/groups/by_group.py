"""Path models of several groups: where their constructs are the same, which paths differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import GroupsError, InputError, TooLittleError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import group_name
from loyalty_kit.measurement.invariance.invariance import InvarianceResult
from loyalty_kit.paths.covariance.fit import by_likelihood
from loyalty_kit.paths.groups.comparability import (
    COMPOSITE_COLUMNS,
    composite_table,
    difference_rows,
    factor_invariance,
    refused_groups,
    refused_pair,
)
from loyalty_kit.paths.groups.permutation import Lots, composite_statistics, draw_lots, path_differences
from loyalty_kit.paths.model.fitted import Fitted
from loyalty_kit.paths.model.intervals import percentile
from loyalty_kit.paths.model.specification import Answers, Floats, Specification, complete_answers
from loyalty_kit.paths.pls.fit import by_pls
from loyalty_kit.paths.pls.partial_least_squares import Scheme
from loyalty_kit.statistics.multiplicity import holm
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.groups import level_texts, levels_in_order

_PATHS = ["group", "source", "target", "estimate", "ci_low", "ci_high", "n"]
_DIFFERENCES = ["first", "second", "source", "target", "difference", "p_value", "p_adjusted", "verdict"]


class Settings(NamedTuple):
    """How a path model was fitted."""

    model: Specification
    estimator: str
    scheme: Scheme
    confidence: float

    def fit(self, answers: Answers) -> Fitted:
        """Fit the model to some of the respondents."""
        if self.estimator in ("ml", "mlr"):
            return by_likelihood(*answers, self.model, robust=self.estimator == "mlr")[0]
        return by_pls(*answers, self.model, self.scheme, self.estimator)


@dataclass(frozen=True, eq=False)
class PathGroupsResult(Result):
    """Paths by group, and how they differ where they may be compared.

    Attributes
    ----------
    differences : DataFrame
        first, second, source, target, difference (first less second), p_value (permutation), p_adjusted (Holm over all
        of the table), verdict: 'differs' or 'unclear'. Empty where nothing may be compared.
    paths : DataFrame
        group, source, target, estimate, ci_low, ci_high, n: the model of each group by itself.
    composites : DataFrame
        Under 'pls' and 'plsc' first, second, construct, correlation (of its scores by both groups' weights), p_value,
        p_adjusted, mean_difference and log_variance_ratio of its scores with mean_p and variance_p (adjusted),
        verdict: 'full', 'partial' (paths may be compared, means and pooled answers not), 'none'.
    invariance : InvarianceResult or None
        Under 'ml' and 'mlr', the test of the factors.
    refusals : tuple of str
        Why groups, or pairs of them, are not compared.
    groups : Series
        Respondents of each group that has a model of its own.
    """

    differences: pd.DataFrame
    paths: pd.DataFrame
    composites: pd.DataFrame
    invariance: InvarianceResult | None = field(repr=False)
    refusals: tuple[str, ...]
    groups: pd.Series
    by: str
    labels: Mapping[str, str]
    permutations: int
    n_used: int
    n_dropped: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """List the differences of paths, a pair of groups and a path a row."""
        return self.differences.copy()


class _Members(NamedTuple):
    """Answers of each group with a model of its own, and what is said of the others."""

    answers: dict[str, Answers]
    fitted: dict[str, Fitted]
    told: list[str]
    refused: list[str]


def compare_groups(
    responses: pd.DataFrame,
    codebook: Codebook,
    settings: Settings,
    group: str,
    *,
    permutations: int,
    bootstrap: int,
    min_cell: int,
    rng: np.random.Generator,
) -> PathGroupsResult:
    """Fit the model in each group, and compare paths where the constructs are the same."""
    check_columns(responses.columns, [group], message("The table of responses"))
    by, texts = codebook.group_labels.get(group, group), level_texts(responses, codebook, group)
    members = _members(responses, codebook, settings, texts, group, by, min_cell)
    names, model = list(members.answers), settings.model
    pairs, refused, invariance = list(combinations(names, 2)), [*members.refused], None
    composites = pd.DataFrame(columns=COMPOSITE_COLUMNS)
    if settings.estimator in ("ml", "mlr") and pairs:
        used = responses.assign(**{group: texts})[texts.isin(names)]
        invariance = factor_invariance(used, codebook, model, group, robust=settings.estimator == "mlr")
        why = refused_groups(invariance, by)
        refused, pairs = [*refused, *([why] if why else [])], [] if why else pairs
    lots = [_lots(members.answers, pair, settings, permutations, rng) for pair in pairs]
    if settings.estimator in ("pls", "plsc") and pairs:
        composites = composite_table(pairs, lots, model, settings.confidence)
        reasons = [refused_pair(rows, by) for _, rows in composites.groupby(["first", "second"], sort=False)]
        refused += [why for why in reasons if why]
        kept = [place for place, why in enumerate(reasons) if not why]
        pairs, lots = [pairs[place] for place in kept], [lots[place] for place in kept]
    return PathGroupsResult(
        differences=_differences(pairs, lots, settings),
        paths=_paths(members, settings, bootstrap, rng),
        composites=composites,
        invariance=invariance,
        refusals=tuple(refused),
        groups=pd.Series({name: len(own.given) for name, own in members.answers.items()}, name="n", dtype=int),
        by=by,
        labels={name: codebook.label(name) for name in model.constructs},
        permutations=permutations,
        n_used=sum(len(own.given) for own in members.answers.values()),
        n_dropped=len(responses) - sum(len(own.given) for own in members.answers.values()),
        confidence=settings.confidence,
        warnings=tuple(members.told),
    )


def _members(
    responses: pd.DataFrame,
    codebook: Codebook,
    settings: Settings,
    texts: pd.Series,
    group: str,
    by: str,
    min_cell: int,
) -> _Members:
    found = _Members({}, {}, [], [])
    small: list[str] = []
    for name in levels_in_order(texts, codebook, group):
        rows = responses[(texts == name).to_numpy()]
        if name == "(none)" or not len(rows):
            continue
        try:
            given, weights, _ = complete_answers(rows, codebook, settings.model)
            if len(given) < min_cell:
                small.append(group_name(name, len(given)))
                continue
            found.fitted[name] = settings.fit(Answers(given, weights))
            found.answers[name] = Answers(given, weights)
        except TooLittleError:
            small.append(group_name(name, len(rows)))
        except InputError as error:
            told = message(
                "'{group}' ({by}) is left out: {why}", group=group_name(name, len(rows)), by=by, why=error.said
            )
            found.refused.append(told)
    if small:
        least = message(
            "Not compared, as too few answered all items: {groups} of '{by}'.", groups=list(dict.fromkeys(small)), by=by
        )
        found.told.append(least)
    if len(found.answers) < 2:
        _refuse_lonely(found, by, small)
    return found


def _refuse_lonely(found: _Members, by: str, small: list[str]) -> None:
    """Refuse a grouping of which fewer than two groups can be compared, for want of respondents or of groups."""
    if not found.refused:
        raise GroupsError(
            "Comparing paths by '{by}' needs two groups of enough respondents; it has {groups}, and too few answered "
            "in {small}.",
            by=by,
            groups=list(found.answers) or message("none"),
            small=list(dict.fromkeys(small)) or message("none"),
        )


def _lots(
    answers: Mapping[str, Answers],
    pair: tuple[str, str],
    settings: Settings,
    permutations: int,
    rng: np.random.Generator,
) -> Lots:
    """Figures of a pair of groups, as they are and drawn by lot."""
    own = [answers[name] for name in pair]
    pooled = Answers(*(np.concatenate(parts) for parts in zip(*own, strict=True)))
    if settings.estimator in ("pls", "plsc"):
        statistics = composite_statistics(pooled, settings.model, settings.scheme, settings.estimator)
    else:
        statistics = partial(path_differences, settings.fit(pooled).sampler, len(settings.model.edges))
    return draw_lots(statistics, len(own[0].given), len(pooled.given), permutations, rng)


def _paths(members: _Members, settings: Settings, bootstrap: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for name, fitted in members.fitted.items():
        n, edges = len(members.answers[name].given), settings.model.edges
        drawn: Floats = over_samples(fitted.sampler, n, bootstrap, rng=rng)[:, : len(edges)]
        low, high = percentile(drawn[np.isfinite(drawn).all(axis=1)], settings.confidence)
        for place, (source, target) in enumerate(edges):
            ends = (settings.model.constructs[source], settings.model.constructs[target])
            rows.append((name, *ends, float(fitted.inner.paths[source, target]), low[place], high[place], n))
    return pd.DataFrame(rows, columns=_PATHS)


def _differences(pairs: list[tuple[str, str]], lots: list[Lots], settings: Settings) -> pd.DataFrame:
    rows = [row for pair, lot in zip(pairs, lots, strict=True) for row in difference_rows(pair, lot, settings.model)]
    table = pd.DataFrame(rows, columns=_DIFFERENCES[:6])
    adjusted = holm(table["p_value"].to_numpy(dtype=float)) if rows else np.zeros(0)
    verdicts = np.where(adjusted < 1 - settings.confidence, "differs", "unclear")
    return table.assign(p_adjusted=adjusted, verdict=verdicts)[_DIFFERENCES]

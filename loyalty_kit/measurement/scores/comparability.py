"""Which scores of a grouping may be compared: the verdict on measurement invariance, score by score."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.measurement.invariance.invariance import InvarianceResult, invariance
from loyalty_kit.measurement.latent.estimators import Estimator
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.constant_items import drop_constant_items
from loyalty_kit.survey.groups import level_texts

Standing = Literal["comparable", "items apart", "not justified", "not examined", "one item", "formative", "parts"]


@dataclass(frozen=True)
class Comparability:
    """What may be compared between the levels of one grouping.

    Attributes
    ----------
    standings : mapping of str to str
        By scale and index: 'comparable'; 'items apart' where items of it work differently in the levels; 'not
        justified' where loadings or intercepts differ throughout; 'not examined'; 'one item' and 'formative', of
        which it cannot be examined; 'parts' of an index with a scale that may not be compared.
    reason : str
        The verdict as a sentence.
    reserve : str
        Continues the sentence: that the decision is narrow, or that the structure fits badly; else empty.
    levels : tuple of str
        Levels that the verdict is about.
    items : mapping of str to list of str
        Items that work differently in the levels, by scale.
    doubts : tuple of str
        What questions the verdict, as levels of few respondents.
    """

    standings: Mapping[str, Standing]
    reason: str
    reserve: str
    levels: tuple[str, ...]
    items: Mapping[str, list[str]]
    doubts: tuple[str, ...] = ()


def comparability(
    responses: pd.DataFrame,
    codebook: Codebook,
    group: str,
    weights: pd.DataFrame,
    *,
    estimator: Estimator = "mlr",
    confidence: float,
    min_cell: int = FEWEST,
) -> Comparability:
    """Judge which scores the levels of a grouping may be compared by.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed.
    codebook : Codebook
        Scales and their items.
    group : str
        Grouping column.
    weights : DataFrame of shape (scales, indices)
        Weight of each scale in each index, as scores carry it.
    estimator : {'ml', 'mlr', 'wlsmv'}
        That of the test of invariance.
    confidence : float
        Level of the intervals.
    min_cell : int
        Fewest respondents of a level that is examined, and named where something is wrong in it.

    Returns
    -------
    Comparability

    Notes
    -----
    Scores are compared where loadings and intercepts hold equal ('scalar' of `invariance`) without freeing an item of
    the scale: a freed item sets raw scores apart though the levels do not differ in what is measured. Items that all
    answer alike are left out of the test, as in the report on structure.
    """
    texts = level_texts(responses, codebook, group)
    common = texts.map(texts.value_counts()) >= min_cell
    rows = responses.assign(**{group: texts.where((texts != "(none)") & common, None)})
    book = drop_constant_items(rows, codebook).codebook
    try:
        found = invariance(rows, book, group=group, estimator=estimator, confidence=confidence)
    except InputError as error:
        return _standings(codebook, weights, "not examined", error.said, "", (), {})
    levels = tuple(str(level) for level in found.groups.index)
    if not found.comparable:
        standing: Standing = "not examined" if found.obstacle else "not justified"
        return _standings(codebook, weights, standing, found.verdict, "", levels, {})
    judged = _standings(codebook, weights, "comparable", found.verdict, found.reserve, levels, _freed(found))
    return replace(judged, doubts=found.doubts)


def _freed(found: InvarianceResult) -> dict[str, list[str]]:
    """Items whose thresholds, loading or intercept had to be set free, by scale."""
    table = found.items
    apart = table[table["freed"].astype(bool) & table["level"].isin(["thresholds", "metric", "scalar"])]
    names: dict[str, list[str]] = {}
    for scale, item in zip(apart["scale"], apart["item"], strict=True):
        names.setdefault(str(scale), []).append(str(item))
    return {scale: list(dict.fromkeys(items)) for scale, items in names.items()}


def _standings(
    codebook: Codebook,
    weights: pd.DataFrame,
    standing: Standing,
    reason: str,
    reserve: str,
    levels: tuple[str, ...],
    items: dict[str, list[str]],
) -> Comparability:
    """Verdict on each scale, then on each index by its parts."""
    found: dict[str, Standing] = {}
    for name, scale in codebook.scales.items():
        own: Standing = "items apart" if name in items else standing
        found[name] = "formative" if scale.kind == "formative" else "one item" if len(scale.items) < 2 else own
    for index in weights.columns:
        parts = weights.index[np.nan_to_num(weights[index].to_numpy(dtype=float)) > 0]
        found[str(index)] = "comparable" if all(found[str(part)] == "comparable" for part in parts) else "parts"
    return Comparability(found, reason, reserve, levels, items)

"""Whether the constructs of two groups are the same, so that their paths may be compared."""

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import Message, message
from loyalty_kit.measurement.invariance.invariance import InvarianceResult, invariance
from loyalty_kit.paths.groups.permutation import Lots
from loyalty_kit.paths.model.specification import Floats, Specification
from loyalty_kit.statistics.multiplicity import holm
from loyalty_kit.survey.codebook import Codebook

COMPOSITE_COLUMNS = [
    "first",
    "second",
    "construct",
    "correlation",
    "p_value",
    "p_adjusted",
    "mean_difference",
    "mean_p",
    "log_variance_ratio",
    "variance_p",
    "verdict",
]


def composite_table(
    pairs: list[tuple[str, str]], lots: list[Lots], model: Specification, confidence: float
) -> pd.DataFrame:
    """Compositional invariance, equal means and equal variances of each construct in each pair of groups.

    Notes
    -----
    'none' where the groups' weights make other scores of a construct (one-sided, Holm over constructs and pairs),
    'full' where also its means and variances do not differ (each Holm over constructs and pairs), else 'partial'.

    References
    ----------
    Henseler, J., Ringle, C. M. & Sarstedt, M. (2016). Testing measurement invariance of composites using partial least
    squares. International Marketing Review 33(3), 405–431.
    """
    size, first = len(model.constructs), len(model.edges)
    columns = [slice(first + size * k, first + size * (k + 1)) for k in range(3)]
    tests = [
        np.array([lot.lower(columns[0]) for lot in lots]),
        *(np.array([lot.two_sided(part) for lot in lots]) for part in columns[1:]),
    ]
    several = np.tile(model.blocks.sum(axis=0) > 1, (len(pairs), 1))
    tests[0] = np.where(several, tests[0], 1.0)
    made = np.ones_like(tests[0])
    made[several] = holm(tests[0][several])
    means, variances = (holm(test.ravel()).reshape(test.shape) for test in tests[1:])
    least = 1 - confidence
    rows = []
    for place, (pair, lot) in enumerate(zip(pairs, lots, strict=True)):
        figures = [lot.found[part] for part in columns]
        for j, name in enumerate(model.constructs):
            equal = min(means[place, j], variances[place, j]) >= least
            verdict = "none" if made[place, j] < least else "full" if equal else "partial"
            values = (figures[0][j], tests[0][place, j], made[place, j], figures[1][j], means[place, j])
            rows.append((*pair, name, *values, figures[2][j], variances[place, j], verdict))
    return pd.DataFrame(rows, columns=COMPOSITE_COLUMNS)


def refused_pair(table: pd.DataFrame, by: str) -> Message | None:
    """Why a pair of groups is not compared; None where its constructs are made up alike."""
    apart = table[table["verdict"] == "none"]
    if apart.empty:
        return None
    worst = apart.iloc[int(apart["p_value"].to_numpy().argmin())]
    return message(
        "Paths of '{first}' and '{second}' ({by}) are not compared: their answers make up {constructs} from the items "
        "in other ways (scores of '{construct}' by both groups' weights correlate to {r}, adjusted p = {p:.3f}).",
        first=worst["first"],
        second=worst["second"],
        by=by,
        constructs=list(apart["construct"]),
        construct=worst["construct"],
        r=f"{worst['correlation']:.3f}",
        p=float(worst["p_adjusted"]),
    )


def factor_invariance(
    responses: pd.DataFrame, codebook: Codebook, model: Specification, group: str, *, robust: bool
) -> InvarianceResult | None:
    """Invariance of the factors of a path model; None where every construct is one item."""
    scales = {name: codebook.scales[name] for name in model.constructs if len(codebook.scales[name].items) > 1}
    if not scales:
        return None
    book = codebook.model_copy(update={"scales": scales})
    return invariance(responses, book, group=group, estimator="mlr" if robust else "ml")


def refused_groups(found: InvarianceResult | None, by: str) -> Message | None:
    """Why groups are not compared by factors; None where their loadings are equal."""
    if found is None:
        return None
    if found.obstacle:
        return message(
            "Paths of the groups of '{by}' are not compared: whether their factors are the same could not be examined, "
            "as {why}.",
            by=by,
            why=found.obstacle,
        )
    metric = found.levels[found.levels["level"] == "metric"].to_dict("records")[0]
    if pd.notna(metric["holds"]) and bool(metric["holds"]):
        return None
    tried = found.items[found.items["level"] == "metric"] if len(found.items) else found.items
    freed: list[str] = [] if tried.empty else list(tried.loc[tried["freed"].astype(bool), "item"])
    return message(
        "Paths of the groups of '{by}' are not compared: their items do not load alike (with equal loadings CFI "
        "changes by {cfi:+.4f} and RMSEA by {rmsea:+.4f}, chi² difference p = {p:.3f}; most apart: {items}).",
        by=by,
        cfi=float(metric["cfi_change"]),
        rmsea=float(metric["rmsea_change"]),
        p=float(metric["p_change"]),
        items=list(dict.fromkeys(freed)) or message("none by itself"),
    )


def difference_rows(
    pair: tuple[str, str], lots: Lots, model: Specification
) -> list[tuple[str, str, str, str, float, float]]:
    """Difference of each path between two groups, with its probability under groups drawn by lot."""
    columns = slice(0, len(model.edges))
    p_values: Floats = lots.two_sided(columns)
    names = [(model.constructs[a], model.constructs[b]) for a, b in model.edges]
    return [
        (*pair, *name, float(value), float(p))
        for name, value, p in zip(names, lots.found[columns], p_values, strict=True)
    ]

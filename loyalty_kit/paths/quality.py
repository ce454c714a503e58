"""Quality of the constructs of a path model: items, reliability, and whether they are distinct."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.paths.model.specification import Floats, Specification
from loyalty_kit.paths.pls.consistency import rho_a

_DISTINCT = 0.9
"""HTMT below which two constructs are told apart (Henseler et al. 2015)."""


@dataclass(frozen=True, eq=False)
class PathQualityResult(Result):
    """Quality of constructs and items.

    Attributes
    ----------
    constructs : DataFrame
        construct, n_items, cronbach_alpha, rho_a, rho_c, ave, first_eigenvalue, second_eigenvalue, unidimensional.
        Missing where a construct is formative, whose items need not go together.
    items : DataFrame
        item, construct, loading, weight, vif (within its construct).
    distinct : DataFrame
        first, second, htmt, ci_low, ci_high, verdict: 'distinct' where the interval lies below .9, 'not_distinct'
        where it lies above, 'unclear' between.
    """

    constructs: pd.DataFrame
    items: pd.DataFrame
    distinct: pd.DataFrame
    labels: Mapping[str, str] = field(repr=False)
    n_used: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """List the constructs, a row each."""
        return self.constructs


def construct_table(model: Specification, correlations: Floats, weights: Floats, loadings: Floats) -> pd.DataFrame:
    """Reliability and dimension of each construct."""
    reliability = rho_a(weights[None], correlations[None], model)[0]
    return pd.DataFrame(
        [
            {
                "construct": name,
                "n_items": len(model.block(j)),
                **_figures(model, j, correlations, loadings, reliability[j]),
            }
            for j, name in enumerate(model.constructs)
        ]
    )


def _figures(
    model: Specification, j: int, correlations: Floats, loadings: Floats, reliability: float
) -> dict[str, object]:
    block = model.block(j)
    within, own = correlations[np.ix_(block, block)], loadings[block, j]
    size = len(block)
    values = np.linalg.eigvalsh(within)[::-1]
    second = float(values[1]) if size > 1 else np.nan
    square = own.sum() ** 2
    found: dict[str, object] = {
        "cronbach_alpha": size / (size - 1) * (1 - size / within.sum()) if size > 1 else 1.0,
        "rho_a": float(reliability),
        "rho_c": float(square / (square + (1 - own**2).sum())),
        "ave": float((own**2).mean()),
        "first_eigenvalue": float(values[0]),
        "second_eigenvalue": second,
        "unidimensional": not second >= 1,
    }
    return dict.fromkeys(found, np.nan) if j in model.formative else found


def item_table(model: Specification, correlations: Floats, weights: Floats, loadings: Floats) -> pd.DataFrame:
    """Tabulate loading, weight and VIF of each item."""
    rows = []
    for j, name in enumerate(model.constructs):
        block = model.block(j)
        inflation = np.diag(np.linalg.pinv(correlations[np.ix_(block, block)], hermitian=True))
        rows += [
            (model.items[place], name, loadings[place, j], weights[place, j], vif)
            for place, vif in zip(block, inflation, strict=True)
        ]
    return pd.DataFrame(rows, columns=["item", "construct", "loading", "weight", "vif"])


def distinct_table(model: Specification, ratios: Floats, ends: Floats) -> pd.DataFrame:
    """HTMT of each pair of constructs that are not formative, with its interval."""
    rows = []
    for k, (first, second) in enumerate(model.pairs):
        low, high = ends[:, k]
        verdict = "distinct" if high < _DISTINCT else "not_distinct" if low > _DISTINCT else "unclear"
        rows.append((model.constructs[first], model.constructs[second], ratios[first, second], low, high, verdict))
    return pd.DataFrame(rows, columns=["first", "second", "htmt", "ci_low", "ci_high", "verdict"])

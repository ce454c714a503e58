"""Rivals of a path model: the same constructs, with a path turned round or left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.paths.model.specification import Answers, Floats, Specification
from loyalty_kit.paths.pls.partial_least_squares import Scheme, inner_model
from loyalty_kit.paths.prediction.held_out import HeldOut, hold_out
from loyalty_kit.paths.prediction.predict import mean_interval
from loyalty_kit.statistics.multiplicity import holm

RIVAL_COLUMNS = ["kind", "source", "target", "n_paths", "loss", "difference", "ci_low", "ci_high", "p_value"]
_SAME = 1e-9
_VERY_STRONG = 10
"""Difference of BIC that is very strong evidence (Raftery 1995). The p value alone will not do: the errors of two
models that are both true differ by next to nothing, and surely so (Clark & West 2007)."""


@dataclass(frozen=True, eq=False)
class RivalsResult(Result):
    """Rivals of a path model by their error out of sample and their BIC.

    Attributes
    ----------
    table : DataFrame, the rival with the smallest error first
        kind ('reversed', 'reduced', or 'all_reversed', where source and target are empty), source and target of the
        path that is turned round or left out, n_paths, loss (squared error, as a share of the items' variance),
        difference from the model's with ci_low, ci_high and p_value, p_adjusted (Holm), bic_difference (above zero
        where the model is to be preferred), verdict: 'equivalent' (both allow the same correlations, no answers can
        tell them apart), 'better' where the adjusted p value and a BIC lower by 10 both say so, 'worse' where the
        adjusted p value and BIC say so, else 'as_well', which is the most that a rival with a path less can be.
    loss : float
        The model's own.
    folds : int
        Parts that were left out in turn.
    """

    table: pd.DataFrame
    loss: float
    folds: int
    labels: Mapping[str, str] = field(repr=False)
    n_used: int
    n_dropped: int
    confidence: float
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """'better' where a rival predicts better, else 'as_well' or 'equivalent' where one does as well, else 'none'.

        A rival counts as predicting as well only where its BIC is not above the model's.
        """
        found = self.serious["verdict"]
        return next((told for told in ("better", "as_well", "equivalent") if (found == told).any()), "none")

    @property
    def serious(self) -> pd.DataFrame:
        """Rivals that predict better, or as well without a higher BIC, or are equivalent; the best of each first."""
        as_well = (self.table["verdict"] == "as_well") & (self.table["bic_difference"] <= 0)
        kept = self.table[as_well | self.table["verdict"].isin(["better", "equivalent"])]
        order = kept["verdict"].map({"better": 0, "as_well": 1, "equivalent": 2})
        return kept.assign(order=order).sort_values(["order", "bic_difference"], kind="stable").drop(columns="order")

    def to_frame(self) -> pd.DataFrame:
        """List the rivals, a row each."""
        return self.table


class _Rival(NamedTuple):
    kind: str
    source: str
    target: str
    structure: Floats


def rivals(
    answers: Answers,
    parts: npt.NDArray[np.intp],
    model: Specification,
    scheme: Scheme,
    correlations: Floats,
    *,
    labels: Mapping[str, str],
    n_dropped: int,
    confidence: float,
) -> RivalsResult:
    """Compare a model with its rivals.

    Notes
    -----
    Rivals differ in their paths alone: the constructs are scored alike. Each construct is predicted from all others as
    a model says that they hang together (its implied correlations), so that no model is favoured by what it explains;
    the loss of a respondent is the mean over constructs of the squared error of its items, in units of their
    variance, by models that were fitted without the respondent. BIC is n times minus the log determinant of the
    implied inverse, plus log n for each path and each pair of constructs that nothing acts on. Models with the
    same value of both parts allow the same correlations and cannot be told apart by any answers (Verma & Pearl 1990).

    References
    ----------
    Sharma, P. N. et al. (2019). PLS-based model selection: the role of alternative explanations in information
    systems research. Journal of the Association for Information Systems 20(4), 346–397.
    Raftery, A. E. (1995). Bayesian model selection in social research. Sociological Methodology 25, 111–163.
    Clark, T. E. & West, K. D. (2007). Approximately normal tests for equal predictive accuracy in nested models.
    Journal of Econometrics 138(1), 291–311.
    """
    held = hold_out(answers, parts, model, scheme)
    kept = held.settled
    weights = answers.weights[kept]
    own = _lost(held, model)[kept]
    fit, size = _fit(correlations, model)
    rows = []
    for rival in _rivals(model):
        other = model.joined(rival.structure)
        lost = _lost(held, other)[kept]
        found = mean_interval(lost - own, weights, confidence)
        its_fit, its_size = _fit(correlations, other)
        n = len(answers.given)
        bic = n * (its_fit - fit) + (its_size - size) * np.log(n)
        loss = float(np.average(lost, weights=weights))
        count = int(rival.structure.sum())
        same = abs(its_fit - fit) < _SAME and its_size == size
        # A path between constructs that nothing else acts on is not left out: they stay free to go together.
        if not (same and rival.kind == "reduced"):
            rows.append((*rival[:3], count, loss, *((0.0, 0.0, 0.0, np.nan) if same else found), bic, same))
    table = pd.DataFrame(rows, columns=[*RIVAL_COLUMNS, "bic_difference", "same"])
    return RivalsResult(
        table=_judged(table, confidence),
        loss=float(np.average(own, weights=weights)),
        folds=int(parts.max()) + 1,
        labels=labels,
        n_used=int(kept.sum()),
        n_dropped=n_dropped + int((~kept).sum()),
        confidence=confidence,
    )


def _judged(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    same = table.pop("same").to_numpy(dtype=bool)
    adjusted = holm(np.where(same, np.nan, table["p_value"]))
    clear, bic = adjusted < 1 - confidence, table["bic_difference"]
    better = clear & (table["difference"] < 0) & (bic <= -_VERY_STRONG) & (table["kind"] != "reduced")
    worse = clear & (table["difference"] > 0) & (bic > 0)
    told = np.select([better, worse], ["better", "worse"], "as_well")
    table.insert(list(table.columns).index("p_value") + 1, "p_adjusted", adjusted)
    table["verdict"] = np.where(same, "equivalent", told)
    return table.sort_values("loss", kind="stable").reset_index(drop=True)


def _rivals(model: Specification) -> Iterator[_Rival]:
    """Each path turned round, where that makes no circle; each left out; all turned round."""
    seen = {model.structure.tobytes()}
    for a, b in model.edges:
        turned = model.structure.copy()
        turned[a, b], turned[b, a] = 0, 1
        if _has_no_circle(turned):
            seen.add(turned.tobytes())
            yield _Rival("reversed", model.constructs[a], model.constructs[b], turned)
    for a, b in model.edges:
        yield _Rival("reduced", model.constructs[a], model.constructs[b], model.without(a, b).structure)
    whole = np.ascontiguousarray(model.structure.T)
    if whole.tobytes() not in seen:
        yield _Rival("all_reversed", "", "", whole)


def _has_no_circle(structure: Floats) -> bool:
    graph = {target: set(np.flatnonzero(structure[:, target])) for target in range(len(structure))}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return False
    return True


def _lost(held: HeldOut, model: Specification) -> Floats:
    """Loss of each respondent: what each construct's items are missed by, predicted from all other constructs."""
    inverse = _implied_inverse(held.correlations, model)[held.parts]
    diagonal = np.diagonal(inverse, axis1=1, axis2=2)
    expected = held.scores - np.einsum("njk,nk->nj", inverse, held.scores) / diagonal
    own = model.blocks.argmax(axis=1)
    missed = (held.z - expected[:, own] * held.loadings[held.parts]) * held.spreads[held.parts]
    lost: Floats = (missed**2 @ (model.blocks / model.blocks.sum(axis=0))).mean(axis=1)
    return lost


def _implied_inverse(correlations: Floats, model: Specification) -> Floats:
    """Inverse of the correlations that a model implies, of those of the scores."""
    inner = inner_model(correlations, model)
    outer = np.array([j for j in range(len(model.constructs)) if j not in model.explained])
    free = np.zeros_like(correlations)
    free[:, outer[:, None], outer] = np.linalg.inv(correlations[:, outer[:, None], outer])
    for j in model.explained:
        free[:, j, j] = 1 / (1 - inner.r_squared[:, j])
    left = np.eye(len(model.constructs)) - inner.paths
    found: Floats = left @ free @ np.swapaxes(left, 1, 2)
    return found


def _fit(correlations: Floats, model: Specification) -> tuple[float, int]:
    """Minus the log determinant of the implied inverse, and the number of free correlations."""
    outer = len(model.constructs) - len(model.explained)
    found = np.linalg.slogdet(_implied_inverse(correlations[None], model))[1][0]
    return -float(found), int(model.structure.sum()) + outer * (outer - 1) // 2

"""One conclusion on a codebook's structure: which scales and items to keep, merge or drop, and what that would do."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.measurement.factors.retention import RetentionResult
from loyalty_kit.measurement.revision.rule import FEWEST, Verdict, judge_pairs, misfits_after
from loyalty_kit.measurement.revision.search import Revision, search
from loyalty_kit.measurement.revision.tables import (
    conclusion,
    item_rows,
    revision_warnings,
    scale_rows,
    shared_pairs,
    step_rows,
)
from loyalty_kit.measurement.structure_verdict import StructureVerdict
from loyalty_kit.statistics.weights import effective_n
from loyalty_kit.survey.codebook import Codebook

Withheld = Literal["few", "keying", "unrelated", "kmo", "not converged", "not identified", "improper"]


@dataclass(frozen=True, eq=False)
class RevisionResult(Result):
    """What to do with each scale and item of a codebook, and what it would do to the fit.

    Attributes
    ----------
    structure : StructureVerdict
        The claimed model, distinctness of its scales and comparability of groups.
    number : RetentionResult or None
        How many factors the answers hold.
    verdict : str
        'merge' or 'drop' where any scale or item is to be, the first of them that holds; else 'untold' where any
        scale cannot be told; else 'keep'.
    withheld : tuple of str
        Why nothing can be told: 'few', 'keying', 'unrelated', 'kmo', 'not converged', 'not identified', 'improper'.
    scales : DataFrame
        scale, verdict ('keep', 'merge', 'drop', 'untold'), reason ('' or 'overlap', 'one factor', 'unrelated',
        'unreliable', 'not settled', or why nothing can be told), revised (the scale that it becomes part of),
        items_before, items_after, alpha_before with alpha_low and alpha_high (Feldt), alpha_after, omega_before,
        omega_after (composite reliability), ave_before, ave_after.
    items : DataFrame
        scale, item, verdict, reason ('' or 'weak', 'cross', 'scale'), towards (the scale that it leans to),
        loading_before, loading_after (standardized), modification_index, p_value (Holm), expected_change,
        standardized_change: those of the cross-loading for which it goes.
    pairs : DataFrame
        first, second, correlation, htmt, ci_low, ci_high, together (share of resamples in which both share a
        factor), verdict ('apart', 'merge', 'untold'), reason ('distinct', 'own factors', 'overlap', 'one factor',
        'not settled', 'unrelated', 'fit' where one scale would fit worse or cannot be estimated, 'chain' where one
        of them was merged with a scale that is not one with the other).
    misfits : DataFrame
        kind, first, second, modification_index, expected_change, standardized_change, p_value (Holm): what the
        model with the merged scales leaves out and should not; largest first. index_after (its modification index
        in the model after all steps; missing where the item is gone) and remains (whether it is a misfit there).
    steps : DataFrame
        step ('claimed', 'merge', 'drop item', 'drop scale'), names, scales, items, chi2, df, cfi, rmsea, rmsea_low,
        rmsea_high, srmr; a model a row.
    shared : tuple of (str, str)
        Pairs that share a factor in most resamples, the most frequent first.
    n_used : int
        Respondents.
    confidence : float
        Level of the intervals of alpha and of loadings.
    warnings : tuple of str
    """

    structure: StructureVerdict
    number: RetentionResult | None
    verdict: Verdict
    withheld: tuple[Withheld, ...]
    scales: pd.DataFrame
    items: pd.DataFrame
    pairs: pd.DataFrame
    misfits: pd.DataFrame
    steps: pd.DataFrame
    shared: tuple[tuple[str, str], ...]
    n_used: int
    confidence: float
    warnings: tuple[str, ...] = ()

    @property
    def codebook(self) -> Codebook:
        """What the survey asked; an empty one where the structure came as a dict."""
        return self.structure.model.codebook

    def to_frame(self) -> pd.DataFrame:
        """Scales, one a row; items, pairs, misfits and steps stand in tables of those names."""
        return self.scales.copy()


def revise_scales(structure: StructureVerdict, number: RetentionResult | None = None) -> RevisionResult:
    """Weigh number of factors, fit, distinctness and comparability: keep, merge or drop each scale and item.

    Parameters
    ----------
    structure : StructureVerdict
        What `judge_structure` gave.
    number : RetentionResult, optional
        What `retain` gave with the codebook and a bootstrap: how often two scales share a factor.

    Returns
    -------
    RevisionResult

    Notes
    -----
    Nothing is told ('untold') with fewer than 100 respondents, where items run against their keying, or where they
    hardly correlate. Otherwise, in this order, each step estimated again on the same answers:

    1. A scale whose items hardly correlate with one another (Bartlett's test, 5 %) is dropped.
    2. Two scales are apart where the interval of HTMT lies wholly below .90, or holds .90 while they share a factor
       in at most 5 % of the resampled open searches. They are merged where the interval lies wholly at .90 or
       above, or holds .90 while HTMT itself is .90 or more and they share a factor in more than half of those
       searches; but only if the model with both as one is proper and CFI falls by at most .01. Of three or more,
       each must be so with each. Any other pair cannot be told.
    3. An item is dropped, the worst first and at most every fifth, while its scale keeps two: where the interval of its
       standardized loading lies wholly below .40, or where a loading on another scale is missing (modification
       index, 5 % after Holm over all of them, scaled as chi² is), its expected standardized change is .32 or
       more, and CFI rises without the item. Misfits of .20 or more are named, whatever becomes of the item.
    4. A scale whose interval of Cronbach's alpha lies wholly below .60 after that is dropped.

    Everything else is kept; a scale of a pair that cannot be told cannot be told. Where the revised model has no
    proper solution, scales and items that were not merged or dropped cannot be told either. Comparability decides
    on no scale: where groups may not be compared, scales are kept for use within groups. The answers that suggest
    a revision cannot confirm it: that takes a new sample.

    In simulated surveys of three scales of four items (loadings .7) that correlate .7, 200 respondents, none of 300
    was merged and 1.3 % had anything dropped (Monte Carlo error .7 points); 4.7 % could not be told, with 100
    respondents 35 % (error 6). Two scales that are one were merged in 97 % of surveys of 150 (error 2), an item that
    loads .5 on a second scale beside .4 on its own was dropped in 98 % of surveys of 200 (error 2).

    References
    ----------
    Boomsma, A. (1985). Nonconvergence, improper solutions, and starting values in LISREL maximum likelihood
    estimation. Psychometrika 50(2), 229–242.

    Henseler, J., Ringle, C. M. & Sarstedt, M. (2015). A new criterion for assessing discriminant validity.
    Journal of the Academy of Marketing Science 43, 115–135.

    Cheung, G. W. & Rensvold, R. B. (2002). Evaluating goodness-of-fit indexes for testing measurement
    invariance. Structural Equation Modeling 9(2), 233–255.

    Hair, J. F., Hult, G. T. M., Ringle, C. M. & Sarstedt, M. (2017). A primer on partial least squares structural
    equation modeling (2nd ed.). Sage.

    Costello, A. B. & Osborne, J. W. (2005). Best practices in exploratory factor analysis. Practical Assessment,
    Research & Evaluation 10(7).

    Whittaker, T. A. (2012). Using the modification index and standardized expected parameter change for model
    modification. Journal of Experimental Education 80(1), 26–44.

    Bagozzi, R. P. & Yi, Y. (1988). On the evaluation of structural equation models. Journal of the Academy of
    Marketing Science 16(1), 74–94.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(300, 2)).repeat(3, axis=1) + rng.normal(size=(300, 6))
    >>> responses = pd.DataFrame(answers, columns=list("abcdef"))
    >>> from loyalty_kit import cfa, judge_structure
    >>> model = cfa(responses, {"trust": list("abc"), "value": list("def")})
    >>> revise_scales(judge_structure(model, model.validity())).verdict
    'keep'
    """
    model = structure.model
    pairs = judge_pairs(structure.validity.pairs, None if number is None else number.together)
    withheld = _withheld(structure)
    found = Revision.of(model) if withheld else search(model, pairs)
    final = found.now.standing
    if withheld:
        pairs = pairs.assign(verdict="untold", reason=withheld[0])
    elif final != "proper":
        withheld = (final,)
    ends = zip(pairs["first"], pairs["second"], strict=True)
    refused = pd.Series([found.refused.get(pair, "") for pair in ends], index=pairs.index, dtype=str)
    pairs = pairs.assign(
        verdict=np.where(refused == "", pairs["verdict"], "untold"),
        reason=np.where(refused == "", pairs["reason"], refused),
    )
    sound = found.before_items is not None and found.before_items.standing == "proper"
    named = misfits_after(found.before_items if sound and found.before_items else found.now, found.now)
    named = named if sound else named.iloc[:0]
    scales = scale_rows(found, pairs, withheld)
    items = item_rows(found, scales, named, withheld)
    return RevisionResult(
        structure=structure,
        number=number,
        verdict=conclusion([*scales["verdict"], *items["verdict"]]),
        withheld=withheld,
        scales=scales,
        items=items,
        pairs=pairs,
        misfits=named,
        steps=step_rows(found),
        shared=() if found.before_items is None else shared_pairs(pairs),
        n_used=model.n_used,
        confidence=model.confidence,
        warnings=revision_warnings(found, number),
    )


def _withheld(structure: StructureVerdict) -> tuple[Withheld, ...]:
    """Why nothing can be told, before anything is tried."""
    if effective_n(structure.model.answers.weights) < FEWEST:
        return ("few",)
    found: list[Withheld] = []
    if structure.against_keying:
        found.append("keying")
    found += [why for why in ("unrelated", "kmo") if why in structure.withheld]
    return tuple(found)

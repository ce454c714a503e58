"""Reliability of scales: Cronbach's coefficient with its interval, omega, lambda 4, and the weak items."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_answers, check_level, check_responses, check_rng, check_weight, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.alpha_bootstrap import alpha_intervals
from loyalty_kit.measurement.reliability.coefficients import one_factor, scale_coefficients
from loyalty_kit.measurement.reliability.hierarchical import Hierarchy
from loyalty_kit.measurement.reliability.item_analysis import (
    ITEM_COLUMNS,
    complete_moments,
    complete_rows,
    discrimination,
    distribution,
    keying_warnings,
)
from loyalty_kit.measurement.reliability.omegas import UNTOLD_COLUMNS, Omegas, omegas_of, together, untold_table
from loyalty_kit.measurement.reliability.scale_verdict import FirstStep, first_step, scale_verdict, weak_items
from loyalty_kit.measurement.reliability.unused_codes import unused_codes
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.scoring import reverse_key

_SCALE_COLUMNS = (
    "scale",
    "items",
    "n_used",
    "cronbach_alpha",
    "ci_low",
    "ci_high",
    "standardized_alpha",
    "omega_total",
    "omega_ci_low",
    "omega_ci_high",
    "omega_hierarchical",
    "ordinal_omega",
    "ordinal_alpha",
    "mean_inter_item_r",
    "lambda4",
    "sem",
)


@dataclass(frozen=True, eq=False)
class ReliabilityResult(Result):
    """Reliability of every reflective scale of a survey.

    Attributes
    ----------
    scales : DataFrame, a row a scale
        scale (key in the codebook), items, n_used, cronbach_alpha, ci_low, ci_high, standardized_alpha,
        omega_total with omega_ci_low and omega_ci_high, omega_hierarchical, ordinal_omega, ordinal_alpha,
        mean_inter_item_r, lambda4, sem; bootstrap_ci_low and bootstrap_ci_high where asked.
    items : DataFrame, a row an item
        scale and the columns of `item_statistics`: mean, sd, skew, floor and ceiling (at the ends of the
        codebook's range) of all who answer the item, item_rest_r and what follows of the scale's n_used.
    n_used, n_dropped : int
        Respondents complete on at least one scale; the others.
    bootstrap : int
        Samples behind the bootstrap intervals.
    confidence : float
        Level of the intervals.
    method : str
        How the intervals were made.
    warnings : tuple of str
        What a reader must know, scales and items named.
    keying : tuple of str
        Those of the warnings that name items with the wrong sign.
    codebook : Codebook
        What the survey asked: labels, wordings, roles and reverse-keyed items.
    untold : DataFrame
        scale, coefficient, reason: omegas that cannot be told, and why.
    together : Hierarchy or None
        One general factor beside one of each scale, of the respondents who answer every scale; None with fewer than
        three scales.
    """

    scales: pd.DataFrame
    items: pd.DataFrame
    n_used: int
    n_dropped: int
    bootstrap: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    keying: tuple[str, ...] = ()
    codebook: Codebook = Codebook()
    untold: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(UNTOLD_COLUMNS)))
    together: Hierarchy | None = None

    def to_frame(self) -> pd.DataFrame:
        """Table of the scales."""
        return self.scales.copy()

    @property
    def labels(self) -> Mapping[str, str]:
        """What the codebook calls each scale."""
        return self.codebook.labels

    @property
    def verdicts(self) -> dict[str, str]:
        """'trust', 'unsure', 'distrust' or 'unknown' by scale, after the interval of its coefficient."""
        ends = self.scales[["scale", "ci_low", "ci_high"]].to_numpy()
        return {str(name): scale_verdict(low, high) for name, low, high in ends}

    @property
    def weak_items(self) -> pd.DataFrame:
        """Items below the least acceptable item-rest correlation, the weakest first, with what dropping each gains."""
        return weak_items(self.scales, self.items)

    @property
    def first_step(self) -> FirstStep | None:
        """Which item to look at first, and what to do with it; None where no item asks for it."""
        return first_step(self.scales, self.items, self.codebook.role("outcome"))

    def estimates(self) -> tuple[Estimate, ...]:
        """Cronbach's alpha of each scale."""
        return tuple(
            Estimate(
                f"cronbach_alpha/{row['scale']}",
                row["cronbach_alpha"],
                row["ci_low"],
                row["ci_high"],
                row["n_used"],
                message("Cronbach's alpha: {scale}", scale=self.labels.get(row["scale"], row["scale"])),
            )
            for row in self.scales.to_dict("records")
        )


def reliability(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    confidence: float = 0.95,
    bootstrap: int = 0,
    rng: int | np.random.Generator = 0,
) -> ReliabilityResult:
    """Reliability of every reflective scale, with an analysis of its items.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given: the codebook's reverse-keyed items are turned here.
    codebook : Codebook
        Scales, reverse-keyed items, ranges and weight column.
    confidence : float
        Level of the intervals.
    bootstrap : int
        Samples for an additional percentile interval of Cronbach's coefficient; 0 for none.
    rng : int or Generator
        Seed or source of chance of the bootstrap.

    Returns
    -------
    ReliabilityResult
        A scale that allows no coefficient (an item that never varies or holds no answer, fewer than
        three complete respondents) keeps its row, NaN, and a warning says why.

    Raises
    ------
    InputError
        If a column that the codebook names is absent or not numeric, an answer lies outside its item's
        range, or a weight is negative or missing.

    Notes
    -----
    Each scale uses the respondents who answer all its items. With k items, C their weighted
    covariances, R their correlations and r̄ the mean of those:

    - cronbach_alpha = k / (k − 1) · (1 − tr C / 1ᵀC1), Feldt's interval at Kish's effective n;
    - standardized_alpha = k r̄ / (1 + (k − 1) r̄);
    - omega_total from the one-factor ML model, (Σλ)² / ((Σλ)² + Σθ), with an interval by the delta method that
      supposes no distribution (`omega_total`); NaN for two items;
    - omega_hierarchical, the share that one general factor makes beside three of groups of items
      (`omega_hierarchical`); NaN below six items;
    - ordinal_alpha, of the polychoric correlations, and ordinal_omega, of the sum of ordered answers, after Green and
      Yang; NaN where an item has more than 20 different answers;
    - lambda4, the largest 4 cov(a, b) / 1ᵀC1 over all splits of the items into parts a and b;
    - sem = √(1ᵀC1) / k · √(1 − cronbach_alpha), in answer units: it belongs to the mean of the items.

    Item statistics are of the keyed items: the mean of a reverse-keyed item is that of its turned
    answers, over all who answer the item, whatever else of the scale they leave out. Nothing beyond
    the codebook's keys is turned: an item whose item-rest correlation or loading is negative, however
    slightly, is named in `warnings` with the coefficient before and after turning it, and with a word
    where chance could be the reason. Formative and one-item scales are left out, and named.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika
    16(3), 297–334.

    McDonald, R. P. (1999). Test theory: A unified treatment. Erlbaum, chapter 6.

    Green, S. B. & Yang, Y. (2009). Reliability of summed item scores using structural equation modeling: An
    alternative to coefficient alpha. Psychometrika 74(1), 155–167.

    Checked against psych 2.2.9 (``alpha``, ``alpha.ci``), semTools 0.5-6 (``reliability``, ``compRelSEM``) and
    lavaan 0.6-14.

    Examples
    --------
    >>> codebook = Codebook.parse('''
    ... response = { min = 1, max = 5 }
    ... scales.trust = { items = ["a", "b", "c"], reverse = ["c"] }''')
    >>> answers = pd.DataFrame({"a": [1, 2, 4, 5, 3], "b": [2, 1, 4, 5, 3], "c": [5, 3, 2, 1, 3]})
    >>> reliability(answers, codebook).to_frame()[["scale", "n_used", "cronbach_alpha"]].round(2)
       scale  n_used  cronbach_alpha
    0  trust       5            0.95
    """
    check_level(confidence, "confidence")
    check_whole(bootstrap, "bootstrap", 0)
    generator = check_rng(rng)
    tables, warnings = _tables(responses, codebook)
    reports = {name: _report(name, table, codebook, confidence) for name, table in tables.items()}
    scales = pd.DataFrame([report.row for report in reports.values()], columns=list(_SCALE_COLUMNS))
    if bootstrap:
        estimable = {name: tables[name] for name, report in reports.items() if report.estimable}
        intervals = alpha_intervals(estimable, replicates=bootstrap, confidence=confidence, rng=generator)
        scales[["bootstrap_ci_low", "bootstrap_ci_high"]] = intervals.reindex(scales["scale"]).to_numpy()
    items = [report.items for report in reports.values()]
    n_used = _complete(tables.values())
    keying = tuple(text for report in reports.values() for text in report.keying)
    return ReliabilityResult(
        scales=scales,
        items=pd.concat(items, ignore_index=True) if items else pd.DataFrame(columns=["scale", *ITEM_COLUMNS]),
        n_used=n_used,
        n_dropped=len(responses) - n_used,
        bootstrap=bootstrap,
        confidence=confidence,
        method=message("Feldt interval, percentile bootstrap of {count} samples", count=bootstrap)
        if bootstrap
        else message("Feldt interval"),
        warnings=(*warnings, *(text for report in reports.values() for text in report.notes), *keying),
        keying=keying,
        codebook=codebook,
        untold=untold_table({name: report.omegas for name, report in reports.items() if report.omegas}),
        together=together({name: tables[name] for name, report in reports.items() if report.estimable}),
    )


@dataclass(frozen=True, eq=False)
class _ScaleReport:
    """Row of one scale, rows of its items, and sentences on it."""

    row: Mapping[str, object]
    items: pd.DataFrame
    notes: tuple[str, ...]
    keying: tuple[str, ...] = ()
    estimable: bool = True
    omegas: Omegas | None = None


def _tables(responses: pd.DataFrame, codebook: Codebook) -> tuple[dict[str, ItemTable], list[str]]:
    """Keyed answers to each scale that has reliability, and sentences on the scales left out."""
    check_codebook(codebook)
    needed = [item for scale in codebook.scales.values() for item in scale.items]
    weight = [codebook.weight] if codebook.weight else []
    check_responses(responses, [*needed, *weight])
    check_answers(responses, codebook.ranges(needed))
    w = check_weight(responses[codebook.weight] if weight else None, len(responses), codebook.weight or "weight")
    answers = reverse_key(responses, codebook)[needed].to_numpy(dtype=float, na_value=np.nan)
    values = pd.DataFrame(answers, columns=needed)
    values, w = values[w > 0], w[w > 0]
    tables: dict[str, ItemTable] = {}
    warnings: list[str] = []
    for name, scale in codebook.scales.items():
        if scale.kind == "formative":
            left_out = message(
                "Scale '{scale}' is left out: a formative scale has no reliability of this kind.", scale=name
            )
            warnings.append(left_out)
        elif len(scale.items) < 2:
            left_out = message(
                "Scale '{scale}' is left out: it has one item, and reliability needs two or more.", scale=name
            )
            warnings.append(left_out)
        else:
            tables[name] = ItemTable(scale.items, values[list(scale.items)].to_numpy(), w)
    if not tables:
        nothing = message("The codebook has no reflective scale of two or more items, so there is nothing to report.")
        warnings.append(nothing)
    return tables, warnings


def _report(name: str, table: ItemTable, codebook: Codebook, confidence: float) -> _ScaleReport:
    """Coefficients and item analysis of one scale; NaN and a sentence where it allows none."""
    low, high = np.array([codebook.range(item) for item in table.names], dtype=float).T
    items = distribution(table, low=low, high=high)
    items.insert(0, "scale", name)
    k = len(table.names)
    row: dict[str, Any] = {"scale": name, "items": k, "n_used": _complete([table])}
    try:
        moments = complete_moments(table)
    except InputError as error:
        nothing = discrimination(np.full((k, k), np.nan), np.full(k, np.nan))
        why = message("Scale '{scale}' has no coefficients. {why}", scale=name, why=error.said)
        return _ScaleReport(row, items.join(nothing), (why,), estimable=False)
    covariance, n = moments.covariance.to_numpy(), moments.effective_n
    factor = one_factor(covariance, table.names, n=row["n_used"])
    statistics = discrimination(covariance, factor.loadings)
    coefficients, notes = scale_coefficients(covariance, moments.correlation.to_numpy(), n, confidence)
    keying = keying_warnings(table.names, statistics, covariance, n=n)
    unused = _unused(name, table, codebook, low, high)
    omegas = omegas_of(table, factor, moments.correlation.to_numpy(), confidence)
    return _ScaleReport(
        {**row, **coefficients, **omegas.figures},
        items.join(statistics),
        notes=(
            *(message("Scale '{scale}': {text}.", scale=name, text=text) for text in (*factor.notes, *notes)),
            *unused,
        ),
        keying=tuple(message("Scale '{scale}': {text}", scale=name, text=text) for text in keying),
        omegas=omegas,
    )


def _unused(name: str, table: ItemTable, codebook: Codebook, low: Floats, high: Floats) -> list[Message]:
    """Say which answer nobody gives on a scale whose items share their range."""
    if len({*low}) > 1 or len({*high}) > 1:
        return []
    keys = np.array([-1.0 if item in codebook.scales[name].reverse else 1.0 for item in table.names])
    keyed = table.values[complete_rows(table)]
    # The table holds keyed answers: a reverse-keyed item is turned back.
    answers = np.where(keys > 0, keyed, low + high - keyed)
    return unused_codes(name, answers, low=float(low[0]), high=float(high[0]), keys=keys)


def _complete(tables: Iterable[ItemTable]) -> int:
    """Respondents complete on at least one of the scales."""
    complete = [complete_rows(table) for table in tables]
    return int(np.logical_or.reduce(complete).sum()) if complete else 0

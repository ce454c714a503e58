"""Does the answer hang on how it was asked: the drivers over a grid of choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.fits.design import Design, read_design
from loyalty_kit.drivers.fits.fits import MOST_LEVELS, Fit, Model, fit, levels_of_outcome
from loyalty_kit.drivers.fits.specification import Scores, Specification, table_of
from loyalty_kit.drivers.importance.importance import importance
from loyalty_kit.drivers.importance.measures import Method

AS_GIVEN = "all"
"""Name of the sample that the result was fitted to."""

_MEASURES: tuple[Method, ...] = ("lmg", "relative_weights")
_BANDS = 10
TOP = 3


@dataclass(frozen=True, eq=False)
class RobustnessResult(Result):
    """The drivers over a grid of choices that could as well have been made.

    Attributes
    ----------
    settings : DataFrame, a row a setting and driver
        setting (from 1), sample, weighted, controls (whether they are in), model, method, n_used,
        driver, estimate, ci_low, ci_high, share, rank, in_top3, sign_holds.
    table : DataFrame, a row a driver
        driver, settings, in_top3, sign_holds, clear (settings whose interval excludes zero on the
        side of the result), best_rank, worst_rank; counts of settings.
    labels : mapping
        Labels of columns.
    confidence : float
        Level of the intervals.
    method : str
        What the grid spans.
    repeated : tuple of str
        Samples that add no setting, because they hold the same respondents as one before them.
    warnings : tuple of str
        Settings that could not be fitted, and why.
    """

    settings: pd.DataFrame
    table: pd.DataFrame
    labels: Mapping[str, str]
    confidence: float
    method: str
    repeated: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, settings, in_top3, sign_holds, clear, best_rank, worst_rank."""
        return self.table.copy()

    @property
    def held(self) -> "pd.Series[bool]":
        """Whether each driver is clear and, where there are more than three, among the top three in every setting."""
        settings = self.table["settings"].max()
        leading = self.table["in_top3"].eq(settings) | (len(self.table) <= TOP)
        return self.table["clear"].eq(settings) & leading


@dataclass(frozen=True, eq=False)
class _Sample:
    """One part of the grid: rows and columns, before model and measure."""

    name: str
    weighted: bool
    controls: bool
    table: pd.DataFrame


def robustness(design: Design, fitted: Fit, *, samples: Mapping[str, Scores], confidence: float) -> RobustnessResult:
    """Ask the question in all the other ways; see `DriverResult.robustness`."""
    if AS_GIVEN in samples:
        raise InputError("'samples' may not call one '{name}': that is the data as given.", name=AS_GIVEN)
    signs = np.sign(fitted.slopes[: len(design.drivers)])
    rows, failures = [], []
    models: tuple[Model, ...] = ("ols", "logit" if fitted.model == "logit" else "ordered")
    tables, repeated = _distinct(design, samples)
    for sample in _samples(design, tables):
        for model in models:
            try:
                part = _read(design, sample)
                again = _refitted(part, model, fitted)
            except InputError as error:
                why = {"setting": _name(sample, model), "why": error.said}
                failures.append(message("{setting} could not be fitted. {why}", **why))
                continue
            for method in _MEASURES:
                rows.append(_setting(part, again, sample, method, signs, confidence))
    settings = pd.concat([row.assign(setting=i) for i, row in enumerate(rows, start=1)], ignore_index=True)
    settings = settings[["setting", *settings.columns.drop("setting")]]
    return RobustnessResult(
        settings=settings,
        table=_counts(settings, design.drivers),
        labels=design.labels,
        confidence=confidence,
        method=message("{count} settings: sample, weights, controls, model and measure of importance", count=len(rows)),
        repeated=repeated,
        warnings=tuple(failures),
    )


def _distinct(design: Design, samples: Mapping[str, Scores]) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """Tables of the data as given and of the samples that differ, and names of the samples that repeat another."""
    tables, repeated = {AS_GIVEN: design.table}, []
    for name, scores in samples.items():
        table = table_of(scores)
        if any(_same_rows(table, other, design.specification) for other in tables.values()):
            repeated.append(name)
        else:
            tables[name] = table
    return tables, tuple(repeated)


def _same_rows(one: pd.DataFrame, other: pd.DataFrame, given: Specification) -> bool:
    """Whether two tables hold the same complete rows of the columns asked for."""
    columns = [given.outcome, *given.drivers, *given.controls, *filter(None, [given.weight, given.cluster])]
    if not all(name in table for name in columns for table in (one, other)):
        return False
    first, second = (table[columns].dropna().reset_index(drop=True) for table in (one, other))
    return first.equals(second)


def _samples(design: Design, tables: Mapping[str, pd.DataFrame]) -> Iterator[_Sample]:
    """As asked first, then the other samples, without weights and without controls."""
    weighted = (True, False) if design.specification.weight is not None else (False,)
    controls = (True, False) if design.specification.controls else (False,)
    for (name, table), weights, others in product(tables.items(), weighted, controls):
        yield _Sample(name, weights, others, table)


def _read(design: Design, sample: _Sample) -> Design:
    given = design.specification
    specification = replace(
        given,
        weight=given.weight if sample.weighted else None,
        controls=given.controls if sample.controls else (),
        categorical=given.categorical if sample.controls else frozenset(),
    )
    return read_design(sample.table, specification, design.labels)


def _refitted(design: Design, model: Model, fitted: Fit) -> Fit:
    """Fit the design by a model; an outcome with too many values for levels is cut into ten bands."""
    y = design.y
    if model == "ordered" and len(levels_of_outcome(y)[0]) > MOST_LEVELS:
        edges = np.unique(np.quantile(y, np.linspace(0, 1, _BANDS + 1)[1:-1]))
        y = np.searchsorted(edges, y, side="right").astype(float)
    return fit(y, design.x, weights=design.weights, clusters=design.clusters, model=model, errors=fitted.errors)


def _setting(
    design: Design, fitted: Fit, sample: _Sample, method: Method, signs: np.ndarray, confidence: float
) -> pd.DataFrame:
    p = len(design.drivers)
    found = importance(design, fitted, method=method, bootstrap=0, confidence=confidence).to_frame()
    found = found.set_index("driver").loc[list(design.drivers)].reset_index()
    estimates = fitted.slopes[:p]
    half = fitted.critical(confidence) * fitted.std_errors[fitted.intercepts :][:p]
    return pd.DataFrame(
        {
            "sample": sample.name,
            "weighted": sample.weighted,
            "controls": sample.controls,
            "model": fitted.model,
            "method": method,
            "n_used": len(design.y),
            "driver": found["driver"],
            "estimate": estimates,
            "ci_low": estimates - half,
            "ci_high": estimates + half,
            "share": found["share"],
            "rank": found["rank"],
            "in_top3": found["rank"] <= TOP,
            "sign_holds": np.sign(estimates) == signs,
        }
    )


def _counts(settings: pd.DataFrame, drivers: tuple[str, ...]) -> pd.DataFrame:
    clear = settings["sign_holds"] & ((settings["ci_low"] > 0) | (settings["ci_high"] < 0))
    by = settings.assign(clear=clear).groupby("driver", sort=False)
    table = by.agg(
        settings=("setting", "size"),
        in_top3=("in_top3", "sum"),
        sign_holds=("sign_holds", "sum"),
        clear=("clear", "sum"),
        best_rank=("rank", "min"),
        worst_rank=("rank", "max"),
    )
    return table.loc[list(drivers)].reset_index()


def _name(sample: _Sample, model: str) -> str:
    return message(
        "Sample '{sample}', {weights}, {controls}, model '{model}'",
        sample=sample.name,
        weights=message("weighted") if sample.weighted else message("unweighted"),
        controls=message("with controls") if sample.controls else message("without controls"),
        model=model,
    )

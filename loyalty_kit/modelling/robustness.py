"""Does the answer hang on how it was asked: coefficients and ranks by group, and over a grid of choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from loyalty_kit.checks import InputError, check_columns, check_rng, check_whole
from loyalty_kit.modelling.design import Design, codes, read_design
from loyalty_kit.modelling.fits import MOST_LEVELS, Fit, Model, fit
from loyalty_kit.modelling.importance import importance
from loyalty_kit.modelling.moderation import ModerationResult, moderate
from loyalty_kit.modelling.question import WHERE, Scores, table_of
from loyalty_kit.results import Result

_BANDS = 10
_TOP = 3


@dataclass(frozen=True, eq=False)
class StabilityResult(Result):
    """Coefficients and ranks of the drivers in each group.

    Attributes
    ----------
    table : DataFrame, a row a driver and group
        driver, group, n, estimate, std_error, ci_low, ci_high, share (LMG, in that group alone), rank,
        p_top3.
    moderation : ModerationResult
        The coefficients' tests: `moderation.tests` a driver, `moderation.joint` all together.
    by : str
        The grouping column.
    groups : tuple
        Groups compared.
    labels : mapping
        Labels of columns.
    bootstrap, confidence : int, float
        Samples behind p_top3; level of the intervals.
    n_used : int
        Respondents in the groups compared.
    method : str
        What was fitted and tested.
    warnings : tuple of str
        Groups left out.
    """

    table: pd.DataFrame
    moderation: ModerationResult
    by: str
    groups: tuple[object, ...]
    labels: Mapping[str, str]
    bootstrap: int
    confidence: float
    n_used: int
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, group, n, estimate, std_error, ci_low, ci_high, share, rank, p_top3."""
        return self.table.copy()


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
    warnings : tuple of str
        Settings that could not be fitted, and why.
    """

    settings: pd.DataFrame
    table: pd.DataFrame
    labels: Mapping[str, str]
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Columns driver, settings, in_top3, sign_holds, clear, best_rank, worst_rank."""
        return self.table.copy()


def stability(
    design: Design,
    fitted: Fit,
    *,
    by: str,
    bootstrap: int,
    rng: int | np.random.Generator,
    confidence: float,
) -> StabilityResult:
    """Coefficients and ranks by group; see `DriverResult.stability`."""
    check_whole(bootstrap, "bootstrap", 0)
    generator = check_rng(rng)
    check_columns(design.table.columns, [by], WHERE)
    asked = design.question
    if by in (asked.outcome, *asked.drivers):
        raise InputError(f"'{by}' is the outcome or a driver; 'by' needs a column that groups respondents.")
    controls = asked.controls if by in asked.controls else (*asked.controls, by)
    question = replace(asked, controls=controls, categorical=asked.categorical | {by})
    whole = read_design(design.table, question, design.labels)
    moderation = moderate(whole, fitted, by, confidence=confidence)
    places = codes(whole.table[by].iloc[whole.rows], moderation.groups)
    parts = []
    for i, group in enumerate(moderation.groups):
        part = whole.part(places == i)
        found = importance(
            part, _again(part, fitted.model, fitted), bootstrap=bootstrap, rng=generator, confidence=confidence
        )
        parts.append(found.to_frame()[["driver", "share", "rank", "p_top3"]].assign(group=group))
    ranks = pd.concat(parts, ignore_index=True)
    return StabilityResult(
        table=moderation.slopes.merge(ranks, on=["driver", "group"]),
        moderation=moderation,
        by=by,
        groups=moderation.groups,
        labels=design.labels,
        bootstrap=bootstrap,
        confidence=confidence,
        n_used=moderation.n_used,
        method=moderation.method,
        warnings=(*whole.warnings, *moderation.warnings),
    )


@dataclass(frozen=True, eq=False)
class _Sample:
    """One part of the grid: rows and columns, before model and measure."""

    name: str
    weighted: bool
    controls: bool
    table: pd.DataFrame


def robustness(
    design: Design, fitted: Fit, *, samples: Mapping[str, Scores], confidence: float
) -> RobustnessResult:
    """The same question asked in all the other ways; see `DriverResult.robustness`."""
    signs = np.sign(fitted.slopes[: len(design.drivers)])
    rows, failures = [], []
    models: tuple[Model, ...] = ("ols", "logit" if fitted.model == "logit" else "ordered")
    for sample in _samples(design, samples):
        for model in models:
            try:
                part = _read(design, sample)
                again = _again(part, model, fitted)
            except InputError as error:
                failures.append(f"{_name(sample, model)} could not be fitted. {error}")
                continue
            for method in ("lmg", "relative_weights"):
                rows.append(_setting(part, again, sample, method, signs, confidence))
    settings = pd.concat([row.assign(setting=i) for i, row in enumerate(rows, start=1)], ignore_index=True)
    settings = settings[["setting", *settings.columns.drop("setting")]]
    return RobustnessResult(
        settings=settings,
        table=_counts(settings, design.drivers),
        labels=design.labels,
        confidence=confidence,
        method=f"{len(rows)} settings: sample, weights, controls, model and measure of importance",
        warnings=tuple(failures),
    )


def _samples(design: Design, samples: Mapping[str, Scores]) -> Iterator[_Sample]:
    """As asked first, then the other samples, without weights and without controls."""
    tables = {"all": design.table} | {name: table_of(scores) for name, scores in samples.items()}
    weighted = (True, False) if design.question.weight is not None else (False,)
    controls = (True, False) if design.question.controls else (False,)
    for (name, table), weights, others in product(tables.items(), weighted, controls):
        yield _Sample(name, weights, others, table)


def _read(design: Design, sample: _Sample) -> Design:
    asked = design.question
    question = replace(
        asked,
        weight=asked.weight if sample.weighted else None,
        controls=asked.controls if sample.controls else (),
        categorical=asked.categorical if sample.controls else frozenset(),
    )
    return read_design(sample.table, question, design.labels)


def _again(design: Design, model: Model, fitted: Fit) -> Fit:
    """The design fitted by a model; an outcome with too many values for levels is cut into ten bands."""
    y = design.y
    if model == "ordered" and len(np.unique(y)) > MOST_LEVELS:
        edges = np.unique(np.quantile(y, np.linspace(0, 1, _BANDS + 1)[1:-1]))
        y = np.searchsorted(edges, y, side="right").astype(float)
    return fit(
        y, design.x, weights=design.weights, clusters=design.clusters, model=model, errors=fitted.errors
    )


def _setting(
    design: Design, fitted: Fit, sample: _Sample, method: str, signs: np.ndarray, confidence: float
) -> pd.DataFrame:
    p = len(design.drivers)
    found = importance(design, fitted, method=method, bootstrap=0, confidence=confidence).to_frame()
    found = found.set_index("driver").loc[list(design.drivers)].reset_index()
    estimates = fitted.slopes[:p]
    half = fitted.critical(confidence) * np.sqrt(np.diag(fitted.slope_covariance)[:p])
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
            "in_top3": found["rank"] <= _TOP,
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
    weights = "weighted" if sample.weighted else "unweighted"
    controls = "with controls" if sample.controls else "without controls"
    return f"Sample '{sample.name}', {weights}, {controls}, model '{model}'"

"""The table of a driver model's coefficients, and the sentences that go with it."""

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import message
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.diagnostics import LARGE_VIF, has_opposite_sign, variance_inflation, weighted_covariance
from loyalty_kit.drivers.fits.fits import Fit

_SUPPRESSION = ["driver", "correlation", "estimate", "ci_low", "ci_high"]
_FEW_ROWS = 10
_FEW_CLUSTERS = 30
_DOUBTFUL = 0.05


def coefficient_table(design: Design, fitted: Fit, *, confidence: float) -> pd.DataFrame:
    """Every coefficient of a model, a row each; see `DriverResult.coefficients`.

    Notes
    -----
    standardized is the coefficient times the column's standard deviation, over the outcome's in a
    linear model; where levels are fitted it is in log-odds.
    """
    columns, p = design.coding.columns, len(design.drivers)
    kinds = ["driver"] * p + ["control"] * (len(columns) - p)
    estimates = fitted.parameters.copy()
    if fitted.model == "ordered":
        names = [f"up to {level:g}" for level in fitted.levels[:-1]]
        kinds = ["threshold"] * len(names) + kinds
    else:
        names, kinds = ["intercept"], ["intercept", *kinds]
        estimates[0] *= -1 if fitted.model == "logit" else 1
    errors = fitted.std_errors
    half = fitted.critical(confidence) * errors
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = estimates / errors
    table = pd.DataFrame(
        {
            "term": [*names, *columns],
            "kind": kinds,
            "estimate": estimates,
            "std_error": errors,
            "statistic": ratios,
            "ci_low": estimates - half,
            "ci_high": estimates + half,
            "p_value": fitted.p_values(ratios),
        }
    )
    sizes = weighted_covariance(np.column_stack([design.x, design.y]), design.weights)
    spread = np.sqrt(np.diag(sizes) / (1 - (design.weights**2).sum() / design.weights.sum() ** 2))
    nothing = np.full(fitted.intercepts, np.nan)
    unit = spread[-1] if fitted.model == "ols" else 1.0
    table["standardized"] = np.concatenate([nothing, fitted.slopes * spread[:-1] / unit])
    correlations = sizes[:-1, -1] / np.sqrt(np.diag(sizes)[:-1] * sizes[-1, -1])
    table["correlation"] = np.concatenate([nothing, correlations])
    table["vif"] = np.concatenate([nothing, variance_inflation(design.x, design.weights)])
    return table


def suppressed(coefficients: pd.DataFrame, n: int, *, confidence: float) -> pd.DataFrame:
    """Drivers whose coefficient has the other sign than their clear correlation; see `DriverResult.suppressed`."""
    table = coefficients[coefficients["kind"] == "driver"].rename(columns={"term": "driver"})
    slopes, correlations = table["estimate"].to_numpy(), table["correlation"].to_numpy()
    against = table.loc[has_opposite_sign(slopes, correlations, n=n, confidence=confidence), _SUPPRESSION]
    clear = (against["ci_low"] > 0) | (against["ci_high"] < 0)
    return against.assign(clear=clear).reset_index(drop=True)


def tabled_warnings(outcome: str, against: pd.DataFrame, diagnostics: pd.DataFrame) -> tuple[str, ...]:
    """Say in words what the tables of suppressed drivers and of diagnostics hold in figures."""
    found = [_suppression(outcome, *row) for row in zip(*(against[name] for name in _SUPPRESSION), strict=True)]
    if diagnostics["p_value"].get("reset", 1.0) < _DOUBTFUL:
        found.append(
            message(
                "Straight lines describe the relation incompletely (RESET p = {p:.2g}): effects may level off.",
                p=float(diagnostics["p_value"]["reset"]),
            )
        )
    return tuple(found)


def driver_warnings(
    design: Design, fitted: Fit, coefficients: pd.DataFrame, diagnostics: pd.DataFrame, influential: int
) -> tuple[str, ...]:
    """Say what else a reader of the coefficients must know, most telling first."""
    found: list[str] = []
    n, count = len(design.y), len(fitted.parameters)
    if n < _FEW_ROWS * count:
        found.append(
            message(
                "{n} respondents for {count} coefficients are under ten a coefficient: expect the ranking to move.",
                n=n,
                count=count,
            )
        )
    inflated = coefficients[(coefficients["kind"] == "driver") & (coefficients["vif"] > LARGE_VIF)]
    for name, vif in zip(inflated["term"], inflated["vif"], strict=True):
        found.append(
            message(
                "'{term}' can hardly be told apart from the other columns (variance inflation {vif:.0f}): "
                "its own coefficient is poorly settled.",
                term=name,
                vif=vif,
            )
        )
    if influential:
        found.append(
            message("1 respondent moves a coefficient by over half its standard error.")
            if influential == 1
            else message("{n} respondents each move a coefficient by over half its standard error.", n=influential)
        )
    doubts = {str(test): float(p) for test, p in diagnostics["p_value"].items() if p < _DOUBTFUL}
    if "breusch_pagan" in doubts and fitted.errors == "classical":
        found.append(
            message("The spread of the residuals changes with the drivers, so classical errors mislead; use 'hc3'.")
        )
    clusters = 0 if design.clusters is None else int(design.clusters.max()) + 1
    if fitted.errors == "cluster" and clusters < _FEW_CLUSTERS:
        counts = {"clusters": clusters, "least": _FEW_CLUSTERS}
        found.append(message("Errors rest on {clusters} clusters; under {least} they tend to be too small.", **counts))
    return (*design.warnings, *found)


def _suppression(outcome: str, driver: str, correlation: float, estimate: float, low: float, high: float) -> str:
    names = {"driver": driver, "outcome": outcome}
    figures = {"correlation": correlation, "estimate": estimate, "low": low, "high": high}
    if estimate < 0:
        return message(
            "'{driver}' has a negative coefficient ({estimate:.2f}, interval {low:.2f} to {high:.2f}) although it "
            "correlates positively with '{outcome}' ({correlation:.2f}): it stands for what the other drivers already "
            "explain, so do not read it as a call for less of it.",
            **names,
            **figures,
        )
    return message(
        "'{driver}' has a positive coefficient ({estimate:.2f}, interval {low:.2f} to {high:.2f}) although it "
        "correlates negatively with '{outcome}' ({correlation:.2f}): it stands for what the other drivers already "
        "explain, so do not read it as a call for more of it.",
        **names,
        **figures,
    )

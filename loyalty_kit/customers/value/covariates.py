"""What is known of customers from the start: columns of a table by customer, as numbers that a model can use."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_numbers
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.known import MODELS
from loyalty_kit.statistics.prediction import auc

Floats = npt.NDArray[np.float64]
MOST_LEVELS = 20
LEAK = 0.98
"""Area under the curve by which a column tells who came again from which on it is taken to hold the outcome."""
EFFECTS = ["model", "part", "covariate", "effect", "ci_low", "ci_high", "p_value"]


class Covariates(NamedTuple):
    """Names of columns, and their values for each customer of the ledger: missing where nobody asks for them."""

    names: tuple[str, ...] = ()
    values: Floats | None = None


NO_COVARIATES = Covariates()


def read_covariates(table: object, ledger: Ledger) -> Covariates:
    """Read a table of covariates, a row a customer; text becomes a column a level beside the most frequent one.

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, yes and no, or text; customers' ids as its index.
    ledger : Ledger
        Customers' days.
    """
    if not isinstance(table, pd.DataFrame) or not len(table.columns):
        raise InputError(
            "'covariates' must be a table with customers' ids as its index and a column or more; got {given}.",
            given=kind(table),
        )
    if not table.columns.is_unique:
        raise InputError("'covariates' holds a column twice; keep one of each name.")
    texts = pd.Index(cell_texts(pd.Series(table.index)))
    if texts.has_duplicates:
        raise InputError("'covariates' holds a customer twice; keep one row of each.")
    who = ledger.purchases.customer[ledger.purchases.starts]
    ids = ledger.ids.to_numpy()[who]
    rows = table.set_axis(texts, axis=0).reindex(ids)
    columns = [column for name in table.columns for column in _columns(str(name), rows[name])]
    names, values = tuple(name for name, _ in columns), np.column_stack([column for _, column in columns])
    _check(names, values, ledger)
    found = np.full((len(ledger.ids), len(names)), np.nan)
    found[who] = values
    return Covariates(names, found)


def _columns(name: str, column: pd.Series) -> Iterator[tuple[str, Floats]]:
    """Columns of numbers of one column of the table, refused where it has gaps."""
    texts = pd.Series(cell_texts(column), dtype=object)
    absent = column.isna().to_numpy() | texts.fillna("").eq("").to_numpy() | texts.isin(["inf", "-inf"]).to_numpy()
    lacking = int(absent.sum())
    if lacking:
        raise InputError(
            "Column '{column}' of 'covariates' says nothing of {n} of the {all} customers; give each a value, as "
            "'unknown', or leave the column out.",
            column=name,
            n=lacking,
            all=len(column),
        )
    if pd.api.types.is_numeric_dtype(column):
        check_numbers(column.to_frame(name), [name], message("The table of covariates"))
        yield name, column.to_numpy(dtype=float)
        return
    if not (pd.api.types.is_string_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype)):
        raise InputError(
            "Column '{column}' of 'covariates' must hold numbers or text; got {given}.",
            column=name,
            given=str(column.dtype),
        )
    sizes = texts.value_counts()
    if len(sizes) > MOST_LEVELS:
        raise InputError(
            "Column '{column}' of 'covariates' holds {n} different texts; put them together into at most {most}.",
            column=name,
            n=len(sizes),
            most=MOST_LEVELS,
        )
    few = int((sizes < FEWEST).sum())
    if few:
        raise InputError(
            "{n} of the values in column '{column}' of 'covariates' stand with fewer than {least} customers; put them "
            "together with others.",
            n=few,
            column=name,
            least=FEWEST,
        )
    if len(sizes) == 1:
        yield name, np.zeros(len(column))
    most = sorted(sizes.index, key=lambda level: (-sizes[level], level))[0]
    for level in sorted(sizes.index):
        if level != most:
            yield f"{name} = {level}", texts.eq(level).to_numpy().astype(np.float64)


def _check(names: tuple[str, ...], values: Floats, ledger: Ledger) -> None:
    """Refuse columns that tell nothing of their own, or who came again."""
    spread = values.std(axis=0)
    same = [name for name, one in zip(names, spread, strict=True) if one <= 1e-12]
    if same:
        raise InputError(
            "All customers have one value of {columns} in 'covariates', which then moves nothing; leave it out.",
            columns=same,
        )
    left = np.abs(np.diag(np.linalg.qr((values - values.mean(axis=0)) / spread, mode="r")))
    follow = [name for name, one in zip(names, left, strict=True) if one < 1e-6 * np.sqrt(len(values))]
    if follow:
        raise InputError("In 'covariates' {columns} follows from the columns before it; leave it out.", columns=follow)
    bought = ledger.purchases
    again = np.diff(np.r_[bought.starts, len(bought.day)]) > 1
    for name, column in zip(names, values.T, strict=True):
        area = auc(again.astype(float), column).auc if again.any() and not again.all() else 0.5
        if max(area, 1 - area) > LEAK:
            raise InputError(
                "Column '{column}' of 'covariates' tells who came again almost without error (area {area:.3f}): it "
                "holds what came after the first purchase; leave it out.",
                column=name,
                area=max(area, 1 - area),
            )


def effect_table(fits: dict[str, Fit], names: tuple[str, ...], confidence: float) -> pd.DataFrame:
    """Rows of model, part, covariate, and by what one more of it multiplies the rate, with interval and p value."""
    z, rows = float(stats.norm.ppf(0.5 + confidence / 2)), []
    for model, fitted in fits.items():
        if not names or fitted.edge:
            continue
        count = len(MODELS[model].parameters)
        errors = np.sqrt(np.diag(fitted.covariance))
        named = [(shift.part, name) for shift in MODELS[model].shifts for name in names]
        for place, (part, name) in enumerate(named, start=count):
            effect, error = float(fitted.theta[place]), float(errors[place])
            ends = (effect, effect - z * error, effect + z * error)
            p_value = 2 * stats.norm.sf(abs(effect) / error) if error > 0 else np.nan
            rows.append((model, part, name, *np.exp(ends), p_value))
    return pd.DataFrame(rows, columns=EFFECTS)


def gain_table(fits: dict[str, Fit], plain: dict[str, Fit], names: tuple[str, ...]) -> pd.DataFrame:
    """Likelihood ratio of each model with covariates against the same without: model, gain, df, p_value."""
    rows = []
    for model, fitted in fits.items():
        if not names or fitted.edge or plain[model].edge:
            continue
        gain, df = fitted.ll - plain[model].ll, len(fitted.theta) - len(plain[model].theta)
        rows.append((model, gain, df, float(stats.chi2.sf(2 * max(gain, 0.0), df))))
    return pd.DataFrame(rows, columns=["model", "gain", "df", "p_value"])

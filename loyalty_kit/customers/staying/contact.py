"""Whom to contact: the expected gain of each contact, what all bring together, and the test that would tell."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_level, check_new_file, check_number
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.statistics.power import size_of_halves

Floats = npt.NDArray[np.float64]
SHARES = np.linspace(0.05, 1, 20)


@dataclass(frozen=True, eq=False)
class ContactResult(Result):
    """Customers whose contact is expected to pay.

    Attributes
    ----------
    contacts : int
        Customers whose expected gain is above 0.
    gain, ci_low, ci_high : float
        What contacting them is expected to bring after its cost, with the interval of what will come: from the
        chance of each, from how far the risks were off at the last forecast, and from the interval of the effect.
    kept : float
        Customers expected to be kept.
    cost : float
        Of all contacts.
    break_even : float
        Effect at which these contacts just pay; missing where there are none.
    curve : DataFrame
        share (of customers, most gainful first), contacts, gain.
    risk : float
        Mean risk of those contacted.
    effect : float
        Share of leavers whom a contact keeps, as given.
    test_n : int or None
        Customers of like risk, half of them not contacted, that would find this effect; None where none would.
    test_possible : bool
        Whether there are as many to contact.
    power : float
        Of that test.
    at : date
        Day for which risks are.
    n_used : int
        Customers.
    confidence : float
        Level of the interval.
    warnings : tuple of str
        That risk is not persuadability, and the test that would tell.
    """

    contacts: int
    gain: float
    ci_low: float
    ci_high: float
    kept: float
    cost: float
    break_even: float
    curve: pd.DataFrame
    risk: float
    effect: float
    test_n: int | None
    test_possible: bool
    power: float
    at: date
    n_used: int
    confidence: float
    each: pd.DataFrame
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row: contacts, gain, ci_low, ci_high, kept, cost, break_even, test_n."""
        names = ["contacts", "gain", "ci_low", "ci_high", "kept", "cost", "break_even", "test_n"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def customers(self, path: str | Path) -> int:
        """Write each customer's risk and expected gain to a CSV file, most gainful first; they stand in no report.

        Parameters
        ----------
        path : str or Path
            File to make; one that is there is not overwritten.

        Returns
        -------
        int
            Customers written.
        """
        check_new_file(path)
        self.each.sort_values("gain", ascending=False, kind="stable").to_csv(path, index=False)
        return len(self.each)


def contacts(
    ids: pd.Series,
    risk: Floats,
    judged: tuple[Floats, Floats],
    *,
    value: float | pd.Series,
    cost: float,
    effect: float | tuple[float, float, float],
    power: float,
    confidence: float,
    at: date,
) -> ContactResult:
    """Choose the contacts that are expected to pay.

    Parameters
    ----------
    ids : Series of shape (customers,)
        Texts of their ids.
    risk : array of shape (customers,)
        That each stays away.
    judged : (array, array)
        Risks of the last forecast that could be judged, and what came.
    value, cost, effect, power
        As in `ChurnResult.contact`.
    confidence : float
        Level of the interval.
    at : date
        Day for which risks are.

    Notes
    -----
    A contact brings risk × effect × value − cost. The variance of the sum has three parts: Σ value² q (1 − q) with
    q = risk × effect; the square of what is kept times the relative error of the risks, ((O − E)² + Σ p (1 − p)) / E²
    of the last forecast; and that of what is kept times the relative error of the effect.
    """
    estimate, error = _effect(effect, confidence)
    check_number(cost, "cost")
    check_level(power, "power")
    if cost < 0:
        raise InputError("'cost' must be 0 or more; got {given}.", given=shown(cost))
    worth = _worth(value, ids)
    brought = risk * estimate * worth
    gain = brought - cost
    chosen = gain > 0
    kept, n = float(brought[chosen].sum()), int(chosen.sum())
    q = (risk * estimate)[chosen]
    said, came = judged
    off = ((came.sum() - said.sum()) ** 2 + (said * (1 - said)).sum()) / said.sum() ** 2
    variance = (worth[chosen] ** 2 * q * (1 - q)).sum() + kept**2 * (off + (error / estimate) ** 2)
    half = float(stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(variance))
    mean = float(risk[chosen].mean()) if n else float("nan")
    test_n = size_of_halves(mean, -mean * estimate, power=power, confidence=confidence) if n else None
    order = np.sort(gain)[::-1]
    counts = np.ceil(SHARES * len(gain)).astype(int)
    return ContactResult(
        contacts=n,
        gain=kept - n * cost,
        ci_low=kept - n * cost - half,
        ci_high=kept - n * cost + half,
        kept=float(q.sum()),
        cost=n * cost,
        break_even=n * cost / float((risk * worth)[chosen].sum()) if n else float("nan"),
        curve=pd.DataFrame({"share": SHARES, "contacts": counts, "gain": np.cumsum(order)[counts - 1]}),
        risk=mean,
        effect=estimate,
        test_n=test_n,
        test_possible=test_n is not None and test_n <= n,
        power=power,
        at=at,
        n_used=len(gain),
        confidence=confidence,
        each=pd.DataFrame({"customer": ids, "risk": risk, "gain": gain, "contact": chosen}),
        warnings=_told(n, test_n, estimate, power, fixed=error == 0),
    )


def _effect(effect: float | tuple[float, float, float], confidence: float) -> tuple[float, float]:
    """Effect and its standard error; none where it is given as one number."""
    if not isinstance(effect, tuple | list):
        check_level(effect, "effect")
        return float(effect), 0.0
    if len(effect) != 3 or not all(np.isfinite(end) for end in effect) or not effect[1] < effect[0] < effect[2]:
        raise InputError(
            "'effect' must be a share of leavers whom a contact keeps, or its estimate with the low and the high end "
            "of its interval; got {given}.",
            given=shown(effect),
        )
    check_level(effect[0], "effect")
    return float(effect[0]), float((effect[2] - effect[1]) / 2 / stats.norm.ppf(0.5 + confidence / 2))


def _worth(value: float | pd.Series, ids: pd.Series) -> Floats:
    """Money a kept customer brings, one figure a customer; of customers whom a table lacks nothing is guessed."""
    if not isinstance(value, pd.Series):
        check_number(value, "value")
        if value <= 0:
            raise InputError("'{name}' must be above 0; got {given}.", name="value", given=shown(value))
        return np.full(len(ids), float(value))
    texts = pd.Index(cell_texts(pd.Series(value.index)))
    if texts.has_duplicates or not pd.api.types.is_numeric_dtype(value):
        raise InputError("'value' must hold one number a customer id.")
    found = pd.Series(value.to_numpy(dtype=float, na_value=np.nan), index=texts).reindex(ids).to_numpy()
    lacking = int((~np.isfinite(found)).sum())
    if lacking:
        raise InputError(
            "'value' has no number for {n} of the {all} customers; give each one, 0 where nothing is expected.",
            n=lacking,
            all=len(ids),
        )
    return np.asarray(found, dtype=float)


def _told(n: int, test_n: int | None, effect: float, power: float, *, fixed: bool) -> tuple[Message, ...]:
    """Say that risk is not persuadability, and which test would tell."""
    told = [
        message(
            "A high risk of leaving does not say that a contact changes it: those of highest risk may be the least "
            "likely to be persuaded."
        )
    ]
    if n and test_n is not None:
        figures = {"effect": effect, "need": test_n, "power": power, "n": n}
        told.append(
            message(
                "Whether contacts keep {effect:.1%} of leavers would be told by a test of {need} customers of this "
                "risk, half of them drawn by lot not to be contacted, with a probability of {power:.0%}; there are "
                "{n}.",
                **figures,
            )
            if test_n <= n
            else message(
                "Whether contacts keep {effect:.1%} of leavers cannot be told here: a test would need {need} customers "
                "of this risk, half of them drawn by lot not to be contacted, for a probability of {power:.0%}, and "
                "there are only {n}.",
                **figures,
            )
        )
    if fixed:
        told.append(
            message("The effect is taken as known: give it with the ends of its interval, and its uncertainty counts.")
        )
    return tuple(told)

"""Screening for careless answers: measures, rules and who would drop out; nothing is dropped by itself."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_answers, check_responses
from loyalty_kit.core.errors import InputError, rows
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FileRows, file_rows
from loyalty_kit.statistics.moments import Floats, Moments
from loyalty_kit.survey.codebook import Codebook, check_codebook

MISSING_SHARE = 0.5
SHORTEST_RUN = 8
SMALLEST_SD = 0.05
MAHALANOBIS_P = 0.001
FASTEST_SHARE = 1 / 3
RULES = {
    "missing": "over half of the items not answered",
    "same_answer": "the same answer to half of the items or more in a row (at least 8)",
    "low_variability": "answers that hardly vary (sd below 5 % of the range), without one such run",
    "mahalanobis": "a combination of answers that is rare here (Mahalanobis, p < .001)",
    "speed": "done in less than a third of the median time",
}


@dataclass(frozen=True, eq=False)
class ScreeningResult(Result):
    """Signs of careless answering, respondent by respondent.

    Attributes
    ----------
    measures : DataFrame of shape (respondents, measures)
        missing_share, longest_run (items), variability (sd as a share of the range), mahalanobis,
        mahalanobis_p, seconds.
    flags : DataFrame of shape (respondents, rules), bool
        Which rule each respondent breaks; a rule that could not be applied is absent.
    dropped : Series of shape (respondents,), bool
        Who breaks two rules or more, or left over half of the items open.
    n_used : int
        Respondents who were screened.
    codebook : Codebook
        What the survey asked.
    leave_out : bool
        Whether `keep` leaves out those of `dropped`.
    weightless : int
        Respondents kept whose weight is zero.
    file_rows : FileRows, optional
        Rows of the file that the responses were read from.
    warnings : tuple of str
        Rules that could not be applied, and why.
    """

    measures: pd.DataFrame
    flags: pd.DataFrame
    dropped: pd.Series
    n_used: int
    codebook: Codebook
    leave_out: bool = True
    weightless: int = 0
    file_rows: FileRows | None = None
    warnings: tuple[str, ...] = ()

    @property
    def n_kept(self) -> int:
        """Respondents whom `keep` keeps."""
        return self.n_used - int(self.dropped.sum()) * self.leave_out

    def to_frame(self) -> pd.DataFrame:
        """Row a rule: rule, meaning, flagged (respondents), dropped (of these, how many `keep` leaves out)."""
        rows = [(rule, meaning) for rule, meaning in RULES.items() if rule in self.flags]
        table = pd.DataFrame(rows, columns=["rule", "meaning"])
        flagged = self.flags[table["rule"]]
        both = flagged & self.dropped.to_numpy()[:, None]
        return table.assign(flagged=flagged.sum().to_numpy(), dropped=both.sum().to_numpy())

    def keep(self, responses: pd.DataFrame) -> pd.DataFrame:
        """Responses without those who break two rules or leave over half unanswered; all if told to keep them.

        Parameters
        ----------
        responses : DataFrame of shape (respondents, columns)
            The table that was screened, or its keyed form.

        Returns
        -------
        DataFrame
            The rows kept, in order.

        Raises
        ------
        InputError
            If the rows are not those that were screened.
        """
        if not responses.index.equals(self.dropped.index):
            raise InputError(
                "These {n} responses are not the {screened} that were screened; hand over the same table.",
                n=len(responses),
                screened=len(self.dropped),
            )
        return responses[~self.dropped.to_numpy()] if self.leave_out else responses


def screen(
    responses: pd.DataFrame, codebook: Codebook, *, seconds: str | None = None, leave_out: bool = True
) -> ScreeningResult:
    r"""Signs of careless answering.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given, not keyed, items in the order in which they were asked.
    codebook : Codebook
        Names the items and their ranges.
    seconds : str, optional
        Column with the completion time; the codebook's `duration` if absent.
    leave_out : bool
        Whether `ScreeningResult.keep` leaves out those who break two rules.

    Returns
    -------
    ScreeningResult
        Flags only; `ScreeningResult.keep` drops.

    Raises
    ------
    InputError
        If an item or the column of times is absent, or an item holds text or an answer outside its range.

    Notes
    -----
    One fact is counted once: a respondent with a long run of one answer is not flagged for low
    variability as well, for a customer who answers 10 throughout is often a fan. Distances are
    taken over the items answered, x'S⁻¹x with S from the complete rows, and compared with chi² on
    as many degrees of freedom. Runs and variability pass over missing answers. Too fast is below a third of the
    median time, three times its speed; Leiner (2019) looks into relative speeds from about twice the median's on.

    References
    ----------
    Meade, A. W. & Craig, S. B. (2012). Identifying careless responses in survey data.
    Psychological Methods 17(3), 437–455. Dunn, A. M., Heggestad, E. D., Shanock, L. R. &
    Theilgard, N. (2018). Intra-individual response variability as an indicator of insufficient
    effort responding. Journal of Business and Psychology 33, 105–121. Leiner, D. J. (2019). Too fast, too
    straight, too weird: non-reactive indicators for meaningless data in internet surveys. Survey Research
    Methods 13(3), 229–248.

    Examples
    --------
    >>> codebook = Codebook.parse('response = { min = 1, max = 5 }\nscales.trust.items = ["a", "b"]')
    >>> screen(pd.DataFrame({"a": [4.0, None], "b": [5.0, None]}), codebook).dropped.tolist()
    [False, True]
    """
    check_codebook(codebook)
    check_responses(responses, codebook.item_names)
    seconds = seconds or (codebook.duration if codebook.duration in responses else None)
    check_responses(responses, [seconds] if seconds else [])
    # Who would not buy at a price is not asked at the next: blanks and runs on questions about prices mean nothing.
    priced = codebook.price.items if codebook.price else ()
    items = [name for name in responses.columns if name in codebook.item_names and name not in priced]
    check_answers(responses, codebook.ranges(items))
    answers = responses[items].to_numpy(dtype=float, na_value=np.nan)
    low, high = np.array([codebook.range(name) for name in items], dtype=float).reshape(-1, 2).T
    answered = np.isfinite(answers)
    share = (answers - low) / (high - low)
    distance, p, warnings = _mahalanobis(share, answered)
    measures = {
        "missing_share": 1 - answered.mean(axis=1),
        "longest_run": _longest_run(answers, answered),
        "variability": _spread(share, answered),
        "mahalanobis": distance,
        "mahalanobis_p": p,
    }
    same_answer = measures["longest_run"] >= max(SHORTEST_RUN, len(items) / 2)
    flags = {
        "missing": measures["missing_share"] > MISSING_SHARE,
        "same_answer": same_answer,
        "low_variability": (measures["variability"] < SMALLEST_SD) & ~same_answer,
    }
    if not warnings:
        flags["mahalanobis"] = p < MAHALANOBIS_P
    if seconds:
        measures["seconds"] = _times(responses[seconds], seconds)
        flags["speed"] = measures["seconds"] < FASTEST_SHARE * np.nanmedian(measures["seconds"])
    flagged = pd.DataFrame(flags, index=responses.index)
    dropped = flagged["missing"] | (flagged.sum(axis=1) >= 2)
    kept = responses[~dropped] if leave_out else responses
    return ScreeningResult(
        measures=pd.DataFrame(measures, index=responses.index),
        flags=flagged,
        dropped=dropped,
        n_used=len(responses),
        codebook=codebook,
        leave_out=leave_out,
        weightless=_weightless(kept, codebook.weight),
        file_rows=file_rows(responses),
        warnings=warnings,
    )


def _weightless(responses: pd.DataFrame, weight: str | None) -> int:
    """Respondents whose weight is zero."""
    return int((responses[weight] == 0).sum()) if weight in responses else 0


def _times(column: pd.Series, name: str) -> Floats:
    times = pd.to_numeric(column, errors="coerce")
    wrong = column[times.isna() & column.notna() & (column.astype(str).str.strip() != "")]
    if len(wrong):
        held = {"column": name, "rows": rows(len(wrong))}
        raise InputError(
            "Column '{column}' must hold times as numbers; got '{value}' in {rows}.",
            value=wrong.iloc[0],
            anonymous=message("Column '{column}' must hold times as numbers; got text in {rows}.", **held),
            **held,
        )
    if times.isna().all():
        raise InputError("Column '{column}' holds no time.", column=name)
    return np.asarray(times, dtype=float)


def _longest_run(answers: Floats, answered: np.ndarray) -> np.ndarray:
    """Longest run of one answer in each row, missing answers passed over."""
    longest = np.zeros(len(answers), dtype=int)
    run = np.zeros(len(answers), dtype=int)
    last = np.full(len(answers), np.nan)
    for column, there in zip(answers.T, answered.T, strict=True):
        run = np.where(there, np.where(column == last, run + 1, 1), run)
        last = np.where(there, column, last)
        np.maximum(longest, run, out=longest)
    return longest


def _spread(share: Floats, answered: np.ndarray) -> Floats:
    """Row by row, the standard deviation of the answers; NaN below three of them."""
    count = answered.sum(axis=1)
    filled = np.where(answered, share, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    squares = (np.where(answered, share - mean[:, None], 0.0) ** 2).sum(axis=1)
    return np.where(count >= 3, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _mahalanobis(share: Floats, answered: np.ndarray) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Squared distance of each row over its answered items, its p, and why there is none."""
    respondents, k = share.shape
    unknown = np.full(respondents, np.nan)
    complete = answered.all(axis=1)
    if complete.sum() < 3 * k:
        counts = {"n": complete.sum(), "total": respondents, "items": k}
        return (
            unknown,
            unknown,
            _unsought(message("only {n} of {total} respondents answered all {items} items", **counts)),
        )
    moments = Moments.of(pd.DataFrame(share[complete]).rename(columns=str))
    values, vectors = np.linalg.eigh(moments.covariance.to_numpy())
    if values[0] < 1e-10 * values[-1]:
        return unknown, unknown, _unsought(message("an item is constant or follows from others"))
    precision = (vectors / values) @ vectors.T
    centred = np.where(answered, share - moments.means.to_numpy(), 0.0)
    pull = centred @ precision
    distance = np.einsum("ij,ij->i", pull, centred) - _missing_part(pull, precision, ~answered)
    count = answered.sum(axis=1)
    return distance, stats.chi2.sf(distance, np.maximum(count, 1)), ()


def _unsought(why: Message) -> tuple[str, ...]:
    return (message("Rare combinations of answers could not be looked for: {why}.", why=why),)


def _missing_part(pull: Floats, precision: Floats, missing: np.ndarray) -> Floats:
    """Row by row, what missing items set to the mean add to z'Pz.

    By the inverse of a partitioned matrix, the distance over the answered items is z'Pz less this
    part, so only systems as large as the number of missing items are solved, in batches.
    """
    part = np.zeros(len(pull))
    count = missing.sum(axis=1)
    for size in np.unique(count[(count > 0) & (count < missing.shape[1])]):
        rows = np.flatnonzero(count == size)
        where = np.nonzero(missing[rows])[1].reshape(-1, size)
        blocks = precision[where[:, :, None], where[:, None, :]]
        pulled = np.take_along_axis(pull[rows], where, axis=1)
        part[rows] = np.einsum("ij,ij->i", pulled, np.linalg.solve(blocks, pulled[:, :, None])[:, :, 0])
    return part

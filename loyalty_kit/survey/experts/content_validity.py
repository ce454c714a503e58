"""Whether a panel calls something essential beyond chance: Lawshe's content validity ratio."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.cells import plain_text
from loyalty_kit.core.checks import check_level, check_number
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.moments import Floats

ESSENTIAL = frozenset({"essential", "必要", "必需", "必不可少"})
"""What experts write for essential."""
OTHERS = frozenset(
    {"useful", "useful but not essential", "useful, but not essential", "not essential", "not necessary"}
    | {"unnecessary", "有用但不必要", "有用但非必要", "有用但非必需", "不必要", "非必要", "不必需"}
)
"""What they write for less than that."""


@dataclass(frozen=True, eq=False)
class ContentValidityResult(Result):
    """Content validity ratio of each thing that a panel rated.

    Attributes
    ----------
    table : DataFrame of shape (things, 7)
        thing, n (experts), n_essential, ratio (−1 to 1), critical (lowest ratio beyond chance; NaN where even a panel
        of one mind would not be), p_value, verdict: 'essential', 'unclear', or 'unknown' where the panel is too small.
    index : float
        Mean ratio of those that are essential; NaN where none is.
    level : float
        Chance of calling a thing essential about which the panel is divided.
    """

    table: pd.DataFrame
    index: float
    level: float
    method: str = "Lawshe"
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Table of the ratios, a row a thing."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        # Its counts are of experts, who do not fill a cell of five.
        return self.to_frame()


def content_validity(
    ratings: pd.DataFrame, *, essential: float | None = None, level: float = 0.05
) -> ContentValidityResult:
    """Content validity ratio of each thing that a panel of experts rated.

    Parameters
    ----------
    ratings : DataFrame of shape (experts, things)
        'essential', 'useful' or 'not necessary' (必要, 有用但不必要, 不必要), truth values, or numbers of which
        `essential` is the lowest that means essential. Missing ratings do not count.
    essential : float, optional
        See `ratings`.
    level : float
        Chance that is allowed of calling a thing essential about which the panel is divided.

    Returns
    -------
    ContentValidityResult

    Raises
    ------
    TooLittleError
        If nobody rated anything.
    InputError
        If a rating is in other words, or `essential` is missing where ratings are numbers.

    Notes
    -----
    The ratio is (e − N/2) / (N/2) for e of N experts. It is critical where the chance of e or more of N tosses of a
    coin is at most `level`: exact binomial, as Ayre and Scally computed it. Lawshe's printed table of 1975 differs: it
    has .62 for ten experts, which eight of them do not reach beyond chance (p = .055); nine do, .80.

    References
    ----------
    Lawshe, C. H. (1975). A quantitative approach to content validity. Personnel Psychology 28(4), 563–575. Ayre, C. &
    Scally, A. J. (2014). Critical values for Lawshe's content validity ratio: revisiting the original methods of
    calculation. Measurement and Evaluation in Counseling and Development 47(1), 79–86.

    Examples
    --------
    >>> panel = pd.DataFrame({"trust": ["essential"] * 9 + ["useful"], "price": ["essential"] * 8 + ["useful"] * 2})
    >>> content_validity(panel).to_frame()[["thing", "ratio", "critical", "verdict"]].values.tolist()
    [['trust', 0.8, 0.8, 'essential'], ['price', 0.6, 0.8, 'unclear']]
    """
    check_level(level, "level")
    if essential is not None:
        check_number(essential, "essential")
    if not isinstance(ratings, pd.DataFrame):
        raise InputError("'ratings' must be a pandas DataFrame, experts × things; got {given}.", given=kind(ratings))
    votes = np.column_stack([_votes(ratings[name], essential) for name in ratings])
    if np.isnan(votes).all():
        raise TooLittleError("No expert rated anything.")
    n, yes = (~np.isnan(votes)).sum(axis=0), np.nansum(votes, axis=0).astype(int)
    needed = np.array([fewest_essential(int(count), level) for count in n])
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio, critical = (2 * yes - n) / n, (2 * needed - n) / n
    verdict = np.where(np.isnan(critical), "unknown", np.where(yes >= needed, "essential", "unclear"))
    columns = {
        "thing": list(ratings.columns),
        "n": n,
        "n_essential": yes,
        "ratio": ratio,
        "critical": critical,
        "p_value": stats.binom.sf(yes - 1, n, 0.5),
        "verdict": verdict,
    }
    kept = ratio[verdict == "essential"]
    return ContentValidityResult(pd.DataFrame(columns), float(kept.mean()) if len(kept) else np.nan, level)


def fewest_essential(n: int, level: float = 0.05) -> float:
    """Fewest of n experts who call a thing essential beyond chance; NaN where all of them would not be enough.

    Examples
    --------
    >>> [fewest_essential(n) for n in (4, 5, 8, 10, 40)]
    [nan, 5.0, 7.0, 9.0, 26.0]
    """
    votes = np.arange(n + 1)
    enough = votes[stats.binom.sf(votes - 1, n, 0.5) <= level]
    return float(enough[0]) if len(enough) else np.nan


def _votes(column: pd.Series, essential: float | None) -> Floats:
    """1 for essential, 0 for less, missing where there is no rating."""
    if pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=float)
    if pd.api.types.is_numeric_dtype(column):
        if essential is None and column.notna().any():
            raise InputError(
                "Ratings of '{name}' are numbers; say from which on they mean essential.", name=column.name
            )
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return np.where(np.isnan(values), np.nan, values >= (0 if essential is None else essential))
    texts = [None if pd.isna(cell) else plain_text(str(cell)).casefold() for cell in column]
    wrong = [text for text in texts if text and text not in ESSENTIAL | OTHERS]
    if wrong:
        raise InputError(
            "'{name}' is rated '{text}'; ratings are 'essential', 'useful', 'not necessary' or numbers.",
            name=column.name,
            text=wrong[0],
        )
    return np.array([float(text in ESSENTIAL) if text else np.nan for text in texts])

"""Common method: whether one source could explain all answers, whatever they were about."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.cfa.normal import normal_solution
from loyalty_kit.measurement.cfa.solution import Solution
from loyalty_kit.measurement.cfa.soundness import independence, standing
from loyalty_kit.measurement.cfa.structure import ScaleItems, Structure, read_answers, structure_of
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.factors.adequacy import UNRELATED
from loyalty_kit.measurement.factors.fit_indices import p_value

_HALF = 0.5
_SIGNIFICANT, _CFI_FALL = 0.05, 0.01
_MODELS = {"one factor": message("one factor"), "proposed": message("proposed")}
_INDICES = ["chi2", "df", "p_value", "cfi", "tli", "rmsea", "srmr", "aic", "bic"]


@dataclass(frozen=True, eq=False)
class CommonMethodResult(Result):
    """One factor for everything, against the proposed scales.

    Attributes
    ----------
    first_factor_share : float
        Harman's single factor: share of all items' variance along the first principal axis, 0 to 1.
    models : DataFrame
        model ('one factor', 'proposed'), chi2, df, p_value, cfi, tli, rmsea, srmr, aic, bic.
    chi2_change, df_change, p_change : float
        Chi²-difference test of one factor against the proposed scales.
    verdict : str
        What that says.
    n_used, n_dropped : int
        Respondents.
    warnings : tuple of str
    """

    first_factor_share: float
    models: pd.DataFrame
    chi2_change: float
    df_change: float
    p_change: float
    verdict: str
    n_used: int
    n_dropped: int
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Both models, one a row."""
        return self.models.copy()


def common_method(responses: pd.DataFrame, codebook: ScaleItems) -> CommonMethodResult:
    """Look for a common source behind all answers: Harman's single factor and the one-factor model.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers as given; complete rows are used.
    codebook : Codebook or dict of str to list of str
        Two scales or more, as in `cfa`.

    Returns
    -------
    CommonMethodResult

    Raises
    ------
    InputError
        If there is one scale only, or the answers allow no factor model.

    Notes
    -----
    Both are weak tests. A method that adds little to every answer escapes them, and one factor also
    fits badly where methods differ from item to item. They can show that one source does explain
    the answers, not that none distorts them. Nothing is judged where the items hardly correlate or a
    model has no proper solution.

    References
    ----------
    Podsakoff, P. M., MacKenzie, S. B., Lee, J.-Y. & Podsakoff, N. P. (2003). Common method biases in
    behavioral research. Journal of Applied Psychology 88(5), 879–903.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(300, 2)).repeat(3, axis=1) + rng.normal(size=(300, 6))
    >>> responses = pd.DataFrame(answers, columns=list("abcdef"))
    >>> result = common_method(responses, {"trust": list("abc"), "value": list("def")})
    >>> print(result.verdict)  # doctest: +NORMALIZE_WHITESPACE
    No sign that one source dominates the answers; the check is weak: the first axis holds 34 % of the variance,
    and one factor fits worse than the scales (CFI 0.568 against 0.997).
    """
    structure = structure_of(codebook)
    if len(structure.scales) < 2:
        raise InputError(
            "The only scale, {scales}, is one factor already; name two scales or more.", scales=list(structure.scales)
        )
    answers = read_answers(responses, structure, "listwise")
    single = Structure({"single": structure.items}, (structure.anchors[0],))
    fits = {
        name: normal_solution(plan, answers, robust=False, fiml=False, marker=False)
        for name, plan in (("one factor", single), ("proposed", structure))
    }
    models = pd.DataFrame([{"model": name, **{key: s.fit[key] for key in _INDICES}} for name, s in fits.items()])
    share = float(np.linalg.eigvalsh(answers.moments().correlation)[-1] / len(structure.items))
    change, df = (float(models[key][0] - models[key][1]) for key in ("chi2", "df"))
    p_change = p_value(change, df)
    lost = [name for name, solution in fits.items() if not solution.converged]
    return CommonMethodResult(
        first_factor_share=share,
        models=models.astype({"df": int}),
        chi2_change=change,
        df_change=df,
        p_change=p_change,
        verdict=_withheld(fits, answers, share) or _verdict(share, p_change, models["cfi"]),
        n_used=len(answers.values),
        n_dropped=len(responses) - len(answers.values),
        warnings=(
            *structure.warnings,
            *(message("The search did not converge for the model '{model}'.", model=_MODELS[name]) for name in lost),
        ),
    )


def _withheld(fits: Mapping[str, Solution], answers: ItemTable, share: float) -> str:
    """Sentence where the models cannot be compared; nothing where they can."""
    whole = {"share": 100 * share}
    if independence(fits["proposed"], answers) >= UNRELATED:
        return message(
            "Whether one source dominates the answers cannot be judged: the items hardly correlate with one another "
            "(the first axis holds {share:.0f} % of the variance).",
            **whole,
        )
    for name, solution in fits.items():
        found = {"model": _MODELS[name], **whole}
        if standing(solution) == "not converged":
            return message(
                "Whether one source dominates the answers cannot be judged: the model '{model}' did not converge "
                "(the first axis holds {share:.0f} % of the variance).",
                **found,
            )
        if standing(solution) != "proper":
            return message(
                "Whether one source dominates the answers cannot be judged: the model '{model}' has no proper solution "
                "(the first axis holds {share:.0f} % of the variance).",
                **found,
            )
    return ""


def _verdict(share: float, p_change: float, cfi: pd.Series) -> str:
    """Sentence on both tests; worse means a significant fall of fit that also takes CFI down by more than .01."""
    found = {"share": 100 * share, "one": cfi[0], "several": cfi[1]}
    if not (p_change < _SIGNIFICANT and cfi[1] - cfi[0] > _CFI_FALL):
        return message(
            "One source may explain the answers: the first axis holds {share:.0f} % of the variance, and one factor "
            "fits as well as the scales (CFI {one:.3f} against {several:.3f}).",
            **found,
        )
    if share >= _HALF:
        return message(
            "One source may explain much of the answers: the first axis holds {share:.0f} % of the variance, although "
            "one factor fits worse than the scales (CFI {one:.3f} against {several:.3f}).",
            **found,
        )
    return message(
        "No sign that one source dominates the answers; the check is weak: the first axis holds {share:.0f} % of the "
        "variance, and one factor fits worse than the scales (CFI {one:.3f} against {several:.3f}).",
        **found,
    )

"""What a survey's structure comes to: does the claimed model fit, are the scales distinct, may groups be compared."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from loyalty_kit.core.errors import GroupsError, InputError
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.cfa.confirmatory import CfaResult
from loyalty_kit.measurement.cfa.validity import ValidityResult
from loyalty_kit.measurement.factors.adequacy import POOR_KMO, UNRELATED
from loyalty_kit.measurement.factors.fit_indices import FAIR_FIT, GOOD_FIT, leading_indices, within
from loyalty_kit.measurement.invariance.invariance import InvarianceResult
from loyalty_kit.measurement.keying import against_keying

FitVerdict = Literal["good", "fair", "poor", "withheld"]
Withheld = Literal["not converged", "not identified", "improper", "unrelated", "kmo", "saturated"]


@dataclass(frozen=True, eq=False)
class StructureVerdict(Result):
    """Verdict on a codebook's structure.

    Attributes
    ----------
    model : CfaResult
        The claimed factor model.
    validity : ValidityResult
        How distinct its scales are.
    groups : InvarianceResult, GroupsError or None
        Whether groups may be compared; the error that kept them from being compared; None where none was named.
    fit : str
        'good', 'fair', 'poor', or 'withheld' where the fit cannot be judged.
    withheld : tuple of str
        Why it cannot: 'not converged', 'not identified', 'improper', 'unrelated', 'kmo', 'saturated'.
    against_keying : tuple of str
        Items that run against their scale's others, as the codebook keys them.
    """

    model: CfaResult
    validity: ValidityResult
    groups: InvarianceResult | GroupsError | None
    fit: FitVerdict
    withheld: tuple[Withheld, ...]
    against_keying: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Pairs of scales and their verdicts, with that on the fit beside each."""
        return self.validity.pairs[["first", "second", "verdict"]].assign(fit=self.fit)


def judge_structure(
    model: CfaResult, validity: ValidityResult, groups: InvarianceResult | GroupsError | None = None
) -> StructureVerdict:
    """Weigh fit, distinctness and comparability of a claimed structure.

    Parameters
    ----------
    model : CfaResult
        What `cfa` gave.
    validity : ValidityResult
        What its `validity` gave.
    groups : InvarianceResult or GroupsError, optional
        What `invariance` gave, or why it refused.

    Returns
    -------
    StructureVerdict

    Notes
    -----
    CFI, RMSEA and SRMR, robust ones where there are such, make a close or a tolerable fit by the bounds of
    Hu & Bentler (1999). The fit is not judged where the model did not converge, has no proper solution or
    no degrees of freedom, or where the items hardly correlate.
    """
    if len(model.general):
        raise InputError("A structure is judged by a model without a general factor; estimate it without 'general'.")
    withheld = tuple(_reasons(model))
    fit = leading_indices(model.fit.to_dict())
    verdict: FitVerdict = "good" if within(fit, GOOD_FIT) else "fair" if within(fit, FAIR_FIT) else "poor"
    return StructureVerdict(
        model=model,
        validity=validity,
        groups=groups,
        fit="withheld" if withheld else verdict,
        withheld=withheld,
        against_keying=tuple(against_keying(model, model.codebook.reversed)),
    )


def _reasons(model: CfaResult) -> list[Withheld]:
    """Reasons for which the fit cannot be judged."""
    reasons: list[Withheld] = []
    if model.standing != "proper":
        reasons.append(model.standing)
    if model.independence_p >= UNRELATED:
        reasons.append("unrelated")
    elif model.kmo < POOR_KMO:
        reasons.append("kmo")
    if model.converged and model.fit["df"] == 0:
        reasons.append("saturated")
    return reasons

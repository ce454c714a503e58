"""What a ladder of invariance allows: whether it could be examined, what decides and how narrowly, and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loyalty_kit.core.messages import Message, message
from loyalty_kit.measurement.cfa.soundness import is_proper
from loyalty_kit.measurement.chance.limits import CUSTOMARY, Limit
from loyalty_kit.measurement.factors.adequacy import UNRELATED
from loyalty_kit.measurement.factors.fit_indices import FAIR_FIT, within
from loyalty_kit.measurement.invariance.fit import GroupData, GroupFit
from loyalty_kit.measurement.invariance.ladder import WORDS, Rule, Step, p_of_change

NARROW = 0.002
"""Distance of a change from its limit within which another sample may well decide otherwise."""

_FEW = 100
_POOR_CFI = 0.90
_LEVELS = {
    "configural": message("configural"),
    "thresholds": message("thresholds"),
    "metric": message("metric"),
    "scalar": message("scalar"),
}
_ALL = {**_LEVELS, "strict": message("strict")}


@dataclass(frozen=True)
class Decision:
    """Step of the ladder that decides whether groups may be compared.

    Attributes
    ----------
    level : str
        'metric' or 'scalar'.
    cfi_change, rmsea_change, p_change : float
        Against the level below; the last is the chi²-difference test's probability value.
    rule : Rule
        How much worse than the level below a level may fit.
    limit : Limit
        How far CFI may fall and RMSEA rise at this level.
    around : tuple of Limit
        The same at half and at twice the error; none where a user named the limits.
    """

    level: str
    cfi_change: float
    rmsea_change: float
    p_change: float
    rule: Rule
    limit: Limit
    around: tuple[Limit, ...] = ()

    @property
    def slack(self) -> float:
        """How far the change that comes closest stays within its limit; below 0 where one goes beyond."""
        return self._slack(self.limit)

    @property
    def narrow(self) -> bool:
        """Whether limits at half or twice the error, or limits that a user named moved by 0.002, decide otherwise."""
        if not self.around:
            return abs(self.slack) <= NARROW
        return any((self._slack(own) >= 0) != (self.slack >= 0) for own in self.around)

    @property
    def small(self) -> bool:
        """Whether a change beyond the simulated limits is within those that are customary."""
        return bool(self.around) and self.slack < 0 <= self._slack(CUSTOMARY)

    def _slack(self, limit: Limit) -> float:
        return min(limit.cfi_fall + self.cfi_change, limit.rmsea_rise - self.rmsea_change)


def is_sound(fit: GroupFit) -> bool:
    """Whether the search ended and every group's solution is proper."""
    return fit.converged and all(map(is_proper, fit.model.matrices(fit.values)))


def obstacle(groups: GroupData, full: Mapping[str, GroupFit], ladder: list[Step]) -> str:
    """Sentence part on what keeps the groups from being examined; nothing where they were."""
    fits = {"configural": full["configural"], **{step.level: step.fit for step in ladder if step.level in _LEVELS}}
    for level, fit in fits.items():
        if not fit.converged:
            return message("the model did not converge at the level '{level}'", level=_LEVELS[level])
        if not is_sound(fit):
            return message("the model has no proper solution at the level '{level}'", level=_LEVELS[level])
    if groups.unrelated_p >= UNRELATED:
        return message("the items hardly correlate with one another")
    return ""


def decision(ladder: list[Step], rule: Rule) -> Decision:
    """Step that failed, before items were freed in vain, or the one that came closest to failing."""
    steps = [step for step in ladder if step.level in _LEVELS]
    if not steps[-1].holds:
        return _change(steps[-1].level, steps[-1].tied, steps[-1].below, rule)
    changes = (_change(step.level, step.fit, step.below, rule) for step in steps)
    return min(changes, key=lambda found: found.slack)


def _change(level: str, fit: GroupFit, below: GroupFit, rule: Rule) -> Decision:
    change = {name: fit.leading[name] - below.leading[name] for name in ("cfi", "rmsea")}
    own = (rule, rule.limit(fit, below, level), tuple(rule.at(around, fit, below, level) for around in rule.around))
    return Decision(level, change["cfi"], change["rmsea"], p_of_change(fit, below), *own)


def reserve(found: Decision, configural: GroupFit) -> str:
    """Say in the same sentence as the verdict what limits it: narrow, small, or of a structure that fits badly."""
    parts: list[str] = []
    if found.narrow:
        parts.append(message("; the decision is narrow"))
    if found.small:
        parts.append(
            message(
                "; the change is more than chance brings, though within {cfi:.2f} of CFI and {rmsea:.3f} of RMSEA, "
                "which many call small",
                cfi=CUSTOMARY.cfi_fall,
                rmsea=CUSTOMARY.rmsea_rise,
            )
        )
    fit = {name: configural.leading[name] for name in FAIR_FIT}
    if not within(fit, FAIR_FIT):
        parts.append(
            message(
                "; the structure itself fits these groups poorly (CFI {cfi:.3f}, RMSEA {rmsea:.3f}, SRMR {srmr:.3f})",
                **fit,
            )
        )
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    """Sentence part of several, one after the other."""
    if not parts:
        return ""
    *before, last = parts
    return message("{before}{own}", before=_joined(before), own=last) if before else last


def verdict(ladder: list[Step], group: str, found: Decision | None, why: str, reserved: str) -> str:
    """Sentence on what may be compared."""
    if found is None:
        return message("Whether the groups of '{by}' may be compared could not be examined: {why}.", by=group, why=why)
    figures = {
        "cfi": found.cfi_change,
        "rmsea": found.rmsea_change,
        "p": found.p_change,
        "rule": found.rule.described(found.limit),
        "reserve": reserved,
    }
    scalar = next((step for step in ladder if step.level == "scalar"), None)
    if scalar is None or not scalar.holds:
        return message(
            "Comparing the scores of these groups of '{by}' is not justified: with equal {what} "
            "CFI changes by {cfi:+.4f} and RMSEA by {rmsea:+.4f}, chi² difference p = {p:.3f} "
            "(a level holds where {rule}), and freeing single items does not mend it{reserve}.",
            by=group,
            what=WORDS[found.level],
            **figures,
        )
    freed = [step for step in ladder[: ladder.index(scalar) + 1] if step.freed]
    if freed:
        return message(
            "Latent means of these groups of '{by}' may be compared once some items are free ({freed}); "
            "their raw scores carry what sets those items apart{reserve}.",
            by=group,
            freed=_freed(freed),
            reserve=reserved,
        )
    return message(
        "Loadings and intercepts are equal enough over the groups of '{by}' for their scores to be compared: "
        "with equal {what} CFI changes by {cfi:+.4f} and RMSEA by {rmsea:+.4f}, chi² difference p = {p:.3f} "
        "(a level holds where {rule}){reserve}.",
        by=group,
        what=WORDS[found.level],
        **figures,
    )


def _freed(steps: list[Step]) -> Message:
    """Say what was set free at each level."""
    parts = [
        message(
            "{what} of {items}",
            what=WORDS[step.level],
            items=", ".join(step.fit.model.items[item] for item in step.freed),
        )
        for step in steps
    ]
    return _in_turn(parts)


def _in_turn(parts: list[Message]) -> Message:
    """Sentence part of several in a row."""
    *before, last = parts
    return message("{before}; {own}", before=_in_turn(before), own=last) if before else last


def invariance_warnings(groups: GroupData, full: Mapping[str, GroupFit], scalar: Step | None) -> list[str]:
    """Sentences on small groups, a structure that fits badly, and models that went wrong."""
    found: list[str] = []
    small = [name for name, n in zip(groups.names, groups.sizes, strict=True) if n < _FEW]
    if small:
        few = {"least": _FEW, "groups": small}
        found.append(message("Groups of fewer than {least} respondents: {groups}; their figures are rough.", **few))
    cfi, settled = full["configural"].leading["cfi"], full["configural"].converged
    if settled and cfi < _POOR_CFI:
        found.append(
            message(
                "The structure itself fits these groups poorly (CFI {cfi:.3f}): equal parameters of a structure "
                "that does not fit say little.",
                cfi=cfi,
            )
        )
    lost = [_ALL[level] for level, fit in full.items() if not fit.converged]
    if lost:
        levels = _in_turn(lost)
        found.append(
            message("The search did not converge at {levels}: its figures are where it stopped.", levels=levels)
        )
    checked = [*([full["configural"]] if settled else []), *([scalar.fit] if scalar else [])]
    negative = {
        item
        for fit in checked
        for matrices in fit.model.matrices(fit.values)
        for item, value in zip(fit.model.items, np.diag(matrices.residuals), strict=True)
        if value < 0
    }
    if negative:
        items = sorted(negative)
        found.append(message("Negative residual variance (a Heywood case) of {items} in some group.", items=items))
    return found

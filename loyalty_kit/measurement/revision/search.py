"""The way from a claimed structure to a revised one: merges, then items, then scales, each estimated again."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from loyalty_kit.measurement.cfa.confirmatory import CfaResult
from loyalty_kit.measurement.revision.refit import Fitted, Scales, refit
from loyalty_kit.measurement.revision.rule import LARGEST_FALL, Finding, merged, unfit_scales, worst_item

JOINED = " + "


@dataclass
class Revision:
    """Where the search stands, with what it did on the way.

    Attributes
    ----------
    model : CfaResult
        The claimed model.
    now : Fitted
        The model as revised so far.
    steps : list of (str, tuple of str, Fitted)
        'claimed', 'merge', 'drop item' or 'drop scale', of what, and the model after it.
    clusters : dict of str to tuple of str
        Claimed scales behind each one that was merged.
    refused : dict of (str, str) to str
        Pairs that were not merged although they might have been, and why: 'fit', or 'chain' where a scale that
        one of them was merged with is not one with the other.
    dropped : list of Finding
        Items that went.
    unfit : dict of str to str
        Scales that went, and why.
    """

    model: CfaResult
    now: Fitted
    steps: list[tuple[str, tuple[str, ...], Fitted]]
    clusters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    dropped: list[Finding] = field(default_factory=list)
    unfit: dict[str, str] = field(default_factory=dict)
    before_items: Fitted | None = None

    @classmethod
    def of(cls, model: CfaResult) -> "Revision":
        """Begin with what the codebook claims."""
        first = Fitted.of(model)
        return cls(model, first, [("claimed", (), first)], {name: (name,) for name in first.scales})

    def take(self, kind: str, names: tuple[str, ...], fitted: Fitted) -> None:
        """Keep a step."""
        self.steps.append((kind, names, fitted))
        self.now = fitted


def search(model: CfaResult, pairs: pd.DataFrame) -> Revision:
    """Revise a model step by step, each kept only where the model that it leads to can be estimated."""
    found = Revision.of(model)
    _drop_scales(found, {name: why for name, why in unfit_scales(found.now).items() if why == "unrelated"})
    _merge(found, pairs)
    found.before_items = found.now
    if found.now.standing == "proper":
        _drop_items(found)
        _drop_scales(found, unfit_scales(found.now))
    return found


def _merge(found: Revision, pairs: pd.DataFrame) -> None:
    """Make one scale of those that are one, each with each."""
    candidates = merged(found.now.scales, pairs)
    either = {frozenset(pair) for pair in candidates}
    for pair in candidates:
        first, second = (_home(found, name) for name in pair)
        if first == second:
            continue
        a, b = found.clusters[first], found.clusters[second]
        whole = all(frozenset((x, y)) in either for x in a for y in b)
        fitted = refit(found.model, _joined(found.now.scales, first, second)) if whole else None
        if fitted is None or fitted.standing != "proper" or _fit_falls(found.now, fitted):
            found.refused[pair] = "fit" if whole else "chain"
            continue
        found.clusters[first + JOINED + second] = (*found.clusters.pop(first), *found.clusters.pop(second))
        found.take("merge", (first, second), fitted)


def _home(found: Revision, name: str) -> str:
    return next(key for key, members in found.clusters.items() if name in members)


def _joined(scales: Scales, first: str, second: str) -> Scales:
    """Scales with two of them as one, where the first of them stood."""
    out: Scales = {}
    for name, items in scales.items():
        if name == first:
            out[first + JOINED + second] = (*items, *scales[second])
        elif name != second:
            out[name] = items
    return out


def _fit_falls(before: Fitted, after: Fitted) -> bool:
    """Whether CFI falls by more than a simpler model may let it; where it was no estimate before, that is not known."""
    return before.solution.converged and before.fit["cfi"] - after.fit["cfi"] > LARGEST_FALL


def _drop_items(found: Revision) -> None:
    """Leave out item after item, at most every fifth, as long as that mends the fit or the item is weak."""
    kept = set[str]()
    for _ in range(max(1, len(found.now.loadings) // 5)):
        while finding := worst_item(found.now, kept):
            scales = {n: tuple(i for i in items if i != finding.item) for n, items in found.now.scales.items()}
            fitted = refit(found.model, scales)
            helps = fitted and (finding.reason == "weak" or fitted.fit["cfi"] > found.now.fit["cfi"])
            if fitted is None or fitted.standing != "proper" or not helps:
                kept.add(finding.item)
                continue
            found.dropped.append(finding)
            found.take("drop item", (finding.item,), fitted)
            break


def _drop_scales(found: Revision, unfit: dict[str, str]) -> None:
    """Leave out scales that measure nothing, where what is left can be estimated."""
    found.unfit |= unfit
    kept = _without(found.now.scales, unfit)
    fitted = refit(found.model, kept) if unfit else None
    if fitted is not None:
        found.take("drop scale", tuple(unfit), fitted)


def _without(scales: Scales, names: Iterable[str]) -> Scales:
    gone = set(names)
    return {name: items for name, items in scales.items() if name not in gone}

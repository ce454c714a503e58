"""The proposed structure: which items measure which scale, and the answers to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown
from loyalty_kit.measurement.cfa.estimation import bifactor_start, reflected
from loyalty_kit.measurement.cfa.model import FACTOR, LOADING, RESIDUAL, Model, with_general
from loyalty_kit.measurement.correlations.correlation import as_correlation, check_factorable
from loyalty_kit.measurement.correlations.items import ItemTable, check_varied, read_items
from loyalty_kit.measurement.latent.also import Added, read_also
from loyalty_kit.measurement.latent.estimators import MissingAnswers
from loyalty_kit.measurement.latent.general import GENERAL, General, SecondOrder, Tie
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook

ScaleItems = Codebook | Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Structure:
    """Scales of two items or more, each item in one of them.

    Attributes
    ----------
    scales : dict of str to tuple of str
        Items of each scale.
    anchors : tuple of str
        Of each scale, the item that its factor runs along: the first that is not reverse-keyed.
    weight : str or None
        Weight column.
    warnings : tuple of str
        Scales of the codebook that are left out.
    codebook : Codebook
        Where the structure comes from; an empty one where it came as a dict.
    also : tuple of Added
        Cross-loadings and residual covariances that the user adds.
    general : str or None
        'second-order' or 'bifactor' where there is a factor above or beside those of the scales.
    """

    scales: dict[str, tuple[str, ...]]
    anchors: tuple[str, ...]
    weight: str | None = None
    warnings: tuple[str, ...] = ()
    codebook: Codebook = Codebook()
    also: tuple[Added, ...] = ()
    general: General | None = None

    @property
    def items(self) -> tuple[str, ...]:
        """Items of all scales, in their order."""
        return tuple(item for members in self.scales.values() for item in members)

    @property
    def anchor_positions(self) -> list[int]:
        """Where the anchor of each factor stands among the items; a bifactor model's general one has the first."""
        found = [self.items.index(anchor) for anchor in self.anchors]
        return [*found, found[0]] if self.general == "bifactor" else found

    @property
    def beyond(self) -> tuple[tuple[int, int, int], ...]:
        """Kind, row and column of each addition in the matrices of the model."""
        place = {item: j for j, item in enumerate(self.items)}
        factor = {scale: f for f, scale in enumerate(self.scales)}
        return tuple(
            (LOADING, place[added.second], factor[added.first])
            if added.kind == "loading"
            else (
                RESIDUAL,
                max(place[added.first], place[added.second]),
                min(place[added.first], place[added.second]),
            )
            for added in self.also
        )


def structure_of(given: ScaleItems, also: Sequence[str] = (), general: General | None = None) -> Structure:
    """Structure of a codebook or of a dict of scales to items, with what a user adds.

    Raises
    ------
    InputError
        If a dict names a scale with fewer than two items or an item twice, if the given is neither
        codebook nor dict, if no scale is left, or if what is added has no place there.
    """
    plain = _structure_of(given)
    return replace(plain, also=read_also(also, plain.scales), general=general)


def _structure_of(given: ScaleItems) -> Structure:
    if isinstance(given, Codebook):
        return _of_codebook(given)
    if not isinstance(given, Mapping):
        raise InputError(
            "The structure must be a codebook or a dict of scale to items; got {given}.", given=type(given).__name__
        )
    for scale, members in given.items():
        if isinstance(members, str) or not isinstance(members, Sequence):
            raise InputError("Scale '{scale}' must list its items; got {given}.", scale=scale, given=shown(members))
        if len(members) < 2:
            if not members:
                raise InputError("Scale '{scale}' has no item; a factor needs two items or more.", scale=scale)
            template = "Scale '{scale}' has one item ({items}); a factor needs two items or more."
            raise InputError(template, scale=scale, items=list(members))
    items = [item for members in given.values() for item in members]
    twice = [item for item in dict.fromkeys(items) if items.count(item) > 1]
    if twice:
        raise InputError("{items} stands in two places; an item measures one scale, once.", items=list(twice))
    if not given:
        raise InputError("The structure names no scale; at least one is needed.")
    scales = {str(scale): tuple(members) for scale, members in given.items()}
    return _estimable(Structure(scales, tuple(members[0] for members in scales.values())))


def _of_codebook(codebook: Codebook) -> Structure:
    scales, anchors, formative, single = {}, [], [], []
    for key, scale in codebook.scales.items():
        if scale.kind == "formative":
            formative.append(key)
        elif len(scale.items) < 2:
            single.append(key)
        else:
            scales[key] = scale.items
            anchors.append(next((item for item in scale.items if item not in scale.reverse), scale.items[0]))
    out = [(formative, message("formative")), (single, message("of one item"))]
    warnings = [
        message("Left out of the factor model, because {kind}: {scales}.", kind=kind, scales=keys)
        for keys, kind in out
        if keys
    ]
    if not scales:
        raise InputError("The codebook has no reflective scale of two items or more; a factor model needs one.")
    return _estimable(Structure(scales, tuple(anchors), codebook.weight, tuple(warnings), codebook))


def _estimable(structure: Structure) -> Structure:
    if len(structure.items) == 2:
        raise InputError(
            "One scale of two items ({items}) leaves more to estimate than the items tell; name a third item "
            "or a second scale.",
            items=list(structure.items),
        )
    return structure


def begun(structure: Structure, simple: Model, start: Floats) -> tuple[Model, Tie | None, Floats]:
    """Model of a structure, how its correlations are tied, and where to start, from those without a general factor."""
    if structure.general == "bifactor":
        model = with_general(simple, GENERAL)
        return model, None, bifactor_start(model, simple, start)
    if structure.general is None:
        return simple, None, start
    between = np.flatnonzero((simple.elements.kind == FACTOR) & (simple.elements.row != simple.elements.column))
    tie = Tie(simple.size, between, simple.elements.row[between], simple.elements.column[between])
    return simple, tie, tie.start(start)


def turned(model: Model, tie: Tie | None, own: Floats, anchors: Sequence[int]) -> Floats:
    """Turn each factor along its anchor item, and a factor above them along most of them."""
    if tie is None:
        return reflected(model, own, anchors)
    free = tie.free(own)
    (matrices,) = model.matrices(free)
    gamma = tie.loadings(own) * np.where(matrices.loadings[anchors, range(tie.factors)] < 0, -1.0, 1.0)
    rest = reflected(model, free, anchors)[tie.rest]
    return np.concatenate([rest, gamma if gamma.sum() >= 0 else -gamma])


def second_order(tie: Tie, own: Floats, errors: Floats) -> SecondOrder:
    """Take the estimates of a factor above others from the tied parameters and their covariance."""
    k = tie.factors
    return SecondOrder(tie.loadings(own), errors[-k:, -k:], tie.slopes(own))


def check_moments(structure: Structure, *, ordinal: bool) -> None:
    """Refuse additions that leave more parameters than the answers have variances and covariances."""
    p, k = len(structure.items), len(structure.scales)
    moments = p * (p - 1) // 2 if ordinal else p * (p + 1) // 2
    between = {None: k * (k - 1) // 2, "second-order": k, "bifactor": p}[structure.general]
    own = p * (1 if ordinal else 2) + between
    if structure.also and own + len(structure.also) > moments:
        raise InputError(
            "With {lines} in 'also' there are {parameters} parameters for {moments} variances and covariances; "
            "take out {count} of the lines.",
            lines=[added.written for added in structure.also],
            parameters=own + len(structure.also),
            moments=moments,
            count=own + len(structure.also) - moments,
        )


def read_answers(responses: pd.DataFrame, structure: Structure, missing: MissingAnswers) -> ItemTable:
    """Answers to the structure's items, complete rows or those with any answer.

    Raises
    ------
    InputError
        If an item is absent, not numeric, without answers or constant, if items determine one
        another, if two items are never answered together, or if respondents are too few.
    """
    wanted = [*structure.items, *filter(None, [structure.weight])]
    check_columns(responses.columns, wanted, message("The table of responses"))
    table = read_items(responses[wanted], weight=structure.weight)
    if missing != "listwise":
        table = table.where(np.asarray(np.isfinite(table.values).any(axis=1)))
        _check_met(table)
        return table
    table = table.complete()
    check_varied(table.names, table.values)
    check_factorable(as_correlation(table.moments().correlation, n=len(table.values)))
    return table


def _check_met(table: ItemTable) -> None:
    """Refuse two items that nobody answers both of: nothing tells their covariance."""
    answered = np.isfinite(table.values).astype(float)
    first, second = np.nonzero(np.triu(answered.T @ answered < 2))
    if len(first):
        names = [table.names[first[0]], table.names[second[0]]]
        raise InputError("Items {items} are answered together by fewer than two respondents.", items=names)

"""What a path model is made of: constructs, their items, which acts on which, and the answers of those who gave all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_columns, check_numbers, check_weight
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.codebook_text import Paths, path_faults
from loyalty_kit.survey.scoring import reverse_key

Floats = npt.NDArray[np.float64]
_RESPONDENTS_PER_PREDICTOR = 10


@dataclass(frozen=True, eq=False)
class Specification:
    """Constructs in the order of the codebook, and their paths.

    Attributes
    ----------
    constructs, items : tuple of str
        Names; the items stand construct by construct.
    blocks : array of shape (items, constructs)
        1 where an item belongs to a construct.
    structure : array of shape (constructs, constructs)
        1 at (source, target) of each path.
    formative : frozenset of int
        Places of the constructs that their items make up.
    """

    constructs: tuple[str, ...]
    items: tuple[str, ...]
    blocks: Floats
    structure: Floats
    formative: frozenset[int]

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Source and target of each path, target by target."""
        return [(int(a), int(b)) for b in range(len(self.constructs)) for a in np.flatnonzero(self.structure[:, b])]

    @property
    def explained(self) -> list[int]:
        """Places of the constructs that others act on."""
        return [int(j) for j in np.flatnonzero(self.structure.any(axis=0))]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of constructs that are not formative."""
        kept = [j for j in range(len(self.constructs)) if j not in self.formative]
        return [(a, b) for place, a in enumerate(kept) for b in kept[place + 1 :]]

    @property
    def in_order(self) -> list[int]:
        """Places of the constructs, each after those that act on it, near to them."""
        left, found = list(range(len(self.constructs))), list[int]()
        while left:
            free = [j for j in left if not np.isin(self.sources(j), left).any()]
            nearest = max(free, key=lambda j: (max((found.index(a) for a in self.sources(j)), default=-1), -j))
            following = nearest if len(self.sources(nearest)) else free[0]
            found.append(following)
            left.remove(following)
        return found

    def block(self, construct: int) -> npt.NDArray[np.intp]:
        """Places of a construct's items."""
        return np.flatnonzero(self.blocks[:, construct])

    def sources(self, construct: int) -> npt.NDArray[np.intp]:
        """Places of the constructs that act on one."""
        return np.flatnonzero(self.structure[:, construct])

    def without(self, source: int, target: int) -> "Specification":
        """Model that lacks one path."""
        structure = self.structure.copy()
        structure[source, target] = 0
        return self.joined(structure)

    def joined(self, structure: Floats) -> "Specification":
        """Model of the same constructs with other paths."""
        return replace(self, structure=structure)


class Answers(NamedTuple):
    """Keyed answers of those who gave all, respondents × items, and their weights with mean 1."""

    given: Floats
    weights: Floats


def specify(codebook: Codebook, paths: Paths | None) -> Specification:
    """Path model of a codebook; other paths may stand in for its own."""
    check_codebook(codebook)
    given = codebook.paths if paths is None else paths
    if not isinstance(given, Mapping) or any(isinstance(s, str) or not isinstance(s, Sequence) for s in given.values()):
        raise InputError("'paths' must be a mapping of a scale to a list of scales; got {given}.", given=kind(given))
    if not given:
        raise InputError(
            "There are no paths: give the codebook a table as [paths] with loyalty = [\"satisfaction\"], or 'paths'."
        )
    faults = path_faults(given, codebook.scales)
    if faults:
        raise InputError("'paths' is no model: {fault}.", fault=faults[0])
    named = set(TopologicalSorter(given).static_order())
    constructs = tuple(key for key in codebook.scales if key in named)
    items = tuple(item for key in constructs for item in codebook.scales[key].items)
    blocks = np.array([[item in codebook.scales[key].items for key in constructs] for item in items], dtype=float)
    structure = np.array([[a in given.get(b, ()) for b in constructs] for a in constructs], dtype=float)
    made = frozenset(place for place, key in enumerate(constructs) if codebook.scales[key].kind == "formative")
    return Specification(constructs, items, blocks, structure, made)


def complete_answers(
    responses: pd.DataFrame, codebook: Codebook, specification: Specification
) -> tuple[Floats, Floats, int]:
    """Keyed answers of the respondents who gave all, their weights, and how many others were left out."""
    items = list(specification.items)
    check_columns(responses, items, message("The table of responses"))
    check_numbers(responses, items, message("The table of responses"))
    given = responses[codebook.weight] if codebook.weight in responses else None
    weights = check_weight(given, len(responses))
    answers = reverse_key(responses[items], codebook)[items].to_numpy(dtype=float, na_value=np.nan)
    used = np.isfinite(answers).all(axis=1) & (weights > 0)
    answers, weights = answers[used], weights[used]
    _check_enough(len(answers), specification)
    for place, item in enumerate(items):
        if np.ptp(answers[:, place]) == 0:
            construct = specification.constructs[int(specification.blocks[place].argmax())]
            raise InputError(
                "Item '{item}' of construct '{construct}' holds one answer only, {value}; take it out of the scale.",
                item=item,
                construct=construct,
                value=f"{answers[0, place]:g}",
            )
    return answers, weights / weights.mean(), int((~used).sum())


def _check_enough(n: int, specification: Specification) -> None:
    """Refuse fewer than ten respondents for each predictor of the largest regression."""
    sizes = {specification.constructs[j]: len(specification.sources(j)) for j in specification.explained}
    sizes |= {
        specification.constructs[j]: max(len(specification.block(j)), sizes.get(specification.constructs[j], 0))
        for j in specification.formative
    }
    largest = max(sizes, key=lambda name: sizes[name])
    needed = _RESPONDENTS_PER_PREDICTOR * sizes[largest]
    if n < max(needed, 20):
        raise TooLittleError(
            "{n} respondents answered all items; the model needs {needed}, ten for each of the {size} that construct "
            "'{construct}' is regressed on and 20 at least.",
            n=n,
            needed=max(needed, 20),
            size=sizes[largest],
            construct=largest,
        )

"""Tables of a covariance structure: its parameters, errors of its effects, and what it leaves out."""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from loyalty_kit.measurement.cfa.model import LOADING, PATH, RESIDUAL, Elements
from loyalty_kit.paths.covariance.fit import Structure
from loyalty_kit.paths.model.effects import chains
from loyalty_kit.paths.model.specification import Floats, Specification

PARAMETER_COLUMNS = ["kind", "first", "second", "estimate", "std_error", "z", "p_value", "standardized"]
INDEX_COLUMNS = ["kind", "first", "second", "modification_index", "expected_change", "standardized_change"]


def parameter_table(structure: Structure) -> pd.DataFrame:
    """Tabulate the parameters: construct and item, source and target, two constructs, or the same one or item twice."""
    model, matrices = structure.solution.model, structure.solution.matrices
    errors = np.sqrt(np.diag(structure.solution.errors))
    items, scales, elements = model.items, model.scales, model.elements
    factor, item = np.sqrt(np.diag(matrices.spread)), np.sqrt(np.diag(matrices.covariance))
    left = np.sqrt(np.diag(matrices.factors))
    rows: list[tuple[str, str, str, float, float, float]] = []
    for place, value in enumerate(structure.solution.values):
        kind, i, j = (int(part[place]) for part in (elements.kind, elements.row, elements.column))
        if kind == LOADING:
            told = ("loading", scales[j], items[i], factor[j] / item[i])
        elif kind == PATH:
            told = ("path", scales[j], scales[i], factor[j] / factor[i])
        elif kind == RESIDUAL:
            told = ("residual variance", items[i], items[i], 1 / item[i] ** 2)
        else:
            unit = 1 / factor[i] ** 2 if i == j else 1 / (left[i] * left[j])
            told = ("variance" if i == j else "covariance", scales[j], scales[i], unit)
        rows.append((*told[:3], float(value), float(errors[place]), float(value * told[3])))
    table = pd.DataFrame(rows, columns=["kind", "first", "second", "estimate", "std_error", "standardized"])
    z = table["estimate"] / table["std_error"]
    return table.assign(z=z, p_value=2 * ndtr(-np.abs(z)))[PARAMETER_COLUMNS]


def with_errors(table: pd.DataFrame, structure: Structure, confidence: float) -> pd.DataFrame:
    """Add errors by the delta method, and effects in the constructs' units, to a table of effects.

    An effect is a sum of products of paths; its slope over a path is the sum, over the chains that hold that path, of
    the products of the others.
    """
    specification = structure.specification
    places = {edge: place for place, edge in enumerate(specification.edges)}
    raw_errors, errors = structure.path_errors
    raw = np.array([structure.paths[edge] for edge in specification.edges])
    own = np.array([structure.standardized[edge] for edge in specification.edges])
    half, rows = ndtri((1 + confidence) / 2), []
    for row in table.itertuples():
        found = [[places[edge] for edge in chain] for chain in _chains_of(row, specification)]
        slopes, raw_slopes = _slopes(found, own), _slopes(found, raw)
        error = float(np.sqrt(slopes @ errors @ slopes))
        value = float(sum(own[chain].prod() for chain in found))
        unstandardized = float(sum(raw[chain].prod() for chain in found))
        raw_error = float(np.sqrt(raw_slopes @ raw_errors @ raw_slopes))
        rows.append((error, value - half * error, value + half * error, unstandardized, raw_error))
    names = ["std_error", "delta_low", "delta_high", "unstandardized", "unstandardized_error"]
    return pd.concat([table, pd.DataFrame(rows, columns=names, index=table.index)], axis=1)


def _chains_of(row: object, specification: Specification) -> list[list[tuple[int, int]]]:
    """Chains of paths that a row of a table of effects sums."""
    kind, via = str(getattr(row, "kind", "")), str(getattr(row, "via", ""))
    source, target = (specification.constructs.index(str(getattr(row, end))) for end in ("source", "target"))
    found = list(chains(specification, source, target))
    if kind in ("direct", "indirect"):
        through = tuple(specification.constructs.index(name) for name in via.split(" > ")) if via else ()
        found = [(source, *through, target)]
    elif kind == "total_indirect":
        found = [chain for chain in found if len(chain) > 2]
    return [list(zip(chain, chain[1:], strict=False)) for chain in found]


def _slopes(found: list[list[int]], paths: Floats) -> Floats:
    slopes = np.zeros(len(paths))
    for chain in found:
        for place in chain:
            slopes[place] += np.prod([paths[other] for other in chain if other != place])
    return slopes


def modification_table(structure: Structure) -> pd.DataFrame:
    """Score test of paths along the direction of the model, cross-loadings and residual covariances, largest first."""
    solution, specification = structure.solution, structure.specification
    model, matrices = solution.model, solution.matrices
    factor, item = np.sqrt(np.diag(matrices.spread)), np.sqrt(np.diag(matrices.covariance))
    residual = np.sqrt(np.diag(matrices.residuals))
    places: list[tuple[int, int, int, int]] = []
    rows: list[tuple[str, str, str, float]] = []
    for source, target in _missing(specification):
        places.append((PATH, 0, target, source))
        rows.append(("path", model.scales[source], model.scales[target], factor[source] / factor[target]))
    for i, j in zip(*np.nonzero(~model.membership), strict=True):
        if residual[i] > 0:
            places.append((LOADING, 0, int(i), int(j)))
            rows.append(("loading", model.scales[j], model.items[i], factor[j] / item[i]))
    for i, j in zip(*np.tril_indices(len(item), -1), strict=True):
        if residual[i] > 0 and residual[j] > 0:
            places.append((RESIDUAL, 0, int(i), int(j)))
            rows.append(("residual covariance", model.items[j], model.items[i], 1 / (residual[i] * residual[j])))
    score = solution.score(Elements.of(places))
    with np.errstate(invalid="ignore", divide="ignore"):
        change = score.slopes / np.where(score.variances > 1e-9, score.variances, np.nan)
    table = pd.DataFrame([row[:3] for row in rows], columns=INDEX_COLUMNS[:3])
    table = table.assign(modification_index=score.slopes * change, expected_change=change)
    table["standardized_change"] = change * np.array([row[3] for row in rows])
    return table.dropna().sort_values("modification_index", ascending=False, ignore_index=True)


def _missing(specification: Specification) -> list[tuple[int, int]]:
    """Pairs of constructs without a path between, source first, to whose target no path leads back."""
    size = len(specification.constructs)
    reach = np.linalg.inv(np.eye(size) - specification.structure) > 0.5
    edges, ends = set(specification.edges), specification.explained
    return [(a, b) for b in ends for a in range(size) if a != b and (a, b) not in edges and not reach[b, a]]

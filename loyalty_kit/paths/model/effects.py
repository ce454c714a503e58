"""Direct, indirect and total effects of one construct on another, and the kind of mediation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from loyalty_kit.paths.model.intervals import bias_corrected, percentile
from loyalty_kit.paths.model.specification import Floats, Specification

EFFECT_COLUMNS = ["source", "via", "target", "kind", "estimate", "ci_low", "ci_high", "bca_low", "bca_high"]
EFFECT_COLUMNS += ["share_of_total", "mediation"]


def chains(model: Specification, source: int, target: int) -> Iterator[tuple[int, ...]]:
    """Every way from one construct to another, both ends included; the shortest need not come first."""
    if source == target:
        yield (target,)
        return
    for following in np.flatnonzero(model.structure[source]):
        for rest in chains(model, int(following), target):
            yield (source, *rest)


def along(paths: Floats, chain: tuple[int, ...]) -> Floats:
    """Product of the paths of a chain, in each model."""
    product: Floats = np.prod([paths[:, a, b] for a, b in zip(chain, chain[1:], strict=False)], axis=0)
    return product


def effect_table(
    model: Specification, paths: Floats, samples: Floats, left_out: Floats, confidence: float
) -> pd.DataFrame:
    """Effects of all pairs that are joined.

    Parameters
    ----------
    model : Specification
    paths : array of shape (constructs, constructs)
        At (source, target).
    samples : array of shape (samples, constructs, constructs)
        Bootstrap samples of them.
    left_out : array of shape (parts, constructs, constructs)
        The same without each of some equal parts of the respondents.
    confidence : float
        Level of the intervals, percentile and BCa.

    Returns
    -------
    DataFrame
        For each pair its direct effect, each indirect one with what it goes through ('trust > affection'), where there
        are several their sum, and the total; `mediation` is that of the pair.

    Notes
    -----
    `share_of_total` is missing where the parts of a total differ in sign.

    References
    ----------
    Zhao, X., Lynch, J. G. & Chen, Q. (2010). Reconsidering Baron and Kenny: myths and truths about mediation analysis.
    Journal of Consumer Research 37(2), 197–206.
    """
    rows = []
    for target in model.explained:
        for source in range(len(model.constructs)):
            found = sorted(chains(model, source, target), key=len) if source != target else []
            if found:
                rows += _pair(model, found, paths, samples, left_out, confidence)
    return pd.DataFrame(rows, columns=EFFECT_COLUMNS)


def _pair(
    model: Specification,
    found: list[tuple[int, ...]],
    paths: Floats,
    samples: Floats,
    left_out: Floats,
    confidence: float,
) -> list[dict[str, object]]:
    single = [along(paths[None], chain)[0] for chain in found]
    together = np.concatenate([samples, left_out])
    drawn = [along(together, chain) for chain in found]
    kinds = ["direct" if len(chain) == 2 else "indirect" for chain in found]
    parts = list(zip(kinds, found, single, drawn, strict=True))
    through = [part for part in parts if part[0] == "indirect"]
    one_sign = len(set(np.sign(single))) == 1
    total = float(np.sum(single))
    entries = [(kind, chain[1:-1], value, draws) for kind, chain, value, draws in parts]
    if len(through) > 1:
        entries.append(("total_indirect", (), *_sum(through)))
    entries.append(("total", (), total, np.sum(drawn, axis=0)))
    rows: list[dict[str, object]] = []
    for kind, via, value, draws in entries:
        own, without = draws[: len(samples), None], draws[len(samples) :, None]
        ends = (percentile(own, confidence), bias_corrected(own, np.array([value]), without, confidence))
        (low, high), (bca_low, bca_high) = (end[:, 0] for end in ends)
        rows.append(
            {
                "source": model.constructs[found[0][0]],
                "via": " > ".join(model.constructs[place] for place in via),
                "target": model.constructs[found[0][-1]],
                "kind": kind,
                "estimate": float(value),
                "ci_low": float(low),
                "ci_high": float(high),
                "bca_low": float(bca_low),
                "bca_high": float(bca_high),
                "share_of_total": float(value / total) if one_sign and total else np.nan,
            }
        )
    kind = _mediation(rows, bool(through))
    return [{**row, "mediation": kind} for row in rows]


def _sum(parts: list[tuple[str, tuple[int, ...], float, Floats]]) -> tuple[float, Floats]:
    return float(sum(part[2] for part in parts)), np.sum([part[3] for part in parts], axis=0)


def _mediation(rows: list[dict[str, object]], mediated: bool) -> str:
    """Kind of mediation of a pair by its intervals; empty where nothing stands between the two."""
    if not mediated:
        return ""
    signs = {str(row["kind"]): _sign(row) for row in rows}
    indirect = signs.get("total_indirect", signs.get("indirect", 0))
    direct = signs.get("direct", 0)
    if indirect and direct:
        return "complementary" if indirect == direct else "competitive"
    return "indirect_only" if indirect else "direct_only" if direct else "none"


def _sign(row: dict[str, object]) -> int:
    """1 or −1 where the interval lies on one side of zero, else 0."""
    low, high = float(str(row["ci_low"])), float(str(row["ci_high"]))
    return (low > 0) - (high < 0)

"""Figures about factors, the codebook's structure and the comparability of groups."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from loyalty_kit.measurement.confirmatory import CfaResult
from loyalty_kit.measurement.factors import FactorResult
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.retention import RetentionResult
from loyalty_kit.measurement.validity import ValidityResult
from loyalty_kit.reporting.plots.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, heat, nothing
from loyalty_kit.survey.codebook import Codebook

STRICT, LIBERAL = 0.85, 0.90


def plot_scree(result: RetentionResult, *, ax: Axes | None = None) -> Axes:
    """Eigenvalues by rank with those that chance alone would bring.

    Parameters
    ----------
    result : RetentionResult
        What `retain` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    rank = np.arange(1, len(result.eigenvalues) + 1)
    lines = {
        "components": ("components", BLUE, "o", "-"),
        "components_null": ("components, chance", BLUE, "", "--"),
        "factors": ("common factors", ORANGE, "s", "-"),
        "factors_null": ("common factors, chance", ORANGE, "", "--"),
    }
    with canvas(ax, rows=8) as ax:
        for column, (label, colour, marker, style) in lines.items():
            ax.plot(rank, result.eigenvalues[column], style, color=colour, marker=marker, markersize=4, label=label)
        ax.axvline(result.vote + 0.5, color=INK, linewidth=1, linestyle=":")
        ax.set(xlabel="Rank", ylabel=f"Eigenvalue (chance: {100 * result.quantile:g} % quantile)")
        ax.set_title(f"Eigenvalues by rank; dotted: the vote, {result.vote}", loc="left", fontweight="bold")
        ax.legend(frameon=False)
        return ax


def plot_loadings(result: FactorResult, codebook: Codebook, *, ax: Axes | None = None) -> Axes:
    """Draw the loadings of every item on every factor, items in the codebook's order.

    Parameters
    ----------
    result : FactorResult
        What `efa` gave.
    codebook : Codebook
        Labels of factors that are named after a scale.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = result.loadings
    names = drawable((codebook.label(str(name)) for name in table.columns), map(str, table.columns))
    with canvas(ax, rows=0.75 * len(table)) as ax:
        heat(ax, table, limits=(-1, 1), colours="vlag")
        ax.set_xticks(np.arange(len(names)) + 0.5, names)
        ax.set_yticks(np.arange(len(table)) + 0.5, drawable(map(str, table.index), _numbered(len(table))), rotation=0)
        ax.set(xlabel="Factor", ylabel="Item")
        ax.set_title("Loadings of the items on the factors", loc="left", fontweight="bold")
        return ax


def plot_paths(result: CfaResult, codebook: Codebook, *, ax: Axes | None = None) -> Axes:
    """Path diagram: each scale, its items and their standardized loadings.

    Parameters
    ----------
    result : CfaResult
        What `cfa` gave.
    codebook : Codebook
        Labels of the scales.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    loadings = result.loadings
    scales = list(dict.fromkeys(loadings["scale"]))
    place = -(np.arange(len(loadings)) + 0.7 * loadings["scale"].map(scales.index).to_numpy())
    labels = drawable(map(codebook.label, scales), scales)
    items = drawable(loadings["item"], _numbered(len(loadings)))
    with canvas(ax, rows=0.75 * -place.min()) as ax:
        for scale, label in zip(scales, labels, strict=True):
            mine = (loadings["scale"] == scale).to_numpy()
            middle = place[mine].mean()
            for y, loading in zip(place[mine], loadings.loc[mine, "standardized"], strict=True):
                colour = ORANGE if abs(loading) < 0.5 else BLUE
                ax.plot([0.16, 0.69], [middle, y], color=colour, linewidth=0.6 + 3 * abs(loading))
                ax.text(0.59, middle + (y - middle) * 0.81, f"{loading:.2f}".replace("-", "−"), **_TAG)
            box = {"boxstyle": "round,pad=0.5", "fc": "white", "ec": INK}
            ax.text(0.16, middle, label, bbox=box, zorder=3, **_CENTRED)
        for y, item in zip(place, items, strict=True):
            ax.add_patch(FancyBboxPatch((0.69, y - 0.3), 0.2, 0.6, boxstyle="square,pad=0", fc="white", ec=MUTED))
            ax.text(0.79, y, item, fontsize=8.5, **_CENTRED)
        ax.set(xlim=(0, 0.92), ylim=(place.min() - 0.8, 0.8), xticks=[], yticks=[])
        ax.set_xlabel("Scale, standardized loading (orange below 0.50), item")
        ax.set_title("The structure that the codebook claims", loc="left", fontweight="bold")
        return ax


def plot_htmt(result: ValidityResult, codebook: Codebook, *, ax: Axes | None = None) -> Axes:
    """Heterotrait–monotrait ratio of each pair of scales.

    Parameters
    ----------
    result : ValidityResult
        What `validity` gave.
    codebook : Codebook
        Labels of the scales.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    table = result.htmt.iloc[1:, :-1]
    rows = drawable((codebook.label(str(name)) for name in table.index), map(str, table.index))
    columns = drawable((codebook.label(str(name)) for name in table.columns), map(str, table.columns))
    with canvas(ax, rows=1.1 * len(table) + 1) as ax:
        ax.set_title("How distinct the scales are", loc="left", fontweight="bold")
        if table.empty:
            return nothing(ax)
        heat(ax, table.where(np.tril(np.ones(table.shape, dtype=bool))), limits=(0.3, 1.1), colours="flare")
        ax.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=20)
        ax.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)
        ax.set(xlabel=f"HTMT: below {STRICT:.2f} two things, from {LIBERAL:.2f} hardly so", ylabel="")
        return ax


def plot_invariance(result: InvarianceResult, *, ax: Axes | None = None) -> Axes:
    """Draw what each step of equality over groups costs in fit.

    Parameters
    ----------
    result : InvarianceResult
        What `invariance` gave.
    ax : Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    Axes
    """
    steps = result.levels.dropna(subset=["cfi_change"]).iloc[::-1]
    with canvas(ax, rows=1.6 * len(steps)) as ax:
        for shift, column, colour, label in (
            (0.2, "cfi_change", BLUE, "change of CFI"),
            (-0.2, "rmsea_change", ORANGE, "change of RMSEA"),
        ):
            ax.barh(np.arange(len(steps)) + shift, steps[column], height=0.32, color=colour, label=label)
        ax.axvline(0, color=INK, linewidth=1)
        ax.set_yticks(
            range(len(steps)), [f"{row.level}: {'holds' if row.holds else 'fails'}" for row in steps.itertuples()]
        )
        ax.set_xlabel("Change against the level before; worse: CFI to the left, RMSEA to the right")
        ax.set_title("Equality over groups, step by step", loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


_CENTRED: dict[str, Any] = {"ha": "center", "va": "center"}
_TAG: dict[str, Any] = _CENTRED | {"fontsize": 8, "bbox": {"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none"}}


def _numbered(count: int) -> list[str]:
    return [f"item {number}" for number in range(1, count + 1)]

"""Figures about factors, the codebook's structure and the comparability of groups."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from loyalty_kit.language import level, number, term
from loyalty_kit.measurement.confirmatory import CfaResult
from loyalty_kit.measurement.factors import FactorResult
from loyalty_kit.measurement.invariance import InvarianceResult
from loyalty_kit.measurement.retention import RetentionResult
from loyalty_kit.measurement.validity import LIBERAL, STRICT, ValidityResult
from loyalty_kit.reporting.plots.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, drawn, heat, label, nothing
from loyalty_kit.survey.codebook import Codebook

WEAK = 0.5


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
        "components": (BLUE, "o", "-"),
        "components_null": (BLUE, "", "--"),
        "factors": (ORANGE, "s", "-"),
        "factors_null": (ORANGE, "", "--"),
    }
    with canvas(ax, rows=8) as ax:
        for column, (colour, marker, style) in lines.items():
            name = label(f"figure.{column}")
            ax.plot(rank, result.eigenvalues[column], style, color=colour, marker=marker, markersize=4, label=name)
        ax.axvline(result.vote + 0.5, color=INK, linewidth=1, linestyle=":")
        quantile = level(result.quantile, language=drawn())
        ax.set(xlabel=label("figure.rank"), ylabel=label("figure.eigenvalue", quantile=quantile))
        ax.set_title(label("figure.scree", vote=result.vote), loc="left", fontweight="bold")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
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
        ax.set(xlabel=label("figure.loadings_x"), ylabel=label("figure.loadings_y"))
        ax.set_title(label("figure.loadings"), loc="left", fontweight="bold")
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
        for scale, name in zip(scales, labels, strict=True):
            mine = (loadings["scale"] == scale).to_numpy()
            middle = place[mine].mean()
            for y, loading in zip(place[mine], loadings.loc[mine, "standardized"], strict=True):
                colour = ORANGE if abs(loading) < WEAK else BLUE
                ax.plot([0.16, 0.69], [middle, y], color=colour, linewidth=0.6 + 3 * abs(loading))
                ax.text(0.59, middle + (y - middle) * 0.81, number(loading), **_TAG)
            box = {"boxstyle": "round,pad=0.5", "fc": "white", "ec": INK}
            ax.text(0.16, middle, name, bbox=box, zorder=3, **_CENTRED)
        for y, item in zip(place, items, strict=True):
            ax.add_patch(FancyBboxPatch((0.69, y - 0.3), 0.2, 0.6, boxstyle="square,pad=0", fc="white", ec=MUTED))
            ax.text(0.79, y, item, fontsize=8.5, **_CENTRED)
        ax.set(xlim=(0, 0.92), ylim=(place.min() - 0.8, 0.8), xticks=[], yticks=[])
        ax.set_xlabel(label("figure.paths_x", bound=f"{WEAK:.2f}"))
        ax.set_title(label("figure.paths"), loc="left", fontweight="bold")
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
        ax.set_title(label("figure.htmt"), loc="left", fontweight="bold")
        if table.empty:
            return nothing(ax)
        heat(ax, table.where(np.tril(np.ones(table.shape, dtype=bool))), limits=(0.3, 1.1), colours="flare")
        ax.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=20)
        ax.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)
        ax.set(xlabel=label("figure.htmt_x", strict=f"{STRICT:.2f}", liberal=f"{LIBERAL:.2f}"), ylabel="")
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
        for shift, column, colour in ((0.2, "cfi_change", BLUE), (-0.2, "rmsea_change", ORANGE)):
            place, name = np.arange(len(steps)) + shift, label(f"figure.{column}")
            ax.barh(place, steps[column], height=0.32, color=colour, label=name)
        ax.axvline(0, color=INK, linewidth=1)
        ax.set_yticks(range(len(steps)), [_outcome(str(row.level), row.holds) for row in steps.itertuples()])
        ax.set_xlabel(label("figure.invariance_x"))
        ax.set_title(label("figure.invariance"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


_CENTRED: dict[str, Any] = {"ha": "center", "va": "center"}
_TAG: dict[str, Any] = _CENTRED | {"fontsize": 8, "bbox": {"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none"}}


def _numbered(count: int) -> list[str]:
    return [label("figure.item", n=number) for number in range(1, count + 1)]


def _outcome(step: str, holds: Any) -> str:
    name = term(f"verdict.{step}", language=drawn())
    if pd.isna(holds):
        return label("figure.not_examined", level=name)
    return label("figure.holds" if holds else "figure.fails", level=name)

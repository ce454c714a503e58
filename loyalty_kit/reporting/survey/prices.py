"""What customers would pay: the acceptable range of prices, and demand and revenue by price."""

from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import level, percent, term, translate
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, GREEN, INK, MUTED, ORANGE, YELLOW, canvas, label
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.money import price
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.survey.sample import warned
from loyalty_kit.reporting.verbs import describes, draws, tabulates
from loyalty_kit.survey.pricing.curves import NARROWER, ORIGINAL
from loyalty_kit.survey.pricing.demand import GABOR_GRANGER, DemandResult
from loyalty_kit.survey.pricing.price_sensitivity import PriceSensitivityResult

MOST_ROWS = 12
"""Prices that a table of demand shows; of more, as many evenly among them."""
_OUTER = 0.03
"""Share of respondents at either end whose prices a figure need not reach."""
_CURVES = (
    ("too_cheap", BLUE, "-"),
    ("not_cheap", BLUE, ":"),
    ("cheap", GREEN, "--"),
    ("expensive", YELLOW, "--"),
    ("not_expensive", ORANGE, ":"),
    ("too_expensive", ORANGE, "-"),
)


@describes(PriceSensitivityResult, "price")
def describe_price(result: PriceSensitivityResult) -> Passage:
    """Say which prices are acceptable, which meets least resistance, and who does not count."""
    if result.points.empty:
        return Passage([Sentence(say("price.no_questions"), "left_out"), *warned(result.warnings)])
    rows = {str(row["point"]): row for row in records(result.points)}
    return Passage(
        [
            *_range(rows, result),
            *_point("optimal", rows, result),
            *_point("indifference", rows, result),
            *_untold(rows, result),
            *_left_out(result),
            *warned(result.warnings),
        ]
    )


def _range(rows: dict[str, dict[str, Any]], result: PriceSensitivityResult) -> list[Sentence]:
    """Sentence on the acceptable range, where both its ends are told."""
    ends = [rows["marginal_cheapness"], rows["marginal_expensiveness"]]
    if not ends[0]["price"] <= ends[1]["price"]:
        return []
    said = {
        name: value
        for end, row in zip(("low", "high"), ends, strict=True)
        for name, value in ((end, _price(row["price"], result)), (f"{end}_interval", _interval(row, result)))
    }
    key = "price.range_of" if result.label else "price.range"
    return [say(key, label=result.label, n=f"{result.n_used:,}", level=level(result.confidence), **said)]


def _point(name: str, rows: dict[str, dict[str, Any]], result: PriceSensitivityResult) -> list[Sentence]:
    row = rows[name]
    if pd.isna(row["price"]):
        return []
    values = {"price": _price(row["price"], result), "interval": _interval(row, result), "share": percent(row["share"])}
    return [say(f"price.{name}", **values)]


def _untold(rows: dict[str, dict[str, Any]], result: PriceSensitivityResult) -> list[Sentence]:
    """Say of each point that cannot be told, or that has no interval, why."""
    told = []
    for name, (falling, rising) in (NARROWER if result.narrower else ORIGINAL).items():
        row = rows[name]
        values = {
            "point": term(f"price.point_{name}"),
            "falling": term(f"price.{falling}"),
            "rising": term(f"price.{rising}"),
            "low": _price(row["from"], result),
            "high": _price(row["to"], result),
        }
        if row["reason"]:
            told.append(say(f"price.{row['reason']}", **values))
    return told


def _left_out(result: PriceSensitivityResult) -> list[Sentence]:
    """Say who is out of order or gave no four prices, and what the optimal price would be with them or without."""
    told, few, n = [], result.min_cell, len(result.out_of_order)
    how = "left_out" if result.left_out else "kept"
    if n:
        said = say(f"price.{how}", n=n) if n >= few else say(f"price.{how}_few", min_cell=few)
        told.append(said)
        other = result.otherwise.get("optimal", np.nan)
        if not pd.isna(other):
            told.append(say(f"price.otherwise_{how}", price=_price(other, result)))
    if result.n_dropped:
        missing, key = result.n_dropped, "price.incomplete"
        told.append(say(key, n=missing) if missing >= few else say(f"{key}_few", min_cell=few))
    return told


@tabulates(PriceSensitivityResult, "price")
def price_table(result: PriceSensitivityResult) -> GT | None:
    """Lay out the four points with their intervals; none where the four questions were not asked."""
    if result.points.empty:
        return None
    table = result.points
    shown = table.assign(
        label=[term(f"price.point_{name}") for name in table["point"]],
        amount=[_price(value, result) for value in table["price"]],
        interval=[_ends(row, result) for row in records(table)],
    )
    columns = {"label": "point", "amount": "price", "interval": "interval", "share": "either_side"}
    return lay_out(
        shown,
        name="price",
        title=term("title.price"),
        labels=headings(columns, level=level(result.confidence)),
        percent=["share"],
        note=term("note.price_narrower" if result.narrower else "note.price"),
        behind=Behind({"amount": "price", "interval": ("ci_low", "ci_high")}),
    )


@draws(PriceSensitivityResult, "price")
def plot_price(result: PriceSensitivityResult, *, ax: Axes | None = None) -> Axes | None:
    """Draw the curves and where they meet, with the acceptable range; None where the four questions were not asked."""
    if result.points.empty:
        return None
    curves, rows = result.curves, {str(row["point"]): row for row in records(result.points)}
    with canvas(ax, rows=9) as ax:
        ends = rows["marginal_cheapness"]["price"], rows["marginal_expensiveness"]["price"]
        if ends[0] <= ends[1]:
            ax.axvspan(*ends, color=MUTED, alpha=0.12, linewidth=0)
        for name, colour, style in _CURVES:
            drawn = {"color": colour, "linestyle": style, "linewidth": 1.2 if style == ":" else 1.9}
            ax.plot(curves["price"], 100 * curves[name], label=label(f"price.{name}"), **drawn)
        for row in rows.values():
            if not pd.isna(row["price"]):
                ax.plot(row["price"], 100 * row["share"], "o", color=INK, markersize=5, zorder=5)
                at: dict[str, Any] = {"xytext": (6, 5), "textcoords": "offset points", "fontsize": 9, "zorder": 6}
                at["bbox"] = {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.6}
                ax.annotate(_price(row["price"], result), (row["price"], 100 * row["share"]), **at)
        ax.set(ylim=(0, 102), xlim=_shown_prices(result))
        ax.set_ylabel(label("figure.price_y"))
        ax.set_xlabel(
            label("figure.price_x", currency=result.currency) if result.currency else label("figure.price_x0")
        )
        ax.set_title(label("figure.price"), loc="left", fontweight="bold")
        ax.legend(frameon=False, ncols=3, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.16))
        return ax


def _shown_prices(result: PriceSensitivityResult) -> tuple[float, float]:
    """Prices that the figure shows: all but those that hardly anybody reaches, and every point."""
    curves = result.curves
    inner = curves.loc[(curves["too_cheap"] <= 1 - _OUTER) & (curves["too_expensive"] <= 1 - _OUTER), "price"]
    shown = pd.concat([inner, result.points["from"], result.points["to"], result.points["price"]]).dropna()
    margin = 0.03 * (shown.max() - shown.min()) or 1.0
    return max(shown.min() - margin, 0.0), shown.max() + margin


@describes(PriceSensitivityResult, "demand")
def describe_demands(result: PriceSensitivityResult) -> Passage:
    """Say at which price revenue is highest, by each way in which it was asked."""
    parts = _parts(result)
    if not parts:
        return Passage([Sentence(say("demand.no_questions"), "left_out")])
    return Passage([*(said for part in parts for said in _demand(part, result.min_cell)), say("demand.stated")])


@describes(DemandResult, "demand")
def describe_demand(result: DemandResult, *, min_cell: int = 5) -> Passage:
    """Say at which price revenue is highest."""
    return Passage([*_demand(result, min_cell), say("demand.stated")])


def _demand(result: DemandResult, min_cell: int) -> list[Sentence]:
    method = translate(result.method)
    if pd.isna(result.best):
        return [say("demand.nobody", method=method)]
    row = next(row for row in records(result.table) if row["price"] == result.best)
    ends = {"ci_low": result.best_low, "ci_high": result.best_high}
    told = [
        say(
            "demand.best",
            method=method,
            price=_price(result.best, result),
            interval=_interval(ends, result),
            share=percent(row["demand"]),
            revenue=_price(row["revenue"], result),
            n=f"{result.n_used:,}",
            level=level(result.confidence),
        )
    ]
    if result.bootstrap and result.best_low < result.best_high:
        told.append(say("demand.unclear", p=percent(row["p_best"]), price=_price(result.best, result)))
    if result.filled:
        told.append(say("demand.filled"))
    n, how = len(result.out_of_order), "left_out" if result.left_out else "kept"
    if n:
        told.append(say(f"demand.{how}", n=n) if n >= min_cell else say(f"demand.{how}_few", min_cell=min_cell))
    return [*told, *warned(result.warnings)]


@tabulates(PriceSensitivityResult, "demand")
def demands_table(result: PriceSensitivityResult) -> GT | None:
    """Lay out demand and revenue by price; none where nobody was asked about buying."""
    parts = _parts(result)
    return _demand_table(parts) if parts else None


@tabulates(DemandResult, "demand")
def demand_table(result: DemandResult) -> GT:
    """Lay out demand and revenue by price."""
    return _demand_table([result])


def _demand_table(parts: list[DemandResult]) -> GT:
    tables = []
    for part in parts:
        table = part.table
        if len(table) > MOST_ROWS:
            kept = np.linspace(0, len(table) - 1, MOST_ROWS).round().astype(int)
            best = np.flatnonzero(table["price"] == part.best)
            table = table.iloc[sorted({*kept.tolist(), *best.tolist()})]
        rows = records(table)
        tables.append(
            table.assign(
                method=translate(part.method),
                amount=[_price(row["price"], part) for row in rows],
                interval=[_shares(row) for row in rows],
                earned=[_price(row["revenue"], part) for row in rows],
                earned_interval=[
                    _ends({"ci_low": row["revenue_low"], "ci_high": row["revenue_high"]}, part) for row in rows
                ],
            )
        )
    shown = pd.concat(tables, ignore_index=True)
    columns = {"amount": "price", "n": "n", "demand": "would_buy", "interval": "interval_percent"}
    columns |= {"earned": "revenue", "earned_interval": "interval"}
    raw: dict[str, str | tuple[str, str]] = {"amount": "price", "earned": "revenue"}
    raw |= {"interval": ("ci_low", "ci_high"), "earned_interval": ("revenue_low", "revenue_high")}
    return lay_out(
        shown,
        name="demand",
        title=term("title.demand"),
        labels=headings(columns, level=level(parts[0].confidence)),
        decimals={0: ["n"]},
        percent=["demand"],
        group="method",
        note=term("note.demand"),
        behind=Behind(raw, shares=["interval"], group=term("column.method")),
    )


@draws(PriceSensitivityResult, "demand")
def plot_demands(result: PriceSensitivityResult, *, ax: Axes | None = None) -> Axes | None:
    """Draw demand and revenue by price; None where nobody was asked about buying."""
    parts = _parts(result)
    return plot_demand(parts[0], ax=ax) if parts else None


@draws(DemandResult, "demand")
def plot_demand(result: DemandResult, *, ax: Axes | None = None) -> Axes:
    """Draw demand, and revenue as a share of the highest, with intervals; the best price and its interval."""
    table = result.table
    top = table["revenue"].max()
    with canvas(ax, rows=8) as ax:
        marker = "o" if result.method == GABOR_GRANGER else ""
        ax.fill_between(
            table["price"], 100 * table["ci_low"], 100 * table["ci_high"], color=BLUE, alpha=0.15, linewidth=0
        )
        ax.plot(table["price"], 100 * table["demand"], color=BLUE, marker=marker, label=label("figure.demand_line"))
        if top > 0:
            ax.plot(
                table["price"],
                100 * table["revenue"] / top,
                color=ORANGE,
                linestyle="--",
                marker=marker,
                label=label("figure.revenue_line"),
            )
            ax.axvspan(result.best_low, result.best_high, color=ORANGE, alpha=0.1, linewidth=0)
            ax.axvline(result.best, color=INK, linewidth=1)
        bought = table.loc[table["demand"] > _OUTER * table["demand"].max(), "price"]
        ax.set(ylim=(0, 105), xlim=(None, bought.max() + 0.03 * np.ptp(bought)) if len(bought) > 1 else (None, None))
        ax.set_ylabel(label("figure.demand_y"))
        ax.set_xlabel(
            label("figure.price_x", currency=result.currency) if result.currency else label("figure.price_x0")
        )
        ax.set_title(label("figure.demand"), loc="left", fontweight="bold")
        ax.legend(frameon=False, ncols=2, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.18))
        return ax


def _parts(result: PriceSensitivityResult) -> list[DemandResult]:
    return [part for part in (result.demand, result.ladder) if part is not None]


def _price(value: float, result: PriceSensitivityResult | DemandResult) -> str:
    return "–" if pd.isna(value) else price(value, result.currency)


def _ends(row: dict[str, Any], result: PriceSensitivityResult | DemandResult) -> str:
    """Write the ends of an interval of prices, a dash where there is none."""
    if pd.isna(row["ci_low"]):
        return "–"
    return term("span", low=_price(row["ci_low"], result), high=_price(row["ci_high"], result))


def _interval(row: dict[str, Any], result: PriceSensitivityResult | DemandResult) -> str:
    """Write the ends of an interval of prices, or that there is none."""
    return term("price.no_interval") if pd.isna(row["ci_low"]) else _ends(row, result)


def _shares(row: dict[str, Any]) -> str:
    if pd.isna(row["ci_low"]):
        return "–"
    return term("span", low=f"{100 * row['ci_low']:.0f}", high=f"{100 * row['ci_high']:.0f}")

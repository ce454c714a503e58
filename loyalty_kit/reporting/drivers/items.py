"""The questions of each driver: which one to mend, and how sure that is."""

from typing import Any

from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import level, number, percent, term, translate
from loyalty_kit.drivers.item_map import ItemMapResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, MUTED, ORANGE, canvas, drawable, label, name_rows, nothing
from loyalty_kit.reporting.drivers.names import ends
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

DRAWN = 3
"""Drivers whose questions are drawn; the table has all."""


@describes(ItemMapResult, "items")
def describe_items(result: ItemMapResult) -> Passage:
    """Say of each driver which question to mend first, or that none clearly comes first."""
    warnings = [Sentence(translate(text, result.labels), "warning") for text in result.warnings]
    if result.table.empty:
        return Passage([say("item_map.nothing"), *warnings])
    if not result.ranked:
        return Passage([say("item_map.unranked"), *warnings])
    return Passage([*(_of_driver(result, driver) for driver in result.places), *warnings])


@tabulates(ItemMapResult, "items")
def items_table(result: ItemMapResult) -> GT:
    """Lay out importance and performance of each item."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        question=[result.wordings[name] for name in table["item"]],
        percent=100 * table["share"],
        part=100 * table["within"],
        interval=span(100 * table["ci_low"], 100 * table["ci_high"], 0),
    )
    columns = {
        "label": "driver",
        "question": "question",
        "percent": "percent",
        "interval": "interval",
        "part": "within",
    }
    columns |= {"performance": "performance"} | ({"p_mend": "p_mend"} if result.ranked else {})
    return lay_out(
        shown,
        name="items",
        title=term("title.item_map"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["percent", "part", "performance"]} | ({2: ["p_mend"]} if result.ranked else {}),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@draws(ItemMapResult, "items")
def plot_items(result: ItemMapResult, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each item of the first drivers with its interval, the one to mend marked."""
    if result.table.empty:
        with canvas(ax, rows=1) as ax:
            return nothing(ax)
    rows = _rows(result)[::-1]
    with canvas(ax, rows=1.35 * len(rows)) as ax:
        for y, row in enumerate(rows):
            if "item" in row:
                colour, mark = (ORANGE, "D") if row["mend"] else (BLUE, "o")
                ax.hlines(y, 100 * row["ci_low"], 100 * row["ci_high"], color=colour, linewidth=2)
                ax.plot(100 * row["share"], y, mark, color=colour, markersize=6)
        ax.axvline(0, color=MUTED, linewidth=1)
        named = drawable([row["name"] for row in rows], [row.get("item", row["driver"]) for row in rows])
        name_rows(ax, named)
        # Whole questions stand above their intervals: beside these they would leave no room on a narrow screen.
        ax.tick_params(axis="y", labelleft=False)
        for y, (row, name) in enumerate(zip(rows, named, strict=True)):
            kind: dict[str, Any] = {"va": "bottom"} if "item" in row else {"va": "center", "fontweight": "bold"}
            place = (0.01, y + (0.16 if "item" in row else 0.0))
            ax.text(*place, name, transform=ax.get_yaxis_transform(), wrap=True, fontsize=9, **kind).set_in_layout(
                False
            )
        ax.set_xlabel(label("figure.item_map_x", level=level(result.confidence)))
        title = "figure.item_map" if len(result.places) <= DRAWN else "figure.item_map_first"
        ax.set_title(label(title, count=DRAWN), loc="left", fontweight="bold")
        return ax


def _rows(result: ItemMapResult) -> list[dict[str, Any]]:
    """Rows of the figure from above: each driver's name, then its items."""
    rows: list[dict[str, Any]] = []
    for driver in [*result.places][:DRAWN]:
        rows.append({"driver": driver, "name": result.labels.get(driver, driver)})
        for place, row in enumerate(records(result.of(driver))):
            said = label("figure.question", item=result.wordings[row["item"]], score=number(row["performance"], 0))
            mend = place == 0 and result.ranked and result.places[driver] == "mend"
            rows.append({**row, "name": said, "mend": mend})
    return rows


def _of_driver(result: ItemMapResult, driver: str) -> Sentence:
    place, row = result.places[driver], records(result.of(driver))[0]
    values = {
        "driver": result.labels.get(driver, driver),
        "item": result.wordings[row["item"]],
        "score": number(row["performance"], 0),
        "share": percent(row["share"]),
        "within": percent(row["within"]),
        "p": percent(0.0 if place == "single" else row["p_mend"]),
        **ends(row["ci_low"], row["ci_high"], result.confidence),
    }
    return say(f"item_map.{place}", **values)

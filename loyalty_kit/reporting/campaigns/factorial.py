"""Factorial designs: main effects and interactions in sentences, a table and a figure."""

from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.campaigns.design.factors import CROSS
from loyalty_kit.campaigns.factorial.factorial_result import FactorialResult
from loyalty_kit.core.language import in_a_row, level, number, probability, term, translate
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.campaigns.amounts import THOUSAND, amount, plain_name, size, unit
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, drawn, label, name_rows
from loyalty_kit.reporting.layout import headings, lay_out, p_values
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

NUMBERS = ("difference", "ci_low", "ci_high")


@describes(FactorialResult, "factorial")
def describe_factorial(factorial: FactorialResult) -> Passage:
    """Say of each metric what each factor does on average, and where that depends on another factor."""
    sentences: list[Sentence] = []
    for metric, rows in factorial.table.groupby("metric", sort=False):
        kind = factorial.kinds[str(metric)]
        main = rows[rows["effect"] == "main effect"]
        sentences += [_main(row, kind, factorial) for row in records(main)]
        sentences += _depends(rows[rows["effect"] == "interaction"], kind, factorial)
    count = int(factorial.table.groupby("metric").size().max())
    sentences.append(say("factorial.together", count=count, method=translate(factorial.method)))
    notes = dict.fromkeys(row["warning"] for row in records(factorial.table) if row["warning"] and row["way"] != "none")
    return Passage([*sentences, *map(Sentence, map(translate, notes))])


def _main(row: dict[str, Any], kind: str, factorial: FactorialResult) -> Sentence:
    """One main effect."""
    others = in_a_row([str(called(name)) for name in factorial.factors.names if name != row["factor"]])
    names = {"metric": plain_name(row["metric"]), "others": others}
    names |= _names(row)
    if row["way"] == "none":
        return say("factorial.no_interval", **names, why=translate(row["warning"]))
    change = row["difference"] if row["way"] == "unclear" else abs(row["difference"])
    values = {"difference": size(change, kind, _digits(row)), "span": _span(row, kind, factorial)}
    return say(f"factorial.{unit(kind)}_{row['way']}", **names, **values)


def _depends(rows: pd.DataFrame, kind: str, factorial: FactorialResult) -> list[Sentence]:
    """Interactions that are clear, one by one; the others in a sentence, and those that cannot be told, by reason."""
    clear = rows[rows["way"].isin(["up", "down"])]
    found = []
    for row in records(clear):
        values = {"difference": size(abs(row["difference"]), kind, _digits(row)), "span": _span(row, kind, factorial)}
        names = {"metric": plain_name(row["metric"]), "unit": term(f"factorial.{unit(kind)}")}
        names |= _names(row)
        found.append(say(f"factorial.interaction_{row['way']}", **names, **values))
    unclear = rows[rows["way"] == "unclear"]
    if len(unclear):
        told = in_a_row(f"{_names(row)['level']} ({probability(row['p_adjusted'])})" for row in records(unclear))
        found.append(say("factorial.no_interaction", metric=plain_name(rows["metric"].iloc[0]), pairs=told))
    untold: dict[str, list[str]] = {}
    for row in records(rows[rows["way"] == "none"]):
        untold.setdefault(translate(row["warning"]), []).append(_names(row)["level"])
    for why, pairs in untold.items():
        values = {"metric": plain_name(rows["metric"].iloc[0]), "pairs": in_a_row(pairs), "why": why}
        found.append(say("factorial.interaction_untold", **values))
    return found


@tabulates(FactorialResult, "factorial")
def factorial_table(factorial: FactorialResult) -> GT:
    """Lay out every main effect and interaction."""
    rows = records(factorial.table)
    kinds = [factorial.kinds[row["metric"]] for row in rows]
    shown = factorial.table.assign(
        group=[plain_name(row["metric"]) for row in rows],
        effect=[_name(row) for row in rows],
        n=[f"{row['n']:,}" for row in rows],
        change=[_written(row["difference"], kind) for row, kind in zip(rows, kinds, strict=True)],
        interval=[
            term("span", low=_written(row["ci_low"], kind), high=_written(row["ci_high"], kind))
            for row, kind in zip(rows, kinds, strict=True)
        ],
        p=p_values(factorial.table["p_adjusted"]),
        unit=[term("unit.points" if kind == "rate" else "unit.money") for kind in kinds],
        raw_n=factorial.table["n"],
        **{f"raw_{name}": [_factor(k) * row[name] for row, k in zip(rows, kinds, strict=True)] for name in NUMBERS},
    )
    columns = {"effect": "effect", "n": "customers", "change": "difference", "interval": "interval", "p": "p_adjusted"}
    return lay_out(
        shown,
        name="factorial",
        title=term("title.factorial"),
        labels=headings(columns, level=level(factorial.confidence)),
        group="group",
        note=term("note.factorial"),
        behind=Behind(
            {
                "n": "raw_n",
                "change": "raw_difference",
                "interval": ("raw_ci_low", "raw_ci_high"),
                "p": "p_adjusted",
            },
            row_units="unit",
            group=term("column.metric"),
        ),
    ).cols_align("right", ["n", "change", "interval", "p"])


@draws(FactorialResult, "factorial")
def plot_factorial(factorial: FactorialResult, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the main effects and interactions of one metric, the first where none is named."""
    chosen = next((one for one in factorial.metrics if one.name == metric), factorial.metrics[0])
    table = factorial.table[factorial.table["metric"] == chosen.name].iloc[::-1]
    good, bad = (ORANGE, BLUE) if chosen.better == "lower" else (BLUE, ORANGE)
    words = label("figure.points") if chosen.kind == "rate" else label("figure.money")
    with canvas(ax, rows=len(table)) as ax:
        for place, row in enumerate(records(table)):
            low, high, here = (_factor(chosen.kind) * row[name] for name in ("ci_low", "ci_high", "difference"))
            colour = {"up": good, "down": bad}.get(row["way"], MUTED)
            ax.plot([low, high], [place, place], color=colour, linewidth=2.5)
            ax.plot(here, place, "o" if row["effect"] == "main effect" else "D", color=colour, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        names = [_name(row) for row in records(table)]
        name_rows(ax, drawable(names, [f"effect {i}" for i in range(len(table), 0, -1)]))
        ax.set_xlabel(label("figure.interval_x", unit=words, level=level(factorial.confidence)))
        heading = label("figure.factorial", metric=plain_name(chosen.name, language=drawn()))
        ax.set_title(heading, loc="left", fontweight="bold")
        return ax


def _name(row: dict[str, Any]) -> str:
    return term("factorial.row", **_names(row))


def _names(row: dict[str, Any]) -> dict[str, str]:
    """Factor and levels of an effect as readers know them."""
    parts = {name: row[name].split(CROSS) for name in ("factor", "level", "versus")}
    return {name: CROSS.join(str(called(one)) for one in part) for name, part in parts.items()}


def _factor(kind: str) -> float:
    return 100.0 if kind == "rate" else float(THOUSAND)


def _written(value: float, kind: str) -> str:
    return "–" if np.isnan(value) else number(100 * value, 1) if kind == "rate" else amount(value)


def _digits(row: dict[str, Any]) -> int:
    """Digits with which an interval that excludes zero does not seem to reach it."""
    near = min(abs(row["ci_low"]), abs(row["ci_high"]))
    return 2 if row["way"] != "unclear" and round(100 * near, 1) == 0 else 1


def _span(row: dict[str, Any], kind: str, factorial: FactorialResult) -> str:
    digits = _digits(row)
    ends = {"low": size(row["ci_low"], kind, digits), "high": size(row["ci_high"], kind, digits)}
    return term("interval", level=level(factorial.confidence), n=f"{row['n']:,}", **ends)

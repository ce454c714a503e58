"""What a point more on each driver goes with."""

from typing import Any

import pandas as pd
from great_tables import GT

from loyalty_kit.core.language import level, number, term, translate
from loyalty_kit.drivers.lift import LiftResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.drivers.names import ends, names
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, tabulates


@describes(LiftResult, "lift")
def describe_lift(result: LiftResult) -> Passage:
    """Say of all customers and of each group what goes with a step on each driver that is clear, and which are not."""
    parts = [None, *result.groups]
    sentences = [sentence for group in parts for sentence in _of_group(result, group)]
    return Passage([*sentences, *(Sentence(translate(text, result.labels), "warning") for text in result.warnings)])


@tabulates(LiftResult, "lift")
def lift_table(result: LiftResult) -> GT:
    """Lay out what a step goes with, a block a group."""
    table = result.table
    whole = term("lift.all")
    called = [whole if pd.isna(group) else str(group) for group in table["group"]]
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        group=[term("verdict.group_n", group=group, n=n) for group, n in zip(called, table["n"], strict=True)],
        interval=span(table["ci_low"], table["ci_high"], 2),
    )
    columns = {"label": "driver", "change": "change_per_step", "interval": "interval"}
    return lay_out(
        shown,
        name="lift",
        title=term("title.lift"),
        labels=headings(columns, step=f"{result.step:g}", level=level(result.confidence)),
        decimals={2: ["change"]},
        group="group",
        behind=Behind({"interval": ("ci_low", "ci_high")}, group=term("column.group")),
    )


def _of_group(result: LiftResult, group: object) -> list[Sentence]:
    """Sentences about all, or about one group."""
    table = result.table
    rows = table[table["group"].isna() if group is None else table["group"] == group]
    outcome = result.labels.get(result.outcome, result.outcome)
    values: dict[str, Any] = {"outcome": outcome, "step": f"{result.step:g}", "n": int(rows["n"].iloc[0])}
    who = "all" if group is None else "group"
    named = {} if group is None else {"group": str(group)}
    told = [
        say(
            f"lift.{who}_clear",
            driver=result.labels.get(row["driver"], row["driver"]),
            change=number(row["change"]),
            **values,
            **named,
            **ends(row["ci_low"], row["ci_high"], result.confidence, points=True),
        )
        for row in records(rows[rows["clear"]])
    ]
    unclear = rows.loc[~rows["clear"], "driver"]
    if len(unclear):
        told.append(say(f"lift.{who}_unclear", drivers=names(unclear, result.labels), **values, **named))
    return told

"""Whether the drivers hold in other settings and in every group."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.errors import GroupsError
from loyalty_kit.core.language import level, probability, term, translate
from loyalty_kit.drivers.validation.robustness import AS_GIVEN, TOP, RobustnessResult
from loyalty_kit.drivers.validation.stability import DriverStabilityResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import canvas, drawable, heat, label, named
from loyalty_kit.reporting.drivers.names import names
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

CARELESS = {"careless left out": "careless_left_out", "careless kept": "careless_kept"}
"""Samples that the notebook sets beside the one analysed, with their key in the catalogue."""


@describes(RobustnessResult, "settings")
def describe_settings(result: RobustnessResult) -> Passage:
    """Say which drivers hold in every way to ask the question and which do not."""
    table, held = result.table, result.held
    settings, few = int(table["settings"].max()), len(table) <= TOP
    ending = "_of_few" if few else ""
    if held.any():
        steady = names(table.loc[held, "driver"], result.labels)
        sentences = [say(f"holds.robust{ending}", settings=settings, drivers=steady)]
    else:
        sentences = [say(f"holds.robust_none{ending}", settings=settings)]
    for row in records(table[~held]):
        values = {"driver": result.labels.get(row["driver"], row["driver"]), "settings": settings}
        values |= {"top": row["in_top3"], "sign": row["sign_holds"], "clear": row["clear"]}
        if few or row["in_top3"]:
            sentences.append(say(f"holds.fragile{ending}", **values))
        elif row["sign_holds"] < settings:
            sentences.append(say("holds.sign", **values))
    for name in result.repeated:
        sentences.append(say("holds.screened_none" if name in CARELESS else "holds.repeated", sample=_sample(name)))
    return Passage([*sentences, *(Sentence(translate(text, result.labels), "warning") for text in result.warnings)])


@describes(type(None), "stability")
def describe_no_groups(_: None) -> Passage:
    """Say that no group was named."""
    return Passage([Sentence(say("holds.groups_none"), "left_out")])


@describes(GroupsError, "stability")
def describe_refusal(error: GroupsError) -> Passage:
    """Say why groups were not compared."""
    return Passage([Sentence(say("holds.groups_refused", why=translate(error.message)), "warning")])


@describes(DriverStabilityResult, "stability")
def describe_stability(result: DriverStabilityResult) -> Passage:
    """Say whether the drivers work alike in every group."""
    p = probability(float(result.moderation.joint["p_value"]))
    sentences = [say(f"holds.groups_{'differ' if result.differ else 'same'}", by=result.by, p=p)]
    phrase = "holds.groups_driver" if result.differ else "holds.groups_hint"
    for row in records(result.different_drivers):
        name = result.labels.get(row["driver"], row["driver"])
        sentences.append(say(phrase, driver=name, p=probability(row["p_corrected"])))
    return Passage([*sentences, *(Sentence(translate(text, result.labels), "warning") for text in result.warnings)])


@tabulates(RobustnessResult, "settings")
def settings_table(result: RobustnessResult) -> GT:
    """In how many settings each driver stays among the top three and keeps its sign."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        ranks=[
            str(best) if best == worst else term("verdict.rank_range", best=best, worst=worst)
            for best, worst in table[["best_rank", "worst_rank"]].to_numpy()
        ],
    )
    columns = {
        "label": "driver",
        "settings": "settings",
        "in_top3": "in_top3",
        "sign_holds": "same_sign",
        "clear": "clear",
        "ranks": "ranks",
    }
    if len(table) <= TOP:
        del columns["in_top3"]
    rows = records(result.settings.drop_duplicates("setting"))
    listed = term("semicolon").join(
        term("verdict.setting", setting=row["setting"], choices=_choices(row)) for row in rows
    )
    note = term("note.robustness", settings=listed)
    return lay_out(
        shown,
        name="robustness",
        title=term("title.robustness"),
        labels=headings(columns),
        note=note,
        behind=Behind({"ranks": ("best_rank", "worst_rank")}),
    )


@tabulates(DriverStabilityResult, "stability")
def stability_table(result: DriverStabilityResult) -> GT:
    """Coefficient and share of each driver in every group."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        group=[term("verdict.group_n", group=group, n=n) for group, n in table[["group", "n"]].to_numpy()],
        interval=span(table["ci_low"], table["ci_high"], 2),
        percent=100 * table["share"],
    )
    columns = {
        "group": "group_of",
        "estimate": "coefficient",
        "interval": "interval",
        "percent": "percent",
        "rank": "rank",
    }
    labels = headings(columns, by=result.by, level=level(result.confidence))
    decimals = {2: ["estimate"], 0: ["percent", "rank"]}
    return lay_out(
        shown,
        name="stability",
        title=term("title.stability"),
        labels=labels,
        decimals=decimals,
        group="label",
        behind=Behind({"interval": ("ci_low", "ci_high")}, group=term("column.driver")),
    )


@draws(RobustnessResult, "settings")
def plot_settings(result: RobustnessResult, *, ax: Axes | None = None) -> Axes:
    """Draw each driver's rank in every way to ask the question."""
    table = result.settings.pivot(index="driver", columns="setting", values="rank")
    table = table.loc[table.mean(axis=1).sort_values(kind="stable").index]
    with canvas(ax, rows=1.1 * len(table)) as ax:
        heat(ax, table, limits=(1, len(table)), colours="Blues_r", digits=0)
        labels = drawable(named(table.index, result.labels), table.index)
        ax.set_yticks(np.arange(len(table)) + 0.5, labels, rotation=0)
        ax.set(xlabel=label("figure.robustness_x"), ylabel="")
        ax.set_title(label("figure.robustness"), loc="left", fontweight="bold")
        return ax


def _choices(row: Mapping[str, Any]) -> str:
    """Write out the choices of one setting."""
    sample = term("verdict.sample_all") if row["sample"] == AS_GIVEN else _sample(row["sample"])
    extra = [
        term(f"verdict.{name}")
        for name, there in (("weighted", row["weighted"]), ("with_controls", row["controls"]))
        if there
    ]
    return term("comma").join(
        [sample, *extra, term(f"verdict.model_{row['model']}"), term(f"verdict.method_{row['method']}")]
    )


def _sample(name: str) -> str:
    """Name of a sample: the catalogue's for those of the notebook, else the analyst's own."""
    return term(f"sample_name.{CARELESS[name]}") if name in CARELESS else name

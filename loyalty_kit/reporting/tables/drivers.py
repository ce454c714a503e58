"""Tables about loyalty drivers."""

from collections.abc import Mapping
from typing import Any

from great_tables import GT

from loyalty_kit.language import level, term
from loyalty_kit.language import translate as tell
from loyalty_kit.modelling.driver_result import DriverResult
from loyalty_kit.modelling.importance import ImportanceResult
from loyalty_kit.modelling.priority import PriorityResult
from loyalty_kit.modelling.robustness import AS_GIVEN, RobustnessResult
from loyalty_kit.modelling.stability import StabilityResult
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.tables.layout import headings, lay_out, p_values, span
from loyalty_kit.reporting.wording.drivers import TOP


def coefficients_table(model: DriverResult) -> GT:
    """Coefficient of each driver, plain and, where the data settle it, corrected."""
    table = model.to_frame()
    shown = table.assign(
        label=[model.labels.get(name, name) for name in table["driver"]],
        interval=span(table["ci_low"], table["ci_high"], 2),
        p=p_values(table["p_value"]),
    )
    columns = {
        "label": "driver",
        "estimate": "coefficient",
        "interval": "interval",
        "p": "p",
        "standardized": "standardized",
        "vif": "vif",
    }
    labels = headings(columns, level=level(model.confidence))
    if model.corrected is not None and model.correction_settled:
        corrected = model.corrected.set_index("driver").loc[table["driver"]].reset_index()
        shown = shown.assign(corrected=corrected["estimate"], wide=span(corrected["ci_low"], corrected["ci_high"], 2))
        labels |= headings({"corrected": "corrected", "wide": "corrected_interval"})
    method = tell(model.method)
    note = "note.coefficients" if "corrected" not in labels else "note.coefficients_corrected"
    return lay_out(
        shown,
        name="coefficients",
        title=term("title.coefficients"),
        labels=labels,
        decimals={2: [name for name in ("estimate", "standardized", "corrected") if name in labels], 1: ["vif"]},
        note=term(note, method=f"{method[0].upper()}{method[1:]}", n=model.n_used),
    )


def importance_table(result: ImportanceResult) -> GT:
    """Share and rank of each driver."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        interval=span(100 * table["ci_low"], 100 * table["ci_high"], 0),
        percent=100 * table["share"],
    )
    columns = {
        "label": "driver",
        "rank": "rank",
        "percent": "percent",
        "interval": "interval",
        "importance": "r_squared",
        "p_top3": "p_top3",
    }
    if len(table) <= TOP:
        del columns["p_top3"]
    labels = headings(columns, level=level(result.confidence))
    decimals = {0: ["percent"], 3: ["importance"]} | ({2: ["p_top3"]} if "p_top3" in columns else {})
    return lay_out(shown, name="importance", title=term("title.importance"), labels=labels, decimals=decimals)


def robustness_table(result: RobustnessResult) -> GT:
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
    return lay_out(shown, name="robustness", title=term("title.robustness"), labels=headings(columns), note=note)


def _choices(row: Mapping[str, Any]) -> str:
    """Write out the choices of one setting."""
    sample = term("verdict.sample_all") if row["sample"] == AS_GIVEN else tell(row["sample"])
    extra = [
        term(f"verdict.{name}")
        for name, there in (("weighted", row["weighted"]), ("with_controls", row["controls"]))
        if there
    ]
    return term("comma").join(
        [sample, *extra, term(f"verdict.model_{row['model']}"), term(f"verdict.method_{row['method']}")]
    )


def priorities_table(result: PriorityResult) -> GT:
    """Lay out importance, performance and expected change of each driver."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        quadrant=[term(f"quadrant.{place.replace(' ', '_')}") for place in table["quadrant"]],
        percent=100 * table["share"],
        interval=span(table["change_ci_low"], table["change_ci_high"], 2),
    )
    columns = {
        "label": "driver",
        "quadrant": "place",
        "p_act_first": "p_act_first",
        "percent": "percent",
        "performance": "performance",
        "expected_change": "step",
        "interval": "interval",
    }
    labels = headings(columns, step=f"{result.step:g}", level=level(result.confidence))
    decimals = {0: ["percent"], 1: ["performance"], 2: ["expected_change", "p_act_first"]}
    if table["change_per_cost"].notna().any():
        labels |= headings({"change_per_cost": "change_per_cost"})
        decimals[3] = ["change_per_cost"]
    return lay_out(shown, name="priorities", title=term("title.priorities"), labels=labels, decimals=decimals)


def stability_table(result: StabilityResult) -> GT:
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
    decimals = {2: ["estimate"], 0: ["percent"]}
    return lay_out(
        shown, name="stability", title=term("title.stability"), labels=labels, decimals=decimals, group="label"
    )

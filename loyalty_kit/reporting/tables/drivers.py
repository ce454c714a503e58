"""Tables about loyalty drivers."""

from great_tables import GT

from loyalty_kit.modelling.driver_result import DriverResult
from loyalty_kit.modelling.importance import ImportanceResult
from loyalty_kit.modelling.priority import PriorityResult
from loyalty_kit.modelling.robustness import RobustnessResult
from loyalty_kit.modelling.stability import StabilityResult
from loyalty_kit.reporting.tables.layout import lay_out, span


def coefficients_table(model: DriverResult) -> GT:
    """Coefficient of each driver, plain and, where reliabilities were given, corrected."""
    table = model.to_frame()
    shown = table.assign(
        label=[model.labels.get(name, name) for name in table["driver"]],
        interval=span(table["ci_low"], table["ci_high"], 2),
        p=["< .001" if p < 0.001 else f"{p:.3f}" for p in table["p_value"]],
    )
    labels = {
        "label": "Driver",
        "estimate": "Coefficient",
        "interval": f"{100 * model.confidence:g} % interval",
        "p": "p",
        "standardized": "Standardized",
        "vif": "VIF",
    }
    decimals = {2: ["estimate", "standardized"], 1: ["vif"]}
    if model.corrected is not None:
        corrected = model.corrected.set_index("driver").loc[table["driver"]].reset_index()
        shown = shown.assign(corrected=corrected["estimate"], wide=span(corrected["ci_low"], corrected["ci_high"], 2))
        labels |= {"corrected": "Corrected", "wide": "Its interval"}
        decimals[2].append("corrected")
    return lay_out(
        shown,
        name="coefficients",
        title="Coefficients of the drivers",
        labels=labels,
        decimals={
            2: [name for name in ("estimate", "standardized", "corrected") if name in labels],
            1: ["vif"],
            3: ["p_value"],
        },
        note=f"{model.method[0].upper()}{model.method[1:]}. n = {model.n_used}. "
        + ("Corrected: measurement error taken out. " if model.corrected is not None else "")
        + "VIF: how much overlap with the other drivers inflates the variance.",
    )


def importance_table(result: ImportanceResult) -> GT:
    """Share and rank of each driver."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        interval=span(100 * table["ci_low"], 100 * table["ci_high"], 0),
        percent=100 * table["share"],
    )
    labels = {
        "label": "Driver",
        "rank": "Rank",
        "percent": "Share, %",
        "interval": f"{100 * result.confidence:g} % interval",
        "importance": "In units of R²",
        "p_top3": "P(top 3)",
    }
    decimals = {0: ["percent"], 3: ["importance"], 2: ["p_top3"]}
    return lay_out(shown, name="importance", title="Importance", labels=labels, decimals=decimals)


def robustness_table(result: RobustnessResult) -> GT:
    """In how many settings each driver stays among the top three and keeps its sign."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        ranks=[f"{best} to {worst}" for best, worst in table[["best_rank", "worst_rank"]].to_numpy()],
    )
    labels = {
        "label": "Driver",
        "settings": "Settings",
        "in_top3": "Among top 3",
        "sign_holds": "Same sign",
        "clear": "Interval excludes 0",
        "ranks": "Ranks",
    }
    settings = result.settings.drop_duplicates("setting")
    listed = "; ".join(
        f"{row['setting']}: {row['sample']}{', weighted' if row['weighted'] else ''}"
        f"{', with controls' if row['controls'] else ''}, {row['model']}, {str(row['method']).replace('_', ' ')}"
        for row in settings.to_dict("records")
    )
    return lay_out(shown, name="robustness", title="Does it hold?", labels=labels, note=f"Settings: {listed}.")


def priorities_table(result: PriorityResult) -> GT:
    """Lay out importance, performance and expected change of each driver."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        percent=100 * table["share"],
        interval=span(table["change_ci_low"], table["change_ci_high"], 2),
    )
    labels = {
        "label": "Driver",
        "quadrant": "Place",
        "p_act_first": "P(act first)",
        "percent": "Share, %",
        "performance": "Mean score",
        "expected_change": f"Change for +{result.step:g}",
        "interval": f"{100 * result.confidence:g} % interval",
    }
    decimals = {0: ["percent"], 1: ["performance"], 2: ["expected_change", "p_act_first"]}
    if table["change_per_cost"].notna().any():
        labels["change_per_cost"] = "Change per unit of cost"
        decimals[3] = ["change_per_cost"]
    return lay_out(shown, name="priorities", title="Where to act", labels=labels, decimals=decimals)


def stability_table(result: StabilityResult) -> GT:
    """Coefficient and share of each driver in every group."""
    table = result.table
    shown = table.assign(
        label=[result.labels.get(name, name) for name in table["driver"]],
        group=[f"{group} (n = {n})" for group, n in table[["group", "n"]].to_numpy()],
        interval=span(table["ci_low"], table["ci_high"], 2),
        percent=100 * table["share"],
    )
    labels = {
        "group": f"Group of {result.by}",
        "estimate": "Coefficient",
        "interval": f"{100 * result.confidence:g} % interval",
        "percent": "Share, %",
        "rank": "Rank",
    }
    decimals = {2: ["estimate"], 0: ["percent"]}
    return lay_out(shown, name="stability", title="Drivers by group", labels=labels, decimals=decimals, group="label")

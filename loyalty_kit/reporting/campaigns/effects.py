"""What a campaign did: effects over all customers, in segments, and whether they can be believed."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.effects.effects_result import ALL, BOUNDS, BY_UNITS, INSTEAD, PERMUTATION, EffectsResult
from loyalty_kit.campaigns.factorial.factorial_result import FactorialResult
from loyalty_kit.campaigns.planning.decisions import gain_density
from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.language import in_a_row, level, number, percent, probability, term, translate
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.campaigns.amounts import (
    THOUSAND,
    amount,
    plain_name,
    results_in_a_row,
    size,
    span,
    unit,
)
from loyalty_kit.reporting.campaigns.assignment import COLOURS, arm_names, colour_places, thousands
from loyalty_kit.reporting.campaigns.factorial import describe_factorial
from loyalty_kit.reporting.campaigns.guardrails import describe_guardrails
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, drawn, label, name_rows
from loyalty_kit.reporting.layout import headings, lay_out, p_values
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

LEVEL_OF_TESTS = 0.05
ENDS = [("difference", "difference"), ("ci_low", "low"), ("ci_high", "high")]
IN_SEGMENTS = ("rate", "profit")
"""Kinds of metrics that are shown in segments."""


@describes(EffectsResult, "effects")
def describe_effects(effects: EffectsResult) -> Passage:
    """Say of each metric and arm by how much it differs from control."""
    table, kinds = effects.overall, effects.kinds
    sentences = [_effect(row, kinds[row["metric"]], effects) for row in records(table)]
    if table["together"].any():
        sentences.append(say("effects.together", count=table["arm"].nunique()))
    replaced = table[table["procedure"] == PERMUTATION]
    if len(replaced):
        sentences.append(say("effects.permuted", rows=results_in_a_row(replaced)))
    if (table["procedure"] == BY_UNITS).any():
        sentences.append(say("effects.by_lot", units=translate(effects.unit)))
    crossed = describe_factorial(effects.factorial) if isinstance(effects.factorial, FactorialResult) else []
    kept = describe_guardrails(effects.guardrails) if effects.guardrails else []
    return Passage([*crossed, *sentences, *kept, *map(Sentence, map(translate, effects.warnings))])


@describes(EffectsResult, "segments")
def describe_segments(effects: EffectsResult) -> Passage:
    """Say whether the effect differs between segments, and in which it is clear."""
    cells = effects.shown_cells
    tests = effects.interactions.drop_duplicates(["metric", "arm", "by"])
    if tests.empty:
        return Passage([Sentence(say("segments.none"), "left_out")])
    kinds: dict[Any, str] = {name: kind for name, kind in effects.kinds.items() if kind in IN_SEGMENTS}
    tests = tests[tests["metric"].isin(list(kinds))].dropna(subset=["p_adjusted"])
    sentences = []
    for (metric, by), rows in tests.groupby(["metric", "by"], sort=False):
        own = cells[(cells["metric"] == metric) & (cells["by"] == by)]
        sentences += _interaction(str(metric), by, rows, own, kinds[metric])
    hidden = [say("segments.hidden", min_cell=effects.min_cell)] if effects.hides_cells else []
    return Passage([*sentences, *hidden])


@describes(EffectsResult, "trust")
def describe_trust(effects: EffectsResult) -> Passage:
    """Say how the results were tried and which keep their promise."""
    trust, table = _tried(effects), effects.trusted
    permuted = table[table["believable"].isin(INSTEAD)]
    never = table[table["believable"] == "no"]
    sentences = [say("belief.how", method=translate(trust.method), nominal=percent(trust.nominal, 1))]
    drawn_anew = effects.table.loc[effects.table["procedure"] == BY_UNITS, "by"]
    if len(drawn_anew):
        case = "by_lot" if (drawn_anew == ALL).any() else "by_lot_cells"
        sentences.append(say(f"belief.{case}", units=translate(effects.unit)))
    elif len(permuted):
        whole = permuted[permuted["by"] == ALL]
        case = "permuted" if len(whole) else "permuted_cells"
        rows = results_in_a_row(whole)
        sentences.append(say(f"belief.{case}", count=len(permuted), total=len(table), rows=rows))
    elif never.empty:
        sentences.append(say("belief.all"))
    lost = [Sentence(say("belief.none", rows=results_in_a_row(never)), "warning")] if len(never) else []
    return Passage([*lost, *sentences])


@tabulates(EffectsResult, "effects")
def effects_table(effects: EffectsResult) -> GT:
    """Difference of each arm from control, the first estimate of each metric."""
    shown = _written(effects.overall, effects)
    columns = {
        "arm": "arm",
        "n": "customers",
        "control": "in_control",
        "treatment": "in_arm",
        "difference": "difference",
        "interval": "interval",
        "lift": "lift",
        "p": "p",
    }
    labels = headings(columns, control=effects.control, level=level(effects.confidence))
    methods = term("semicolon").join(map(translate, dict.fromkeys(shown["method"])))
    return lay_out(
        shown,
        name="effects",
        title=term("title.effects"),
        labels=labels,
        group="group",
        note=term("note.effects", control=effects.control, methods=methods),
        behind=_behind("n", "control", "treatment", "lift"),
    ).cols_align("right", [name for name in labels if name != "arm"])


@tabulates(EffectsResult, "segments")
def segments_table(effects: EffectsResult) -> GT | None:
    """Difference in every segment that may be shown; none without segments."""
    if (effects.table["by"] == ALL).all():
        return None
    chosen = [name for name, kind in effects.kinds.items() if kind in IN_SEGMENTS]
    table = effects.shown_cells
    shown = _written(table[table["metric"].isin(chosen)], effects)
    shown = shown.assign(
        group=[
            term("verdict.metric_arm", metric=plain_name(metric), arm=arm)
            for metric, arm in shown[["metric", "arm"]].to_numpy()
        ],
        cell=[term("verdict.segment", by=by, level=cell) for by, cell in shown[["by", "level"]].to_numpy()],
    ).sort_values("group", kind="stable", key=lambda groups: groups.map(list(dict.fromkeys(groups)).index))
    columns = {
        "cell": "segment",
        "n": "customers",
        "difference": "difference",
        "interval": "interval",
        "p": "p_adjusted",
        "by_permutation": "method",
    }
    return lay_out(
        shown,
        name="segments",
        title=term("title.segments"),
        labels=headings(columns, level=level(effects.confidence)),
        group="group",
        note=term("note.segments"),
        behind=_behind("n"),
    ).cols_align("right", ["n", "difference", "interval", "p"])


@tabulates(EffectsResult, "trust")
def trust_table(effects: EffectsResult) -> GT:
    """Whether each result can be believed, with the false alarms of the ordinary method."""
    trust, table = _tried(effects), effects.trusted
    case = "trust_by_lot" if (effects.table["procedure"] == BY_UNITS).any() else "trust"
    units = translate(effects.unit)
    shown = table.assign(
        group=table["metric"].map(plain_name),
        result=[
            term("verdict.all_customers", arm=arm)
            if by == ALL
            else term("verdict.in_segment", arm=arm, by=by, level=cell)
            for arm, by, cell in table[["arm", "by", "level"]].to_numpy()
        ],
        believable=[term(f"verdict.believable_{verdict.replace(' ', '_')}") for verdict in table["believable"]],
        better=[percent(rate, 1) for rate in table["false_better"]],
        worse=[percent(rate, 1) for rate in table["false_worse"]],
    )
    columns = {
        "result": "result",
        "believable": "believable",
        "better": "false_better",
        "worse": "false_worse",
        "nonzero_control": "above_zero",
    }
    return lay_out(
        shown,
        name="trust",
        title=term("title.trust"),
        labels=headings(columns, control=effects.control),
        group="group",
        note=term(f"note.{case}", method=translate(trust.method), nominal=percent(trust.nominal, 1), units=units),
        behind=Behind(
            {"better": "false_better", "worse": "false_worse"},
            shares=["better", "worse"],
            group=term("column.metric"),
        ),
    ).cols_align("right", ["better", "worse", "nonzero_control"])


@draws(EffectsResult, "effects")
def plot_effects(effects: EffectsResult, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw each arm's difference from control with its interval, of one metric; the first where none is named."""
    chosen = metric_of(effects.metrics, metric)
    table = effects.overall[effects.overall["metric"] == chosen.name]
    return _forest(table, [str(called(arm)) for arm in table["arm"]], chosen, effects, "effects", ax)


@draws(EffectsResult, "segments")
def plot_segments(effects: EffectsResult, *, metric: str | None = None, ax: Axes | None = None) -> Axes | None:
    """Draw each arm's difference from control in every segment that may be shown; nothing without segments."""
    if (effects.table["by"] == ALL).all():
        return None
    chosen, table = metric_of(effects.metrics, metric), effects.shown_cells
    table = table[table["metric"] == chosen.name]
    table = table.sort_values("arm", kind="stable", key=lambda arms: arms.map(list(dict.fromkeys(arms)).index))
    names = [label("figure.segment", **row) for row in records(table[["arm", "by", "level"]])]
    return _forest(table, names, chosen, effects, "segments", ax)


@draws(EffectsResult, "gain")
def plot_gain(effects: EffectsResult, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what each arm gains per 1,000 customers, each value as probable as the data make it; profit by itself."""
    profits = [one for one in effects.metrics if one.kind == "profit"] or list(effects.metrics)
    name = metric_of(effects.metrics if metric else profits, metric).name
    table = effects.overall
    table = table[(table["metric"] == name) & (table["standard_error"] > 0)]
    gains = THOUSAND * table[["difference", "standard_error"]].to_numpy(dtype=float)
    low, high = (gains[:, 0] - 4 * gains[:, 1]).min(initial=0.0), (gains[:, 0] + 4 * gains[:, 1]).max(initial=0.0)
    grid = np.linspace(low, high, 400)
    densities = gain_density(effects, metric=name, grid=grid / THOUSAND)
    with canvas(ax, rows=6) as ax:
        for i, shown, arm in zip(colour_places(table["arm"]), arm_names(table["arm"]), table["arm"], strict=True):
            colour, density = COLOURS[i], densities[arm]
            ax.plot(grid, density, color=colour, linewidth=2, linestyle=("-", "--", "-.", ":")[i], label=shown)
            ax.fill_between(grid, density, where=grid >= 0, color=colour, alpha=0.25, linewidth=0)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        ax.xaxis.set_major_formatter(thousands)
        ax.set_yticks([])
        ax.set_ylim(bottom=0)
        if len(table):
            ax.legend(frameon=False)
        ax.set_xlabel(label("figure.profit_x"))
        ax.set_title(label("figure.profit"), loc="left", fontweight="bold")
        return ax


def metric_of(metrics: Sequence[Metric], name: str | None) -> Metric:
    """Metric of that name, the first where none is given."""
    if name is None:
        return metrics[0]
    check_choice(name, "metric", [metric.name for metric in metrics])
    return next(metric for metric in metrics if metric.name == name)


def axis_unit(metric: Metric) -> tuple[float, str]:
    """Factor and name of a metric's unit on an axis."""
    return (100.0, label("figure.points")) if metric.kind == "rate" else (float(THOUSAND), label("figure.money"))


def _tried(effects: EffectsResult) -> Any:
    if effects.trust is None:
        raise InputError("These effects were evaluated without placebo campaigns; give evaluate() a trust.")
    return effects.trust


def _effect(row: dict[str, Any], kind: str, effects: EffectsResult) -> Sentence:
    names = {"metric": plain_name(row["metric"]), "arm": row["arm"], "reference": effects.control}
    way = row["way"]
    if way == "none":
        return say("effects.no_interval", **names, why=translate(row["warning"]))
    if row["procedure"] == BOUNDS:
        values = {name: size(row[name], kind) for name in ("bound_low", "bound_high")}
        return say(f"effects.{unit(kind)}_bounds_{way}", **names, **values, span=span(row, effects, kind))
    change = row["difference"] if way == "unclear" else abs(row["difference"])
    # An interval that excludes zero must not seem to reach it.
    near = min(abs(row["ci_low"]), abs(row["ci_high"]))
    digits = 2 if way != "unclear" and round(100 * near, 1) == 0 else 1
    values = {"difference": size(change, kind, digits), "span": span(row, effects, kind, digits)}
    ends = {name: percent(row[name], 1) for name in ("control", "treatment")}
    return say(f"effects.{unit(kind)}_{way}", **names, **values, **ends)


def _interaction(metric: str, by: Any, tests: pd.DataFrame, cells: pd.DataFrame, kind: str) -> list[Sentence]:
    """Whether the arms' effects on a metric differ between the levels of a column, and how."""
    differ = tests["p_adjusted"] < LEVEL_OF_TESTS
    values: dict[str, Any] = {"metric": plain_name(metric), "by": by}
    if not differ.any():
        arms = term("comma").join(
            f"{called(row['arm'])} {probability(row['p_adjusted'])}".replace(" ", "\N{NO-BREAK SPACE}")
            for row in records(tests)
        )
        return [say("segments.same", arms=arms, **values)]
    values["unit"] = term("segments." + unit(kind))
    return [
        say(
            "segments.differ",
            arm=row["arm"],
            p=probability(row["p_adjusted"]),
            cells=_cells(cells[cells["arm"] == row["arm"]], kind),
            **values,
        )
        for row in records(tests[differ])
    ]


def _cells(cells: pd.DataFrame, kind: str) -> str:
    """Effect in each level, with its interval."""
    if cells.empty:
        return term("segments.hidden_all")
    return in_a_row(
        term(
            "segments.cell", by=row["by"], level=row["level"], **{end: size(row[column], kind) for column, end in ENDS}
        )
        for row in records(cells)
    )


def _written(table: pd.DataFrame, effects: EffectsResult) -> pd.DataFrame:
    """Numbers of effects as text, each in its metric's unit."""
    rate = table["metric"].map(effects.kinds) == "rate"
    pairs = [
        ["–" if pd.isna(value) else number(100 * value, 1) if is_rate else amount(value) for value in values]
        for is_rate, values in zip(
            rate, table[["control", "treatment", "difference", "ci_low", "ci_high"]].to_numpy(dtype=float), strict=True
        )
    ]
    names = ["control", "treatment", "difference", "low", "high"]
    factors = np.where(rate, 100, THOUSAND)
    behind = {"raw_n": table["n"], "raw_lift": table["lift"]} | {
        f"raw_{name}": factors * table[column].astype(float)
        for name, column in zip(names, ("control", "treatment", "difference", "ci_low", "ci_high"), strict=True)
    }
    written = pd.DataFrame(pairs, columns=names, index=table.index)
    ends = [
        [size(value, "rate" if is_rate else "money") for value in values]
        for is_rate, values in zip(rate, table[["bound_low", "bound_high"]].to_numpy(dtype=float), strict=True)
    ]
    open_ = (table["procedure"] == BOUNDS).to_numpy()
    ranges = [term("span", low=low, high=high) for low, high in ends]
    written["difference"] = written["difference"].where(~open_, pd.Series(ranges, index=table.index, dtype=object))
    return table.assign(
        group=table["metric"].map(plain_name),
        **{name: written[name] for name in names[:3]},
        n=[f"{n:,}" for n in table["n"]],
        interval=[
            "–" if low == "–" else term("span", low=low, high=high)
            for low, high in zip(written["low"], written["high"], strict=True)
        ],
        lift=["–" if pd.isna(lift) else percent(lift, 1) for lift in table["lift"]],
        p=p_values(table["p_adjusted"]),
        by_permutation=[term(f"verdict.{procedure.replace(' ', '_')}") for procedure in table["procedure"]],
        unit=[term("unit.points" if is_rate else "unit.money") for is_rate in rate],
        **behind,
    )


def _behind(*names: str) -> Behind:
    """Numbers behind `_written`, in the unit of each row."""
    raw: dict[str, str | tuple[str, str]] = {name: f"raw_{name}" for name in (*names, "difference")}
    raw |= {"interval": ("raw_low", "raw_high"), "p": "p_adjusted"}
    return Behind(raw, shares=["lift"], row_units="unit", group=term("column.metric"))


def _forest(
    table: pd.DataFrame,
    names: list[str],
    metric: Metric,
    effects: EffectsResult,
    title: Literal["effects", "segments"],
    ax: Axes | None,
) -> Axes:
    """Differences with intervals, the first row on top; grey where the interval holds zero."""
    factor, words = axis_unit(metric)
    values = factor * table[["difference", "ci_low", "ci_high"]].to_numpy(dtype=float)[::-1]
    good, bad = (ORANGE, BLUE) if metric.better == "lower" else (BLUE, ORANGE)
    with canvas(ax, rows=len(table)) as ax:
        for row, ((difference, low, high), way) in enumerate(zip(values, table["way"][::-1], strict=True)):
            colour = {"up": good, "down": bad}.get(way, MUTED)
            ax.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="round")
            ax.plot(difference, row, "o", color=colour, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        name_rows(ax, drawable(names, table["arm"])[::-1])
        if factor == THOUSAND:
            ax.xaxis.set_major_formatter(thousands)
        ax.set_xlabel(label("figure.interval_x", unit=words, level=level(effects.confidence)))
        heading = label(f"figure.{title}", metric=plain_name(metric.name, language=drawn()), control=effects.control)
        ax.set_title(heading, loc="left", fontweight="bold")
        return ax

"""The comparability of groups: what decides it, how narrowly, and what could not be examined."""

from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.errors import GroupsError
from loyalty_kit.core.language import in_a_row, level, number, percent, probability, term, translate
from loyalty_kit.core.messages import figure
from loyalty_kit.measurement.chance.limits import POWERFUL, WEAKER
from loyalty_kit.measurement.invariance.invariance import InvarianceResult
from loyalty_kit.measurement.invariance.verdict import Decision
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, ORANGE, canvas, drawn, label
from loyalty_kit.reporting.layout import headings, lay_out, p_values
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.reporting.survey.sample import warned
from loyalty_kit.reporting.verbs import describes, draws, tabulates


@describes(type(None), "invariance")
@describes(GroupsError, "invariance")
def describe_unexamined(result: GroupsError | None) -> Passage:
    """Say why comparability was not examined."""
    told = comparability(result)
    return Passage([Sentence(told[0], "left_out")] if result is None else told)


@describes(InvarianceResult, "invariance")
def describe_invariance(result: InvarianceResult) -> Passage:
    """Say whether groups may be compared and, where they may, how they differ, or why that was not examined."""
    last = warned(result.doubts)
    dropped = [say("invariance.sample", n=result.n_used, dropped=result.n_dropped)] if result.n_dropped else []
    if result.obstacle:
        return Passage([Sentence(_unexamined(result), "warning"), *dropped, *last])
    sentences = [Sentence(translate(result.verdict), "plain" if result.comparable else "warning")]
    sentences += [*_chance(result), *dropped]
    freed = result.items.loc[result.items["freed"].astype(bool), "item"].unique()
    if len(freed):
        sentences.append(say("invariance.freed", items=in_a_row(freed)))
    for row in result.latent_means.dropna(subset=["ci_low"]).to_dict("records"):
        sentences.append(_difference(row, result))
    return Passage([*sentences, *last])


@tabulates(InvarianceResult, "levels")
def levels_table(result: InvarianceResult) -> GT:
    """Levels of equality over groups, those with items set free below."""
    levels = pd.concat([result.levels, result.partial], ignore_index=True)
    levels = levels.assign(**{name: _leading(levels, name) for name in ("chi2", "cfi", "rmsea")})
    freed = levels["freed"] if "freed" in levels else pd.Series(None, index=levels.index, dtype=object)
    holds = ["–" if pd.isna(value) else term("verdict.yes" if value else "verdict.no") for value in levels["holds"]]
    steps = [term(f"verdict.{name.replace(' ', '_')}") for name in levels["level"]]
    names = [
        term("verdict.freed", level=step, items=items) if isinstance(items, str) and items else step
        for step, items in zip(steps, freed, strict=True)
    ]
    shown = levels.assign(
        level=names, holds=holds, p_change=p_values(levels["p_change"]), raw_p_change=levels["p_change"]
    )
    columns = {
        "level": "equality",
        "holds": "holds",
        "chi2": "chi2",
        "df": "df",
        "cfi": "cfi",
        "cfi_change": "cfi_change",
        "cfi_limit": "limit",
        "rmsea": "rmsea",
        "rmsea_change": "rmsea_change",
        "rmsea_limit": "limit",
        "p_change": "p_change",
    }
    changes = ["cfi", "cfi_change", "rmsea", "rmsea_change"]
    limits = ["cfi_limit", "rmsea_limit"]
    return lay_out(
        shown.astype({name: float for name in [*changes, *limits]}),
        name="invariance",
        title=term("title.invariance"),
        labels=headings(columns),
        decimals={3: ["cfi", "rmsea"], 4: ["cfi_change", "rmsea_change", *limits], 1: ["chi2"]},
        note=term("note.invariance", method=translate(result.method), groups=_sizes(result)),
        behind=Behind({"p_change": "raw_p_change"}),
    )


def _leading(levels: pd.DataFrame, name: str) -> pd.Series:
    """Robust figures that levels are judged by, else scaled ones, where the estimator has them."""
    return levels[next(f"{name}{kind}" for kind in ("_robust", "_scaled", "") if f"{name}{kind}" in levels)]


@draws(InvarianceResult, "levels")
def plot_levels(result: InvarianceResult, *, ax: Axes | None = None) -> Axes:
    """Draw what each step of equality over groups costs in fit."""
    # A level that could not be examined has its place and no bar.
    steps = result.levels.iloc[1:].iloc[::-1].fillna({"cfi_change": 0.0, "rmsea_change": 0.0})
    with canvas(ax, rows=1.6 * len(steps)) as ax:
        for shift, column, colour in ((0.2, "cfi_change", BLUE), (-0.2, "rmsea_change", ORANGE)):
            place, name = np.arange(len(steps)) + shift, label(f"figure.{column}")
            ax.barh(place, steps[column], height=0.32, color=colour, label=name)
            told = label("figure.limit") if column == "rmsea_change" else None
            ends = steps[column.replace("change", "limit")]
            ax.plot(ends, place, "|", color=INK, markersize=13, markeredgewidth=1.6, label=told)
        ax.axvline(0, color=INK, linewidth=1)
        ax.set_yticks(range(len(steps)), [_outcome(str(row.level), row.holds) for row in steps.itertuples()])
        ax.set_xlabel(label("figure.invariance_x"))
        ax.set_title(label("figure.invariance"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


def comparability(groups: InvarianceResult | GroupsError | None, *, settled: bool = True) -> list[Sentence]:
    """Whether groups may be compared, in one sentence and a second where there is reserve."""
    if groups is None:
        return [say("structure.groups_none")]
    if isinstance(groups, GroupsError):
        return [Sentence(say("structure.groups_refused", why=translate(groups.message)), "warning")]
    if not settled:
        return [say("structure.groups_keying")]
    if groups.decision is None:
        return [_unexamined(groups)]
    case = "no" if not groups.comparable else "part" if len(groups.partial) else "yes"
    reserve = translate(groups.reserve) if groups.reserve else ""
    figures = _change_in_words(groups.decision)
    first = say(f"structure.groups_{case}", group=groups.by, figures=figures, reserve=reserve)
    doubted = groups.comparable and groups.doubts
    return [first, *([say("structure.groups_doubt", why=translate(groups.doubts[0]))] if doubted else [])]


def _chance(result: InvarianceResult) -> list[Sentence]:
    """How often the limits refuse groups that are alike, and how often they see a difference."""
    found = result.chance
    if found is None:
        return []
    case = "chance" if found.power >= POWERFUL else "chance_weak"
    shares = {"error": percent(found.error), "power": percent(found.power)}
    return [say(f"invariance.{case}", difference=f"{WEAKER:.1f}", draws=found.draws, **shares)]


def _difference(row: dict[Any, Any], result: InvarianceResult) -> Sentence:
    """Latent mean of a group against the first one's."""
    unclear = row["ci_low"] <= 0 <= row["ci_high"]
    # Told as so much below, estimate and interval change sign together.
    sign = -1 if row["ci_high"] < 0 else 1
    low, high = sorted((sign * row["ci_low"], sign * row["ci_high"]))
    reference = _called(result.groups.index[0], result)
    names = {"scale": result.codebook.label(row["scale"]), "reference": reference}
    names["group"] = _called(row["group"], result)
    ends = {"difference": number(sign * row["estimate"]), "low": number(low), "high": number(high)}
    direction = say("invariance.above" if row["estimate"] > 0 else "invariance.below")
    phrase = "invariance.mean_unclear" if unclear else "invariance.mean"
    return say(phrase, direction=direction, level=level(result.confidence), **names, **ends)


def _unexamined(result: InvarianceResult) -> Sentence:
    return say("structure.groups_unexamined", group=result.by, why=translate(result.obstacle), sizes=_sizes(result))


def _sizes(result: InvarianceResult) -> str:
    return term("comma").join(
        term("verdict.group_size", group=_called(name, result), n=n) for name, n in result.groups.items()
    )


def _called(name: object, result: InvarianceResult) -> str:
    """Name of a group; of an option that is chosen or not, the word for it."""
    ticked = {"1": "verdict.chosen", "0": "verdict.not_chosen"} if result.group in result.codebook.tick_labels else {}
    return term(ticked[str(name)]) if str(name) in ticked else str(name)


def _change_in_words(found: Decision) -> str:
    """Write the figures that decide, with digits enough to tell them from their limits."""
    changes = {"cfi": figure(found.cfi_change, "+.4f"), "rmsea": figure(found.rmsea_change, "+.4f")}
    limits = {"cfi_limit": figure(-found.limit.cfi_fall, "+.4f"), "rmsea_limit": figure(found.limit.rmsea_rise, "+.4f")}
    step = term(f"verdict.{found.level}")
    return term("structure.change", step=step, p=probability(found.p_change), **changes, **limits)


def _outcome(step: str, holds: Any) -> str:
    name = term(f"verdict.{step}", language=drawn())
    if pd.isna(holds):
        return label("figure.not_examined", level=name)
    return label("figure.holds" if holds else "figure.fails", level=name)

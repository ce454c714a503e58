"""The driver model: its sample, its coefficients, what its checks found, and whether it predicts."""

from typing import Any

from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import level, number, percent, probability, term, translate
from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.validation.validation import ValidationResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, ORANGE, canvas, drawable, label, name_rows, named
from loyalty_kit.reporting.drivers.names import ends, names
from loyalty_kit.reporting.layout import headings, lay_out, p_values, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.survey.sample import small_sample
from loyalty_kit.reporting.verbs import describes, draws, tabulates


@describes(DriverResult, "coefficients")
def describe_coefficients(model: DriverResult) -> Passage:
    """Say which coefficients stand out, and what the checks of the model found."""
    table = model.to_frame()
    groups = {"up": table["ci_low"] > 0, "down": table["ci_high"] < 0}
    clear = groups["up"] | groups["down"]
    outcome = model.labels.get(model.outcome, model.outcome)
    sentences = [
        say(f"model.clear_{way}", outcome=outcome, drivers=names(table.loc[rows, "driver"], model.labels))
        for way, rows in groups.items()
        if rows.any()
    ] or [say("model.clear_none")]
    if not clear.all():
        sentences.append(say("model.unclear", drivers=names(table.loc[~clear, "driver"], model.labels)))
    sentences += _checked(model)
    if model.correction_settled:
        sentences.append(say("model.corrected"))
    others = [Sentence(translate(text, model.labels)) for text in model.warnings if text not in model.tabled_warnings]
    return Passage([*(Sentence(text, "warning") for text in _suppressed(model)), *sentences, *others])


@describes(DriverResult, "sample")
def describe_sample(model: DriverResult) -> Passage:
    """Say which survey it is, how many respondents have all the scores, how they are weighted, and if they are few."""
    title = [say("sample.title", title=model.title)] if model.title else []
    weighted = [say("sample.weighted", weight=model.weight)] if model.weight else []
    phrase = "drivers.sample" if model.n_dropped else "drivers.sample_all"
    total, outcome = model.n_used + model.n_dropped, model.labels.get(model.outcome, model.outcome)
    sample = say(phrase, n=model.n_used, total=total, outcome=outcome)
    return Passage([*title, sample, *weighted, *small_sample(model.n_used)])


@describes(ValidationResult, "validation")
def describe_validation(result: ValidationResult) -> Passage:
    """Say how well customers are predicted whom the model has not seen."""
    worse = number(result.r_squared).startswith("−")
    values = {
        "unseen": number(result.r_squared) if worse else percent(result.r_squared),
        "seen": percent(result.r_squared_in_sample),
        "rmse": number(result.rmse, 1),
        "baseline": number(result.baseline_rmse, 1),
    }
    interval = ends(*result.r_squared_interval, result.confidence, points=worse)
    return Passage([say("holds.validation_worse" if worse else "holds.validation", **values, **interval)])


@tabulates(DriverResult, "coefficients")
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
    raw: dict[str, str | tuple[str, str]] = {"interval": ("ci_low", "ci_high"), "p": "p_value"}
    if model.corrected is not None and model.correction_settled:
        corrected = model.corrected.set_index("driver").loc[table["driver"]].reset_index()
        ends = corrected[["ci_low", "ci_high"]]
        shown = shown.assign(corrected=corrected["estimate"], wide=span(ends["ci_low"], ends["ci_high"], 2))
        shown = shown.assign(wide_low=ends["ci_low"], wide_high=ends["ci_high"])
        raw["wide"] = ("wide_low", "wide_high")
        labels |= headings({"corrected": "corrected", "wide": "corrected_interval"})
    method = translate(model.method)
    note = "note.coefficients" if "corrected" not in labels else "note.coefficients_corrected"
    return lay_out(
        shown,
        name="coefficients",
        title=term("title.coefficients"),
        labels=labels,
        decimals={2: [name for name in ("estimate", "standardized", "corrected") if name in labels], 1: ["vif"]},
        note=term(note, method=f"{method[0].upper()}{method[1:]}", n=model.n_used),
        behind=Behind(raw),
    )


@draws(DriverResult, "coefficients")
def plot_coefficients(model: DriverResult, *, ax: Axes | None = None) -> Axes:
    """Draw each driver's coefficient with its interval."""
    table = model.to_frame().iloc[::-1].reset_index(drop=True)
    with canvas(ax, rows=len(table)) as ax:
        for row, (estimate, low, high) in enumerate(table[["estimate", "ci_low", "ci_high"]].to_numpy()):
            colour = MUTED if low <= 0 <= high else BLUE if estimate > 0 else ORANGE
            ax.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="round")
            ax.plot(estimate, row, "o", color=colour, markersize=8)
        ax.axvline(0, color=INK, linewidth=1, linestyle="--")
        name_rows(ax, drawable(named(table["driver"], model.labels), table["driver"]))
        outcome = drawable(named([model.outcome], model.labels), [model.outcome])[0]
        ax.set_xlabel(label("figure.coefficients_x", outcome=outcome, level=level(model.confidence)))
        ax.set_title(label("figure.coefficients"), loc="left", fontweight="bold")
        return ax


def _checked(model: DriverResult) -> list[Sentence]:
    """Say what the tests of spread and of straight lines found."""
    found = []
    if model.unequal_spread is not None:
        case = "unequal" if model.unequal_spread else "equal"
        found.append(say(f"model.spread_{case}", p=_p(model, "breusch_pagan")))
    if model.curved:
        found.append(say("model.curved", p=_p(model, "reset")))
    return found


def _p(model: DriverResult, test: str) -> str:
    return probability(float(model.diagnostics["p_value"][test]))


def _suppressed(model: DriverResult) -> list[Sentence]:
    """Drivers whose coefficient runs against their own correlation, explained."""
    sentences = []
    for row in records(model.suppressed):
        values: dict[str, Any] = {"driver": model.labels.get(row["driver"], row["driver"])}
        values |= {"outcome": model.labels.get(model.outcome, model.outcome), "level": level(model.confidence)}
        values |= {name: number(row[name]) for name in ("correlation", "estimate")}
        values |= {"low": number(row["ci_low"]), "high": number(row["ci_high"])}
        sentences.append(say("model.suppressed" if row["estimate"] < 0 else "model.suppressed_up", **values))
    return sentences

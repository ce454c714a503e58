"""Sentences about loyalty drivers: what moves loyalty, how surely, and where to act first."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from loyalty_kit.errors import GroupsError
from loyalty_kit.language import in_a_row, level, number, percent, probability, term
from loyalty_kit.language import translate as tell
from loyalty_kit.modelling.driver_result import DriverResult
from loyalty_kit.modelling.importance import ImportanceResult
from loyalty_kit.modelling.priority import PriorityResult
from loyalty_kit.modelling.robustness import RobustnessResult
from loyalty_kit.modelling.stability import StabilityResult
from loyalty_kit.modelling.validation import ValidationResult
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.wording.quality import SMALL_SAMPLE
from loyalty_kit.survey.codebook import Codebook

SURE = 0.90
LIKELY = 0.80
LEVEL_OF_TESTS = 0.05
FIVE = 5
TOP = 3
CARELESS = ("careless left out", "careless kept")
"""Samples that the notebook sets beside the one analysed."""
TOLD_APART = (" although it correlates ", "(RESET p")
"""Parts of warnings of a model that are told here in sentences of their own."""


def answer_drivers(
    model: DriverResult, importance: ImportanceResult, validation: ValidationResult, priorities: PriorityResult
) -> Passage:
    """Headline: how much is explained, which driver leads, where to act."""
    values: dict[str, Any] = {"outcome": _label(model, model.outcome), "n": model.n_used}
    if not _explains(validation):
        row = _unseen(validation)
        span = _span(row["ci_low"], row["ci_high"], validation.confidence, points=True)
        sentences = [say("drivers.explained_not", r_squared=number(validation.r_squared), **values, **span)]
        sentences.append(say("drivers.no_ranking"))
    else:
        span = _span(importance.r_squared_ci_low, importance.r_squared_ci_high, importance.confidence)
        shares = {"share": percent(model.r_squared), "unseen": percent(validation.r_squared)}
        several = len(model.drivers) > 1
        phrase, named = "drivers.explained" if several else "drivers.explained_one", _label(model, model.drivers[0])
        sentences = [say(phrase, count=len(model.drivers), driver=named, **values, **shares, **span)]
        # Of one driver there is nothing to rank.
        sentences += [*_ranking(importance), *_first_place(priorities)] if several else []
        sentences.append(say("drivers.association"))
    return Passage(Sentence(text, "answer") for text in sentences)


def describe_driver_sample(model: DriverResult, codebook: Codebook) -> Passage:
    """Say which survey it is, how many respondents have all the scores, how they are weighted, and if they are few."""
    title = [say("sample.title", title=codebook.title)] if codebook.title else []
    weighted = [say("sample.weighted", weight=codebook.weight)] if codebook.weight else []
    phrase = "drivers.sample" if model.n_dropped else "drivers.sample_all"
    total = model.n_used + model.n_dropped
    sample = say(phrase, n=model.n_used, total=total, outcome=_label(model, model.outcome))
    small = [Sentence(say("sample.small", n=model.n_used), "warning")] if model.n_used < SMALL_SAMPLE else []
    return Passage([*title, sample, *weighted, *small])


def describe_model(model: DriverResult) -> Passage:
    """Say which coefficients stand out, and what the checks of the model found."""
    table = model.to_frame()
    groups = {"up": table["ci_low"] > 0, "down": table["ci_high"] < 0}
    clear = groups["up"] | groups["down"]
    outcome = _label(model, model.outcome)
    sentences = [
        say(f"model.clear_{way}", outcome=outcome, drivers=_names(table.loc[rows, "driver"], model.labels))
        for way, rows in groups.items()
        if rows.any()
    ] or [say("model.clear_none")]
    if not clear.all():
        sentences.append(say("model.unclear", drivers=_names(table.loc[~clear, "driver"], model.labels)))
    sentences += _checked(model)
    if model.correction_settled:
        sentences.append(say("model.corrected"))
    kept = [text for text in model.warnings if not any(part in text for part in TOLD_APART)]
    notes = [Sentence(tell(text, model.labels)) for text in kept]
    return Passage([*(Sentence(text, "warning") for text in _suppressed(model)), *sentences, *notes])


def describe_importance(result: ImportanceResult, validation: ValidationResult | None = None) -> Passage:
    """Say of each driver its share, rank and how sure the rank is; that there is none where validation shows none."""
    warnings = [Sentence(tell(text, result.labels), "warning") for text in result.warnings]
    if validation is not None and not _explains(validation):
        outcome = result.labels.get(result.outcome, result.outcome)
        return Passage([say("importance.none", outcome=outcome), *warnings])
    sentences = []
    phrase = "importance.row" if len(result.table) > TOP else "importance.row_of_few"
    for row in records(result.table):
        span = _span(row["ci_low"], row["ci_high"], result.confidence)
        shares = {"share": percent(row["share"]), "p": percent(row["p_top3"])}
        label = result.labels.get(row["driver"], row["driver"])
        sentences.append(say(phrase, driver=label, rank=row["rank"], **shares, **span))
    return Passage([*sentences, *warnings])


def describe_driver_validation(result: ValidationResult) -> Passage:
    """Say how well customers are predicted whom the model has not seen."""
    row = _unseen(result)
    worse = number(result.r_squared).startswith("−")
    values = {
        "unseen": number(result.r_squared) if worse else percent(result.r_squared),
        "seen": percent(result.r_squared_in_sample),
        "rmse": number(result.rmse, 1),
        "baseline": number(result.baseline_rmse, 1),
    }
    span = _span(row["ci_low"], row["ci_high"], result.confidence, points=worse)
    return Passage([say("holds.validation_worse" if worse else "holds.validation", **values, **span)])


def describe_robustness(result: RobustnessResult) -> Passage:
    """Say which drivers hold in every way to ask the question and which do not."""
    table = result.table
    settings = int(table["settings"].max())
    few = len(table) <= TOP
    held = (table["clear"] == settings) & (few | (table["in_top3"] == settings))
    kind = "_of_few" if few else ""
    if held.any():
        names = _names(table.loc[held, "driver"], result.labels)
        sentences = [say(f"holds.robust{kind}", settings=settings, drivers=names)]
    else:
        sentences = [say(f"holds.robust_none{kind}", settings=settings)]
    for row in records(table[~held]):
        values = {"driver": result.labels.get(row["driver"], row["driver"]), "settings": settings}
        values |= {"top": row["in_top3"], "sign": row["sign_holds"], "clear": row["clear"]}
        if few or row["in_top3"]:
            sentences.append(say(f"holds.fragile{kind}", **values))
        elif row["sign_holds"] < settings:
            sentences.append(say("holds.sign", **values))
    for name in result.repeated:
        sentences.append(say("holds.screened_none" if name in CARELESS else "holds.repeated", sample=tell(name)))
    return Passage([*sentences, *(Sentence(tell(text, result.labels), "warning") for text in result.warnings)])


def describe_stability(result: StabilityResult | GroupsError | None) -> Passage:
    """Say whether the drivers work alike in every group, or why that was not examined."""
    if isinstance(result, GroupsError):
        return Passage([Sentence(say("holds.groups_refused", why=tell(result.message)), "warning")])
    if result is None:
        return Passage([say("holds.groups_none")])
    p = float(result.moderation.joint["p_value"])
    case = "differ" if p < LEVEL_OF_TESTS else "same"
    sentences = [say(f"holds.groups_{case}", by=result.by, p=probability(p))]
    tests = result.moderation.tests
    phrase = "holds.groups_driver" if case == "differ" else "holds.groups_hint"
    for row in records(tests[tests["p_corrected"] < LEVEL_OF_TESTS]):
        label = result.labels.get(row["driver"], row["driver"])
        sentences.append(say(phrase, driver=label, p=probability(row["p_corrected"])))
    return Passage([*sentences, *(Sentence(tell(text, result.labels), "warning") for text in result.warnings)])


def describe_priorities(result: PriorityResult, validation: ValidationResult | None = None) -> Passage:
    """Say where to act first, if validation lets that be said, and what goes with some points more on each driver."""
    phrase = "priorities.change" if result.step == FIVE else "priorities.change_step"
    names = {"outcome": result.labels.get(result.outcome, result.outcome), "step": f"{result.step:g}"}
    told = validation is None or _explains(validation)
    sentences = _first_place(result) if told else [say("priorities.none", outcome=names["outcome"])]
    for row in records(result.table):
        label = result.labels.get(row["driver"], row["driver"])
        sentences.append(say(phrase, driver=label, **names, **_change(row, result.confidence)))
    warnings = result.warnings if told else ()
    return Passage([*sentences, *(Sentence(tell(text, result.labels), "warning") for text in warnings)])


def _change(row: Mapping[str, Any], confidence: float) -> dict[str, str]:
    """Change in words, as more or as less, with its interval told the same way, and doubt where that holds zero."""
    change, low, high = (row[name] for name in ("expected_change", "change_ci_low", "change_ci_high"))
    doubt = "" if low > 0 or high < 0 else term("priorities.doubt")
    if number(change).startswith("−"):
        change, low, high, way = -change, -high, -low, "less"
    else:
        way = "more"
    points = term(f"priorities.{way}", change=number(change))
    return {"points": points, "doubt": doubt, **_span(low, high, confidence, points=True)}


def _checked(model: DriverResult) -> list[Sentence]:
    """Tell what the tests of spread and of straight lines found."""
    tests = model.diagnostics.get("p_value", pd.Series(dtype=float))
    found = []
    if "breusch_pagan" in tests:
        p = float(tests["breusch_pagan"])
        unequal = p < LEVEL_OF_TESTS and model.errors == "hc3"
        found.append(say("model.spread_unequal" if unequal else "model.spread_equal", p=probability(p)))
    if tests.get("reset", 1.0) < LEVEL_OF_TESTS:
        found.append(say("model.curved", p=probability(float(tests["reset"]))))
    return found


def _suppressed(model: DriverResult) -> list[Sentence]:
    """Drivers whose coefficient runs against their own correlation, explained."""
    sentences = []
    for row in records(model.suppressed):
        values = {"driver": _label(model, row["driver"]), "outcome": _label(model, model.outcome)}
        values |= {name: number(row[name]) for name in ("correlation", "estimate")}
        values |= {"low": number(row["ci_low"]), "high": number(row["ci_high"]), "level": level(model.confidence)}
        sentences.append(say("model.suppressed" if row["estimate"] < 0 else "model.suppressed_up", **values))
    return sentences


def _explains(validation: ValidationResult) -> bool:
    """Whether respondents left out are clearly predicted better than by the mean."""
    return validation.r_squared > 0 and bool(_unseen(validation)["ci_low"] > 0)


def _unseen(validation: ValidationResult) -> dict[str, Any]:
    """Row of R² out of sample."""
    return records(validation.table[validation.table["measure"] == "r_squared"])[0]


def _ranking(importance: ImportanceResult) -> list[Sentence]:
    first: pd.Series[Any] = importance.rank_probabilities[1]
    leader, p = str(first.idxmax()), float(first.max())
    label = importance.labels.get(leader, leader)
    sentences = [say("drivers.leader" if p >= SURE else "drivers.leader_unsure", driver=label, p=percent(p))]
    if len(importance.table) > TOP:
        sure = importance.table.loc[importance.table["p_top3"] >= SURE, "driver"]
        if len(sure):
            sentences.append(say("drivers.top3", drivers=_names(sure, importance.labels)))
        else:
            sentences.append(say("drivers.top3_none"))
    return sentences


def _first_place(priorities: PriorityResult) -> list[Sentence]:
    """Name the driver that is likeliest to be important and low, of those with a positive coefficient."""
    outcome = priorities.labels.get(priorities.outcome, priorities.outcome)
    table = priorities.table
    places = table[(table["p_act_first"] > 0) & (table["expected_change"] * priorities.step > 0)]
    if places.empty:
        return [say("drivers.act_none", outcome=outcome)]
    row = records(places)[0]
    p, label = row["p_act_first"], priorities.labels.get(row["driver"], row["driver"])
    phrase = "drivers.act" if p >= LIKELY else "drivers.act_unsure"
    return [say(phrase, driver=label, outcome=outcome, p=percent(p))]


def _span(low: float, high: float, confidence: float, *, points: bool = False) -> dict[str, str]:
    written = number if points else percent
    return {"level": level(confidence), "low": written(low), "high": written(high)}


def _label(model: DriverResult, name: str) -> str:
    return model.labels.get(name, name)


def _names(names: Iterable[Any], labels: Mapping[str, str]) -> str:
    return in_a_row(labels.get(str(name), str(name)) for name in names)

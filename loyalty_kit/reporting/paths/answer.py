"""The first screen of a path model: what goes with the outcome, through what, and whether it may be believed."""

from collections.abc import Mapping
from typing import Any

from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import level, number, percent, term, translate
from loyalty_kit.paths.path_verdict import PathVerdict
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.tiles import between, makes_tiles
from loyalty_kit.reporting.verbs import describes

ARROW = " → "
_ALL = 0.995
"""Share that is written as 100 %."""


@describes(PathVerdict, "answer")
def describe_answer(verdict: PathVerdict) -> Passage:
    """Headline in at most three sentences."""
    if verdict.reading == "not_distinct":
        return Passage([Sentence(_alike(verdict), "answer"), Sentence(say("paths.stop"), "answer")])
    if verdict.reading == "not_predicted":
        outcome = of(verdict.outcome, verdict.labels)
        return Passage([Sentence(say("paths.not_predicted", outcome=outcome, n=verdict.n_used), "answer")])
    told = [_leading(verdict), *_mediated(verdict), _predicted(verdict)]
    return Passage([Sentence(text, "answer") for text in told])


@describes(PathVerdict, "reasons")
def describe_reasons(verdict: PathVerdict) -> Passage:
    """Say what must be known beside the headline."""
    model, pairs = verdict.model, verdict.quality.distinct
    told = [say("paths.sample", n=model.n_used, left_out=model.n_dropped, method=translate(model.method))]
    if model.n_failed:
        told.append(say("paths.failed", failed=model.n_failed, all=len(model.samples) + model.n_failed))
    near = pairs[pairs["verdict"] == "unclear"]
    if len(near):
        told.append(Sentence(say("paths.near", count=len(near), all=len(pairs)), "warning"))
    told += [Sentence(translate(text, verdict.labels), "warning") for text in model.warnings]
    return Passage([*told, say("paths.association")])


def of(name: str, labels: Mapping[str, str]) -> str:
    """Label of a construct."""
    return labels.get(name, name)


def way_of(via: str, labels: Mapping[str, str]) -> str:
    """Name the constructs that an effect goes through, in its order."""
    return ARROW.join(of(name, labels) for name in via.split(" > "))


def _alike(verdict: PathVerdict) -> Sentence:
    row = records(verdict.alike)[0]
    return say(
        "paths.alike",
        first=of(row["first"], verdict.labels),
        second=of(row["second"], verdict.labels),
        htmt=number(row["htmt"]),
        low=number(row["ci_low"]),
        high=number(row["ci_high"]),
        level=level(verdict.confidence),
    )


def _leading(verdict: PathVerdict) -> Sentence:
    """Name what goes with the outcome most, through all paths."""
    outcome, leader = of(verdict.outcome, verdict.labels), verdict.leader
    if leader is None:
        return say("paths.none", outcome=outcome, n=verdict.n_used)
    return say(
        "paths.leader" if leader["estimate"] > 0 else "paths.leader_less",
        source=of(leader["source"], verdict.labels),
        outcome=outcome,
        total=number(abs(leader["estimate"])),
        low=number(min(abs(leader["ci_low"]), abs(leader["ci_high"]))),
        high=number(max(abs(leader["ci_low"]), abs(leader["ci_high"]))),
        level=level(verdict.confidence),
        n=verdict.n_used,
    )


def _mediated(verdict: PathVerdict) -> list[Sentence]:
    """Say of the largest indirect effect what it works through."""
    found = verdict.mediated
    outcome = of(verdict.outcome, verdict.labels)
    if found is None:
        return [say("paths.nothing_through", outcome=outcome)] if (verdict.totals["mediation"] != "").any() else []
    values = {"source": of(found["source"], verdict.labels), "outcome": outcome}
    way = way_of(found["way"], verdict.labels)
    if found["mediation"] == "competitive" or found["share"] != found["share"]:
        return [say("paths.against", way=way, **values)]
    phrase = "paths.through"
    if several_ways(found):
        phrase = "paths.through_all" if found["share"] > _ALL else "paths.through_most"
    return [say(phrase, way=way, share=percent(found["share"]), most=percent(found["way_share"]), **values)]


def several_ways(found: Mapping[str, Any]) -> bool:
    """Whether an effect goes more than one way through others."""
    return bool(abs(found["way_share"] - found["share"]) > 1 - _ALL)


def _predicted(verdict: PathVerdict) -> Sentence:
    """Say whether unseen customers are predicted, and whether a rival does better."""
    told = verdict.prediction.verdict(verdict.outcome)
    values = {"outcome": of(verdict.outcome, verdict.labels), "share": percent(below_mean(verdict))}
    return say(f"paths.predicts_{told}", rival=_rival(verdict), **values)


def below_mean(verdict: PathVerdict) -> float:
    """Give the share by which the outcome's squared error lies below that of the mean."""
    losses = verdict.prediction.losses
    row = losses[(losses["target"] == verdict.outcome) & (losses["benchmark"] == "mean") & (losses["over"] == "direct")]
    return float(1 - row["loss"].iloc[0] / row["loss_benchmark"].iloc[0])


def _rival(verdict: PathVerdict) -> str:
    """Half sentence on the rival that does as well or better."""
    told = verdict.rivals.verdict
    if told not in ("better", "as_well"):
        return ""
    return term(f"paths.rival_{told}", rival=rival_name(records(verdict.rivals.serious)[0], verdict.labels))


def rival_name(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Say in what a rival differs from the model."""
    return term(f"rival.{row['kind']}", source=of(row["source"], labels), target=of(row["target"], labels), arrow=ARROW)


@makes_tiles(PathVerdict)
def path_tiles(verdict: PathVerdict) -> list[Tile]:
    """Sum up: the largest total effect, what works through others, unseen customers, where to act."""
    if verdict.reading == "not_distinct":
        row = records(verdict.alike)[0]
        names = f"{of(row['first'], verdict.labels)}–{of(row['second'], verdict.labels)}"
        ends = between(row["ci_low"], row["ci_high"], verdict.confidence, digits=2)
        return [Tile(term("tile.htmt", pair=names), number(row["htmt"]), ends, term("tile.alike"), "bad")]
    if verdict.reading == "not_predicted":
        return [_unseen_tile(verdict)]
    return [_total_tile(verdict), *_through_tile(verdict), _unseen_tile(verdict), _act_tile(verdict)]


def _total_tile(verdict: PathVerdict) -> Tile:
    row = verdict.leader or records(verdict.totals)[0]
    clear = verdict.leader is not None
    return Tile(
        term("tile.path_total", source=of(row["source"], verdict.labels), outcome=of(verdict.outcome, verdict.labels)),
        number(row["estimate"]),
        between(row["ci_low"], row["ci_high"], verdict.confidence, digits=2),
        term("tile.path_total_clear" if clear else "tile.path_total_unclear"),
        "good" if clear else "open",
    )


def _through_tile(verdict: PathVerdict) -> list[Tile]:
    found = verdict.mediated
    if found is None or found["share"] != found["share"]:
        return []
    heading = term("tile.through", source=of(found["source"], verdict.labels))
    way = term("tile.way" if several_ways(found) else "tile.way_only", way=way_of(found["way"], verdict.labels))
    return [Tile(heading, percent(found["share"]), way, term(f"mediation.{found['mediation']}"), "good")]


def _unseen_tile(verdict: PathVerdict) -> Tile:
    told = verdict.prediction.verdict(verdict.outcome)
    heading = term("tile.unseen_error", outcome=of(verdict.outcome, verdict.labels))
    share = term("tile.below_mean", share=percent(below_mean(verdict)))
    tones: dict[str, Tone] = {"none": "bad", "behind": "open"}
    return Tile(heading, share, "", term(f"tile.predicts_{told}"), tones.get(told, "good"))


def _act_tile(verdict: PathVerdict) -> Tile:
    first = verdict.priorities.first_place
    if first is None:
        return Tile(term("tile.act_first"), "–", verdict=term("tile.act_none"), tone="open")
    likely = first.likely
    return Tile(
        term("tile.act_first"),
        of(first.driver, verdict.labels),
        term("tile.act_p", p=percent(first.p)),
        term("tile.act" if likely else "tile.act_unsure"),
        "good" if likely else "open",
    )

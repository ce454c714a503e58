"""First figures of the report on drivers: how much is explained, what leads, where to act."""

from loyalty_kit.core.estimates import Tile
from loyalty_kit.core.language import number, percent, term
from loyalty_kit.drivers.driver_verdict import SURE, DriverVerdict
from loyalty_kit.reporting.tiles import between, makes_tiles


@makes_tiles(DriverVerdict)
def driver_tiles(verdict: DriverVerdict) -> list[Tile]:
    """Sum the drivers up; where the model predicts nobody, only that."""
    model, importance, validation = verdict.model, verdict.importance, verdict.validation
    heading = term("tile.explained", outcome=model.labels.get(model.outcome, model.outcome))
    if verdict.ranking == "not_predicted":
        low, high = validation.r_squared_interval
        detail = between(low, high, validation.confidence, digits=2)
        unseen = term("tile.unseen", r_squared=number(validation.r_squared))
        return [Tile(heading, unseen, detail, term("tile.predicts_not"), "bad")]
    explained = Tile(
        heading,
        percent(model.r_squared),
        between(100 * importance.r_squared_ci_low, 100 * importance.r_squared_ci_high, importance.confidence),
        term("tile.predicts"),
        "good",
        name=f"drivers/{model.outcome}/r_squared",
    )
    if verdict.ranking == "too_few":
        return [explained, _too_few(verdict)]
    return [explained, *([_leader(verdict), _first(verdict)] if len(model.drivers) > 1 else [])]


def _too_few(verdict: DriverVerdict) -> Tile:
    importance = verdict.importance
    takes = term("tile.takes", least=importance.ranked_from)
    heading = term("tile.ranking", count=len(importance.table))
    return Tile(heading, term("tile.not_given"), takes, term("tile.too_few"), "open")


def _leader(verdict: DriverVerdict) -> Tile:
    driver, p = verdict.leader
    share = float(verdict.importance.table.set_index("driver")["share"][driver])
    sure = p >= SURE
    return Tile(
        term("tile.leader"),
        verdict.importance.labels.get(driver, driver),
        term("tile.share", share=percent(share), p=percent(p)),
        term("tile.settled" if sure else "tile.leader_unsure"),
        "good" if sure else "open",
        name=f"importance/{verdict.importance.outcome}/{verdict.importance.method}/{driver}",
    )


def _first(verdict: DriverVerdict) -> Tile:
    """Driver on which to act first, if there is one."""
    first, item, heading = verdict.priorities.first_place, verdict.item_to_mend, term("tile.act_first")
    if first is None:
        return Tile(heading, "–", verdict=term("tile.act_none"), tone="open")
    return Tile(
        heading,
        verdict.priorities.labels.get(first.driver, first.driver),
        term("tile.act_p_item", p=percent(first.p), item=item) if item else term("tile.act_p", p=percent(first.p)),
        term("tile.act" if first.likely else "tile.act_unsure"),
        "good" if first.likely else "open",
    )

"""Whether unseen customers are predicted, and which rival does as well."""

from great_tables import GT

from loyalty_kit.core.language import in_a_row, level, number, percent, term
from loyalty_kit.paths.prediction.predict import PathPredictionResult
from loyalty_kit.paths.prediction.rivals import RivalsResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.layout import headings, lay_out, p_values, span
from loyalty_kit.reporting.paths.answer import of, rival_name
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, tabulates

_FEW = 3


@describes(PathPredictionResult, "prediction")
def describe_prediction(result: PathPredictionResult) -> Passage:
    """Say of all items and of each construct whether the model beats the mean and the regression."""
    told = [Sentence(say(f"prediction.{result.verdict()}", **_figures(result, "")), "answer")]
    targets = list(dict.fromkeys(name for name in result.losses["target"] if name))
    for verdict in ("none", "behind", "ahead"):
        names = [of(name, result.labels) for name in targets if result.verdict(name) == verdict]
        if names and len(targets) > 1:
            told.append(say(f"prediction.of_{verdict}", constructs=in_a_row(names)))
    if "no_benchmark" in set(result.losses["verdict"]):
        told.append(Sentence(say("prediction.no_benchmark"), "warning"))
    return Passage(told)


def _figures(result: PathPredictionResult, target: str) -> dict[str, object]:
    own = result.losses[(result.losses["target"] == target) & (result.losses["over"] == "direct")]
    rows = {row["benchmark"]: row for row in records(own)}
    mean, linear = rows["mean"], rows["linear"]
    return {
        "n": result.n_used,
        "below": percent(1 - mean["loss"] / mean["loss_benchmark"]),
        "difference": number(linear["difference"]),
        "low": number(linear["ci_low"]),
        "high": number(linear["ci_high"]),
        "level": level(result.confidence),
    }


@tabulates(PathPredictionResult, "constructs")
def losses_table(result: PathPredictionResult) -> GT:
    """Lay out the error of each construct's items beside both benchmarks."""
    losses = result.losses
    mean = losses[(losses["over"] == "direct") & (losses["benchmark"] == "mean")].set_index("target")
    linear = losses[(losses["over"] == "direct") & (losses["benchmark"] == "linear")].set_index("target")
    earliest = losses[losses["over"] == "earliest"].set_index("target")
    shown = linear.assign(
        name=[of(name, result.labels) if name else term("column.all_items") for name in linear.index],
        below=1 - mean["loss"] / mean["loss_benchmark"],
        earliest=1 - earliest["loss"] / earliest["loss_benchmark"],
        interval=span(linear["ci_low"], linear["ci_high"], 2),
        told=[term(f"verdict.predicts_{result.verdict(name)}") for name in linear.index],
    ).reset_index(drop=True)
    columns = {"name": "construct", "below": "below_mean", "earliest": "below_earliest", "difference": "against_linear"}
    columns |= {"interval": "interval", "told": "verdict"}
    return lay_out(
        shown,
        name="prediction",
        title=term("title.prediction"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["difference"]},
        percent=["below", "earliest"],
        note=term("note.prediction"),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@describes(RivalsResult, "rivals")
def describe_rivals(result: RivalsResult) -> Passage:
    """Name the rivals that predict better, as well, or cannot be told apart."""
    told = []
    serious = result.serious
    for verdict in ("better", "as_well", "equivalent"):
        rows = records(serious[serious["verdict"] == verdict])
        if rows:
            names = in_a_row(rival_name(row, result.labels) for row in rows[:_FEW])
            phrase = f"rivals.{verdict}" if len(rows) <= _FEW else f"rivals.{verdict}_more"
            best = {"bic": number(-rows[0]["bic_difference"], 0), "count": len(rows)}
            told.append(Sentence(say(phrase, rivals=names, **best), "answer" if verdict == "better" else "plain"))
    return Passage(told or [Sentence(say("rivals.none", count=len(result.table)), "answer")])


@tabulates(RivalsResult, "rivals")
def rivals_table(result: RivalsResult) -> GT:
    """Lay out the rivals, the one with the smallest error first."""
    table = result.table
    shown = table.assign(
        name=[rival_name(row, result.labels) for row in records(table)],
        less=100 * table["difference"] / result.loss,
        low=100 * table["ci_low"] / result.loss,
        high=100 * table["ci_high"] / result.loss,
        p=p_values(table["p_adjusted"]),
        told=[term(f"verdict.rival_{verdict}") for verdict in table["verdict"]],
    )
    shown["interval"] = span(shown["low"], shown["high"], 1)
    columns = {"name": "rival", "less": "error_change", "interval": "interval", "p": "p", "bic_difference": "bic"}
    columns |= {"told": "verdict"}
    return lay_out(
        shown,
        name="rivals",
        title=term("title.rivals"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={1: ["less", "bic_difference"]},
        note=term("note.rivals"),
        behind=Behind({"interval": ("low", "high"), "p": "p_adjusted"}),
    )

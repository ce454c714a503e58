"""Which rows of a file a report is about: of every report, whatever its area."""

import pandas as pd
from great_tables import GT

from loyalty_kit.core.language import term, translate
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import Selection
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.reporting.verbs import describes, tabulates


@describes(Selection, "rows")
def describe_rows(selection: Selection) -> Passage:
    """Say which rows of the file the report is about; nothing where it is about all."""
    kept = [message("Only rows with {conditions} are used.", conditions=list(selection.only))] if selection.only else []
    count = sum(n for _, n in selection.left_out)
    told = [Sentence(say("sample.left_out", n=f"{count:,}"))] if count else []
    return Passage([*told, *(Sentence(translate(text)) for text in kept)])


@tabulates(Selection, "rows")
def rows_table(selection: Selection) -> GT | None:
    """Rows of the file that stand in no figure, by reason; none where there are none."""
    if not selection.left_out:
        return None
    reasons, counts = zip(*sorted(selection.left_out, key=lambda pair: -pair[1]), strict=True)
    shown = pd.DataFrame({"reason": [translate(reason) for reason in reasons], "rows": counts})
    labels = headings({"reason": "left_out", "rows": "rows"})
    return lay_out(shown, name="left-out", title=term("title.left_out"), labels=labels)

"""Layout that every table shares: title, numbers, names, text escaped."""

from collections.abc import Mapping, Sequence

import pandas as pd
from great_tables import GT

from loyalty_kit.core.language import language, number, term
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.behind import Behind, ReportTable, data_behind


def lay_out(
    frame: pd.DataFrame,
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    decimals: Mapping[int, Sequence[str]] | None = None,
    percent: Sequence[str] = (),
    note: str | None = None,
    group: str | None = None,
    behind: Behind | None = None,
) -> GT:
    """Table for a report, all text from the data escaped.

    Parameters
    ----------
    frame : DataFrame
        What to show; only the columns in `labels` are, in that order, the first naming the row.
    name : str
        Identifier of the table, so that equal results give equal bytes.
    title : str
        Its caption.
    labels : mapping of str
        Heading of each column.
    decimals : mapping of int to column names
        Columns of numbers by digits after the point.
    percent : sequence of str
        Columns of shares, shown as percentages.
    note : str, optional
        A line below the table.
    group : str, optional
        Column whose values head groups of rows.
    behind : Behind, optional
        Where the numbers behind displayed text stand in the frame; a displayed column's own values where not given.

    Returns
    -------
    GT
        A `ReportTable`, which brings the data behind it along.
    """
    first = next(iter(labels))
    if "arm" in labels:
        frame = frame.assign(arm=frame["arm"].map(called))
    shown = frame[[*([group] if group else []), *labels]].reset_index(drop=True)
    table = GT(shown, rowname_col=first, groupname_col=group, id=name).tab_header(title=title)
    table = table.tab_stubhead(label=labels[first])
    table = table.cols_label({column: label for column, label in labels.items() if column != first})
    for digits, columns in (decimals or {}).items():
        table = table.fmt_number(columns=list(columns), decimals=digits, use_seps=True)
    if percent:
        table = table.fmt_percent(columns=list(percent), decimals=0, incl_space=language() == "en")
    numeric = [column for column in labels if column != first and pd.api.types.is_numeric_dtype(shown[column])]
    table = table.sub_missing(columns=numeric, missing_text="–") if numeric else table
    table = table.tab_source_note(note) if note else table
    data = data_behind(
        frame, behind or Behind(), name=name, title=title, labels=labels, percent=percent, note=note, group=group
    )
    return ReportTable(table, data)


def headings(columns: Mapping[str, str], **values: object) -> dict[str, str]:
    """Heading of each column from its key among the catalogue's columns.

    Examples
    --------
    >>> headings({"label": "scale", "interval": "interval"}, level="90 %")
    {'label': 'Scale', 'interval': '90 % interval'}
    """
    return {column: term(f"column.{key}", **values) for column, key in columns.items()}


def p_values(column: pd.Series) -> list[str]:
    """Column of p-values as text, never 0, with a dash where there is none."""
    return ["–" if pd.isna(p) else term("verdict.p_small") if p < 0.001 else f"{p:.3f}" for p in column]


def p_is(p: float) -> str:
    """Write a p value with its sign, never as 0.

    Examples
    --------
    >>> p_is(0.0412), p_is(1e-9)
    ('p = 0.041', 'p < .001')
    """
    return f"p {term('verdict.p_small')}" if p < 0.001 else f"p = {p:.3f}"


def span(low: pd.Series, high: pd.Series, digits: int) -> list[str]:
    r"""Write intervals as 'low to high' on one line, a dash where there is none.

    Examples
    --------
    >>> span(pd.Series([0.66, None]), pd.Series([0.77, None]), 2)
    ['0.66\xa0to\xa00.77', '–']
    """
    return [
        "–" if pd.isna(lower) or pd.isna(upper) else term("span", low=number(lower, digits), high=number(upper, digits))
        for lower, upper in zip(low, high, strict=True)
    ]

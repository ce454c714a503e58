"""How a file is to be read where it does not say so itself: the `[file]` table of a codebook."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RowNumber = Annotated[int, Field(strict=True, ge=1)]


class FileOptions(BaseModel):
    """What a reader may not guess. Every key may be left out; rows are numbered as an editor or Excel shows them.

    Attributes
    ----------
    encoding : str, optional
        As Python spells it: 'utf-8', 'gb18030', 'big5', 'shift_jis', 'cp1252'.
    delimiter : str, optional
        Between the cells of a text file.
    decimal, thousands : str, optional
        Marks within numbers.
    sheet : str, optional
        Of a workbook.
    header : int or tuple of int, optional
        Row of the column names, or the rows that are joined into them.
    first_row, last_row : int, optional
        Where the respondents begin and end.
    dates : {'dmy', 'mdy', 'ymd'}, optional
        Order of day, month and year.
    rows : 'leave_out', 'keep' or tuple of int, optional
        What becomes of the rows that look like no respondent: left out, kept, or just these left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = None
    sheet: str | None = None
    header: RowNumber | tuple[RowNumber, ...] | None = None
    first_row: RowNumber | None = None
    last_row: RowNumber | None = None
    dates: Literal["dmy", "mdy", "ymd"] | None = None
    rows: Literal["leave_out", "keep"] | tuple[RowNumber, ...] | None = None

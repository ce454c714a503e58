"""What the cells of a column mean as numbers: each mark and each unit means the same in all of them."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.numerals.forms import MARKS, Reading, is_day, is_plain, one_line, readings, resembles_a_number
from loyalty_kit.intake.numerals.units import STRICT

Cell = float | str | None
Ways = tuple[Reading, ...]


class Written(float):
    """Number of a cell that writes it in a form of its own, as '¥1,200.50', and the unit there."""

    text: str
    unit: str

    def __new__(cls, value: float, text: str, unit: str = "") -> "Written":
        """Value with its form and unit."""
        written = super().__new__(cls, value)
        written.text, written.unit = text, unit
        return written


@dataclass(frozen=True)
class Marks:
    """What is known of a file's numbers.

    Attributes
    ----------
    decimal, thousands : str, optional
        Marks that whoever reads the file has named.
    likely : str, optional
        Decimal mark that the file's form suggests; no number of two readings is decided by it.
    """

    decimal: str | None = None
    thousands: str | None = None
    likely: str | None = None


@dataclass(frozen=True)
class Figures:
    """Distinct cells of a column as what they mean.

    Attributes
    ----------
    cells : list of float, str or None
        Numbers, None where a cell is empty, or the text of what is no number.
    doubtful : mapping of position to tuple of float
        Texts that are one of these numbers, or several answers where there is one, and nothing in the column decides.
    unlike : frozenset of int
        Positions of numbers in a unit other than the column's; their cells are text.
    """

    cells: list[Cell]
    doubtful: dict[int, tuple[float, ...]] = field(default_factory=dict)
    unlike: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Column:
    """What may stand in a column.

    Attributes
    ----------
    texts : collection of str
        Texts in lower case that stay texts, whatever number they could be.
    codes : collection of float
        Numbers that need no unit where others have one: those that mean missing.
    allows : callable, optional
        Whether a number can stand here. Of two readings the one that is allowed throughout is right.
    several : callable, optional
        Whether a text may be several answers rather than a number with a decimal comma.
    """

    texts: Collection[str] = ()
    codes: Collection[float | str] = ()
    allows: Callable[[float], bool] | None = None
    several: Callable[[str], bool] | None = None


def figures(cells: Sequence[float | str], marks: Marks, column: Column) -> Figures:
    """Meaning of a column's distinct cells, '' where one is empty.

    Examples
    --------
    >>> figures(["1.200", "0.850"], Marks(), Column()).cells
    [1.2, 0.85]
    >>> figures(["1.200", "2.400"], Marks(), Column()).doubtful
    {0: (1.2, 1200.0), 1: (2.4, 2400.0)}
    """
    plain = [one_line(cell) if isinstance(cell, str) else cell for cell in cells]
    ways = [_ways(cell, marks, column) for cell in plain]
    several = {at for at, cell in enumerate(plain) if column.several and isinstance(cell, str) and column.several(cell)}
    decimal = marks.decimal or _decimal(ways, several, column)
    unlike = _unlike(ways, column)
    found: list[Cell] = []
    doubtful: dict[int, tuple[float, ...]] = {}
    for at, (cell, open_ways) in enumerate(zip(plain, ways, strict=True)):
        fits = [way for way in open_ways if len(open_ways) == 1 or way.decimal == decimal]
        if at in several and open_ways and "," not in (decimal, marks.likely):
            fits = []
        if fits and at not in unlike:
            found.append(_number(cell, fits[0]))
            continue
        found.append(str(cell) or None)
        if open_ways and at not in unlike:
            doubtful[at] = tuple(way.value for way in open_ways)
    return Figures(found, doubtful, unlike)


def reason(cell: Cell, *, unlike: bool = False) -> Message | None:
    """Why a cell is not the number that it looks like, as part of a sentence; none where it is a word.

    Examples
    --------
    >>> reason("1.2.3"), reason(Written(50, "50 %")), reason("never")
    ('which is no number', 'read as 50', None)
    """
    if isinstance(cell, Written):
        return message("read as {number}", number=f"{cell:.15g}")
    if unlike:
        return message("in another unit than the other cells")
    if not isinstance(cell, str) or not resembles_a_number(cell):
        return None
    return message("which is a date") if is_day(cell) else message("which is no number")


def _ways(cell: float | str, marks: Marks, column: Column) -> Ways:
    if not isinstance(cell, str):
        return (Reading(cell),)
    if not cell or (column.texts and cell.casefold() in column.texts):
        return ()
    if is_plain(cell) and marks.decimal != ",":
        return (Reading(float(cell), "." if "." in cell else None),)
    return readings(cell, marks.decimal, marks.thousands)


def _decimal(ways: Sequence[Ways], several: Collection[int], column: Column) -> str | None:
    """Decimal mark of the cells with one reading, else the only one by which all the others are allowed."""
    certain = {way[0].decimal for at, way in enumerate(ways) if len(way) == 1 and at not in several} - {None}
    if certain:
        return certain.pop() if len(certain) == 1 else None
    twofold = [way for way in ways if len(way) > 1]
    if not twofold or column.allows is None:
        return None
    fitting = [
        mark for mark in MARKS if all(column.allows(one.value) for way in twofold for one in way if one.decimal == mark)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _unlike(ways: Sequence[Ways], column: Column) -> frozenset[int]:
    """Cells in another unit than most, and bare numbers where those could be of any."""
    units = {
        at: way[0].unit for at, way in enumerate(ways) if way and way[0].value and way[0].value not in column.codes
    }
    counts = Counter(units.values())
    if not set(counts) - {""}:
        return frozenset()
    if not set(counts) & STRICT:
        del counts[""]
    most = counts.most_common(1)[0][0]
    alike = {most} if most in STRICT or (not most and set(counts) & STRICT) else {most, ""}
    return frozenset(at for at, unit in units.items() if unit not in alike)


def _number(cell: float | str, way: Reading) -> float:
    return Written(way.value, cell, way.unit) if isinstance(cell, str) and not is_plain(cell) else way.value

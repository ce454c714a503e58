"""A campaign from a file: one row a customer, with the columns, arms and profit that a notebook names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.arms import labels_of, named_arm
from loyalty_kit.campaigns.design.guardrails import guardrails_of
from loyalty_kit.campaigns.design.metrics import Mean, Metric, Profit, Rate
from loyalty_kit.campaigns.design.missing import own_columns
from loyalty_kit.campaigns.design.units import order_arms
from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.conditions import conditions
from loyalty_kit.core.errors import InputError, anonymous
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.selection import FEWEST, keep_only
from loyalty_kit.intake.customers import is_simulated, read_customers


def read_campaign(
    path: str | Path,
    *,
    arm: str,
    shares: Sequence[str],
    outcomes: Sequence[str],
    profit: str,
    customer: str = "",
    by: Sequence[str] = (),
    period: str = "",
    cluster: str = "",
    only: Sequence[str] = (),
    min_cell: int = FEWEST,
    arms: Sequence[str] = (),
    file: Mapping[str, object] | Sequence[str] | None = None,
    missing: Literal["zero", "drop", "bounds"] | None = None,
    limits: Sequence[str] = (),
    guardrails: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Campaign:
    r"""Campaign test of a file of customers.

    Parameters
    ----------
    path : str or Path
        One row a customer, in text (.csv, .tsv, .txt), a spreadsheet (.xlsx, .xlsm, .xls, .xlsb, .ods: the first sheet
        that holds the columns), SPSS or Stata (.sav, .zsav, .por, .dta: arms, segments and conditions by their value
        labels) or Parquet (.parquet). Amounts are read in any spelling: '¥1,200.50', '1.234,50', '95 %'.
    arm : str
        Column of the arm to which each customer was assigned.
    shares : list of str
        Each arm with its planned share, control first, as 'holdout: 0.1'; shares are scaled to sum to 1. Arms that
        are true and false may be written in any spelling.
    outcomes : list of str
        Columns of bought or not, spend and, where it is known, spend before the campaign.
    profit : str
        Profit of a customer, as for `profit_of`.
    customer : str
        Column of customer ids; empty for none.
    by : list of str
        Columns of segments.
    period : str
        Column of the period in which a customer entered; empty for none.
    cluster : str
        Column of the store or household where these were drawn by lot as a whole; empty where customers were.
    only : list of str
        Conditions of the customers who count, as 'region = north'; see `keep_only`.
    min_cell : int
        Fewest customers that conditions may leave and, in a report, that an arm which is compared may have.
    arms : list of str
        Arms that are compared with control; all where empty.
    file : mapping of str to object or list of str, optional
        How the file is to be read where it does not say so itself, as the table `[file]` of a codebook:
        `{"rows": "leave_out"}` leaves out rows of totals and notes, which otherwise stop the reading. The same as a
        list of entries: `["rows: leave_out"]`.
    missing : {'zero', 'drop', 'bounds'}, optional
        Whether a missing outcome counts as 0, leaves the customer out or is left open; as for `Campaign`.
    limits : list of str
        Lowest and highest value of outcomes for 'bounds', as 'spend: 0 to 500'.
    guardrails : list of str
        Guardrails whose columns are read, as for `guardrails_of`.
    labels : mapping of str to str, optional
        What readers call arms and metrics.

    Returns
    -------
    Campaign
        Adjusted by spend before where it is given; arms, segments and ids are text. The customers are simulated
        where their truth lies beside the file, as truth.json.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If it lacks a column or holds text where numbers are needed, holds an arm that `shares` lacks, fewer
        than `min_cell` customers meet `only` or, in a report, are in an arm, or `shares`, `outcomes` or `profit` are
        not as above.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "customers.csv")
    ...     size = file.write_text("arm,bought,spend\nA,1,20\nA,0,0\nnone,0,0\nnone,1,10\n")
    ...     found = read_campaign(
    ...         file, arm="arm", shares=["none: 1", "A: 1"], outcomes=["bought", "spend"], profit="0.4 * spend - 0.02"
    ...     )
    >>> found.control, dict(found.planned)
    ('none', {'none': 0.5, 'A': 0.5})
    """
    planned = planned_shares(shares)
    names = dict.fromkeys([arm, *(name for name in (customer, cluster) if name), *by])
    measured = [*campaign_metrics(outcomes, profit), *(one.metric for one in guardrails_of(guardrails))]
    numbers = dict.fromkeys(column for metric in measured for column in own_columns(metric))
    beside = [column for column, _ in conditions(only) if column not in {*numbers, *outcomes, period}]
    needed = [*names, *numbers, *outcomes[2:], *([period] if period else [])]
    customers = read_customers(
        Path(path),
        list(dict.fromkeys([*needed, *beside])),
        {*names, *beside},
        amounts=dict.fromkeys([*numbers, *outcomes[2:]]),
        times=[period] if period else [],
        file=file,
    )
    table = keep_only(customers, only, min_cell=min_cell)
    check_columns(table.columns, needed, message("The customer file"))
    sizes = {str(name): int(size) for name, size in table[arm].value_counts().items()}
    spelled = labels_of(sizes)
    counts = dict.fromkeys(spelled.values(), 0)
    for name, size in sizes.items():
        counts[spelled[name]] += size
    planned = {named_arm(name, counts): share for name, share in planned.items()}
    if not arms and not counts.keys() <= planned.keys():
        order_arms(list(sizes), next(iter(planned)), planned, sizes)
    if anonymous():
        _check_sizes(counts, list(planned), [named_arm(name, counts) for name in arms], min_cell)
    return Campaign(
        table,
        arm=arm,
        control=next(iter(planned)),
        planned=planned,
        arms=arms,
        customer=customer or None,
        covariates=list(outcomes[2:]),
        period=period or None,
        cluster=cluster or None,
        min_cell=min_cell,
        missing=missing,
        limits=_limits_of(limits),
        labels=labels,
        simulated=is_simulated(path),
    )


def _check_sizes(sizes: Mapping[str, int], planned: Sequence[str], arms: Sequence[str], least: int) -> None:
    """Refuse an arm of so few customers that its name and figures would be about single people."""
    compared = [arm for arm in planned if not arms or arm in (planned[0], *arms)]
    small = [arm for arm in compared if 0 < sizes.get(arm, 0) < least]
    if not small:
        return
    enough = [arm for arm in compared[1:] if arm not in small]
    way = (
        message(".")
        if small[0] == planned[0] or not enough
        else message("; leave it out: arms = {arms}.", arms=str(enough))
    )
    raise InputError(
        "The arm '{arm}' has {n} customers, and a report tells of arms of at least {least} (min_cell){way}",
        arm=small[0],
        n=sizes[small[0]],
        way=way,
        anonymous=message(
            "An arm has fewer than {least} customers, and a report tells of arms of at least as many (min_cell){way}",
            least=least,
            way=way,
        ),
        least=least,
    )


def _limits_of(entries: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each outcome, as a notebook names them."""
    found = {}
    for entry in entries:
        match = re.fullmatch(r"(.+?)\s*:\s*(-?\d*\.?\d+)\s+to\s+(-?\d*\.?\d+)", entry.strip())
        if match is None:
            raise InputError(
                "'limits' must name an outcome with its lowest and highest value, as 'spend: 0 to 500'; got '{entry}'.",
                entry=entry,
            )
        found[match[1]] = (float(match[2]), float(match[3]))
    return found


def campaign_metrics(outcomes: Sequence[str], profit: str) -> list[Metric]:
    """Rate, mean spend and profit of a campaign.

    Parameters
    ----------
    outcomes : list of str
        Columns of bought or not and spend; a third, spend before, is no metric.
    profit : str
        As for `profit_of`.

    Returns
    -------
    list of Rate, Mean, Profit

    Raises
    ------
    InputError
        If not two or three columns are named, or one twice.

    Examples
    --------
    >>> [metric.name for metric in campaign_metrics(["visit", "spend"], "0.4 * spend - 0.02")]
    ['visit', 'spend', 'profit(spend)']
    """
    if len(outcomes) not in (2, 3) or len(set(outcomes)) < len(outcomes) or not all(outcomes):
        raise InputError(
            "'outcomes' must name two or three different columns: bought or not, spend and, where known, "
            "spend before; got {given}.",
            given=shown(list(outcomes)),
        )
    return [Rate(outcomes[0]), Mean(outcomes[1]), profit_of(profit)]


def profit_of(formula: str) -> Profit:
    """Profit as a formula says it: margin * spend, less what the customer cost.

    Parameters
    ----------
    formula : str
        As '0.4 * spend - cost - coupon': a column times the margin, then up to two columns of costs; or,
        as '0.4 * spend - 0.02 - coupon', an amount for each customer outside control in place of the first.
        Minus signs stand between blanks, since a column's name may hold one.

    Returns
    -------
    Profit

    Raises
    ------
    InputError
        If the formula is of another form.

    Examples
    --------
    >>> profit_of("0.4 * spend - 0.02")
    Profit(spend='spend', margin=0.4, cost=0.02, coupon=None)
    """
    first, *rest = re.split(r"\s+[-−]\s+", formula.strip())
    match = re.fullmatch(r"(?:(\d*\.?\d+)\s*[*×]\s*)?([^*×]*[^*×\s])", first)
    amounts = [float(part) for part in rest if re.fullmatch(r"\d*\.?\d+", part)]
    columns = [part for part in rest if not re.fullmatch(r"\d*\.?\d+", part)]
    if match is None or len(amounts) > 1 or len(rest) > 2 or not all(columns):
        raise InputError(
            "'profit' must read as '0.4 * spend - cost - coupon': margin times spend, less at most two "
            "costs, of which one may be an amount for each contact; got '{formula}'.",
            formula=formula,
        )
    cost: str | float = amounts[0] if amounts else columns.pop(0) if columns else 0.0
    margin, spend = float(match[1] or 1.0), match[2]
    return Profit(spend, margin=margin, cost=cost, coupon=columns[0] if columns else None)


def planned_shares(shares: Sequence[str]) -> dict[str, float]:
    """Planned share of each arm, control first, scaled to sum to 1.

    Raises
    ------
    InputError
        If an entry is not an arm and a share above 0, or fewer than two arms are named.

    Examples
    --------
    >>> planned_shares(["holdout: 1", "A: 3"])
    {'holdout': 0.25, 'A': 0.75}
    """
    found: dict[str, float] = {}
    for entry in shares:
        arm, colon, share = (cell_text(part) for part in entry.rpartition(":"))
        if not colon or not arm or arm in found or not re.fullmatch(r"\d*\.?\d+", share) or not float(share) > 0:
            raise InputError(
                "'shares' must list each arm once with its planned share, as 'A: 0.45'; got '{entry}'.", entry=entry
            )
        found[arm] = float(share)
    if len(found) < 2:
        raise InputError(
            "'shares' must name the control and at least one other arm; got {given}.", given=shown(list(shares))
        )
    return {arm: share / sum(found.values()) for arm, share in found.items()}

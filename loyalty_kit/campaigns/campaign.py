"""The campaign: one noun, a few verbs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from loyalty_kit.campaigns.assignment import AssignmentResult, check_assignment
from loyalty_kit.campaigns.comparisons import between, interactions, returns
from loyalty_kit.campaigns.cube import Cube
from loyalty_kit.campaigns.effects import EffectsResult, Multiple, Reading, Segments, families_of, tabulate
from loyalty_kit.campaigns.estimates import SIZE, Cell, Estimate, estimates, sets_of
from loyalty_kit.campaigns.intake import (
    check_levels,
    check_measured,
    check_planned,
    clusters,
    first_rows,
    order_arms,
    straddling,
    zero_filled,
)
from loyalty_kit.campaigns.metrics import Mean, Metric, Quantile, capped, check_metrics
from loyalty_kit.campaigns.quantiles import quantile_estimates
from loyalty_kit.campaigns.rows import Rows, check_frame, collected, is_lazy, open_frame, pooled_quantile
from loyalty_kit.campaigns.sequential import TUNED_FOR, Looks, check_looks
from loyalty_kit.campaigns.trust import TrustResult, believable, run_placebos
from loyalty_kit.checks import InputError, check_choice, check_level, check_whole


@dataclass(frozen=True, eq=False)
class Campaign:
    """A campaign test: arms against a control, one row a customer.

    Parameters
    ----------
    frame : DataFrame of shape (customers, columns)
        Anything that Narwhals takes: pandas, Polars, a DuckDB relation, PySpark, Dask; or a `Cube`.
    arm : str
        Column of the arm to which each customer was assigned.
    control : object
        The arm that got nothing.
    customer : str, optional
        Column of customer ids; without it, duplicates cannot be checked.
    planned : mapping of arm to float, optional
        Planned share of each arm, summing to 1.
    covariates : list of str
        Numeric columns known before the campaign, that adjust the estimates.
    cluster : str, optional
        Column of what was randomised as a whole (household, store): errors are then by cluster.
    period : str, optional
        Column of the period in which a customer entered, for the course over time.
    sent : str, optional
        Column of when the campaign went out to the customer, or would have.
    measured : mapping of str to str, optional
        Covariate to the column of when it was measured; one after `sent` is refused by name.
    duplicates : {'error', 'first'}
        What to do with a customer who stands twice in one arm.
    missing : {'drop', 'zero'}
        Whether a missing outcome leaves the customer out or counts as 0.

    Raises
    ------
    InputError
        If a column is absent or holds text, the planned shares do not sum to 1, or a covariate was
        measured after the campaign.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyalty_kit.campaigns.metrics import Rate
    >>> frame = pd.DataFrame({"arm": ["A"] * 50 + ["none"] * 50, "bought": [1, 0] * 25 + [1, 0, 0, 0, 0] * 10})
    >>> effects = Campaign(frame, arm="arm", control="none").evaluate([Rate("bought")])
    >>> float(effects.to_frame()["difference"].round(3).iloc[0])
    0.3
    """

    frame: Any
    arm: str = field(kw_only=True)
    control: Any = field(kw_only=True)
    customer: str | None = field(default=None, kw_only=True)
    planned: Mapping[Any, float] | None = field(default=None, kw_only=True)
    covariates: Sequence[str] = field(default=(), kw_only=True)
    cluster: str | None = field(default=None, kw_only=True)
    period: str | None = field(default=None, kw_only=True)
    sent: str | None = field(default=None, kw_only=True)
    measured: Mapping[str, str] | None = field(default=None, kw_only=True)
    duplicates: Literal["error", "first"] = field(default="error", kw_only=True)
    missing: Literal["drop", "zero"] = field(default="drop", kw_only=True)

    def __post_init__(self) -> None:
        check_choice(self.duplicates, "duplicates", ("error", "first"))
        check_choice(self.missing, "missing", ("drop", "zero"))
        if self.planned is not None:
            check_planned(self.planned, self.control)
        if isinstance(self.frame, Cube):
            return
        keys = [self.arm, self.customer, self.cluster, self.period, self.sent, *(self.measured or {}).values()]
        check_frame(self.opened, [key for key in keys if key is not None], self.covariates)
        if self.measured and self.sent is None:
            raise InputError("'measured' needs 'sent', the column of when the campaign went out.")
        if self.measured and self.sent is not None:
            check_measured(self.opened, self.measured, self.sent)

    @classmethod
    def from_cube(
        cls, cube: Cube, *, control: Any, planned: Mapping[Any, float] | None = None, covariates: Sequence[str] = ()
    ) -> "Campaign":
        """Campaign of a cube alone: what needs rows (quantiles, trust, exact HC2 errors) is then out of reach.

        Parameters
        ----------
        cube : Cube
            Gathered by `cube`, loaded, or the sum of several.
        control, planned, covariates
            As for a campaign of rows.

        Returns
        -------
        Campaign

        Notes
        -----
        Adjusted estimates are the same; their errors come from each arm's residual variance, since HC2
        weighs single rows.
        """
        return cls(cube, arm=cube.arm, control=control, planned=planned, covariates=covariates)

    @cached_property
    def opened(self) -> Any:
        """Narwhals view of the frame."""
        return open_frame(self.frame)

    @cached_property
    def customers(self) -> Any:
        """The frame with one row a customer."""
        if self.customer is None:
            return self.opened
        return first_rows(self.opened, self.customer, self.arm, self.duplicates, self.sent)

    def cube(self, metrics: Sequence[Metric], *, by: str | Sequence[str] = (), caps: Mapping[str, tuple[str, float]] | None = None) -> Cube:
        """Counts, sums and products by arm and by-columns, in one pass over the frame.

        Parameters
        ----------
        metrics : list of Rate, Mean, Ratio, Profit
            What the cube must serve.
        by : str or list of str
            By-columns.
        caps : mapping, optional
            Caps of another cube (its `caps`), so that the two can be added.

        Returns
        -------
        Cube

        Raises
        ------
        InputError
            If a column is absent or holds text, or an arm is missing or not planned.
        """
        by = _names(by)
        if self.cluster is not None and by:
            raise InputError("A cube of clusters takes no by-columns, since a cluster may span their levels.")
        return self._gather(check_metrics(metrics), by, dict(caps or {}))[0]

    def evaluate(
        self,
        metrics: Sequence[Metric],
        *,
        by: str | Sequence[str] = (),
        multiple: Multiple | None = None,
        segments: Segments = "holm",
        confidence: float = 0.95,
        looks: Looks = None,
        tuned_for: float = TUNED_FOR,
        trust: TrustResult | None = None,
    ) -> EffectsResult:
        """Effect of each arm on each metric, over all customers and in each segment.

        Parameters
        ----------
        metrics : list of Rate, Mean, Ratio, Profit, Quantile
            What is measured.
        by : str or list of str
            By-columns; each is read by itself.
        multiple : {'max-t', 'none'}, optional
            Whether intervals and adjusted p values over all customers hold for all arms together;
            'max-t' from three arms on (control counted) where not given.
        segments : {'holm', 'bh'}
            How p values are adjusted over the cells of a by-column.
        confidence : float
            Level of the intervals.
        looks : 'continuous' or list of float, optional
            'continuous' where results are watched as they come in: limits that hold at every look.
            Shares of the planned customers at the looks so far, this one last, where looks were planned.
        tuned_for : float
            Customers at which the always-valid limits are tightest; to be fixed before the campaign.
        trust : TrustResult, optional
            Of the same metrics and by-columns: where it finds the ordinary interval wrong, the
            permutation result takes its place and the row says so.

        Returns
        -------
        EffectsResult

        Raises
        ------
        InputError
            If a column is absent, holds text or does not suit its metric; an arm holds a single
            customer; a covariate does not vary.
        """
        chosen = check_metrics(metrics)
        check_level(confidence, "confidence")
        check_choice(segments, "segments", ("holm", "bh"))
        check_looks(looks)
        if multiple is not None:
            check_choice(multiple, "multiple", ("max-t", "none"))
        by = _names(by)
        cube, found, arms = self._estimated(chosen, by)
        ways: Multiple = multiple or ("max-t" if len(arms) > 2 else "none")
        reading = Reading(confidence, ways, segments, looks, tuned_for)
        limits = {name: limit for name, (_, limit) in cube.caps.items()}
        table = tabulate(found, reading, limits)
        result = EffectsResult(
            table=table,
            interactions=interactions(found, limits),
            between=between(found, reading, limits),
            returns=returns(cube, chosen, found, confidence),
            control=self.control,
            families=families_of(reading, len(arms) - 1, by),
            n_used=int(cube.rows.sum()) - _dropped(cube),
            n_dropped=_dropped(cube),
            confidence=confidence,
            method="intention to treat" + (f", errors by {self.cluster}" if self.cluster else ""),
            warnings=self._warnings(cube),
        )
        return result if trust is None else believable(result, trust)

    def check(self, metrics: Sequence[Metric] = (), *, assigned: Any = None) -> AssignmentResult:
        """Whether the assignment is sound: sample ratio, attrition, balance, duplicates, missing outcomes.

        Parameters
        ----------
        metrics : list of metrics, optional
            Those whose missing values are compared between arms.
        assigned : DataFrame, optional
            The assignment list, one row a customer with the arm column: who was assigned, analysed or not.

        Returns
        -------
        AssignmentResult
        """
        return check_assignment(self, check_metrics(metrics) if metrics else [], assigned)

    def trust(
        self,
        metrics: Sequence[Metric],
        *,
        by: str | Sequence[str] = (),
        before: Mapping[str, str] | None = None,
        placebos: int = 1000,
        confidence: float = 0.95,
        rng: int | np.random.Generator = 0,
    ) -> TrustResult:
        """Would this method have cried wolf here? Placebo campaigns on this campaign's own customers.

        Parameters
        ----------
        metrics : list of Rate, Mean, Ratio, Profit
            What is measured.
        by : str or list of str
            By-columns, as in `evaluate`.
        before : mapping of str to str, optional
            Outcome column to its column of the period before; where not given, the outcome itself serves,
            customers of all arms pooled.
        placebos : int
            How often the arms are drawn anew.
        confidence : float
            Level that is put to the test.
        rng : int or Generator
            Seed or source of chance.

        Returns
        -------
        TrustResult
        """
        chosen = check_metrics(metrics)
        check_whole(placebos, "placebos", 100)
        check_level(confidence, "confidence")
        names = _names(by)
        if isinstance(self.frame, Cube) or self.cluster is not None:
            what = "a cube" if isinstance(self.frame, Cube) else "clusters"
            raise InputError(f"Placebo campaigns are drawn from single customers; got {what}.")
        cube, found, arms = self._estimated([m for m in chosen if not isinstance(m, Quantile)], names)
        source = self._source(chosen, names, cube.caps, sorted((before or {}).values()), lazily=False)
        return run_placebos(source, cube, found, before or {}, placebos, confidence, np.random.default_rng(rng))

    def _estimated(self, metrics: list[Metric], by: tuple[str, ...]) -> tuple[Cube, list[Estimate], tuple[Any, ...]]:
        """Cube over all customers, and every estimate over all and in each cell."""
        covariates = tuple(self.covariates)
        parts = [(cut,) for cut in by] if self.cluster is not None else []
        cube, source = self._gather(metrics, () if parts else by, {})
        arms = order_arms(cube.arms, self.control, self.planned)
        self._check_arms(cube, arms)
        cells = [Cell(), *(Cell(cut, level) for cut in cube.by for level in cube.levels(cut))]
        found = estimates(cube, metrics, cells, arms, covariates, source)
        for cut in parts:
            part, rows = self._gather(metrics, cut, dict(cube.caps))
            cells = [Cell(cut[0], level) for level in part.levels(cut[0])]
            found += estimates(part, metrics, cells, arms, covariates, rows)
        quantiles = [metric for metric in metrics if isinstance(metric, Quantile)]
        if quantiles:
            found += self._quantiles(quantiles, by, arms)
        rank = {metric.name: i for i, metric in enumerate(metrics)}
        return cube, sorted(found, key=lambda estimate: rank[estimate.metric.name]), arms

    def _quantiles(self, metrics: list[Quantile], by: tuple[str, ...], arms: tuple[Any, ...]) -> list[Estimate]:
        if isinstance(self.frame, Cube) or self.cluster is not None:
            what = "a cube" if isinstance(self.frame, Cube) else "clusters"
            raise InputError(f"The quantile '{metrics[0].name}' needs single customers; got {what}.")
        source = self._source(metrics, by, {}, (), lazily=False)
        return quantile_estimates(source, metrics, self.arm, arms, by)

    def _gather(self, metrics: Sequence[Metric], by: tuple[str, ...], caps: dict[str, tuple[str, float]]) -> tuple[Cube, Any]:
        """Cube of the metrics, and the rows behind it where there are any."""
        if isinstance(self.frame, Cube):
            absent = [name for name in by if name not in self.frame.by]
            if absent:
                raise InputError(f"The cube has no by-column '{absent[0]}'; gather it with by=['{absent[0]}'].")
            kept = Cube(**{**vars(self.frame), "by": by}) if by != self.frame.by else self.frame
            return kept, None
        outcomes = {column for metric in metrics for column in _columns(metric)}
        mixed = [name for name in self.covariates if name in outcomes]
        if mixed:
            raise InputError(f"The covariate '{mixed[0]}' is an outcome of this evaluation; covariates are known before.")
        caps = caps or self._caps(metrics)
        source = self._source(metrics, by, caps, (), lazily=True)
        check_levels(source, by)
        keys = [self.arm, *by, *([self.period] if self.period else [])]
        sets = sets_of(metrics, tuple(self.covariates), self.cluster is not None)
        unit = self.cluster or "customer"
        if self.cluster is not None:
            names = list(dict.fromkeys(name for columns in sets for name in columns if name != SIZE))
            source = clusters(source, keys, self.cluster, names, caps)
        given = {} if self.cluster is not None else caps
        cube = Cube.of(source, arm=self.arm, sets=sets, by=by, period=self.period, caps=given, unit=unit)
        return (Cube(**{**vars(cube), "caps": caps}) if given != caps else cube), source

    def _caps(self, metrics: Sequence[Metric]) -> dict[str, tuple[str, float]]:
        """Limits of the capped columns, from all customers pooled."""
        wanted = [(m.column, m.cap) for m in metrics if isinstance(m, Mean) and m.cap is not None]
        check_frame(self.opened, [], [column for column, _ in wanted])
        zero = self.missing == "zero"
        return {
            capped(column, cap): (column, pooled_quantile(self.customers, column, cap, zero)) for column, cap in wanted
        }

    def _source(
        self, metrics: Sequence[Metric], by: tuple[str, ...], caps: dict[str, tuple[str, float]], extra: Sequence[str], *, lazily: bool
    ) -> Any:
        """Rows of the columns that the metrics need; as a lazily held frame only where asked."""
        outcomes = list(dict.fromkeys(column for metric in metrics for column in _columns(metric)))
        keys = [key for key in (self.arm, *by, self.period, self.cluster) if key is not None]
        check_frame(self.opened, keys, [*outcomes, *extra])
        frame = self.customers
        fill = tuple(outcomes) if self.missing == "zero" else ()
        if is_lazy(frame) and lazily:
            return zero_filled(frame, fill) if fill else frame
        return Rows(collected(frame, [*keys, *outcomes, *self.covariates, *extra]), caps, fill)

    def _check_arms(self, cube: Cube, arms: tuple[Any, ...]) -> None:
        for arm in arms:
            if cube.customers(arm) < 2:
                what = "customer" if cube.unit == "customer" else cube.unit
                raise InputError(f"The arm '{arm}' holds 1 {what}; at least 2 are needed to estimate an effect.")

    def _warnings(self, cube: Cube) -> tuple[str, ...]:
        notes = []
        if _dropped(cube):
            notes.append(f"{_dropped(cube)} customers lack an outcome or covariate and are left out where it is needed.")
        if self.cluster is not None and not isinstance(self.frame, Cube):
            source = self.customers if is_lazy(self.customers) else Rows(collected(self.customers, [self.arm, self.cluster]))
            split = straddling(source, self.arm, self.cluster)
            if split:
                notes.append(f"{split} of '{self.cluster}' have customers in several arms; errors by {self.cluster} are then cautious.")
        if isinstance(self.frame, Cube) and self.covariates:
            notes.append("Adjusted errors come from residual variances, since a cube holds no rows for HC2.")
        return tuple(notes)


def _names(by: str | Sequence[str]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(by)


def _columns(metric: Metric) -> list[str]:
    """The table's own columns that a metric reads."""
    if isinstance(metric, Mean | Quantile):
        return [metric.column]
    return [column for form in metric.forms() for column in form.columns]


def _dropped(cube: Cube) -> int:
    """Customers who lack a column of the metric that lacks most."""
    if cube.unit != "customer":
        return 0
    return int(cube.rows.sum() - min((block.n.sum() for block in cube.blocks), default=cube.rows.sum()))

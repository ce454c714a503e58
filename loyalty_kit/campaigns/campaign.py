"""The campaign: one noun, a few verbs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.guardrails import Guardrail, GuardrailResult
from loyalty_kit.campaigns.design.metrics import Metric, Quantile, check_metrics
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.design.units import order_arms
from loyalty_kit.campaigns.effects.comparisons import between, interactions, returns
from loyalty_kit.campaigns.effects.compliers import ComplierResult, complier_effects
from loyalty_kit.campaigns.effects.course import CourseResult, follow
from loyalty_kit.campaigns.effects.effects import Multiple, Reading, Segments, families_of, tabulate
from loyalty_kit.campaigns.effects.effects_result import EffectsResult
from loyalty_kit.campaigns.effects.estimation import (
    build_cube,
    build_reached_cube,
    counted,
    estimated,
    warnings_of,
)
from loyalty_kit.campaigns.effects.sequential import TUNED_FOR, Looks, check_looks
from loyalty_kit.campaigns.factorial.effects import factorial_effects
from loyalty_kit.campaigns.planning.guardrails import check_guardrails, judged_guardrails
from loyalty_kit.campaigns.trust.assignment import AssignmentResult, check_assignment
from loyalty_kit.campaigns.trust.band import tried
from loyalty_kit.campaigns.trust.few_units import by_lot
from loyalty_kit.campaigns.trust.redrawn import parts_of
from loyalty_kit.campaigns.trust.trust import TrustResult, believable, run_placebos
from loyalty_kit.campaigns.trust.worst_case import bounded
from loyalty_kit.core.checks import check_choice, check_level, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.panels.periods import ordered_levels


@dataclass(frozen=True, eq=False)
class Campaign(Declaration):
    """A campaign test: arms against a control, one row a customer.

    Parameters
    ----------
    frame : DataFrame of shape (customers, columns)
        Anything that Narwhals takes: pandas, Polars, a DuckDB relation, PySpark, Dask; or a `Cube`.
    arm : str or list of str
        Column of the arm to which each customer was assigned; of a factorial design the columns of its factors, each
        customer in one combination of their levels.
    control : object
        The arm that got nothing. Arms go by their names whatever type, case or outer blanks the table gives them:
        1, 1.0, True, '1' and ' 1' are one arm. With several factors the level of each, as ['plain', 'none'].
    customer : str, optional
        Column of customer ids; without it, duplicates cannot be checked.
    planned : mapping of arm to float, optional
        Planned share of each arm, summing to 1.
    arms : list of arm, optional
        Arms that are compared with control, where not all are; customers of others are left out of everything.
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
    missing : {'zero', 'drop', 'bounds'}, optional
        Whether a missing outcome counts as 0, leaves the customer out, or is left open: effects are then bounds that
        hold whatever it was, without covariates. Where it is not said, outcomes that are
        missing where nothing was bought are refused, and where others are missing the result says of how many.
    limits : mapping of str to (float, float), optional
        Lowest and highest value of an outcome that is no rate, for 'bounds': {'spend': (0, 500)}.
    min_cell : int
        Fewest customers of an arm in a segment that a report shows.
    simulated : bool
        Whether the customers are simulated, which a report then says.
    labels : mapping of str to str, optional
        What readers call arms and metrics, as {'coupon': 'Coupon 5 €', 'bought': 'Buyers'}; tables of results keep the
        names of the columns.

    Raises
    ------
    InputError
        If a column is absent or holds text, the planned shares do not sum to 1, or a covariate was
        measured after the campaign.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyalty_kit.campaigns.design.metrics import Rate
    >>> frame = pd.DataFrame({"arm": ["A"] * 50 + ["none"] * 50, "bought": [1, 0] * 25 + [1, 0, 0, 0, 0] * 10})
    >>> effects = Campaign(frame, arm="arm", control="none").evaluate([Rate("bought")])
    >>> float(effects.to_frame()["difference"].round(3).iloc[0])
    0.3
    """

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
        weighs single rows. The same holds for a lazily held table of more than five million numbers.
        """
        return cls(cube, arm=cube.arm, control=control, planned=planned, covariates=covariates)

    def cube(
        self,
        metrics: Sequence[Metric],
        *,
        by: str | Sequence[str] = (),
        caps: Mapping[str, tuple[str, float]] | None = None,
    ) -> Cube:
        """Gather counts, sums and products by arm and by-columns, in one pass over the frame.

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
        return build_cube(self, check_metrics(metrics), by, dict(caps or {}))[0]

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
        guardrails: Sequence[Guardrail] = (),
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
        guardrails : list of Guardrail
            Metrics that no arm may harm by more than a margin; the result's `guardrails` says which did.

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
        _check_ways(looks, multiple, trust)
        by = _names(by)
        cube, found, arms = estimated(self, chosen, by)
        ways: Multiple = multiple or ("max-t" if len(arms) > 2 else "none")
        reading = Reading(confidence, ways, segments, looks, tuned_for)
        limits = {name: limit for name, (_, limit) in cube.caps.items()}
        assigned, lost = counted(self, cube)
        result = EffectsResult(
            table=tabulate(found, reading, limits),
            interactions=interactions(found, limits),
            between=between(found, reading, limits),
            returns=returns(cube, chosen, found, confidence),
            control=self.control,
            families=families_of(reading, len(arms) - 1, by),
            n_used=assigned - lost,
            n_dropped=lost,
            confidence=confidence,
            method=message("intention to treat, {units} as drawn by lot", units=units(self.cluster)),
            warnings=warnings_of(self, cube, found),
            metrics=tuple(chosen),
            min_cell=self.min_cell,
            unit=units(self.cluster),
            n_units=int(cube.rows.sum()) if self.cluster else assigned - lost,
            labels=self.labels or {},
        )
        if self.cluster is not None and looks is None:
            result = by_lot(result, parts_of(self, cube, chosen, by, found), arms, reading)
        if self.factors is not None and looks is None:
            if lost and self.missing == "bounds":
                raise InputError("missing = 'bounds' does not go with several factors; say 'zero' or 'drop'.")
            crossed = factorial_effects(found, self.factors, reading, limits, result)
            result = replace(result, factorial=crossed)
        if guardrails:
            result = replace(result, guardrails=self._guarded(guardrails, confidence))
        result = result if trust is None else believable(result, trust, reading)
        return bounded(result, found, reading, limits, self.limits or {}) if self.missing == "bounds" else result

    def _guarded(self, guardrails: Sequence[Guardrail], confidence: float) -> GuardrailResult:
        """Judge the guardrails, each arm by itself."""
        guarded = [one.metric for one in check_guardrails(guardrails)]
        judged = judged_guardrails(self.evaluate(guarded, multiple="none", confidence=confidence), guardrails)
        return replace(judged, labels=self.labels or {})

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
        found = check_assignment(self, check_metrics(metrics) if metrics else [], assigned)
        return replace(found, labels=self.labels or {})

    def trust(
        self,
        metrics: Sequence[Metric],
        *,
        by: str | Sequence[str] = (),
        before: Mapping[str, str] | None = None,
        placebos: int = 2000,
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
            How often the arms are drawn anew; fewer leave the verdict to chance.
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
        if isinstance(self.frame, Cube):
            what = message("a cube")
            raise InputError("Placebo campaigns are drawn from single customers; got {single}.", single=what)
        if any(isinstance(metric, Quantile) for metric in chosen):
            raise InputError("A quantile has no placebo campaigns; name rates, means, ratios and profits.")
        cube, found, _ = estimated(self, chosen, names)
        parts = parts_of(self, cube, chosen, names, found, sorted((before or {}).values()))
        return run_placebos(parts, cube, before or {}, placebos, confidence, np.random.default_rng(rng))

    def complier(self, reached: str, metrics: Sequence[Metric], *, confidence: float = 0.95) -> ComplierResult:
        """Effect among those whom the campaign reached, as those who opened; opens are mismeasured.

        Parameters
        ----------
        reached : str
            Column with 1 for those who were reached.
        metrics : list of Rate, Mean, Profit
            What is measured; covariates do not enter.
        confidence : float
            Level of the intervals.

        Returns
        -------
        ComplierResult
        """
        check_level(confidence, "confidence")
        chosen = check_metrics(metrics)
        if isinstance(self.frame, Cube) or self.cluster is not None:
            what = message("a cube") if isinstance(self.frame, Cube) else message("clusters")
            raise InputError("Complier effects are estimated from single customers; got {single}.", single=what)
        cube = build_reached_cube(self, chosen, reached)
        return complier_effects(cube, chosen, reached, order_arms(cube.arms, self.control, self.planned), confidence)

    def course(
        self, metrics: Sequence[Metric], *, confidence: float = 0.95, tuned_for: float = TUNED_FOR, rng: int = 0
    ) -> CourseResult:
        """Effect on all customers so far, period by period, with a band that holds at every look.

        Parameters
        ----------
        metrics : list of Rate, Mean, Ratio, Profit
            What is measured.
        confidence : float
            Level that the band holds over all periods and arms.
        tuned_for : float
            Customers at which the band is tightest; to be fixed before the campaign.
        rng : int
            Seed of the placebo campaigns in which the band is tried; it begins where it holds in them.

        Returns
        -------
        CourseResult
        """
        check_level(confidence, "confidence")
        if self.period is None and not (isinstance(self.frame, Cube) and self.frame.period):
            raise InputError("The course needs 'period', the column of when a customer entered.")
        chosen = check_metrics(metrics)
        if any(isinstance(metric, Quantile) for metric in chosen):
            raise InputError("A quantile has no course; name rates, means, ratios and profits.")
        if self.cluster is not None:
            raise InputError("The course is followed customer by customer; where clusters were drawn, read the end.")
        cube, _ = build_cube(self, chosen, (), {})
        arms = order_arms(cube.arms, self.control, self.planned)
        together: Multiple = "max-t" if len(arms) > 2 else "none"
        reading = Reading(confidence, together, looks="continuous", tuned_for=tuned_for)
        order = ordered_levels(self.frame, self.period)
        course = tried(follow(cube, chosen, arms, reading, order), self, cube, arms, reading, order, rng)
        if self.missing == "bounds" and counted(self, cube)[1]:
            told = message("The course follows the customers who have an outcome; it is no bound of what is missing.")
            course = replace(course, warnings=(told, *course.warnings))
        return replace(course, labels=self.labels or {})


def _check_ways(looks: Looks, multiple: Multiple | None, trust: TrustResult | None) -> None:
    check_looks(looks)
    if trust is not None and looks is not None:
        raise InputError("'trust' and 'looks' do not go together: permutation tests hold for one look.")
    if multiple is not None:
        check_choice(multiple, "multiple", ("max-t", "none"))


def _names(by: str | Sequence[str]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(dict.fromkeys(by))

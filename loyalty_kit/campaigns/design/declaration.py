"""What is known of a campaign before anything is counted: its table, its arms, its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import narwhals as nw
import numpy as np

from loyalty_kit.campaigns.design.arms import (
    kept_arms,
    labels_of,
    named_arm,
    number_of,
    relabelled,
    stored_arms,
)
from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.factors import Factors, crossed, labels_of_cells, planned_cells
from loyalty_kit.campaigns.design.gaps import gap, gaps_in
from loyalty_kit.campaigns.design.missing import check_limits
from loyalty_kit.campaigns.design.rows import Rows
from loyalty_kit.campaigns.design.units import check_measured, check_planned, first_rows
from loyalty_kit.core.cells import TRUTHS, as_spelled
from loyalty_kit.core.checks import check_choice, check_labels, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.summaries import Summarized, column_list, labels_and_counts
from loyalty_kit.intake.panels.frames import check_frame, collected, is_lazy, open_frame

_KEYS = ("arm", "customer", "cluster", "period", "sent")


@dataclass(frozen=True, eq=False)
class Declaration(Summarized):
    """The campaign's table and what its columns mean; `Campaign` documents the fields and adds the verbs."""

    frame: Any
    arm: Any = field(kw_only=True)
    control: Any = field(kw_only=True)
    customer: str | None = field(default=None, kw_only=True)
    planned: Mapping[Any, float] | None = field(default=None, kw_only=True)
    arms: Sequence[Any] = field(default=(), kw_only=True)
    covariates: Sequence[str] = field(default=(), kw_only=True)
    cluster: str | None = field(default=None, kw_only=True)
    period: str | None = field(default=None, kw_only=True)
    sent: str | None = field(default=None, kw_only=True)
    measured: Mapping[str, str] | None = field(default=None, kw_only=True)
    duplicates: Literal["error", "first"] = field(default="error", kw_only=True)
    missing: Literal["zero", "drop", "bounds"] | None = field(default=None, kw_only=True)
    limits: Mapping[str, tuple[float, float]] | None = field(default=None, kw_only=True)
    min_cell: int = field(default=5, kw_only=True)
    simulated: bool = field(default=False, kw_only=True)
    labels: Mapping[str, str] | None = field(default=None, kw_only=True)
    factors: Factors | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Check what can be checked without reading rows."""
        check_choice(self.duplicates, "duplicates", ("error", "first"))
        if self.missing is not None:
            check_choice(self.missing, "missing", ("zero", "drop", "bounds"))
        object.__setattr__(self, "limits", check_limits(self.limits))
        object.__setattr__(self, "labels", check_labels(self.labels))
        check_whole(self.min_cell, "min_cell", 1)
        if isinstance(self.covariates, str):
            raise InputError("'covariates' must list columns, as ['{column}']; got '{column}'.", column=self.covariates)
        if not isinstance(self.arm, str):
            self._cross_factors()
        self._settle_arms()
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

    def _cross_factors(self) -> None:
        """Put the column of combinations in the place of several factors."""
        if isinstance(self.frame, Cube) or not isinstance(self.arm, list | tuple):
            raise InputError("'arm' must name one column, or list the factors of a table; got {given}.", given=self.arm)
        if self.arms:
            raise InputError("'arms' does not go with several factors; leave customers out of the table instead.")
        frame, factors = crossed(open_frame(self.frame), self.arm, self.control)
        object.__setattr__(self, "frame", frame.to_native())
        object.__setattr__(self, "factors", factors)
        object.__setattr__(self, "arm", factors.name)
        object.__setattr__(self, "control", factors.cells[0])
        object.__setattr__(self, "planned", planned_cells(self.planned, factors))
        object.__setattr__(self, "labels", labels_of_cells(self.labels, factors))

    def _settle_arms(self) -> None:
        """Call the arms that the user names as the table does, and keep those that are compared."""
        present = list(dict.fromkeys(self._labels.values()))
        settled = self._as_arm(self.control, present)
        planned = {self._as_arm(arm, present): share for arm, share in (self.planned or {}).items()}
        if self.arms:
            kept = kept_arms(self.arms, settled, present)
            missing = [arm for arm in kept if planned and arm not in planned]
            if missing:
                raise InputError("'planned' lacks the arm '{arm}', which 'arms' names.", arm=missing[0])
            total = sum(planned.get(arm, 0.0) for arm in kept)
            planned = {arm: planned[arm] / total for arm in kept} if planned else {}
            object.__setattr__(self, "arms", tuple(kept))
            if isinstance(self.frame, Cube):
                object.__setattr__(self, "frame", self.frame.only(kept))
        object.__setattr__(self, "control", settled)
        object.__setattr__(self, "planned", planned or None)
        columns = () if isinstance(self.frame, Cube) else self._raw.collect_schema().names()
        called = {
            name if name in columns else str(self._as_arm(name, present)): label
            for name, label in (self.labels or {}).items()
        }
        object.__setattr__(self, "labels", called)

    def _as_arm(self, value: object, present: Sequence[Any]) -> Any:
        if present or isinstance(self.frame, Cube):
            return named_arm(value, present)
        dtype = self._raw.collect_schema().get(self.arm)
        if dtype == nw.Boolean:
            return as_spelled(value, TRUTHS)
        return number_of(value) if dtype is not None and dtype.is_numeric() else value

    @cached_property
    def _stored(self) -> dict[Any, int]:
        """Customers of each arm as the table writes it; none where that is no text, lies elsewhere and needs a pass."""
        if isinstance(self.frame, Cube):
            return {arm: int(self.frame.customers(arm)) for arm in self.frame.arms}
        dtype = self._raw.collect_schema().get(self.arm)
        plain = dtype is not None and (dtype.is_numeric() or dtype == nw.Boolean)
        if dtype is None or (plain and is_lazy(self._raw) and not self.arms):
            return {}
        return stored_arms(self._raw, self.arm)

    @cached_property
    def _labels(self) -> dict[Any, Any]:
        """Label of each arm as the table writes it."""
        return labels_of(self._stored)

    @property
    def arm_notes(self) -> list[Message]:
        """Say which spellings count as one arm, and which arms are left out."""
        notes, out = [], 0
        spellings: dict[Any, list[str]] = {}
        for value, label in self._labels.items():
            if not self.arms or label in self.arms:
                spellings.setdefault(label, []).append(str(value))
            else:
                out += self._stored[value]
        ways = [(label, len(written)) for label, written in spellings.items()]
        for label, n in [*ways, *(self.factors.spelled if self.factors is not None else ())]:
            if n > 1:
                several = {"arm": label, "n": n}
                notes.append(message("The arm '{arm}' is written in {n} ways; these count as one.", **several))
        if out:
            notes.append(message("{n} customers of other arms are left out, since 'arms' does not name these.", n=out))
        return notes

    def _facts(self) -> dict[str, object]:
        """Count of rows and arms, but where these lie elsewhere and counting takes a pass; and the columns."""
        if isinstance(self.frame, Cube):
            return {"frame": self.frame, "covariates": column_list(self.covariates)}
        kept = {name: repr(getattr(self, name)) for name in _KEYS if getattr(self, name) is not None}
        told: dict[str, object] = {**kept, "covariates": column_list(self.covariates)}
        told["columns"] = column_list(self.opened.collect_schema().names())
        return told if is_lazy(self.opened) else {"rows": self.n, "arms": labels_and_counts(self.sizes), **told}

    @cached_property
    def _raw(self) -> Any:
        return open_frame(self.frame)

    @cached_property
    def opened(self) -> Any:
        """Narwhals view of the frame, an arm under one label, arms left out that are not compared."""
        frame = relabelled(self._raw, self.arm, self._labels)
        if not self.arms:
            return frame
        kept = [value for value, label in self._labels.items() if label in self.arms]
        return frame.filter(nw.col(self.arm).is_in([*dict.fromkeys([*kept, *self.arms])] if _texts(kept) else kept))

    @cached_property
    def customers(self) -> Any:
        """The frame with one row a customer."""
        if self.customer is None:
            return self.opened
        return first_rows(self.opened, self.customer, self.arm, self.duplicates, self.sent)

    @cached_property
    def gaps(self) -> dict[str, float]:
        """Mean over all arms of each covariate that some customer lacks: what stands for it, beside an indicator."""
        if isinstance(self.frame, Cube):
            return {name: mean for name, mean in self.frame.gaps.items() if name in self.covariates}
        return gaps_in(self.customers, self.covariates)

    @property
    def adjusters(self) -> tuple[str, ...]:
        """Covariates that adjust the estimates, and an indicator of each that some customer lacks."""
        return (*self.covariates, *map(gap, sorted(self.gaps)))

    @property
    def n(self) -> int:
        """Rows of the table."""
        return sum(self._counts.values())

    @property
    def sizes(self) -> dict[Any, int]:
        """Rows of each arm, control first, then in the order of the plan or of the table."""
        order = self.planned or (self.factors.cells if self.factors is not None else self._counts)
        known = [self.control, *(arm for arm in order if arm != self.control)]
        return {arm: self._counts.get(arm, 0) for arm in known}

    @cached_property
    def unit_sizes(self) -> dict[Any, int]:
        """Clusters of each arm, in the order of `sizes`; customers where these were drawn by lot."""
        if self.cluster is None or isinstance(self.frame, Cube):
            return self.sizes
        rows = Rows(collected(self.opened.select(self.arm, self.cluster).unique(), [self.arm]))
        codes, arms = rows.codes(self.arm)
        counted = dict(zip(arms, np.bincount(codes, minlength=len(arms)).tolist(), strict=True))
        return {arm: counted.get(arm, 0) for arm in self.sizes}

    @cached_property
    def _counts(self) -> dict[Any, int]:
        if isinstance(self.frame, Cube):
            return {arm: int(self.frame.customers(arm)) for arm in self.frame.arms}
        codes, arms = Rows(collected(self.opened, [self.arm])).codes(self.arm)
        return dict(zip(arms, np.bincount(codes, minlength=len(arms)).tolist(), strict=True))


def _texts(arms: Sequence[Any]) -> bool:
    return any(isinstance(arm, str) for arm in arms)

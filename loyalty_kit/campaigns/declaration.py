"""What is known of a campaign before anything is counted: its table, its arms, its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from loyalty_kit.campaigns.cube import Cube
from loyalty_kit.campaigns.intake import check_measured, check_planned, first_rows
from loyalty_kit.campaigns.rows import check_frame, open_frame
from loyalty_kit.checks import check_choice
from loyalty_kit.errors import InputError


@dataclass(frozen=True, eq=False)
class Declaration:
    """The campaign's table and what its columns mean; `Campaign` documents the fields and adds the verbs."""

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
        """Check what can be checked without reading rows."""
        check_choice(self.duplicates, "duplicates", ("error", "first"))
        check_choice(self.missing, "missing", ("drop", "zero"))
        if isinstance(self.covariates, str):
            raise InputError("'covariates' must list columns, as ['{column}']; got '{column}'.", column=self.covariates)
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

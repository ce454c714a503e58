"""What readers call arms and metrics, in place of the names in the table."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import shown

ARMS = {"arm", "arms", "best", "reference", "control", "versus", "metric", "metrics"}
"""Names in phrases and messages for which a label may stand."""
_LABELS: ContextVar[Mapping[str, str]] = ContextVar("labels", default=MappingProxyType({}))


@contextmanager
def labelled(labels: Mapping[str, str] | None) -> Iterator[None]:
    """Call arms and metrics by these labels in what is said, laid out and drawn meanwhile."""
    token = _LABELS.set(labels or {})
    try:
        yield
    finally:
        _LABELS.reset(token)


def called(name: Any) -> Any:
    """Label of an arm or a metric in what is said at present; the name itself where it has none.

    Examples
    --------
    >>> with labelled({"coupon": "Coupon 5 €"}):
    ...     called("coupon"), called("points")
    ('Coupon 5 €', 'points')
    """
    labels = _LABELS.get()
    return labels.get(str(name), name) if labels else name


def spoken_labels() -> Mapping[str, str]:
    """Labels that hold at present."""
    return _LABELS.get()


def check_labels(labels: object) -> dict[str, str]:
    """Labels by name, refusing what is no text and two names that would be called alike."""
    if labels is None:
        return {}
    given = {str(name): label for name, label in labels.items()} if isinstance(labels, Mapping) else None
    if given is None or not all(isinstance(label, str) and label.strip() for label in given.values()):
        raise InputError(
            "'labels' must give arms and metrics the names that readers see, as {{'coupon': 'Coupon 5 €'}}; "
            "got {given}.",
            given=shown(labels),
        )
    names = list(given.values())
    twice = next((label for label in names if names.count(label) > 1), None)
    if twice is not None:
        raise InputError("'labels' calls two things '{label}'; give each its own name.", label=twice)
    return given

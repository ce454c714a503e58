"""Dask, which is optional: where a cluster is, and the package that speaks to it."""

from importlib import import_module
from typing import Any

from loyalty_kit.core.errors import InputError

CLUSTER = "LOYALTY_KIT_CLUSTER"
"""Environment variable with the address of the Dask scheduler that a report's blocks go to."""


def dask() -> Any:
    """Give Dask's package `distributed`, which is an optional one.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module("distributed")
    except ImportError:
        raise InputError("Dask is not installed; pip install 'loyalty-kit[distributed]' brings it.") from None

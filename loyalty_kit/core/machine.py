"""What a run stands on besides its data: the versions installed, the commit of the folder, and the cluster, if any."""

import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from loyalty_kit.core.errors import InputError

PACKAGES = ("loyalty-kit", "numpy", "pandas", "scipy")
CLUSTER = "LOYALTY_KIT_CLUSTER"
"""Environment variable with the address of the Dask scheduler that a report's blocks go to."""


@cache
def versions() -> dict[str, str]:
    """Version of each package that figures depend on, and of Python; without those that are not installed as such."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found | {"Python": platform.python_version()}


def commit() -> str | None:
    """Commit of the working folder, marked where files differ from it; None without git or a repository."""
    try:
        run = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() or None


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

"""What a run came from besides its data: the versions installed and the commit of the working folder."""

import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("loyalty-kit", "numpy", "pandas", "scipy")


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

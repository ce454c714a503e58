"""Where a report comes from: parameters, data, versions and commit, so that it can be made again."""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from great_tables import GT

from loyalty_kit.errors import UnreadableError
from loyalty_kit.reporting.tables.layout import lay_out

PACKAGES = ("loyalty-kit", "numpy", "pandas", "scipy")


def provenance(parameters: Mapping[str, object], files: Mapping[str, str | Path]) -> pd.DataFrame:
    """List what a report was made of.

    Parameters
    ----------
    parameters : mapping of str
        The notebook's parameters, the seed among them.
    files : mapping of str to path
        Input files by what they are.

    Returns
    -------
    DataFrame of shape (facts, 2)
        fact and value: parameters, SHA-256 of each file, versions, git commit where there is one.
        No time and no absolute path, so that equal inputs give an equal report.

    Raises
    ------
    UnreadableError
        If a file cannot be read.
    """
    facts = {f"parameter {name}": str(value) for name, value in parameters.items()}
    facts |= {f"SHA-256 of the {what} {Path(path).name}": _hash(Path(path)) for what, path in files.items()}
    facts |= {f"version of {name}": version(name) for name in PACKAGES}
    facts["version of Python"] = platform.python_version()
    commit = _commit()
    if commit:
        facts["git commit"] = commit
    return pd.DataFrame({"fact": list(facts), "value": list(facts.values())})


def provenance_table(facts: pd.DataFrame) -> GT:
    """Table of what `provenance` found."""
    return lay_out(
        facts, name="provenance", title="How this report was made", labels={"fact": "Fact", "value": "Value"}
    )


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableError(f"The file '{path}' cannot be read: {error.strerror}.") from None


def _commit() -> str | None:
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

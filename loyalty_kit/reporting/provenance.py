"""Where a report comes from: parameters, data and versions, so that it can be made again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from great_tables import GT

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.core.language import given, language, phrases, term
from loyalty_kit.core.machine import versions
from loyalty_kit.core.messages import foreign
from loyalty_kit.core.results import Result
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.verbs import tabulates


@dataclass(frozen=True, eq=False)
class Provenance(Result):
    """Facts that a report was made of.

    Attributes
    ----------
    facts : DataFrame of shape (facts, 2)
        fact and value.
    """

    facts: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Table of the facts."""
        return self.facts.copy()


def provenance(parameters: Mapping[str, object], files: Mapping[str, str | Path]) -> Provenance:
    """List what a report was made of.

    Parameters
    ----------
    parameters : mapping of str
        The notebook's parameters, the seed among them.
    files : mapping of str to path
        Input files by what they are.

    Returns
    -------
    Provenance
        Parameters, SHA-256 of each file, versions. No time, no absolute path and no
        commit, so that equal inputs give an equal report; time and commit stand in the history.

    Raises
    ------
    UnreadableError
        If a file cannot be read.
    """
    facts = {term("provenance.parameter", name=name): given(value) for name, value in parameters.items()}
    for what, path in files.items():
        facts[term("provenance.hash", what=_kind(what), file=Path(path).name)] = _hash(Path(path))
    facts |= {term("provenance.version", name=name): number for name, number in versions().items()}
    return Provenance(pd.DataFrame({"fact": list(facts), "value": list(facts.values())}))


@tabulates(Provenance, "facts")
def provenance_table(result: Provenance) -> GT:
    """Table of what `provenance` found."""
    labels = headings({"fact": "fact", "value": "value"})
    return lay_out(result.facts, name="provenance", title=term("title.provenance"), labels=labels)


def _kind(what: str) -> str:
    """Word for a kind of file, as it stands where the catalogue has none."""
    return phrases(language()).get(f"provenance.file_{what}", what)


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableError(
            "The file '{path}' cannot be read: {cause}.", path=path, cause=foreign(error.strerror)
        ) from None

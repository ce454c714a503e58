"""A study's folder, begun from its file: the file, the drafted codebook, and reports that render at once."""

import os
import shutil
from pathlib import Path
from typing import Literal

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import message
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.codebook_text import toml_value
from loyalty_kit.survey.drafting.drafts import draft_of
from loyalty_kit.survey.drafting.text import draft_text

CODEBOOK = "codebook.toml"
REPORTS = "reports.toml"


def draft_codebook(path: str | Path, *, language: Literal["en", "zh"] | None = None) -> Codebook:
    r"""Codebook that a survey file's names, labels and answers suggest.

    Parameters
    ----------
    path : str or Path
        File of any kind that is read.
    language : {'en', 'zh'}, optional
        Of the reports; that of the file where not given.

    Returns
    -------
    Codebook
        With what is sure. `loyalty-kit draft` writes it with comments, which ask what is not.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If it cannot be told how the file is to be read.

    Notes
    -----
    Scales are questions whose names share a stem (SAT1, SAT2) or whose wordings share a heading, and that share a
    range of answers; where the names tell nothing, questions whose answers correlate. Reverse-keyed items are left to
    whoever knows the wordings. Rows that look like no respondent are left out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     survey = Path(folder, "survey.csv")
    ...     _ = survey.write_text("id,SAT1,SAT2\n1,5,4\n2,1,2\n3,3,3\n")
    ...     draft_codebook(survey).scales["SAT"].items
    ('SAT1', 'SAT2')
    """
    return Codebook.parse(draft_text(draft_of(Path(path), language)))


def start_study(file: Path, folder: Path, language: Literal["en", "zh"] | None = None) -> str:
    """Write a study's folder from a survey file; what is there already is left as it is.

    Parameters
    ----------
    file : Path
        The survey.
    folder : Path
        The study's; made where it is not there.
    language : {'en', 'zh'}, optional
        Of comments and reports.

    Returns
    -------
    str
        Text of the codebook.

    Raises
    ------
    InputError
        If there is a codebook already, or another file of the survey's name.
    """
    if (folder / CODEBOOK).exists():
        raise InputError(
            "'{path}' is there already and is not overwritten; --merge adds to it what is new in '{file}'.",
            path=folder / CODEBOOK,
            file=file.name,
        )
    text = draft_text(draft_of(file, language))
    Codebook.parse(text)
    folder.mkdir(parents=True, exist_ok=True)
    copy_file(file, folder)
    write_whole(folder / CODEBOOK, text)
    if not (folder / REPORTS).exists():
        write_whole(folder / REPORTS, _reports(file.name, Codebook.parse(text).language))
    return text


def copy_file(file: Path, folder: Path) -> None:
    """Put a survey file into a study's folder, where it is not there already."""
    place = folder / file.name
    if place.exists() and os.path.samefile(place, file):
        return
    if place.exists() and place.read_bytes() != file.read_bytes():
        raise InputError("'{path}' is another file of that name; rename one of the two.", path=place)
    shutil.copyfile(file, place)


def write_whole(path: Path, text: str) -> None:
    """Write a text file that appears only when it is whole."""
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        passing.write_text(text, encoding="utf-8", newline="\n")
        os.replace(passing, path)
    finally:
        passing.unlink(missing_ok=True)


def _reports(file: str, language: str | None) -> str:
    head = message("Reports that `loyalty-kit render` builds in this folder. Paths start from here.")
    more = message("When the codebook says which scale is the outcome and which are drivers:")
    paths = message("When its table [paths] says which scale acts on which:")
    return f"""# {translate(head, language=language)}

output = "reports"

[defaults]
parameters = {{ survey = {toml_value(file)}, codebook = "{CODEBOOK}" }}

[[report]]
notebook = "10-scale-quality"
name = "scale-quality"

# {translate(more, language=language)}
# [[report]]
# notebook = "30-loyalty-drivers"
# name = "drivers"

# {translate(paths, language=language)}
# [[report]]
# notebook = "35-loyalty-paths"
# name = "paths"
"""

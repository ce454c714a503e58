"""What passes between those who request a report and those who run it, in whatever process or machine: plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, dumps, loads, message
from loyalty_kit.core.tables import TableData

Said = Annotated[str, PlainValidator(loads), PlainSerializer(dumps)]
"""A message, which keeps its template and values on its way, or the text of somebody else."""


TIMEOUT = 3600.0
"""Seconds that a report may take where nothing else is said: an hour."""


def too_late(seconds: float) -> Message:
    """Say that a report took longer than it may."""
    return message(
        "The report took longer than its {seconds} seconds and was stopped; --timeout, or timeout in the batch's file, "
        "allows more.",
        seconds=f"{seconds:g}",
    )


@dataclass(frozen=True)
class PastRun:
    """An earlier good run of a report, as history keeps it.

    Attributes
    ----------
    key : str
        Hash of all that went into it.
    started : str
        When, in ISO 8601 with its offset from UTC.
    estimates : tuple of Estimate
        What it recorded.
    parameters : str
        What it was given, as JSON; empty where that is not known.
    """

    key: str
    started: str
    estimates: tuple[Estimate, ...] = ()
    parameters: str = ""


@dataclass(frozen=True)
class RenderRequest:
    """A report to be made.

    Attributes
    ----------
    name : str
        The report's name.
    notebook : str
        The notebook as JSON, its parameters set.
    folder : str
        Working folder of the kernel.
    images : str
        Folder that images of the notebook's markdown are relative to.
    language : str
        Language of the report, 'en' or 'zh'.
    facts : mapping of str to str
        Facts that the page carries as meta elements: name, title, notebook, parameters (JSON), outcome, key.
    past : tuple of PastRun
        Earlier good runs with another key, oldest first, which the page compares itself with.
    timeout : float or None
        Seconds that the whole report may take.
    """

    name: str
    notebook: str
    folder: str
    images: str
    language: str = "en"
    facts: Mapping[str, str] = field(default_factory=dict)
    past: tuple[PastRun, ...] = ()
    timeout: float | None = None


@dataclass(frozen=True)
class Failure:
    """Why a report could not be made.

    Attributes
    ----------
    sentence : str
        What went wrong, for the terminal: a `Message`, or text that is not the kit's own.
    source : str
        Code of the cell that failed; empty where none had begun.
    traceback : str
        The long account, without terminal codes.
    public : str
        The sentence for a page, where the first may name respondents; the account then stays off the page.
    kernel_died : bool
        Whether the kernel ended by itself or never ran, which may have been the doing of another report.
    """

    sentence: Said
    source: str = ""
    traceback: str = ""
    public: Said = ""
    kernel_died: bool = False


@dataclass(frozen=True)
class RenderResponse:
    """What became of a request.

    Attributes
    ----------
    page : str
        The whole HTML; empty where it failed.
    estimates : tuple of Estimate
        What the notebook recorded.
    tables : tuple of TableData
        Data behind its tables.
    failure : Failure or None
        Why there is no page.
    left_out : tuple of str
        What the page names and does not show, in sentences.
    """

    page: str = ""
    estimates: tuple[Estimate, ...] = ()
    tables: tuple[TableData, ...] = ()
    failure: Failure | None = None
    left_out: tuple[str, ...] = ()


REQUEST, RESPONSE = TypeAdapter(RenderRequest), TypeAdapter(RenderResponse)
"""Both as JSON: `REQUEST.dump_json(request)`, `REQUEST.validate_json(text)`."""

"""Sections that the data could not carry: each gives way to one folded sentence that says why."""

from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import PageElement, Tag

from loyalty_kit.core.language import term

LEFT_OUT = "details.left-out"


def fold_left_out(soup: BeautifulSoup, main: Tag, language: str) -> None:
    """Fold each section of level 2 whose only outputs say why it is left out; its code stays, its prose goes.

    Parameters
    ----------
    soup : BeautifulSoup
        The page.
    main : Tag
        Its main part.
    language : {'en', 'zh'}
        Language of the page.
    """
    for heading in main.select("h2"):
        parts = [part for part in _section(heading) if isinstance(part, Tag)]
        reasons = [reason for part in parts for reason in _reasons(part)]
        if reasons and not any(_shows(part) for part in parts):
            kept = reasons[0].extract()
            if kept.summary is not None:
                kept.summary.string = term("left_out", part=" ".join(heading.get_text().split()), language=language)
            for part in parts:
                if "code" not in part.get_attribute_list("class"):
                    part.decompose()
            heading.replace_with(kept)


def _section(heading: Tag) -> Iterator[PageElement]:
    """Go through what stands below a heading, up to the next of its level."""
    for part in heading.next_siblings:
        if isinstance(part, Tag) and part.name in ("h1", "h2"):
            return
        yield part


def _reasons(part: Tag) -> list[Tag]:
    return (
        [part] if part.name == "details" and "left-out" in part.get_attribute_list("class") else part.select(LEFT_OUT)
    )


def _shows(part: Tag) -> bool:
    """Whether a part is an output that shows anything but why something is left out."""
    if part.name == "figure" or (part.name == "pre" and "text" in part.get_attribute_list("class")):
        return True
    if "output" not in part.get_attribute_list("class"):
        return False
    return any(not isinstance(inner, Tag) or not _reasons(inner) for inner in part.contents if str(inner).strip())

"""What is folded: sections that have nothing to say, in a line at the end, and the reasons of long warnings."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from loyalty_kit.core.language import term

LEFT_OUT = "details.left-out"

LONG = 100
"""Characters of a warning from which it is folded; a shorter one takes two lines of a narrow screen."""

_END = re.compile(r"(?<=.{15}): |(?<=.{15})(?=\s\()|(?<=.{15})\.\s|(?<=.{8})(?:：|。)|(?<=.{8})(?=（)")
"""Where what is wrong has been said and its reason begins."""


def fold_left_out(soup: BeautifulSoup, main: Tag, language: str) -> None:
    """Fold sections whose only outputs say why they are left out into one line; their code stays, their prose goes.

    Parameters
    ----------
    soup : BeautifulSoup
        The page.
    main : Tag
        Its main part.
    language : {'en', 'zh'}
        Language of the page.
    """
    left: dict[int, tuple[str, Tag]] = {}
    places = list(enumerate(main.select("h2, h3")))
    for place, heading in sorted(places, key=lambda one: one[1].name, reverse=True):
        parts = [part for part in _section(heading) if isinstance(part, Tag)]
        reasons = [reason for part in parts for reason in _reasons(part)]
        if reasons and not any(_shows(part) for part in parts):
            left[place] = (" ".join(heading.get_text().split()), reasons[0].extract())
            for part in parts:
                if "code" not in part.get_attribute_list("class"):
                    part.decompose()
            heading.decompose()
    if left:
        main.append(_folded(soup, [left[place] for place in sorted(left)], language))


def _folded(soup: BeautifulSoup, left: list[tuple[str, Tag]], language: str) -> Tag:
    """One line that names the sections, with the reason of each in it."""
    folded = soup.new_tag("details", attrs={"class": "left-out"})
    summary = soup.new_tag("summary")
    named = term("semicolon", language=language).join(name for name, _ in left)
    summary.string = term("left_out", part=named, language=language)
    folded.append(summary)
    for name, reason in left:
        for sentence in reason.select("p"):
            if len(left) > 1:
                strong = soup.new_tag("strong")
                strong.string = name
                sentence.insert(0, strong, term("gap", language=language))
            folded.append(sentence.extract())
    return folded


def _section(heading: Tag) -> Iterator[PageElement]:
    """Go through what stands below a heading, up to the next of its level."""
    ends = ("h1", "h2", heading.name)
    for part in heading.next_siblings:
        if isinstance(part, Tag) and part.name in ends:
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


def fold_warnings(soup: BeautifulSoup, main: Tag) -> None:
    """Fold the reason of each long warning above the first section of a page with an answer, in place.

    Wide screens and paper show it unfolded (the style sees to that); nothing is left out.

    Parameters
    ----------
    soup : BeautifulSoup
        The page, whose warnings say so in words.
    main : Tag
        Its main part.
    """
    if main.select_one(".answer") is None:
        return
    for warning in main.select("p.sentence.warning"):
        label, last = warning.find("strong"), warning.contents[-1]
        begun = warning.find_previous("h2") is not None
        if begun or not isinstance(label, Tag) or not isinstance(last, NavigableString) or len(last) < LONG:
            continue
        text = str(last)
        found = _END.search(text)
        if found is not None:
            _fold_reason(soup, warning, text[: found.start()], text[found.end() :].strip())


def _fold_reason(soup: BeautifulSoup, warning: Tag, wrong: str, reason: str) -> None:
    summary, rest = soup.new_tag("summary"), soup.new_tag("p")
    warning.contents[-1].extract()
    summary.extend([*list(warning.contents), NavigableString(wrong)])
    rest.string = reason
    warning.name = "details"
    warning.clear()
    warning.extend([summary, rest])

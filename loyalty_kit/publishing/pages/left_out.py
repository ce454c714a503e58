"""Sections that have nothing to say: they give way to one folded line at the end, which names each and says why."""

from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import PageElement, Tag

from loyalty_kit.core.language import term

LEFT_OUT = "details.left-out"


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

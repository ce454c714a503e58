"""Structure of the assembled page: one title, an outline without gaps, named figures and tables."""

import re

from bs4 import BeautifulSoup
from bs4.element import Comment, Tag

from loyalty_kit.core.language import LANGUAGES, term
from loyalty_kit.publishing.pages.left_out import fold_left_out, fold_warnings
from loyalty_kit.publishing.pages.tables import drop_doubled

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
NUMBER = re.compile(
    r"[-+−<>≤≥≈]?\s?\d[\d.,\s]{0,24}(?:e[-+−]?\d{1,3})?\s?[%‰]?"
    r"(?:\s?(?:–|to|至|,)\s?[-+−]?\d[\d.,\s]{0,24}[%‰]?)?|[-–—−]|nan|n/a",
    re.IGNORECASE,
)
LONG_FORMULA = 30
"""Letters; fewer fit on a narrow screen."""

_COLONS = " :："
_WARNINGS = {term("warning_label", language=language).strip(_COLONS) for language in LANGUAGES}
SPAN_SCOPES = {"col": "colgroup", "row": "rowgroup"}


def add_structure(soup: BeautifulSoup, *, title: str, language: str) -> None:
    """Give the page its title and outline, and every figure and table its name, in place.

    Parameters
    ----------
    soup : BeautifulSoup
        The page, as the template wrote it.
    title : str
        Title that the report was given, or nothing: above the notebook's heading of level 1 and before it in the
        page's title; in place of it where there is none or the title has it within.
    language : {'en', 'zh'}
        Language of the names that figures and tables are given.
    """
    main = soup.select_one("main")
    if main is None:
        raise ValueError("The template has no main element.")
    fold_left_out(soup, main, language)
    _outline(soup, main, title, language)
    _contents(soup, main)
    drop_doubled(main)
    for figure in main.select("figure"):
        _name_figure(figure, language)
    _warn_of_font(soup, main, language)
    for number, table in enumerate([table for table in main.select("table") if not table.find_parent("table")], 1):
        _name_table(soup, table, number, language)
    for math in main.select("math"):
        _give_room(soup, math)
    for scrolled in main.select("pre, .formula"):
        scrolled["tabindex"] = "0"
    for sentence in main.select("p"):
        _mark_warning(soup, sentence, language)
    fold_warnings(soup, main)
    for output in main.select("[data-caption]"):
        del output["data-caption"]


def _outline(soup: BeautifulSoup, main: Tag, title: str, language: str) -> None:
    """One heading of level 1, no level skipped, each with an address."""
    for heading in main.find_all(HEADINGS):
        if not heading.get_text(strip=True):
            heading.decompose()
    if main.h1 is None:
        heading = soup.new_tag("h1")
        heading.string = title or term("page.untitled", language=language)
        marker = next((part for part in main.contents if isinstance(part, Comment)), None)
        if marker is None:
            main.insert(0, heading)
        else:
            marker.insert_after(heading)
    taken = {str(tag["id"]) for tag in soup.find_all(id=True)}
    depth, titled = 1, False
    for heading in main.find_all(HEADINGS):
        level = int(heading.name[1])
        if level == 1 and not titled:
            titled = True
        else:
            level = min(max(level, 2), depth + 1)
            heading.name = f"h{level}"
        depth = level if titled else 1
        heading["id"] = _address(heading.get_text(), taken)
    if soup.title is not None and main.h1 is not None:
        _show_given_title(soup, soup.title, main.h1, title)


def _show_given_title(soup: BeautifulSoup, tab: Tag, heading: Tag, title: str) -> None:
    """Show the title that a report was given, by which those of one notebook are told apart, in tab and page."""
    own = " ".join(heading.get_text().split())
    tab.string = title if own in title else f"{title} · {own}".removeprefix(" · ")
    if title and own not in title:
        above = soup.new_tag("p", attrs={"class": "given-title"})
        above.string = title
        heading.insert_before(above)
    elif title and own != title:
        heading.string = title


def _address(text: str, taken: set[str]) -> str:
    """Address of a heading, as JupyterLab gives it: words joined by hyphens; repeated ones are counted."""
    base = "-".join(text.split()) or "section"
    address, count = base, 1
    while address in taken:
        count += 1
        address = f"{base}-{count}"
    taken.add(address)
    return address


def _contents(soup: BeautifulSoup, main: Tag) -> None:
    """Fill the table of contents, or take it away where there is nothing to list."""
    details = soup.select_one("nav details")
    headings = main.select("h2, h3")
    if details is None:
        return
    if not headings:
        details.decompose()
        return
    listed = soup.new_tag("ol")
    for heading in headings:
        entry = soup.new_tag("li", attrs={"class": heading.name})
        link = soup.new_tag("a", attrs={"href": f"#{heading['id']}"})
        link.string = " ".join(heading.get_text().split())
        entry.append(link)
        listed.append(entry)
    details.append(listed)


def _heading_above(tag: Tag) -> str:
    heading = tag.find_previous(HEADINGS)
    return " ".join(heading.get_text().split()) if heading is not None else ""


def _name_figure(figure: Tag, language: str) -> None:
    for image in figure.select("img"):
        if not image.get("alt"):
            caption, heading = figure.figcaption, _heading_above(figure)
            image["alt"] = (
                caption.get_text() if caption is not None else term("page.figure", name=heading, language=language)
            )


def _give_room(soup: BeautifulSoup, math: Tag) -> None:
    """Let a formula scroll that stands within a line and may be wider than a narrow screen."""
    if math.find_parent(class_="formula") is None and len(math.get_text()) > LONG_FORMULA:
        math.wrap(soup.new_tag("span", attrs={"class": "formula inline"}))


def _warn_of_font(soup: BeautifulSoup, main: Tag, language: str) -> None:
    """Say once, above the first figure concerned, which font package is missing where the report was made."""
    concerned = main.select("figure[data-fontless]")
    if concerned:
        sentence = soup.new_tag("p", attrs={"class": "sentence warning"})
        sentence.string = term("page.fontless", language=language)
        concerned[0].insert_before(sentence)
    for figure in concerned:
        del figure["data-fontless"]


def _name_table(soup: BeautifulSoup, table: Tag, number: int, language: str) -> None:
    """Caption, header cells and alignment of a table, which then stands in a region that scrolls."""
    caption = _caption(soup, table)
    _scopes(table)
    _align(table)
    for note in table.select("tfoot td"):
        # A note may be longer than a screen is wide; it wraps by itself, while the columns above it scroll.
        line = soup.new_tag("span", attrs={"class": "note"})
        line.extend(list(note.contents))
        note.append(line)
    name = " ".join(caption.get_text(" ").split()) if caption is not None else _heading_above(table)
    label = term("page.table", number=number, name=name, language=language)
    frame = soup.new_tag("figure", attrs={"class": "table"})
    region = soup.new_tag("div", attrs={"class": "scroll", "role": "region", "tabindex": "0", "aria-label": label})
    table.wrap(region).wrap(frame)


def _caption(soup: BeautifulSoup, table: Tag) -> Tag | None:
    """Caption of a table: its own, the title rows of Great Tables, or the cell's."""
    lines = [row.get_text(" ", strip=True) for row in table.select("tr.gt_heading")]
    for row in table.select("tr.gt_heading"):
        row.decompose()
    holder = table.find_parent(attrs={"data-caption": True})
    if not lines and holder is not None and holder["data-caption"]:
        lines = [str(holder["data-caption"])]
    if table.caption is not None or not lines:
        return table.caption
    caption = soup.new_tag("caption")
    for place, line in enumerate(lines):
        part = soup.new_tag("span", attrs={"class": "subtitle" if place else "title"})
        part.string = line
        caption.append(part)
    table.insert(0, caption)
    return caption


def _scopes(table: Tag) -> None:
    """Say of each header cell whether it heads a column or a row; an empty one heads nothing."""
    for cell in table.select("th"):
        row = cell.find_parent("tr")
        if not cell.get_text(strip=True):
            cell.name = "td"
            del cell["scope"]
            continue
        heads_columns = cell.find_parent("thead") is not None or (row is not None and not row.find_all("td"))
        scope = "col" if heads_columns else "row"
        span = str(cell.get("colspan" if heads_columns else "rowspan", "1"))
        cell["scope"] = SPAN_SCOPES[scope] if span != "1" else scope


def _align(table: Tag) -> None:
    """Mark the columns of numbers of a table that does not come aligned (columns are counted from the right)."""
    if table.select_one("[class*=gt_]") is not None:
        return
    rows = [row.find_all("td") for row in table.select("tbody tr")]
    if not rows or len({len(row) for row in rows}) > 1 or table.select_one("td[colspan], td[rowspan]") is not None:
        return
    heads = [row.find_all(["th", "td"]) for row in table.select("thead tr") if row.select_one("[colspan]") is None]
    for place in range(1, len(rows[0]) + 1):
        cells = [row[-place] for row in rows]
        texts = [text for cell in cells if (text := cell.get_text(strip=True))]
        if texts and all(NUMBER.fullmatch(text) for text in texts):
            for cell in [*cells, *(row[-place] for row in heads if place <= len(row))]:
                cell["class"] = "number"


def _mark_warning(soup: BeautifulSoup, sentence: Tag, language: str) -> None:
    """Say 'Warning' in words where a class says it, and give the class where the words do."""
    first = next((part for part in sentence.children if str(part).strip()), None)
    label = first if isinstance(first, Tag) and first.name == "strong" else None
    if label is not None and label.get_text().strip(_COLONS) in _WARNINGS:
        sentence["class"] = "sentence warning"
    elif label is None and "warning" in sentence.get_attribute_list("class"):
        label = soup.new_tag("strong")
        label.string = term("warning_label", language=language)
        sentence.insert(0, label, term("gap", language=language))

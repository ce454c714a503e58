"""The page: one title, an outline, named figures and tables, and nothing that loads or runs."""

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote

import nbformat.v4 as v4
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from great_tables import GT
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.results import Result
from loyalty_kit.publishing.pages import markup
from loyalty_kit.publishing.pages.markup import neutral
from loyalty_kit.publishing.pages.page import TEMPLATES, report_page

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def markdown(text, **options):
    return v4.new_markdown_cell(text, **options)


def shown(data, *, source="1", about=None, **options):
    """Code cell with one output."""
    output = v4.new_output("display_data", data=data, metadata=about or {})
    return v4.new_code_cell(source, outputs=[output], **options)


def html(text, **options):
    return shown({"text/html": text}, **options)


def figure(**about):
    return shown({"image/png": PIXEL}, about={"image/png": about})


def page(*cells, metadata=None, **options):
    """Page of a notebook with these cells, parsed."""
    notebook = v4.new_notebook(cells=list(cells), metadata=metadata or {})
    return BeautifulSoup(report_page(notebook, **options), "html.parser")


# Head


def test_the_title_is_the_first_heading():
    assert page(markdown("# Are *customers* loyal?\n\ntext")).title.string == "Are customers loyal?"


@pytest.mark.parametrize(
    ("given", "tab", "top"),
    [
        ("App <1>", "App <1> · Trust?", ["App <1>", "Trust?"]),
        ("Trust? (app)", "Trust? (app)", ["Trust? (app)"]),
        ("Trust?", "Trust?", ["Trust?"]),
        ("", "Trust?", ["Trust?"]),
    ],
)
def test_reports_of_one_notebook_are_told_apart_by_the_title_given(given, tab, top):
    soup = page(markdown("# Trust?"), facts={"title": given})
    assert (soup.title.string, [part.get_text() for part in soup.select(".given-title, h1")]) == (tab, top)


def test_the_title_is_a_fact_where_there_is_no_heading():
    soup = page(markdown("text"), facts={"title": "10-scale-quality"})
    assert (soup.title.string, soup.h1.string) == ("10-scale-quality", "10-scale-quality")


def test_the_language_is_told_to_the_browser_and_kept_as_a_fact():
    soup = page(language="zh")
    assert (soup.html["lang"], soup.find("meta", attrs={"name": "loyalty-kit:language"})["content"]) == (
        "zh-Hans",
        "zh",
    )


def test_what_the_page_itself_says_is_in_its_language():
    soup = page(markdown("# 标题\n\n## 方法"), v4.new_code_cell("1"), language="zh")
    assert (soup.select_one(".skip").string, soup.summary.string, soup.button.string) == (
        "跳到报告正文",
        "目录",
        "显示代码",
    )


def test_figures_and_tables_are_named_in_the_pages_language():
    soup = page(markdown("# 标题"), figure(), html(SCALES.to_html()), language="zh")
    assert (soup.img["alt"], soup.table.parent["aria-label"]) == ("图：标题", "表 1：标题")


def test_an_unknown_language_is_refused():
    with pytest.raises(InputError, match="'language' must be one of 'en', 'zh'; got 'fr'"):
        report_page(v4.new_notebook(), language="fr")


def test_the_language_is_english_where_none_is_given():
    assert page().html["lang"] == "en"


def test_facts_come_back_from_the_meta_elements_as_they_were():
    fact = "<script>\"x\" & 'y' 可信"
    assert page(facts={"survey": fact}).find("meta", attrs={"name": "loyalty-kit:survey"})["content"] == fact


def test_facts_are_escaped():
    raw = report_page(v4.new_notebook(), facts={"survey": '"><script>alert(1)</script>'})
    assert 'content="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in raw


def test_the_policy_forbids_all_but_inline_style_data_images_and_the_one_script():
    soup = page(markdown("# T"))
    (script,) = soup.find_all("script")
    digest = base64.b64encode(hashlib.sha256(script.string.encode()).digest()).decode()
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_the_policy_stands_before_any_style_or_script():
    raw = report_page(v4.new_notebook())
    assert raw.index("Content-Security-Policy") < min(raw.index("<style"), raw.index("<script"))


def test_equal_notebooks_give_equal_bytes():
    cells = [markdown("# T"), html("<table><tr><td>1</td></tr></table>"), figure(alt="a")]
    notebook = v4.new_notebook(cells=cells)
    assert report_page(notebook) == report_page(notebook)


def test_the_notebook_is_left_as_it_was():
    notebook = v4.new_notebook(cells=[markdown("# T"), html("<b onclick='x'>y</b>", source="1")])
    before = notebook.copy()
    report_page(notebook)
    assert notebook == before


def test_the_template_lies_in_the_package():
    assert {"conf.json", "index.html.j2", "report.css", "report.js"} <= {
        path.name for path in (TEMPLATES / "loyalty").iterdir()
    }


# Outline


def test_there_is_one_heading_of_level_1():
    soup = page(markdown("# One"), markdown("# Two"), html("<h1>Three</h1>"))
    assert [heading.name for heading in soup.main.find_all(re.compile("h[1-6]"))] == ["h1", "h2", "h2"]


def test_no_level_is_skipped():
    soup = page(markdown("# A\n\n#### B\n\n###### C\n\n## D"))
    assert [heading.name for heading in soup.main.find_all(re.compile("h[1-6]"))] == ["h1", "h2", "h3", "h2"]


def test_contents_list_the_second_and_third_level():
    soup = page(markdown("# T\n\n## Who answered?\n\n### Weak items\n\n#### Detail"))
    assert [link.string for link in soup.nav.find_all("a")] == ["Who answered?", "Weak items"]


def test_every_link_of_the_contents_leads_to_one_place():
    soup = page(markdown("# T\n\n## Limits\n\n## Limits\n\n## 局限\n\n## page-report"))
    targets = [link["href"].removeprefix("#") for link in soup.nav.find_all("a")]
    assert [len(soup.find_all(id=target)) for target in targets] == [1, 1, 1, 1]


def test_a_page_without_sections_has_no_contents():
    assert page(markdown("# T")).nav.details is None


@pytest.mark.parametrize("text", ["# T\n\n## ", "# \n\ntext"])
def test_an_empty_heading_is_left_out(text):
    assert [heading.name for heading in page(markdown(text)).main.find_all(re.compile("h[1-6]"))] == ["h1"]


# Code


def test_code_is_hidden_behind_one_button():
    soup = page(markdown("# T"), v4.new_code_cell("answer = 42"), v4.new_code_cell("answer"))
    (button,) = soup.find_all("button")
    assert (button["aria-pressed"], len(soup.select(".code"))) == ("false", 2)


@pytest.mark.parametrize("tag", ["parameters", "injected-parameters", "setup"])
def test_parameters_belong_to_the_code(tag):
    soup = page(v4.new_code_cell("survey = 'x.csv'", metadata={"tags": [tag]}))
    assert "x.csv" in soup.select_one(".code").get_text()


def test_a_removed_cell_leaves_nothing():
    cell = html("<p>output</p>", source="secret", metadata={"tags": ["remove-cell"]})
    assert {"secret", "output"}.isdisjoint(page(cell).main.get_text().split())


def test_a_hidden_input_leaves_its_output():
    soup = page(html("<p>output</p>", source="secret", metadata={"tags": ["hide-input"]}))
    assert (soup.select_one(".code"), soup.main.p.string) == (None, "output")


def test_no_prompt_is_shown():
    cell = v4.new_code_cell("1", execution_count=7, outputs=[])
    assert not re.search(r"\[\s*7\s*\]", report_page(v4.new_notebook(cells=[cell])))


# Outputs

ALIGNED = r"\begin{align} \alpha &< 0.7 \\ b &= 1 \end{align}"
STREAMS = {name: v4.new_output("stream", name=name, text="<script>alert(1)</script>") for name in ("stdout", "stderr")}
TEXTS = [
    v4.new_output("display_data", data={"text/plain": "<script>alert(1)</script>"}),
    v4.new_output("display_data", data={"text/latex": "<script>alert(1)</script>"}),
    v4.new_output("display_data", data={"text/markdown": "<script>alert(1)</script>"}),
    v4.new_output("error", ename="ValueError", evalue="<script>alert(1)</script>", traceback=[]),
    STREAMS["stdout"],
]


@pytest.mark.parametrize("output", TEXTS, ids=lambda output: output.output_type)
def test_a_script_in_text_shows_as_text(output):
    soup = page(v4.new_code_cell("", outputs=[output]))
    assert "<script>alert(1)</script>" in soup.main.get_text()


def test_stderr_is_not_shown():
    assert "alert" not in page(v4.new_code_cell("", outputs=[STREAMS["stderr"]])).main.get_text()


def test_an_error_shows_its_sentence_without_the_machines_paths():
    error = v4.new_output("error", ename="InputError", evalue="No row is left.", traceback=["/somewhere/file.py"])
    text = page(v4.new_code_cell("", outputs=[error])).main.get_text()
    assert ("InputError: No row is left." in text, "/somewhere" in text) == (True, False)


def test_colours_of_a_terminal_are_kept():
    output = v4.new_output("stream", name="stdout", text="\x1b[1;31mred\x1b[0m")
    assert page(v4.new_code_cell("", outputs=[output])).pre.span["class"] == ["ansi-red", "ansi-bold"]


def test_markdown_from_an_output_is_set():
    assert page(shown({"text/markdown": "a **bold** word"})).main.strong.string == "bold"


def test_a_drawing_is_shown_as_an_image():
    soup = page(shown({"image/svg+xml": "<svg onload='alert(1)'/>"}))
    assert (soup.svg, soup.img["src"][:26]) == (None, "data:image/svg+xml;base64,")


@pytest.mark.parametrize("text", ["where $\\alpha < 0.7$ holds", "$$\\alpha < 0.7$$", ALIGNED])
def test_formulas_are_set_without_a_script(text):
    soup = page(markdown(text))
    assert ("α" in soup.math.get_text(), "$" in soup.main.get_text(), len(soup.find_all("script"))) == (True, False, 1)


def test_a_formula_in_a_line_of_its_own_can_be_scrolled_by_keyboard():
    formula = page(markdown("$$\\alpha$$")).select_one(".formula")
    assert (formula["tabindex"], formula.math["display"]) == ("0", "block")


def test_a_long_formula_within_a_line_can_be_scrolled_and_a_short_one_needs_not():
    soup = page(markdown("with $x" + " + x" * 40 + "$ and $y$"))
    assert [math.parent.get("tabindex") for math in soup.select("math")] == ["0", None]


def test_a_formula_from_an_output_is_set():
    assert page(shown({"text/latex": "$\\displaystyle x^2$", "text/plain": "x**2"})).math.get_text() == "x2"


def test_a_formula_that_cannot_be_read_stays_as_code():
    assert page(markdown("where $\\nosuch{x < 1}$ holds")).code.string == "\\nosuch{x < 1}"


@pytest.mark.parametrize(
    "text",
    [
        "from $5 to $10 a month",
        "US$2-US$4",
        "between US$2 and US$4",
        "$5-$10",
        "($2–$4)",
        "HK$30/NT$90",
        "$2m/$4m",
        "$20,000 and USD$30,000",
        "10$ or 20$",
        "从US$2到US$4",
    ],
)
def test_amounts_of_money_are_no_formula(text):
    """The rule of pandoc's manual (tex_math_dollars), and no sign right behind a letter and before a digit."""
    assert page(markdown(text)).main.p.get_text() == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("R$^2$ and n$_i$", 2),
        ("其中$n$为样本量", 1),
        ("$p<0.05$, $n=20$", 2),
        ("$a$-$b$", 2),
        ("$5$ points", 1),
        ("costs $5, and $x$ is", 1),
        (r"$\\$ + x$", 1),
    ],
)
def test_formulas_between_words_and_signs_are_set(text, count):
    soup = page(markdown(text))
    assert len(soup.select("math")) == count


def test_recorded_estimates_are_not_shown():
    kind = "application/vnd.loyalty-kit.estimates+json"
    assert "instead" not in page(shown({kind: [], "text/plain": "instead"})).main.get_text()


# What stands above the report


def test_the_place_of_a_banner_comes_first_in_the_main_part():
    raw = report_page(v4.new_notebook(cells=[markdown("text"), html("<!--loyalty-kit:banner-->")]))
    assert re.findall(r"<main[^>]*>\s*(<!--loyalty-kit:banner-->)", raw) == re.findall("<!--loyalty-kit:banner-->", raw)


def test_what_changed_stands_below_the_first_text(monkeypatch):
    monkeypatch.setattr(
        "loyalty_kit.publishing.pages.page.since_section", lambda *_, **__: "<h2>Since the last run</h2>"
    )
    soup = page(v4.new_code_cell("1"), markdown("# T\n\nIntroduction."), markdown("## Method"))
    names = [(part.name, part.get("class")) for part in soup.main.find_all(["p", "section", "h2"])]
    assert names == [("p", None), ("section", ["since"]), ("h2", None), ("h2", None)]


def test_where_nothing_changed_there_is_no_section(monkeypatch):
    monkeypatch.setattr("loyalty_kit.publishing.pages.page.since_section", lambda *_, **__: "")
    assert page(markdown("# T")).select_one(".since") is None


def test_a_missing_font_is_told_once():
    soup = page(markdown("# T"), figure(alt="a"), figure(alt="b", fontless=True), figure(alt="c", fontless=True))
    (sentence,) = soup.select("p.warning")
    assert ("fonts-noto-cjk" in sentence.get_text(), sentence.find_next("img")["alt"]) == (True, "b")


# Figures


def test_a_figure_keeps_its_alternative_text_and_size():
    image = page(figure(alt='Loyalty "by" scale', width=400, height=300)).img
    assert (image["alt"], image["width"], image["height"]) == ('Loyalty "by" scale', "400", "300")


def test_a_figure_without_text_is_named_by_the_heading_above():
    assert page(markdown("# T\n\n## Weak items"), figure()).img["alt"] == "Figure: Weak items"


def test_a_figures_caption_is_its_own_before_the_cells():
    cell = figure(alt="a", caption="Its own")
    cell.metadata["caption"] = "The cell's"
    assert page(cell).figcaption.string == "Its own"


def test_a_cells_caption_is_its_figures():
    cell = figure(alt="a")
    cell.metadata["caption"] = "Bars are <95 %> intervals"
    assert page(cell).figcaption.string == "Bars are <95 %> intervals"


# Tables

SCALES = pd.DataFrame(
    {"scale": ["Image", "<b>忠诚</b>"], "alpha": [0.72, -0.47], "interval": ["0.66 to 0.77", "−0.6 to 0.3"]}
)


def test_header_cells_say_what_they_head():
    soup = page(html(SCALES.set_index("scale").to_html()))
    assert [(cell.string, cell["scope"]) for cell in soup.table.find_all("th")] == [
        ("alpha", "col"),
        ("interval", "col"),
        ("scale", "col"),
        ("Image", "row"),
        ("<b>忠诚</b>", "row"),
    ]


def test_headers_over_several_columns_head_a_group():
    frame = SCALES.groupby("scale")[["alpha"]].agg(["mean", "max"])
    assert page(html(frame.to_html())).find("th", string="alpha")["scope"] == "colgroup"


def test_no_header_cell_is_empty():
    soup = page(html(SCALES.to_html()), html(GT(SCALES, rowname_col="scale").as_raw_html()))
    assert [cell for cell in soup.find_all("th") if not cell.get_text(strip=True)] == []


def test_columns_of_numbers_are_marked_and_columns_of_words_are_not():
    cells = page(html(SCALES.to_html(index=False))).thead.find_all("th")
    assert [cell.get("class") for cell in cells] == [None, ["number"], ["number"]]


def test_a_table_stands_in_a_named_region_that_the_keyboard_can_scroll():
    soup = page(markdown("# T\n\n## Scales"), html(SCALES.to_html()))
    region = soup.table.parent
    assert (region["role"], region["tabindex"], region["aria-label"]) == ("region", "0", "Table 1: Scales")


def test_a_table_of_great_tables_has_its_title_as_caption():
    table = GT(SCALES).tab_header("Reliability", "of each scale")
    caption = page(html(table.as_raw_html())).caption
    assert caption.get_text("|") == "Reliability|of each scale"


def test_a_tables_note_is_a_line_that_wraps_by_itself():
    note = page(html(GT(SCALES).tab_source_note("Alpha of each scale").as_raw_html())).select_one("tfoot td")
    assert note.find("span", class_="note").get_text(strip=True) == "Alpha of each scale"
    assert note.get_text(strip=True) == "Alpha of each scale"


def test_a_table_of_great_tables_brings_no_style_and_keeps_its_alignment():
    soup = page(html(GT(SCALES).as_raw_html()))
    assert (soup.main.style, "gt_right" in soup.find("td", string="0.72")["class"]) == (None, True)


def test_a_cells_caption_is_its_tables():
    cell = html(SCALES.to_html(), metadata={"caption": "Scales & alphas"})
    assert page(cell).caption.get_text() == "Scales & alphas"


def test_a_tables_own_caption_stays():
    cell = html("<table><caption>Own</caption><tr><td>1</td></tr></table>", metadata={"caption": "The cell's"})
    assert page(cell).caption.get_text() == "Own"


@pytest.mark.parametrize("table", [SCALES.to_html(), GT(SCALES).as_raw_html()], ids=["pandas", "great_tables"])
def test_markup_in_a_table_shows_as_text(table):
    assert "<b>忠诚</b>" in page(html(table)).table.get_text()


def test_colours_of_a_styled_table_stay_in_pairs():
    styled = SCALES.style.highlight_max(subset=["alpha"], color="#ffee00").to_html()
    assert "{ background-color: #ffee00; color: #111 }" in page(html(styled)).main.style.string


# Sentences


@dataclass(frozen=True, eq=False)
class Warned(Result):
    """A result with one warning."""

    warnings: tuple[str, ...] = ("CUSL2 <b> is weak.",)

    def to_frame(self):
        return SCALES


def test_a_results_warning_looks_like_the_others():
    sentence = page(html(Warned()._repr_html_())).main.p
    assert (sentence["class"], sentence.get_text()) == (["sentence", "warning"], "Warning: CUSL2 <b> is weak.")


def test_a_warning_is_told_in_words_once():
    soup = page(
        html('<p class="sentence warning">Alpha is low.</p>'),
        html('<p class="sentence warning"><strong>Warning:</strong> Alpha is low.</p>'),
    )
    assert [sentence.get_text() for sentence in soup.main.find_all("p")] == ["Warning: Alpha is low."] * 2


@pytest.mark.parametrize(("language", "said"), [("en", "Warning: 低。"), ("zh", "注意：低。")])
def test_a_warning_is_told_in_the_pages_language(language, said):
    soup = page(html('<p class="sentence warning">低。</p>'), language=language)
    assert soup.main.p.get_text() == said


@pytest.mark.parametrize("label", ["Warning:", "注意："])
def test_a_paragraph_labelled_a_warning_looks_like_one(label):
    assert page(html(f"<p><strong>{label}</strong>x</p>")).main.p["class"] == ["sentence", "warning"]


def test_prose_on_warnings_stays_prose():
    assert page(markdown("Warning signs are **four**.")).main.p.get("class") is None


def test_answers_keep_their_class():
    assert page(html('<p class="answer">Five of six.</p>')).main.p["class"] == ["answer"]


# Others' markup

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<math><mi xlink:href='javascript:alert(1)'><script>alert(1)</script></mi></math>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml></math>",
    "<math><maction actiontype='statusline' href='javascript:alert(1)'>x</maction></math>",
    "<math><mi><math><mi>x</mi></math></mi></math>",
    "<iframe src='https://example.org'></iframe>",
    "<object data='https://example.org'></object><embed src='https://example.org'>",
    "<link rel=stylesheet href='https://example.org/x.css'>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href='https://example.org'>",
    "<form action='https://example.org'><input name=x><button>go</button></form>",
    "<video src='https://example.org/x.mp4' poster='https://example.org/x.png'></video>",
    "<img srcset='https://example.org/x.png 2x' src='//example.org/x.png'>",
    "<table background='https://example.org/x.png'><tr><td>1</td></tr></table>",
    "<p src='https://example.org/x.png' background='https://example.org/x.png'>x</p>",
    "<p style='background: url(https://example.org/x.png)'>x</p>",
    "<p style='background-color: u\\rl(https://example.org/x.png)'>x</p>",
    "<style>@import 'https://example.org/x.css'; body { display: none }</style>",
    "<style>#T_1 { background-color: red; background: url(https://example.org) }</style><p id=T_1>x</p>",
    "<style>#T_1, body { background-color: red }</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#x6a;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//example.org' ping='https://example.org'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<x-card onclick=alert(1) style='position: fixed'>x</x-card>",
    "</div></main><script>alert(1)</script>",
]
HARMFUL = re.compile(
    r"<(?!/?(?:p|a|table|tr|td|tbody|style|div|main)\b)|\son\w+\s*=|script:|url\(|@import|example\.org|file:|fixed|body"
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_markup_is_made_harmless(hostile):
    assert not HARMFUL.search(neutral(hostile))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_output_leaves_the_page_whole(hostile):
    soup = page(markdown("# T"), html(hostile), html("<p>end</p>"))
    assert (len(soup.find_all("script")), soup.main.find("p", string="end") is not None) == (1, True)


@given(st.text(alphabet=st.sampled_from(list("<>/!-=\"'& abcdsciptonstyle:;()"))))
def test_making_harmless_twice_changes_no_more(text):
    once = neutral(text)
    assert neutral(once) == once


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_escaped_text_comes_back_whole(text):
    frame = pd.DataFrame({"wording": [text]})
    with pd.option_context("display.max_colwidth", None):
        cell = BeautifulSoup(neutral(frame.to_html(index=False)), "html.parser").tbody.td
    assert cell.get_text().split() == text.split()


REFUSED = "<svg/>--!>UL<!-->"


def test_markup_that_the_parser_refuses_is_shown_as_text(monkeypatch):
    """Python's html.parser raises for it in some releases, Beautiful Soup then ParserRejectedMarkup."""
    parsed = markup.BeautifulSoup

    def refusing(text, kind):
        if REFUSED in text:
            raise markup.ParserRejectedMarkup("refused")
        return parsed(text, kind)

    monkeypatch.setattr(markup, "BeautifulSoup", refusing)
    for cell in (markdown(REFUSED), html(REFUSED), shown({"text/markdown": "a"})):
        report_page(v4.new_notebook(cells=[cell]))
    assert page(html(REFUSED)).main.select_one(".output").get_text() == REFUSED


@pytest.mark.parametrize(
    "text", [REFUSED, "<![x", "<!DOCTYPE [<!x", "<![if x]>b<![endif]>", "<?x", "a<![cdata[x", "<!>x"]
)
def test_odd_markup_leaves_the_page_whole(text):
    soup = page(markdown(text), html(text), html("<p>end</p>"))
    assert soup.main.find("p", string="end") is not None


def test_a_formula_keeps_nothing_that_leads_or_runs():
    hostile = "<math href='javascript:x' onclick='x' style='x: y'><mi href='//example.org' id='a' mathsize='2em'>x</mi>"
    assert neutral(hostile) == '<math><mi mathsize="2em">x</mi></math>'


def test_parts_of_a_formula_outside_of_one_are_text():
    assert neutral("<mi onclick='x'>x</mi>") == "x"


def test_plain_links_stay():
    assert neutral('<a href="https://example.org/a?b=1">x</a>') == '<a href="https://example.org/a?b=1">x</a>'


def test_harmless_markup_of_an_author_stays():
    soup = page(markdown("<details><summary>More</summary>\n\nText <sub>i</sub>\n\n</details>"))
    assert (soup.main.summary.string, soup.main.sub.string) == ("More", "i")


def test_a_script_of_an_author_goes():
    assert len(page(markdown("<script>alert(1)</script>\n\ntext")).find_all("script")) == 1


# Images of an author


def test_an_image_from_elsewhere_gives_way_to_its_text():
    soup = page(markdown("![A map](https://example.org/x.png)"))
    assert (soup.img, soup.main.p.string) == (None, "A map")


def test_an_image_beside_the_notebook_is_embedded(tmp_path):
    (tmp_path / "map.png").write_bytes(base64.b64decode(PIXEL))
    image = page(markdown("![A map](map.png)"), folder=tmp_path).img
    assert (image["src"], image["alt"]) == (f"data:image/png;base64,{PIXEL}", "A map")


@pytest.mark.parametrize("name", ["客户.png", "图 a.png", "a(1).png"])
def test_an_image_is_embedded_whatever_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(base64.b64decode(PIXEL))
    for cell in (markdown(f"![A map](<{name}>)"), markdown(f'<img src="{quote(name)}" alt="A map">')):
        assert page(cell, folder=tmp_path).img["src"] == f"data:image/png;base64,{PIXEL}"


@pytest.mark.parametrize(
    "source",
    [
        "../secret.png",
        "..%2Fsecret.png",
        "%2e%2e%2fsecret.png",
        "{outside}",
        "a%00.png",
        "x" * 5000 + ".png",
        "absent.png",
        "notes.txt",
    ],
)
def test_a_file_that_is_no_image_of_the_folder_is_not_embedded(tmp_path, source):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    source = source.format(outside=quote(str(tmp_path / "secret.png"), safe=""))
    for cell in (markdown(f"![text]({source})"), markdown(f'<img src="{source}">')):
        assert page(cell, folder=folder).img is None


def test_an_output_cannot_embed_a_file(tmp_path):
    (tmp_path / "map.png").write_bytes(base64.b64decode(PIXEL))
    assert page(html('<img src="map.png" alt="text">'), folder=tmp_path).img is None


def test_an_attached_image_is_embedded():
    cell = markdown("![A map](attachment:map.png)", attachments={"map.png": {"image/png": PIXEL}})
    assert page(cell).img["src"] == f"data:image/png;base64,{PIXEL}"


@pytest.mark.parametrize("name", ["map.png", "图 1.png"])
def test_an_attached_image_is_shown_however_it_is_named_in_the_text(name):
    """jupyter/nbconvert 1057 and 2236: `<img>` and encoded names stayed without their picture."""
    for text in (
        f'<img src="attachment:{name}" alt="A map">',
        f"![A map](<attachment:{name}>)",
        f"![A map](attachment:{quote(name)})",
    ):
        cell = markdown(text, attachments={name: {"image/png": PIXEL}})
        assert (page(cell).img["src"], page(cell).img["alt"]) == (f"data:image/png;base64,{PIXEL}", "A map")


def test_an_attachment_that_is_no_image_gives_way_to_its_text():
    cell = markdown('<img src="attachment:a.pdf" alt="The paper">', attachments={"a.pdf": {"application/pdf": "x"}})
    assert (page(cell).img, page(cell).main.get_text().split()[-2:]) == (None, ["The", "paper"])


def test_an_output_has_no_attachments():
    soup = page(
        html('<p><img src="attachment:a.png" alt="one"></p>'), shown({"text/markdown": "![two](attachment:a.png)"})
    )
    assert (soup.img, [part.get_text() for part in soup.main.find_all("p")]) == (None, ["one", "two"])


def test_an_absent_attachment_is_refused_by_name():
    with pytest.raises(InputError, match="map.png"):
        page(markdown("![A map](attachment:map.png)"))

"""Long warnings of a first screen say in a line what is wrong, and fold the reason."""

import pytest
from bs4 import BeautifulSoup

from loyalty_kit.publishing.pages.left_out import fold_warnings

LONG = "The estimates cannot be taken at face value: 'Quality' and 'Satisfaction' overlap; read their errors with care."
CHINESE = "估计值不能照字面使用：" + "“质量”与“满意度”重叠过多，其相关与误差须谨慎解读。" * 5
BRACKETS = f"Customer loyalty is not measured well enough (Cronbach's alpha 0.44): {'mend it first. ' * 4}"


def folded(text: str, above: str = "") -> BeautifulSoup:
    warning = f'<p class="sentence warning"><strong>Warning:</strong> {text}</p>'
    html = f'<main><p class="answer">Keep it.</p>{above}{warning}</main>'
    soup = BeautifulSoup(html, "html.parser")
    fold_warnings(soup, soup.main)
    return soup


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (LONG, "The estimates cannot be taken at face value"),
        (CHINESE, "估计值不能照字面使用"),
        (BRACKETS, "Customer loyalty is not measured well enough"),
    ],
)
def test_a_long_warning_says_what_is_wrong_and_folds_the_reason(text: str, wrong: str):
    soup = folded(text)
    assert soup.select_one("details.sentence.warning > summary").get_text() == f"Warning: {wrong}"
    rest = soup.select_one("details > p").get_text()
    assert rest and text.strip().endswith(rest)


def test_nothing_of_a_warning_is_lost_but_the_mark_where_it_is_cut():
    said = folded(LONG).details.get_text()
    assert "".join(said.split()) == "".join(f"Warning: {LONG}".replace(": '", " '").split())


@pytest.mark.parametrize(
    ("text", "above"),
    [("Simulated data: no customer is real.", ""), (LONG, "<h2>Below</h2>"), ("a" * 200, "")],
    ids=["short", "below the first screen", "of one piece"],
)
def test_other_warnings_stay_as_they_are(text: str, above: str):
    assert folded(text, above).details is None


def test_markup_of_a_warning_stays_text():
    soup = folded("The estimates cannot be trusted: " + "&lt;b&gt; " * 30)
    assert soup.b is None and soup.details is not None

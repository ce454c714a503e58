"""LaTeX as MathML: what is understood is set, all else stays as it was written."""

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.publishing.pages.formulas import ATTRIBUTES, ELEMENTS, formula, lone_formula
from loyalty_kit.publishing.pages.markup import neutral

ALPHA = r"\alpha = \frac{k}{k-1}\left(1 - \frac{\sum_{i=1}^k \sigma_i^2}{\sigma_X^2}\right)"
COMMON = [
    ALPHA,
    r"\hat\beta = (X^\top X)^{-1} X^\top y",
    r"y_i \sim \mathcal{N}(\mu, \sigma^2)",
    r"\begin{pmatrix} 1 & \rho \\ \rho & 1 \end{pmatrix}",
    r"f(x) = \begin{cases} 1 & x < 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\begin{align} a &= b \\ c &= d \end{align}",
    r"\begin{equation}\label{eq} \Sigma = \Lambda \Phi \Lambda^\top + \Theta \end{equation}",
    r"\begin{gather} a \\ b \end{gather}",
    r"\sqrt[3]{x} \le \bar{x} \cdot \mathbb{E}[X]",
    r"\operatorname{Var}(x) \approx 0.7 \pm 1.96\,\mathrm{SE}",
    r"信度 = 1",
]


@pytest.mark.parametrize("latex", COMMON)
def test_common_formulas_are_set(latex):
    assert formula(latex, block=False).startswith("<math>")


@pytest.mark.parametrize("latex", COMMON)
def test_a_set_formula_passes_the_check_of_markup_unchanged(latex):
    assert neutral(formula(latex, block=True)) == formula(latex, block=True)


@pytest.mark.parametrize(
    "latex", [r"\frac{1}", "x^", r"\nosuch x", r"\left( x", r"\begin{align} x", "{" * 3000, "x" * 30_000]
)
def test_what_cannot_be_read_stays_as_code(latex):
    assert BeautifulSoup(formula(latex, block=False), "html.parser").code.get_text() == latex


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\unicode{3c}\text{script}\unicode{3e}",
        r"\operatorname{<img src=x onerror=alert(1)>}",
        r"\nosuch<script>alert(1)</script>",
        r"\color{red;background:url(https://example.org)}{x}",
        r"\style{background:url(https://example.org)}{x}",
    ],
)
def test_markup_in_a_formula_stays_text(latex):
    soup = BeautifulSoup(formula(latex, block=False), "html.parser")
    assert {tag.name for tag in soup.find_all(True)} <= ELEMENTS | {"code"}


@pytest.mark.parametrize("latex", [r"\href{javascript:alert(1)}{x}", r"\color{red} x", r"\style{color: red}{x}"])
def test_links_and_styles_go(latex):
    soup = BeautifulSoup(formula(latex, block=False), "html.parser")
    assert (soup.get_text(), [tag.attrs for tag in soup.find_all(True) if tag.attrs]) == ("x", [])


@given(st.text(alphabet=st.sampled_from(list("\\{}^_&$<>'\"=/ abcfrsxtle12[]")), max_size=60), st.booleans())
def test_no_text_breaks_out(latex, block):
    soup = BeautifulSoup(formula(latex, block=block), "html.parser")
    tags = soup.find_all(True)
    assert {tag.name for tag in tags} <= ELEMENTS | {"code", "span"}
    assert {name for tag in tags for name in tag.attrs} <= ATTRIBUTES | {"class"}


@pytest.mark.parametrize(
    "text", ["$x$", "$$x$$", r"\[x\]", r"\(x\)", r"\begin{equation}x\end{equation}", "\n$\\displaystyle x$\n"]
)
def test_a_lone_formula_is_known_by_its_delimiters(text):
    assert BeautifulSoup(lone_formula(text), "html.parser").math.get_text() == "x"


@pytest.mark.parametrize("text", ["", "x", "from $5 to $6", r"\textbf{x}", "$x$ and $y$"])
def test_other_text_is_no_lone_formula(text):
    assert lone_formula(text) is None

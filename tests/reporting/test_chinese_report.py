"""Sentences, tables and figures in Chinese: no English word is left but names, and numbers have the Chinese form."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from languages import english, figures, seen
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.core.language import SPOKEN
from loyalty_kit.publishing.history.requests import Failure
from loyalty_kit.publishing.pages.failure import BANNER, failure_page, with_banner
from loyalty_kit.reporting.provenance import provenance
from loyalty_kit.survey.groups import group_counts
from loyalty_kit.survey.scoring import score
from loyalty_kit.survey.screening import screen
from loyalty_kit.survey.shares import marked_shares

matplotlib.use("agg")

STARTER = Path(lk.__file__).parent / "starter"
LABELS = {
    "Customers of three channels (simulated)": "三个渠道的客户（模拟）",
    "Service quality": "服务质量",
    "Satisfaction": "满意度",
    "Customer loyalty": "客户忠诚度",
    "Loyalty index": "忠诚度指数",
}
GROUPS = {"store": "门店", "web": "网站", "app": "应用"}
KNOWN = """
    AVE Bartlett CFI Cronbach HTMT Heywood KMO Kaiser MAP MLR RMSEA SHA SRMR TLI
    Python git loyalty-kit numpy pandas scipy seed survey.csv screen_out true missing fiml pairwise wlsmv
"""


@pytest.fixture(autouse=True)
def _chinese(monkeypatch):
    """Have every test here speak Chinese, and leave no figure open."""
    monkeypatch.setenv(SPOKEN, "zh")
    yield
    plt.close("all")


def starter() -> tuple[pd.DataFrame, lk.Codebook]:
    """The starter study in Chinese, as far as a reader sees it."""
    text = (STARTER / "codebook.toml").read_text("utf-8")
    for label, chinese in LABELS.items():
        text = text.replace(f'"{label}"', f'"{chinese}"')
    text = re.sub('wording = ".*"', 'wording = "题目"', text).replace('groups = ["channel"]', 'groups = ["渠道"]')
    book = lk.Codebook.parse(text)
    responses = pd.read_csv(STARTER / "survey.csv").rename(columns={"channel": "渠道"})
    responses = responses.assign(渠道=responses["渠道"].map(GROUPS))
    return responses.mask(responses == -99), book


def ecsi() -> tuple[pd.DataFrame, lk.Codebook]:
    folder = Path(__file__).parents[2] / "data/ecsi_mobile"
    book = lk.Codebook.read(folder / "codebook.toml")
    return lk.read_responses(folder / "survey.csv", book), book


def quality(responses: pd.DataFrame, book: lk.Codebook) -> list[object]:
    """Everything that the report on scales shows."""
    result, screening = lk.reliability(responses, book), screen(responses, book)
    scores = score(responses, book, reliability=result)
    counts = group_counts(responses, book)
    shown: list[object] = [
        lk.describe(screening, "sample"),
        lk.describe(result, "answer"),
        lk.tiles(scores, marked_shares(responses, book), result),
        lk.describe(counts),
        lk.describe(replace(screening, leave_out=False)),
        lk.describe(screening),
        lk.describe(result),
        lk.describe(result, "items"),
        lk.describe(scores),
        lk.describe(scores, "index"),
        lk.describe(marked_shares(responses, book)),
        lk.table(screening),
        lk.table(result),
        lk.table(result, "items"),
        lk.table(scores),
        lk.table(scores, "index"),
        lk.plot(result),
        lk.plot(result, "items"),
        lk.plot(scores),
    ]
    return shown + ([] if counts.table.empty else [lk.table(counts)])


def structure(responses: pd.DataFrame, book: lk.Codebook, *, group: str | None = None) -> list[object]:
    """Everything that the report on structure shows."""
    items = responses[list(book.measures)].dropna()
    model = lk.cfa(responses, book, estimator="mlr")
    validity, number = model.validity(bootstrap=30), lk.retain(items, codebook=book, bootstrap=5)
    factors = lk.efa(items, factors=2, codebook=book)
    ladder = lk.invariance(responses, book, group=group) if group else None
    verdict = lk.judge_structure(model, validity, ladder)
    shown: list[object] = [
        lk.describe(model, "sample"),
        lk.describe(verdict),
        lk.describe(verdict, "reasons"),
        lk.tiles(verdict),
        lk.describe(lk.adequacy(items)),
        lk.describe(number),
        lk.describe(factors),
        lk.describe(model),
        lk.describe(validity),
        lk.describe(lk.common_method(responses, book)),
        lk.describe(ladder, "invariance"),
        lk.table(number),
        lk.table(model),
        lk.table(model, "loadings"),
        lk.table(validity),
        lk.table(validity, "pairs"),
        lk.plot(number),
        lk.plot(factors),
        lk.plot(model),
        lk.plot(validity),
    ]
    return shown + ([lk.table(ladder), lk.plot(ladder)] if ladder else [])


def of_study(book: lk.Codebook) -> str:
    """Words that belong to the study itself: its columns, keys, labels and wordings."""
    keys = [*book.scales, *book.index]
    return " ".join([*book.item_names, *map(book.wording, book.item_names), *keys, *map(book.label, keys), book.title])


@pytest.mark.font
@pytest.mark.parametrize("study", [starter, ecsi])
@pytest.mark.parametrize("report", [quality, structure])
def test_no_english_word_is_left_in_a_chinese_report(study, report):
    responses, book = study()
    for shown in report(responses, book):
        assert english(seen(shown), known=KNOWN + of_study(book)) == set()


@pytest.mark.font
@pytest.mark.parametrize("shift", [0.0, -4.0])
def test_groups_are_compared_in_chinese(shift):
    responses, book = simulate(450, scales={"信任": 4, "价格": 4}, correlation=0.3, loadings=0.75, rng=1)
    channel = np.resize(list(GROUPS.values()), len(responses))
    first = book.item_names[0]
    responses = responses.assign(**{first: responses[first] + shift * (channel == "网站"), "渠道": channel})
    texts = [seen(shown) for shown in structure(responses, book, group="渠道")]
    assert english("\n".join(texts), known=KNOWN + of_study(book)) == set()


@pytest.mark.parametrize("report", [quality, structure])
def test_a_sentence_gives_the_same_figures_in_both_languages(monkeypatch, report):
    responses, book = starter()
    chinese = [str(shown) for shown in report(responses, book) if isinstance(shown, tuple)]
    monkeypatch.setenv(SPOKEN, "en")
    told = [str(shown) for shown in report(responses, book) if isinstance(shown, tuple)]
    for one, other in zip(chinese, told, strict=True):
        assert figures(one) == figures(other)


def test_numbers_in_sentences_have_the_chinese_form():
    text = "".join(seen(shown) for shown in quality(*starter()) if isinstance(shown, tuple))
    assert not re.search(r"\d\s%|\d to \d|p [<=] \.", text)
    assert re.search(r"95% 置信区间 0\.\d\d 至 0\.\d\d，n\s=\s\d+", text)
    assert not re.search("[\u4e00-\u9fff][,;:!?]", text)


def test_shares_in_tables_have_the_chinese_form():
    responses, book = starter()
    text = seen(lk.table(group_counts(responses, book)))
    assert re.search(r"\d%", text)
    assert not re.search(r"\d\s%", text)


def test_without_a_font_figures_speak_english_and_say_what_was_lost(monkeypatch):
    lost: set[str] = set()
    monkeypatch.setattr("loyalty_kit.reporting.canvas.cjk_font", lambda: None)
    monkeypatch.setattr("loyalty_kit.reporting.canvas.note_undrawn", lost.add)
    responses, book = starter()
    ax = lk.plot(lk.reliability(responses, book))
    assert ax.get_title(loc="left") == "Reliability of each scale"
    assert ax.get_xlabel() == "Cronbach's alpha with 95\N{NO-BREAK SPACE}% interval"
    assert lost


def test_the_provenance_is_told_in_chinese(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_text("a\n1\n")
    facts = provenance({"seed": 1}, {"survey": path, "其他": path})
    assert list(facts.facts["fact"][:3]) == [
        "参数 seed",
        "调查数据 survey.csv 的 SHA-256",
        "其他 survey.csv 的 SHA-256",
    ]
    assert english("\n".join(facts.facts["fact"]), known=KNOWN) == set()
    assert "报告的来源" in seen(lk.table(facts))


def test_no_space_follows_a_full_stop_on_the_failure_page_and_in_the_banner():
    facts = {"name": "a", "title": "量表", "notebook": "10.ipynb", "parameters": "{}"}
    failed = failure_page(Failure("Item 'A1' holds 11."), facts=facts, last_good="a.html", language="zh")
    day = datetime(2026, 11, 22, 6, 30)
    good = with_banner(f"<main>{BANNER}</main>", failed="a.failed.html", good=day, run=day, language="zh")
    assert "。" in failed and "。" in good
    assert "。 " not in failed + good


def test_a_scale_goes_by_its_label_in_the_figures_that_are_recorded():
    responses, book = starter()
    labels = [figure.label for figure in lk.reliability(responses, book).estimates()]
    assert labels == [f"Cronbach's alpha: {book.label(scale)}" for scale in book.reflective()]

"""Sentences of the analyses in the language of the report."""

import ast
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loyalty_kit.notes import note
from loyalty_kit.reporting.wording.notes import PARTS, describe_only, known_notes, tell

import loyalty_kit as lk

ROOT = Path(__file__).parents[2]
KNOWN = known_notes("zh")


def constants() -> tuple[set[str], set[str]]:
    """Templates of notes in the package, and all other text in it and in the notebooks."""
    templates, texts = set(), set()
    for path in sorted((ROOT / "loyalty_kit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "note":
                if isinstance(node.args[0], ast.Constant):
                    templates.add(node.args[0].value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    texts |= {path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb")}
    return templates, texts


TEMPLATES, TEXTS = constants()


def places(template: str) -> list[tuple[str, str]]:
    """Names in braces with their formats."""
    return sorted((name, spec or "") for _, name, spec, _ in Formatter().parse(template) if name)


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")


def test_every_sentence_of_an_analysis_has_its_chinese():
    assert sorted(TEMPLATES - set(KNOWN)) == []


def test_the_chinese_has_the_same_names_and_formats():
    assert [template for template, told in KNOWN.items() if places(told) != places(template)] == []


def test_no_entry_has_outlived_its_sentence():
    partial = {f"partial {level}" for level in ("metric", "scalar", "strict")}
    fixed = set(KNOWN) - TEMPLATES - partial
    assert [template for template in fixed if not any(template in text for text in TEXTS)] == []


def test_the_chinese_is_chinese_with_its_own_marks():
    wrong = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]|\s%")
    assert [told for told in KNOWN.values() if wrong.search(re.sub(r"{[^}]*}", "1", told))] == []


def test_english_stays_as_it_is():
    told = note("Scale '{scale}': {text}.", scale="trust", text=note("an item is determined by the others"))
    assert tell(told) is told


def test_a_note_is_told_with_the_notes_in_it(chinese):
    why = note("'{first}' and '{second}' are perfectly correlated", first="L1", second="L2")
    told = note("{why}, so omega_total and loadings are not given", why=why)
    assert tell(told) == "“L1”与“L2”完全相关，因此不给出 ω 系数和载荷"


def test_names_are_quoted_and_joined_as_chinese_does(chinese):
    assert tell(note("nobody has a score on {scales}", scales=["trust", "value"])) == "没有人在“trust”、“value”上有得分"
    many = note("nobody has a score on {scales}", scales=list("abcdefghij"))
    assert tell(many).endswith("“h”等（另有 2 个）上有得分")


def test_numbers_keep_their_format(chinese):
    told = note("Only {n:.0f} events in the smaller arm: the interval is rough.", n=3.0)
    assert tell(told) == "较少的一组只有 3 次事件：置信区间只是粗略值。"


def test_negative_numbers_have_a_true_minus_sign(chinese):
    signed = "RMSEA by {rmsea:+.4f} (a level holds where {rule}), and freeing single items does not mend it{reserve}."
    template = next(template for template in TEMPLATES if template.endswith(signed))
    told = tell(note(template, by="b", what="x", cfi=-0.021, rmsea=0.002, rule="y", reserve=""))
    assert "CFI 变动 −0.0210" in told


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_scales_are_called_by_their_labels_also_in_a_note_within_a_note(monkeypatch, spoken):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", spoken)
    within = note("Left out of the factor model, because {kind}: {scales}.", kind=note("formative"), scales=["v", "w"])
    said = note("Scale '{scale}' has no coefficients. {why}", scale="v", why=within)
    assert tell(said, {"v": "性价比"}).count("性价比") == 2


def test_a_table_that_keeps_plain_text_is_told_too(chinese):
    own = note("adjusted for {covariates} (Lin, HC2)", covariates="pre_spend")
    methods = pd.DataFrame({"method": [note("{method}, max-t", method=own)]})["method"]
    assert type(methods.iloc[0]) is str
    assert tell(methods.iloc[0]) == "按 pre_spend 调整（Lin，HC2），max-t"


def test_sentences_that_stand_in_a_row_are_told_one_by_one(chinese):
    both = "Too few customers for an interval. Not to be believed by any method."
    assert tell(both) == "顾客太少，无法计算置信区间。任何方法的结果都不可信。"
    assert tell("Too few customers for an interval. Something else.").endswith(". Something else.")


def test_a_name_in_the_data_is_never_translated(chinese):
    assert tell(note("No customer lacks {metric}.", metric="balance")) == "所有顾客都有 balance。"
    assert tell("No customer lacks balance.") == "所有顾客都有 balance。"


def test_what_the_catalogue_does_not_know_stays_as_it_is(chinese):
    assert tell("A sentence of somebody else's, with a comma.") == "A sentence of somebody else's, with a comma."


@pytest.mark.usefixtures("chinese")
@given(st.sampled_from(sorted(template for template in KNOWN if "{" in template)), st.data())
def test_a_template_is_known_again_from_its_plain_text(template, data):
    names = [name for name, spec in places(template) if not spec]
    if len(names) < len(places(template)) or PARTS & set(names) or sum(map(str.isalpha, template)) < 25:
        return
    words = {name: data.draw(st.text("QXZ", min_size=3, max_size=5)) for name in names}
    assert tell(str(template.format(**words))) == KNOWN[template].format(**words)


def test_every_warning_of_a_difficult_survey_is_told(chinese):
    book = lk.Codebook.parse(
        "response = { min = 1, max = 5 }\n"
        '[scales.one]\nitems = ["a"]\n[scales.made]\nkind = "formative"\nitems = ["b", "c"]\n'
        '[scales.turned]\nitems = ["d", "e", "f"]\n[scales.pair]\nitems = ["g", "h"]\n'
        '[index.all]\nscales = ["one", "turned", "pair"]\nweights = "loadings"'
    )
    rng = np.random.default_rng(3)
    base = rng.integers(1, 6, 30)
    answers = pd.DataFrame({name: rng.integers(1, 6, 30) for name in "abc"}).assign(
        d=base, e=6 - base, f=np.clip(base + rng.integers(0, 2, 30), 1, 5), g=base, h=6 - base
    )
    result = lk.reliability(answers, book)
    warnings = [*result.warnings, *lk.score(answers, book).warnings, *lk.screen(answers, book).warnings]
    assert len(warnings) >= 5
    for text in warnings:
        assert not re.search(r"[a-z]{3,} [a-z]{3,}", tell(text)), tell(text)


def test_what_is_kept_of_the_rows_is_said_in_either_language(monkeypatch):
    assert str(describe_only(["channel = store"])) == "Only rows with 'channel = store' are used."
    assert describe_only([]) == ()
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    assert str(describe_only(["渠道 = 门店", "wave = 2"])) == "仅使用满足以下条件的记录：“渠道 = 门店”、“wave = 2”。"

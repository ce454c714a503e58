"""A draft proposes what names and answers tell, asks where it is not sure, and always reads its own file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_kit as lk
from loyalty_kit.survey.drafting.by_answers import against, together
from loyalty_kit.survey.drafting.drafts import draft_of
from loyalty_kit.survey.drafting.looks.names import places
from loyalty_kit.survey.drafting.text import ASKED, draft_text


def items(rng: np.random.Generator, latent: np.ndarray, count: int, high: int = 5) -> np.ndarray:
    middle = (high + 1) / 2
    answers = np.rint(middle + latent[:, None] * high / 5 + 0.6 * rng.normal(size=(len(latent), count)))
    return np.clip(answers, 1, high).astype(int)


@pytest.fixture
def drafted(tmp_path: Path):
    """Text and codebook of a table's draft."""

    def draft(frame: pd.DataFrame) -> tuple[str, lk.Codebook]:
        frame.to_csv(tmp_path / "survey.csv", index=False)
        text = draft_text(draft_of(tmp_path / "survey.csv"))
        return text, lk.Codebook.parse(text)

    return draft


def asked(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(ASKED)]


@pytest.mark.parametrize(
    ("names", "blocks"),
    [
        (["SAT1", "SAT2", "LOY_1", "LOY_2"], ["SAT", "SAT", "LOY", "LOY"]),
        (["Q1", "Q2", "Q3"], ["", "", ""]),
        (["Q5_1", "Q5_2", "Q6r1", "Q6r2", "Q7a", "Q7b"], ["Q5", "Q5", "Q6", "Q6", "Q7", "Q7"]),
        (["SV01_01", "SV01_02", "V_1", "V_2"], ["SV01", "SV01", "", ""]),
        (["customer1", "customer2", "age"], ["customer", "customer", ""]),
        (["Q1#1", "Q1#2", "SAT1#1", "SAT2"], ["", "", "SAT", "SAT"]),
    ],
)
def test_names_with_a_stem_and_a_number_belong_together(names, blocks):
    assert [place.block for place in places(names, [""] * len(names))] == blocks


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["2、请评价—态度", "2、请评价—速度"], ["态度", "速度"]),
        (["How good? [Price]", "How good? [Service - in store]"], ["Price", "Service - in store"]),
        (["How good is - in all - our - Price", "How good is - in all - our - Taste"], ["Price", "Taste"]),
        (["Service: friendly", "Service: fast"], ["friendly", "fast"]),
    ],
)
def test_rows_of_a_matrix_share_its_heading(names, rows):
    found = places(names, [""] * len(names))
    assert [place.wording for place in found] == rows
    assert len({place.block for place in found} - {""}) == 1


def test_questions_of_other_ranges_are_no_part_of_a_scale(drafted):
    rng = np.random.default_rng(1)
    latent = rng.normal(size=200)
    frame = pd.DataFrame(items(rng, latent, 3), columns=["LOY1", "LOY2", "LOY3"])
    frame["LOY4"] = items(rng, latent, 1, high=10)
    _, book = drafted(frame)
    assert book.scales["LOY"].items == ("LOY1", "LOY2", "LOY3")


def test_codes_of_an_array_are_answers_in_the_order_of_their_numbers(drafted):
    """LimeSurvey with 'answer codes': A1 to A5, in whatever order they first stand; 'channel' stays a group."""
    rng = np.random.default_rng(5)
    trait = rng.normal(size=60)
    frame = pd.DataFrame(
        {
            f"G01Q01[SQ00{n}]": [f"A{int(np.clip(round(3 + t + e), 1, 5))}" for t, e in zip(trait, noise, strict=True)]
            for n, noise in enumerate(rng.normal(scale=0.7, size=(3, 60)), 1)
        }
    ).assign(channel=rng.choice(["A1", "A2", "A3"], 60))
    text, book = drafted(frame)
    (scale,) = book.scales.values()
    assert len(scale.items) == 3
    assert book.item(scale.items[0]).labels == {f"A{n}": n for n in range(1, 6)}
    assert book.range(scale.items[0]) == (1, 5)
    assert "channel" not in book.item_names
    assert "the codes A1 to A5 are taken in the order of their numbers" in text


def test_what_people_wrote_in_their_own_words_is_no_group_however_few_words_there_are(drafted):
    texts = ["Fine", "Too dear"] * 20
    _, book = drafted(pd.DataFrame({"gender": ["m", "f"] * 20, "Any comments?": texts, "5、建议": texts}))
    assert book.groups == ("gender",)


def test_promoters_beside_a_question_tell_that_it_begins_at_zero(drafted):
    """Qualtrics exports such a column, and nobody answered 0 here."""
    values = [*range(3, 11)] * 6
    groups = ["Promoter" if n > 8 else "Passive" if n > 6 else "Detractor" for n in values]
    _, book = drafted(pd.DataFrame({"NPS_NPS_GROUP": groups, "NPS": values}))
    assert book.range("NPS") == (0, 10)
    assert book.item("NPS").role == "recommend"


def test_items_that_run_against_the_others_are_asked_about_and_not_turned(drafted):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(items(rng, rng.normal(size=200), 4), columns=[f"SAT{i}" for i in range(1, 5)])
    frame["SAT2"] = 6 - frame["SAT2"]
    text, book = drafted(frame)
    assert f'{ASKED} reverse = ["SAT2"]' in text.splitlines()
    assert book.scales["SAT"].reverse == ()


def test_where_names_tell_nothing_the_answers_group_and_it_is_said(drafted):
    rng = np.random.default_rng(3)
    both = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], 300).T
    frame = pd.DataFrame(
        np.hstack([items(rng, both[0], 4), items(rng, both[1], 3)]), columns=[f"Q{i}" for i in range(1, 8)]
    )
    text, book = drafted(frame)
    assert [scale.items for scale in book.scales.values()] == [("Q1", "Q2", "Q3", "Q4"), ("Q5", "Q6", "Q7")]
    assert sum("by the answers only: check" in line for line in asked(text)) == 2


def test_unrelated_questions_are_put_into_no_scale(drafted):
    rng = np.random.default_rng(4)
    text, book = drafted(pd.DataFrame(rng.integers(1, 6, (300, 5)), columns=[f"Q{i}" for i in range(1, 6)]))
    assert book.scales == {}
    assert any("Q1, Q2, Q3, Q4, Q5" in line for line in asked(text))


def test_signs_part_a_scale_and_the_fewer_are_asked_about():
    rng = np.random.default_rng(5)
    latent = rng.normal(size=500)
    values = [sign * latent + rng.normal(size=500) for sign in (1, -1, 1, 1)]
    assert list(against(values)) == [1]
    rest = np.mean([values[0], values[2], values[3]], axis=0)
    assert against(values)[1] == pytest.approx(np.corrcoef(values[1], rest)[0, 1], abs=0.03)
    assert against([latent, latent + 1, rng.normal(size=500)]) == {}


def test_columns_of_two_factors_go_together_by_two():
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=(2, 400))
    values = [latent + 0.7 * rng.normal(size=400) for latent in (first, second, first, second, first)]
    assert together(values) == [[0, 2, 4], [1, 3]]


def test_a_column_that_goes_with_none_takes_no_place_of_a_scale():
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(2, 400))
    values = [latent + 0.7 * rng.normal(size=400) for latent in (first, first, second, second)]
    assert together([*values, rng.normal(size=400)]) == [[0, 1], [2, 3]]


def test_an_id_that_is_not_called_so_is_asked_about(drafted):
    frame = pd.DataFrame({"Beleg": [7 * i for i in range(40)], "SAT1": [1, 2, 3, 4] * 10, "SAT2": [1, 2, 3, 5] * 10})
    text, book = drafted(frame)
    assert book.respondent is None
    assert asked(text)[0] == f'{ASKED} respondent = "Beleg"'


def test_an_id_must_be_of_one_respondent_each(drafted):
    frame = pd.DataFrame({"id": [*range(20), *range(20)], "SAT1": [1, 2, 3, 4, 5] * 8, "SAT2": [1, 2, 3, 5, 4] * 8})
    text, book = drafted(frame)
    assert book.respondent is None
    assert any("20 different ones in 40 rows" in line for line in asked(text))


def test_a_code_that_is_missing_here_and_an_answer_there_gets_a_number_of_its_own(drafted, tmp_path):
    frame = pd.DataFrame(
        {"SAT1": [1, 2, 3, 4, 5, 9] * 10, "SAT2": [1, 2, 3, 4, 5, 5] * 10, "NPS": [9, 10, 0, 5, 8, 9] * 10}
    )
    _, book = drafted(frame)
    responses = lk.read_responses(tmp_path / "survey.csv", book)
    assert responses["SAT1"].isna().sum() == 10
    assert responses["NPS"].tolist() == frame["NPS"].tolist()


def test_a_recommendation_from_one_to_ten_is_asked_about(drafted):
    frame = pd.DataFrame(
        {"recommend": [1, 4, 7, 10, 9, 8, 2, 3, 5, 6] * 4, "SAT1": [1, 2, 3, 4] * 10, "SAT2": [1, 2, 3, 5] * 10}
    )
    text, book = drafted(frame)
    assert book.role("recommend") == ()
    assert any("nobody answered 0" in line for line in asked(text))


def test_every_column_has_a_use_and_is_listed_where_the_codebook_names_it_not(drafted):
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(items(rng, rng.normal(size=60), 3), columns=["SAT1", "SAT2", "SAT3"])
    frame = frame.assign(
        StartDate="2026-03-02 09:00", IPAddress="10.0.0.1", note=[f"text {i}" for i in range(60)], empty=None
    )
    text, book = drafted(frame)
    for name in set(frame) - set(book.columns):
        assert any(name in line for line in text.splitlines() if line.startswith("#"))


NAMES = st.sampled_from(
    ["Q1", "Q2", "SAT1", "SAT2", "id", "w", "性别", "note", "How likely …?", "a\tb", 'say "x"', "[x]", "# y", "scale"]
)
CELLS = st.sampled_from(
    [
        "",
        "1",
        "2",
        "5",
        "9",
        "99",
        "-1",
        "NA",
        "Agree",
        "Strongly agree",
        "非常同意",
        "yes",
        "a;b",
        "1,5",
        "2026-01-01",
        "x" * 80,
        "<b>",
        "\\",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_draft_of_anything_reads_its_own_file(tmp_path_factory, data):
    names = data.draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=2, max_size=12))
    path = tmp_path_factory.mktemp("any") / "survey.csv"
    pd.DataFrame(rows, columns=names).to_csv(path, index=False)
    try:
        book = lk.draft_codebook(path)
    except lk.InputError:
        return
    if book.columns:
        assert len(lk.read_responses(path, book)) > 0

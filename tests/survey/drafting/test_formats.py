"""An export of any survey program is drafted, read and analysed without an edit: its respondents, its scales."""

import numpy as np
import pytest
from exports import FORMATS, Export

import loyalty_kit as lk
from loyalty_kit.core.cells import plain_text
from loyalty_kit.survey.drafting.drafts import draft_of
from loyalty_kit.survey.drafting.text import count_asked, draft_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module", params=list(FORMATS))
def export(request, folder) -> Export:
    return FORMATS[request.param](folder)


@pytest.fixture(scope="module")
def book(export) -> lk.Codebook:
    return lk.draft_codebook(export.path)


def in_file(names, book: lk.Codebook) -> list[str]:
    return [book.in_file(name) for name in names]


def plain(names) -> list[str]:
    return [plain_text(name) for name in names]


def test_everybody_and_nobody_else_is_a_respondent(export, book):
    assert len(lk.read_responses(export.path, book)) == export.respondents


def test_the_right_items_stand_in_the_right_scales(export, book):
    assert [in_file(scale.items, book) for scale in book.scales.values()] == [plain(names) for names in export.scales]


def test_no_note_of_the_survey_program_is_an_item_or_a_group(export, book):
    asked = {name for scale in export.scales for name in plain(scale)} | set(plain([export.recommend or ""]))
    assert set(in_file(book.item_names, book)) <= asked
    assert set(in_file(book.groups, book)) <= set(plain(export.groups))
    assert plain(export.groups[:1]) == in_file(book.groups, book)[:1]


def test_the_id_and_the_question_on_recommendation_are_found(export, book):
    assert in_file(book.ids, book) == ([export.respondent] if export.respondent else [])
    assert in_file(book.role("recommend"), book) == (plain([export.recommend]) if export.recommend else [])


def test_options_of_which_several_could_be_chosen_are_found(export, book):
    responses = lk.read_responses(export.path, book)
    assert [len(question.labels_of(key)) for key, question in book.ticks.items()] == [3] * bool(export.ticks)
    for name, label in book.tick_labels.items():
        assert responses[name].sum() == export.ticks[label]


def test_answers_in_words_get_their_numbers(export, book):
    responses = lk.read_responses(export.path, book)
    for name, answers in export.answers.items():
        np.testing.assert_array_equal(responses[name], answers)


def test_reliability_needs_no_edit(export, book):
    quality = lk.reliability(lk.read_responses(export.path, book), book)
    assert quality.scales["cronbach_alpha"].between(0.6, 0.98).all()


def test_the_draft_is_in_the_language_of_the_file(export, book):
    assert book.language == export.language
    text = draft_text(draft_of(export.path))
    assert ("草稿" in text.splitlines()[0]) == (export.language == "zh")


def test_what_the_answers_alone_tell_is_asked_about(export):
    draft = draft_of(export.path)
    assert {block.sure for block in draft.scales} == {not export.by_answers}
    assert export.by_answers <= count_asked(draft_text(draft))

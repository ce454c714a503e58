"""The proposed structure: which scales a factor model takes, and which answers."""

import numpy as np
import pytest
from surveys import simulate

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.structure import read_answers, structure_of
from loyalty_kit.survey.codebook import Codebook


def book(scales: dict[str, dict], **more: object) -> Codebook:
    return Codebook.model_validate({"response": {"min": 1.0, "max": 5.0}, "scales": scales, **more})


def test_a_dict_keeps_its_order_and_runs_along_first_items():
    structure = structure_of({"b": ["x", "y"], "a": ["z", "w"]})
    assert list(structure.scales) == ["b", "a"]
    assert structure.items == ("x", "y", "z", "w")
    assert structure.anchors == ("x", "z") and structure.anchor_positions == [0, 2]


def test_a_codebook_runs_along_the_first_item_that_is_not_reversed():
    structure = structure_of(book({"a": {"items": ["x", "y", "z"], "reverse": ["x", "z"]}}, weight="w"))
    assert structure.anchors == ("y",) and structure.weight == "w"


def test_a_scale_reversed_throughout_runs_along_its_first_item():
    reverse = ["x", "y", "z"]
    assert structure_of(book({"a": {"items": reverse, "reverse": reverse}})).anchors == ("x",)


def test_scales_that_have_no_factor_are_left_out_by_name():
    structure = structure_of(
        book({
            "touch": {"items": ["t", "u"], "kind": "formative"},
            "single": {"items": ["s"]},
            "a": {"items": ["x", "y", "z"]},
        })
    )  # fmt: skip
    assert list(structure.scales) == ["a"]
    assert structure.warnings == (
        "Left out of the factor model, because formative: 'touch'.",
        "Left out of the factor model, because of one item: 'single'.",
    )


def test_a_codebook_without_any_factor_is_refused():
    with pytest.raises(InputError, match="no reflective scale of two items or more"):
        structure_of(book({"single": {"items": ["s"]}}))


def test_respondents_without_weight_or_without_answers_are_left_out():
    responses, codebook = simulate(100, rng=1)
    responses = responses.assign(w=np.where(np.arange(100) < 10, 0.0, 2.0))
    responses.iloc[10:15, :9] = np.nan
    responses.iloc[15, 0] = np.nan
    structure = structure_of(codebook.model_copy(update={"weight": "w"}))
    assert len(read_answers(responses, structure, "listwise").values) == 84
    assert len(read_answers(responses, structure, "fiml").values) == 85


def test_an_item_that_only_varies_in_incomplete_rows_is_refused_listwise():
    responses, codebook = simulate(100, rng=1)
    responses["image_1"] = np.where(np.arange(100) < 2, 5.0, 3.0)
    responses.loc[responses.index[:2], "image_2"] = np.nan
    with pytest.raises(InputError, match="'image_1' holds the same answer"):
        read_answers(responses, structure_of(codebook), "listwise")


def test_a_weight_that_is_no_number_is_refused():
    responses, codebook = simulate(100, rng=1)
    structure = structure_of(codebook.model_copy(update={"weight": "w"}))
    with pytest.raises(InputError, match="'w' must be numeric"):
        read_answers(responses.assign(w="much"), structure, "listwise")

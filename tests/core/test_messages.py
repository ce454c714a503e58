"""Sentences that keep what they were made of."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from loyalty_kit.core.errors import ANONYMOUS, InputError
from loyalty_kit.core.messages import Message, dumps, few, loads, message, shown, together


def test_a_message_is_its_english_sentence():
    assert message("Only {n} of {total} answered.", n=3, total=10) == "Only 3 of 10 answered."
    assert isinstance(message("Fixed."), str)


def test_a_message_keeps_template_and_values():
    told = message("Scale '{scale}': {share:.0%}.", scale="trust", share=0.25)
    assert told == "Scale 'trust': 25%."
    assert (told.template, told.values) == ("Scale '{scale}': {share:.0%}.", {"scale": "trust", "share": 0.25})


def test_negative_numbers_have_a_true_minus_sign_and_zero_has_none():
    assert message("From {low:.2f} to {high:+.3f}.", low=-0.291, high=-0.0001) == "From −0.29 to +0.000."
    assert message("{n} at {p:.1g}, not '{item}'.", n=-3, p=np.float64(1e-5), item="-3") == "−3 at 1e-05, not '-3'."


def test_a_list_of_names_is_quoted_and_the_rest_of_a_long_one_counted():
    assert message("Items {items}.", items=["a", "b"]) == "Items 'a', 'b'."
    assert message("Items {items}.", items=list("abcdefghij")).endswith("'g', 'h' and 2 more.")


def test_a_brace_in_a_name_from_the_data_stays_as_it_is():
    assert message("Item '{item}'.", item="{n}") == "Item '{n}'."


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda told: pickle.loads(pickle.dumps(told))])
def test_a_message_survives_copying_and_other_processes(again):
    told = again(message("Scale '{scale}': {why}", scale="trust", why=message("{n} left", n=2)))
    inner = told.values["why"]
    assert told == "Scale 'trust': 2 left"
    assert isinstance(told, Message)
    assert isinstance(inner, Message)
    assert inner.template == "{n} left"


def same(told: object) -> object:
    """A message read again from what stands in a file."""
    return loads(dumps(told))


def test_a_message_is_written_to_json_with_its_values_and_read_again():
    why = message("{n} of {total} left ({share:.0%})", n=np.int64(2), total=np.float64(10), share=0.2)
    told = message("Scale '{scale}': {why}; {items}.", scale="trust", why=why, items=["L1", "L2"])
    again = same(told)
    assert again == told
    assert (again.template, again.values["why"].template) == (told.template, why.template)
    assert again.values["items"] == ["L1", "L2"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("-inf"), 2**70, True, None, ("a", "b")])
def test_a_value_that_json_has_no_word_for_survives_too(value):
    told = message("It is {value}.", value=value)
    assert same(told) == told
    assert "NaN" not in dumps(told) and "Infinity" not in dumps(told)


def test_text_of_somebody_else_stays_text():
    for text in (
        "It broke.",
        "{",
        '{"template": 5',
        '{"template": "{n}", "values": {}, "more": 1}',
        '{"template": "{n}"}',
    ):
        assert same(text) == text
        assert not isinstance(same(text), Message)


def test_several_messages_are_a_line_each():
    several = together([message("Item '{item}'.", item="a"), message("Item '{item}'.", item="b")])
    assert several == "Item 'a'.\nItem 'b'."
    assert [line.values["item"] for line in same(several).lines] == ["a", "b"]
    assert together([message("One.")]).lines == ("One.",)


def test_messages_of_one_value_stand_in_a_row():
    assert message("{faults}.", faults=[message("one is wrong"), message("two is")]) == "one is wrong; two is."


def test_a_tuple_of_names_is_written_whole():
    assert message("{names}", names=tuple("abcdefghij")).endswith("'i', 'j'")
    assert message("{names}", names=few("abc", 2)) == "'a', 'b' and 1 more"


def test_what_was_got_is_shown_as_python_writes_it():
    assert [message("{given}", given=shown(value)) for value in ("x", "it's", -1, None)] == [
        "'x'",
        '"it\'s"',
        "-1",
        "None",
    ]


def test_an_error_carries_its_message_with_and_without_respondents(monkeypatch):
    told = InputError("Row of '{id}'.", id="ann", anonymous=message("Row {n}.", n=3))
    assert (str(told), told.said.values) == ("Row of 'ann'.", {"id": "ann"})
    again = pickle.loads(pickle.dumps(told))
    monkeypatch.setenv(ANONYMOUS, "1")
    assert (str(again), again.said.values) == ("Row 3.", {"n": 3})


def test_an_error_of_plain_text_may_hold_braces():
    assert str(InputError("Give { name = value }.")) == "Give { name = value }."


def test_a_message_does_not_load_numpy():
    code = "import sys, loyalty_kit.core.language; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

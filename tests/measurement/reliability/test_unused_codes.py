"""Codes that nobody uses, and n below the number of items: told with what they do."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.measurement.reliability.reliability import reliability
from loyalty_kit.survey.codebook import Codebook


def answers(n: int, items: int) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    values = np.clip(np.round(3 + rng.normal(size=(n, 1)) + 0.8 * rng.normal(size=(n, items))), 1, 5)
    return pd.DataFrame(values, columns=[f"q{number}" for number in range(items)])


def book(items: int, high: int = 5) -> Codebook:
    names = [f"q{number}" for number in range(items)]
    return Codebook.parse(f"response = {{ min = 1, max = {high} }}\nscales.s.items = {names}")


def test_a_code_that_nobody_uses_is_told_with_the_alpha_of_the_order_that_would_explain_it():
    true = answers(300, 4)
    covariance = np.cov(true.to_numpy(), rowvar=False)
    right = 4 / 3 * (1 - np.trace(covariance) / covariance.sum())
    (told,) = reliability(true.replace(3, 6), book(4, 6)).warnings[-1:]
    assert "nobody ever answers 3, which its range 1 to 6 allows" in told
    assert f"Cronbach's alpha is {right:.2f} in place of" in told
    assert 'response = { min = 1, max = 5, labels = { "6" = 3 } }' in told


def test_codes_at_the_ends_that_nobody_uses_are_not_remarked_on():
    assert not any("nobody" in text for text in reliability(answers(300, 4).clip(2, 4), book(4)).warnings)


@pytest.mark.parametrize("n", [6, 27])
def test_too_few_respondents_are_the_reason_and_not_an_item(n):
    told = reliability(answers(n, 28), book(28)).warnings[0]
    assert told.startswith(f"Scale 's': {n} respondents are too few for 28 items")

"""Latent classes of a survey's answers, joined with the log by the customers' ids."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import loyalty_kit as lk

CLUB = Path(__file__).parents[2] / "data/club"
QUESTIONS = ["price", "quality", "service", "habit", "recommend", "green"]


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    kind = np.repeat([0, 1], [200, 100])
    said = (rng.random((300, 6)) < np.where(kind[:, None] == 0, 0.9, 0.1)).astype(int)
    return pd.DataFrame(said, columns=QUESTIONS).assign(member=np.arange(300) + 5_000, kind=kind)


@pytest.fixture(scope="module")
def log(answers) -> lk.Transactions:
    known = answers[answers["member"] < 5_290]
    paid = known["kind"].to_numpy() * 50 + 10.0 + np.arange(len(known)) % 7
    rows = pd.DataFrame({"who": known["member"].astype(float), "when": pd.Timestamp("2026-01-01"), "paid": paid})
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


def test_means_and_intervals_are_those_of_the_customers_in_each_class(answers, log):
    groups = lk.segments(answers, columns=QUESTIONS, method="latent_class", k=2, samples=10)
    result = lk.behaviour(groups, log, customer="member")
    assert (result.n_used, result.n_unmatched, result.differs) == (290, 10, True)
    paid = log.frame.to_native().set_index("who")["paid"].reindex(answers["member"].astype(float)).to_numpy()
    for number, row in result.to_frame().iterrows():
        own = paid[(groups.labels == number) & np.isfinite(paid)]
        assert (row["customers"], row["amount"]) == (len(own), pytest.approx(own.mean()))
        low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
        assert (row["ci_low"], row["ci_high"]) == (pytest.approx(low), pytest.approx(high))
    assert result.to_frame()["revenue_share"].sum() == pytest.approx(1)


def test_the_club_s_answers_are_read_from_its_file():
    groups = lk.read_segments([str(CLUB / "survey.parquet"), "member", *QUESTIONS], k=2, rng=1)
    log = lk.read_transactions(CLUB / "orders.parquet", customer="member", time="time", amount="amount", order="order")
    result = lk.behaviour(groups, log, customer="member")
    assert result.n_unmatched == 0 and result.differs
    truth = json.loads((CLUB / "truth.json").read_text("utf-8"))
    assert groups.n_used == result.n_used and truth["survey"]["questions"] == QUESTIONS


def test_what_cannot_be_joined_is_said(answers, log):
    groups = lk.segments(answers, columns=QUESTIONS, method="latent_class", k=2, samples=10)
    with pytest.raises(lk.InputError, match="The table of segments lacks the column 'membr'; did you mean 'member'"):
        lk.behaviour(groups, log, customer="membr")
    twice = lk.segments(answers.assign(member=1), columns=QUESTIONS, method="latent_class", k=2, samples=10)
    with pytest.raises(lk.InputError, match="Column 'member' holds a customer twice; keep one row of each"):
        lk.behaviour(twice, log, customer="member")
    away = lk.segments(answers.assign(member=range(300)), columns=QUESTIONS, method="latent_class", k=2, samples=10)
    with pytest.raises(lk.TooLittleError, match="No customer of the survey stands in the log by the id in column"):
        lk.behaviour(away, log, customer="member")
    with pytest.raises(lk.TooLittleError, match="No survey is given"):
        lk.read_segments([])
    with pytest.raises(lk.InputError, match="'survey' must list a file, its column of customers, and two questions"):
        lk.read_segments(["survey.csv", "member", "price"])

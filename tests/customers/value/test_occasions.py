"""BG/BB: the givers of Fader, Hardie and Shang, its moments by hand, and tables that are refused."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from cdnow import FOLDER
from scipy.integrate import quad
from scipy.stats import beta

import loyalty_kit as lk
from loyalty_kit.customers.value.models import bg_bb

R = json.loads((FOLDER / "donations_bgbb.json").read_text("utf-8"))
TABLE = pd.DataFrame(R["rf_matrix"], columns=["frequency", "last", "opportunities", "customers"])
THEIRS = np.array(list(R["params"].values()))
DATA = tuple(TABLE[["frequency", "last", "opportunities"]].to_numpy(dtype=float).T)


@pytest.fixture(scope="module")
def givers():
    return lk.occasions(TABLE, horizon=5)


def test_the_fit_is_that_of_the_paper(givers):
    """R> bgbb.EstimateParameters(rf.matrix)   # BTYD 2.4.3: 1.204, .750, .657, 2.783; ll −33225.58."""
    assert givers.fitted.ll == pytest.approx(R["ll"], abs=1e-3)
    assert givers.fitted.parameters == pytest.approx(THEIRS, rel=1e-3)
    assert givers.n_used == 11_104


def test_who_is_there_and_what_is_expected_equal_btyd(givers):
    """To 1e-8 at R's estimates; the total of five years 12,884, where 13,260 came."""
    count = TABLE["customers"].to_numpy()
    assert bg_bb.alive(THEIRS, *DATA) == pytest.approx(R["palive_n7"], abs=1e-8)
    assert bg_bb.moments(THEIRS, 5, *DATA)[0] == pytest.approx(R["cet_5"], rel=1e-8)
    assert count @ bg_bb.moments(THEIRS, 5, *DATA)[0] == pytest.approx(R["expected_total_5"], rel=1e-8)
    assert givers.expected == pytest.approx(R["expected_total_5"], rel=1e-3)
    assert givers.ci_low < sum(R["x_star"]) < givers.ci_high
    assert givers.histories()["purchases"] @ count == pytest.approx(givers.expected)


def test_a_row_a_customer_is_the_same_as_counts():
    rows = TABLE.loc[TABLE.index.repeat(TABLE["customers"] // 20), ["frequency", "last", "opportunities"]]
    one = lk.occasions(rows, horizon=3)
    other = lk.occasions(TABLE.assign(customers=TABLE["customers"] // 20), horizon=3)
    assert one.expected == pytest.approx(other.expected, rel=1e-9)
    assert len(one.histories()) == one.n_used


def test_chances_of_all_histories_come_to_one():
    """All ways to buy or not at four occasions, each of its own chance."""
    ways = list(product([0, 1], repeat=4))
    x = np.array([sum(way) for way in ways], dtype=float)
    t_x = np.array([max((place + 1 for place, one in enumerate(way) if one), default=0) for way in ways], dtype=float)
    ll, _ = bg_bb.likelihood(np.log(THEIRS), x, t_x, np.full(16, 4.0))
    assert np.exp(ll).sum() == pytest.approx(1, abs=1e-12)


def test_gradients_are_exact():
    theta = np.log([0.8, 1.5, 0.4, 3.0])
    _, gradient = bg_bb.likelihood(theta, *DATA)
    for place, slope in enumerate(gradient):
        step = 1e-5 * np.eye(4)[place]
        up, down = (bg_bb.likelihood(theta + move, *DATA)[0] for move in (step, -step))
        assert slope == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-8)


def test_mean_and_variance_equal_integration():
    """Over the chance to buy and that to leave of one who bought at every of six occasions."""
    a, b, c, d = THEIRS
    drawn = [np.array([value]) for value in (6.0, 6.0, 6.0)]
    mean, variance = bg_bb.moments(THEIRS, 2, *drawn)

    def over(function) -> float:
        return quad(lambda leave: function(leave) * beta.pdf(leave, c, d + 6), 0, 1)[0]

    one, two = over(lambda leave: (1 - leave) * leave), over(lambda leave: (1 - leave) ** 2)
    q = (a + 6) / (a + b + 6)
    square = q * (a + 7) / (a + b + 7)
    first = q * (one + 2 * two)
    second = one * q + two * (2 * q + 2 * square)
    assert mean[0] == pytest.approx(first, rel=1e-6)
    assert variance[0] == pytest.approx(second - first**2, rel=1e-6)


@pytest.mark.slow
def test_intervals_cover_what_comes():
    """300 worlds of 2,000 givers: the 95 % interval covers 92 to 98 % (Monte Carlo error 1.3 points)."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        chance, leave = rng.beta(*THEIRS[:2], 2_000), rng.beta(*THEIRS[2:], 2_000)
        there = rng.geometric(np.clip(leave, 1e-12, 1)) - 1
        bought = (rng.random((11, 2_000)) < chance) & (np.arange(11)[:, None] < there)
        x, last = bought[:6].sum(axis=0), (bought[:6] * np.arange(1, 7)[:, None]).max(axis=0)
        seen = pd.DataFrame({"frequency": x, "last": last, "opportunities": 6})
        found = lk.occasions(seen, horizon=5)
        held += found.ci_low <= bought[6:].sum() <= found.ci_high
    assert 0.92 <= held / 300 <= 0.98


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"last": 7}, "22 rows of the table of histories are none .first: row 1."),
        ({"frequency": 0}, "last 0 where frequency is 0"),
        ({"frequency": 1.5}, "they need whole numbers"),
        ({"opportunities": np.nan}, "they need whole numbers"),
        ({"customers": -1}, "22 rows of the table of histories are none"),
        ({"last": "six"}, "The table of histories must hold numbers in 'last'"),
    ],
)
def test_rows_that_are_no_history_are_refused(change, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        lk.occasions(TABLE.assign(**change), horizon=5)


def test_tables_that_tell_too_little_are_refused():
    with pytest.raises(lk.InputError, match="'opportunities'"):
        lk.occasions(TABLE.drop(columns="opportunities"), horizon=5)
    with pytest.raises(lk.InputError, match="'histories' must be a table"):
        lk.occasions([1, 2], horizon=5)
    with pytest.raises(lk.TooLittleError, match="Of 22 customers 21 bought at another occasion"):
        lk.occasions(TABLE.drop(columns="customers"), horizon=5)
    same = pd.DataFrame({"frequency": [6], "last": [6], "opportunities": [6], "customers": [500]})
    with pytest.raises(lk.TooLittleError, match="BG/BB cannot be fitted to these occasions: its parameter"):
        lk.occasions(same, horizon=5)

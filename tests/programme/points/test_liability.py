"""What is owed: the life table of points, its reserve and its interval, against schemes whose future is known."""

import numpy as np
import pandas as pd
import pytest
from points import START, ledger, scheme

from loyalty_kit.core.errors import InputError

DAY = np.timedelta64(1, "D")
LAST = str((START + 36).astype("datetime64[D]") - DAY)


def burns(rows: list[tuple[int, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["member", "time", "kind", "points"])
    return table.assign(time=pd.to_datetime(table["time"]))


def equal_members(redeemed: float) -> pd.DataFrame:
    """40 members with 100 points each in January 2024, of which they use a part in the second month."""
    rows = [(who, "2024-01-01", "earn", 100.0) for who in range(40)]
    return burns(rows + [(who, "2024-02-10", "burn", redeemed) for who in range(40)])


def test_the_life_table_is_that_of_a_hand_count():
    """Of 4,000 points 1,200 are used in the second month of their age, the others expire: 1,200 of 4,000 in all."""
    table = ledger(equal_members(30), "3 months").redemption("2024-06-30", bootstrap=100).to_frame()
    assert table["at_risk"].tolist() == [4000, 4000, 2800]
    assert table["redeemed"].tolist() == [0, 1200, 0]
    assert table["hazard"].tolist() == pytest.approx([0, 0.3, 0])
    assert table["share"].tolist() == pytest.approx([0, 0.3, 0.3])


def test_what_is_owed_is_the_share_still_to_be_redeemed():
    """New points of which 30 % are used in the second month: of 40 × 100 given now, 1,200 are owed."""
    rows = pd.concat([equal_members(30), burns([(who, "2024-06-30", "earn", 100.0) for who in range(40)])])
    found = ledger(rows, "3 months").liability("2024-06-30", point_value=0.01, since="2024-03-31", bootstrap=100)
    assert found.verdict == "told"
    assert (found.open, found.expected_redeemed) == (4000, pytest.approx(1200))
    assert (found.breakage, found.amount) == (pytest.approx(0.7), pytest.approx(12))
    assert found.roll_forward["points"].tolist() == [2800, 4000, 0, -2800, 0, 4000]
    first, _ = found.estimates()
    assert (first.name, first.estimate) == ("points_liability", pytest.approx(12))


def test_ages_that_nobody_has_seen_leave_bounds():
    """Points of two months in a scheme of three: what is used in the third is not known."""
    found = ledger(equal_members(30), "4 months").liability("2024-03-15", point_value=1, bootstrap=100)
    assert found.verdict == "ages_unseen"
    assert np.isnan(found.expected_redeemed)
    assert (found.ci_low, found.ci_high) == (0, 2800)


def test_points_that_never_expire_leave_bounds():
    found = ledger(equal_members(30), "never").liability("2024-06-30", point_value=1, bootstrap=100)
    assert (found.verdict, found.ci_low, found.ci_high) == ("ages_unseen", 0, 2800)


@pytest.mark.parametrize("wrong", [-0.01, float("nan"), "1"])
def test_a_point_value_that_is_none_is_refused(wrong):
    with pytest.raises(InputError, match="'point_value' must be"):
        ledger(equal_members(30), "3 months").liability(point_value=wrong)


def test_the_same_seed_gives_the_same_interval():
    rows, _ = scheme(1, members=100)
    one, other = (ledger(rows).liability(LAST, point_value=1, bootstrap=100, rng=4) for _ in range(2))
    assert (one.ci_low, one.ci_high) == (other.ci_low, other.ci_high)


def test_many_members_are_resampled_in_blocks_with_the_same_sums():
    """2,400 members lie in 2,000 blocks; the estimate does not change by it."""
    rows, _ = scheme(2, members=2400, months=30)
    table = ledger(rows).redemption(bootstrap=100).to_frame()
    half = ledger(rows[rows["member"] < 1200]).redemption(bootstrap=100).to_frame()
    rest = ledger(rows[rows["member"] >= 1200]).redemption(bootstrap=100).to_frame()
    np.testing.assert_allclose(table["at_risk"], half["at_risk"] + rest["at_risk"])


def test_the_triangle_stands_beside_and_is_that_of_the_ledger():
    rows, _ = scheme(5, members=300)
    found = ledger(rows).triangle(LAST)
    redeemed = rows.loc[rows["kind"] == "burn", "points"].sum()
    assert found.to_frame()["redeemed"].sum() == pytest.approx(redeemed)
    assert found.cumulative.shape == (36, 25)
    assert found.cape_cod_reserve > 0 and found.mack.total_std_error > 0


def covered(seeds: range, trend: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether the interval holds what is redeemed later, and the relative error, by scheme."""
    held, error = [], []
    for seed in seeds:
        rows, truth = scheme(seed, members=1500, trend=trend)
        found = ledger(rows).liability(LAST, point_value=1, bootstrap=300)
        held.append(found.ci_low <= truth <= found.ci_high)
        error.append(found.expected_redeemed / truth - 1)
    return np.array(held), np.array(error)


def test_intervals_hold_the_future_in_some_schemes():
    held, error = covered(range(12), 0.0)
    assert held.sum() >= 9  # 11.4 are due; 8 or fewer have probability 0.002
    assert abs(np.mean(error)) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("trend", [0.0, 1.0], ids=["steady", "rising"])
def test_intervals_hold_the_future(trend):
    """300 schemes of 1,500 members: 92 to 98 % (error 1.3), also where redemption doubles in three years."""
    held, error = covered(range(300), trend)
    print(f"trend {trend}: held {held.mean():.3f}, bias {error.mean():.3f}, rms {np.sqrt((error**2).mean()):.3f}")
    assert 0.92 <= held.mean() <= 0.98

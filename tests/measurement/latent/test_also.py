"""What a user adds to a factor model: one grammar, and a sentence for each line that has no place in the model."""

import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.latent.also import Added, carried, read_also

SCALES = {"trust": ("a", "b", "c"), "value": ("d", "e", "f"), "ease": ("g", "h")}


def test_a_cross_loading_and_a_residual_covariance_are_read_with_any_spaces():
    found = read_also(["trust=~d", "  a ~~  f "], SCALES)
    assert found == (Added("loading", "trust", "d"), Added("residual covariance", "a", "f"))
    assert [added.written for added in found] == ["trust =~ d", "a ~~ f"]


@pytest.mark.parametrize(
    ("also", "sentence"),
    [
        ("a ~~ d", "'also' must be a list of lines such as 'trust =~ x4' and 'x1 ~~ x2'; got 'a ~~ d'."),
        (["a ~ d"], "'also' holds 'a ~ d', which is neither 'scale =~ item' (a cross-loading) nor 'item ~~ item'"),
        (["trust =~ d =~ e"], "'also' holds 'trust =~ d =~ e', which is neither"),
        (["~~ d"], "'also' holds '~~ d', which is neither"),
        ([3], "'also' holds 3, which is neither"),
        (["trsut =~ d"], "'trsut' in 'trsut =~ d' of 'also' is no scale of the factor model; did you mean 'trust'?"),
        (["trust =~ dd"], "'dd' in 'trust =~ dd' of 'also' is no item of the factor model"),
        (["a ~~ trust"], "'trust' in 'a ~~ trust' of 'also' is no item of the factor model"),
        (["d =~ trust"], "'d' in 'd =~ trust' of 'also' is no scale of the factor model"),
        (["trust =~ d + e"], "'d + e' in 'trust =~ d + e' of 'also' is no item of the factor model"),
        (["trust =~ a"], "'trust =~ a' in 'also' adds nothing: 'a' is an item of 'trust' already"),
        (["a ~~ a"], "'a ~~ a' in 'also' adds nothing: the residual variance of 'a' is estimated already"),
        (["a ~~ d", "d ~~ a"], "'also' holds 'd ~~ a' twice"),
    ],
)
def test_a_line_without_a_place_is_refused_by_the_part_that_is_wrong(also, sentence):
    with pytest.raises(InputError) as caught:
        read_also(also, SCALES)
    assert sentence in str(caught.value)


def test_additions_follow_scales_that_are_merged_and_go_with_items_that_go():
    also = read_also(["trust =~ g", "trust =~ d", "value =~ g", "a ~~ f", "b ~~ h"], SCALES)
    scales = {"trust + value": ("a", "b", "c", "d", "e"), "ease": ("g", "h")}
    assert [added.written for added in carried(also, SCALES, scales)] == ["trust + value =~ g", "b ~~ h"]

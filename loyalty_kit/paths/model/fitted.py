"""What every estimator of a path model hands over."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from loyalty_kit.paths.model.specification import Floats

Sampler = Callable[[Floats, np.random.Generator], Floats]
"""Paths, R² and HTMT of samples, a row each, of how often each holds each respondent; NaN where it did not settle."""


class Inner(NamedTuple):
    """Paths (source, target), R² (NaN where nothing explains a construct) and correlations of constructs."""

    paths: Floats
    r_squared: Floats
    correlations: Floats


class Fitted(NamedTuple):
    """Estimates of a path model: weights and loadings are items × constructs, f² is one a path."""

    weights: Floats
    loadings: Floats
    inner: Inner
    f2: Floats
    sampler: Sampler

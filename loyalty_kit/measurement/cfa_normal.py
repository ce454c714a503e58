"""CFA by normal theory: maximum likelihood on complete rows or on all that is answered, with plain or robust errors."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyalty_kit.measurement.cfa_estimation import maximise, saturated, starting_values, turned
from loyalty_kit.measurement.cfa_likelihood import Sample, evaluate, loglik, observed_information
from loyalty_kit.measurement.cfa_model import Floats, Model, confirmatory_model, unrestricted_model
from loyalty_kit.measurement.cfa_robust import Rows, sandwich
from loyalty_kit.measurement.cfa_solution import Solution
from loyalty_kit.measurement.fit import ChiSquares, cfi, fit_indices, information_criteria, rmsea, rmsea_interval, srmr, tli
from loyalty_kit.measurement.items import ItemTable
from loyalty_kit.measurement.structure import Structure

from .checks import InputError as InputError
from .checks import UnreadableError as UnreadableError
from .moments import Moments as Moments
from .survey.codebook import Codebook as Codebook
from .survey.reading import read_responses as read_responses
from .survey.shares import NetPromoterResult as NetPromoterResult
from .survey.scoring import ScaleScores as ScaleScores
from .survey.shares import TopBoxResult as TopBoxResult
from .survey.scoring import key as key
from .survey.shares import net_promoter as net_promoter
from .survey.scoring import score as score
from .survey.shares import top_box as top_box
from .survey.screening import ScreeningResult as ScreeningResult
from .survey.screening import screen as screen

__version__: str
from .survey.groups import group_counts as group_counts
from .survey.shares import marked_shares as marked_shares
from .measurement.reliability import ReliabilityResult as ReliabilityResult
from .measurement.reliability import reliability as reliability
from .measurement.single_scale import CoefficientResult as CoefficientResult
from .measurement.single_scale import cronbach_alpha as cronbach_alpha
from .measurement.single_scale import item_statistics as item_statistics
from .measurement.single_scale import omega_total as omega_total
from .reporting import batch as batch
from .reporting.render import RenderResult as RenderResult
from .reporting.render import render as render

from .checks import InputError as InputError
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

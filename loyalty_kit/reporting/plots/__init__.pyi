from .quality import plot_items as plot_items
from .quality import plot_reliability as plot_reliability
from .quality import plot_scores as plot_scores
from .structure import plot_htmt as plot_htmt
from .structure import plot_invariance as plot_invariance
from .structure import plot_loadings as plot_loadings
from .structure import plot_paths as plot_paths
from .structure import plot_scree as plot_scree

from .quality import plot_items as plot_items
from .quality import plot_reliability as plot_reliability
from .quality import plot_scores as plot_scores

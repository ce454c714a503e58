from .quality import groups_table as groups_table
from .quality import index_table as index_table
from .quality import items_table as items_table
from .quality import reliability_table as reliability_table
from .quality import scores_table as scores_table
from .quality import screening_table as screening_table

"""A parameters cell with something of everything."""

from loyalty_kit.publishing.notebooks.parameters import read_parameters

CELL = """
from datetime import date
survey: str = "../a=b.csv"  # file of answers = one row a respondent
codebook: "Path" = Path("codebook.toml")
channel: Literal["store", "web", 3] = "store"
wave: int | None = None
confidence: float = 0.95
screen_out: bool = False
since: date = date(2026, 3, 1)
weeks: list[int] = [1,
                    2]  # which
channels: list[str] = []
seed = 20
schema: str = "s"
needed: float
since_when: datetime.datetime = datetime.datetime(2026, 3, 1, 9)
limits: dict[str, float] = {"low": 1}
bounds: tuple[int, float] = (0, 1.5)
table: dict = {}
pair = (1, 2)
strange: set = {1}
derived = 3 * seed
a, b = 1, 2
"""
PARAMETERS = read_parameters(CELL)

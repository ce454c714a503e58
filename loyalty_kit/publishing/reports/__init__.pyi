from . import attachments as attachments
from . import jobs as jobs
from . import outcomes as outcomes
from . import run_report as run_report

from . import boosting as boosting

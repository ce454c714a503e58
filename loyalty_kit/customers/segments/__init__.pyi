from . import learners as learners

"""Parquet files held by PySpark, where it and Java are there."""

import shutil

import pytest

MARKS = [
    pytest.mark.slow,
    # Py4J leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def held_by_spark(path):
    """Rows of a Parquet file as a PySpark frame of one local process."""
    session = pytest.importorskip("pyspark.sql", reason="PySpark is not installed").SparkSession
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, which PySpark needs")
    local = session.builder.master("local[1]").config("spark.ui.enabled", "false")
    return local.config("spark.sql.session.timeZone", "UTC").getOrCreate().read.parquet(str(path))

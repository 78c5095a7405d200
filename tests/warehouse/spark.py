"""A Spark of the tests' own: one process on loopback, with few partitions, gone when they end."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA = (17, 21)  # what Spark 4 runs on
SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # A query of a few rows is over before code for it would be compiled.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def java() -> Path | None:
    """Return the home of a Java that Spark runs on: that of JAVA_HOME, of the path, or one installed beside it."""
    asked, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    homes = [Path(asked)] if asked else []
    homes += [Path(on_path).resolve().parent.parent] if on_path else []
    homes += sorted(Path("/usr/lib/jvm").glob("*")) if Path("/usr/lib/jvm").is_dir() else []
    return next((home for home in homes if _version(home) in JAVA), None)


def _version(home: Path) -> int | None:
    program = home / "bin" / "java"
    if not program.is_file():
        return None
    said = subprocess.run([program, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else None


@contextmanager
def started() -> Iterator[SparkSession]:
    """Start a session and stop it in the end; a test that wants one is skipped where there is no Java for it."""
    home = java()
    if home is None:
        pytest.skip("Spark needs Java 17 or 21: scripts/install_programs.sh says how")
    from pyspark.sql import SparkSession

    folder = tempfile.mkdtemp(prefix="saasmetrics_spark_")
    environment = pytest.MonkeyPatch()
    environment.setenv("JAVA_HOME", str(home))
    environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    environment.setenv("SPARK_LOCAL_DIRS", folder)
    builder = SparkSession.builder.master("local[2]").appName("saasmetrics")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = None
    try:
        session = builder.config("spark.sql.warehouse.dir", f"{folder}/tables").getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
    finally:
        if session is not None:
            _stop(session)
        environment.undo()
        shutil.rmtree(folder, ignore_errors=True)


def _stop(session: SparkSession) -> None:
    """Stop the session and the Java process that it started."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    session.stop()
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(60)
        SparkContext._gateway = SparkContext._jvm = None

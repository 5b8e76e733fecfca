"""A real Airflow in this process, with a home of its own, that finds the plugins folder as Airflow's components do."""

import os
import sys
import tempfile
from pathlib import Path

# Before the first import of Airflow, which reads its configuration then and would write into the user's home.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="hotarea-airflow-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = 64 * "x"  # it warns of the shorter one that it would make
sys.path.append(str(Path(__file__).parents[2] / "plugins"))

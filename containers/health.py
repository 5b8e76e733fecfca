"""Says whether a part of the system is healthy; Docker's health checks run it with the part's name.

Airflow's components are asked after at its API server, which costs a tenth of a second of Python where
`airflow jobs check` costs five; MLflow's server answers for itself.
"""

import json
import os
import sys
from http.client import HTTPException
from urllib.request import urlopen


def is_healthy(part: str, airflow_url: str, mlflow_url: str) -> bool:
    """Whether `mlflow`, or a component of Airflow by its name in `/api/v2/monitor/health`, is up and working."""
    url = f"{mlflow_url}/health" if part == "mlflow" else f"{airflow_url}/api/v2/monitor/health"
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310 - an address from our own compose file
            content = answer.read()
    except (OSError, HTTPException):
        return False
    return part == "mlflow" or (json.loads(content).get(part) or {}).get("status") == "healthy"


if __name__ == "__main__":
    sys.exit(
        not is_healthy(
            sys.argv[1],
            os.environ.get("AIRFLOW_URL", "http://airflow-api-server:8080"),
            os.environ.get("MLFLOW_URL", "http://127.0.0.1:5000"),
        )
    )

"""What Airflow registers; the operators and notifiers beside it are imported by the DAGs."""

from airflow.plugins_manager import AirflowPlugin
from hotarea_airflow import warm_up


class HotareaPlugin(AirflowPlugin):
    """The project's part of Airflow."""

    name = "hotarea"
    listeners = [warm_up]  # noqa: RUF012 - Airflow's way to register

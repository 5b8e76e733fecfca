"""What Airflow registers; the operators and notifiers beside it are imported by the DAGs."""

from airflow.plugins_manager import AirflowPlugin
from hotarea_airflow import warm_up
from hotarea_airflow.lazy import ReportsApp


class HotareaPlugin(AirflowPlugin):
    """The project's part of Airflow."""

    name = "hotarea"
    listeners = [warm_up]  # noqa: RUF012 - Airflow's way to register
    fastapi_apps = [{"app": ReportsApp(), "url_prefix": "/hotarea", "name": "hotarea's reports"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {"name": "Reports", "href": "hotarea/reports/", "destination": "nav", "url_route": "reports"}
    ]

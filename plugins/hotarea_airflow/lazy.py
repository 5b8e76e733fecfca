"""What Airflow registers of the web pages: every component and every task imports it, so it imports nothing itself."""

from typing import Any


class ReportsApp:
    """The application of `hotarea_airflow.reports`, made when it is first asked."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if self._app is None:
            from hotarea.domain.settings import Settings
            from hotarea.stores.layout import Layout
            from hotarea_airflow.reports import create_app

            self._app = create_app(Layout(Settings.load().home).reports)
        await self._app(scope, receive, send)

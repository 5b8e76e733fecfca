"""Feast's UI and feature server, which only answer: what they would also let people write is refused.

Both have no login. Feast's UI can delete definitions, and its server takes rows, and materializes by its own watermark;
here definitions come from feature_repo alone, and what is served from what is published.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feast import FeatureStore

ASKED = "/get-online-features"
"""The one path to which a request with a body only asks."""

_READING = {"GET", "HEAD", "OPTIONS"}


class ReadOnly:
    """An ASGI application that passes on what reads, and answers all else with status 405."""

    def __init__(self, app: Any) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, or refuse it."""
        from starlette.responses import JSONResponse

        method, path = scope.get("method"), scope.get("path")
        if scope["type"] == "lifespan" or method in _READING or (method, path) == ("POST", ASKED):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            told = f"{method} {path} writes; expected a question. Definitions change by `hotarea feast apply`."
            await JSONResponse({"detail": told}, status_code=405)(scope, receive, send)


def ui(store: "FeatureStore") -> ReadOnly:
    """Return Feast's UI."""
    from feast.ui_server import get_app

    return ReadOnly(get_app(store, store.project))


def features(store: "FeatureStore") -> ReadOnly:
    """Return Feast's feature server, prepared as Feast's own start does."""
    from feast.feature_server import get_app
    from feast.permissions.server.utils import (
        ServerType,
        init_auth_manager,
        init_security_manager,
        str_to_auth_manager_type,
    )

    auth = store.config.auth_config
    init_security_manager(auth_type=str_to_auth_manager_type(auth.type), fs=store)
    init_auth_manager(auth_type=str_to_auth_manager_type(auth.type), server_type=ServerType.REST, auth_config=auth)
    return ReadOnly(get_app(store))

"""Feast on this repo: what its definitions would change, applying them, its UI and its feature server."""

import logging
from typing import TYPE_CHECKING

from hotarea.domain.settings import Settings

if TYPE_CHECKING:
    from hotarea.stores.definitions import Change
    from hotarea.stores.feature_servers import ReadOnly

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"


def plan(settings: Settings) -> "list[Change]":
    """Return what applying the definitions would change; changes nothing."""
    from hotarea.stores import definitions

    return definitions.plan(settings)


def apply(settings: Settings, *, destructive: bool = False) -> "list[Change]":
    """Apply the definitions; raise `DefinitionError` if that takes something away and `destructive` is not set."""
    from hotarea.stores import definitions

    return definitions.apply(settings, destructive=destructive)


def ui(settings: Settings, host: str = LOOPBACK, port: int = 8888) -> None:
    """Serve Feast's UI, to look at, until the process is told to end; it has no login."""
    from hotarea.stores import definitions, feature_servers, feature_store

    definitions.apply(settings)
    log.info("Feast's UI answers on http://%s:%d", host, port)
    _serve(feature_servers.ui(feature_store.open_store(settings)), host, port)


def serve(settings: Settings, host: str = LOOPBACK, port: int = 6566) -> None:
    """Answer online features by HTTP until the process is told to end; there is no login."""
    from hotarea.stores import definitions, feature_servers, feature_store

    definitions.apply(settings)
    log.info("features are served on http://%s:%d%s", host, port, feature_servers.ASKED)
    _serve(feature_servers.features(feature_store.open_store(settings)), host, port)


def _serve(app: "ReadOnly", host: str, port: int) -> None:
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning")

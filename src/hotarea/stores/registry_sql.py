"""Feast's registry in a SQL database, where several processes write it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from feast.infra.registry.sql import SqlRegistry, SqlRegistryConfig, feature_views
from pydantic import Field, StrictStr
from sqlalchemy.pool import NullPool

from hotarea.domain.errors import SettingsError, UnreachableError
from hotarea.stores.lock import exclusive_in

LOCK = 4_711_815  # of PostgreSQL's advisory locks, ours: who holds it may change what is registered


class HiddenSqlRegistryConfig(SqlRegistryConfig):  # type: ignore[misc]
    """Where a registry in SQL lies; its address may hold a password, which is not shown with the configuration."""

    path: StrictStr = Field(repr=False, exclude=True)
    # Feast never closes a pool, so that connections would stay until the process ends
    sqlalchemy_config_kwargs: dict[str, Any] = Field({"poolclass": NullPool}, exclude=True)


class HomeSqlRegistry(SqlRegistry):  # type: ignore[misc]
    """A registry in SQL that a materialization does not set back to the definitions that it began with.

    Feast reads a view, adds the range that was materialized, and writes the view back.
    """

    def apply_materialization(self, *view_and_range: Any, **others: Any) -> None:
        """Remember that a range was materialized; nobody applies definitions meanwhile."""
        with exclusive_in(self.registry_config.path, LOCK):
            super().apply_materialization(*view_and_range, **others)


def exists(url: str) -> bool:
    """Whether a database holds a registry; raises `SettingsError` if it cannot be asked."""
    with reachable(url):
        return sa.inspect(sa.create_engine(url, poolclass=NullPool)).has_table(feature_views.name)


@contextmanager
def reachable(url: str) -> Iterator[None]:
    """Raise `SettingsError` where a URL is none, and `UnreachableError` where its server cannot be used."""
    try:
        yield
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ValueError) as error:
        # neither the URL nor the error's text is shown: both may hold a password
        raise SettingsError(
            f"HOTAREA_REGISTRY_URL is no URL of a database that is supported ({type(error).__name__}); expected "
            "postgresql://user:password@host:5432/database. Correct it."
        ) from None
    except sa.exc.OperationalError as error:
        where, why = sa.make_url(url).render_as_string(hide_password=True), " ".join(str(error.orig).split())
        raise UnreachableError(
            f"Feast's registry at {where} cannot be used: {why}; expected a database that answers and lets this user "
            "in. Start it, or correct HOTAREA_REGISTRY_URL (HOTAREA_LEDGER_URL, if that is where it lies)."
        ) from error

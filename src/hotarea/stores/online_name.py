"""What an online store is called in the ledger: what was written to one is not in another."""

from typing import Any

SQLITE = "hotarea.stores.online_sqlite.HomeSqliteOnlineStore"
"""As Feast's configuration names the store in the home."""


def of(store: Any) -> str:
    """Return which store it is, by Feast's configuration of it; without its password."""
    if store.type == "redis":
        host, *others = store.connection_string.split(",")
        return " ".join(["redis", host, *(part for part in others if part.startswith("db="))])
    if store.type == "postgres":
        return f"postgres {store.host}:{store.port}/{store.database} as {store.user}"
    return "sqlite" if store.type == SQLITE else f"{store.type} {getattr(store, 'path', '')}".strip()

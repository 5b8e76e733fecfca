"""How an online store on a server is reached, whose it is, and what is said where it is neither there nor ours.

Answers of two ledgers would overwrite each other in one store, without an error: so the first that writes there marks
it, and another is refused until it is told to take over. The SQLite store lies in its home and needs no mark.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any, Self

from hotarea.domain.errors import SettingsError, UnreachableError
from hotarea.stores import online_name
from hotarea.stores.ledger import Ledger

_EXPECTED = {
    "redis": "a Redis server that answers and takes the password, as in redis://:password@host:6379/0",
    "postgres": "a PostgreSQL server that answers and lets this user in, as in postgresql://user:password@host/database",
}


@dataclass(frozen=True)
class Owner:
    """A ledger that says what an online store holds."""

    ledger_id: str
    place: str  # where it lies, without its password

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Name a ledger."""
        return cls(ledger.ledger_id, ledger.place)

    def __str__(self) -> str:
        """Name it."""
        return f"the ledger {self.ledger_id} at {self.place}"


def claim(store: Any, owner: Owner) -> None:
    """Mark a store that is nobody's yet; raise `SettingsError` if it is another's."""
    there = _marked(store, owner, over=False)
    if there.ledger_id != owner.ledger_id:
        raise SettingsError(
            f"the online store {online_name.of(store)} is written by {there}, and this is {owner}; expected "
            "one ledger for each online store, since two overwrite each other's answers. Name a database of its own in "
            "HOTAREA_ONLINE_STORE_URL or, if the other ledger is given up, say `hotarea materialize --take-over`."
        )


def take_over(store: Any, owner: Owner, project: str) -> None:
    """Mark a store, whosever it was, and remove all documents of a project: which those are only the other knows."""
    _marked(store, owner, over=True)
    if server := _server(store.type):
        with reachable(store):
            server.clear(store, project)


@contextmanager
def reachable(store: Any) -> Iterator[None]:
    """Turn what a client says of a server that it cannot use into an `UnreachableError` that names the setting."""
    try:
        yield
    except _failures(store.type) as error:
        why = " ".join(str(error).split()).rstrip(".")
        raise UnreachableError(
            f"the online store {online_name.of(store)} cannot be used: {why}; expected "
            f"{_EXPECTED[store.type]}. Start it, or correct HOTAREA_ONLINE_STORE_URL."
        ) from error


def _marked(store: Any, owner: Owner, *, over: bool) -> Owner:
    """Write the mark where there is none, or over what is there; return the one that is there then."""
    server = _server(store.type)
    if server is None:
        return owner
    with reachable(store):
        return Owner(**json.loads(server.mark(store, json.dumps(asdict(owner)), over=over)))


def _server(kind: str) -> ModuleType | None:
    """Return the module of a store that lies on a server; None for others."""
    if kind == "redis":
        from hotarea.stores import online_redis

        return online_redis
    if kind == "postgres":
        from hotarea.stores import online_postgres

        return online_postgres
    return None


def _failures(kind: str) -> tuple[type[Exception], ...]:
    server = _server(kind)
    return server.FAILURES if server else ()

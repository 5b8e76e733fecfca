"""Homes as they are after a while: what the ledger remembers is moved into the past, which the product never does."""

from dataclasses import asdict

from hotarea.domain import records
from hotarea.stores.ledger import _KEYS, _TABLES, Ledger


def rewrite(ledger: Ledger, old: records.Record, new: records.Record) -> None:
    """Put a record in the place of another."""
    table, key = _TABLES[type(old)], {name: getattr(old, name) for name in _KEYS[type(old)]}
    with ledger._engine.begin() as connection:
        assert connection.execute(table.update().filter_by(**key).values(**asdict(new))).rowcount == 1

"""Clients of what keeps state: files, ledger, feature store, model registry."""

from hotarea.stores.unchecked import before_feast

before_feast()

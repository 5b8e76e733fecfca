"""Clients of what keeps state: files, ledger, feature store, model registry."""

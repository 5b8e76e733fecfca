"""The pure domain: no framework, no state, no network."""

"""Models are bound to what their feature service read when they were trained."""

from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings

FINGERPRINT = "feature_service_sha256"
"""Tag of a model version: the hash of what its feature service read."""


def check(settings: Settings, version: int, service: str) -> None:
    """Apply the definitions; raise `GateError` if a model's feature service reads something else than it did then."""
    from hotarea.stores import definitions

    definitions.apply(settings)
    trained = _trained(settings, version)
    if trained is not None:
        _compare(version, service, trained, definitions.fingerprint(settings, service))


def check_defined(settings: Settings, version: int, service: str) -> None:
    """Raise `GateError` as `check` would; nothing is applied."""
    from hotarea.stores import definitions

    trained = _trained(settings, version)
    if trained is not None:
        _compare(version, service, trained, definitions.defined(settings, service))


def _trained(settings: Settings, version: int) -> str | None:
    """Return what a model's service read in its training; None of models from before that was remembered."""
    from hotarea.stores import registry

    return registry.tags(settings, version).get(FINGERPRINT)


def _compare(version: int, service: str, trained: str, found: str) -> None:
    if found != trained:
        raise GateError(
            f"version {version} was trained on {service} as {trained[:12]}, which reads {found[:12]} now; expected the "
            "same. Restore the service's definition and give the change a version of its own, or train again."
        )

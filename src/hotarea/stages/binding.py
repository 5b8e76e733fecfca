"""Models are bound to what their feature service read when they were trained."""

from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings

FINGERPRINT = "feature_service_sha256"
"""Tag of a model version: the hash of what its feature service read."""


def check(settings: Settings, version: int, service: str) -> None:
    """Raise `GateError` if a model's feature service reads something else than when the model was trained."""
    from hotarea.stores import definitions, registry

    trained = registry.tags(settings, version).get(FINGERPRINT)
    if trained is None:  # before this was remembered
        return
    definitions.apply(settings)
    found = definitions.fingerprint(settings, service)
    if found != trained:
        raise GateError(
            f"version {version} was trained on {service} as {trained[:12]}, which reads {found[:12]} now; expected the "
            "same. Restore the service's definition and give the change a version of its own, or train again."
        )

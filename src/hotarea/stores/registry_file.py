"""Feast's registry as a file below the home: seen whole, and written by several processes without loss.

Feast reads the file, changes what it has read in memory, and writes all of it back. A materialization that ends while
definitions are applied would so write the old definitions over the new ones.
"""

import uuid
from pathlib import Path
from typing import Any

from feast.infra.registry.file import FileRegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry

from hotarea.domain import records
from hotarea.domain.errors import DefinitionError
from hotarea.stores.feast_home import below_home
from hotarea.stores.layout import write_aside
from hotarea.stores.lock import exclusive

LOCK = "apply.lock"
"""Beside the registry: who holds it may change what is registered."""


class HomeRegistryStore(FileRegistryStore):  # type: ignore[misc]
    """A registry file below the home. What another process has written since it was read stays."""

    def __init__(self, registry_config: Any, repo_path: Path) -> None:
        """Resolve the file."""
        super().__init__(registry_config, repo_path)
        self._filepath = below_home(registry_config.path, repo_path)
        self._read = Registry()  # as it was read last, by whatever is changed since

    def get_registry_proto(self) -> Registry:
        """Read the file, and remember what was read."""
        found: Registry = super().get_registry_proto()
        self._read.CopyFrom(found)
        return found

    def _write_registry(self, registry_proto: Registry) -> None:
        """Write what was changed, or of what was changed since the newest materializations alone."""
        with exclusive(self._filepath.with_name(LOCK)):
            there = self._there()
            if there is not None and there.version_id != registry_proto.version_id:
                if not registry_proto.version_id:
                    return  # an empty one, for a file that another process has made meanwhile
                _add_intervals(there, registry_proto, self._read)
                registry_proto.CopyFrom(there)
            registry_proto.version_id = str(uuid.uuid4())
            registry_proto.last_updated.FromDatetime(records.now())
            write_aside(self._filepath, registry_proto.SerializeToString())
            self._read.CopyFrom(registry_proto)

    def _there(self) -> Registry | None:
        found = Registry()
        try:
            found.ParseFromString(self._filepath.read_bytes())
        except FileNotFoundError:
            return None
        return found


def _add_intervals(there: Registry, ours: Registry, read: Registry) -> None:
    """Add to a registry which ranges were materialized in ours since it was read.

    Raises `DefinitionError` if ours differs in more than that.
    """
    if _definitions(ours) != _definitions(read):
        raise DefinitionError(
            "another process has changed Feast's registry since it was read; expected it to be as it was. Nothing was "
            "changed; say it again, which reads it anew."
        )
    before, newest = _views(read), _views(there)
    for name, view in _views(ours).items():
        known = [*before[name].meta.materialization_intervals] if name in before else []
        added = [interval for interval in view.meta.materialization_intervals if interval not in known]
        if name in newest:  # else it is registered no more
            newest[name].meta.materialization_intervals.extend(added)


def _views(registry: Registry) -> dict[str, Any]:
    return {view.spec.name: view for view in registry.feature_views}


def _definitions(registry: Registry) -> dict[str, bytes]:
    """Return what is registered, each definition by its kind and name, without what only tells when."""
    sources = {f"source {source.name}": _timeless(source) for source in registry.data_sources}
    kinds = ("projects", "entities", "feature_views", "feature_services")
    others = {f"{kind} {one.spec.name}": _timeless(one.spec) for kind in kinds for one in getattr(registry, kind)}
    return sources | others


def _timeless(definition: Any) -> bytes:
    copy = type(definition)()
    copy.CopyFrom(definition)
    for source in (copy, getattr(copy, "batch_source", None)):
        if source is not None and "meta" in source.DESCRIPTOR.fields_by_name:
            source.ClearField("meta")
    written: bytes = copy.SerializeToString(deterministic=True)
    return written

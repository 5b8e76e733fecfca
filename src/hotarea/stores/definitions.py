"""The definitions of feature_repo: what applying them would change, and what is refused.

What a feature service reads is its version. A service that a champion, or a model that can be rolled back to, was
trained on neither changes nor goes; whatever else takes something away is done only if that is asked for.
"""

import hashlib
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

from hotarea.domain.errors import DefinitionError, GateError, NotReadyError
from hotarea.domain.records import Champion
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.lock import exclusive, exclusive_in

if TYPE_CHECKING:
    from feast import FeatureStore

    from hotarea.stores.feature_store import Offered

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """What applying would do to one definition."""

    action: str  # adds, changes, removes
    kind: str
    name: str
    details: tuple[str, ...] = ()
    destroys: bool = False  # takes away what somebody may read
    refused: str = ""  # why it is not done even if asked for

    def __str__(self) -> str:
        """Tell it in one line."""
        return f"{self.action} {self.kind} {self.name}" + (f": {'; '.join(self.details)}" if self.details else "")


def plan(settings: Settings) -> list[Change]:
    """Return what applying feature_repo would change; changes nothing. Raises `NotReadyError` without one."""
    with _exclusive(settings), _as_it_is(settings) as store:
        return _planned(settings, store, contents(settings.project / "feature_repo"))


def offered(settings: Settings, service: str) -> "dict[str, Offered]":
    """Return the views of a service as feature_repo defines them, applied or not; changes nothing."""
    from hotarea.stores.feature_store import offered_by

    found = contents(settings.project / "feature_repo")
    named = _service(found, service)
    with _as_it_is(settings) as store:
        registered = {view.name: view for view in store.list_feature_views()}
    return offered_by(named, {view.name: view for view in found.feature_views}, registered)


def apply(settings: Settings, *, destructive: bool = False) -> list[Change]:
    """Register the definitions of feature_repo and create their online tables; return what changed.

    Raises `DefinitionError`, and changes nothing, if something would be taken away and `destructive` is not set, or if
    models in use read it.
    """
    from feast.repo_operations import extract_objects_for_apply_delete

    from hotarea.stores import online_access
    from hotarea.stores.feature_store import open_store

    with _exclusive(settings):
        found, store = contents(settings.project / "feature_repo"), open_store(settings, first=True)
        changes = _planned(settings, store, found)
        _check(changes, destructive)
        for change in changes:
            log.info("feature_repo %s", change)
        if changes:
            _claim(settings, store)
        wanted, unwanted, _, _ = extract_objects_for_apply_delete(store.project, store.registry, found)
        with online_access.reachable(store.config.online_store):
            store.apply(wanted, objects_to_delete=unwanted, partial=False)
        return changes


def _claim(settings: Settings, store: "FeatureStore") -> None:
    """Leave the tables of an online store alone that is another ledger's."""
    from hotarea.stores import online_access

    with Ledger(settings.ledger) as ledger:
        online_access.claim(store.config.online_store, online_access.Owner.of(ledger))


def signature(service: Any, views: Mapping[str, Any]) -> dict[str, str]:
    """Return what a service reads, as its definition: each feature with type, unit, source, key, ttl and meaning."""
    found = {}
    for projection in service.feature_view_projections:
        view = views.get(projection.name)
        fields = {field.name: field for field in view.features} if view else {}
        for feature in projection.features:
            field = fields.get(feature.name)
            found[f"{projection.name}:{feature.name}"] = (
                f"{field.dtype} in {field.tags.get('unit')} of {_read(view)}: {field.description}"
                if view and field
                else "is gone"
            )
    return found


def _read(view: Any) -> str:
    lasting = f" for {view.ttl.days} days" if view.ttl else ""
    return f"{view.batch_source.name} by {', '.join(view.join_keys)}{lasting}"


def fingerprint(settings: Settings, service: str) -> str:
    """Return the hash of what an applied service reads: its version, whatever its name says."""
    from hotarea.stores.feature_store import open_store

    store = open_store(settings)
    return _hashed(store.get_feature_service(service), {view.name: view for view in store.list_feature_views()})


def defined(settings: Settings, service: str) -> str:
    """Return the hash of what a service reads as feature_repo defines it, applied or not; changes nothing.

    Raises `DefinitionError` if it is not defined.
    """
    found = contents(settings.project / "feature_repo")
    return _hashed(_service(found, service), {view.name: view for view in found.feature_views})


def _service(found: Any, name: str) -> Any:
    named = next((service for service in found.feature_services if service.name == name), None)
    if named is None:
        raise DefinitionError(
            f"feature_repo defines no feature service {name}; expected it, since it is read. Define it again."
        )
    return named


def _hashed(service: Any, views: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(signature(service, views))).hexdigest()


def contents(repo: Path) -> Any:
    """Return the objects that the modules of a feature_repo define."""
    from feast import Entity, FeatureService, FeatureView, Project
    from feast.data_source import DataSource
    from feast.feature_view import DUMMY_ENTITY
    from feast.repo_contents import RepoContents

    if not (repo / "feature_store.yaml").is_file():
        raise NotReadyError(
            f"{repo} holds no Feast definitions; expected feature_repo/. Set HOTAREA_PROJECT to its folder."
        )
    found = {id(o): o for module in _modules(repo) for o in vars(module).values()}.values()
    kinds = {
        "projects": [Project(name="hotarea")],
        "data_sources": [o for o in found if isinstance(o, DataSource)],
        "entities": [*(o for o in found if isinstance(o, Entity)), DUMMY_ENTITY],
        "feature_views": [o for o in found if isinstance(o, FeatureView)],
        "feature_services": [o for o in found if isinstance(o, FeatureService)],
    }
    return RepoContents(**{field: kinds.get(field, []) for field in RepoContents._fields})


@contextmanager
def _as_it_is(settings: Settings) -> "Iterator[FeatureStore]":
    """Open the store; where nothing was applied yet, with an empty registry that is thrown away."""
    from hotarea.stores import registry_sql
    from hotarea.stores.feature_store import open_empty, open_store

    url, file = settings.registry, Layout(settings.home).feature_repo / "registry.db"
    if registry_sql.exists(url) if url else file.exists():
        yield open_store(settings)
        return
    with TemporaryDirectory(prefix="hotarea-registry-") as folder:
        yield open_empty(settings, Path(folder))


def _planned(settings: Settings, store: "FeatureStore", found: Any) -> list[Change]:
    from feast.diff.property_diff import TransitionType
    from feast.feature_view import DUMMY_ENTITY_NAME

    now = {view.name: view for view in store.list_feature_views()}
    new = {view.name: view for view in found.feature_views}
    difference, _, _ = store.plan(found)
    told = {TransitionType.CREATE: _added, TransitionType.UPDATE: _changed, TransitionType.DELETE: _removed}
    seen = (d for d in difference.feast_object_diffs if d.name != DUMMY_ENTITY_NAME)
    differing = (told[d.transition_type](d) for d in seen if d.transition_type in told)
    # a view that Feast has materialized differs in what nobody defined
    changes = [c for c in differing if c.action != "changes" or c.details]
    wanted = {service.name: service for service in found.feature_services}
    in_place = [
        _in_place(service.name, differs)
        for service in store.list_feature_services()
        if service.name in wanted
        and (differs := _differences(signature(service, now), signature(wanted[service.name], new)))
    ]
    replaced = {change.name for change in in_place}
    all_of_them = [c for c in changes if (c.kind, c.name) not in {("feature service", n) for n in replaced}] + in_place
    return sorted(_in_use(settings, all_of_them), key=lambda c: (c.kind, c.name))


def _added(difference: Any) -> Change:
    return Change("adds", difference.feast_object_type.value, difference.name)


def _removed(difference: Any) -> Change:
    return Change("removes", difference.feast_object_type.value, difference.name, destroys=True)


def _changed(difference: Any) -> Change:
    """Return a change; a view that loses a field, another type, or its place online takes something away."""
    kind, name = difference.feast_object_type.value, difference.name
    properties = sorted({p.property_name for p in difference.feast_object_property_diffs} - _TOLD_OTHERWISE)
    if kind != "feature view":
        return Change("changes", kind, name, tuple(properties))
    was, is_now = difference.current_feast_object, difference.new_feast_object
    before, after = ({f.name: f for f in view.features} for view in (was, is_now))
    both = sorted(before.keys() & after.keys())
    lost = [f"loses {field}" for field in sorted(before.keys() - after.keys())]
    lost += [f"{f} was {before[f].dtype}, becomes {after[f].dtype}" for f in both if before[f].dtype != after[f].dtype]
    lost += ["is served online no more"] if was.online and not is_now.online else []
    lost += ["has another key"] if was.join_keys != is_now.join_keys else []
    lost += [f"expires after {is_now.ttl}"] if is_now.ttl and (not was.ttl or is_now.ttl < was.ttl) else []
    sources = was.batch_source.name, is_now.batch_source.name
    lost += [f"read {sources[0]}, reads {sources[1]}"] if sources[0] != sources[1] else []
    gained = [f"gains {field}" for field in sorted(after.keys() - before.keys())]
    meant = [f"{f} means something else" for f in both if before[f].description != after[f].description]
    meant += [f"{f} has other tags" for f in both if before[f].tags != after[f].tags]
    return Change("changes", kind, name, (*lost, *gained, *meant, *properties), destroys=bool(lost))


_TOLD_OTHERWISE = {"features", "batch_source"}
"""Properties that Feast compares with what it inferred itself; fields and sources are compared by us."""


def _differences(was: Mapping[str, str], is_now: Mapping[str, str]) -> tuple[str, ...]:
    changed = [f"{n} was {was[n]!r}, becomes {is_now[n]!r}" for n in was if n in is_now and was[n] != is_now[n]]
    lost, gained = sorted(was.keys() - is_now.keys()), sorted(is_now.keys() - was.keys())
    return (*(f"loses {n}" for n in lost), *(f"gains {n}" for n in gained), *changed)


def _in_place(service: str, differs: tuple[str, ...]) -> Change:
    return Change("changes", "feature service", service, differs, destroys=True)


def _in_use(settings: Settings, changes: list[Change]) -> Iterator[Change]:
    """Yield the changes; those that take a service from models in use are refused."""
    with Ledger(settings.ledger) as ledger:
        timeline = ledger.all(Champion)
    for change in changes:
        versions = sorted({c.model_version for c in timeline if c.feature_service == change.name})
        readers = [v for v in versions if v == timeline[-1].model_version or _can_serve(settings, v)]
        if change.kind == "feature service" and change.destroys and readers:
            who = ", ".join(str(v) for v in readers)
            refused = f"model version {who} was trained on {change.name} and is in service or can be rolled back to"
            yield Change(change.action, change.kind, change.name, change.details, destroys=True, refused=refused)
        else:
            yield change


def _can_serve(settings: Settings, version: int) -> bool:
    """Whether a model that was champion can be rolled back to: the registry still has it."""
    from hotarea.stores import registry

    try:
        registry.tags(settings, version)
    except GateError:
        return False
    return True


def _check(changes: list[Change], destructive: bool) -> None:
    refused = [f"{change} ({change.refused})" for change in changes if change.refused]
    if refused:
        raise DefinitionError(
            f"feature_repo {', and it '.join(refused)}; expected it to stay as it is for as long. Define the next "
            "version of the service beside it, with columns of other names where their meaning changes."
        )
    lost = [str(change) for change in changes if change.destroys]
    if lost and not destructive:
        raise DefinitionError(
            f"feature_repo {', and it '.join(lost)}; expected nothing to be taken away. Define what changes under a "
            "new name beside the old, or say `hotarea feast apply --destructive` if nobody reads it."
        )


def _modules(repo: Path) -> list[Any]:
    """Import the definitions as Feast does, by their bare names, and leave no trace of those names behind."""
    names = [file.stem for file in sorted(repo.glob("*.py"))]
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(repo))
    try:
        return [import_module(name) for name in names]
    finally:
        sys.path.remove(str(repo))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


@contextmanager
def _exclusive(settings: Settings) -> Iterator[None]:
    """Let one process in at a time: Feast's registries are read, changed and written back without a lock."""
    from hotarea.stores import registry_file, registry_sql

    state = Layout(settings.home).feature_repo
    state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        if settings.registry:
            with registry_sql.reachable(settings.registry):
                held.enter_context(exclusive_in(settings.registry, registry_sql.LOCK))
        else:
            held.enter_context(exclusive(state / registry_file.LOCK))
        yield

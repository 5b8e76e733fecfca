"""What each view should serve online, what it serves by the ledger, and so what is to be written and why."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hotarea.domain.errors import NotReadyError
from hotarea.domain.records import (
    Audit,
    FeatureSet,
    Materialization,
    OnlineChunk,
    OnlineWrite,
    PredictionSet,
    now,
)
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores import served
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger
from hotarea.stores.lock import exclusive, exclusive_in

if TYPE_CHECKING:
    from feast import FeatureStore

    from hotarea.stores.feature_store import Offered

APPLICATIONS_READ = "document_area_v1"
"""The feature service whose views are served online; what only the model reads stays offline."""

_LOCK = 4_711_817  # of PostgreSQL's advisory locks, ours

FEAST_LOOKS_BACK = timedelta(weeks=52)
"""How far Feast's first incremental run goes where a view has no ttl."""


@dataclass(frozen=True)
class Target:
    """The online store, by its name, and the views that it is to serve."""

    store: str
    views: "Mapping[str, Offered]"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to be served: by default the newest cutoff, of all views."""

    cutoff: date | None = None
    views: Sequence[str] | None = None
    anew: bool = False  # even if it is served already


@dataclass(frozen=True)
class Published:
    """A set that a view can serve, and from when on it should."""

    cutoff: date
    known: date
    model_version: int | None
    rows: int
    folder: Path
    since: datetime
    is_offered: bool = True  # False for what another model predicts than the one in service

    @property
    def parts(self) -> list[Path]:
        """Its files; none if it is gone."""
        return parts(self.folder)

    @property
    def identity(self) -> tuple[date, date, int | None]:
        """Which set it is."""
        return self.cutoff, self.known, self.model_version


@dataclass(frozen=True)
class Missed:
    """Rows that Feast's own incremental run would leave out, and why."""

    reason: str
    rows: int
    columns: list[str]


@dataclass(frozen=True)
class ViewPlan:
    """What a view is to serve next, and why it must be written; what Feast would miss is written as well."""

    view: str
    store: str
    published: Published
    types: dict[str, str]  # of the columns
    reasons: list[str]
    missed: list[Missed] = field(default_factory=list)
    resumes: OnlineWrite | None = None
    done: list[int] = field(default_factory=list)
    before: list[Path] = field(default_factory=list)  # folders of what was written to the store before

    @property
    def columns(self) -> list[str]:
        """The columns that it is to serve."""
        return [*self.types]

    @property
    def is_due(self) -> bool:
        """Whether it serves anything else, or less, than it should."""
        return bool(self.reasons)


@dataclass(frozen=True)
class _Served:
    """What the ledger remembers of one view in one store."""

    last: Materialization | None
    since: list[OnlineWrite]  # writes that are no part of it: unfinished ones, subsets and ranges, later than its begin
    failed: Audit | None  # the last one since then that did: that a later one drew other documents mends nothing

    @classmethod
    def of(cls, ledger: Ledger, view: str, store: str) -> "_Served":
        last = ledger.newest(Materialization, view=view, store=store)
        writes = sorted(ledger.all(OnlineWrite, view=view, store=store), key=lambda w: w.begun_at)
        own = last.write_id if last else ""
        failed = ledger.newest(Audit, view=view, store=store, success=False)
        return cls(
            last,
            [w for w in writes if w.write_id != own and (not last or w.begun_at > last.materialized_at)],
            failed if failed and (not last or failed.audited_at > last.materialized_at) else None,
        )


@contextmanager
def alone(home: Path, ledger: str) -> Iterator[None]:
    """Keep out whatever else writes to a home's online store, or compares it, on all machines that share its ledger."""
    Ledger(ledger).close()  # which says so if it cannot be reached
    with exclusive(Layout(home).feature_repo / "materialize.lock"), exclusive_in(ledger, _LOCK):
        yield


def of_any_rows(view: str, store: str, run_id: str, columns: Sequence[str] = ()) -> OnlineWrite:
    """Return the intention to change rows of a view otherwise than by a set: it is due from then on."""
    return OnlineWrite(
        write_id=uuid.uuid4().hex[:12],
        view=view,
        store=store,
        cutoff=None,
        known=None,
        model_version=None,
        columns=[*columns],
        bounds=[],
        documents=None,
        run_id=run_id,
    )


def plan(settings: Settings, ledger: Ledger, target: Target, asked: Asked) -> list[ViewPlan]:
    """Return what each view is to serve: the newest published cutoff, or the one that is asked for.

    If no views are asked for: all of `document_area_v1`, without its predictions as long as there are none. Raises
    `NotReadyError` if nothing is published at the cutoff, or for a view that was named.
    """
    unknown = set(asked.views or ()) - set(target.views)
    if unknown:
        raise NotReadyError(
            f"{', '.join(sorted(unknown))}: not served online; expected some of {', '.join(target.views)}."
        )
    plans, missing = [], []
    for view in asked.views or target.views:
        sets = _SETS[target.views[view].source](settings, ledger)
        wanted = [published for published in sets if published.is_offered and asked.cutoff in {None, published.cutoff}]
        if wanted:
            plans.append(_plan(ledger, target, view, sets, wanted[-1], anew=asked.anew))
        elif asked.views or target.views[view].source == "features":
            missing.append(view)
    if missing:
        raise NotReadyError(
            f"nothing is published for {', '.join(missing)} at {asked.cutoff or 'any cutoff'}; expected a set in the "
            "ledger. Build the features (for predictions: score the documents) first."
        )
    return plans


def sets_of(settings: Settings, store: "FeatureStore", ledger: Ledger, view: str) -> list[Published]:
    """Return the sets that a view can serve, those to prefer last."""
    return _SETS[store.get_feature_view(view).batch_source.name](settings, ledger)


def _plan(  # noqa: PLR0913 - each a different thing
    ledger: Ledger, target: Target, view: str, sets: Sequence[Published], wanted: Published, *, anew: bool
) -> ViewPlan:
    written, offered = _Served.of(ledger, view, target.store), target.views[view]
    reasons = [*_reasons(written, wanted, offered.types)] + (["asked for anew"] if anew else [])
    resumes = None if anew else _resumed(written, wanted, offered.types)
    return ViewPlan(
        view=view,
        store=target.store,
        published=wanted,
        types=offered.types,
        reasons=reasons,
        missed=[*_missed(offered, written.last, wanted)] if reasons else [],
        resumes=resumes,
        done=[c.number for c in ledger.all(OnlineChunk, write_id=resumes.write_id)] if resumes else [],
        before=_before(written, sets, wanted, anew=anew),
    )


def _reasons(written: _Served, wanted: Published, types: Mapping[str, str]) -> Iterator[str]:
    """Yield why a view's rows must be written."""
    if written.last is None:
        yield "nothing was written to this store yet"
    else:
        yield from _set_changes(written.last, wanted)
        yield from _column_changes(written.last, types)
    if written.failed:
        yield f"the audit at {written.failed.audited_at:%Y-%m-%d %H:%M:%S} failed"
    for write in written.since:
        if write.documents is None and write.cutoff:
            yield f"write {write.write_id} was interrupted"
        elif (write.cutoff, write.known, write.model_version) != wanted.identity:
            yield f"rows of another set were written at {write.begun_at:%Y-%m-%d %H:%M:%S} by {write.run_id}"


def _set_changes(last: Materialization, wanted: Published) -> Iterator[str]:
    """Yield how the set that is wanted differs from the one that was written last."""
    if last.model_version != wanted.model_version:
        yield f"predictions of model version {wanted.model_version} instead of {last.model_version}"
    elif last.cutoff != wanted.cutoff:
        yield f"cutoff {wanted.cutoff} instead of {last.cutoff}"
    elif last.known != wanted.known:
        yield f"known on {wanted.known} instead of {last.known}: a correction, or rows that came late"
    elif last.materialized_at < wanted.since:
        yield f"published or promoted at {wanted.since:%Y-%m-%d %H:%M:%S}, after the last write"


def _column_changes(last: Materialization, types: Mapping[str, str]) -> Iterator[str]:
    """Yield how the columns that are wanted differ from those that were written last."""
    if new := [name for name in types if name not in last.columns]:
        yield f"new column {', '.join(new)}"
    if gone := [name for name in last.columns if name not in types]:
        yield f"column {', '.join(gone)} is gone"
    retyped = (name for name, was in last.types.items() if types.get(name, was) != was)
    yield from (f"column {name} was {last.types[name]}, is {types[name]}" for name in retyped)


def _missed(offered: "Offered", last: Materialization | None, wanted: Published) -> Iterator[Missed]:
    """Yield what `materialize_incremental` of plain Feast, run now, would not write.

    Its watermark is moved by its own runs alone. What ours wrote, it would have passed had it run then.
    """
    moment, columns = datetime.combine(wanted.cutoff, time(), UTC), [*offered.types]
    if offered.watermark is None:
        looks_back = offered.ttl or FEAST_LOOKS_BACK
        if moment < now() - looks_back:
            yield Missed(f"older than the {looks_back.days} days that its first run looks back", wanted.rows, columns)
    elif moment <= offered.watermark:
        yield Missed(f"behind the watermark {offered.watermark:%Y-%m-%d %H:%M:%S}", wanted.rows, columns)
    if last and (new := [name for name in columns if name not in last.columns]):
        yield Missed("new column, never filled for what it had written, had it run then", wanted.rows, new)


def _resumed(written: _Served, wanted: Published, types: Mapping[str, str]) -> OnlineWrite | None:
    """Return the last write if it was interrupted and what is wanted has not changed since."""
    last = written.since[-1] if written.since else None
    if last is None or last.documents is not None or last.begun_at < wanted.since or last.types != types:
        return None
    if written.failed and last.begun_at < written.failed.audited_at:
        return None  # its chunks may be what was lost
    return last if (last.cutoff, last.known, last.model_version) == wanted.identity else None


def _before(written: _Served, sets: Sequence[Published], wanted: Published, *, anew: bool) -> list[Path]:
    """Return the folders of the sets of which documents may stand in the store: all, if nothing is known of it.

    Nor is it where the ledger is not trusted: the view is asked for anew, or an audit failed.
    """
    there = {(w.cutoff, w.known, w.model_version) for w in written.since}
    if written.last:
        there.add((written.last.cutoff, written.last.known, written.last.model_version))
    any_of_them = anew or written.failed is not None or written.last is None or (None, None, None) in there
    return [
        s.folder
        for s in sets
        if (any_of_them or s.identity in there) and s.identity != wanted.identity and s.folder.is_dir()
    ]


def _features(settings: Settings, ledger: Ledger) -> list[Published]:
    """Return the feature sets, those to prefer last: the newest cutoff, as last known."""
    layout = Layout(settings.home)
    return [
        Published(s.cutoff, s.known, None, s.rows, layout.feature_set(Cutoff(s.cutoff, s.known)), s.published_at)
        for s in ledger.all(FeatureSet)
    ]


def _predictions(settings: Settings, ledger: Ledger) -> list[Published]:
    """Return the predictions, those to prefer last: the champion's or, until it has scored, those of the one before.

    The champion's are due from its promotion on: after a rollback they are written again. Beside them no others are
    offered, but they may stand in a store.
    """
    layout, serving = Layout(settings.home), served.champion(ledger)
    own: list[Published] = []
    others: list[Published] = []
    for s in sorted(ledger.all(PredictionSet), key=lambda s: s.published_at):
        folder = layout.prediction_set(Cutoff(s.cutoff, s.known), s.model_version)
        is_own = serving is not None and s.model_version == serving.model_version
        since = max(s.published_at, serving.promoted_at) if serving and is_own else s.published_at
        offered = is_own or serving is None
        (own if is_own else others).append(
            Published(s.cutoff, s.known, s.model_version, s.rows, folder, since, offered)
        )
    return others + sorted(own, key=lambda p: (p.cutoff, p.known))


_SETS: dict[str, Callable[[Settings, Ledger], list[Published]]] = {"features": _features, "predictions": _predictions}

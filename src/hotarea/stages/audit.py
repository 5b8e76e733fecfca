"""The audit: what the online store answers, compared with what the offline store says."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from math import isfinite
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hotarea.domain import audit
from hotarea.domain.audit import AGE, Difference
from hotarea.domain.errors import NotReadyError, ValidationError
from hotarea.domain.records import Audit, Materialization, OnlineWrite, now
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import serving
from hotarea.stages.serving import Published
from hotarea.stores.drawn_documents import Drawn
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    from feast import FeatureStore

log = logging.getLogger(__name__)

_KEPT = 20  # differences that the ledger remembers


@dataclass(frozen=True)
class _Subject:
    """What a view serves, and the set before it."""

    view: str
    columns: list[str]
    published: Published
    before: Published | None


def run(settings: Settings, run_id: str, views: Sequence[str] | None = None) -> list[Audit]:
    """Compare as `compare` does, and raise `ValidationError` if a view failed."""
    audits = compare(settings, run_id, views)
    check(audits)
    return audits


def compare(settings: Settings, run_id: str, views: Sequence[str] | None = None) -> list[Audit]:
    """Compare documents drawn at random by the run's id, the newest ones and vanished ones, view by view.

    Compared is what was materialized last; nothing is written meanwhile. A view fails, and is due from then on, if a
    larger share than HOTAREA_AUDIT_THRESHOLD differs. Raises `NotReadyError` if nothing was materialized, or if of a
    view that was named the offline store answers another model's predictions: that one is behind. Of all views, such
    a one is left out.
    """
    from hotarea.stores import definitions

    served = views or [*definitions.offered(settings, serving.APPLICATIONS_READ)]
    with _opened(settings) as (store, ledger, name):
        writes = [last for view in served if (last := ledger.newest(Materialization, view=view, store=name))]
        if not writes:
            raise NotReadyError(f"nothing was written to the online store {name} yet; run `hotarea materialize` first.")
        subjects = [_subject(settings, ledger, store, write, must=bool(views)) for write in writes]
        audits = [_audited(settings, store, s, _drawn(settings, s, run_id), run_id) for s in subjects if s]
        ledger.add(*audits)
    return audits


def run_some(settings: Settings, run_id: str, documents: Sequence[int], views: Sequence[str]) -> list[Audit]:
    """Compare documents that this run wrote alone, as many as HOTAREA_AUDIT_DOCUMENTS at most, as `run` does.

    A view that was written again since is left to the audit of that write.
    """
    size = min(settings.audit_documents, len(documents))
    ids = sorted(random.Random(run_id).sample(documents, size))  # noqa: S311 - no secret
    audits = []
    with _opened(settings) as (store, ledger, name):
        for view in views:
            write = ledger.newest(OnlineWrite, view=view, store=name)
            subject = _subject(settings, ledger, store, write, must=True) if write and write.run_id == run_id else None
            if subject:
                audits.append(_audited(settings, store, subject, Drawn.among(subject.published.parts, ids), run_id))
        ledger.add(*audits)
    check(audits)
    return audits


def check(audits: Sequence[Audit]) -> None:
    """Raise `ValidationError` that names what differs if a view failed."""
    failed = [a for a in audits if not a.success]
    if not failed:
        log.info("%d documents answer online as offline", sum(a.documents for a in audits))
        return
    told = [
        audit.message(a.view, a.cutoff, [Difference(**d) for d in a.differences], a.wrong, a.documents) for a in failed
    ]
    raise ValidationError(
        f"{'. '.join(told)}. Expected a share of at most {failed[0].threshold} (HOTAREA_AUDIT_THRESHOLD). "
        "`hotarea materialize` writes these views anew."
    )


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple["FeatureStore", Ledger, str]]:
    """Yield both stores and the online one's name; nothing is written meanwhile."""
    from hotarea.stores import feature_store, online_access, online_name

    with serving.alone(settings.home, settings.ledger), Ledger(settings.ledger) as ledger:
        store = feature_store.open_store(settings)
        online_access.claim(store.config.online_store, online_access.Owner.of(ledger))
        yield store, ledger, online_name.of(store.config.online_store)


def _drawn(settings: Settings, subject: _Subject, run_id: str) -> Drawn:
    before = subject.before.parts if subject.before else []
    size = settings.audit_documents, settings.audit_newest
    return Drawn.of(subject.published.parts, before, f"{run_id}/{subject.view}", *size)


def _audited(settings: Settings, store: "FeatureStore", subject: _Subject, drawn: Drawn, run_id: str) -> Audit:
    from hotarea.stores import online_name

    start = time.perf_counter()
    offline = _offline(settings, subject, drawn.there)
    online = _online(store, subject, [*drawn.there, *drawn.vanished])
    found = [*audit.differences(offline, online, subject.columns)]
    wrong = len({difference.document for difference in found})
    share = wrong / max(len(online), 1)
    return Audit(
        view=subject.view,
        store=online_name.of(store.config.online_store),
        cutoff=subject.published.cutoff,
        documents=len(online),
        differences=[_plain(difference) for difference in found[:_KEPT]],
        wrong=wrong,
        share=share,
        threshold=settings.audit_threshold,
        success=share <= settings.audit_threshold,
        seconds=round(time.perf_counter() - start, 3),
        run_id=run_id,
    )


def _subject(
    settings: Settings, ledger: Ledger, store: "FeatureStore", write: Materialization | OnlineWrite, *, must: bool
) -> _Subject | None:
    """Return what a write served, None if that is no longer in service unless it `must` be.

    Of a column that came since, it says nothing: that is due anyway.
    """
    from hotarea.stores import feature_store

    sets = serving.sets_of(settings, store, ledger, write.view)
    identity = (write.cutoff, write.known, write.model_version)
    published = next((s for s in sets if s.identity == identity), None)
    if published is None or not published.parts:
        raise NotReadyError(
            f"{write.view} serves cutoff {write.cutoff} as known on {write.known}, which is not published any more; "
            "expected a set in the ledger and on disk. Run `hotarea materialize`."
        )
    older = [s for s in sets if (s.cutoff, s.known) < (published.cutoff, published.known) and s.parts]
    columns = [name for name in feature_store.features_of(store, write.view) if name in write.columns]
    offered = [s.identity for s in sets if s.is_offered and s.cutoff == published.cutoff]
    if published.model_version is not None and published.identity not in offered[-1:]:
        behind = f"{write.view} serves model version {write.model_version}, which is not in service any more"
        if must:
            raise NotReadyError(
                f"{behind}, so that it cannot be audited; expected the champion's. Run `hotarea materialize`."
            )
        log.warning("%s", behind)
        return None
    return _Subject(write.view, columns, published, older[-1] if older else None)


def _offline(settings: Settings, subject: _Subject, ids: Sequence[int]) -> dict[int, Any]:
    """Return the rows of documents as the offline store has them at the cutoff, as known on the set's date."""
    from hotarea.stores import feature_store

    if not ids:
        return {}
    published = subject.published
    # Predictions are known from the moment of scoring on, which is later than all that is published.
    as_of = published.known if published.model_version is None else now().date() + timedelta(days=1)
    asked = feature_store.at(pa.chunked_array([ids], pa.int64()), Cutoff(published.cutoff, published.known))
    named = [f"{subject.view}:{name}" for name in subject.columns]
    found = feature_store.historical(settings, asked, named, as_of).to_pylist()
    moment = datetime.combine(published.cutoff, clock(), UTC)
    return {document: {**row, AGE: moment} for document, row in zip(ids, found, strict=True)}


def _online(store: "FeatureStore", subject: _Subject, ids: Sequence[int]) -> dict[int, Any]:
    """Return the answers that readers get."""
    if not ids:
        return {}
    from hotarea.stores.online_access import reachable

    with reachable(store.config.online_store):
        answer = store.get_online_features(
            features=[f"{subject.view}:{name}" for name in subject.columns],
            entity_rows=[{"document_id": i} for i in ids],
        ).to_dict(include_event_timestamps=True)
    ages = answer[f"{subject.columns[0]}__ts"]
    return {
        document: {
            **{name: answer[name][n] for name in subject.columns},
            AGE: datetime.fromtimestamp(ages[n], UTC),
        }
        for n, document in enumerate(ids)
    }


def _plain(difference: Difference) -> dict[str, Any]:
    """Return a difference as JSON can say it, which knows neither moments nor NaN and infinities."""
    return {
        name: v.isoformat() if isinstance(v, datetime) else str(v) if isinstance(v, float) and not isfinite(v) else v
        for name, v in asdict(difference).items()
    }

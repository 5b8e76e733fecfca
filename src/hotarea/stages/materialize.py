"""Brings the newest published rows into the online store."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from hotarea.domain.errors import NotReadyError, PublishError
from hotarea.domain.processors import cores
from hotarea.domain.records import Materialization, OnlineChunk, OnlineWrite, now
from hotarea.domain.settings import Settings
from hotarea.stages import job_runs, serving
from hotarea.stages.serving import APPLICATIONS_READ, Asked, Target, ViewPlan
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    import pyarrow as pa
    from feast import FeatureStore

    from beam_jobs.online_rows import Request
    from hotarea.stores.online_writers import Writer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChunkLog:
    """Remembers the chunks of one write as they are written, from whichever process wrote them."""

    ledger: SecretStr
    write_id: str

    def __call__(self, number: int, rows: int, removed: int, seconds: float) -> None:
        """Remember a chunk, once: a runner may write one again."""
        chunk = OnlineChunk(
            write_id=self.write_id, number=number, rows=rows, removed=removed, seconds=round(seconds, 3)
        )
        with Ledger(self.ledger.get_secret_value()) as ledger, suppress(PublishError):
            ledger.add(chunk)


def run(
    settings: Settings,
    run_id: str,
    cutoff: date | None = None,
    views: Sequence[str] | None = None,
    *,
    anew: bool = False,
) -> list[Materialization]:
    """Write one cutoff's rows, by default the newest published ones, of `views` into the online store.

    Predictions are the champion's. Without `views`: all of `document_area_v1`, without its predictions as long as
    there are none. What the ledger says is served already is left alone, except with `anew`; a write that was killed
    goes on with the chunks that it lacks. Returns what was written. Documents that the served rows no longer hold
    (merged, deleted) answer null from then on.

    Raises `NotReadyError` if nothing is published at the cutoff, or for a view that was named.
    """
    with _opened(settings, run_id) as home:
        plans = serving.plan(settings, home.ledger, home.target, Asked(cutoff, views, anew=anew))
        return [home.perform(plan) for plan in plans if plan.is_due]


def plan(settings: Settings, cutoff: date | None = None, views: Sequence[str] | None = None) -> list[ViewPlan]:
    """Return what `run` would write of each view, why, and what Feast's own incremental run would leave out.

    Views are as feature_repo defines them; what of that is not applied yet stays so.
    """
    from hotarea.stores import definitions, feature_store

    offered = definitions.offered(settings, APPLICATIONS_READ)
    target = Target(feature_store.online_store(settings), offered)
    with Ledger(settings.ledger) as ledger:
        return serving.plan(settings, ledger, target, Asked(cutoff, views))


def run_some(
    settings: Settings,
    run_id: str,
    documents: "pa.Array",
    cutoff: date | None = None,
    views: Sequence[str] | None = None,
) -> dict[str, int]:
    """Write the rows of these documents (ids) alone; return by view how many there are, the others answer null.

    They join what the online store holds of other documents. If that is of another set, the view is due as a whole.
    """
    with _opened(settings, run_id) as home:
        plans = serving.plan(settings, home.ledger, home.target, Asked(cutoff, views))
        return {plan.view: home.perform_some(plan, documents) for plan in plans}


def take_over(settings: Settings, run_id: str) -> None:
    """Make the online store this ledger's, whosever it was; it is emptied, and all views are due from then on.

    Whoever wrote there must have been stopped: it is refused from its next write on, and not in the midst of one.
    """
    from hotarea.stores import definitions, feature_store, online_access, online_name

    config = feature_store.configuration(settings)
    with serving.alone(settings.home, settings.ledger), Ledger(settings.ledger) as ledger:
        views = definitions.offered(settings, APPLICATIONS_READ)
        # before the mark: whatever comes between, nothing is taken for served
        ledger.add(*(serving.of_any_rows(view, online_name.of(config.online_store), run_id) for view in views))
        online_access.take_over(config.online_store, online_access.Owner.of(ledger), config.project)


@contextmanager
def _opened(settings: Settings, run_id: str) -> Iterator["_Home"]:
    """Let one materialization run at a time, into an online store that is its ledger's."""
    from hotarea.stores import definitions, feature_store, online_access

    online = feature_store.configuration(settings).online_store
    alone = serving.alone(settings.home, settings.ledger)
    with alone, online_access.reachable(online), Ledger(settings.ledger) as ledger:
        online_access.claim(online, online_access.Owner.of(ledger))
        definitions.apply(settings)
        yield _Home(settings, feature_store.open_store(settings), ledger, run_id)


@dataclass(frozen=True)
class _Home:
    """What a materialization works with."""

    settings: Settings
    store: "FeatureStore"
    ledger: Ledger
    run_id: str

    @property
    def target(self) -> Target:
        """What is written to, as it is applied."""
        from hotarea.stores import feature_store, online_name

        name = online_name.of(self.store.config.online_store)
        return Target(name, feature_store.offered(self.store, APPLICATIONS_READ))

    def perform(self, plan: ViewPlan) -> Materialization:
        """Write a view's rows and remember it, dated by the start: what is published meanwhile is not served yet."""
        from beam_jobs import online_rows
        from hotarea.stores import online_access

        files = _files(plan)
        write, writer = self._begun(plan, files)
        done = {chunk.number for chunk in self._chunks(write)}
        request = self._request(write, files, before=() if writer.replaces else _files_of(plan.before))
        measures = online_rows.write(replace(request, done=frozenset(done)), writer, self._log(write))
        job_runs.remember(self.ledger, "online_rows", measures, self.run_id)
        written = self._chunks(write)
        rows, removed = sum(chunk.rows for chunk in written), sum(chunk.removed for chunk in written)
        _check_complete(plan, files, rows)
        online_access.claim(
            self.store.config.online_store, online_access.Owner.of(self.ledger)
        )  # nobody has taken it over meanwhile
        writer.finish()
        log.info("%s: %d documents are served, %d that were answer null now", plan.view, rows, removed)
        record = self._record(plan, write, rows)
        self.ledger.add(record)
        return record

    def _record(self, plan: ViewPlan, write: OnlineWrite, rows: int) -> Materialization:
        """Return what the ledger is to remember of a complete write."""
        return Materialization(
            view=plan.view,
            cutoff=plan.published.cutoff,
            known=plan.published.known,
            model_version=plan.published.model_version,
            columns=plan.columns,
            types=plan.types,
            store=plan.store,
            write_id=write.write_id,
            rows=rows,
            seconds=round((now() - write.begun_at).total_seconds(), 3),
            run_id=self.run_id,
            materialized_at=write.begun_at,
        )

    def perform_some(self, plan: ViewPlan, documents: "pa.Array") -> int:
        """Write the rows of some documents of a view; return how many there are."""
        from beam_jobs import online_rows

        write, files = self._intend(plan, documents=len(documents)), _files(plan)
        request = replace(self._request(write, files), documents=documents)
        online_rows.write(request, self._writer(plan), self._log(write))
        return sum(chunk.rows for chunk in self._chunks(write))

    def _begun(self, plan: ViewPlan, files: Sequence[Path]) -> tuple[OnlineWrite, "Writer"]:
        """Return the write that is gone on with, or a new one that the ledger remembers, and its writer."""
        from beam_jobs import online_rows

        if plan.resumes:
            resumed = self._writer(plan, plan.resumes.write_id)
            if resumed.holds_begun():
                log.info("%s: going on after %d of %d chunks", plan.view, len(plan.done), len(plan.resumes.bounds) + 1)
                return plan.resumes, resumed
        join_key = self.store.get_feature_view(plan.view).join_keys[0]
        write = self._intend(plan, online_rows.bounds(files, join_key, self.settings.shards or 0))
        writer = self._writer(plan, write.write_id)
        writer.begin()
        return write, writer

    def _intend(self, plan: ViewPlan, bounds: Sequence[int] = (), documents: int | None = None) -> OnlineWrite:
        """Remember that a write begins, before anything of it is in the store."""
        cutoff, known, model_version = plan.published.identity
        write = OnlineWrite(
            write_id=uuid.uuid4().hex[:12],
            view=plan.view,
            store=plan.store,
            cutoff=cutoff,
            known=known,
            model_version=model_version,
            columns=plan.columns,
            types=plan.types,
            bounds=[*bounds],
            documents=documents,
            run_id=self.run_id,
        )
        self.ledger.add(write)
        return write

    def _writer(self, plan: ViewPlan, write_id: str = "") -> "Writer":
        from hotarea.stores.online_writers import writer

        return writer(self.store.config, self.store.get_feature_view(plan.view), write_id)

    def _chunks(self, write: OnlineWrite) -> list[OnlineChunk]:
        return self.ledger.all(OnlineChunk, write_id=write.write_id)

    def _log(self, write: OnlineWrite) -> ChunkLog:
        return ChunkLog(SecretStr(self.settings.ledger), write.write_id)

    def _request(self, write: OnlineWrite, files: Sequence[Path], before: Sequence[Path] = ()) -> "Request":
        from beam_jobs import online_rows

        return online_rows.Request(
            parts=tuple(files),
            before=tuple(before),
            bounds=tuple(write.bounds),
            store=Layout(self.settings.home).online_exchange(write.write_id),
            runner=self.settings.runner,
            workers=self.settings.workers or cores(),
            extra=self.settings.beam_options,
        )


def _files(plan: ViewPlan) -> list[Path]:
    files = plan.published.parts
    if not files:
        folder = plan.published.folder
        raise NotReadyError(f"{folder} is in the ledger but not on disk; expected a published set. Build it again.")
    return files


def _files_of(folders: Sequence[Path]) -> list[Path]:
    return [part for folder in folders for part in parts(folder)]


def _check_complete(plan: ViewPlan, files: Sequence[Path], rows: int) -> None:
    """Raise unless all rows of the set were written; a store that replaces views as a whole goes on serving the old."""
    from beam_jobs import cutoff_sets

    expected = cutoff_sets.rows(files)
    if rows != expected:
        raise PublishError(
            f"{rows} rows of {plan.view} were written of the {expected} in {plan.published.folder}; expected all. "
            "Were its files changed meanwhile? Run `hotarea materialize --anew`."
        )

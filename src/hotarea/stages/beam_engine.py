"""Feast's compute engine on Beam: `FeatureStore.materialize` reads and writes in Arrow, in shards, on any runner."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
from feast import BatchFeatureView, FeatureView, StreamFeatureView
from feast.infra.common.materialization_job import MaterializationJobStatus, MaterializationTask
from feast.infra.compute_engines.local.compute import LocalComputeEngine
from feast.infra.compute_engines.local.job import LocalMaterializationJob
from feast.infra.offline_stores.ibis import IbisRetrievalJob
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import FeastConfigBaseModel
from feast.value_type import ValueType

from hotarea.domain.processors import cores
from hotarea.domain.records import OnlineWrite
from hotarea.domain.settings import Settings
from hotarea.stages import serving
from hotarea.stores import feast_home, online_access, online_name, online_writers
from hotarea.stores.ledger import Ledger
from hotarea.stores.online_format import CREATED, EVENT

log = logging.getLogger(__name__)


class BeamComputeEngineConfig(FeastConfigBaseModel):  # type: ignore[misc]
    """How the pipelines run; what is left out is as the environment's settings say."""

    type: Literal["hotarea.stages.beam_engine.BeamComputeEngine"] = "hotarea.stages.beam_engine.BeamComputeEngine"
    runner: str | None = None
    workers: int | None = None
    shards: int | None = None
    beam_options: tuple[str, ...] | None = None


class BeamComputeEngine(LocalComputeEngine):  # type: ignore[misc]
    """Materializes plain views of documents by Beam, and leaves what it does not know to Feast's local engine.

    That are views with transformations, with another key than one int64, with renamed columns, or written offline.
    The newest row of each document in the range is written over what the online store holds; in Redis what is newer
    stays. Other documents keep theirs: only `hotarea materialize` removes those that vanished. It is told, by the
    ledger, that a range was written, and repairs what that changed.
    """

    def __init__(self, **options: Any) -> None:
        """Keep how to run; Feast passes what stands below `batch_engine`."""
        named = {name: options.pop(name, None) for name in BeamComputeEngineConfig.model_fields if name != "type"}
        options.pop("type", None)
        super().__init__(**options)
        self._named = named

    def _materialize_one(self, registry: BaseRegistry, task: MaterializationTask, **others: Any) -> Any:
        """Write the range of a view; raise what goes wrong."""
        if not _is_plain(task.feature_view):
            return super()._materialize_one(registry, task, **others)
        with self._alone(task), tempfile.TemporaryDirectory(prefix="hotarea-range-") as folder:
            self._write(task, self._newest(task, Path(folder) / "part-00000.parquet"), Path(folder))
        return LocalMaterializationJob(
            job_id=f"{task.feature_view.name}-{task.start_time}-{task.end_time}",
            status=MaterializationJobStatus.SUCCEEDED,
        )

    def _write(self, task: MaterializationTask, parts: list[Path], folder: Path) -> None:
        from beam_jobs import online_rows

        settings = Settings.load(**self._named)
        request = online_rows.Request(
            parts=tuple(parts),
            before=(),
            bounds=online_rows.bounds(parts, task.feature_view.join_keys[0], settings.shards or 0),
            store=folder / "exchange",
            runner=settings.runner,
            workers=settings.workers or cores(),
            extra=settings.beam_options,
        )
        writer = online_writers.writer(self.repo_config, task.feature_view, keeps_newer=True)
        online_rows.write(request, writer, _told)

    def _newest(self, task: MaterializationTask, file: Path) -> list[Path]:
        """Put the newest row of each document in the range into a file, timestamps by the names that writers know."""
        view, source = task.feature_view, task.feature_view.batch_source
        job = self.offline_store.pull_latest_from_table_or_query(
            config=self.repo_config,
            data_source=source,
            join_key_columns=view.join_keys,
            feature_name_columns=[feature.name for feature in view.features],
            timestamp_field=source.timestamp_field,
            created_timestamp_column=source.created_timestamp_column or None,
            start_date=task.start_time,
            end_date=task.end_time,
        )
        named = {source.timestamp_field: EVENT, source.created_timestamp_column: CREATED}
        if isinstance(job, IbisRetrievalJob):  # which streams: memory does not grow with the rows
            job.table.rename({new: old for old, new in named.items() if old}).to_parquet(file)
        else:
            found = job.to_arrow()
            pq.write_table(found.rename_columns([named.get(name, name) for name in found.column_names]), file)
        return [file]

    @contextmanager
    def _alone(self, task: MaterializationTask) -> Iterator[None]:
        """Keep out other materializations of a home, and let its ledger know of this one before it begins."""
        offline = self.repo_config.offline_store
        if not isinstance(offline, feast_home.HomeDuckDBOfflineStoreConfig):
            yield
            return
        home = feast_home.below_home(offline.home, self.repo_config.repo_path)
        url, online = feast_home.ledger_of(offline, home), self.repo_config.online_store
        with serving.alone(home, url), online_access.reachable(online):
            with Ledger(url) as ledger:
                online_access.claim(online, online_access.Owner.of(ledger))
                ledger.add(_intention(task, online_name.of(online)))
            yield


def _is_plain(view: Any) -> bool:
    if isinstance(view, BatchFeatureView | StreamFeatureView) or not isinstance(view, FeatureView) or view.offline:
        return False
    kinds = [column.dtype.to_value_type() for column in view.entity_columns]
    return kinds == [ValueType.INT64] and not view.batch_source.field_mapping and view.online


def _intention(task: MaterializationTask, store: str) -> OnlineWrite:
    columns = sorted(feature.name for feature in task.feature_view.features)
    run_id = f"feast {_day(task.start_time)} to {_day(task.end_time)}"
    return serving.of_any_rows(task.feature_view.name, store, run_id, columns)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _told(number: int, rows: int, _removed: int, seconds: float) -> None:
    log.info("chunk %d: %d documents in %.1f s", number, rows, seconds)

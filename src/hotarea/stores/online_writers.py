"""Which writer brings a view into the online store that Feast is configured with."""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
from feast import FeatureView, RepoConfig
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.utils import _convert_arrow_to_proto

from hotarea.stores import online_format, online_name, online_sqlite
from hotarea.stores.online_format import CREATED, EVENT, OnlineView


class Writer(Protocol):
    """Writes a view's rows chunk by chunk; it can be sent to other processes."""

    @property
    def view(self) -> OnlineView:
        """What is written."""

    @property
    def replaces(self) -> bool:
        """Whether `finish` replaces all that the view held, so that nothing need be removed."""

    @property
    def side_by_side(self) -> bool:
        """Whether several processes write faster than one."""

    def begin(self) -> None:
        """Make room."""

    def holds_begun(self) -> bool:
        """Whether the store still holds the chunks that were written."""

    def write(self, rows: pa.Table, removed: pa.Array) -> None:
        """Write rows, sorted by key, and drop the documents with the ids `removed`; doing it again changes nothing."""

    def finish(self) -> None:
        """Let readers see it, as far as they have not yet."""


@dataclass(frozen=True)
class FeastWriter:
    """Writes through Feast, for stores that have no writer of ours: what was removed answers null."""

    config: RepoConfig
    definition: FeatureView

    @property
    def view(self) -> OnlineView:
        """What is written."""
        return OnlineView.of(self.config, self.definition)

    @property
    def replaces(self) -> bool:
        """Whether `finish` replaces all that the view held."""
        return False

    @property
    def side_by_side(self) -> bool:
        """Whether several processes write faster than one: nobody knows."""
        return False

    def begin(self) -> None:
        """Nothing to make: Feast made it when the view was applied."""

    def holds_begun(self) -> bool:
        """Whether what was written in chunks so far is there: it is, where readers see it."""
        return True

    def write(self, rows: pa.Table, removed: pa.Array) -> None:
        """Write rows, and nulls for the documents that were removed."""
        store = get_online_store_from_config(self.config.online_store)
        kinds = {entity.name: entity.dtype.to_value_type() for entity in self.definition.entity_columns}
        for batch in _with_nulls(rows, removed, self.view.join_key).to_batches(max_chunksize=online_format.BATCH):
            encoded = _convert_arrow_to_proto(batch, self.definition, kinds)
            store.online_write_batch(self.config, self.definition, encoded, None)

    def finish(self) -> None:
        """Nothing to do: readers see each chunk as it is written."""


def writer(config: RepoConfig, definition: FeatureView, aside: str = "", *, keeps_newer: bool = False) -> Writer:
    """Return the writer of a view.

    With `aside`, the id of the write, the rows replace all that the view holds, at once where the store can do that.
    With `keeps_newer`, Redis keeps what is newer than the rows, as Feast's own writer does there.
    """
    view, store = OnlineView.of(config, definition), config.online_store
    kind = store.type
    if kind == online_name.SQLITE:
        return online_sqlite.SqliteWriter(online_sqlite.path_of(config), view, aside)
    if kind == "redis":
        from hotarea.stores.online_redis import RedisWriter

        return RedisWriter(store, view, keeps_newer)
    if kind == "postgres":
        from hotarea.stores.online_postgres import PostgresWriter

        return PostgresWriter(store, view, aside)
    return FeastWriter(config, definition)


def _with_nulls(rows: pa.Table, removed: pa.Array, join_key: str) -> pa.Table:
    """Append a row of nulls for each id that was removed, with the newest timestamps of the others."""
    if not len(removed) or not rows.num_rows:
        return rows
    ended = {join_key: removed}
    for name in (EVENT, CREATED):
        ended[name] = pa.repeat(pc.max(rows.column(name)), len(removed))
    return pa.concat_tables([rows, pa.table(ended)], promote_options="permissive").combine_chunks()

"""Feast's historical features by our join: what Feast asks for, and the job that answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata
from feast.infra.offline_stores.offline_utils import infer_event_timestamp_from_entity_df

from hotarea.domain.errors import SettingsError
from hotarea.stores.offline_sets import SCHEMAS, PublishedSet
from hotarea.stores.point_in_time import Asked, join

Named = tuple[str, str]
"""A published column, and the name that it gets."""


@dataclass(frozen=True)
class Wanted:
    """What is read of one source for one key of the entity rows, by the views that read it alike."""

    source: str
    key: str  # the entity rows' column of document ids
    ttl: timedelta


class HomeRetrievalJob(RetrievalJob):  # type: ignore[misc]
    """Values of features for entity rows, in the rows' order; integers stay integers beside nulls."""

    def __init__(
        self,
        entities: pd.DataFrame,
        wanted: Mapping[Wanted, Sequence[Named]],
        sets: Mapping[str, Sequence[PublishedSet]],
        as_of: date | None,
        metadata: RetrievalMetadata,
    ) -> None:
        """Keep what was asked for; nothing is read yet."""
        self._entities, self._wanted, self._sets, self._as_of = entities, wanted, sets, as_of
        self._metadata = metadata

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:  # noqa: ARG002 - Feast's signature
        rows = pa.Table.from_pandas(self._entities, preserve_index=False)
        moments = rows[infer_event_timestamp_from_entity_df(dict(self._entities.dtypes))].combine_chunks()
        for wanted, named in self._wanted.items():
            types = {column: SCHEMAS[wanted.source].field(column).type for column, _ in named}
            asked = Asked(rows[wanted.key].combine_chunks(), moments, self._as_of, wanted.ttl)
            found = join(asked, self._sets[wanted.source], types)
            for column, name in named:
                rows = rows.append_column(name, found[column])
        return rows

    def to_df(self, validation_reference: Any = None, timeout: int | None = None) -> pd.DataFrame:
        """Return the rows as a frame."""
        return to_pandas(self.to_arrow(validation_reference, timeout))

    @property
    def full_feature_names(self) -> bool:
        """Whether names begin with their view's: that is settled, as there are no features on demand."""
        return False

    @property
    def on_demand_feature_views(self) -> list[Any]:
        """Return none: all features are published."""
        return []

    @property
    def metadata(self) -> RetrievalMetadata:
        """Return what was asked for."""
        return self._metadata

    def persist(self, storage: Any, allow_overwrite: bool = False, timeout: int | None = None) -> None:
        """Refuse: a training's rows are kept beside its plan."""
        raise NotImplementedError("rows are kept by the stage that asked for them, not through Feast")


def wanted(views: Sequence[Any], references: Sequence[str], full_feature_names: bool) -> dict[Wanted, list[Named]]:
    """Return what features named `view:feature` read: per source and key the columns, each with the name it gets."""
    found: dict[Wanted, list[Named]] = {}
    for view in views:
        projection = view.projection
        key = projection.join_key_map.get(view.join_keys[0], view.join_keys[0])
        named = found.setdefault(Wanted(view.batch_source.name, key, view.ttl), [])
        for reference in references:
            name, _, feature = reference.partition(":")
            if name == projection.name_to_use():
                named.append((feature, f"{name}__{feature}" if full_feature_names else feature))
    return found


def entities(entity_df: Any) -> pd.DataFrame:
    """Return the entity rows with their moments in UTC; raise `SettingsError` for anything but rows with moments."""
    if not isinstance(entity_df, pd.DataFrame):
        raise SettingsError(
            f"historical features were asked for by {type(entity_df).__name__}; expected a pandas DataFrame with "
            "document_id and event_timestamp. Name the documents and moments."
        )
    moment = infer_event_timestamp_from_entity_df(dict(entity_df.dtypes))
    moments = pd.to_datetime(entity_df[moment], utc=True).dt.floor("us")  # as rows are stamped; down, to see no more
    if moments.isna().any():
        raise SettingsError(
            f"{moment} is null in {moments.isna().sum()} of {len(moments)} rows that were asked for; expected a moment "
            "in each. Name the moment, or leave these rows out."
        )
    return entity_df.assign(**{moment: moments})


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert to pandas; integers and flags stay so beside nulls, in pandas' nullable types."""
    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    whole = {f.name: str(f.type) for f in table.schema if f.type in nullable and not table.column(f.name).null_count}
    frame: pd.DataFrame = table.to_pandas(types_mapper=nullable.get).astype(whole)
    return frame

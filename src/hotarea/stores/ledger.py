"""The ledger: one SQL database that remembers releases, sets, decisions and champions."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError

from hotarea.domain import records
from hotarea.domain.errors import PublishError, SettingsError

R = TypeVar("R", bound=records.Record)


class _Utc(sa.TypeDecorator[datetime]):
    """A moment in UTC, on databases that keep no time zone as well."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None else value.replace(tzinfo=UTC)


_TYPES: dict[Any, Any] = {
    str: sa.Text,
    int: sa.BigInteger,
    float: sa.Double,
    bool: sa.Boolean,
    date: sa.Date,
    datetime: _Utc,
}

_KEYS: dict[type, tuple[str, ...]] = {
    records.Release: ("release_id",),
    records.FeatureSet: ("cutoff", "known"),
    records.LabelSet: ("cutoff", "known"),
    records.Validation: ("validation_id",),
    records.Comparison: ("comparison_id",),
    records.TrainingRun: ("training_id",),
    records.Decision: ("training_id", "decided_at"),
    records.Champion: ("sequence",),
    records.Materialization: ("view", "materialized_at"),
    records.JobRun: ("job", "started_at"),
    records.Retry: ("file", "line", "digest", "retried_at"),
    records.PredictionSet: ("cutoff", "known", "model_version"),
    records.Problem: ("problem", "occurrence"),
    records.Notice: ("notice_id", "place"),
    records.Watch: ("watch",),
}

_METADATA = sa.MetaData()


def _column(kind: type, name: str, annotation: Any) -> sa.Column[Any]:
    optional = type(None) in getattr(annotation, "__args__", ())
    plain = next(a for a in annotation.__args__ if a is not type(None)) if optional else annotation
    column_type = sa.JSON if get_origin(plain) in {list, dict} else _TYPES[plain]
    return sa.Column(name, column_type, primary_key=name in _KEYS[kind], nullable=optional, autoincrement=False)


def _table(kind: type) -> sa.Table:
    hints = get_type_hints(kind)
    return sa.Table(kind.__name__.lower(), _METADATA, *(_column(kind, f.name, hints[f.name]) for f in fields(kind)))


_TABLES = {kind: _table(kind) for kind in _KEYS}


class Ledger:
    """Adds records and reads them back; every write is one transaction."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL and create the tables that are missing.

        Raises `SettingsError` if the URL is none or the database cannot be reached.
        """
        self._engine = _engine(url)
        if self._engine.dialect.name == "sqlite":
            _prepare_sqlite(self._engine)
        with self._reachable():
            _METADATA.create_all(self._engine)

    def add(self, *added: records.Record) -> None:
        """Remember records, all or none; raise `PublishError` if the key of one is taken."""
        with self._reachable(), self._engine.begin() as connection:
            _insert(connection, added)

    def replace(self, old: R, new: R, *more: records.Record) -> bool:
        """Put `new` in the place of `old` and add `more`, in one transaction; return whether `old` was still there.

        Of several that replace the same record at once, one succeeds. Raises `PublishError` if the key of one that is
        added is taken.
        """
        table = _TABLES[type(old)]
        same = table.update().filter_by(**{k: getattr(old, k) for k in _KEYS[type(old)]})
        for name, value in asdict(old).items():
            if not isinstance(table.c[name].type, sa.JSON):  # PostgreSQL cannot compare it
                same = same.where(table.c[name].is_(None) if value is None else table.c[name] == value)
        with self._reachable(), self._engine.begin() as connection:
            replaced = connection.execute(same.values(**asdict(new))).rowcount == 1
            if replaced:
                _insert(connection, more)
        return replaced

    def all(self, kind: type[R], **where: Any) -> list[R]:
        """Return the records of a kind whose columns equal `where`, in the order of their keys."""
        table = _TABLES[kind]
        query = sa.select(table).filter_by(**where).order_by(*(table.c[k] for k in _KEYS[kind]))
        with self._reachable(), self._engine.connect() as connection:
            return [kind(**row) for row in connection.execute(query).mappings()]

    def newest(self, kind: type[R], **where: Any) -> R | None:
        """Return the record that was written last, by its sequence or else its moment; None if there is none."""
        order = next(f.name for f in fields(kind) if f.name == "sequence" or f.name.endswith("_at"))
        return max(self.all(kind, **where), key=lambda r: getattr(r, order), default=None)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            advice = "Free space on its disk." if "full" in str(error.orig) else "Check HOTAREA_LEDGER_URL."
            raise SettingsError(f"the ledger at {where} cannot be used: {error.orig}. {advice}") from error


def _insert(connection: sa.Connection, added: Iterable[records.Record]) -> None:
    for record in added:
        try:
            connection.execute(_TABLES[type(record)].insert().values(**asdict(record)))
        except IntegrityError as error:
            key = {k: str(getattr(record, k)) for k in _KEYS[type(record)]}
            raise PublishError(
                f"the ledger holds a {type(record).__name__} {key} already; nothing was changed"
            ) from error


def _engine(url: str) -> sa.Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        # neither the URL nor the error's text is shown: both may hold a password
        raise SettingsError(
            f"HOTAREA_LEDGER_URL is no URL of a database that is supported ({type(error).__name__}); expected "
            "sqlite:////path/ledger.db or postgresql+psycopg://user:password@host/database. Correct it."
        ) from None


def _prepare_sqlite(engine: sa.Engine) -> None:
    if engine.url.database and engine.url.database != ":memory:":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # Several Airflow tasks write at once: wait for the other instead of failing, and let readers read meanwhile.
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA journal_mode = WAL")

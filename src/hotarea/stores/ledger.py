"""The ledger: one SQL database that remembers releases, sets, decisions and champions."""

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import MISSING, asdict, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self, TypeVar, get_origin, get_type_hints

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from hotarea.domain import records
from hotarea.domain.errors import PublishError, SettingsError, UnreachableError

R = TypeVar("R", bound=records.Record)
C = TypeVar("C", records.Problem, records.Notice)

CHANGING = (records.Problem, records.Notice)
"""What is kept as it is now. All else is history, which is added to and never changed."""


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
    records.Approval: ("training_id", "decided_at"),
    records.Champion: ("sequence",),
    records.OnlineWrite: ("write_id",),
    records.OnlineChunk: ("write_id", "number"),
    records.Materialization: ("view", "materialized_at"),
    records.Audit: ("view", "audited_at"),
    records.JobRun: ("job", "started_at"),
    records.Retry: ("file", "line", "digest", "retried_at"),
    records.PredictionSet: ("cutoff", "known", "model_version"),
    records.Problem: ("problem", "occurrence"),
    records.Notice: ("notice_id", "place"),
    records.Watch: ("watch",),
    records.Identity: ("identity",),
    records.DriftCheck: ("cutoff", "known", "model_version"),
    records.LivePerformance: ("cutoff", "known", "model_version"),
    records.TriggerRequest: ("request_id",),
    records.TrainingStart: ("number",),
    records.TrainingPickup: ("number",),
}

_LEAST: dict[Any, Any] = {date: date(1970, 1, 1), datetime: datetime(1970, 1, 1, tzinfo=UTC)}

_METADATA = sa.MetaData()

_BUSY_S = 30

_CREATION = 4_711_816  # of PostgreSQL's advisory locks, ours


def _column(kind: type, name: str, annotation: Any) -> sa.Column[Any]:
    optional = type(None) in getattr(annotation, "__args__", ())
    plain = next(a for a in annotation.__args__ if a is not type(None)) if optional else annotation
    column_type = sa.JSON if get_origin(plain) in {list, dict} else _TYPES[plain]
    return sa.Column(name, column_type, primary_key=name in _KEYS[kind], nullable=optional, autoincrement=False)


def _table(kind: type) -> sa.Table:
    hints = get_type_hints(kind)
    return sa.Table(kind.__name__.lower(), _METADATA, *(_column(kind, f.name, hints[f.name]) for f in fields(kind)))


_TABLES = {kind: _table(kind) for kind in _KEYS}


def read(url: str, kind: type[R], **where: Any) -> list[R]:
    """Return the records of a kind as `Ledger.all` does, of a ledger that is opened for that only."""
    with Ledger(url) as ledger:
        return ledger.all(kind, **where)


class Ledger:
    """Adds records and reads them back; every write is one transaction."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL and create the tables that are missing.

        Raises `SettingsError` if the URL is none or an earlier version made the database, and `UnreachableError`
        if it cannot be reached.
        """
        self._engine = _engine(url)
        if self._engine.dialect.name == "sqlite":
            _prepare_sqlite(self._engine)
        with self._reachable():
            _create(self._engine)
            absent = _absent(self._engine)
        if absent:
            self.close()
            raise SettingsError(self._earlier(absent))

    def add(self, *added: records.Record) -> None:
        """Remember records, all or none; raise `PublishError` if the key of one is taken."""
        with self._reachable(), self._engine.begin() as connection:
            _insert(connection, added)

    def replace(self, old: C, new: C, *more: records.Record) -> bool:
        """Put `new` in the place of `old` and add `more`, in one transaction; return whether `old` was still there.

        Of several that replace the same record at once, one succeeds. Raises `PublishError` if the key of one that is
        added is taken, and `TypeError` of records that are history.
        """
        if not isinstance(old, CHANGING):
            raise TypeError(
                f"a {type(old).__name__} is history, which is never changed; expected a "
                f"{' or a '.join(kind.__name__ for kind in CHANGING)}. Add another record."
            )
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

    @property
    def ledger_id(self) -> str:
        """Which ledger this is, by an id that it is given when it is first asked for; a copy of it has the same."""
        if self.newest(records.Identity) is None:
            with suppress(PublishError):  # another process was first
                self.add(records.Identity(identity=1, ledger_id=uuid.uuid4().hex[:12]))
        (found,) = self.all(records.Identity)
        return found.ledger_id

    @property
    def place(self) -> str:
        """Where it lies, without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _earlier(self, absent: Iterable[sa.Column[Any]]) -> str:
        """Return what to say of a ledger in which columns are absent."""
        named = ", ".join(f"{column.table.name}.{column.name}" for column in absent)
        added = " ".join(_addition(column, self._engine.dialect) for column in absent)
        return (
            f"the ledger at {self.place} was made by an earlier version of hotarea: it lacks {named}, as table and "
            "column. Take a new folder as HOTAREA_HOME, and a new database if HOTAREA_LEDGER_URL is set; or keep this "
            f"one and add what it lacks: {added}"
        )

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            why = " ".join(str(error.orig).split())
            advice = (
                "expected room. Free space on its disk."
                if "full" in why
                else "expected a database that answers and lets this user in. Start it, or correct HOTAREA_LEDGER_URL."
            )
            raise UnreachableError(f"the ledger at {self.place} cannot be used: {why}; {advice}") from error


def _create(engine: sa.Engine) -> None:
    """Create the tables that are missing; others may do so at once, which `create_all` does not bear."""
    there = sa.inspect(engine).get_table_names()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # where two that create the same table fail, though it may exist
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATION)))
        for table in _TABLES.values():
            if table.name not in there:
                connection.execute(sa.schema.CreateTable(table, if_not_exists=True))


def _absent(engine: sa.Engine) -> list[sa.Column[Any]]:
    """Return the columns of records that the database's tables do not have."""
    found = sa.inspect(engine).get_multi_columns(filter_names=[table.name for table in _TABLES.values()])
    there = {table: {c["name"] for c in columns} for (_, table), columns in found.items()}
    return [c for table in _TABLES.values() for c in table.columns if c.name not in there[table.name]]


def _addition(column: sa.Column[Any], dialect: sa.Dialect) -> str:
    """Return the statement that adds a column, with a value for the rows that are there."""
    kind = next(kind for kind, table in _TABLES.items() if table is column.table)
    value, of_type = _initial(kind, column), column.type
    if isinstance(of_type, sa.JSON):
        value, of_type = json.dumps(value), sa.Text()
    literal = sa.literal(value, of_type).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    copy = sa.Column(column.name, column.type, nullable=column.nullable, server_default=sa.text(str(literal)))
    sa.Table(column.table.name, sa.MetaData(), copy)  # without one it cannot be compiled
    return f"ALTER TABLE {column.table.name} ADD COLUMN {sa.schema.CreateColumn(copy).compile(dialect=dialect)};"


def _initial(kind: type, column: sa.Column[Any]) -> Any:
    """Return what a record has in a column that nobody has filled: its default, or else what says least.

    That is no moment of today: what is old would seem new.
    """
    wanted, plain = next(f for f in fields(kind) if f.name == column.name), get_type_hints(kind)[column.name]
    if plain in _LEAST:
        return _LEAST[plain]
    if wanted.default is not MISSING:
        return wanted.default
    if wanted.default_factory is not MISSING:
        return wanted.default_factory()
    return None if column.nullable else (get_origin(plain) or plain)()


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
        # Several Airflow tasks write at once: wait for the other instead of failing.
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_S * 1000}")
        _write_ahead(connection)


@retry(
    retry=retry_if_exception(lambda e: getattr(e, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY),
    stop=stop_after_delay(_BUSY_S),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
def _write_ahead(connection: Any) -> None:
    """Let readers read while another writes. SQLite does not wait for its lock where two change a new file at once."""
    connection.execute("PRAGMA journal_mode = WAL")

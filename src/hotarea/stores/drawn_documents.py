"""Documents of a published set, drawn for a comparison: by DuckDB, so that memory does not grow with the set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

_CONFIG = {"memory_limit": "1GB", "preserve_insertion_order": "false"}

_ROWS = "read_parquet(?, hive_partitioning = false)"

_RANDOM = f"SELECT document_id FROM {_ROWS} ORDER BY hash(concat(document_id, ?)), document_id LIMIT ?"  # noqa: S608
_HIGHEST = f"SELECT document_id FROM {_ROWS} ORDER BY document_id DESC LIMIT ?"  # noqa: S608
_HELD = f"SELECT document_id FROM {_ROWS} WHERE list_contains(?, document_id)"  # noqa: S608
_ONLY_IN_FIRST = f"""
    SELECT document_id FROM {_ROWS} ANTI JOIN (SELECT document_id FROM {_ROWS}) USING (document_id)
    ORDER BY document_id DESC LIMIT ?
"""  # noqa: S608


@dataclass(frozen=True)
class Drawn:
    """Documents that a set holds, and some that it does not: of the one before, or that were asked for."""

    there: list[int]
    vanished: list[int]

    @classmethod
    def among(cls, parts: Sequence[Path], documents: Sequence[int]) -> Self:
        """Tell documents that a set holds from those that it lacks."""
        import duckdb

        held = duckdb.execute(_HELD, [[str(part) for part in parts], [*documents]]).fetchall()
        there = sorted(found for (found,) in held)
        return cls(there, sorted({*documents} - {*there}))

    @classmethod
    def of(cls, parts: Sequence[Path], before: Sequence[Path], seed: str, at_random: int, newest: int) -> Self:
        """Draw documents at random by the seed, and the newest: those that the set before lacks, by the highest ids."""
        import duckdb

        now, then = [str(part) for part in parts], [str(part) for part in before]
        with TemporaryDirectory() as aside, duckdb.connect(config=_CONFIG | {"temp_directory": aside}) as database:

            def ids(query: str, *values: Any) -> list[int]:
                return [found for (found,) in database.execute(query, values).fetchall()]

            random = ids(_RANDOM, now, seed, at_random)
            new = ids(_ONLY_IN_FIRST, now, then, newest) if then else []
            highest = ids(_HIGHEST, now, newest - len(new))
            vanished = ids(_ONLY_IN_FIRST, then, now, newest) if then else []
        return cls(sorted({*random, *new, *highest}), sorted(vanished))

"""`hotarea materialize`: what it would write, shown; some documents; and all that is due, audited."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from hotarea.commands import calls
from hotarea.domain import identifiers
from hotarea.domain.errors import SettingsError
from hotarea.domain.records import Materialization
from hotarea.domain.settings import Settings
from hotarea.stages.serving import Asked

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)


def written(settings: Settings, run_id: str, asked: Asked, *, take_over: bool = False) -> list[Materialization]:
    """Write what is due, and compare what is served with the offline store; first take the store over if that is asked.

    What the store has lost since it was written, or never had right, is written anew once, and compared again.
    """
    from hotarea.stages import audit, materialize

    if take_over:
        materialize.take_over(settings, run_id)
    done = materialize.run(settings, run_id, asked.cutoff, asked.views, anew=asked.anew)
    found = audit.compare(settings, run_id, asked.views)
    lost = [a.view for a in found if not a.success and a.view not in {write.view for write in done}]
    if lost and asked.cutoff is None:
        log.warning("%s: other answers online than offline, so written anew", ", ".join(lost))
        done += materialize.run(settings, run_id, views=lost)
        found = [a for a in found if a.view not in lost] + audit.compare(settings, run_id, lost)
    audit.check(found)
    if unseen := {write.view for write in done} - {a.view for a in found}:
        audit.compare(settings, run_id, sorted(unseen))  # which says why not: another model was promoted meanwhile
    return done


def show_plan(settings: Settings, cutoff: date | None, views: Sequence[str] | None, *, as_json: bool) -> None:
    """Show what would be applied first, and per view what would be written, why, and what Feast would leave out."""
    from hotarea.console import definitions
    from hotarea.console import online as tables
    from hotarea.stages import feature_repo, materialize

    changes = calls.call("comparing", lambda _: feature_repo.plan(settings))
    found = calls.call("planning", lambda _: materialize.plan(settings, cutoff, views))
    if as_json:
        planned = [asdict(plan) | {"columns": plan.columns} for plan in found]
        calls.print_json({"definitions": [asdict(change) for change in changes], "views": planned})
        return
    if changes:
        calls.OUT.print("first applied:", highlight=False)
        definitions.show(calls.OUT, changes)
    tables.show(calls.OUT, found)


def write_some(
    settings: Settings, documents: str, cutoff: date | None, views: Sequence[str] | None, *, as_json: bool
) -> None:
    """Write the rows of some documents, and compare them with the offline store."""
    from hotarea.stages import audit, materialize

    ids = ids_of(documents)

    def written_some(run_id: str) -> dict[str, int]:
        done = materialize.run_some(settings, run_id, ids, cutoff, views)
        audit.run_some(settings, run_id, ids.to_pylist(), [*done])
        return done

    calls.run("materializing", written_some, as_json)


def ids_of(text: str) -> "pa.Array":
    """Return the ids in a file, one on each line, or in the text itself, separated by commas.

    Raises `SettingsError` that names what is no id.
    """
    import pyarrow as pa

    given = _in_file(text) or text.split(",")
    named = [one.strip() for one in given if one.strip()]
    ids = [plain if plain is not None else work for plain, work in zip(_plain(named), _works(named), strict=True)]
    wrong = [name for name, found in zip(named, ids, strict=True) if found is None]
    if wrong or not ids:
        raise SettingsError(
            f"{', '.join(wrong[:3]) or text}: no id of a document; expected numbers or W…, separated by commas, or a "
            "file with one on each line."
        )
    return pa.array(ids, pa.int64()).unique()


def _in_file(text: str) -> list[str] | None:
    """Return the words of the file that a text names; None if it names none, as a list with commas never does."""
    if "," in text:
        return None
    try:
        return Path(text).read_text().split() if Path(text).is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise SettingsError(
            f"{text[:100]} cannot be read as a file of ids ({why}); expected text with one on each line, or ids "
            "separated by commas."
        ) from error


def _plain(named: Sequence[str]) -> list[int | None]:
    found: list[int | None] = identifiers.plain(named).to_pylist()
    return found


def _works(named: Sequence[str]) -> list[int | None]:
    found: list[int | None] = identifiers.works(named).to_pylist()
    return found

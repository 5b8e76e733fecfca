"""Features and labels: decides which cutoffs lack them, and publishes what the jobs built."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hotarea.domain import label_definition
from hotarea.domain.cutoff_axis import CutoffAxis
from hotarea.domain.errors import JobError, NotReadyError, SettingsError
from hotarea.domain.job import Job
from hotarea.domain.records import FeatureSet, LabelSet, Release
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Coverage, Cutoff, Maturity, years_before
from hotarea.stages import job_runs, jobs
from hotarea.stages.judge import check_many
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

T = TypeVar("T")


class Plan(msgspec.Struct, frozen=True):
    """What one run builds; decided once, read by every step."""

    releases: list[str]
    features: list[str]  # cutoffs as DAY@KNOWN
    labels: list[str]
    horizon_years: int
    hot_quantile: float


def plan(settings: Settings, run_id: str, cutoffs: Sequence[Cutoff] | None = None) -> Path | None:  # noqa: ARG001
    """Decide which feature sets and label sets to build; return the plan's file, None if there is nothing to do.

    Features: the given cutoffs, or every year's end that the releases cover and the newest day, that one also as the
    last correction has it, as far as they are not published. Labels: every matured day among those and the published
    feature sets. Raises `NotReadyError` if nothing is ingested or a cutoff is not known yet.
    """
    decided = _decided(settings, cutoffs)
    if not decided.features and not decided.labels:
        return None
    files.sweep(Layout(settings.home))
    file = Layout(settings.home).aside("features") / "plan.json"
    file.write_bytes(msgspec.json.encode(decided))
    return file


def is_due(settings: Settings) -> bool:
    """Whether `plan` would find something to build; raises `NotReadyError` if nothing is ingested."""
    decided = _decided(settings, None)
    return bool(decided.features or decided.labels)


def cutoff_of(settings: Settings, text: str) -> Cutoff:
    """Read `YYYY-MM-DD`, a cutoff as first known from the ingested releases, or `YYYY-MM-DD@KNOWN`.

    Raises `SettingsError` for any other text, and `NotReadyError` if no release covers the day.
    """
    try:
        if "@" in text:
            return Cutoff.parse(text)
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"cutoff {text!r}: {error}; expected YYYY-MM-DD or YYYY-MM-DD@YYYY-MM-DD.") from error
    with Ledger(settings.ledger) as ledger:
        releases = ledger.all(Release)
    return _coverage(releases).knowable(day)


def feature_job(settings: Settings, plan: Path) -> Job:
    """Return the job that builds the plan's feature sets beside the plan."""
    return _job(settings, plan, "beam_jobs.document_features", _read(plan, Plan).features)


def label_job(settings: Settings, plan: Path) -> Job:
    """Return the job that builds the plan's label sets beside the plan."""
    decided = _read(plan, Plan)
    rule = (f"--horizon-years={decided.horizon_years}", f"--hot-quantile={decided.hot_quantile}")
    return _job(settings, plan, "beam_jobs.document_labels", decided.labels, rule)


def validate(settings: Settings, plan: Path, run_id: str) -> None:
    """Hold the built feature sets against their suite, each compared with the cutoff before.

    Raises `ValidationError` if one breaks a critical expectation. Sets that an interrupted publication moved and the
    ledger remembers were judged before, and are left out.
    """
    built, layout = _built(plan), Layout(settings.home)
    _result(plan, "features.json")
    with Ledger(settings.ledger) as ledger:
        done = {Cutoff(s.cutoff, s.known) for s in ledger.all(FeatureSet)}
    left = [c for c in _cutoffs(_read(plan, Plan).features) if built.feature_set(c).is_dir() or c not in done]
    sets = {str(c): files.parts(built.feature_set(c)) for c in left}
    parts = {c: files.parts(layout.feature_set(c)) for c in done} | {c: sets[str(c)] for c in left}
    contexts = {str(c): {"before": parts[last] if (last := c.previous(parts)) else []} for c in left}
    if sets:
        check_many(settings, "document_features", sets, run_id, contexts=contexts)


def publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    """Make the built sets visible, each by one rename, and remember them; return what was published.

    A set that the ledger remembers is left as it is, so the step can be run again after an interruption. In the plan's
    folder only the plan and the jobs' results stay, until they are swept.
    """
    decided, built, layout = _read(plan, Plan), _built(plan), Layout(settings.home)
    features, labels = _result(plan, "features.json"), _result(plan, "labels.json")
    with Ledger(settings.ledger) as ledger:
        published = []
        for cutoff in _cutoffs(decided.features):
            record = _feature_set(cutoff, features, run_id)
            if _make_visible(ledger, record, built.feature_set(cutoff), layout.feature_set(cutoff)):
                published.append(f"features {cutoff}")
        for cutoff in _cutoffs(decided.labels):
            label = _label_set(cutoff, labels, decided, run_id)
            if _make_visible(ledger, label, built.label_set(cutoff), layout.label_set(cutoff)):
                published.append(f"labels {cutoff}")
        job_runs.remember(ledger, "document_features", features, run_id)
        job_runs.remember(ledger, "document_labels", labels, run_id)
    files.clear(plan.parent)
    return published


def run(settings: Settings, run_id: str, cutoffs: Sequence[Cutoff] | None = None) -> list[str]:
    """Plan, build, validate and publish in this process; return what was published."""
    decided = plan(settings, run_id, cutoffs)
    if decided is None:
        return []
    jobs.run(feature_job(settings, decided))
    jobs.run(label_job(settings, decided))
    validate(settings, decided, run_id)
    published = publish(settings, decided, run_id)
    files.discard(decided.parent)
    return published


def _decided(settings: Settings, cutoffs: Sequence[Cutoff] | None) -> Plan:
    """Return which sets are missing now."""
    with Ledger(settings.ledger) as ledger:
        releases = ledger.all(Release)
        feature_sets = {Cutoff(s.cutoff, s.known) for s in ledger.all(FeatureSet)}
        label_sets = {Cutoff(s.cutoff, s.known): s for s in ledger.all(LabelSet)}
    wanted = _wanted(releases, cutoffs)
    labels = _matured(releases, wanted | (set() if cutoffs else feature_sets), settings.horizon_years)
    label_definition.check(settings, [made for cutoff, made in label_sets.items() if cutoff in labels])
    return Plan(
        [r.release_id for r in releases],
        [str(c) for c in _one_history(wanted - feature_sets)],
        [str(c) for c in _one_history(labels - label_sets.keys())],
        settings.horizon_years,
        settings.hot_quantile,
    )


def _wanted(releases: Sequence[Release], cutoffs: Sequence[Cutoff] | None) -> set[Cutoff]:
    if not releases:
        raise NotReadyError("no release is ingested, so no cutoff can have features; ingest raw data first")
    coverage = _coverage(releases)
    early = [c for c in cutoffs or () if not coverage.covers(c)]
    if early:
        raise NotReadyError(
            f"cutoff {early[0]} is not covered by the releases known then: the newest covers {coverage.newest} and is "
            f"known since {coverage.known}; expected a date that the releases cover. Ingest a later release first."
        )
    return set(cutoffs or coverage.cutoffs())


def _coverage(releases: Sequence[Release]) -> Coverage:
    return Coverage(tuple((r.release_date, r.covered) for r in releases))


def _matured(releases: Sequence[Release], cutoffs: set[Cutoff], horizon: int) -> set[Cutoff]:
    """Return the labels' cutoffs: days whose horizon has passed, known from the first release that covers it."""
    coverage = _coverage(releases)
    maturity = Maturity.of(coverage.newest, horizon)
    days = {c.day for c in cutoffs if maturity.reaches(c.day)}
    return {Cutoff(day, coverage.knowable(years_before(day, -horizon)).known) for day in days}


def _one_history(cutoffs: set[Cutoff]) -> tuple[Cutoff, ...]:
    try:
        return CutoffAxis.of(cutoffs).cutoffs
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _job(settings: Settings, plan: Path, module: str, cutoffs: Sequence[str], more: tuple[str, ...] = ()) -> Job:
    newest = max((c.known for c in _cutoffs(cutoffs)), default=None)
    readable = [r for r in _read(plan, Plan).releases if newest and r <= newest.isoformat()]
    arguments = [
        f"--home={settings.home}",
        f"--output={plan.parent}",
        *jobs.how_to_run(settings),
        *(f"--release={r}" for r in readable),
        *(f"--cutoff={c}" for c in cutoffs),
    ]
    return Job(module, (*arguments, *more))


def _feature_set(cutoff: Cutoff, result: dict[str, Any], run_id: str) -> FeatureSet:
    rows = result["cutoffs"][str(cutoff)]["rows"]
    # The job makes all cutoffs at once: its time is shared out evenly.
    seconds = round(result["seconds"] / len(result["cutoffs"]), 3)
    return FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=rows, seconds=seconds, run_id=run_id)


def _label_set(cutoff: Cutoff, result: dict[str, Any], by: Plan, run_id: str) -> LabelSet:
    found = result["cutoffs"][str(cutoff)]
    return LabelSet(
        cutoff=cutoff.day,
        known=cutoff.known,
        horizon_years=by.horizon_years,
        hot_quantile=by.hot_quantile,
        run_id=run_id,
        **found,
    )


def _make_visible(ledger: Ledger, record: FeatureSet | LabelSet, built: Path, destination: Path) -> bool:
    if ledger.all(type(record), cutoff=record.cutoff, known=record.known):
        files.discard(built)
        return False
    if built.is_dir():
        # Readers follow the ledger: what it does not remember is left from an interrupted run, and seen by nobody.
        files.discard(destination)
        files.publish(built, destination)
    elif not destination.is_dir():
        raise JobError(f"neither {built} nor {destination} exists; the plan's output is lost. Build it again.")
    ledger.add(record)
    return True


def _cutoffs(texts: Sequence[str]) -> list[Cutoff]:
    return [Cutoff.parse(text) for text in texts]


def _built(plan: Path) -> Layout:
    """Return where the jobs built their sets: laid out like the home."""
    return Layout(plan.parent)


def _result(plan: Path, marker: str) -> dict[str, Any]:
    file = plan.parent / marker
    if not file.is_file():
        raise JobError(f"{file} is missing: the job that writes it last has not ended well. Run the job again.")
    return _read(file, dict[str, Any])


def _read(file: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise JobError(f"{file} cannot be read: {error}. Plan the run again.") from error

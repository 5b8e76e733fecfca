"""What the ledger remembers: one frozen record per thing that happened."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

QUARANTINED = "quarantined: "
"""What the name of a job's counter of rejected records begins with; the reason follows."""

RETRIED = "retried/"
"""What the name of a file of quarantined records that are retried begins with."""

DANGLING = "dangling references"
"""A job's counter of references to works that the lake does not hold."""

PROMOTED, ROLLED_BACK = "promoted", "rolled back"
"""How a champion came into service."""

TRIAL = "trial-"
"""What the id of a validation begins with that was none of this home's data, but of a raw folder that was tried."""


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What became known on one date: a delivery of raw data, corrections of earlier ones, or both.

    A delivery is ingested once; what is delivered again with other content, or late, is part of a later release that
    names it in `corrects`.
    """

    release_id: str
    release_date: date
    source: str  # the raw folder
    files: list[dict[str, Any]]  # name, bytes, mtime_ns, records, sha256 of each partition
    documents: int
    citations: int
    removals: int
    quarantined: dict[str, int]  # records per reason
    seconds: float
    run_id: str
    superseded: int = 0  # versions that gave way to a newer one of the same id
    unknown_citing: int = 0  # edges whose citing id is no paper of the edge list
    self_citations: int = 0
    repeated_references: int = 0
    corrects: list[str] = field(default_factory=list)  # deliveries whose content as read last came with this release
    covers: date | None = None  # the last day that corrections alone cover; None for a delivery: its own date
    corrected: int = 0  # works of which another version is valid since, by a correction
    withdrawn: int = 0  # works that no delivery holds any more; they are among the removals
    removal_files: list[str] = field(default_factory=list)  # lists of ended ids that were read, each whole, with it
    era: str | None = None  # of its raw records' layout
    ingested_at: datetime = field(default_factory=now)

    @property
    def covered(self) -> date:
        """The last day of which it tells what was published."""
        return self.covers or self.release_date

    @property
    def is_correction(self) -> bool:
        """Whether it holds nothing but corrections, or records that were retried."""
        return self.covers is not None

    @property
    def retries(self) -> list[str]:
        """The files of quarantined records that it holds, retried."""
        return [file["name"] for file in self.files if file["name"].startswith(RETRIED)]

    @property
    def has_contents(self) -> bool:
        """Whether its works are the contents of a delivery of its own."""
        return not self.is_correction or bool(self.retries)


@dataclass(frozen=True, kw_only=True)
class Retry:
    """One try at one quarantined record, corrected or as it was."""

    file: str  # these three say which record
    line: int
    digest: str  # of the record as it was rejected, in SHA-256
    accepted_in: str | None  # the release that holds it; None if it still can't be used
    reason: str  # why it can't; empty if it can
    detail: str
    run_id: str
    retried_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """The published features of one cutoff as known on one date."""

    cutoff: date
    known: date
    rows: int
    seconds: float
    run_id: str
    published_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """The published labels of one matured cutoff."""

    cutoff: date
    known: date
    horizon_years: int
    rows: int
    eligible: int
    hot: int
    threshold: float
    run_id: str
    published_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The outcome of one suite on one dataset."""

    validation_id: str
    dataset: str  # a table's name, or `releases` for a release compared with those before it
    subject: str  # a release's id, a cutoff (of predictions with the model's version), or a training's id
    success: bool
    failures: list[dict[str, Any]]  # check, severity, column, expected, observed
    report: str  # path of the Data Docs page
    run_id: str
    checks: int = 0  # how many were run
    validated_at: datetime = field(default_factory=now)

    @property
    def is_trial(self) -> bool:
        """Whether a raw folder was tried: it says nothing of the data of this home."""
        return self.validation_id.startswith(TRIAL)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A release against what its manifest promised and against what was known before it.

    What the source re-curated is told by the works that came again, how the world changed by the new ones.
    """

    comparison_id: str
    release_id: str
    promised: dict[str, int]  # files, bytes and records by the manifest; empty where nothing was promised
    arrived: dict[str, int]  # the same, as found
    quarantined: dict[str, int]  # records per reason
    works: dict[str, int]  # documents, and of them new, again, and again but unchanged
    recurated: dict[str, int]  # works that came again, by field that differs
    year_moves: dict[str, int]  # works that came again, by years that they moved
    references: dict[str, int]  # of the works that came again: before, added, removed
    ended: dict[str, int]  # ids deleted, merged, known to the lake, and what became of their citations
    drift: dict[str, float]  # distance of new works from those of the deliveries before, by field
    values: dict[str, Any]  # by field: new works, and those before, by value
    findings: list[dict[str, Any]]  # check, severity, column, expected, observed, examples
    success: bool
    report: str  # path of its page
    run_id: str
    compared_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """One candidate: what it learned from and how it did on the evaluation cutoff."""

    training_id: str  # also the folder below runs/
    model_version: int
    feature_service: str
    training_cutoffs: list[str]
    evaluation_cutoff: date
    rows: int
    metrics: dict[str, dict[str, float]]  # contender (model, champion, each baseline) -> metric -> value
    run_id: str
    trained_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the gate said of one candidate against one champion, check by check.

    `accepted` says that the gate itself lets the candidate pass; one that is held passes by an `Approval` only.
    """

    training_id: str
    model_version: int
    champion_version: int | None
    accepted: bool
    checks: list[dict[str, Any]]  # name, verdict (passed, held or failed), value, threshold, reason
    reasons: list[str]  # one sentence per check that did not pass; empty if accepted
    metrics: dict[str, dict[str, float]]  # what was decided on: contender -> metric -> value
    run_id: str
    verdict: str = ""  # promote, hold or reject
    policy: dict[str, Any] = field(default_factory=dict)  # the thresholds that were in force
    report: str = ""  # path of its page
    decided_at: datetime = field(default_factory=now)

    def __post_init__(self) -> None:
        if not self.verdict:  # of before there was more than yes and no
            object.__setattr__(self, "verdict", "promote" if self.accepted else "reject")

    @property
    def is_held(self) -> bool:
        """Whether it takes a person to promote the candidate."""
        return self.verdict == "hold"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A person's answer to a decision that holds a candidate, or that none came in time."""

    training_id: str  # these two say which decision: of two answers at once, the ledger takes one
    decided_at: datetime
    model_version: int
    approved: bool
    by: str
    reason: str
    run_id: str
    answered_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Champion:
    """One entry of the champion's timeline; the one with the highest sequence is in service."""

    sequence: int  # 1, 2, 3, ...: of two that follow the same champion, the ledger takes one
    model_name: str
    model_version: int
    feature_service: str
    metrics: dict[str, float]
    reason: str  # why it was promoted or rolled back to
    run_id: str
    kind: str = ""  # promoted or rolled back
    approved_by: str = ""  # who let it in service: `gate`, or a person; empty if nobody remembers
    training_id: str = ""  # with the moment of the decision that it was first promoted on
    decided_at: datetime | None = None
    dataset_sha256: str = ""  # of the rows that it learned from and was evaluated on
    code_version: str = ""  # the commit by which it was trained, or else the package's version
    promoted_at: datetime = field(default_factory=now)

    def __post_init__(self) -> None:
        if not self.kind:  # of before it was remembered
            object.__setattr__(self, "kind", ROLLED_BACK if self.reason.startswith(ROLLED_BACK) else PROMOTED)


@dataclass(frozen=True, kw_only=True)
class OnlineWrite:
    """The intention to write rows of a view into the online store; remembered before the first of them is written."""

    write_id: str
    view: str
    store: str  # which online store, without its password
    cutoff: date | None  # these three say of which set; all None for a range that was materialized through Feast
    known: date | None
    model_version: int | None
    columns: list[str]
    bounds: list[int]  # where its chunks end
    documents: int | None  # how many were asked for; None for all of the set
    run_id: str
    types: dict[str, str] = field(default_factory=dict)  # of the columns; empty where it was not remembered yet
    begun_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class OnlineChunk:
    """One chunk of a write that is in the online store for good."""

    write_id: str
    number: int
    rows: int
    removed: int  # documents that were there and are in the set no longer
    seconds: float
    written_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Materialization:
    """A complete write of a view's rows at a cutoff into the online store."""

    view: str
    cutoff: date
    rows: int
    seconds: float
    run_id: str
    known: date | None = None
    model_version: int | None = None
    columns: list[str] = field(default_factory=list)
    store: str = ""
    write_id: str = ""
    types: dict[str, str] = field(default_factory=dict)  # of the columns; empty where it was not remembered yet
    materialized_at: datetime = field(default_factory=now)  # its begin: what is published meanwhile is not in it


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The online answers of some documents, compared with what the offline store says."""

    view: str
    store: str
    cutoff: date
    documents: int  # how many were compared
    differences: list[dict[str, Any]]  # document, column, offline, online: the first ones
    wrong: int  # documents that differ
    share: float  # of those that were compared
    threshold: float  # above it the audit fails
    success: bool
    seconds: float
    run_id: str
    audited_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class PredictionSet:
    """The published predictions of one model version at one cutoff, made from its features as known on one date."""

    cutoff: date
    known: date
    model_name: str
    model_version: int
    rows: int
    hot: int
    run_id: str
    published_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a Beam job: what it counted, and how long it took."""

    job: str  # its module in beam_jobs
    started_at: datetime
    seconds: float
    works: int  # records that it read
    works_per_second: float
    records: dict[str, int]  # by name
    bytes: dict[str, int]  # by what was done: read, exchanged between steps, written
    steps: dict[str, float]  # seconds of each step in all processes
    run_id: str

    @property
    def quarantined(self) -> dict[str, int]:
        """Rejected records by reason."""
        return {n.removeprefix(QUARANTINED): count for n, count in self.records.items() if n.startswith(QUARANTINED)}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One time that something was wrong, from the first sight of it until the check passes again."""

    problem: str  # kind and place, as in `validation/citations`
    occurrence: int  # 1, 2, 3, ...: of two that see it first at once, the ledger takes one
    severity: str
    title: str
    text: str  # as seen last, every check of it
    told: list[str]  # identities of what was told
    subjects: list[str]  # releases or cutoffs that are to pass
    report: str
    run_id: str  # the run that saw it last
    seen: int = 1
    opened_at: datetime = field(default_factory=now)
    seen_at: datetime = field(default_factory=now)
    told_at: datetime = field(default_factory=now)
    closed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message to one channel; it is written before it is sent, so that nothing that fails loses it."""

    notice_id: str
    place: int  # the channel's place in HOTAREA_ALERT_URLS, from 1
    kind: str  # its kind, as in `mailto`; its address is not kept
    problem: str
    severity: str
    title: str
    text: str
    attempts: int = 0
    written_at: datetime = field(default_factory=now)
    claimed_until: datetime | None = None  # another process is sending it
    delivered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The first time that this home was watched for silence: before, nothing can have been missed."""

    watch: int  # 1
    since: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which ledger this is: what it writes to a server that others use as well bears its name."""

    identity: int  # 1
    ledger_id: str
    given_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class DriftCheck:
    """How far the newest cutoff is from what the champion learned from, and what follows from that."""

    cutoff: date
    known: date
    model_version: int  # of the champion; 0 while there is none
    reference: str  # the champion's training, or the cutoffs that stand in for it
    features: dict[str, float]  # PSI, of the data as it is known now
    world: dict[str, float]  # the same, had nothing been told otherwise that the reference knew
    limits: dict[str, float]
    importance: dict[str, float]  # each feature's share of the champion's gain
    predictions: float | None  # PSI of the champion's scores since its evaluation
    new_documents: dict[str, float]  # Kolmogorov-Smirnov distance of the last year's documents from those before
    label_share: float | None  # of hot areas at the newest matured cutoff, less what the label's quantile gives
    over: list[str]  # aspects over their limits: features, predictions, new_documents, labels
    alarms: list[str]  # those of them that are an alarm
    reasons: list[str]  # one sentence for each aspect that is over
    recurated: list[str]  # aspects that were over before corrections of known documents were taken out
    report: str  # path of its page
    run_id: str
    checked_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class LivePerformance:
    """How predictions that were published did, once their labels had matured."""

    cutoff: date
    known: date
    model_version: int
    rows: int
    hot: int
    metrics: dict[str, dict[str, float]]  # contender (model, and the baseline to beat) -> metric -> value
    expected: float  # the model's average precision at its evaluation
    dropped: bool  # by more than the policy tolerates
    run_id: str
    measured_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class TriggerRequest:
    """One wish for a training, and what became of it."""

    request_id: str  # who asked, and for what reason
    reason: str
    subject: str  # what it is about, in words
    asked_by: str  # the run
    outcome: str  # accepted, skipped or deferred
    why: str
    training_id: str | None  # what would be trained
    until: datetime | None = None  # when one that was deferred may be asked again
    asked_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class TrainingStart:
    """The start of a training that the arbiter accepted."""

    number: int  # 1, 2, 3, ...: of two that are to start at once, the ledger takes one
    training_id: str
    request_id: str
    reason: str
    started_at: datetime = field(default_factory=now)


Record = (
    Release
    | FeatureSet
    | LabelSet
    | Validation
    | Comparison
    | TrainingRun
    | Decision
    | Approval
    | Champion
    | OnlineWrite
    | OnlineChunk
    | Materialization
    | Audit
    | PredictionSet
    | JobRun
    | Problem
    | Notice
    | Watch
    | Identity
    | Retry
    | DriftCheck
    | LivePerformance
    | TriggerRequest
    | TrainingStart
)

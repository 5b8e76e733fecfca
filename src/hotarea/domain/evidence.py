"""The evidence that the gate decides on. What could not be computed is absent, and the gate treats it as missing."""

from dataclasses import dataclass, field

AGE, CITATIONS, TOPIC = "age", "citations", "topic"
SLICED_BY = (AGE, CITATIONS, TOPIC)
"""The first word of a slice's name. Each row is in one slice of each kind; of topics, where any row has one."""


@dataclass(frozen=True)
class Interval:
    """A metric, or how much more the model has of it than a rival on the same rows, and its bounds over resamples.

    Between `lower` and `upper` lie 95 % of what resampled rows give (paired bootstrap).
    """

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Slice:
    """The contenders on some of the evaluation rows, and by how much the model exceeds the champion there."""

    rows: int
    hot: int
    metrics: dict[str, dict[str, float]]  # contender -> metric -> value; empty if the slice is too small to judge
    difference: Interval | None = None  # of average precision, model less champion


@dataclass(frozen=True)
class Rehearsal:
    """What a fresh process found that read the model's file as the registry keeps it, and scored sample requests.

    Times are the processor's, so that neighbours on the machine do not slow a model. The percentiles are those of all
    timed answers, several to each request; the first answer of the process warms up and is not timed.
    """

    loading_s: float
    requests: int  # of one document each
    p50_ms: float
    p99_ms: float
    differing: int  # requests whose score is not the evaluation's to the bit
    error: str = ""  # why it failed


@dataclass(frozen=True)
class Agreement:
    """What the audits of one view have found since all of its rows were last written into the online store."""

    documents: int  # that were compared for this decision
    share: float  # of documents that differ: the greatest of these audits, so that a later one hides no failure
    cutoff: str  # the day whose rows were compared, which is what is served


@dataclass(frozen=True)
class Evidence:
    """All that the gate decides on: every contender on the same rows, and how far the features have moved.

    `metrics` maps a contender (`model`, `champion`, each baseline) to its metrics. `drift` maps each feature of the
    model to its PSI between the training rows and the newest cutoff's documents, `drift_evaluation` to that between
    the training rows and the evaluation rows.
    """

    training_id: str
    model_version: int
    champion_version: int | None
    evaluation_cutoff: str
    newest_cutoff: str
    rows: int
    hot: int
    metrics: dict[str, dict[str, float]]
    baselines: tuple[str, ...]  # every contender that the model must beat
    features: tuple[str, ...]  # every feature of the model, whose drift must be known
    drift: dict[str, float]
    drift_evaluation: dict[str, float]
    decision_threshold: float
    at_threshold: dict[str, float] = field(default_factory=dict)  # precision and recall of the model
    intervals: dict[str, dict[str, Interval]] = field(default_factory=dict)  # contender -> metric
    differences: dict[str, dict[str, Interval]] = field(default_factory=dict)  # rival -> metric
    slices: dict[str, Slice] = field(default_factory=dict)  # by name, as in `age: under 2 years`
    overlap: dict[str, int] = field(default_factory=dict)  # contender -> evaluation keys among those it learned from
    importance: dict[str, float] = field(default_factory=dict)  # feature -> share of the total gain; sums to 1
    prediction_drift: float | None = None  # PSI of the model's scores, evaluation rows to newest cutoff
    hindsight: dict[str, float] = field(default_factory=dict)  # reference -> the greatest agreement of any feature
    hindsight_rows: dict[str, int] = field(default_factory=dict)  # reference -> documents that could be compared with
    rehearsal: Rehearsal | None = None
    serves: bool = True  # whether the home has an online store; a replay's has none
    online_views: tuple[str, ...] | None = None  # those of the model's views that are served online; None: unknown
    online_features: tuple[str, ...] | None = None  # what the model reads of them; None: unknown
    agreement: dict[str, Agreement] = field(default_factory=dict)  # view -> how it answers online
    last_champion_version: int | None = None  # who is `last_champion` in the metrics; None if nobody is

    @property
    def prevalence(self) -> float:
        """Share of hot areas among the evaluation rows; NaN without rows."""
        return self.hot / self.rows if self.rows else float("nan")

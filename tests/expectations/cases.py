"""One small valid dataset for each suite, with everything that its checks compare it with, and ways to break it.

`BREAKS` holds for each dataset what breaks exactly one thing, and which checks then fail: (check, column, severity).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expectations import runner
from expectations.suite import count_expectations
from hotarea.domain import raw_layout, tables
from hotarea.domain.model_features import BASELINE_FEATURES, MODEL_FEATURES
from hotarea.domain.predictions import Served

Rows = list[dict[str, Any]]
Fired = tuple[str, str, str]

RELEASE = "2012-12-31"
CUTOFF = "2012-12-31@2013-01-31"
STAMPS = {
    "event_timestamp": datetime(2012, 12, 31, tzinfo=UTC),
    "created_timestamp": datetime(2013, 1, 31, tzinfo=UTC),
}

NULL, NOT_NULL = "expect_column_values_to_be_null", "expect_column_values_to_not_be_null"
BETWEEN, UNIQUE = "expect_column_values_to_be_between", "expect_column_values_to_be_unique"
ORDER, PAIR_UNIQUE = "expect_column_pair_values_a_to_be_greater_than_b", "expect_compound_columns_to_be_unique"
COUNT, EXACT_COUNT = "expect_table_row_count_to_be_between", "expect_table_row_count_to_equal"
IN_SET, NEWEST, LEAST = (
    "expect_column_values_to_be_in_set",
    "expect_column_max_to_be_between",
    "expect_column_min_to_be_between",
)
MEAN, DISTINCT = "expect_column_mean_to_be_between", "expect_column_unique_value_count_to_be_between"


@dataclass
class Case:
    """Rows of one dataset, the tables beside it that end up as files in the context, and the rest of the context."""

    dataset: str
    subject: str
    rows: Rows
    context: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, tuple[pa.Schema, Rows]] = field(default_factory=dict)
    earlier: list[tuple[Rows, Rows]] = field(default_factory=list)  # documents and citations, oldest first

    def judge(self, folder: Path) -> runner.SuiteVerdict:
        """Write everything below a folder and run the suite."""
        context = self.written(folder)
        schema = runner.SUITES[self.dataset].schema(context)
        file = write(self.rows, schema, folder / self.dataset / "part-0.parquet")
        return runner.validate(self.dataset, [file], self.subject, folder / "reports", context)

    def written(self, folder: Path) -> dict[str, Any]:
        """Write what the dataset is compared with, and return the whole context."""
        files = {
            name: [write(rows, schema, folder / "beside" / name / "part-0.parquet")]
            for name, (schema, rows) in self.beside.items()
        }
        folders = [folder / f"release={n}" for n in range(len(self.earlier))]
        for release, (texts, pairs) in zip(folders, self.earlier, strict=True):
            write(texts, tables.DOCUMENTS, release / "documents" / "part-0.parquet")
            write(pairs, tables.CITATIONS, release / "citations" / "part-0.parquet")
        found = {"rows": len(self.rows), "earlier": folders} | self.context | files
        return {name: value for name, value in found.items() if value is not None}

    def declared(self, folder: Path) -> list[Fired]:
        """Return all checks of the suite."""
        suite, context = runner.SUITES[self.dataset], self.written(folder)
        checks = [
            *suite.expectations(self.subject, context),
            *count_expectations(context),
            *suite.field_expectations(),
        ]
        return [(c.configuration.type, runner._columns(c.configuration.kwargs), str(c.severity.value)) for c in checks]


def fired(outcome: runner.SuiteVerdict) -> list[Fired]:
    """Return the checks that failed."""
    return sorted((f["check"], f["column"], f["severity"]) for f in outcome.failures)


def write(rows: Rows, schema: pa.Schema, path: Path) -> Path:
    """Write rows, nulls included where the schema forbids them, as a faulty job would."""
    lax = pa.schema([pa.field(field.name, field.type) for field in schema])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=lax), path)
    return path


# ---- documents: 120, ids grow with their dates, half of each year


def documents() -> Rows:
    return [
        {
            "document_id": number,
            "published": date(2011, 1, 1) if number <= 60 else date(2012, 1 + number % 12, 1),
            "updated": datetime(2012, 12, 31, 12, tzinfo=UTC),
            "title": f"On {number}",
            "type": "article",
            "language": "en",
            "topic_id": f"T{number % 3}",
            "topic": f"Topic {number % 3}",
            "is_retracted": False,
            "reference_count": 30,
        }
        for number in range(1, 121)
    ]


def citations() -> Rows:
    """Every document of 2012 cites the first four: 240 citations, none of them to the future."""
    return [
        {"citing_id": d["document_id"], "cited_id": cited, "published": d["published"]}
        for d in documents()[60:]
        for cited in range(1, 5)
    ]


def documents_case() -> Case:
    return Case("documents", RELEASE, documents(), earlier=[(documents(), citations())] * 3)


def citations_case() -> Case:
    beside = {"documents": (tables.DOCUMENTS, documents())}
    return Case("citations", RELEASE, citations(), beside=beside, earlier=[(documents(), citations())] * 3)


# ---- features: 120 documents; the first is not cited, so its ratios over cite_count are null


def features() -> Rows:
    return [feature_row(number) for number in range(1, 121)]


def feature_row(number: int, **changes: Any) -> dict[str, Any]:
    """Return the features of a document; what follows from the counts is computed from those that are changed."""
    cited = number > 1
    counts: dict[str, Any] = {
        "cite_count": 10 * (number - 1),
        "cite_count_5y": 6 * cited,
        "cite_count_2y": 4 * cited,
        "cite_count_1y": 2 * cited,
        "size_5y": 30,
        "size_2y": 20,
        "size_1y": 10,
        "references_inside": number % 7,
    } | {name: value for name, value in changes.items() if name in tables.COUNTS}
    cited = counts["cite_count"] > 0
    undefined = {"rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"} if not cited else set()
    ratios = {name: None if name in undefined else 0.5 for name in tables.RATIOS} | {"acceleration": -0.5}
    ratios |= {
        "rate": counts["size_5y"] / counts["cite_count"] if cited else None,
        "rate_1y": counts["size_1y"] / (counts["cite_count"] + 1),
        "rate_2y": counts["size_2y"] / (counts["cite_count"] + 1),
    }
    values = counts | ratios
    percentiles = {f"{name}_pct": None if values[name] is None else number / 120 for name in tables.RANKED}
    return {"document_id": number, **STAMPS, **values, **percentiles} | changes


def features_case() -> Case:
    return Case("document_features", CUTOFF, features(), beside={"before": (tables.FEATURES, features())})


# ---- training: 100 documents at each of four cutoffs, every tenth of them hot

TRAINED, EVALUATED = [date(2005, 12, 31), date(2006, 12, 31), date(2007, 12, 31)], date(2010, 12, 31)


def training_rows(cutoff: date) -> Rows:
    names = dict.fromkeys([*MODEL_FEATURES, *BASELINE_FEATURES])
    stamp = datetime(cutoff.year, cutoff.month, cutoff.day, tzinfo=UTC)
    return [
        {"document_id": n, "event_timestamp": stamp, "hot_area": n % 10 == 0, **dict.fromkeys(names, n / 100)}
        | {"cite_count_5y": n}
        for n in range(1, 101)
    ]


def training_case() -> Case:
    rows = [row for cutoff in (*TRAINED, EVALUATED) for row in training_rows(cutoff)]
    context = {
        "features": MODEL_FEATURES,
        "baselines": BASELINE_FEATURES,
        "training": list(TRAINED),
        "evaluation": EVALUATED,
        "horizon_years": 3,
        "hot_quantile": 0.9,
        "labelled": 400,
        "rows": 400,
    }
    return Case("training_set", "2012-12-31-0123456789", rows, context)


# ---- predictions: of 120 documents one is not cited and one is retracted

SERVED = Served(
    cutoff=STAMPS["event_timestamp"],
    scored_at=datetime(2013, 2, 1, 9, 30, 12, 345678, tzinfo=UTC),
    model_name="hot_area_model",
    model_version=3,
    feature_service="hot_area_model_v1",
    threshold=0.9,
)


def prediction(number: int, **changes: Any) -> dict[str, Any]:
    score = changes.pop("score", number / 120)
    return {
        "document_id": number,
        "event_timestamp": SERVED.cutoff,
        "created_timestamp": SERVED.scored_at,
        "hot_area": score > SERVED.threshold,
        "hot_area_score": score,
        "model_name": SERVED.model_name,
        "model_version": SERVED.model_version,
        "feature_service": SERVED.feature_service,
    } | changes


def predictions() -> Rows:
    return [prediction(number) for number in range(2, 121) if number != 7]


def predictions_case() -> Case:
    beside = {
        "features": (tables.FEATURES, features()),
        "retracted": (pa.schema([tables.FEATURES.field("document_id")]), [{"document_id": 7}]),
        "before": (tables.PREDICTIONS, predictions()),
    }
    return Case("predictions", f"{CUTOFF}-v3", predictions(), {"served": SERVED, "rows": None}, beside)


# ---- raw records: the kind of each field's value


def raw_case(era: raw_layout.Era) -> Case:
    kinds = {name: max(known.kinds) for name, known in raw_layout.LAYOUTS[era].items()}
    rows = [{"file": "part_0000.gz", "line": n, "records": 1, **kinds} for n in range(1, 101)]
    return Case("raw_works", RELEASE, rows, {"era": era, "rejected_share": 0.1})


CASES: Mapping[str, Callable[[], Case]] = {
    "documents": documents_case,
    "citations": citations_case,
    "document_features": features_case,
    "training_set": training_case,
    "predictions": predictions_case,
    "raw_works of the current layout": lambda: raw_case("current"),
    "raw_works of before 2026": lambda: raw_case("before_2026"),
    "raw_works of any year": lambda: raw_case("json_lines"),
    "raw_works of an edge list": lambda: raw_case("edge_list"),
}


# ---- breaks


def _row(**changes: Any) -> Callable[[Case], Any]:
    """Change one row."""
    return lambda case: case.rows[30].update(changes)


def _rows(count: int, **changes: Any) -> Callable[[Case], Any]:
    """Change so many rows."""

    def breaks(case: Case) -> None:
        for row in case.rows[:count]:
            row.update(changes)

    return breaks


def _feature(**changes: Any) -> Callable[[Case], Any]:
    """Change the features of one document, and what follows from its counts."""
    return lambda case: case.rows.__setitem__(30, feature_row(31, **changes))


def _future(count: int) -> Callable[[Case], Any]:
    """Turn so many citations around: documents of 2011 cite documents of 2012."""

    def breaks(case: Case) -> None:
        for row in case.rows[:count]:
            row.update(citing_id=row["cited_id"], cited_id=row["citing_id"], published=date(2011, 1, 1))

    return breaks


def _dangling(count: int) -> Callable[[Case], Any]:
    def breaks(case: Case) -> None:
        for row in case.rows[:count]:
            row.update(cited_id=row["cited_id"] + 5000)

    return breaks


def _remembered(count: int) -> Callable[[Case], Any]:
    return lambda case: case.context.update(rows=count)


def _too_near(case: Case) -> None:
    """Plan a training cutoff whose label looks past the evaluation's."""
    case.context["training"].append(date(2008, 12, 31))
    case.context.update(rows=500, labelled=500)
    case.rows.extend(training_rows(date(2008, 12, 31)))


def _fewer(count: int) -> Callable[[Case], Any]:
    """Lose all but so many rows, which the ledger does not know of."""

    def breaks(case: Case) -> None:
        del case.rows[count:]
        case.context.update(rows=count)

    return breaks


def _label(cutoffs: slice, *, hot: bool) -> Callable[[Case], Any]:
    def breaks(case: Case) -> None:
        for row in case.rows[cutoffs]:
            row.update(hot_area=hot)

    return breaks


def _kind(name: str, kind: str, count: int) -> Callable[[Case], Any]:
    return _rows(count, **{name: kind})


Break = tuple[Callable[[Case], Any], list[Fired]]
LOST: list[Fired] = [(EXACT_COUNT, "", "critical")]

_DIVIDED = ("rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y")
_ALWAYS = ("document_id", "event_timestamp", "created_timestamp", *(n for n in tables.RANKED if n not in _DIVIDED))

BREAKS: dict[str, dict[str, Break]] = {
    "documents": {
        "no document at all": (
            _fewer(0),
            [(COUNT, "", "critical"), (COUNT, "", "warning"), (NEWEST, "published", "warning")],
        ),
        "half of the documents": (_fewer(61), [(COUNT, "", "warning")]),
        "all documents six times": (
            lambda case: (
                case.rows.extend(
                    r | {"document_id": r["document_id"] + 1000 * n} for n in range(1, 6) for r in documents()
                ),
                case.context.update(rows=720),
            ),
            [(COUNT, "", "warning")],
        ),
        "a file is lost": (_remembered(121), LOST),
        **{
            f"{name} is null": (_row(**{name: None}), [(NOT_NULL, name, "critical")])
            for name in ("document_id", "published", "updated", "is_retracted", "reference_count")
        },
        "an id is 0": (_row(document_id=0), [(BETWEEN, "document_id", "critical")]),
        "an id occurs twice": (_row(document_id=1), [(UNIQUE, "document_id", "critical")]),
        "a negative number of references": (_row(reference_count=-1), [(BETWEEN, "reference_count", "critical")]),
        "published in 1499": (_row(published=date(1499, 12, 31)), [(BETWEEN, "published", "critical")]),
        "published in 2018": (_row(published=date(2018, 1, 1)), [(BETWEEN, "published", "critical")]),
        "updated after the release": (
            _row(updated=datetime(2013, 1, 2, tzinfo=UTC)),
            [(BETWEEN, "updated", "warning")],
        ),
        "nothing is new": (
            _rows(120, published=date(2011, 11, 1)),
            [(NEWEST, "published", "warning")],
        ),
        "a tenth has no title": (_rows(12, title=None), [(NULL, "title_missing", "warning")]),
        "most have no topic": (
            _rows(70, topic_id=None, topic=None),
            [(NOT_NULL, "topic_id", "info"), (NULL, "null_share_rose", "warning")],
        ),
        "languages are gone": (_rows(120, language=None), [(NULL, "null_share_rose", "warning")]),
        "topics are URLs": (
            _rows(2, topic_id="https://openalex.org/T10102"),
            [(NULL, "malformed", "warning")],
        ),
        "languages are written out": (_rows(2, language="English"), [(NULL, "malformed", "warning")]),
        "types are URLs": (_rows(2, type="https://openalex.org/types/article"), [(NULL, "malformed", "warning")]),
        "a tenth is retracted": (_rows(12, is_retracted=True), [(IN_SET, "is_retracted", "warning")]),
    },
    "citations": {
        "no citation at all": (
            lambda case: (case.rows.clear(), case.context.update(rows=0), _large(case)),
            [(COUNT, "", "warning"), (COUNT, "", "warning")],
        ),
        "a third of the usual citations": (_fewer(71), [(COUNT, "", "warning")]),
        "a file is lost": (_remembered(241), LOST),
        "the citing id is null": (_row(citing_id=None), [(NOT_NULL, "citing_id", "critical")]),
        "the cited id is null": (_row(cited_id=None), [(NOT_NULL, "cited_id", "critical")]),
        "the citing id is negative": (_row(citing_id=-5), [(BETWEEN, "citing_id", "critical")]),
        "the cited id is 0": (_row(cited_id=0), [(BETWEEN, "cited_id", "critical")]),
        "a document cites itself": (
            lambda case: case.rows[30].update(cited_id=case.rows[30]["citing_id"]),
            [(NULL, "cites_itself", "critical")],
        ),
        "a pair occurs twice": (
            lambda case: (case.rows.append(case.rows[30]), case.context.update(rows=241)),
            [(PAIR_UNIQUE, "citing_id, cited_id", "critical")],
        ),
        "the citing document was not delivered": (_row(citing_id=999), [(NULL, "citing_unknown", "critical")]),
        "the date is not the citing document's": (
            _row(published=date(2012, 6, 15)),
            [(NULL, "date_differs", "critical")],
        ),
        "the date is null": (_row(published=None), [(NULL, "date_differs", "critical")]),
        "a seventh cites the future": (_future(34), [(BETWEEN, "days_ahead", "warning")]),
        "a third cites the future": (
            _future(80),
            [(BETWEEN, "days_ahead", "critical"), (BETWEEN, "days_ahead", "warning")],
        ),
        "a tenth dangles": (_dangling(24), [(NULL, "dangles", "warning")]),
        "two thirds dangle": (_dangling(160), [(NULL, "dangles", "critical"), (NULL, "dangles", "warning")]),
    },
    "document_features": {
        "no row": (
            _fewer(0),
            [(COUNT, "", "critical"), (COUNT, "", "warning"), (LEAST, "age_years", "warning")],
        ),
        "fewer documents than at the cutoff before": (_fewer(110), [(COUNT, "", "warning")]),
        "a file is lost": (_remembered(121), LOST),
        "no young document": (
            _rows(120, age_years=3.0),
            [(LEAST, "age_years", "warning"), (NULL, "distribution_moved", "warning")],
        ),
        "an id occurs twice": (_row(document_id=1), [(UNIQUE, "document_id", "critical")]),
        "a row of another cutoff": (
            _row(event_timestamp=datetime(2012, 12, 30, tzinfo=UTC)),
            [(BETWEEN, "event_timestamp", "critical")],
        ),
        "a row of another knowledge date": (
            _row(created_timestamp=datetime(2013, 2, 1, tzinfo=UTC)),
            [(BETWEEN, "created_timestamp", "critical")],
        ),
        "one year above two": (_feature(cite_count_1y=5), [(ORDER, "cite_count_2y, cite_count_1y", "critical")]),
        "two years above five": (_feature(cite_count_2y=7), [(ORDER, "cite_count_5y, cite_count_2y", "critical")]),
        "five years above all": (
            _feature(cite_count_5y=301, size_5y=301),
            [(ORDER, "cite_count, cite_count_5y", "critical")],
        ),
        "size of one year above two": (_feature(size_1y=21), [(ORDER, "size_2y, size_1y", "critical")]),
        "size of two years above five": (_feature(size_2y=31), [(ORDER, "size_5y, size_2y", "critical")]),
        "area smaller than its document": (
            _feature(size_5y=5, size_2y=4, size_1y=3),
            [(ORDER, "size_5y, cite_count_5y", "critical")],
        ),
        "a negative count": (_row(references_inside=-1), [(NULL, "out_of_range", "critical")]),
        "a negative age": (
            _row(age_years=-0.1),
            [(NULL, "out_of_range", "critical")],
        ),
        "a share above 1": (_row(citing_share_1y=1.5), [(NULL, "out_of_range", "critical")]),
        "a ratio that is not a number": (_row(rate_1y=float("nan")), [(NULL, "out_of_range", "critical")]),
        "an infinite ratio": (_row(acceleration=float("-inf")), [(NULL, "out_of_range", "critical")]),
        "a rate of other counts": (_row(rate=31 / 300), [(NULL, "ratio_differs", "critical")]),
        "a rate of one year by all citations": (_row(rate_1y=10 / 300), [(NULL, "ratio_differs", "critical")]),
        "a rate of two years by all citations": (_row(rate_2y=20 / 300), [(NULL, "ratio_differs", "critical")]),
        "a rate without citations": (
            lambda case: case.rows[0].update(rate=30.0, rate_pct=0.1),
            [(NULL, "undefined_ratio", "critical")],
        ),
        "a percentile without a value": (
            lambda case: case.rows[0].update(rate_pct=0.1),
            [(NULL, "undefined_percentile", "critical")],
        ),
        "a value without a percentile": (_row(size_1y_pct=None), [(NULL, "undefined_percentile", "critical")]),
        "a percentile of 0": (_row(rate_2y_pct=0.0), [(NULL, "percentile_out_of_range", "critical")]),
        "a percentile above 1": (_row(rate_2y_pct=1.01), [(NULL, "percentile_out_of_range", "critical")]),
        **{
            f"{name} is null": (
                _row(**{name: None} | ({f"{name}_pct": None} if name in tables.RANKED else {})),
                [(NULL, "unexpected_null", "critical")],
            )
            for name in _ALWAYS
        },
        **{
            f"{name} is null though cited": (
                _row(**{name: None, f"{name}_pct": None}),
                [(NULL, "undefined_ratio", "critical")],
            )
            for name in _DIVIDED
        },
        "a third is no longer cited": (
            lambda case: case.rows.__setitem__(
                slice(40),
                [feature_row(n, cite_count=0, cite_count_5y=0, cite_count_2y=0, cite_count_1y=0) for n in range(1, 41)],
            ),
            [(NULL, "distribution_moved", "warning"), (NULL, "null_share_rose", "warning")],
        ),
        "half has more references": (
            _rows(60, references_inside=50),
            [(NULL, "distribution_moved", "warning")],
        ),
    },
    "training_set": {
        "a tenth of the labelled documents is unknown": (
            lambda case: case.context.update(labelled=450),
            [(COUNT, "", "warning")],
        ),
        "a row is lost": (_remembered(401), LOST),
        **{
            f"{name} is null": (_row(**{name: None}), [(NOT_NULL, name, "critical")])
            for name in ("document_id", "hot_area")
        },
        "event_timestamp is null": (_row(event_timestamp=None), [(NOT_NULL, "event_timestamp", "critical")]),
        "a document occurs twice at a cutoff": (
            _row(document_id=1),
            [(PAIR_UNIQUE, "document_id, event_timestamp", "critical")],
        ),
        "a cutoff was not planned": (
            lambda case: case.context["training"].remove(date(2006, 12, 31)),
            [(IN_SET, "cutoff", "critical")],
        ),
        "a cutoff has no row": (
            lambda case: case.context["training"].append(date(2004, 12, 31)),
            [(DISTINCT, "cutoff", "critical")],
        ),
        "a label looks past the evaluation": (_too_near, [(NULL, "learns_from_later", "critical")]),
        "nothing is hot in training": (
            _label(slice(0, 300), hot=False),
            [(DISTINCT, "hot_in_training", "critical"), (MEAN, "is_hot", "warning")],
        ),
        "nothing is hot in the evaluation": (
            _label(slice(300, 400), hot=False),
            [(DISTINCT, "hot_in_evaluation", "critical")],
        ),
        "a fifth is hot": (_label(slice(50), hot=True), [(MEAN, "is_hot", "warning")]),
        "a feature is null": (_row(size_5y_pct=None), [(NULL, "feature_null", "critical")]),
        "a baseline is null": (_row(rate_1y=None), [(NULL, "feature_null", "critical")]),
        "a percentile is 0": (_row(size_5y_pct=0.0), [(NULL, "out_of_range", "critical")]),
        "a feature is infinite": (_row(citing_age_mean=float("inf")), [(NULL, "out_of_range", "critical")]),
        "a feature moved since": (
            lambda case: [row.update(citing_age_mean=5.0) for row in case.rows[300:]],
            [(NULL, "distribution_moved", "info")],
        ),
    },
    "predictions": {
        "a document has no prediction": (
            lambda case: case.rows.pop(),
            [(EXACT_COUNT, "", "critical")],
        ),
        "an id is null": (_row(document_id=None), [(NOT_NULL, "document_id", "critical")]),
        "an id occurs twice": (_row(document_id=120), [(UNIQUE, "document_id", "critical")]),
        "a document was not asked for": (_row(document_id=999), [(NULL, "not_asked", "critical")]),
        "a document is not cited": (_row(document_id=1), [(NULL, "not_asked", "critical")]),
        "a document is retracted": (_row(document_id=7), [(NULL, "not_asked", "critical")]),
        "a score is null": (_row(hot_area_score=None), [(NULL, "unexpected_null", "critical")]),
        "hot_area is null": (_row(hot_area=None), [(NULL, "unexpected_null", "critical")]),
        "a score is above 1": (_row(hot_area_score=1.01, hot_area=True), [(NULL, "score_out_of_range", "critical")]),
        "a score is not a number": (_row(hot_area_score=float("nan")), [(NULL, "score_out_of_range", "critical")]),
        "all scores are equal": (
            _rows(118, hot_area_score=0.95, hot_area=True),
            [
                (DISTINCT, "hot_area_score", "critical"),
                (MEAN, "is_hot", "warning"),
                (NULL, "distribution_moved", "warning"),
            ],
        ),
        "a verdict is not its score's": (_row(hot_area=True), [(NULL, "hot_differs", "critical")]),
        "half is hot": (
            lambda case: [
                row.update(hot_area=True, hot_area_score=0.9 + row["document_id"] / 1300) for row in case.rows[59:]
            ],
            [(MEAN, "is_hot", "warning"), (NULL, "distribution_moved", "warning")],
        ),
        "scores moved since the cutoff before": (
            lambda case: [row.update(hot_area_score=row["hot_area_score"] / 2) for row in case.rows[:100]],
            [(NULL, "distribution_moved", "warning")],
        ),
        "another version": (_row(model_version=2), [(NULL, "by_another_model", "critical")]),
        "another model": (_row(model_name="other"), [(NULL, "by_another_model", "critical")]),
        "another feature service": (_row(feature_service="other"), [(NULL, "by_another_model", "critical")]),
        "another cutoff": (
            _row(event_timestamp=datetime(2011, 12, 31, tzinfo=UTC)),
            [(NULL, "of_another_time", "critical")],
        ),
        "another moment": (
            _row(created_timestamp=datetime(2013, 2, 1, tzinfo=UTC)),
            [(NULL, "of_another_time", "critical")],
        ),
    },
    **{
        name: {
            "no record": (_fewer(0), [(COUNT, "", "critical")]),
            "a file is lost": (_remembered(101), LOST),
            **{
                f"{known} is of another kind": (
                    _kind(known, "boolean" if known != "is_retracted" else "text", 11 if rule.required else 2),
                    [(IN_SET, known, "critical" if rule.required else "warning")],
                )
                for known, rule in raw_layout.LAYOUTS[era].items()
            },
        }
        for name, era in (
            ("raw_works of the current layout", "current"),
            ("raw_works of before 2026", "before_2026"),
            ("raw_works of any year", "json_lines"),
            ("raw_works of an edge list", "edge_list"),
        )
    },
}


def _large(case: Case) -> None:
    """Make it a release of which at least one citation is expected."""
    schema, rows = case.beside["documents"]
    more = [row | {"document_id": row["document_id"] + 1000 * n} for n in range(9) for row in rows]
    case.beside["documents"] = (schema, more)

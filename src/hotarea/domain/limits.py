"""Every threshold by which data is trusted, in one place with its reason.

Measured on all releases of arXiv's, hep-th's and the sample's corpus and on real OpenAlex records, on which nothing
critical fires; where a number is a judgement, it says so.
"""

# ---- single records, which go to quarantine

EARLIEST_YEAR = 1500
"""Printed scholarship is younger; an earlier date is a parsing error (OpenAlex knows year 0)."""

YEARS_AHEAD = 5
"""A release may announce works this many years ahead; a later date is an error (OpenAlex knows year 2209)."""

# ---- a delivery as it is read: it is refused

REJECTED_SHARE = 0.1
REJECTED_AT_LEAST = 10
"""A release of which more than this share (unless the settings say another), and at least this many records, were
rejected is not published."""

LOST_SHARE = 0.5
LOST_AT_LEAST = 10
"""Deliveries read again, of whose works more than this share, and at least so many, no delivery holds any more, are of
another corpus."""

JOINED_SHARE = 0.9
"""At least this share of an edge list's ends must be papers: all are in hep-th's; fewer are papers that are missing, or
ids of another corpus that meet by accident."""

YEAR_LATER_SHARE = 0.2
"""At most this share of an edge list's citations may point to a paper that appeared over a year later; at random it is
near half."""

# ---- a release compared with those before it

AT_LEAST = 100
"""Fewer works or citations than this say nothing about a share."""

USUAL_RELEASES = 3
"""New documents are compared with those of so many deliveries before; a corpus' first one holds all the years before
and is left out."""

# ---- wrong data that looks right: critical

RANDOM_CITATIONS = 1_000
RANDOM_RATIO = 1.5
"""How much more often two citations meet in one document than if every document of the same release were cited alike:
1.0 in a random network (1.1 at most, with a thousand citations), 2.9 to 86 in real ones and in the sample."""

SAME_RECORDS_AT_LEAST = 10
SAME_RECORDS_SHARE = 0.5
"""A record lives in one partition and moves when it changes. That half of a partition, or of a release, has the ids and
the moments of change of another can't be chance; real releases have none."""

NOTHING_NEW_SHARE = 0.01
WHOLE_RELEASE_SHARE = 0.9
"""A release of which at most one in a hundred works is new or changed, and which holds nearly all works of one earlier
release, is that release again. Works that were touched without a change come from many releases."""

SHIFTED_SHARE = 0.5
"""Of works that came again, sources correct the year of one in a hundred (OpenAlex), the sample of a third, in both
directions. Half of them moved by the same number of years were shifted."""

LAG_USUAL_SHARE = 0.6
LAG_LEFT_SHARE = 0.2
"""Where most new works are usually as many years old as the others (arXiv's, hep-th's and the sample's: 90 to 100 % are
of the release's year), they do not all become one year older or younger at once. OpenAlex's are too mixed to tell."""

AHEAD_SHARE = 0.2
"""Works that are dated after their delivery: none in arXiv's and hep-th's, under 1 % in OpenAlex; of a release whose
years were shifted ahead, all."""

NO_TOPIC_SHARE = 0.25
NO_TOPIC_MORE = 0.2
"""In OpenAlex 2 to 5 % of works have no topic, in arXiv's and the sample's up to 3 %, in hep-th's all: a source has
topics or it has none. A share that grew by 20 points was lost on the way; a quarter without one, where no share is
usual yet, may be, and only warns: some sources map fewer of their works."""

TOPIC_WORKS = 10
TOPICS_LOST_SHARE = 0.25
"""A topic of which ten new works are to be expected has one, save by a chance of 1 in 20,000 or where a fad ended. A
mapping that lost half of its ids loses half of the topics."""

REFERENCES_LOST_SHARE = 0.5
"""Works that come again lose few of their references (OpenAlex: 8 % of works lose or gain any). Half of all lost means
that lists were cut."""

# ---- the source re-curated its history: warnings, by share of the works that came again and now differ

RECURATED_SHARES = {
    "year": 0.1,  # OpenAlex 0.8 %; every moved year moves citations between windows
    "topic": 0.3,  # OpenAlex 7 %; more is a new classification, and hot areas are no longer comparable
    "type": 0.3,  # OpenAlex 0 %
    "language": 0.3,  # OpenAlex under 1 %
    "title": 0.5,  # OpenAlex 2 %; no feature reads it, but records of other works would show here
    "references": 0.5,  # OpenAlex 8 %
    "retraction": 0.05,  # OpenAlex 0 %
}

# ---- the world changed: warnings, by Jensen-Shannon distance (0: alike, 1: nothing in common)

WORKS_A_VALUE = 5
"""With fewer works than five times the values that they have, distances come from chance."""

DRIFT_DISTANCES = {
    "age": 0.4,  # years from publication to delivery: up to 0.17 in the sample, 0.29 between two years of OpenAlex
    "topic": 0.6,  # up to 0.18 in arXiv's, 0.43 in the sample, whose topics are fads
    "type": 0.3,  # up to 0.17 in OpenAlex
    "language": 0.3,  # up to 0.12 in OpenAlex
    "references": 0.4,  # up to 0.35 in hep-th's first years, while its lists fill; the sample's planted shift has 0.46
    "found": 0.3,  # whether a reference leads to a known work
}

# ---- what the suites of expectations/ judge

TITLED_SHARE = 0.95
"""In OpenAlex 0.5 % of works have no title; ten times as many are a sign that the field moved."""

TOPIC_SHARE = 0.5
"""In OpenAlex 2.7 % of works have no topic; other sources have none at all, so this only informs."""

RETRACTED_SHARE = 0.05
"""In OpenAlex 0.06 % of works are retracted."""

FUTURE_SHARE_UNUSUAL = 0.10
"""Citations, within a release, of documents that were published later: up to 6 % in arXiv's and hep-th's."""

FUTURE_SHARE_WRONG = 0.30
"""Dates of another corpus, joined by accident, put half of the citations into the future."""

SHARE_ROWS = 100
"""Fewer citations than this say nothing about a share."""

LARGE_RELEASE = 1000
"""A release of this many documents has citations; the smallest ones of a corpus' first years may have none."""

RELEASES_COMPARED = 3
"""A release's rows are compared with the median of this many before it."""

USUAL_ROWS_SHARE = 0.8
"""Yearly releases of arXiv's, hep-th's and the sample's corpus have 0.9 to 2 times that median, a last year in part
0.3; without a third of its rows, a release that grew by up to 19 % has less than 0.8."""

USUAL_ROWS_FACTOR = 5.0
"""Releases of these corpora have up to 2.2 times that median, once it is 100 or more; five times as many are there
twice or come from elsewhere."""

CITATIONS_SHARE = 0.3
"""Citations per document, of the median of the releases before. A judgement: with less than a third, references were
lost."""

FRESH_DAYS = 400
"""Between a release's newest document and its date. Yearly corpora dated by years alone reach 364 days."""

NULL_SHARE_RISE = 0.2
"""Of rows, from one release or cutoff to the next. A judgement: a field that a fifth of all rows lost at once was lost
on the way."""

MALFORMED_SHARE = 0.01
"""Topics, languages and types of another form than the known ones. A judgement: below this share they are strays, above
it a new form."""

DISTRIBUTION_MOVED = 0.25
"""Of rows, at any value, from one cutoff to the next: less at every year of hep-th once it stopped doubling, 0.52 and
0.25 in the two years before."""

GROWTH_COMPARED = 1.5
"""A corpus that grew by more since the cutoff before is another one: hep-th's by 2.6 and 1.7 in its first two years."""

DANGLING_FACTOR = 1.2
DANGLING_MORE = 0.015
"""Citations of ids that no release had: usual is up to 1.2 times the share of the release before, and 1.5 points more
(arXiv's from 18 % down to 0, hep-th's under 2 %). Without a third of its documents a release's own citations of each
other dangle, and the share is 2 to 10 points higher."""

FOUND_SHARE = 0.5
"""If less than half of the citations are found that were found in the release before, documents were lost."""

FRESH_YEARS = 1.1
"""A cutoff that a release covers has documents of the last year; yearly corpora dated by years alone reach 1.0."""

DOCUMENTS_REMOVED = 0.02
"""Of a cutoff's documents, until the next one. A judgement: sources end single records; where one in fifty ended, a
list of ended ids is likely to be wrong."""

UNKNOWN_LABELLED_SHARE = 0.05
"""Of labelled documents, those that the features of their cutoff did not know: late versions and merges."""

HOT_SHARE_OF_QUANTILE = (0.3, 1.5)
"""Between so many times the tenth that is hot by definition. A judgement: ties at the quantile are not hot, and leave
less than a tenth."""

PREDICTED_HOT_SHARE = (0.02, 0.3)
"""Of scored documents: a tenth at the evaluation cutoff."""

OTHER_KIND_SHARE = 0.01
"""Of raw records, those in which a field has a kind of value that its era does not know."""

"""Every threshold of every suite, in one place."""

from datetime import date

EARLIEST_PUBLISHED = date(1500, 1, 1)
"""Printed scholarship is younger; an earlier date is a parsing error (OpenAlex knows year 0)."""

YEARS_AHEAD = 5
"""A release may announce works this many years ahead; a later date is an error (OpenAlex knows year 2209)."""

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

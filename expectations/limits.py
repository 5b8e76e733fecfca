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

DANGLING_FACTOR = 1.2
DANGLING_MORE = 0.015
"""Citations of ids that no release had: usual is up to 1.2 times the share of the release before, and 1.5 points more
(arXiv's from 18 % down to 0, hep-th's under 2 %). Without a third of its documents a release's own citations of each
other dangle, and the share is 2 to 10 points higher."""

FOUND_SHARE = 0.5
"""If less than half of the citations are found that were found in the release before, documents were lost."""

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

FUTURE_ROWS = 100
"""Fewer citations than this say nothing about a share."""

LARGE_RELEASE = 1000
"""A release of this many documents has citations; the smallest ones of a corpus' first years may have none."""

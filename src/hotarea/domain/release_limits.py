"""Every threshold by which a release is trusted, in one place with its reason.

Measured on all releases of arXiv's, hep-th's and the sample's corpus and on real OpenAlex records, on which none fires.
"""

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

"""Small corpora by hand: the design's worked example, and one of everything that happens to works."""

from datetime import date

from hotarea.domain.windows import Cutoff
from tests.lakes import Delivery, Removal, Work


def year(number: int) -> date:
    return date(number, 1, 1)


def end(number: int) -> date:
    return date(number, 12, 31)


def cutoff(day: int, known: int | None = None) -> Cutoff:
    return Cutoff(end(day), end(known or day))


A, B, C, D = 1, 2, 3, 4

WORKED_EXAMPLE = {
    end(2010): Delivery([Work(A, year(2010))]),
    end(2014): Delivery([Work(B, year(2014), [A])]),
    end(2016): Delivery([Work(C, year(2016), [A, B])]),
    end(2017): Delivery([Work(D, year(2017), [B, C])]),
}
"""A (2010) is cited by B (2014) and C (2016); B by C (2016) and D (2017); C by D (2017)."""

EVENTFUL = {
    end(2010): Delivery(
        [Work(10, year(2005)), Work(11, year(2006), [10]), Work(12, year(2009), [10, 11, 99]), Work(13, year(2010))]
    ),
    end(2011): Delivery(
        [
            Work(12, year(2008), [10]),  # corrected: a year earlier, and 11 was never cited
            Work(14, year(2011), [11, 13], is_retracted=True),
            Work(15, date(2011, 12, 31), [10, 13, 14]),
        ]
    ),
    end(2012): Delivery(
        [Work(16, date(2012, 2, 29), [11, 13]), Work(17, year(2013), [16])],
        [Removal(13, end(2012), into=11), Removal(15, date(2012, 6, 30))],
    ),
    end(2014): Delivery(
        [Work(10, year(2004), updated=end(2009)), Work(18, date(2014, 12, 31), [11, 16, 13, 18 + 1])],
        [Removal(11, date(2014, 1, 1), into=16)],
    ),
    end(2015): Delivery([Work(19, year(2015), [10, 12, 14, 16, 18])]),
}
"""A correction, a late old version, a retraction, merges in a chain that make a pair double and a work cite itself,
a deletion, a reference to a later work, and dangling ones."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from hotarea.domain.row_keys import keys, overlap
from hotarea.domain.tables import STAMP


def rows(ids: list[int], *years: int) -> pa.Table:
    stamps = [datetime(year, 12, 31, tzinfo=UTC) for year in years for _ in ids]
    return pa.table({"document_id": pa.array(ids * len(years), pa.int64()), "event_timestamp": pa.array(stamps, STAMP)})


def test_keys_are_of_documents_at_cutoffs_in_whatever_order_they_come():
    found = keys(rows([1, 2, 9_000_000_001], 2013, 2014))

    assert len(np.unique(found)) == 6
    assert (np.diff(found.astype(object)) > 0).all()
    assert np.array_equal(keys(rows([9_000_000_001, 1, 2], 2014, 2013)), found)


def test_the_overlap_counts_rows_of_the_same_document_and_the_same_cutoff():
    learned = keys(rows([1, 2, 3, 4], 2012, 2013))

    assert overlap(learned, keys(rows([1, 2, 3], 2014))) == 0
    assert overlap(learned, keys(rows([3, 4, 5], 2013, 2014))) == 2


def test_a_million_neighbouring_documents_have_as_many_keys():
    ids = pa.array(np.arange(1_000_000), pa.int64())
    moment = pa.scalar(datetime(2014, 12, 31, tzinfo=UTC), STAMP)

    found = keys(pa.table({"document_id": ids, "event_timestamp": pa.repeat(moment, len(ids))}))

    assert len(np.unique(found)) == 1_000_000


def test_keys_are_split_mix_of_document_and_day_in_plain_integers():
    """They are compared with those of models that were trained by earlier versions, of this project and of pandas."""

    def mixed(value: int) -> int:
        value = (value + 0x9E3779B97F4A7C15) % 2**64
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
        return value ^ (value >> 31)

    day = (datetime(2014, 12, 31, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    assert mixed(0) == 0xE220A8397B1DCDAF  # the first number that the published generator gives for the seed 0
    assert keys(rows([17], 2014)).tolist() == [mixed(mixed(17) + day)]

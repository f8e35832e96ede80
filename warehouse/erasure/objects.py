"""Landing objects without the people in them: the same key, the same number of rows, the same source."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sdk_contract.privacy import Vault
from warehouse.erasure.looking import Rows
from warehouse.erasure.needles import Mask, Needles
from warehouse.erasure.treatment import erased, pseudonymised, without
from warehouse.landed import open_object
from warehouse.landing import segment_of
from warehouse.row_table import source_of, write_parquet


def rewritten(data: bytes, key: str, which: Rows, needles: Needles, vault: Vault) -> bytes:
    """The object's bytes with these rows treated. Raises ObjectDamaged."""
    rows = treated(open_object(data, key), which, needles, vault)
    return write_parquet(rows, segment_of(key), source_of(data) or "")


def treated(rows: pa.Table, which: Rows, needles: Needles, vault: Vault) -> pa.Table:
    """The rows of an object, some of them treated; doing it again changes nothing."""
    rows = without(rows, _mask(which.clear, rows), needles)
    rows = pseudonymised(rows, _mask(which.pseudonymise, rows), needles, vault.pseudonym)
    return erased(rows, _mask(which.erase, rows))


def _mask(numbers: list[int], rows: pa.Table) -> Mask:
    found = np.zeros(rows.num_rows, bool)
    found[numbers] = True
    return found

"""Store ids as numbers: each spelling is looked at once, however many rows it has."""

from threading import Lock

import numpy as np
import numpy.typing as npt
import polars as pl

from opsroom.stores.files.rejects import Reason, Reasons

LONGEST_ID = 255
BLANK = 0
MANGLED = r"^[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+$"


class StoreIds:
    """A growing numbering of trimmed store ids, shared by the files of one import or report.

    Numbers are small but not without gaps, and their order means nothing.
    """

    def __init__(self) -> None:
        self._kind = pl.Categorical(pl.Categories.random())
        # Polars forgets the numbering of categories when the last series of it is gone.
        self._anchor = pl.Series([""], dtype=self._kind)
        self._number = np.empty(0, dtype=np.uint32)
        self._reason = np.empty(0, dtype=np.uint8)
        self._judged = np.empty(0, dtype=np.bool_)
        self._plain = True  # so far every spelling but the blank one is an id as it stands
        self._lock = Lock()

    def number(self, texts: pl.Series) -> tuple[npt.NDArray[np.uint32], Reasons]:
        """The number of each id as written, and why an id is no id (0: it is one)."""
        codes = self._codes(texts)
        reasons = np.zeros(len(codes), dtype=np.uint8)
        if len(codes) == 0:
            return codes, reasons
        with self._lock:
            self._judge(codes)
            number, reason, plain = self._number, self._reason, self._plain
        if not plain:
            return number[codes], reason[codes]
        reasons[codes == BLANK] = Reason.STORE_BLANK
        return codes, reasons

    def texts(self, numbers: npt.NDArray[np.integer]) -> pl.Series:
        """The trimmed ids of numbers."""
        return pl.Series("store", numbers).cast(pl.UInt32).cat.to(self._kind).cast(pl.String)

    def _codes(self, texts: pl.Series) -> npt.NDArray[np.uint32]:
        filled = texts.fill_null("") if texts.null_count() else texts
        codes: npt.NDArray[np.uint32] = filled.cast(self._kind).to_physical().to_numpy()
        return codes

    def _judge(self, codes: npt.NDArray[np.uint32]) -> None:
        """Look at the spellings of these codes that were not seen before.

        At theirs only: of other codes up to the greatest, Polars may just be writing the text for another thread.
        """
        self._make_room(int(codes.max()) + 1)
        present = np.zeros(len(self._judged), dtype=np.bool_)
        present[codes] = True
        fresh = np.flatnonzero(present & ~self._judged).astype(np.uint32)
        if len(fresh) == 0:
            return
        written = self.texts(fresh)
        trimmed = written.str.strip_chars()
        reason = np.zeros(len(fresh), dtype=np.uint8)
        reason[(trimmed.str.len_chars() > LONGEST_ID).to_numpy()] = Reason.STORE_LONG
        reason[trimmed.str.contains(MANGLED).to_numpy()] = Reason.STORE_MANGLED
        reason[(trimmed == "").to_numpy()] = Reason.STORE_BLANK
        padded = (written != trimmed).to_numpy()
        self._plain &= not padded.any() and not reason[fresh != BLANK].any()
        self._reason[fresh] = reason
        self._number[fresh[padded]] = self._codes(trimmed.filter(pl.Series(padded)))
        self._judged[fresh] = True

    def _make_room(self, size: int) -> None:
        """Codes that are not judged yet stand for themselves."""
        have = len(self._judged)
        if size > have:
            size = max(size, 2 * have)
            self._number = np.concatenate([self._number, np.arange(have, size, dtype=np.uint32)])
            self._reason = np.concatenate([self._reason, np.zeros(size - have, dtype=np.uint8)])
            self._judged = np.concatenate([self._judged, np.zeros(size - have, dtype=np.bool_)])

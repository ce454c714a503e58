"""What may leave the house: small cells marked, ids made pseudonyms."""

import hashlib
import hmac
import os
from pathlib import Path

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_whole
from loyalty_kit.core.errors import InputError, UnreadableError, kind
from loyalty_kit.core.messages import foreign
from loyalty_kit.core.selection import FEWEST, cell_texts

KEY = "LOYALTY_KIT_PSEUDONYM_KEY"
"""Environment variable with the key of pseudonyms."""
SHORTEST_KEY = 16
SHORTEST, LONGEST = 16, 64


def small_cells(counts: pd.Series, min_cell: int = FEWEST) -> pd.Series:
    """Mark the counts that must not be shown: the small ones, and the next larger that would give one away.

    Parameters
    ----------
    counts : Series of shape (cells,)
        Counts of the cells of one total that is known.
    min_cell : int
        Smallest count that is shown.

    Returns
    -------
    Series of shape (cells,), bool

    Examples
    --------
    >>> small_cells(pd.Series({"web": 40, "store": 12, "fax": 2})).to_dict()
    {'web': False, 'store': True, 'fax': True}
    """
    order = counts.to_numpy().argsort(kind="stable")
    ordered = counts.iloc[order]
    needed = int(((ordered > 0) & (ordered < min_cell)).sum())
    if needed:
        together = ordered.cumsum()
        enough = (together >= min_cell) & (np.arange(1, len(ordered) + 1) >= 2)
        needed = max(needed, int(enough.to_numpy().argmax()) + 1 if enough.any() else len(ordered))
    hidden = np.zeros(len(counts), dtype=bool)
    hidden[order[:needed]] = True
    return pd.Series(hidden, index=counts.index)


def pseudonymise(ids: pd.Series, *, key_file: str | Path | None = None, length: int = 32) -> pd.Series:
    """Pseudonyms of ids, the same for the same key, which nobody can undo or make without it.

    Parameters
    ----------
    ids : Series of shape (rows,)
        Ids; 17850.0 and '17850' are one, missing ones stay missing.
    key_file : str or Path, optional
        File whose bytes, but for blanks at the end, are the key; if absent, the environment variable
        LOYALTY_KIT_PSEUDONYM_KEY is.
    length : int
        Characters of a pseudonym, 16 to 64.

    Returns
    -------
    Series of shape (rows,)
        HMAC-SHA256 in hexadecimal, shortened.

    Raises
    ------
    UnreadableError
        If the file of the key cannot be read.
    InputError
        If there is no key, or it has fewer than 16 bytes; the sentence never holds it.

    Notes
    -----
    A plain hash is no pseudonym: whoever has a list of ids or phone numbers hashes it too. Whoever has the key can do
    so here, hence it stays in the house. With 32 characters any two of a billion ids share a pseudonym with probability
    1.5e-21.

    References
    ----------
    RFC 2104; test vectors of RFC 4231.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "key").write_text("a key that is long enough")
    ...     pseudonymise(pd.Series([17850.0, "17850"]), key_file=Path(folder, "key"), length=16).nunique()
    1
    """
    if not isinstance(ids, pd.Series):
        raise InputError("'ids' must be a Series; got {given}.", given=kind(ids))
    check_whole(length, "length", SHORTEST)
    if length > LONGEST:
        raise InputError("'length' must be {most} at most; got {given}.", most=LONGEST, given=length)
    key = _key(None if key_file is None else Path(key_file))
    texts = cell_texts(ids)
    known = {text: pseudonym(key, str(text).encode())[:length] for text in texts.dropna().unique()}
    return texts.map(known).astype(object).where(texts.notna(), None)


def pseudonym(key: bytes, text: bytes) -> str:
    """HMAC-SHA256 of a text, in hexadecimal."""
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _key(file: Path | None) -> bytes:
    try:
        key = os.environ.get(KEY, "").encode() if file is None else file.read_bytes()
    except OSError as error:
        raise UnreadableError(
            "The key file '{path}' cannot be read: {cause}.", path=file, cause=foreign(error.strerror)
        ) from None
    key = key.rstrip()
    if not key:
        raise InputError(
            "Pseudonyms need a key: name its file as key_file, or set the environment variable {name}.", name=KEY
        )
    if len(key) < SHORTEST_KEY:
        raise InputError(
            "The key of pseudonyms has {n} bytes; it needs {least} or more, as `openssl rand -hex 32` makes.",
            n=len(key),
            least=SHORTEST_KEY,
        )
    return key

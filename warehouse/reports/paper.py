"""A report's HTML as PDF, by WeasyPrint: the same HTML, fonts and versions give the same bytes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from warehouse.reports.errors import BadReport

_NO_GLYPH: Final = ".notdef glyph"
log = logging.getLogger("sojourn")


def pdf(page: bytes) -> bytes:
    """BadReport where what it needs is not installed."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError as error:
        raise BadReport(
            f"PDF needs {error.name}, which is not installed: pip install 'sojourn[reports]' would do"
        ) from None
    except OSError as error:
        raise BadReport(
            "PDF needs Pango, which is not on this machine: the package libpangoft2-1.0-0 of Debian would do "
            f"({str(error).splitlines()[0][:120]})"
        ) from None
    # A report reads no file and asks no host, whatever stands in it.
    document = HTML(string=page.decode(), base_url=None, url_fetcher=URLFetcher(allowed_protocols=()))
    identifier = hashlib.sha256(page).digest()[:16]
    with _missing_glyphs() as letters:
        made: bytes = document.write_pdf(pdf_identifier=identifier)
    if letters:
        told = "".join(dict.fromkeys(letters))[:20]
        log.warning("a report's PDF has boxes in place of %s: fonts-noto-cjk of Debian has most", told)
    return made


@contextmanager
def _missing_glyphs() -> Iterator[list[str]]:
    """Letters that no font has, of which WeasyPrint tells one by one."""
    letters: list[str] = []

    def is_other(record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(_NO_GLYPH) or not isinstance(record.args, tuple):
            return True
        letters.append(str(record.args[0]))
        return False

    logger = logging.getLogger("weasyprint")
    logger.addFilter(is_other)
    try:
        yield letters
    finally:
        logger.removeFilter(is_other)

"""A report's HTML as PDF, by WeasyPrint: the same HTML, fonts and versions give the same bytes."""

from __future__ import annotations

import hashlib

from warehouse.reports.errors import BadReport


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
    made: bytes = document.write_pdf(pdf_identifier=identifier)
    return made

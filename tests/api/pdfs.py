"""Reads a PDF back, with the engine of a browser: its words without blanks and breaks, page by page or all of them."""

import re

from pypdfium2 import PdfDocument


def pages(content: bytes) -> list[str]:
    """Return the words of each page, without blanks."""
    document = PdfDocument(content)
    try:
        return [re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def plain(content: bytes) -> str:
    """Return the words of all pages, without blanks and page numbers."""
    return "".join(re.sub(r"—\d+—$", "", page) for page in pages(content))

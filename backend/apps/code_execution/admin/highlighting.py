"""Programs in colours: by Pygments, on the server."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# Colours for what is longer would take too long.
HIGHLIGHTED_CHARS_MAX = 50_000


def highlighted(code: str, language: str) -> SafeString:
    """Give a program as HTML with numbered lines; a very long one without colours."""
    if len(code) > HIGHLIGHTED_CHARS_MAX:
        return format_html('<pre class="plain">{}</pre>', code)
    # Our languages' ids are names that Pygments knows; nothing of the program goes as it is.
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    formatter = HtmlFormatter(linenos="table", cssclass="highlight", wrapcode=True)
    escaped: str = highlight(code, lexer, formatter)
    return mark_safe(escaped)  # noqa: S308 - Pygments has escaped it

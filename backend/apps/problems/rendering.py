r"""Statements as safe HTML: Markdown with tables and maths; everything else is shown as it is.

Whoever writes a statement may be anybody's colleague, so that nothing of it is trusted: no script,
style, form, frame or id comes through, and no picture of another host, which would tell that host
who reads. Maths stays TeX, as `\(...\)` in `span.math.inline` and `\[...\]` in
`span.math.display`, for KaTeX in the browser; its auto-render finds both by default.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin

from apps.problems.domain import LANGUAGES, STATEMENT_CHARS_MAX

MARKDOWN = "markdown"
LINK_REL = "noopener noreferrer nofollow"
# How deep lists and quotes may lie in each other; what is deeper is text.
NESTING_MAX = 20
TAGS = frozenset({
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "blockquote", "pre"),
    *("a", "b", "code", "del", "em", "i", "kbd", "s", "samp", "small", "strong", "sub", "sup"),
    *("u", "var", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary", "img", "figure"),
    *("figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
})
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_ALIGNMENTS = {"align": {"left", "center", "right"}}
_CLASSES = {
    "span": {"math", "inline", "display"},
    "code": {f"language-{name}" for name in LANGUAGES},
}
_NUMBERS = frozenset({"width", "height", "start", "colspan", "rowspan"})
_NUMBER = re.compile(r"[0-9]{1,4}\Z")
_ELSEWHERE = re.compile(r"(?:https?://|mailto:)[^\s\\]+\Z", re.IGNORECASE)
# Names as packages have them, below the problem: no '..', and nothing that a browser reads as a
# scheme or a host.
_FILE = re.compile(r"(?:\./)?((?:[A-Za-z0-9_][A-Za-z0-9_.+-]*/)*[A-Za-z0-9_][A-Za-z0-9_.+-]*)\Z")
# What costs more than the rest: half a second for this many on a slow machine.
_COSTLY = re.compile(r"\[|<[A-Za-z]")
COSTLY_MAX = 5_000
_CACHED = 128


@lru_cache(maxsize=_CACHED)
def render_statement(text: str, markup: str = MARKDOWN, *, files_url: str = "") -> str:
    """Give a statement as HTML that is safe on any page.

    Links and pictures to files beside it lead to below `files_url`, which ends in a slash; without
    one there are none. A text that would take long to render is shown as it is: one longer than a
    statement may be, or with more than `COSTLY_MAX` tags and opening brackets.
    """
    if markup != MARKDOWN or _is_costly(text):
        return f"<pre>{escape(text, quote=False)}</pre>\n"
    return sanitize(_MARKDOWN.render(text), files_url=files_url)


def sanitize(html: str, *, files_url: str = "") -> str:
    """Keep what statements may have, and lead what is relative to the problem's files."""

    def filtered(tag: str, name: str, value: str) -> str | None:
        if name in _NUMBERS:
            return value if _NUMBER.match(value) else None
        if name == "href":
            return value if _ELSEWHERE.match(value) else _file_url(value, files_url)
        return _file_url(value, files_url) if name == "src" else value

    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=filtered,
        tag_attribute_values={"td": _ALIGNMENTS, "th": _ALIGNMENTS},
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel=LINK_REL,
    )


def _is_costly(text: str) -> bool:
    return len(text) > STATEMENT_CHARS_MAX or len(_COSTLY.findall(text)) > COSTLY_MAX


def _file_url(value: str, files_url: str) -> str | None:
    match = _FILE.match(unquote(value.removeprefix(files_url)))
    return f"{files_url}{match[1]}" if files_url and match else None


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"maxNesting": NESTING_MAX})
    markdown.enable(["table", "strikethrough"])
    dollarmath_plugin(markdown, allow_labels=False, allow_blank_lines=False, double_inline=True)
    for kind in ("math_inline", "math_inline_double", "math_block"):
        markdown.add_render_rule(kind, _rendered_maths)
    for kind in ("th_open", "td_open"):
        markdown.add_render_rule(kind, _rendered_cell)
    return markdown


def _rendered_maths(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    tex = escape(tokens[index].content.strip(), quote=False)
    if tokens[index].type == "math_inline":
        return f'<span class="math inline">\\({tex}\\)</span>'
    span = f'<span class="math display">\\[{tex}\\]</span>'
    return f"<p>{span}</p>\n" if tokens[index].block else span


def _rendered_cell(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Say the alignment by an attribute, as no style comes through."""
    style = str(tokens[index].attrs.pop("style", ""))
    if style:
        tokens[index].attrSet("align", style.removeprefix("text-align:"))
    return renderer.renderToken(tokens, index, options, env)


_MARKDOWN = _markdown()

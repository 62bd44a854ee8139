"""Lines without secrets: known values, and whatever looks like a credential."""

import json
import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, unquote

SHORTEST_SECRET = 8
"""Anything shorter is part of too many words; settings that matter are longer."""
HIDDEN = "***"

# Quotes may be escaped, as in JSON.
_QUOTE = r"\\?['\"]"
_NAMES = (
    r"authorization|(?:set-)?cookie|x-webhook-secret|webhook-signature|x-api-key|"
    r"password|passwd|secret_key|api_key"
)
_CREDENTIAL = re.compile(
    # in a query, where names end in it; and in the parameters of a connection
    r"(?P<query>(?:[?&][\w-]*(?:token|password|secret|code|key)|\bpassword)=)[^&\s\"'\\]+"
    # name: value, 'name': 'value' and ('name', 'value'); it ends with the quote or the line
    rf"|(?P<name>\b(?:{_NAMES})(?:{_QUOTE})?(?:\s*[:=]\s*|{_QUOTE},\s*|,\s*)b?(?:{_QUOTE})"
    rf"|\b(?:{_NAMES})\s*:\s*)[^'\"\r\n]+"
    # postgresql://user:password@host
    r"|(?P<url>://[^/\s:@'\"]*:)[^/\s@'\"]+(?=@)"
    r"|(?P<bearer>\bBearer\s+)[\w.~+/-]{8,}=*"
    # a JSON web token
    r"|\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"
    # a personal access token
    r"|(?P<personal>\bcct_)[\w-]{6,}"
    # what signs webhooks
    r"|(?P<signing>\bwhsec_)[\w+/=-]{8,}",
    re.IGNORECASE,
)


class Redactor:
    """Hides the secrets of an installation, and what looks like one, in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {
            spelling
            for secret in secrets
            for spelling in (secret, unquote(secret), quote(secret, safe=""))
        }
        spellings |= {json.dumps(each)[1:-1] for each in spellings} | set(map(escape, spellings))
        known = [each for each in spellings if len(each) >= SHORTEST_SECRET]
        self._known = sorted(known, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return the text without them."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return _CREDENTIAL.sub(_hide, text)


def _hide(found: re.Match[str]) -> str:
    return next((kept for kept in found.groups() if kept), "") + HIDDEN

"""By what the same opportunity is known again under another source: its place, its name."""

import re
from hashlib import blake2b
from unicodedata import category, normalize

_LINK = re.compile(r"https?://(?:www\.)?([^/?#@\s]+)(/[^?#]*)?(\?[^#]*)?(#.*)?", re.IGNORECASE)
_TRACKING = re.compile(r"utm_\w*|ref|referrer|referral|[a-z]{1,2}clid|fbclid|mc_[ce]id|igshid")
_PORT = re.compile(r"\.?(?::(?:80|443))?$")
_ROUTES = ("#/", "#!/")
_PARTICIPANTS = re.compile(r"[\d.,]+\s*[KkMm]?\s+participants?\s*$")
_REWARD = re.compile(r"^\s*[\d.,]+\s?[A-Za-z]{2,6}\d{1,4}(?=[^\W\d_])")
_WORD = re.compile(r"[^\W_]+")
LEAST_LETTERS, LEAST_WORDS = 10, 2


def place(url: str) -> int | None:
    """Return the number of the page a link leads to, however the link is spelled.

    What only says where the visitor comes from does not count. A home page is no place: every
    quest of a project may link to it.
    """
    found = _LINK.fullmatch(url)
    if found is None:
        return None
    host, path, query, fragment = found.groups("")
    path = path.rstrip("/")
    query = "&".join(sorted(filter(_tells, query[1:].split("&")))) if query else ""
    route = fragment if fragment.startswith(_ROUTES) and len(fragment) > len("#!/") else ""
    if not (path or query or route):
        return None
    return _number(f"{_PORT.sub('', host.lower())}{path}?{query}{route}")


def name(title: str) -> int | None:
    """Return the number of a title, however it is set; None where it tells too little.

    Capitals, punctuation and what a card glues to its title (reward, points, participants) do
    not count; figures do: "Season 2" is not "Season 3".
    """
    if title.endswith("…"):
        return None
    text = _REWARD.sub("", _PARTICIPANTS.sub("", title), count=1)
    if not text.isascii():
        text = "".join(ch for ch in normalize("NFKC", text) if category(ch) != "Cf")
    words = _WORD.findall(text.casefold())
    letters = sum(not ch.isdigit() for word in words for ch in word)
    if len(words) < LEAST_WORDS or letters < LEAST_LETTERS:
        return None
    return _number(" ".join(words))


def _tells(part: str) -> bool:
    return bool(part) and not _TRACKING.fullmatch(part.partition("=")[0].lower())


def _number(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

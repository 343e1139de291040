"""Names, streets and web addresses reduced to what tells one company from another."""

from __future__ import annotations

import re
import unicodedata

_LEGAL = frozenset(
    "inc incorporated llc llp lp ltd limited co corp corporation company companies gmbh ag kg kgaa ug ohg sa sas sarl"
    " srl spa sl bv nv plc pc pllc pty pvt pte oy oyj ab as asa aps kk ltda cia sab cv".split()
)
"""Words that end a company's legal name and say nothing of who it is."""
_LONG = {
    "intl": "international",
    "int'l": "international",
    "natl": "national",
    "mfg": "manufacturing",
    "mfrs": "manufacturers",
    "ctr": "center",
    "centre": "center",
    "hosp": "hospital",
    "univ": "university",
    "assoc": "associates",
    "assn": "association",
    "svc": "service",
    "svcs": "services",
    "bros": "brothers",
    "dept": "department",
    "med": "medical",
    "mem": "memorial",
    "meml": "memorial",
    "rgnl": "regional",
    "comm": "community",
    "tech": "technology",
    "sys": "systems",
    "grp": "group",
    "hldgs": "holdings",
    "st": "saint",
    "ste": "sainte",
    "mt": "mount",
    "ft": "fort",
    "u": "university",
}
_STREET = {
    "street": "st",
    "avenue": "ave",
    "av": "ave",
    "road": "rd",
    "boulevard": "blvd",
    "drive": "dr",
    "lane": "ln",
    "court": "ct",
    "place": "pl",
    "square": "sq",
    "parkway": "pkwy",
    "highway": "hwy",
    "circle": "cir",
    "terrace": "ter",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "strasse": "str",
    "first": "1st",
    "second": "2nd",
    "third": "3rd",
    "saint": "st",
    "fort": "ft",
    "mount": "mt",
}
_UNIT = re.compile(
    r"(?:\b(?:suite|ste|unit|apt|apartment|room|rm|floor|fl|bldg|building|dept|level)\b\.?|#) *#?[\w-]*", re.IGNORECASE
)
_MAILBOXES = frozenset(
    "gmail.com googlemail.com yahoo.com hotmail.com outlook.com live.com msn.com aol.com icloud.com me.com mac.com"
    " comcast.net verizon.net att.net sbcglobal.net proton.me protonmail.com gmx.de gmx.net web.de facebook.com"
    " linkedin.com example.com".split()
)
"""Addresses that many companies share."""
_DIGITS = re.compile(r"\d+")
_NOT_WORD = re.compile(r"[^\w]+")
_INITIALS = re.compile(r"\b(?:\w\.){2,}")
_SPACED = re.compile(r"\b(?:\w )+\w\b")
MARKS = frozenset(
    "north south east west northern southern eastern western northeast northwest southeast southwest central upper"
    " lower new old first second third fourth fifth men women boys girls senior junior i ii iii iv v"
    " vi vii viii ix".split()
)
"""A name with one of these is another company, or another site of it, than a name without."""


def flat(text: str) -> str:
    """Lower case without accents; compatibility characters as plain ones."""
    if text.isascii():
        return text.lower()
    # letters that don't come apart into a letter and an accent
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in folded if not unicodedata.combining(c))


_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def company_key(name: str) -> str:
    """A company's name without case, accents, signs, legal form and a leading "the"; short forms written out.

    "The ACME Widgets Co., Inc." -> "acme widgets"; "St. Mary's Hosp." -> "saint marys hospital". If nothing but legal
    words is left, the name keeps them.
    """
    text = flat(name).replace("&", " and ").replace("+", " and ")
    if "." in text:
        text = _INITIALS.sub(lambda m: m[0].replace(".", ""), text + " ")
    text = text.replace("'", "").replace("’", "").replace("`", "")
    words = _NOT_WORD.sub(" ", text).replace("_", " ").split()
    if any(len(w) == 1 for w in words):
        words = _SPACED.sub(lambda m: m[0].replace(" ", ""), " ".join(words)).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    end = len(words)
    while end > 1 and (words[end - 1] in _LEGAL or words[end - 1] == "and"):
        end -= 1
    return " ".join([_LONG.get(w, w) for w in words[:end]])


def street(text: str) -> str:
    """A street address in one spelling, without suite, floor or unit: "12 Main Street, Ste. 4" -> "12 main st"."""
    text = _UNIT.sub(" ", flat(text).replace("'", ""))
    return " ".join([_STREET.get(w, w) for w in _NOT_WORD.sub(" ", text).replace("_", " ").split()])


def domain(text: str) -> str:
    """The domain of a web or mail address: "https://www.acme.com/us" -> "acme.com"; "" for mailboxes of anyone."""
    word = flat(text.strip()).split(",")[0].split(" ")[0]
    word = word.split("://")[-1]
    word = re.split(r"[/?#:]", word.rpartition("@")[2], maxsplit=1)[0].strip(".")
    word = re.sub(r"^www\d?\.", "", word)
    return word if "." in word and word not in _MAILBOXES else ""


def marks(name: str) -> str:
    """What tells a name from its look-alikes, of a name that has been through `company`: its numbers without leading
    zeros, and words such as north or second. Names with other marks are different companies."""
    found = [w.lstrip("0") or "0" for w in _DIGITS.findall(name)]
    found += sorted(w for w in name.split() if w in MARKS)
    return " ".join(found)

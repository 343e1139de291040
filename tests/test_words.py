"""What a person reads is American sales English: words and phrases that may not appear in anything shown.

Strings of the code count if they hold a space or begin with a capital; docstrings, messages to the log, keys, addresses
and queries don't. Of the documents every line counts that isn't code.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (
    *("ui", "workspace", "view", "cli", "report", "ingest", "scoring", "locate", "matching", "edits", "metrics"),
    *("engine", "boundaries", "model", "store"),
)
AREAS = ("cli", "report", "edits", "engine", "boundaries", "model", "store")
"""Floors that speak of areas, and of a measure by its name, whatever the level is."""
DOCUMENTS = ("README.md", *(f"docs/{n}.md" for n in ("index", "interface", "live-editing", "metrics", "sign-in")))
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
PHRASES = (
    *(
        "nothing needs you",
        "needs? an eye",
        "worth a look",
        "says two things",
        "with a remark",
        "mend",
        "in a spreadsheet",
    ),
    *(
        "to be understood",
        "the tick off",
        "gets back the zeros",
        "what became of",
        "next extract",
        "take in",
        "drop this",
    ),
    *(
        "[0-9.,}]*[0-9}] outside$",
        "at hand",
        "give it to terr",
        "even(s|ed)? out",
        "short ways",
        "gives? in to",
        "from nothing",
    ),
    *(
        "may change hands",
        "changes hands",
        "untick",
        "ticks? box",
        "tick this",
        "largest load",
        "[0-9}] pt",
        "equal factors",
    ),
    *(
        "equal numbers",
        "stray pieces?",
        "work it out",
        "worked out",
        "ever better balance",
        "polish",
        "drawing parts",
        "anew",
    ),
    *(
        "click some in",
        "paints",
        "drop it",
        "take back",
        "taken back",
        "took back",
        "puts? away",
        "is as after",
        "branch",
    ),
    *("a plan of its own", "go on by themselves", "matched by", "same history", "spread of loads", "^made on"),
    *("somewhere by name", "go(es)? by name", "enter exceptions", "ends at a share", "likeness", r"account\(s\)"),
    *(
        r"cell\(s\)",
        r"rep\(s\)",
        "the work of",
        "on page [A-Z]",
        "the page [A-Z]",
        "none of salesforce",
        "nobody shares",
    ),
    *("address ends in", "moment of inertia", "column generation", "lazy", "exact model", "passed over", "fetch back"),
)
SPELLINGS = (
    *("colou?r(?<=our)", "colou?rs(?<=ours)", "centres?", "grey", "neighbours?", "neighbouring", "favour", "behaviour"),
    *("(kilo|centi|milli)?metres?", "cancelled", "cancelling", "learnt", "labelled", "catalogue", "cheque", "e-mail"),
    *("(optim|recogn|minim|maxim|organ|summar|normal|special|priorit|custom|util|analy)(is|ys)(e[sdr]?|ing|ation)",),
)
PERCENT = r"[0-9.}]*[0-9}] %"
WORD = r"(?<![\w-])(?:{})(?![\w-])"
BANNED = tuple(re.compile(WORD.format(one), re.IGNORECASE) for one in (*PHRASES, *SPELLINGS, PERCENT))
SPELLED = tuple(re.compile(WORD.format(one), re.IGNORECASE) for one in (*SPELLINGS, PERCENT))
UNITS = re.compile(r"(?<![\w+-])(?:units?|loads?)(?![\w=-])", re.IGNORECASE)
ALLOWED = re.compile(r"analysis|analyses|min (?:and|or) max|mend: bool")
UNSEEN = ("log.", "state.log", "CacheKind", "re.compile")
"""Calls whose texts nobody reads on a page."""
NOT_SHOWN = re.compile(r"(?s)\s*(?:SELECT|PRAGMA|SET|CASE|DESCRIBE|CREATE|UPDATE|\(\?|\\b|http|<style|@media|EPSG)")


def faults(text: str) -> list[str]:
    """The banned words of a text."""
    return [found[0] for one in BANNED if (found := one.search(text)) and not ALLOWED.search(found[0])]


def shown(source: str) -> list[tuple[int, str]]:
    """Line and text of each string of a Python file that a person may read; f-strings with {} for their values."""
    tree = ast.parse(source)
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))  # docstrings, of values too
        elif (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__") or (
            isinstance(node, ast.Call) and ast.unparse(node.func).startswith(UNSEEN)
        ):
            silent.update(id(n) for n in ast.walk(node))
    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in silent:
            parts = [v.value if isinstance(v, ast.Constant) else "{}" for v in node.values]
            silent.update(id(v) for v in node.values if isinstance(v, ast.Constant))
            silent.update(id(n) for v in node.values for n in ast.walk(getattr(v, "format_spec", None) or ast.Pass()))
            out.append((node.lineno, "".join(map(str, parts))))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            out.append((node.lineno, node.value))
    return [(n, t) for n, t in out if (" " in t.strip() or t[:1].isupper()) and not NOT_SHOWN.match(t)]


def shown_in_script(source: str) -> list[tuple[int, str]]:
    """The same for a script of the map: texts between double quotes or grave accents."""
    found = re.finditer(r"//[^\n]*|/\*.*?\*/|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`", source, re.DOTALL)
    texts = [(source.count("\n", 0, m.start()) + 1, m[1] or m[2] or "") for m in found]
    return [(n, t) for n, t in texts if " " in t.strip() or t[:1].isupper()]


def shown_in_document(source: str) -> list[tuple[int, str]]:
    """The same for a document: its lines without code."""
    plain = re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), source, flags=re.DOTALL)
    return [(n, re.sub(r"`[^`]*`", "", line)) for n, line in enumerate(plain.split("\n"), 1)]


def files() -> list[Path]:
    code = [
        p
        for floor in FLOORS
        for p in sorted((ROOT / "terr" / floor).rglob("*.py"))
        if "migrations" not in p.parts and p.name != "headers.py"
    ]  # words of others' files
    return [
        *(code + sorted((ROOT / "pages").glob("*.py"))),
        *sorted((ROOT / "static" / "map").glob("*.js")),
        *(ROOT / name for name in DOCUMENTS),
        *GUIDE,
    ]


def in_areas(path: Path) -> bool:
    """Whether the file is of a floor that speaks of areas."""
    parts = path.relative_to(ROOT).parts
    return parts[0] == "terr" and parts[1] in AREAS


def read(path: Path) -> list[tuple[int, str]]:
    how = {".py": shown, ".js": shown_in_script, ".md": shown_in_document}[path.suffix]
    return how(path.read_text("utf-8"))


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_shown_holds_a_banned_word(path: Path) -> None:
    assert [f"line {n}: {words} in {text[:100]!r}" for n, text in read(path) if (words := faults(text))] == []


@pytest.mark.parametrize("path", [p for p in files() if in_areas(p)], ids=lambda p: p.stem)
def test_areas_and_measures_are_not_called_units_and_loads(path: Path) -> None:
    assert [f"line {n}: {text[:100]!r}" for n, text in read(path) if UNITS.search(text)] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md", "docs/benchmarks.md", "CHANGELOG.md"])
def test_documents_for_engineers_are_spelled_the_american_way(name: str) -> None:
    lines = read(ROOT / name)
    assert [f"line {n}: {text[:100]!r}" for n, text in lines if any(one.search(text) for one in SPELLED)] == []


@pytest.mark.parametrize("text", ["3 units", "a unit is locked", "the load of {}", "Loads differ"])
def test_units_and_loads_are_found(text: str) -> None:
    assert UNITS.search(text)
    assert not UNITS.search("load-weighted; +units=m; unlock; unit_id; upload")


@pytest.mark.parametrize(
    "text",
    [
        *("Took back a change", "68 outside", "What needs an eye", "Colour by measure", "Drawn from nothing", "5 %"),
        *("The grey ticks", "Optimise it", "3 account(s) left", "Boundaries at hand", "Put away", "a stray piece"),
        *("Untick it", "moment of inertia", "within {} %", "lazy constraints", "Cancelled", "Neighbours touch"),
    ],
)
def test_each_kind_of_banned_word_is_found(text: str) -> None:
    assert faults(text)
    assert any(faults(t) for _, t in shown(f'"""Doc."""\nst.write({text!r})\n'))
    assert any(faults(t) for _, t in shown_in_script(f'say("{text}");'))
    assert any(faults(t) for _, t in shown_in_document(f"# Title\n\n{text}\n"))


def test_what_nobody_reads_is_not_judged() -> None:
    source = '''"""A colour."""\nlog.info("the colour of %s", x)\nkey = "colour"\nrow = ask("SELECT colour FROM t")\n'''
    assert [t for _, t in shown(source) if faults(t)] == []
    assert not faults("Center the map in gray; 5% of accounts moved")
    assert [t for _, t in shown_in_document("`colour`\n\n```\ncolour 5 %\n```\n") if faults(t)] == []

"""Texts in other encodings than UTF-8: letters kept, doubts told, and asked with cells as evidence where not sure."""

from __future__ import annotations

import pytest

from terr.ingest import RawTable, build_ledger, correct_cells, questions, read_table, recognise
from terr.ingest.reading import delimited
from terr.locate import locate
from tests.helpers.intakes import counts, issues, money

HEAD = "Account ID,Account Name,City,State,ZIP,Annual Revenue\n"
MIXED = (
    HEAD.encode()
    + "A1,Café Montréal,Doña Ana,NM,,1000\nA2,Señor Peña,Cañon City,CO,,2000\n".encode()
    + b"A3,Zo\xebs,Espa\xf1ola,NM,,3000\n"
)


def asked(raw: RawTable):
    return {q.key: q for q in questions(raw, recognise(raw))}


@pytest.mark.parametrize("fast", [False, True])
def test_a_few_bad_bytes_garble_only_their_line(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if fast:
        monkeypatch.setattr(delimited, "FAST_CHARS", 1)
    raw = read_table(MIXED, "mixed.csv")
    got = build_ledger(raw, recognise(raw))
    assert raw.encoding == "utf-8"
    assert got.frame["name"].tolist() == ["Café Montréal", "Señor Peña", "Zoës"]
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Annual Revenue") == (6000, 6000, 0, 0)
    assert issues(got) == [
        (4, "Account Name", "Zoës", "doubtful_letters", "accepted"),
        (4, "City", "Española", "doubtful_letters", "accepted"),
    ]
    assert locate(got.frame)["located_by"].tolist() == ["city_state"] * 3
    assert asked(raw) == {}
    mended = correct_cells(raw, {(4, "Account Name"): "Zoe's"})
    assert issues(build_ledger(mended, recognise(mended))) == []


NAMES = {
    "french": "Café Montréal,Société Générale,Hôtel de l'Étoile,Boulangerie François,Crêperie Noël",
    "german": "Müller GmbH,Bäckerei Schröder,Größe & Söhne,Straßenbau Köln,Überland",
    "spanish": "Peña,Señor Muñoz,Compañía Española,Málaga,León",
    "portuguese": "São Paulo,Comércio e Indústria,Açúcar União,Irmãos Gonçalves",
    "norwegian": "Tromsø,Ålesund,Bodø Fisk,Bærum,Smørbrød",
    "signs": "Acme – North,Don’t Stop Inc,“Best” Foods,Café™",
    "capitals": "CAFÉ MONTRÉAL,SOCIÉTÉ GÉNÉRALE,MÜLLER GMBH",
    "polish": "Łódź,Kraków,Wrocław,Gdańsk,Spółka Żółw,Częstochowa",
    "russian": "Москва,Санкт-Петербург,Общество Ромашка,Иванов и сыновья",
    "japanese": "テスト株式会社,本社,東京都千代田区,山田商店",
    "chinese": "北京科技有限公司,上海贸易公司,深圳市腾讯",
    "taiwanese": "台北科技股份有限公司,臺灣銀行,高雄市政府",
    "korean": "삼성전자,현대자동차 주식회사,서울특별시",
    "greek": "Αθήνα,Θεσσαλονίκη,Ελληνική Εταιρεία",
}


def written(language: str, encoding: str) -> tuple[bytes, list[str]]:
    names = NAMES[language].split(",")
    text = HEAD + "".join(f"A{i},{n},,,75001,10\n" for i, n in enumerate(names))
    return text.encode(encoding), names


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("french", "cp1252"),
        ("french", "mac_roman"),
        ("german", "cp1252"),
        ("german", "mac_roman"),
        ("spanish", "cp1252"),
        ("spanish", "mac_roman"),
        ("spanish", "cp850"),
        ("portuguese", "cp850"),
        ("norwegian", "cp1252"),
        ("signs", "cp1252"),
        ("signs", "mac_roman"),
        ("capitals", "cp1252"),
        ("capitals", "cp850"),
        ("polish", "cp1250"),
        ("russian", "koi8_r"),
        ("russian", "cp866"),
        ("russian", "cp1251"),
        ("russian", "utf-16-le"),
        ("japanese", "utf-16-be"),
    ],
)
def test_an_encoding_its_letters_tell_is_read_without_a_question(language: str, encoding: str) -> None:
    data, names = written(language, encoding)
    raw = read_table(data, "a.csv")
    assert raw.rows["Account Name"].tolist() == names
    assert asked(raw) == {}
    got = build_ledger(raw, recognise(raw))
    assert (counts(got), issues(got)) == ((len(names), len(names), 0, 0), [])


@pytest.mark.parametrize(
    ("language", "encoding", "label"),
    [
        ("japanese", "shift_jis", "shift_jis"),
        ("japanese", "euc_jp", "euc_jp"),
        ("chinese", "gbk", "gb18030"),
        ("taiwanese", "big5", "big5"),
        ("korean", "euc_kr", "euc_kr"),
        ("greek", "iso8859_7", "windows-1253"),
        ("polish", "iso8859_2", "iso-8859-2"),
        ("russian", "mac_cyrillic", "mac_cyrillic"),
        ("french", "cp437", "cp850"),
        ("norwegian", "cp850", "cp850"),
    ],
)
def test_an_encoding_that_is_not_sure_is_asked_about_with_its_cells(language: str, encoding: str, label: str) -> None:
    data, names = written(language, encoding)
    raw = read_table(data, "a.csv")
    found = asked(raw)["encoding:"]
    assert label in [c.value for c in found.choices]
    shown = next(c.title for c in found.choices if c.value == label)
    assert any(n in shown for n in names if not n.isascii())
    assert found.examples
    chosen = read_table(data, "a.csv", answers={"encoding:": label})
    assert chosen.rows["Account Name"].tolist() == names
    assert chosen.encoding == label
    assert money(build_ledger(chosen, recognise(chosen)), "Annual Revenue")[1] == 10 * len(names)


def test_a_chosen_encoding_that_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match=r"isn't Japanese \(Shift-JIS\) text; choose another encoding"):
        read_table(written("french", "mac_roman")[0], "a.csv", answers={"encoding:": "shift_jis"})


def test_a_total_with_a_bad_byte_is_a_total_all_the_same() -> None:
    """Its letters are doubtful, and the row is still no account: its money would count twice."""
    rows = "".join(f"A{k},Caf\u00e9 {k},TX,{78701 + k},100\n" for k in range(8))
    data = f"Account ID,Name,State,ZIP,Revenue\n{rows}".encode() + b"Total \x85,,,,800\n"
    raw = read_table(data, "in.csv")
    got = build_ledger(raw, recognise(raw))
    assert (got.ledger.rows_accepted, got.ledger.rows_excluded) == (8, 1)
    assert got.ledger.totals["Revenue"].accepted == 800.0

"""`terr report --territory` and `--all`: territory plans from files."""

from __future__ import annotations

import io
import json
import zipfile

import pypdf

from tests.cli.test_documents import folder, run  # noqa: F401 (a fixture)

ROSTER = "rep_id,name,home_zip,email,quota\nU-1,North,19901,n@x.com,1000\nU-2,Ben,19801,b@x.com,\n"


def test_one_territory_as_pdf(folder, capsys):  # noqa: F811
    (folder / "roster.csv").write_text(ROSTER)
    more = ["--roster", "roster.csv", "--orders", "orders.csv", "--period", "2199", "--company", "Acme"]
    assert run("--territory", "north", "--pdf", "n.pdf", *more) == 0
    text = " ".join(" ".join(p.extract_text() for p in pypdf.PdfReader(folder / "n.pdf").pages).split())
    for said in (
        "Territory plan 2199 · North",
        "Quota 1,000",
        "Customer A-2",
        "A file of opportunities, imported on",
        "Acme",
    ):
        assert said in text
    assert "n.pdf" in capsys.readouterr().out


def test_all_in_one_zip(folder, capsys):  # noqa: F811
    assert run("--all", "plans.zip", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["territories"] == 2
    names = zipfile.ZipFile(io.BytesIO((folder / "plans.zip").read_bytes())).namelist()
    assert sorted(names) == ["north-plan.pdf", "south-plan.pdf"]


def test_what_is_wrong_is_said_and_nothing_is_written(folder, capsys):  # noqa: F811
    for words, said in (
        (("--territory", "West", "--pdf", "w.pdf"), 'no territory "West"; there are North, South'),
        (("--territory", "North"), "name its file with --pdf"),
        (("--all", "plans.pdf"), "ends in .zip"),
        (("--all", "plans.zip", "--pdf", "x.pdf"), "and nothing else"),
        (("--all", "plans.zip", "--period", "2001"), "2001 is over"),
    ):
        assert run(*words) != 0
        assert said in capsys.readouterr().err
    assert not list(folder.glob("*.zip")) + list(folder.glob("*.pdf"))

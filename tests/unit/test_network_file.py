"""A network file or an adapter that is wrong is refused with what, where and the cure, and never with a traceback."""

import os
from pathlib import PureWindowsPath

import pytest

from readout import __main__ as command
from readout.__main__ import main
from readout.errors import NetworkFileError, ReadoutError, SourceError
from readout.ingest import manifest
from readout.ingest.network import load_network
from tests.conftest import ADAPTER, NETWORK

IN_SOURCE = "usual_lag_days = 3"
HISTORY = '[[site.history]]\nfrom = 2024-01-01\nname = "x"\n'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"inbox/*.csv"', r'"inbox\*.csv"', "not valid TOML.*Write paths with /"),
        ('"inbox/*.csv"', r'"inbox\north.csv"', "a backslash in the path was read as a sign of its own"),
        ('"inbox/*.csv"', '"inbox/**.csv"', "must name files"),
        ('"inbox/*.csv"', '"/"', "must name files"),
        ('"inbox/*.csv"', "5", "path must be a text in quotes"),
        ('"inbox/*.csv"', '"inbx/*.csv"', "no file matches 'inbx/"),
        ("[[source]]", "[source]", "write .{2}source.{2} in double brackets"),
        ('code = "TST"', "code = 5", "code must be a text in quotes"),
        (IN_SOURCE, 'usual_lag_days = "3"', "usual_lag_days must be a whole number"),
        (IN_SOURCE, "usual_lag_days = -3", "from 0 up"),
        (IN_SOURCE, "covers_from = 2062-11-03", "covers_from 2062-11-03 lies in the future"),
        ("taken_at = 2026", "taken_at = 2062", "taken_at 2062-10-31 06:00 UTC lies in the future"),
        ("[[source]]", 'open = "08:00-18:00"\n[[source]]', "open must be a section of its own"),
        ("[[source]]", f"{HISTORY}{HISTORY}[[source]]", "two begin on 2024-01-01"),
        ("[[source]]", '[[site.history]]\nfrom = "2024-01-01"\n[[source]]', "from must be a date, as in"),
        ("[[source]]", "[[holiday]]\nday = 2024-01-01\n[[source]]", "'day' is not a known key. Choose from: date"),
        ("[[source]]", '[[annotation]]\ntitle = "x"\nfrom = "2024"\n[[source]]', "from must be a date"),
        ("[[source]]", '[[annotation]]\ntitle = "x"\nfrom = 2024-01-01\nsites = [5]\n[[source]]', "each value of sites must be a text"),
        ("[[source]]", '[[annotation]]\ntitle = "x"\nfrom = 2024-01-01\nmetrics = ["actvity"]\n[[source]]', "names metric 'actvity'. Did you mean 'activity'"),
        ("[[source]]", '[[annotation]]\ntitle = "x"\nfrom = 2024-01-01\nmodalities = ["CTT"]\n[[source]]', "names modality 'CTT'. Did you mean 'CT'"),
        ("[[source]]", '[[annotation]]\ntitle = "x"\nfrom = 2024-01-01\nmodalities = "CT"\n[[source]]', "modalities must be a list"),
        ("[[source]]", '[[annotation]]\ntitle = "x"\nfrom = 2024-02-01\nto = 2024-01-01\n[[source]]', "ends on 2024-01-01, before it begins"),
        ("[[source]]", '[[report_rule]]\nmodality = "CT"\nrequired = false\nfrom = 2024-02-01\nto = 2024-01-01\n[[source]]', "ends on 2024-01-01, before it begins"),
        (IN_SOURCE, 'values.modality = "XR"', "values.modality must be a section"),
    ],
)
def test_what_is_wrong_in_a_network_file_is_a_sentence(make, old, new, said):
    assert old in NETWORK
    with pytest.raises(NetworkFileError, match=said):
        make([{}], network=NETWORK.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('date_formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]', 'date_formats = "%Y-%m-%d"', "date_formats must be a list"),
        ('"%Y-%m-%d %H:%M"', '"dd/mm/yyyy"', "'dd/mm/yyyy' says no part of a date"),
        ("[columns]", 'header_row = "1"\n[columns]', "header_row must be a whole number"),
        ("[columns]", 'time_zone = "Europe/Lodon"\n[columns]', "time zone 'Europe/Lodon' is not known"),
        ('accession = "acc"\n', "", "must map accession"),
        ("[latest]", '[pad]\npatient_class = "x"\n[latest]', "patient_class must be how many digits"),
        ("[latest]", "[values]\nmodality = 5\n[latest]", "must be a section"),
        ("[latest]", "[values.modality]\nCT = 5\n[latest]", "CT must be a text in quotes"),
    ],
)
def test_what_is_wrong_in_an_adapter_is_a_sentence(make, old, new, said):
    assert old in ADAPTER
    with pytest.raises(NetworkFileError, match=said):
        make([{}], adapter=ADAPTER.replace(old, new, 1))


@pytest.mark.parametrize("name", ["network.toml", "plain.toml"])
def test_a_file_saved_in_the_code_page_of_the_country_says_how_to_save_it(make, tmp_path, name):
    make([{}])
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + "# ü".encode("cp1252"))
    with pytest.raises(NetworkFileError, match=f"{name} is not UTF-8 text: save it as UTF-8"):
        load_network(tmp_path / "network.toml")


def test_an_inbox_may_lie_anywhere_and_be_given_by_its_whole_path(make, tmp_path):
    extract = make([{}], network=NETWORK.replace('"inbox/*.csv"', f'"{(tmp_path / "inbox").as_posix()}/*.csv"'))
    assert [f["name"] for f in extract.manifest["sources"][0]["files"]] == ["a.csv"]


def test_an_inbox_on_another_drive_is_remembered_by_its_whole_path(tmp_path, monkeypatch):
    """On Windows no relative path leads from one drive to another."""

    def other_drive(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    assert manifest._beside(tmp_path / "inbox", tmp_path / "extracts") == "../inbox"
    monkeypatch.setattr(manifest.os.path, "relpath", other_drive)
    assert manifest._beside(PureWindowsPath("D:/north/inbox"), PureWindowsPath("C:/extracts")) == "D:/north/inbox"


def test_when_nothing_is_kept_the_sentence_says_what_befell_the_records(make):
    rows = [{"ended": "01/09/2026"}, {"ended": "02/09/2026"}, {"site": "S9"}]
    with pytest.raises(SourceError, match="Of 3 records: 2 unreadable date in column 'ended'; 1 unmapped site in column 'site'"):
        make(rows)
    with pytest.raises(SourceError, match="No source holds any record"):
        make([])


def test_a_publish_says_why_records_were_set_apart_what_was_unknown_and_when_it_is_much(make, tmp_path, capsys):
    make([{"acc": "A", "ended": "rubbish"}, {"acc": "B", "modality": "WOMBAT"}, *({"acc": f"C{i}"} for i in range(12))])
    publish = ["publish", str(tmp_path / "network.toml"), "--extracts", str(tmp_path / "extracts")]
    assert main(publish) == 0
    said = capsys.readouterr().out
    assert "quarantined: Date that cannot be read 1. Which records: readout quarantine list ris --extracts" in said
    assert "unknown modality: 'WOMBAT' 1. Kept as 'Other or unknown'; the code is listed so that it can be mapped." in said
    assert "Map them under [source.values.modality]" in said and "LOOK" not in said
    make([{"acc": "A", "ended": "rubbish"}, {"acc": "B"}])
    assert main(publish) == 0
    assert "LOOK: more than one record in 10 was quarantined" in capsys.readouterr().out


def test_what_the_system_refuses_and_what_a_person_stops_is_a_sentence(tmp_path, capsys, monkeypatch):
    (tmp_path / "extracts").write_text("a file where a folder should be", "utf-8")
    assert main(["publish", "network.toml", "--extracts", str(tmp_path / "extracts")]) == 1
    assert "readout: the system refused 'extracts'" in capsys.readouterr().err

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "extracts_folder", stopped)
    assert main(["extracts"]) == 130
    assert "What was live before is live still" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="plays Windows elsewhere")
def test_a_pipe_on_windows_carries_utf_8(monkeypatch, tmp_path):
    """Otherwise a site called Łódź stops `readout ask ... > file`, whose code page lacks the letter."""
    with (tmp_path / "out").open("w", encoding="cp1252") as pipe, monkeypatch.context() as patch:
        patch.setattr(command.sys, "stdout", pipe)
        patch.setattr(command.os, "name", "nt")
        with pytest.raises(SystemExit):
            main(["--version"])
        assert pipe.encoding == "utf-8"


def test_a_plain_file_named_gz_is_not_called_half_copied(make):
    with pytest.raises(SourceError, match="is not gzip though its name says so"):
        make([{}], name="a.csv.gz", network=NETWORK.replace("*.csv", "*.csv*"))


def test_every_refusal_is_one_of_ours(make):
    """The command line prints these and nothing else: whatever is raised must be a ReadoutError."""
    for network in ("", "x = 1", "[network]", '[network]\ncode = "A"\nname = "B"', "network = 5", "site = 5", 'site = ["x"]', "[[site]]\n", "[[source]]\n"):
        with pytest.raises(ReadoutError):
            make([{}], network=network)

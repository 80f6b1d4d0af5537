"""The documents say what is so: the tree, the commands, the names of metrics; and nothing committed names a machine."""

import inspect
import re
import shlex
import subprocess
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from readout import __main__ as command_line
from readout import errors
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import DIMENSIONS, Scope
from readout.schema import EXAM_ADDED, EXAM_INPUTS, PEER_REVIEW, TABLE_INPUTS
from tests.conftest import ROOT, router

README = (ROOT / "README.md").read_text("utf-8")
DOCS = {p.relative_to(ROOT).as_posix(): p.read_text("utf-8") for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/sample/*.md"))}
PACKAGE = ROOT / "readout"
MACHINE = re.compile(r"(?<![\w.*-])/(?:work|opt|tmp|root|home|Users)/")
HOST = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host")


def tree() -> list[Path]:
    """Every path that the README's annotated tree names; what is set in under `readout/` is a module or a folder of it."""
    block = re.search(r"^## Repository layout\n\n((?: {4}.*\n)+)", README, re.MULTILINE)
    assert block, "README.md has no tree under 'Repository layout'"
    found: list[Path] = []
    folder = ROOT
    for line in block[1].splitlines():
        names, above = re.split(r" {2,}", line.strip())[0].split(", "), folder if line.startswith(" " * 6) else ROOT
        for name in names:
            path = above / name
            found.append(path if path.exists() or above != PACKAGE else path.with_name(f"{name}.py"))
        if above == ROOT:
            folder = ROOT / names[-1]
    return found


def commands() -> list[tuple[str, str]]:
    """(document, command) of every `make ...`, `readout ...` and `python -m ...` in code: a block set in or fenced, or a span."""
    found = []
    for name, text in DOCS.items():
        fenced = [line for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
        code = [line for line in text.splitlines() if line.startswith("    ")] + fenced + re.findall(r"`([^`\n]+)`", text)
        for line in code:
            command = re.sub(r"^(?:[A-Z_]+=('[^']*'|\S*) +)*", "", line.split("  #")[0].strip())
            command = re.sub(r"^(?:\.venv[\\/](?:Scripts|bin)[\\/])", "", command).split("; ")[0]
            if re.match(r"(?:make|readout|python -m|py -m) ", command):
                found.append((name, command))
    return found


def test_the_tree_of_the_readme_names_only_what_exists():
    named = tree()
    assert len(named) > 20
    assert [p.relative_to(ROOT).as_posix() for p in named if not p.exists()] == []


def test_the_tree_of_the_readme_names_every_folder_and_module():
    top = {p.split("/")[0] for p in committed() if "/" in p and not p.startswith(".")}
    parts = {p.parent if p.name == "__init__.py" else p for p in (*PACKAGE.glob("*.py"), *PACKAGE.glob("*/__init__.py"))} - {PACKAGE}
    named = {p.relative_to(ROOT).as_posix() for p in tree()}
    wanted = {p.relative_to(ROOT).as_posix() for p in parts} | top
    missing = sorted(w for w in wanted if w not in named and not any(n.startswith(f"{w}/") for n in named))
    assert not missing, f"add to the tree of README.md: {', '.join(missing)}"


@pytest.mark.parametrize("name", DOCS)
def test_every_link_to_a_file_leads_to_one(name):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", DOCS[name])
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize(("name", "command"), sorted(set(commands())))
def test_a_command_in_the_documents_parses(name, command, capsys):
    first, *rest = shlex.split(command, posix="\\" not in command)
    if first == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert set(rest) <= set(targets), f"{name}: the Makefile has no target '{rest[0]}'"
    elif first in ("python", "py"):
        module = rest[1].replace(".", "/")
        assert rest[1] in ("pip", "venv", "pytest") or (ROOT / f"{module}.py").exists() or (ROOT / module / "__main__.py").exists(), command
    else:
        _parse(name, rest, capsys)


def _parse(name, rest, capsys):
    parser = command_line._parser()
    subcommands = next(a.choices for a in parser._actions if a.choices)
    assert rest[0] in subcommands, f"{name}: there is no command 'readout {rest[0]}'"
    if len(rest) == 1:  # the command is mentioned, not spelt out
        return
    try:
        given = parser.parse_args(["1" if word.isupper() else word for word in rest])  # SOURCE, ID and RECORD stand for a value
    except SystemExit:
        pytest.fail(f"{name}: 'readout {' '.join(rest)}' does not parse: {capsys.readouterr().err.splitlines()[-1]}")
    if rest[0] == "ask":
        where = {pair.partition("=")[0]: () for pair in given.where}
        load_catalogue().metric(given.metric).check(Scope(tuple(d for d in ",".join(given.by).split(",") if d), where))


def test_commands_are_found_in_blocks_and_spans():
    found = commands()
    assert {"make run", "make test", "readout run"} <= {c for _, c in found}
    assert any(c.startswith("readout ask exam_to_report --by") for _, c in found)
    assert any(n == "data/sample/README.md" and c.startswith("readout sample --exams") for n, c in found)


def test_every_name_in_the_definitions_is_known():
    """A name in code, such as `within_28_days`: a metric, a standard, a reason, a data-quality rule, a dimension or a column."""
    catalogue = load_catalogue()
    kept = (*EXAM_INPUTS, *EXAM_ADDED, *PEER_REVIEW, *TABLE_INPUTS["peer_review"].values())
    columns = {c.name for c in kept} | TABLE_INPUTS.keys() | {c for m in catalogue.metrics.values() for c in m.query.returns}
    known = {*catalogue.metrics, *catalogue.standards, *catalogue.rules, *catalogue.reasons, *DIMENSIONS, *columns}
    named = re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)*)`", DOCS["docs/definitions.md"])
    assert [n for n in named if "_" in n and n not in known] == []
    assert set(named) & set(catalogue.metrics), "docs/definitions.md names no metric"


def test_every_error_says_when_it_is_raised():
    tree = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    assert errors.ReadoutError in tree
    assert [c.__name__ for c in tree if not (c.__dict__.get("__doc__") or "").strip()] == []
    assert [c.__name__ for c in tree if not issubclass(c, errors.ReadoutError)] == []


def test_the_router_leads_to_every_page():
    files = [file for file, _ in router().values()]
    assert sorted(files) == sorted(p.relative_to(ROOT / "pages").as_posix() for p in (ROOT / "pages").rglob("*.py"))


def committed() -> list[str]:
    """What is committed or would be, as paths from the root; what is deleted but still listed is left out."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs the repository: this is a copy without its .git")
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [p for p in listed.stdout.split("\0") if p and (ROOT / p).is_file()]


def test_nothing_committed_names_a_machine():
    """Paths of the machine it was written on, and the hosts that packages came from."""
    found = []
    for path in committed():
        if path.startswith("tests/"):
            continue
        try:
            text = (ROOT / path).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        pattern = HOST if path.endswith(".lock") else MACHINE
        found += [f"{path}:{i}" for i, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    assert not found, found


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_locked_package_is_locked_with_the_extras_that_others_ask_of_it(lock):
    """Else the installer looks for the newest release that has the extra, and a fresh machine fails on the day after it appears."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    locked = {canonicalize_name(r.name): r for r in (Requirement(x.rstrip(" \\")) for x in lines if re.match(r"[a-z0-9]", x, re.I))}
    assert len(locked) > 20
    here = [name for name, r in locked.items() if r.marker is None or r.marker.evaluate()]
    needs = [(name, Requirement(text)) for name in here for text in requires(name) or ()]
    wanted = [(name, need) for name, need in needs if need.extras and (need.marker is None or need.marker.evaluate({"extra": ""}))]
    short = [f"{name} needs {need}" for name, need in wanted if not need.extras <= locked[canonicalize_name(need.name)].extras]
    assert not short, short

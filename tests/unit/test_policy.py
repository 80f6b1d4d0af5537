"""What may leave, as data: the shipped policy, one beside the network file over it, and every wrong entry."""

import pytest

from readout.errors import CatalogueError
from readout.metrics.release_policy import load_policy, policy_of
from tests.conftest import NETWORK


@pytest.fixture
def own(tmp_path):
    def write(text):
        path = tmp_path / "policy.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_the_shipped_policy():
    policy = load_policy()
    assert (policy.reporters.least, policy.reporters.most_share) == (5, 0.8)
    public, internal = policy.profile("public"), policy.profile("internal")
    assert (public.least, public.round_to, public.least_for_average, public.whole_months_only, public.single_rows) == (8, 5, 8, True, False)
    assert (internal.least, internal.round_to, internal.whole_months_only, internal.single_rows) == (0, 0, False, True)
    assert public.never == internal.never == ("reporter",)
    assert policy_of({"policy": policy.as_json()}) == policy == policy_of({})


def test_a_file_beside_the_network_file_changes_what_it_names(own):
    policy = load_policy(own("[reporters]\nleast = 6\n[release.public]\nleast = 10\n"))
    assert (policy.reporters.least, policy.reporters.most_share) == (6, 0.8)
    assert (policy.profile("public").least, policy.profile("public").round_to) == (10, 5)
    assert policy.profile("internal") == load_policy().profile("internal")


def test_an_extract_keeps_the_policy_it_was_made_with(make, tmp_path):
    (tmp_path / "policy.toml").write_text("[release.public]\nleast = 10\nround_to = 10\n", "utf-8")
    extract = make([{}], network=NETWORK)
    (tmp_path / "policy.toml").write_text("[release.public]\nleast = 20\n", "utf-8")
    assert policy_of(extract.manifest).profile("public").least == 10
    assert extract.manifest["policy"]["release"]["public"]["round_to"] == 10


def test_a_wrong_policy_stops_the_publish(make, tmp_path):
    (tmp_path / "policy.toml").write_text("[release.public]\nlest = 10\n", "utf-8")
    with pytest.raises(CatalogueError, match=r"policy.toml, line 2 \[release.public\]: 'lest' is not an entry of it. Did you mean 'least'\?"):
        make([{}], network=NETWORK)


@pytest.mark.parametrize(
    "text, said",
    [
        ("[release.public\n", r"policy.toml is not valid TOML"),
        ("[reporter]\nleast = 5\n", r"line 1: 'reporter' is not a section of a policy. Did you mean 'reporters'"),
        ("[release.publik]\nleast = 5\n", r"line 1 \[release.publik\]: there is no such profile. Did you mean 'public'"),
        ("[release]\npublic = 5\n", r"write \[release.public\] as a section of its own"),
        ("reporters = 5\n", r"line 1: write \[reporters\] as a section of its own"),
        ("[release.public]\n\nleast = -1\n", r"line 3 \[release.public\]: least is a whole number from 0 up, not -1"),
        ("[release.public]\nleast = true\n", r"line 2 .*least is a whole number from 0 up, not True"),
        ("[release.public]\nleast = 7.5\n", r"least is a whole number from 0 up, not 7.5"),
        ("[release.public]\nleast = 2\n", r"line 2 .*least = 2 withholds nothing that cannot be guessed. Write 0 for no limit, or 3 or more"),
        ("[release.internal]\nleast_sensitive = 1\n", r"least_sensitive = 1 withholds nothing"),
        ("[release.internal]\nround_to = 5\n", r"line 2 .*a count of 1 would be shown, as 0. Make least at least half of round_to"),
        ("[release.public]\nwhole_months_only = 1\n", r"whole_months_only is true or false, not 1"),
        ('[release.public]\nnever = "reporter"\n', r"never is a list of names in quotes"),
        ("[release.internal]\nnever = []\n", r'line 2 \[release.internal\]: reporters leave in no profile. Add "reporter" to the list'),
        ("[reporters]\nleast = 0\n", r"line 2 \[reporters\]: a view of reporters has at least 1 in a cell"),
        ("[reporters]\nmost_share = 80\n", r"line 2 \[reporters\]: most_share is a fraction above 0 and up to 1, as in 0.8, not 80"),
        ('[reporters]\nmost_share = "most"\n', r"most_share is a number, not 'most'"),
    ],
)
def test_a_wrong_entry_says_where_it_stands_and_what_to_write(text, said, own):
    with pytest.raises(CatalogueError, match=said):
        load_policy(own(text))

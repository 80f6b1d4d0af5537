"""What may leave, as typed values: the release profiles and the least sizes of a view of reporters. A wrong entry stops the start."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from readout import paths, tomlfile
from readout.errors import CatalogueError, UsageError, suggest

FILE = "policy.toml"


@dataclass(frozen=True)
class Profile:
    """The rules of one release profile.

    `least`, `least_sensitive`, `least_for_average`: counts of individuals, 0 for no limit. `round_to`: 0 for no rounding.
    """

    name: str
    least: int
    round_to: int
    least_for_average: int
    whole_months_only: bool
    single_rows: bool
    sensitive: tuple[str, ...]
    least_sensitive: int
    never: tuple[str, ...]


@dataclass(frozen=True)
class Reporters:
    """A cell of a view of reporters needs at least `least` of them, and none with more than `most_share` (a fraction) of it."""

    least: int
    most_share: float


@dataclass(frozen=True)
class Policy:
    """Everything `policy.toml` says."""

    reporters: Reporters
    release: Mapping[str, Profile]

    def profile(self, name: str) -> Profile:
        try:
            return self.release[name]
        except KeyError:
            raise UsageError(f"There is no release profile '{name}'. {suggest(name, self.release)}") from None

    def as_json(self) -> dict[str, Any]:
        """As the manifest of an extract keeps it, in the shape of the file."""
        release = {name: {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(p).items() if k != "name"} for name, p in self.release.items()}
        return {"reporters": asdict(self.reporters), "release": release}


PROFILES = ("internal", "public")
FIELDS: dict[str, type] = {
    **dict.fromkeys(("least", "round_to", "least_for_average", "least_sensitive"), int),
    **dict.fromkeys(("whole_months_only", "single_rows"), bool),
    **dict.fromkeys(("sensitive", "never"), list),
}
KINDS: dict[str, dict[str, type]] = {
    "reporters": {"least": int, "most_share": float},
    **dict.fromkeys((f"release.{name}" for name in PROFILES), FIELDS),
}
WORDS = {int: "a whole number from 0 up", float: "a number", bool: "true or false", list: 'a list of names in quotes, as in ["reporter"]'}


def load_policy(own: Path | None = None) -> Policy:
    """The shipped policy, and over it, entry by entry, that of a file beside a network file.

    Raises CatalogueError that names the file, the line, the entry and the cure.
    """
    shipped = _checked(paths.QUERIES / FILE, None)
    return _checked(own, shipped) if own is not None and own.is_file() else shipped


def policy_of(manifest: Mapping[str, Any]) -> Policy:
    """The policy an extract was made with; the shipped one, for an extract made before there was any."""
    kept = manifest.get("policy")
    if kept is None:
        return load_policy()
    return Policy(Reporters(**kept["reporters"]), {name: _profile(name, entries) for name, entries in kept["release"].items()})


def _profile(name: str, entries: Mapping[str, Any]) -> Profile:
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entries.items()}
    return Profile(name, **given)


def _checked(path: Path, under: Policy | None) -> Policy:
    """One file over what lies under it; without anything under it, every entry must be there."""
    data = tomlfile.read(path)
    text = path.read_text("utf-8-sig")
    given = {"reporters": data.pop("reporters", {}), **{f"release.{k}": v for k, v in _table(path, text, "release", data.pop("release", {})).items()}}

    def fail(section: str, key: str, sentence: str) -> NoReturn:
        raise CatalogueError(f"{path.name}{tomlfile.line(text, section, key)} [{section}]: {sentence}")

    for key in data:
        raise CatalogueError(f"{path.name}{tomlfile.line(text, key)}: '{key}' is not a section of a policy. {suggest(key, ('reporters', 'release'))}")
    for section, entries in given.items():
        if section not in KINDS:
            fail(section, "", f"there is no such profile. {suggest(section.removeprefix('release.'), PROFILES)}")
        for key, value in _table(path, text, section, entries).items():
            if key not in KINDS[section]:
                fail(section, key, f"'{key}' is not an entry of it. {suggest(key, KINDS[section])}")
            if not _fits(value, KINDS[section][key]):
                fail(section, key, f"{key} is {WORDS[KINDS[section][key]]}, not {value!r}.")
    before = under.as_json() if under else {"reporters": {}, "release": {}}
    merged = {"reporters": {**before["reporters"], **given["reporters"]}}
    merged |= {f"release.{name}": {**before["release"].get(name, {}), **given.get(f"release.{name}", {})} for name in PROFILES}
    for section, kinds in KINDS.items():
        if missing := [k for k in kinds if k not in merged[section]]:
            fail(section, "", f"it lacks {', '.join(missing)}.")
    reporters = Reporters(**merged["reporters"])
    if reporters.least < 1:
        fail("reporters", "least", "a view of reporters has at least 1 in a cell. Write 1 or more; 5 is usual.")
    if not 0 < reporters.most_share <= 1:
        fail("reporters", "most_share", f"most_share is a fraction above 0 and up to 1, as in 0.8, not {reporters.most_share:g}.")
    release = {name: _profile(name, merged[f"release.{name}"]) for name in PROFILES}
    for name, profile in release.items():
        section = f"release.{name}"
        for key in ("least", "least_sensitive"):
            if getattr(profile, key) in (1, 2):
                fail(section, key, f"{key} = {getattr(profile, key)} withholds nothing that cannot be guessed. Write 0 for no limit, or 3 or more.")
        if profile.round_to > 2 * max(profile.least, 1):
            fail(section, "round_to", f"a count of {max(profile.least, 1)} would be shown, as 0. Make least at least half of round_to.")
        if "reporter" not in profile.never:
            fail(section, "never", 'reporters leave in no profile. Add "reporter" to the list.')
    return Policy(replace(reporters, most_share=float(reporters.most_share)), release)


def _table(path: Path, text: str, section: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CatalogueError(f"{path.name}{tomlfile.line(text, None, section)}: write [{section}] as a section of its own, with its entries below it.")
    return value


def _fits(value: Any, kind: type) -> bool:
    if kind is bool:
        return isinstance(value, bool)
    if kind is list:
        return isinstance(value, list) and all(isinstance(v, str) and v for v in value)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) and value >= 0 if kind is int else isinstance(value, (int, float))

"""The error tree. Every message says what is wrong, where, and the cure, in a sentence a manager understands."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReadoutError(Exception):
    """Anything Readout refuses to do. `str(error)` is safe to show: it holds no SQL and no patient data. `exit_code`: of the command line."""

    exit_code = 1


class UsageError(ReadoutError):
    """A name or value the user gave is not known. The command line exits with 2."""

    exit_code = 2


class CatalogueError(ReadoutError):
    """A catalogue entry, standard or query file is wrong: nothing starts until it is mended."""


class NetworkFileError(ReadoutError):
    """The network file or an adapter cannot be understood."""


class SourceError(ReadoutError):
    """A source file cannot be read as its adapter says: the publish stops, the current extract stays live."""


class IdentifierError(ReadoutError):
    """Something that looks like a patient identifier would enter the extract: the publish stops."""


class PublishError(ReadoutError):
    """A publish cannot start or finish."""


class ExtractError(ReadoutError):
    """An extract is missing, incomplete or altered."""


class QueryTimeout(ReadoutError):
    """A query passed its time limit and was stopped."""


class ScopeError(ReadoutError):
    """The viewer may not see what was asked for."""


class DrawingError(ReadoutError):
    """A chart that would mislead is refused: a figure it adds up or joins is withheld, or nothing is left to draw. Its table still stands."""


def suggest(wrong: str, known: Iterable[str]) -> str:
    """The tail of an error: `Did you mean 'x'?`, else what there is to choose from."""
    choices = sorted({str(k) for k in known})
    folded = {c.casefold(): c for c in choices}
    close = get_close_matches(wrong.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{folded[close[0]]}'?"
    if not choices:
        return "There is none to choose from."
    shown = ", ".join(choices[:20]) + (f" and {len(choices) - 20} more" if len(choices) > 20 else "")
    return f"Choose from: {shown}."

"""Results kept for who asks the same again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Kept:
    """A bounded store of results, the least recently used dropped first; safe for many sessions at once, of which one makes what all ask for.

    `is_kept`: which results are worth the room; by default all.
    """

    def __init__(self, most: int, is_kept: Callable[[Any], bool] = lambda _made: True) -> None:
        self._most, self._is_kept = most, is_kept
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._results:
                    return self._results[key]
            try:
                made = make()
                if self._is_kept(made):
                    with self._lock:
                        self._results[key] = made
                        while len(self._results) > self._most:
                            self._results.popitem(last=False)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made

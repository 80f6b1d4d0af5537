"""How the server bears many viewers: one alone, fifty who each click every ten seconds, and fifty who all click in the same instant.

    python -m benchmarks.viewers [EXTRACTS] [VIEWERS] [SECONDS]

A viewer is a connection that speaks the framework's own protocol: it opens a page, then goes to other pages with other filters, and a
click lasts until the server says that the page is finished. The browser's part is not in it (see `benchmarks.pages`). Prints seconds, each
beside the median of one viewer alone in the same run, the memory of the server before and after, and what went wrong.
"""

import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from benchmarks.pages import PAGES
from readout import paths, schema

EVERY = 10.0  # seconds between two clicks of a viewer
GOALS = {"each every ten seconds": 1.0, "all at once": 4.0}


class Viewer:
    """One connection, and what each of its clicks took; a fault is the exception's name, or what the server put on the page."""

    def __init__(self, port: int, seed: int) -> None:
        self.address = f"ws://127.0.0.1:{port}/_stcore/stream"
        self.chance = random.Random(seed)
        self.faults: list[str] = []

    async def __aenter__(self) -> "Viewer":
        self.socket = await connect(self.address, subprotocols=["streamlit"], origin="http://127.0.0.1", max_size=None)  # type: ignore[list-item, arg-type]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def click(self) -> float:
        """Go to some page with some filter; seconds until it is finished."""
        asked = BackMsg()
        asked.rerun_script.page_name = self.chance.choice(PAGES)
        asked.rerun_script.query_string = urlencode({"modality": self.chance.choice([n for n in list(schema.MODALITY_NAMES.values())[:5]])})
        start = time.perf_counter()
        await self.socket.send(asked.SerializeToString())
        while True:
            said = await self.socket.recv()
            message = ForwardMsg.FromString(said if isinstance(said, bytes) else said.encode())
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                self.faults.append(message.delta.new_element.exception.message[:80])
            if kind == "script_finished":
                return time.perf_counter() - start


async def every(viewer: Viewer, seconds: float) -> list[float]:
    """Clicks of one viewer who clicks every ten seconds, the first at some instant of the first ten."""
    took = []
    end = time.perf_counter() + seconds
    await asyncio.sleep(viewer.chance.uniform(0, EVERY))
    while time.perf_counter() < end:
        took.append(await viewer.click())
        await asyncio.sleep(max(0.0, EVERY - took[-1]))
    return took


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def measured(port: int, viewers: int, seconds: float, memory: list[float], process: int) -> dict[str, list[float]]:
    """The clicks of each way, and the server's memory as it went."""
    found: dict[str, list[float]] = {}
    async with Viewer(port, 0) as alone:
        for _ in range(3):
            await alone.click()
        found["one alone"] = [await alone.click() for _ in range(20)]
    memory.append(resident(process))
    many = [Viewer(port, i + 1) for i in range(viewers)]
    for viewer in many:
        await viewer.__aenter__()
    found["each every ten seconds"] = [t for took in await asyncio.gather(*(every(v, seconds) for v in many)) for t in took]
    memory.append(resident(process))
    found["all at once"] = list(await asyncio.gather(*(v.click() for v in many)))
    memory.append(resident(process))
    for viewer in many:
        await viewer.__aexit__()
    faults = [f for v in (alone, *many) for f in v.faults]
    print(f"faults: {len(faults)} {sorted(set(faults))[:3]}")
    return found


def resident(process: int) -> float:
    """Megabytes that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    extracts = Path(sys.argv[1]) if len(sys.argv) > 1 else paths.SAMPLE_EXTRACTS
    viewers, seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 50, float(sys.argv[3]) if len(sys.argv) > 3 else 60.0
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, "-m", "readout", "run", "--port", str(port), "--headless", "--extracts", str(extracts)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    start = time.perf_counter()
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        print(f"{'start to healthy':26}{time.perf_counter() - start:6.2f} s   goal 2 s")
        time.sleep(5)
        memory = [resident(server.pid)]
        found = asyncio.run(measured(port, viewers, seconds, memory, server.pid))
    finally:
        server.terminate()
        server.wait()
    alone = statistics.median(found["one alone"])
    for name, took in found.items():
        middle, late = statistics.median(took), quantile(took, 0.95)
        goal = f"   goal {GOALS[name]:.0f} s at p95" if name in GOALS else ""
        print(f"{name:26}{len(took):5} clicks   median {middle:5.2f} s {middle / alone:5.1f} x   p95 {late:5.2f} s {late / alone:5.1f} x{goal}")
    words = ("started", "after one viewer", f"{viewers} viewers", "all at once")
    print("memory, MB: " + ", ".join(f"{word} {value:.0f}" for word, value in zip(words, memory, strict=True)))
    print(f"memory a viewer: {(memory[2] - memory[1]) / viewers:.1f} MB   goal 5 MB")


if __name__ == "__main__":
    main()

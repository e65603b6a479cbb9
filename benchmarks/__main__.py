"""Run every benchmark and print its ratio: `make bench`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from benchmarks.lookup import lookup
from benchmarks.measure import Result
from benchmarks.recording import recording
from bot.logs import configure_logs


async def _all(folder: Path) -> list[Result]:
    return [*await recording(folder), *await lookup(folder)]


def main() -> None:
    """Print a line a benchmark."""
    configure_logs("text", "error")
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(_all(Path(folder)))
    print(f"{'benchmark':<44}{'ours':>14}{'bare sqlite3':>14}{'ratio':>8}")
    for result in results:
        print(f"{result.name:<44}{result.ours:>12,.0f}/s{result.bare:>12,.0f}/s{result.ours / result.bare:>8.2f}")


main()

"""The rules that keep the core apart from platforms and from SQL, read off the imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOT = ROOT / "bot"
PLATFORMS = BOT / "platforms"
SDKS = {"discord": {"discord"}, "slack": {"slack_bolt", "slack_sdk"}}
"""What only the platform of that name may import."""

PURE = ["schedule.py", "selection.py", "substance.py", "words.py", "wording.py", "model.py", "content.py", "events.py"]
IO = {"aiosqlite", "alembic", "asyncio", "http", "logging", "os", "pathlib", "random", "shutil", "socket", "sqlalchemy",
      "sqlite3", "structlog", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "yaml"}  # fmt: skip
CORE = ["app.py", "platforms", "cli", "trial.py", "store"]
"""What a pure module may not import from the program itself."""


def modules() -> list[Path]:
    return sorted(BOT.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def heads(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(), ids=named)
def test_only_a_platform_imports_its_sdk(path: Path) -> None:
    own = path.relative_to(PLATFORMS).parts[0] if path.is_relative_to(PLATFORMS) else ""
    foreign = set().union(*(sdk for platform, sdk in SDKS.items() if platform != own))
    assert not heads(path) & foreign


@pytest.mark.parametrize("path", modules(), ids=named)
def test_only_the_store_imports_sqlalchemy(path: Path) -> None:
    if not path.is_relative_to(BOT / "store"):
        assert not heads(path) & {"sqlalchemy", "alembic", "aiosqlite", "sqlite3"}


@pytest.mark.parametrize("path", [*(BOT / name for name in PURE), *sorted((BOT / "digest").glob("*.py"))], ids=named)
def test_pure_modules_import_no_io(path: Path) -> None:
    assert not heads(path) & IO
    inward = {name.split(".")[1] for name in imports(path) if name.startswith("bot.")}
    assert not inward & {name.removesuffix(".py") for name in CORE} | inward & {"services", "chat", "clock"}


@pytest.mark.parametrize("path", modules(), ids=named)
def test_the_core_never_asks_which_platform_it_is_on(path: Path) -> None:
    if path.is_relative_to(PLATFORMS) or path.is_relative_to(BOT / "cli") or path.name in ("config.py", "trial.py"):
        return
    assert not [name for name in imports(path) if name.startswith("bot.platforms")]
    strings = (
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare | ast.MatchValue)
        for node in ast.walk(node)
        if isinstance(node, ast.Constant)
    )
    assert not {"console", "discord", "slack"} & set(strings)


@pytest.mark.parametrize("path", sorted(PLATFORMS.rglob("*.py")), ids=named)
def test_a_platform_imports_no_other(path: Path) -> None:
    own = path.relative_to(PLATFORMS).parts[0].removesuffix(".py")
    others = {name for name in imports(path) if re.match(r"bot\.platforms\.(?!" + own + r"\b)\w+", name)}
    assert not others
    assert not [name for name in imports(path) if name.startswith(("bot.store", "bot.services", "bot.app", "bot.cli"))]


def test_importing_the_program_makes_nothing(tmp_path: Path) -> None:
    paths = [path.relative_to(ROOT) for path in modules() if "migrations" not in path.parts]
    names = [".".join(path.with_suffix("").parts) for path in paths]
    script = f"import importlib, threading\nfor name in {names!r}: importlib.import_module(name)\n"
    script += "assert threading.active_count() == 1"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", modules(), ids=named)
def test_no_module_keeps_global_state(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]

"""The operator's command line: what it prints, where, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.commands.reference import reference
from bot.services.scheduling import HEARTBEAT
from bot.store.database import open_database
from tests.standins.builders import database_url, earlier_database
from tests.standins.logs import logs_kept
from tests.standins.room import QUESTIONS, empty_room
from tests.standins.seeds import break_set, write_set

SAID = "Memory is what they lack, more than anything else that money could buy."
LATER = "Electricity will run out long before the chips do, whatever is said."
CONFIG = "database: bot.db\nseeds: seeds\nplatforms: {console: {channel: channel.jsonl}}\n"
GROUP = "groups:\n  - {slug: evening, name: Evening readers, question_set: commons, rooms: [{platform: console}]}\n"
SECONDS = 120


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with logs_kept():
        yield


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with settings and a question set."""
    monkeypatch.chdir(tmp_path)
    for name in ("READING_GROUP_CONFIG", "READING_GROUP_SEEDS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "bot.yaml").write_text(CONFIG)
    write_set(tmp_path / "seeds", "commons", QUESTIONS)
    return tmp_path


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def refused(code: int, *arguments: str) -> str:
    """Return the one sentence that a command ends with on standard error, after what `run` logs at its start."""
    done = cli(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    *logged, told = done.stderr.splitlines()
    assert all(arguments[0] == "run" and json.loads(line)["level"] == "info" for line in logged)
    return told


async def _live(folder: Path) -> None:
    async with empty_room(folder, datetime(2024, 1, 1, 8, tzinfo=UTC)) as room:
        await room.reads("you", "/reading-host setup zone:UTC order:reading name:Evening")
        await room.until(datetime(2024, 1, 1, 10, tzinfo=UTC))
        await room.says("Ada", SAID)
        await room.until(datetime(2024, 1, 7, 19, tzinfo=UTC))
        await room.says("Ben", LATER)


def live(folder: Path) -> None:
    """Let a group live for a week, with an answer in it and one after its digest of 7 January 2024."""
    asyncio.run(_live(folder))


# check


def test_check_ticks_what_is_right_and_makes_nothing(site: Path) -> None:
    done = cli("check")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "✓ Settings: groups are set up from chat",
        "✓ Question sets: commons (5 questions)",
        "✓ Database: bot.db is made at the first start",
    ]
    assert not (site / "bot.db").exists()


def test_check_online_asks_nobody_about_the_console(site: Path) -> None:
    done = cli("check", "--online")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "✓ console: needs no connection"
    assert not (site / "bot.db").exists()


def test_check_online_tells_that_no_platform_is_set_up(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text("database: bot.db\n")
    done = cli("check", "--online")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "✗ Platforms: No chat platform is set up. Name one under `platforms`."


def test_check_looks_into_a_database_that_is_there(site: Path) -> None:
    live(site)
    (site / "config" / "bot.yaml").write_text(CONFIG + GROUP)
    lines = cli("check").stdout.splitlines()
    assert lines[0] == "✓ Settings: 1 declared group"
    assert lines[2] == "✓ Database: bot.db is sound and holds 1 group"


def test_check_without_settings_uses_the_defaults(site: Path) -> None:
    (site / "config" / "bot.yaml").unlink()
    done = cli("check")
    assert done.exit_code == 0
    assert "data/bot.db is made at the first start" in done.stdout


def test_check_tells_wrong_settings_once(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text("databse: x\n")
    done = cli("check")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "✗ Settings: config/bot.yaml:1: databse: There is no such key here; did you mean `database`?",
        "The rest can be checked once this is right.",
    ]


def test_check_tells_a_broken_set_and_goes_on(site: Path) -> None:
    break_set(site / "seeds")
    done = cli("check")
    assert done.exit_code == 1
    assert "✗ Question sets: seeds/commons/questions.yaml:1: " in done.stdout
    assert "✓ Database" in done.stdout


def test_check_tells_a_declared_group_whose_set_is_not_there(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text(CONFIG + GROUP.replace("commons", "comons"))
    done = cli("check")
    assert done.exit_code == 1
    told = "config/bot.yaml:5: groups[1].question_set: There is no question set “comons”; did you mean `commons`?"
    assert f"✗ Question sets: {told}" in done.stdout


def test_check_tells_that_there_are_no_sets(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text("seeds: empty\n")
    (site / "empty").mkdir()
    assert "✗ Question sets: There are none in empty. Name the right folder as `seeds`." in cli("check").stdout


def garbage(path: Path) -> None:
    path.write_bytes(b"This is not a database at all." * 100)


def from_the_future(path: Path) -> None:
    live(path.parent)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("damage", "told"), [(garbage, "bot.db is damaged or not a database"), (from_the_future, "newer version")]
)
def test_check_and_run_tell_what_is_wrong_with_the_database(site: Path, damage: object, told: str) -> None:
    assert callable(damage)
    damage(site / "bot.db")
    done = cli("check")
    assert done.exit_code == 1
    assert "✗ Database: The database bot.db" in done.stdout
    assert told in done.stdout
    assert told in refused(4, "run")
    assert told in refused(4, "migrate")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_check_tells_a_folder_that_the_database_cannot_be_made_in(site: Path) -> None:
    (site / "locked").mkdir(mode=0o500)
    (site / "config" / "bot.yaml").write_text(CONFIG.replace("bot.db", "locked/deep/bot.db"))
    assert "✗ Database: locked/deep/bot.db cannot be made." in cli("check").stdout


def test_check_tells_a_file_where_the_databases_folder_should_be(site: Path) -> None:
    (site / "notes").write_text("")
    (site / "config" / "bot.yaml").write_text(CONFIG.replace("bot.db", "notes/bot.db"))
    done = cli("check")
    assert done.exit_code == 1
    told = f"notes/bot.db cannot be made: {site / 'notes'} is no folder. Choose another place for it."
    assert done.stdout.splitlines()[-1] == f"✗ Database: {told}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_that_is_closed_to_the_bot_is_told(site: Path) -> None:
    (site / "closed").mkdir(mode=0o000)
    (site / "config" / "bot.yaml").write_text(CONFIG.replace("bot.db", "closed/bot.db"))
    told = "The database closed/bot.db cannot be opened (Permission denied)."
    assert f"✗ Database: {told}" in cli("check").stdout
    assert refused(4, "health").startswith(told)


# migrate, health, commands


def test_migrate_makes_the_database_and_says_its_schema(site: Path) -> None:
    done = cli("migrate")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("bot.db is at schema 00")
    assert (site / "bot.db").exists()
    assert cli("migrate").stdout == done.stdout


async def _beat(folder: Path, at: datetime) -> None:
    async with open_database(database_url(folder)) as database, database.write() as transaction:
        await transaction.notes.put(HEARTBEAT, at.isoformat())


def test_health_says_whether_the_bot_is_alive(site: Path) -> None:
    told = refused(1, "health")
    assert told == "The bot has never run with this database. Start it with `reading-group-bot run`."
    assert not (site / "bot.db").exists()
    asyncio.run(_beat(site, datetime.now(UTC)))
    assert (cli("health").exit_code, cli("health").stdout) == (0, "The bot is alive.\n")
    asyncio.run(_beat(site, datetime.now(UTC) - timedelta(minutes=7)))
    assert refused(1, "health") == "The bot gave its last sign of life 7 minutes ago."


def test_looking_at_a_database_of_an_earlier_version_does_not_change_it(site: Path) -> None:
    earlier_database(site / "bot.db", "0003")
    before = (site / "bot.db").read_bytes()
    done = cli("check")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == (
        "✓ Database: bot.db is of an earlier version, and is brought up to date at the next start"
    )
    told = (
        "The database bot.db was written by an earlier version of this program. "
        "The next start of the bot brings it up to date, and so does `reading-group-bot migrate`."
    )
    assert cli("check", "--online").stdout.splitlines()[-1] == f"✗ Platforms: {told}"
    assert refused(4, "health") == told
    assert refused(4, "digest", "--group", "evening") == told
    assert (site / "bot.db").read_bytes() == before
    cli("migrate")
    assert cli("check").stdout.splitlines()[-1] == "✓ Database: bot.db is sound and holds 0 groups"


def test_the_page_of_commands_is_printed(site: Path) -> None:
    assert cli("commands").stdout == reference()


# digest


def test_digest_shows_the_latest_or_that_of_a_day_or_the_next(site: Path) -> None:
    live(site)
    latest = cli("digest", "--group", "evening")
    assert (latest.exit_code, latest.stderr) == (0, "")
    assert latest.stdout.startswith("Evening: ")
    assert f"  | {SAID}\n    Ada" in latest.stdout
    assert cli("digest", "--group", "evening", "--week", "2024-01-07").stdout == latest.stdout
    preview = cli("digest", "--group", "evening", "--preview").stdout
    assert LATER in preview
    assert SAID not in preview


def test_digest_tells_what_is_not_there(site: Path) -> None:
    assert refused(4, "digest", "--group", "evening").startswith("There is no database bot.db.")
    assert not (site / "bot.db").exists()
    cli("migrate")
    assert refused(2, "digest", "--group", "evening") == "There is no group “evening”. No group was set up yet."
    live(site)
    assert refused(2, "digest", "--group", "evning") == "There is no group “evning”. Did you mean evening?"
    assert refused(2, "digest", "--group", "x") == "There is no group “x”. There are evening."
    told = refused(1, "digest", "--group", "evening", "--week", "2024-01-06")
    assert told == "There is no digest of 2024-01-06. The latest are of 2024-01-07."
    told = refused(2, "digest", "--group", "evening", "--week", "sunday")
    assert told == "--week: “sunday” is not a date. Write it like 2030-01-31."
    told = refused(2, "digest", "--group", "evening", "--week", "2024-01-07", "--preview")
    assert told == "--week shows a digest that was posted and --preview the next one. Use one of them."


# run, and every command


@pytest.mark.parametrize("command", ["run", "health", "migrate", "digest --group x"])
def test_wrong_settings_end_every_command_with_three(site: Path, command: str) -> None:
    (site / "config" / "bot.yaml").write_text("databse: x\n")
    assert refused(3, *command.split()).startswith("config/bot.yaml:1: databse: There is no such key here")
    assert refused(3, *command.split(), "--config", "nowhere.yaml") == (
        "nowhere.yaml:1: There is no such file; check the name."
    )


def test_run_without_a_platform_says_what_to_do(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text("database: bot.db\n")
    told = refused(3, "run")
    assert told == "No chat platform is set up. Name one under `platforms`, or have a look with `try`."


@pytest.mark.parametrize("token", ["xoxb-1\n2", "xoxb-1 2", "xoxb-é"])
def test_a_token_that_was_copied_wrongly_is_told_and_not_repeated(
    site: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.setenv(name, token)
    for platform, name in (("discord", "DISCORD_TOKEN"), ("slack", "SLACK_BOT_TOKEN")):
        (site / "config" / "bot.yaml").write_text(f"platforms: {{{platform}: {{}}}}\n")
        told = f"{name} holds a space, a line break or a character that no token has. Copy it again."
        assert refused(3, "run") == told
    assert refused(3, "discord", "invite").startswith("DISCORD_TOKEN holds")


def test_run_without_question_sets_ends_with_five(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text(CONFIG.replace("seeds: seeds", "seeds: nowhere"))
    assert refused(5, "run").startswith("The folder nowhere with the question sets cannot be read")


COMMANDS = ["run", "try", "check", "health", "migrate", "digest", "commands", "import", "sets"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = cli(command, "--help")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"Usage: reading-group-bot {command}" in done.stdout.replace("root ", "reading-group-bot ")
    assert len(done.stdout.strip().splitlines()) > 4


def test_help_lists_every_command() -> None:
    shown = cli("--help").stdout
    assert all(f" {command} " in shown for command in COMMANDS)


def test_an_address_that_slack_would_not_call_ends_with_two(site: Path) -> None:
    assert "http://x is no address that Slack would call." in refused(2, "slack", "manifest", "--url", "http://x")


def test_an_unknown_command_or_option_ends_with_two(site: Path) -> None:
    for arguments in (["frobnicate"], ["run", "--frobnicate"], ["digest"]):
        done = cli(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr


# As a process


def environment() -> dict[str, str]:
    """Return an environment that finds the program from any folder."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COVERAGE_PROCESS_START": ""}


class Running:
    """A bot that runs on the console, with somebody at its standard input."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.shown = ""
        self.logged: list[str] = []
        self._news = threading.Condition()
        self._readers = [threading.Thread(target=self._read_shown), threading.Thread(target=self._read_log)]
        for reader in self._readers:
            reader.start()

    def _read_shown(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._news:
                self.shown += line
                self._news.notify()

    def _read_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._news:
                self.logged.append(line)
                self._news.notify()

    def types(self, line: str, until: str) -> None:
        """Type a line and wait until something is shown."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        with self._news:
            assert self._news.wait_for(lambda: until in self.shown, SECONDS), (until, self.shown, self.logged)

    def waits_for_log(self, event: str) -> None:
        """Wait until something is logged."""
        with self._news:
            assert self._news.wait_for(lambda: any(event in line for line in self.logged), SECONDS), self.logged

    def ends(self) -> int:
        """Wait for the end, and for the last words; return the exit code."""
        code = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return code


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Run the bot in a folder."""
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_running_bot_ends_in_good_order_when_it_is_told_to(site: Path, signum: signal.Signals) -> None:
    with running(site) as bot:
        bot.waits_for_log('"running"')
        bot.types("/reading-host setup zone:UTC", "Reading group is set up.")
        bot.types("/reading-host ask", "Answer here.")
        told_at = datetime.now(UTC)
        bot.process.send_signal(signum)
        assert bot.ends() == 0
        assert datetime.now(UTC) - told_at < timedelta(seconds=15), "5 s where nothing else keeps the machine busy"
        assert any('"stopped"' in line for line in bot.logged)
    assert cli("health").exit_code == 0, "its last sign of life is fresh"


def test_no_log_line_holds_a_members_word_whatever_is_done_with_it(site: Path) -> None:
    (site / "config" / "bot.yaml").write_text(CONFIG + "log_level: debug\n")
    word = "Xylophone"
    with running(site) as bot:
        bot.types("/reading-host setup zone:UTC order:reading", "Reading group is set up.")
        bot.types("/reading-host ask", "Answer here.")
        bot.types(f"{word} players know more about this than all of us", "[4] you:")
        bot.types("/edit 4 " + f"{word} players know more than that", "[4] you (edited):")
        bot.types(f"/reading answer {word} music makes the better answers", "bot: you answers:")
        bot.types(f"/reading search {word}", "What was said")
        bot.types(f"/reading {word}", "There is no command")
        bot.types(f"/as {word} player", "")
        bot.types("/vote 4 agree", f"{word} player: agree on [4]")
        bot.types("/as you", "")
        bot.types("/reading-host digest now", "Posted: ")
        bot.types("/delete 4", "[4] was deleted.")
        bot.types(f"/reading suggest {word}?", "Suggest a question")
        bot.process.send_signal(signal.SIGTERM)
        assert bot.ends() == 0
        assert word in bot.shown
        assert not [line for line in bot.logged if word in line]
        events = [json.loads(line) for line in bot.logged]
    assert {"running", "question asked", "digest compiled", "delivered", "stopped"} <= {one["event"] for one in events}
    assert all({"event", "level", "logger", "timestamp"} <= one.keys() for one in events)


def test_an_environment_file_that_cannot_be_read_ends_with_three(site: Path) -> None:
    (site / ".env").write_bytes(b"X=\xff\n")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check"], cwd=site, env=environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode() == ".env cannot be read (it is not in UTF-8). See .env.example.\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["try", "check", "sets list"])
def test_a_stream_that_is_closed_from_the_start_does_no_harm(site: Path, closed: str, command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m bot {command} {closed}"],
        cwd=site,
        env=environment(),
        input=b"",
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device stands for a full disk")
@pytest.mark.parametrize("command", ["try", "run", "check", "sets list", "commands"])
def test_output_that_cannot_be_written_ends_in_one_sentence(site: Path, command: str) -> None:
    (site / "config" / "bot.yaml").write_text(f"{CONFIG}log_level: error\n")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *command.split()],
            cwd=site,
            env=environment(),
            input=b"/help\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 1
    (told,) = done.stderr.decode().splitlines()
    assert told.startswith("Standard output cannot be ")
    assert told.endswith("(No space left on device).")


@pytest.mark.parametrize("name", ["what?.db", "50%25.db", "a b#c.db"])
def test_the_database_is_the_file_that_the_settings_name(site: Path, name: str) -> None:
    (site / "config" / "bot.yaml").write_text(CONFIG.replace("bot.db", json.dumps(name), 1))
    assert cli("migrate").exit_code == 0
    assert [path.name for path in site.glob("*.db")] == [name]

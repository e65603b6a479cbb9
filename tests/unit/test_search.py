"""Searching what a group was asked and what it said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Ref
from bot.services.recording import Batch, write
from bot.store.database import Database
from tests.standins.builders import ADA, BEN, CHANNEL, Thread, a_room, at, opened, posted_round, question


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def thread(database: Database) -> Thread:
    return await posted_round(database, await a_room(database))


async def say(database: Database, thread: Thread, text: str, ref: str | None = None) -> Ref:
    event = thread.says(ADA, text, ref)
    async with database.write() as transaction:
        await write(transaction, Batch.of([event]))
    return event.message


async def messages(database: Database, thread: Thread, words: str, limit: int = 10) -> list[str]:
    async with database.read() as transaction:
        return [hit.text for hit in await transaction.search.messages(thread.group.id, words, limit)]


async def questions(database: Database, thread: Thread, words: str, limit: int = 10) -> list[str]:
    async with database.read() as transaction:
        return [hit.text for hit in await transaction.search.questions(thread.group.id, words, limit)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Agents lack reliable memory", "memory"),
        ("Agents lack reliable memory", "MEMORY agents"),
        ("Agents lack reliable memory", "relia"),
        ("Agents lack reliable memory.", "“memory”?"),
        ("A café in São Tomé", "cafe sao"),
        ("A cafe in Sao Tome", "café são"),
        ("A cafe\u0301 of its own", "café"),
        ("We don't know", "don't"),
        ("An e-mail and a snake_case word", "e-mail snake_case"),
        ("Это Неправильно", "неправ"),
        ("यह हिन्दी भाषा है", "हिन्दी"),
        ("한국어로 씁니다", "한국어"),
        ("我认为人工智能的未来取决于算力。", "智能"),
        ("我认为人工智能的未来取决于算力。", "算力、未来"),
        ("私は記憶が足りないと思う", "記憶"),
        ("エージェントには記憶がない", "ジェント"),
        ("ผมคิดว่าความจำสำคัญที่สุด", "ความจำ"),
        ("ผมคิดว่าความจำสำคัญที่สุด", "ที่สุด"),
        ("大模型 GPT-4 的成本很高 indeed", "gpt 成本 inde"),
        ("大模型GPT很贵", "模型gpt"),
        ("大模型GPT很贵", "gpt"),
        ("大模型GPT-4很贵 indeed", "“GPT-4”, indeed"),
        ("私はAI技術とLLMが好きです", "ai LLM 技術"),
        ("ใช้ChatGPTทุกวัน", "chat"),
    ],
)
async def test_what_was_said_is_found(database: Database, thread: Thread, text: str, words: str) -> None:
    await say(database, thread, "Something else entirely, 别的话题 and ไม่ใช่.")
    await say(database, thread, text)
    assert await messages(database, thread, words) == [text]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Agents lack memory", "memory compute"),
        ("Agents lack memory", "emory"),
        ("我认为人工智能很重要", "智慧"),
        ("人工 and 智能", "人工智能"),
        ("我用ChatGPT写", "gpt"),
        ("大模型GPT很贵", "gpt memory"),
        ("大模型 and memory", "emory"),
        ("大模型GPT and 4 more", "gpt-4"),
        ("We understood some of it", "U.S."),
        ("大模型GPT-4很贵", "gpt*4 gpt?4 gpt[-]4"),
        ("100% of it", "_"),
        ("an underscore_d word", "%"),
    ],
)
async def test_what_was_not_said_is_not_found(database: Database, thread: Thread, text: str, words: str) -> None:
    await say(database, thread, text)
    assert await messages(database, thread, words) == []


@pytest.mark.parametrize("words", ["", "   ", "\0", "🎉", "?!", '"', "_", "\u0301", "\ud800", "\u200d"])
async def test_nothing_to_look_for_finds_nothing(database: Database, thread: Thread, words: str) -> None:
    await say(database, thread, "Anything 🎉 at all _ here?!")
    assert await messages(database, thread, words) == []
    assert await questions(database, thread, words) == []


SYNTAX = ['"', "'", "*", "(", ")", "NEAR(", "NEAR/2", "AND", "OR", "NOT", "^", ":", "text:", "{text}:", "-", "+", ",",
          ";", "--", "%", "\\", "\0", "\n", "🎉", "é", "memory", "人工", "ความ", "\ud83d", "\u202e", "x" * 10_000,
          "a-" * 5_000, "人" * 10_000]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(words=st.lists(st.sampled_from(SYNTAX) | st.text(max_size=40), max_size=30).map("".join))
async def test_no_words_are_an_error(database: Database, thread: Thread, words: str) -> None:
    await messages(database, thread, words)
    await questions(database, thread, words)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(min_size=1, max_size=200))
async def test_whoever_searches_for_a_whole_message_finds_it(database: Database, thread: Thread, text: str) -> None:
    """As long as its words are few, and every one of them is known to the index."""
    words = [word for word in text.split() if word.isascii() and word.isalnum()][:16]
    if words:
        ref = await say(database, thread, text)
        assert text in await messages(database, thread, " ".join(words), limit=10_000)
        async with database.write() as transaction:
            await write(transaction, Batch.of([thread.deletes(ref)]))


async def test_an_edit_is_found_by_its_new_words_only(database: Database, thread: Thread) -> None:
    ref = await say(database, thread, "Memory is the trouble")
    edit = thread.says(ADA, "Compute is the trouble", ref, edited_at=at(5))
    async with database.write() as transaction:
        await write(transaction, Batch.of([edit]))
        group = thread.group.id
        assert [hit.text for hit in await transaction.search.messages(group, "compute", 9)] == [edit.text]
        assert await transaction.search.messages(group, "memory", 9) == []
    assert await messages(database, thread, "trouble") == [edit.text]


async def test_a_deleted_message_is_not_found(database: Database, thread: Thread) -> None:
    await say(database, thread, "Memory is the trouble", "m1")
    async with database.write() as transaction:
        await write(transaction, Batch.of([thread.deletes("m1")]))
        assert await transaction.search.messages(thread.group.id, "memory", 9) == []
    assert await messages(database, thread, "memory") == []


async def test_a_change_that_is_rolled_back_leaves_the_index_as_it_was(database: Database, thread: Thread) -> None:
    await say(database, thread, "Memory is the trouble", "m1")

    async def change_and_fail() -> None:
        async with database.write() as transaction:
            await write(transaction, Batch.of([thread.deletes("m1"), thread.says(BEN, "Compute is", "m2")]))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_and_fail()
    assert await messages(database, thread, "memory") == ["Memory is the trouble"]
    assert await messages(database, thread, "compute") == []


async def test_another_groups_words_are_never_found(database: Database, thread: Thread) -> None:
    elsewhere = replace(CHANNEL, channel=Ref("elsewhere"))
    other = await posted_round(database, await a_room(database, "others", elsewhere))
    await say(database, other, "Memory, 记忆, is our secret")
    assert await messages(database, thread, "memory") == []
    assert await messages(database, thread, "记忆") == []
    assert len(await messages(database, other, "memory")) == len(await messages(database, other, "记忆")) == 1


async def test_a_question_is_found_once_it_was_asked_by_its_text_topic_or_background(database: Database) -> None:
    asked = question(
        "chips", text="Who gets the chips?", topic="Hardware", background="Exports are limited, 出口管制Ban。"
    )
    unasked = question("power", text="Who pays for power?", topic="Hardware", background="Exports of power.")
    thread = await posted_round(database, await a_room(database, questions=[asked, unasked]), slug="chips")
    for words in ("chips", "hardw", "exports", "出口", "who exports", "ban"):
        assert await questions(database, thread, words) == [asked.text], words
    assert await questions(database, thread, "power") == []


async def test_what_begins_a_word_goes_before_what_stands_inside_a_run_and_nothing_comes_twice(
    database: Database, thread: Thread
) -> None:
    for text in ("大模型GPT很贵", "Ask GPT about it", "再问GPT, then GPT again"):
        await say(database, thread, text)
    found = await messages(database, thread, "gpt")
    assert sorted(found[:2]) == ["Ask GPT about it", "再问GPT, then GPT again"]
    assert found[2:] == ["大模型GPT很贵"]
    assert await messages(database, thread, "gpt", limit=2) == found[:2]


async def test_an_edited_question_is_found_by_its_new_words(database: Database) -> None:
    room = await a_room(database, questions=[question("chips", text="Who gets the chips?", background="")])
    thread = await posted_round(database, room, slug="chips")
    async with database.write() as transaction:
        await transaction.questions.sync("ai-futures", [question("chips", text="Who gets the wafers?", background="")])
    assert await questions(database, thread, "wafers") == ["Who gets the wafers?"]
    assert await questions(database, thread, "chips") == []


async def test_the_best_match_comes_first_and_no_more_than_asked_for(database: Database, thread: Thread) -> None:
    await say(database, thread, "There is much to say about many things, and one of them is memory, after all.")
    await say(database, thread, "Memory, memory, memory.")
    assert await messages(database, thread, "memory", limit=1) == ["Memory, memory, memory."]


async def test_a_whole_word_goes_before_words_that_only_begin_with_it(database: Database, thread: Thread) -> None:
    whole = "What AI does to us is a matter of who owns it, and of what the rest of us are ready to pay for that."
    for text in (whole, *(f"Number {number} of the many other things." for number in range(6))):
        await say(database, thread, text)
    await say(database, thread, "Aim for the air, aid the aisles.")
    assert (await messages(database, thread, "ai"))[0] == whole

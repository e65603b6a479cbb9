"""Which messages count as answers."""

# ruff: noqa: RUF001 -- the examples are in many alphabets

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.model import Substance
from bot.substance import substance
from bot.words import words

ANSWERS = [
    # English, from the shortest on
    "No, because compute is scarce.",
    "No, compute is scarce",
    "The grid cannot cope",
    "60% — regulators are slow",
    "42%, since the grid cannot grow that fast",
    "The labs would do it for the money",
    "It depends on energy prices",
    "I agree with Ada, but her point about chips ignores export controls.",
    "Thanks! I'd add that nobody has priced in the water that cooling takes.",
    "Would investors really wait ten years for a return?",
    "Because you can't fit enough of them on one grid connection 😬",
    "@ada the bottleneck moves to packaging next",
    "> what ends the scaling era?\nA recession would end it first.",
    "- more chips\n- cheaper power\n- better algorithms",
    # Other alphabets and languages
    "Nein, Rechenleistung ist knapp.",
    "Rechenleistungsengpass, Energieversorgungslücke",
    "Non, parce que le calcul est rare",
    "No, porque la energía es escasa",
    "No, perché l'energia costa troppo",
    "Нет, вычислений не хватает",
    "Όχι, η ενέργεια δεν φτάνει",
    "לא, כי החשמל יקר מדי",
    "لا، لأن الحوسبة نادرة",
    "लेकिन बिजली की कमी है",
    "HAYIR, çünkü işlem gücü kıt",
    "Không, vì điện không đủ",
    "Hapana, kwa sababu umeme hautoshi",
    "아니요, 컴퓨팅 자원이 부족하니까요",
    "不，因为算力稀缺",
    "因为算力太贵了",
    "不，因為算力稀缺",
    "いいえ、計算資源が足りないからです",
    "GPUが足りないから無理だと思います",
    "ไม่ เพราะพลังประมวลผลมีจำกัด",
    "ទេ ព្រោះថាមពលមិនគ្រប់គ្រាន់",
]

REMARKS = [
    # Nothing in words
    "",
    "   \n\t",
    "!!! ??? …",
    "[IMG_20300107_102344 of my desk.jpg]",
    "[one photo of the whole garden.jpg] [another photo of the garden.jpg]\n  [a third photo of it, larger.jpg]",
    "👍👍🏽👨‍👩‍👧‍👦 1️⃣ ❤️",
    ":wave::skin-tone-2: :thumbsup: :party_parrot: :+1: :100:",
    "<:party_parrot:123456789> <a:dance:987654321> <:one:1> <:two:2>",
    "https://example.org/a/very/long/path-with-many-words?and=a&query=too",
    "<https://example.org/why-compute-is-scarce|Why compute is really scarce today>",
    "[Why compute is really scarce today](https://example.org/scarce)",
    "<@123456> <@!42> <@&7> <#99> <@U024BE7LH|ada> <!here> <t:1700000000:R>",
    "@ada @grace @alan @edsger @barbara",
    "ada@example.org grace@example.org alan@example.org edsger@example.org",
    "> the scaling era ends when the data does",
    "> the scaling era ends when the data does\nagreed!",
    ">>> the scaling era ends\nwhen the data does",
    # Thanks, greetings, agreement, praise
    "I agree with that",
    "I totally agree with Ada on this one!",
    "I don't think that's true",
    "Great point about compute, Ada",
    "Thanks for sharing this article",
    "Thanks everyone for the great discussion this week, see you all tomorrow",
    "Good morning everyone, happy Monday!",
    "lol that's so true hahahaha",
    "haha hehehe hihihi hohoho jajaja",
    "sooooo true, yessss, thaaanks",
    "no no no no no no",
    "Congratulations, absolutely wonderful, unfortunately interesting",
    # A few words of reply
    "42%",
    "2030, maybe 2032",
    "Electricity.",
    "Energy, not chips.",
    "Where did you read that?",
    "What do you mean by scarce?",
    "Can you say more about that?",
    "asdfghjklqwertyuiopzxcvbnmasdfghjkl",
    # Other languages
    "Ich stimme dir völlig zu",
    "Das sehe ich genauso",
    "Je suis tout à fait d'accord avec toi",
    "Estoy totalmente de acuerdo contigo",
    "Concordo plenamente com você",
    "Полностью согласен с вами",
    "मैं आपसे सहमत हूँ",
    "شكرا جزيلا لك",
    "Katılıyorum, çok teşekkür ederim",
    "Tôi cũng đồng ý với bạn",
    "저도 그렇게 생각합니다",
    "我也这么认为",
    "我同意你的看法",
    "哈哈哈哈哈哈哈哈哈哈哈哈",
    "ありがとうございます！",
    "私もそう思います",
    "确实，非常有道理！",
    "ผมเห็นด้วยกับคุณครับ",
    "ขอบคุณมากครับ",
    "เพราะไฟฟ้า",
]


@pytest.mark.parametrize("text", ANSWERS)
def test_words_of_ones_own_are_an_answer(text: str) -> None:
    assert substance(text) is Substance.ANSWER


@pytest.mark.parametrize("text", REMARKS)
def test_thanks_agreement_links_emoji_and_few_words_are_a_remark(text: str) -> None:
    assert substance(text) is Substance.REMARK


@given(st.text())
@example("\ud800\udfff" * 20)
@example("<@" * 500)
@example("a@" * 500)
@example(":" * 1000)
@example("[](" * 500)
def test_no_text_is_too_strange(text: str) -> None:
    assert substance(text) in Substance


NOT_WORDS = st.sampled_from(
    ["👍", "🏳️‍🌈", ":fire:", "<:ok:1>", "https://example.org/x", "<@1>", "@ada", "...", "\n", "thanks", "same", "谢谢"]
)


@given(st.lists(NOT_WORDS).map(" ".join), st.sampled_from(ANSWERS))
def test_what_says_nothing_never_turns_an_answer_into_a_remark(around: str, answer: str) -> None:
    assert substance(f"{answer}\n{around}") is Substance.ANSWER
    assert substance(f"{around}\n{answer}") is Substance.ANSWER


@given(st.lists(NOT_WORDS).map(" ".join))
def test_no_amount_of_what_says_nothing_is_an_answer(text: str) -> None:
    assert substance(text) is Substance.REMARK


@given(st.sampled_from(ANSWERS + REMARKS))
def test_saying_it_twice_makes_no_difference(text: str) -> None:
    assert substance(f"{text}\n{text}") is substance(text)


@given(st.text())
def test_words_hold_letters_and_digits_only(text: str) -> None:
    for word in words(text):
        assert any(map(str.isalnum, word))
        assert not any(map(str.isspace, word))


def test_words_of_scripts_with_vowel_signs_stay_whole() -> None:
    assert words("लेकिन बिजली") == ["लेकिन", "बिजली"]
    assert words("نمی\u200cخواهم") == ["نمیخواهم"]


def test_words_part_where_scripts_without_spaces_begin() -> None:
    assert words("GPUが 足りない！") == ["gpu", "が", "足りない"]


def test_words_ignore_case_in_turkish_too() -> None:
    assert words("HAYIR hayır Hayir İyi iyi") == ["hayir", "hayir", "hayir", "iyi", "iyi"]

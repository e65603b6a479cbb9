"""Which questions a text asks, and which of them are rhetorical."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.importing.asked import questions_of
from bot.importing.rhetorical import why_rhetorical


def asked(text: str, language: str = "en") -> list[str]:
    return [question.text for question in questions_of(text, language)]


def looks_rhetorical(text: str, following: str = "") -> bool:
    return bool(why_rhetorical(questions_of(text)[-1], following))


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Who owns rain? Nobody. Who owns a well?", ["Who owns rain?", "Who owns a well?"]),
        ('"Why?" he asked. She shrugged.', ["Why?"]),
        ('He asked, "Why now?"', ["Why now?"]),
        ("He asked: \u201cWhy now? Why us?\u201d and left.", ["Why now?", "Why us?"]),
        ("\u2018How deep?\u2019 she said. It\u2019s deep.", ["How deep?"]),
        ("Do you know who asked \u201cwhy?\u201d", ["Do you know who asked \u201cwhy?\u201d"]),
        ("Are \u2018we\u2019 going to \u2018decide?\u2019", ["Are \u2018we\u2019 going to \u2018decide?\u2019"]),
        ("The town (did anyone ask it?) agreed.", ["did anyone ask it?"]),
        ("(And who pays? Nobody says.)", ["And who pays?"]),
        ("Some firms (Acme, maybe Bolt?) are faster.", []),
        (
            "Will Dr. Hale, Mr. Pym et al. agree by 5 p.m. on No. 10?",
            ["Will Dr. Hale, Mr. Pym et al. agree by 5 p.m. on No. 10?"],
        ),
        ("See https://example.org/a?b=c&d=e. Nothing else.", []),
        ("Have you read https://example.org/a?b=c?", ["Have you read https://example.org/a?b=c?"]),
        ("https://example.org/what?", []),
        ("What does `a ? b : c` do here?", ["What does `a ? b : c` do here?"]),
        ("Write `why?` in it.", []),
        ("Is that so?! Do we know!?", ["Is that so?!", "Do we know!?"]),
        ("What gain do they expect? Twice? Ten times? It matters.", ["What gain do they expect? Twice? Ten times?"]),
        ("Is it deep? Why?", ["Is it deep?", "Why?"]),
        ("Who pays (in the end)?Also who gains? all of us.", ["Who pays (in the end)?", "Also who gains?"]),
        ("Who pays?[3] Who gains?\u00b9 We do.", ["Who pays?", "Who gains?"]),
        ("3. Who pays?", ["Who pays?"]),
        ("- b) Who pays?", ["Who pays?"]),
        ("Q: Who pays? A: The town.", ["Who pays?"]),
        ("Ann Example (Example Press): Who pays?", ["Who pays?"]),
        ("\u2014 Who pays?", ["Who pays?"]),
        ("??? And then ?", ["And then ?"]),
        ("", []),
    ],
)
def test_finds_the_questions_of_a_paragraph(text: str, questions: list[str]) -> None:
    assert asked(text) == questions


@pytest.mark.parametrize(
    ("language", "text", "questions"),
    [
        ("es", "\u00bfQui\u00e9n paga? Nadie. \u00bfY ahora?", ["\u00bfQui\u00e9n paga?", "\u00bfY ahora?"]),
        (
            "ja",
            "\u672c\u5f53\u3067\u3059\u304b\uff1f\u306f\u3044\u3002\u306a\u305c\uff1f",
            ["\u672c\u5f53\u3067\u3059\u304b\uff1f", "\u306a\u305c\uff1f"],
        ),
        ("fr", "Pourquoi ? Parce que.", ["Pourquoi ?"]),
        ("de", "Wer zahlt das z. B. im Mai? Niemand.", ["Wer zahlt das z. B. im Mai?"]),
        (
            "ar",
            "\u0645\u0646 \u064a\u062f\u0641\u0639\u061f \u0644\u0627 \u0623\u062d\u062f.",
            ["\u0645\u0646 \u064a\u062f\u0641\u0639\u061f"],
        ),
        ("pt-BR", "Quem paga? A vila.", ["Quem paga?"]),
        ("xx", "Who pays?", ["Who pays?"]),
    ],
)
def test_finds_questions_in_other_languages(language: str, text: str, questions: list[str]) -> None:
    assert asked(text, language) == questions


def test_a_question_comes_with_the_sentences_around_it() -> None:
    (question,) = questions_of("The well is low. Who drank it? The sheep did.")
    assert (question.before, question.after) == ("The well is low.", "The sheep did.")


@given(st.text(alphabet="ab \n\"'()[]?!.,:;-`\u201c\u201d\u2018\u2019\u00bf\uff1fA1/h", max_size=80))
def test_takes_any_text(text: str) -> None:
    for question in questions_of(text):
        assert any(map(str.isalnum, question.text))
        assert "?" in question.text or "\uff1f" in question.text


@pytest.mark.parametrize(
    "text", ["Who pays? " * 200, "(" * 5000 + "?", "'" * 5000 + "?", "a?" * 5000, "\u2018a " * 3000 + "?"]
)
def test_long_and_unbalanced_texts_take_no_time(text: str) -> None:
    assert len(asked(text)) <= 200 or text.startswith("a?")


@pytest.mark.parametrize(
    "text",
    [
        "Is that fair? No. It never was.",
        "What would they do with it? Nothing!",
        "Is this the end? Of course not.",
        "Will it hold? It won't.",
        "Who gains? The answer is simple.",
        "That is a lot of water, isn't it?",
        "You saw the ledger, right?",
        "Really?",
        "Who knows?",
        "So what?",
        "And who cares?",
        "What could possibly go wrong with that?",
        "Why would anyone sell a well?",
        "Who wouldn't?",
        "What's the point of a lid?",
        "If not now, then when?",
        "Did you know that rain was once sold?",
    ],
)
def test_marks_rhetorical_questions(text: str) -> None:
    assert why_rhetorical(questions_of(text)[0])


@pytest.mark.parametrize(
    "text",
    [
        "Who owns rain? Some say the town.",
        "Isn't the inn a source of trouble?",
        "Why not spend as much on the lid as on the rope?",
        "Who's right?",
        "What then?",
        "Why is this? Maybe the rope is too short.",
        "Does the town need a guard? Or does it need a lid?",
        "Would a lid be worth it? Nobel once asked a similar question.",
        "Is it the right thing to do?",
        "What else could the council have done?",
    ],
)
def test_leaves_questions_in_earnest_unmarked(text: str) -> None:
    assert not why_rhetorical(questions_of(text)[0])


def test_an_answer_in_the_next_paragraph_counts() -> None:
    assert looks_rhetorical("Is the well dry?", "No, it is not.")
    assert not looks_rhetorical("Is the well dry?", "The council met in May.")


def test_nothing_is_called_rhetorical_in_a_language_without_rules() -> None:
    (question,) = questions_of("Who knows?", "nl")
    assert why_rhetorical(question, language="nl") == ""

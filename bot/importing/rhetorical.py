"""Which questions are rhetorical: asked for effect, or answered at once by whoever asks.

The rules are for English; a question in another language is never taken for one. A question is rhetorical if

1. it is answered at once: the next sentence begins with yes, no, nothing, because or the like;
2. it only asks for agreement: a statement that ends in “right?”, “isn't it?”, “no?” …, or one of these alone;
3. it is nothing but a phrase that expects no answer: who knows, so what, why not, sound familiar …;
4. it presumes its answer: why would anyone, who wouldn't, what's the point …;
5. it begins like a figure of speech: did you know, what could possibly, if not now, who are we to …

Everything else may be asked in earnest, questions with a negation (Isn't that unfair?) included.
"""

from __future__ import annotations

import re

from bot.importing.asked import Asked, begins_like_a_question
from bot.importing.marks import APOSTROPHES, DASHES, ENDS_ASKING, OPENING
from bot.words import words

_ONE_WORD = (
    "yes|yeah|yep|yup|no|nope|nah|nothing|nobody|none|never|neither|always|everything|everyone|everybody|because|simple"
    "|simply|easy|hardly|certainly|absolutely|definitely|obviously|exactly|precisely|indeed|sure|apparently|unlikely"
)
_SEVERAL = (
    "not really|not necessarily|not quite|not at all|not exactly|not always|not yet|not so fast|of course|far from it"
    "|quite the (?:opposite|contrary)|on the contrary|who knows|it depends|that depends|i doubt it|beats me"
)
_VERB = "(?:do|does|did|is|was|are|were|can|will|would|could|should|has|have)"
_SUBJECT = "(?:it|that|this|he|she|they|we|i|you|there)"
_ANSWERS = re.compile(
    rf"[{OPENING}{DASHES}\s]*(?:"
    rf"(?:{_ONE_WORD}|{_SEVERAL})(?:\W*$|\s*[,.;:!\u2026{DASHES}]|\s+(?:{_SUBJECT}|to|the|not)\b)"
    r"|(?:the|my|our) (?:short |simple |honest )?(?:answer|reason|explanation)\b"
    r"|(?:i|we) (?:think|believe|suspect|would say|say|would argue) (?:so|not|no|yes)\b"
    rf"|{_SUBJECT} (?:{_VERB}(?: not|n[{APOSTROPHES}]t)?|(?:won|can)[{APOSTROPHES}]t|cannot)\s*[.!])",
    re.IGNORECASE,
)
_AGREED = "right|correct|eh|huh|innit|really|seriously|yes|no|is it not|agreed|you know|okay?"
_TAG = re.compile(
    rf"(?:^|[,;{DASHES}]\s*)(?:(?:{_AGREED})|(?:{_VERB[3:-1]}|had|must)(?:n[{APOSTROPHES}]t)? {_SUBJECT}(?: not)?)\?+$",
    re.IGNORECASE,
)
_ALONE = frozenset(
    {
        *("who knows", "who cares", "so what", "what of it", "what else is new", "why not", "why bother", "what gives"),
        *("what do i know", "what did you expect", "what do you expect", "how hard can it be", "says who", "remember"),
        *("whats the worst that could happen", "are you kidding", "are you serious", "isnt it obvious", "ready", "see"),
        *("isnt that obvious", "how about that", "get it", "get the idea", "sound familiar", "sounds familiar"),
        *("ring a bell", "make sense", "makes sense", "does that make sense", "guess what", "guess who", "know what"),
        *("you know what", "shall we", "is it just me"),
    }
)
_BEGINNINGS = (
    *("what could go wrong", "what could possibly", "need i", "must i go on", "is it any wonder", "is it any surprise"),
    *(
        "who would have thought",
        "who am i to",
        "who are we to",
        "who are you to",
        "who says",
        "can you blame",
        "or that",
    ),
    *("how dare", "if not now", "if not us", "if not me", "if not this way", "did you know", "remember when"),
    *("remember how", "have you ever", "ever wonder", "ever wondered", "can you imagine", "can you believe"),
    *("would you believe", "what if i told you", "am i the only one"),
)
_PRESUMES = re.compile(
    r"why (?:would|should|does|do|did) any(?:one|body)\b|how (?:could|can) any(?:one|body)\b|what kind of fool\b"
    r"|who (?:wouldnt|doesnt|hasnt|isnt|in their right mind)\b|what (?:good|use) (?:is|are|was|would)\b"
    r"|(?:or )?(?:what (?:is|was|would be)|whats) the point\b"
)
_LEADS_IN = ("and ", "but ", "so ", "or ", "then ", "because ")


def why_rhetorical(asked: Asked, following: str = "", language: str = "en") -> str:
    """Return why a question is taken for rhetorical, in a few words, or an empty string if it is not.

    `following` is the sentence that comes after the question if its paragraph ends with it.
    """
    if language.split("-")[0].lower() != "en":
        return ""
    said = " ".join(words(asked.text))
    bare = said if said == "so what" else said.removeprefix(next(filter(said.startswith, _LEADS_IN), ""))
    after = asked.after or following
    if not ENDS_ASKING.search(after) and _ANSWERS.match(after):
        return "answered at once"
    if _TAG.search(asked.text) or (said.endswith(" right") and not begins_like_a_question(asked.text)):
        return "asks for agreement"
    if bare in _ALONE:
        return "a phrase that expects no answer"
    if _PRESUMES.match(bare) or bare.endswith(" what was the point"):
        return "presumes its answer"
    begins = any(f"{text} ".startswith(f"{begun} ") for text in (said, bare) for begun in _BEGINNINGS)
    return "a figure of speech" if begins else ""

"""The passages of a text that are most worth a question.

In each section, the paragraphs that say what the others are about come first (centrality, as the digest ranks
answers). Of these, the ones that claim something win: that something is so because of something else, will come,
should be done, is more or less or never so, is disputed, or can be counted. The cues are English; in other languages
centrality decides alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.digest.model import Said
from bot.digest.rank import rank
from bot.importing.asked import asks_only
from bot.importing.document import DocumentSection, Place

MOST_A_SECTION = 3
_WIDER = 3
"""How many times as many central passages are weighed as are kept."""

_PARAGRAPHS_EACH = 3
_SHORTEST = 60
_CLAIMS = tuple(
    re.compile(rf"\b(?:{cues})\b", re.IGNORECASE)
    for cues in (
        r"because|therefore|thus|hence|since|so that|means that|leads? to|causes?|explains?|implies|depends on",
        r"will|won['\u2019]t|would|likely|unlikely|probably|may|might|expects?|predicts?|by 20\d\d|in the future",
        r"should|shouldn['\u2019]t|must|ought|need(?:s|ed)? to|have to|has to|better to|worth",
        r"but|however|yet|although|though|despite|whereas|instead|rather than|unless|on the other hand|nevertheless",
        r"argues?|claims?|believes?|thinks?|suggests?|seems?|according to|doubts?|disagrees?|insists?|warns?|says?",
        r"more|less|most|least|better|worse|never|always|only|every|all|none|cannot|can['\u2019]t|impossible",
        r"\d[\d.,]*(?:%| percent| per cent| times| years?| million| billion)?",
    )
)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a document, verbatim. `paragraph` counts from 1 in its section."""

    text: str
    paragraph: int
    place: Place


def passages_of(section: DocumentSection, language: str = "en") -> tuple[Passage, ...]:
    """Return the passages of a section that are most worth a question, in the order of the text.

    There are at most `MOST_A_SECTION`, and one for every three paragraphs or fewer.
    """
    worth = [number for number, paragraph in enumerate(section.paragraphs, 1) if _is_prose(paragraph.text, language)]
    limit = min(MOST_A_SECTION, -(-len(worth) // _PARAGRAPHS_EACH))
    said = [_as_said(number, section.paragraphs[number - 1].text) for number in worth]
    central = [quote for quote in rank(said, limit * _WIDER, _code(language)) if not asks_only(quote.text, language)]
    kept = sorted(central, key=lambda quote: -_claims(quote.text))[:limit]
    return tuple(
        Passage(quote.text, quote.message_id, section.paragraphs[quote.message_id - 1].place)
        for quote in sorted(kept, key=lambda quote: quote.message_id)
    )


def _is_prose(text: str, language: str) -> bool:
    return len(text) >= _SHORTEST and not asks_only(text, language)


def _as_said(number: int, text: str) -> Said:
    return Said(message_id=number, member_id=0, name="", text=text, link="", sent_at=_ANY_TIME)


def _claims(text: str) -> int:
    return sum(cue.search(text) is not None for cue in _CLAIMS)


def _code(language: str) -> str:
    return language.split("-")[0].lower()

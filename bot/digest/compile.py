"""From a week's discussions to its digest.

An answer is quoted once at most. What voters agree on or split over is shown as that; then comes what hosts pinned,
however much that is, and the best of the rest fill the round's other places. Totals count everything that was said in
the week, quoted or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bot.digest.agreement import agree_estimate, disagree_estimate, enough_voters, is_consensus, is_split, tally, voters
from bot.digest.model import Digest, Discussion, Participant, RoundDigest, Said, Votes, Week
from bot.digest.rank import quotable, rank

QUOTES_A_ROUND = 3
QUOTES_A_DIGEST = 12
"""What fits a phone in one reading, with the consensus and the splits."""

AGREEMENTS_A_ROUND = 2
AGREEMENTS_A_DIGEST = 4
"""Consensus and splits are limited each for itself."""


def compile_digest(
    week: Week, discussions: Sequence[Discussion], upcoming: Sequence[str], language: str = "en"
) -> Digest:
    """Return the digest of a week; the order of discussions and of what was said in them makes no difference.

    The week's rounds come in the order in which they were asked, continued ones after them and only if they have
    answers. `language` is the ISO code of the question set's language, `upcoming` the lines that say what is read next.
    """
    shown = sorted(
        (discussion for discussion in discussions if discussion.said or not discussion.continued),
        key=lambda discussion: (discussion.continued, discussion.asked_on, discussion.round_id),
    )
    everything = [said for discussion in discussions for said in discussion.said]
    enough = enough_voters(_people(everything))
    consensus = _strongest(shown, lambda votes: is_consensus(votes, enough), agree_estimate)
    splits = _strongest(
        shown, lambda votes: is_split(votes, enough), lambda votes: min(agree_estimate(votes), disagree_estimate(votes))
    )
    places = _places(shown, {*consensus, *splits})
    return Digest(
        week=week,
        rounds=tuple(_round(one, consensus, splits, places[one.round_id], language) for one in shown),
        participants=_participants(everything),
        answers=len(everything),
        remarks=sum(discussion.remarks for discussion in discussions),
        votes=sum(voters(said.votes) for said in everything),
        upcoming=tuple(upcoming),
    )


def is_empty(digest: Digest) -> bool:
    """Return whether nobody answered anything in the week, so that there is nothing to quote.

    Questions that were only asked, or only remarked upon, do not make a digest.
    """
    return digest.answers == 0


def _people(said: Iterable[Said]) -> int:
    """Return how many people took part at least: those who answered, or the author and the voters of one answer."""
    answers = list(said)
    around_one = max((1 + voters(answer.votes) for answer in answers), default=0)
    return max(around_one, len({answer.member_id for answer in answers}))


def _strongest(
    discussions: Iterable[Discussion], holds: Callable[[Votes], bool], strength: Callable[[Votes], float]
) -> tuple[int, ...]:
    """Return message ids of answers whose votes hold something, the strongest first, within the two limits."""
    found = sorted(
        (-strength(said.votes), -voters(said.votes), said.sent_at, said.message_id, discussion.round_id)
        for discussion in discussions
        for said in _with_words(discussion)
        if holds(said.votes)
    )
    taken: Counter[int] = Counter()
    chosen: list[int] = []
    for *_, message_id, round_id in found:
        if len(chosen) < AGREEMENTS_A_DIGEST and taken[round_id] < AGREEMENTS_A_ROUND:
            taken[round_id] += 1
            chosen.append(message_id)
    return tuple(chosen)


def _places(discussions: Sequence[Discussion], agreements: set[int]) -> dict[int, int]:
    """Return how many quotes each round gets beside its consensus, its splits and what is pinned, by round id.

    Each place goes to the round with the most answers for each that it would then show (D'Hondt's method), but first to
    rounds that show none. Of few answers about half are wanted, and one beside consensus and splits in any case.
    """
    answers = {discussion.round_id: len(_with_words(discussion)) for discussion in discussions}
    shown = {
        discussion.round_id: sum(said.message_id in agreements or said.pinned for said in _with_words(discussion))
        for discussion in discussions
    }
    wanted = {
        key: min(count, max(shown[key] + 1, min(QUOTES_A_ROUND, count // 2 + 1))) for key, count in answers.items()
    }
    places = dict.fromkeys(answers, 0)
    for _ in range(QUOTES_A_DIGEST):
        waiting = [key for key in places if shown[key] < wanted[key]]
        if not waiting:
            break
        best = min(waiting, key=lambda key: (shown[key] > 0, -answers[key] / (shown[key] + 1)))
        shown[best] += 1
        places[best] += 1
    return places


def _round(
    discussion: Discussion, consensus: Sequence[int], splits: Sequence[int], places: int, language: str
) -> RoundDigest:
    quotes = quotable(discussion.said, language)
    agreed = tuple(quotes[message_id] for message_id in consensus if message_id in quotes)
    split = tuple(quotes[message_id] for message_id in splits if message_id in quotes)
    pinned = tuple(quotes[message_id] for message_id in _pinned(discussion) if message_id not in {*consensus, *splits})
    return RoundDigest(
        round_id=discussion.round_id,
        asked_on=discussion.asked_on,
        question=discussion.question.text,
        topic=discussion.question.topic,
        link=discussion.link,
        answers=len(discussion.said),
        members=len({said.member_id for said in discussion.said}),
        quotes=(*pinned, *rank(discussion.said, places, language, shown=(*agreed, *split, *pinned))),
        consensus=agreed,
        splits=split,
        picks=tally(_picks(discussion.said), discussion.question),
        continued=discussion.continued,
        links=discussion.links,
    )


def _with_words(discussion: Discussion) -> list[Said]:
    """Return the answers that can be quoted."""
    return [said for said in discussion.said if said.text.strip() and not said.hidden]


def _pinned(discussion: Discussion) -> list[int]:
    """Return the message ids of the answers that hosts pinned, in the order in which they were given."""
    return [said.message_id for said in _in_order(_with_words(discussion)) if said.pinned]


def _picks(said: Iterable[Said]) -> list[str]:
    """Return each member's latest pick, by which earlier ones are taken back."""
    return list({answer.member_id: answer.pick for answer in _in_order(said) if answer.pick}.values())


def _participants(said: Sequence[Said]) -> tuple[Participant, ...]:
    """Return who answered, the most active first, by the name that they used last."""
    names = {answer.member_id: answer.name for answer in _in_order(said)}
    counts = Counter(answer.member_id for answer in said)
    participants = (Participant(names[member], count) for member, count in counts.items())
    return tuple(sorted(participants, key=lambda one: (-one.answers, one.name.casefold(), one.name)))


def _in_order(said: Iterable[Said]) -> list[Said]:
    return sorted(said, key=lambda answer: (answer.sent_at, answer.message_id))

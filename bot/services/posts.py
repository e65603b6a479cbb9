"""What a delivery posts, made from what is recorded now."""

from __future__ import annotations

from bot.content import AnswerPost, DigestPost, NoticePost, Post, QuestionPost
from bot.digest.compile import is_empty
from bot.digest.render import digest_blocks, digest_title, empty_week_blocks
from bot.model import Group, Round
from bot.questions.catalogue import Catalogue
from bot.store.deliveries import Claim, DeliveryKind
from bot.store.digests import StoredDigest
from bot.store.transaction import Transaction


async def build_post(transaction: Transaction, catalogue: Catalogue, claim: Claim) -> Post | None:
    """Return what a claimed delivery posts, or None if what it was about is gone."""
    match claim.kind:
        case DeliveryKind.QUESTION if claim.round_id is not None:
            group = await transaction.groups.get(claim.room.group_id)
            return question_post(catalogue, group, await transaction.rounds.get(claim.round_id))
        case DeliveryKind.DIGEST if claim.digest_id is not None:
            return digest_post(await transaction.digests.get(claim.digest_id))
        case DeliveryKind.ANSWER if claim.message_id is not None:
            answer = await transaction.messages.get(claim.message_id)
            return AnswerPost(answer.member.name, answer.text, answer.pick) if answer else None
        case DeliveryKind.NOTICE:
            return NoticePost(claim.text)
    return None


def question_post(catalogue: Catalogue, group: Group, round_: Round) -> QuestionPost:
    """Return a round as it is posted. The source is left out if its set or its place in it is no longer there."""
    question = round_.question
    question_set = catalogue.sets.get(round_.question_set)
    if question_set is None or question.source is None:
        return QuestionPost(round_.id, group.name, question, source="")
    try:
        source = question_set.cite(question.source)
        link = question_set.reading(question.source.reading).link
    except KeyError:
        return QuestionPost(round_.id, group.name, question, source="")
    return QuestionPost(round_.id, group.name, question, source, link)


def digest_post(stored: StoredDigest) -> DigestPost:
    """Return a digest as it is posted."""
    digest = stored.digest
    blocks = empty_week_blocks(digest.week) if is_empty(digest) else digest_blocks(digest)
    return DigestPost(digest_title(digest), blocks)

"""What a delivery posts, made from what is recorded now."""

from __future__ import annotations

from dataclasses import replace

from bot.content import AnswerPost, DigestPost, NoticePost, Post, QuestionPost
from bot.digest.compile import is_empty
from bot.digest.model import Viewpoint
from bot.digest.render import digest_blocks, digest_title, empty_week_blocks
from bot.model import Group, Round
from bot.questions.catalogue import Catalogue
from bot.services.viewing import viewpoint
from bot.store.deliveries import Claim, DeliveryKind
from bot.store.digests import StoredDigest
from bot.store.transaction import Transaction


async def build_post(transaction: Transaction, catalogue: Catalogue, claim: Claim) -> Post | None:
    """Return what a claimed delivery posts, or None if what it was about is gone."""
    match claim.kind:
        case DeliveryKind.QUESTION if claim.round_id is not None:
            group = await transaction.groups.get(claim.room.group_id)
            round_ = await transaction.rounds.get(claim.round_id)
            return replace(question_post(catalogue, group, round_), mention=claim.room.mention)
        case DeliveryKind.DIGEST if claim.digest_id is not None:
            stored = await transaction.digests.get(claim.digest_id)
            return digest_post(stored, await viewpoint(transaction, stored.group_id, claim.room))
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


def digest_post(stored: StoredDigest, seen_from: Viewpoint) -> DigestPost:
    """Return a digest as it is posted in one of its group's rooms."""
    digest = stored.digest
    blocks = empty_week_blocks(digest.week) if is_empty(digest) else digest_blocks(digest, seen_from)
    return DigestPost(digest_title(digest), blocks)

"""What votes say about answers, and what picks say about a choice or a forecast.

An answer's voters are all who saw it and said so: they agree, disagree or pass. With a agrees and d disagrees among n
voters, the share of a group that would agree is estimated as (a+1)/(n+2), the share that would disagree as (d+1)/(n+2).
That is Laplace's rule of succession, in which one vote of one says little and forty of forty say much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from statistics import median, quantiles

from bot.digest.model import Votes
from bot.digest.picks import number_text, parse_pick
from bot.model import Forecast, Kind, Question

# Nobody votes on their own answer, so these are four people with its author.
MINIMUM_VOTERS = 3
# With up to four voters all must agree, with ten at least eight, with thousands seven in ten.
CONSENSUS = 0.7
# From 2 to 1 or 4 to 2, not 3 to 1; among thousands more than a third on either side. Above 1 - CONSENSUS, so that no
# answer is both: the two estimates never sum to more than 1.
SPLIT = 0.35


def agree_estimate(votes: Votes) -> float:
    """Return the smoothed share of voters who agree, (a+1)/(n+2), between 0 and 1."""
    return (votes.agree + 1) / (voters(votes) + 2)


def disagree_estimate(votes: Votes) -> float:
    """Return the smoothed share of voters who disagree, (d+1)/(n+2), between 0 and 1."""
    return (votes.disagree + 1) / (voters(votes) + 2)


def voters(votes: Votes) -> int:
    """Return how many members saw an answer and said so."""
    return votes.agree + votes.disagree + votes.passed


def enough_voters(members: int) -> int:
    """Return how many voters it takes where so many members took part: in a group of three, all but the author."""
    return min(MINIMUM_VOTERS, max(2, members - 1))


def is_consensus(votes: Votes, enough: int = MINIMUM_VOTERS) -> bool:
    """Return whether enough voters saw an answer and a clear majority of them agrees."""
    return voters(votes) >= enough and agree_estimate(votes) >= CONSENSUS


def is_split(votes: Votes, enough: int = MINIMUM_VOTERS) -> bool:
    """Return whether enough voters saw an answer and both sides are strong. Never true of a consensus."""
    return voters(votes) >= enough and min(agree_estimate(votes), disagree_estimate(votes)) >= SPLIT


def tally(picks: Sequence[str], question: Question) -> tuple[tuple[str, str], ...]:
    """Return labels with values that sum up picks as `parse_pick` returns them; nothing where there are none.

    For a choice, each option with its count, in the question's order, then picks of options that it no longer has.
    For a forecast, the number of estimates, their median and, from two on, their middle half: the range between the
    quartiles, interpolated. Picks that a forecast cannot take, because the question has changed, are left out.
    """
    match question.kind:
        case Kind.CHOICE if picks:
            counts = Counter(picks)
            gone = sorted(set(counts) - set(question.options))
            return tuple((option, f"{counts[option]:,}") for option in (*question.options, *gone))
        case Kind.FORECAST if question.forecast:
            estimates = sorted(estimate for pick in picks if (estimate := _estimate(pick, question)) is not None)
            return _spread(estimates, question.forecast)
        case _:
            return ()


def _estimate(pick: str, question: Question) -> Decimal | None:
    try:
        return Decimal(parse_pick(question, pick).removesuffix("%"))
    except ValueError:
        return None


def _spread(estimates: list[Decimal], forecast: Forecast) -> tuple[tuple[str, str], ...]:
    if not estimates:
        return ()
    counted = ("Estimates", f"{len(estimates):,}")
    middle = ("Median", _shown(median(estimates), forecast))
    if len(estimates) == 1:
        return counted, middle
    low, _, high = quantiles(estimates, n=4, method="inclusive")
    return counted, middle, ("Middle half", f"{_shown(low, forecast)} to {_shown(high, forecast)}")


def _shown(value: Decimal, forecast: Forecast) -> str:
    match forecast.answer:
        case "probability":
            return f"{number_text(value.quantize(Decimal('0.1'), ROUND_HALF_UP))}%"
        case "year":
            return f"{value.quantize(Decimal(1), ROUND_HALF_UP)}"
        case _:
            return f"{number_text(value, grouped=True)} {forecast.unit}".rstrip()

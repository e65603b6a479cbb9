"""Commands about people: who hosts a group, and what a member wants to be recorded."""

from __future__ import annotations

from bot.commands.table import HOSTS, MEMBERS, Call, Command, Parameter, ParameterKind
from bot.content import Facts, Heading, Item, Listing, Reply, plural
from bot.model import Ref
from bot.services import accounts, hosting, privacy
from bot.services.privacy import Recorded


async def hosts_list(call: Call) -> Reply:
    """Show who hosts the group."""
    async with call.context.database.read() as transaction:
        hosts = await transaction.groups.hosts(call.group.id)
    if not hosts:
        return Reply.of("The group has no hosts of its own; those who run the workspace can host it.")
    several = len({host.platform for host in hosts}) > 1
    names = (accounts.account_name(host) if several else host.name for host in hosts)
    return Reply.of(Heading(f"Hosts of {call.group.name}"), Listing(tuple(map(Item, names))))


async def hosts_add(call: Call) -> Reply:
    """Make a member a host."""
    channel = call.invocation.place.channel
    host = await hosting.add_host(call.context, call.group, channel, Ref(call.need("member", str)))
    return Reply.of(f"{host.name} is a host of {call.group.name}. `/reading help` shows them what hosts can do.")


async def hosts_remove(call: Call) -> Reply:
    """Make a host an ordinary member."""
    channel = call.invocation.place.channel
    host = await hosting.remove_host(call.context, call.group, channel, Ref(call.need("member", str)))
    return Reply.of(f"{host.name} is no host of {call.group.name} any more.")


async def privacy_show(call: Call) -> Reply:
    """Show the asker what is recorded of them."""
    found = await privacy.recorded(call.context, call.invocation.author)
    linked = await accounts.linked_accounts(call.context, call.invocation.author)
    others = (("Of this account and of", ", ".join(map(accounts.account_name, linked))),) if linked else ()
    facts = Facts(
        (
            *others,
            ("Messages recorded", f"{found.messages:,}"),
            ("Votes recorded", f"{found.votes:,}"),
            ("Questions suggested", f"{found.suggestions:,}"),
            ("Recorded from now on", "nothing, you have opted out" if found.opted_out else "yes"),
        )
    )
    return Reply.of(
        Heading("What is recorded of you"),
        facts,
        "What you write in a question's thread is kept so that it can be looked up, and quoted in the weekly digest.",
        "`/reading privacy opt-out` ends that, `/reading privacy erase` forgets what there is.",
    )


async def privacy_opt_out(call: Call) -> Reply:
    """Record nothing more of the asker."""
    await privacy.opt_out(call.context, call.invocation.author)
    return Reply.of(
        "From now on nothing that you write or vote is recorded, in any group here.",
        "What is recorded already stays, but is quoted no more, and is forgotten if you edit it; "
        "`/reading privacy erase` forgets all of it.",
        "`/reading privacy opt-in` turns this back.",
    )


async def privacy_opt_in(call: Call) -> Reply:
    """Record the asker again."""
    if not await privacy.opt_in(call.context, call.invocation.author):
        return Reply.of("You had not opted out: what you write in the threads is recorded.")
    return Reply.of("What you write in the threads is recorded again.")


async def privacy_erase(call: Call) -> Reply:
    """Forget everything of the asker."""
    if call.get("confirm", str) is None:
        found = await privacy.recorded(call.context, call.invocation.author)
        return Reply.of(f"This forgets {_all_of(found)} for good. To go on, write `/reading privacy erase yes`.")
    gone = await privacy.erase(call.context, call.invocation.author)
    return Reply.of(
        f"Forgotten: {_all_of(gone)}. Answers that I posted for you go, and digests that quote you are corrected.",
        "Your own messages in the threads stay until you delete them, but I will not record them again. Votes that you "
        "leave there may count again: take them back, or opt out.",
    )


def _all_of(found: Recorded) -> str:
    messages, votes = plural(found.messages, "message"), plural(found.votes, "vote")
    if not found.suggestions:
        return f"{messages} and {votes}"
    return f"{messages}, {votes} and {plural(found.suggestions, 'suggestion')}"


_MEMBER = Parameter("member", "who", ParameterKind.MEMBER, required=True)

MEMBERS_COMMANDS = (
    Command(MEMBERS, "privacy show", "Show what is recorded of you", privacy_show),
    Command(MEMBERS, "privacy opt-out", "Have nothing more of you recorded", privacy_opt_out),
    Command(MEMBERS, "privacy opt-in", "Be recorded again", privacy_opt_in),
    Command(
        MEMBERS,
        "privacy erase",
        "Have everything that is recorded of you forgotten",
        privacy_erase,
        (Parameter("confirm", "that you are sure", choices=("yes",)),),
    ),
)

HOSTS_COMMANDS = (
    Command(HOSTS, "hosts list", "Show who hosts the group", hosts_list),
    Command(HOSTS, "hosts add", "Make a member a host of the group", hosts_add, (_MEMBER,)),
    Command(HOSTS, "hosts remove", "Make a host an ordinary member", hosts_remove, (_MEMBER,)),
)

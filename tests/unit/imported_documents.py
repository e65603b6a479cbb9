"""Documents written to be imported, in every format, with what they ask and in which section."""

from __future__ import annotations

from dataclasses import dataclass

from tests.unit.pdf_maker import Line, pdf_of


@dataclass(frozen=True, slots=True)
class Sample:
    """A document: its file, and every question in it with the title of its section."""

    name: str
    data: bytes
    asks: tuple[tuple[str, str], ...]


MARKDOWN = Sample(
    "well.md",
    """\
---
title: The Well Papers
author: [Ada Example, B. Sample]
date: 2024-05-17
kind: essay
url: https://example.org/well?page=1
lang: en
---

# The Well Papers

Nobody in Dunham could say who owned the water. Was it the town's, or the rain's?

## A dry summer

### Buckets

In July the level fell by half, i.e. to four metres. "Why?" asked the miller. He had *never* seen it so low. Dr. Hale
thought that leaks, evaporation, etc. could not explain it; **what could?** See [the survey](https://example.org/q?year=3)
or https://example.org/list?sort=depth for figures.

- Should every house draw the same?
- Should the baker draw more? Should the smith? And the inn?
- The rule of 1911 (was it ever repealed?) gave each house ten buckets.

1. First, count.
2. Who counts?

```python
ready = level > 4 ? True : False
# is this a question?
```

Some write `draw?` in the ledger when they mean `level ? 1 : 0`. Can a ledger be trusted?!

### Leaks

> Ida Brook: Do we look for leaks first? Or for thieves?

The council asked, "Who would steal water?" and moved on. Really??

| Idea | Cost |
|------|------|
| Is a lid enough? | 40 |
| New walls | 900 |

## Who pays?

Everyone gains from a deeper well, so everyone should pay. Is that so? No. The inn sells its water twice.
¿Quién paga por el pozo? Nadie lo sabe.
井戸は誰のものですか\uff1f町の人々は答えません。なぜでしょうか\uff1f

<div>Has anyone asked the children?</div>
<!-- Is this shown? -->

Fashionable Wells
=================

What does a well mean to U.S. visitors? What, e.g., would Mr. Pym say?
""".encode(),
    (
        ("Opening", "Was it the town's, or the rain's?"),
        ("Buckets", "Why?"),
        ("Buckets", "Dr. Hale thought that leaks, evaporation, etc. could not explain it; what could?"),
        ("Buckets", "Should every house draw the same?"),
        ("Buckets", "Should the baker draw more?"),
        ("Buckets", "Should the smith?"),
        ("Buckets", "And the inn?"),
        ("Buckets", "was it ever repealed?"),
        ("Buckets", "Who counts?"),
        ("Buckets", "Can a ledger be trusted?!"),
        ("Leaks", "Do we look for leaks first?"),
        ("Leaks", "Or for thieves?"),
        ("Leaks", "Who would steal water?"),
        ("Leaks", "Really??"),
        ("Leaks", "Is a lid enough?"),
        ("Who pays?", "Who pays?"),
        ("Who pays?", "Is that so?"),
        ("Who pays?", "¿Quién paga por el pozo?"),
        ("Who pays?", "井戸は誰のものですか\uff1f"),
        ("Who pays?", "なぜでしょうか\uff1f"),
        ("Who pays?", "Has anyone asked the children?"),
        ("Fashionable Wells", "What does a well mean to U.S. visitors?"),
        ("Fashionable Wells", "What, e.g., would Mr. Pym say?"),
    ),
)

CONTENTS = Sample(
    "commons.txt",
    """\
On Sharing a Pasture
By Cora Field

Contents
Grass
Counting sheep
Fences
People
The herder's view
The lender's view

Grass
Counting sheep
If each herder adds one sheep, who loses? The loss is spread so thin that nobody feels it on any given day of the year.
How many sheep are too many? Prof. Lindqvist counted 41, and the number has been repeated ever since without a source.
Fences
A fence costs more than the grass that it saves. Why, then, do we build them?
People
The herder's view
“Would you sell your last sheep to save my grass?” one of them said. “And would you thank me?”
The lender's view
Is the pasture worth more than the sum of its loans? Or has that question been asked too late to matter to anybody?
""".encode(),
    (
        ("Counting sheep", "If each herder adds one sheep, who loses?"),
        ("Counting sheep", "How many sheep are too many?"),
        ("Fences", "Why, then, do we build them?"),
        ("The herder's view", "Would you sell your last sheep to save my grass?"),
        ("The herder's view", "And would you thank me?"),
        ("The lender's view", "Is the pasture worth more than the sum of its loans?"),
        ("The lender's view", "Or has that question been asked too late to matter to anybody?"),
    ),
)

WRAPPED = Sample(
    "letters.txt",
    b"""\
Letters on a Lighthouse

1. The lamp

The lamp burns oil that is brought over once a month by the same boat. What
happens in a month when the boat does not come? The keeper's book says only
that the lamp "was kept"; it does not say with what, or by whose leave. Has
anybody ever looked?

2. The keeper

2.1 His pay

He is paid by the ships that pass, or rather by those of them that stop. Is a
light that nobody pays for still a promise? Capt. Moor thought so.

2.2 His watch

    Does he sleep?
    Does anyone know?

THE LAST LETTER

It was never sent. Who would it have been for, and why should we read it now?
""",
    (
        ("1. The lamp", "What happens in a month when the boat does not come?"),
        ("1. The lamp", "Has anybody ever looked?"),
        ("2.1 His pay", "Is a light that nobody pays for still a promise?"),
        ("2.2 His watch", "Does he sleep?"),
        ("2.2 His watch", "Does anyone know?"),
        ("THE LAST LETTER", "Who would it have been for, and why should we read it now?"),
    ),
)

WEB = Sample(
    "bridge.html",
    b"""\
<!DOCTYPE html>
<html lang="en">
<head>
  <title>The Toll Bridge | Example Review</title>
  <meta name="author" content="Tom Sample">
  <meta property="article:published_time" content="2023-11-02T08:00:00Z">
  <link rel="canonical" href="https://example.org/bridge">
  <script>var a = b ? "why?" : "what?";</script>
</head>
<body>
<nav><a href="/?">Lost?</a></nav>
<main>
  <header><h1>The Toll Bridge</h1></header>
  <p>A bridge that <em>everyone</em> needs and nobody wants to pay for.<sup>1</sup> Who built it?<sup>2</sup>
  Not the town.</p>
  <h2>Tolls</h2>
  <p>Should a cart pay more than a horse?<br>Should a priest pay at all?</p>
  <ul><li>What of the poor?<ul><li>Who decides who is poor?</li></ul></li></ul>
  <pre>if toll? then pay end</pre>
  <h3>At night</h3>
  <div>The gate is shut at ten. <p>&ldquo;Who goes there?&rdquo; calls the keeper.</p> Does he expect an answer?</div>
  <table><tr><td>Is a fine a price?</td><td>Maybe.</td></tr></table>
  <p>Type <code>open?</code> to open it.</p>
</main>
<footer>Questions?</footer>
</body>
</html>
""",
    (
        ("Opening", "Who built it?"),
        ("Tolls", "Should a cart pay more than a horse?"),
        ("Tolls", "Should a priest pay at all?"),
        ("Tolls", "What of the poor?"),
        ("Tolls", "Who decides who is poor?"),
        ("At night", "Who goes there?"),
        ("At night", "Does he expect an answer?"),
        ("At night", "Is a fine a price?"),
    ),
)

RUNNING_HEAD = Line("The Ferry Quarterly", gap=20)

PDF = Sample(
    "ferry.pdf",
    pdf_of(
        [
            [
                RUNNING_HEAD,
                Line("The Ferry and the Tunnel", size=20, gap=40),
                Line("Two ways across", size=14, gap=30),
                Line("The ferry takes forty minutes, and in fog it does not sail. Would a tunnel", gap=22),
                Line("be worth three hundred million to people who cross twice a year? Its prom-"),
                Line("oters say so."),
                Line("Others ask what the ferrymen would do. What would you tell them?", gap=30),
                Line("A third view is that the question is older than both of them, and that it"),
                Line("1", gap=600 - 14 * 8),
            ],
            [
                RUNNING_HEAD,
                Line("was never about the crossing. Who profits from an island?", gap=30),
                Line("The price of fog", size=14, gap=30),
                Line("Fog costs the island eleven days a year. Can that be insured?", gap=22),
                Line("2", gap=600),
            ],
            [
                RUNNING_HEAD,
                Line("Insurers say no. Is a risk that returns each year a risk at all?", gap=30),
                Line("3", gap=600),
            ],
        ],
        title="Microsoft Word - ferry_final.docx",
        author="Nell Pier",
        created="D:20220304120000Z",
    ),
    (
        (
            "Two ways across",
            "Would a tunnel be worth three hundred million to people who cross twice a year?",
        ),
        ("Two ways across", "What would you tell them?"),
        ("Two ways across", "Who profits from an island?"),
        ("The price of fog", "Can that be insured?"),
        ("The price of fog", "Is a risk that returns each year a risk at all?"),
    ),
)

DOCUMENTS = (MARKDOWN, CONTENTS, WRAPPED, WEB, PDF)

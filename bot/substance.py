"""The rule that tells answers from remarks.

A message is an answer when it says something that could be discussed or quoted. What is not the author's own words is
set aside first: links, mentions, files, emoji in every form, and quoted lines. Of the words that are left,

- at least four must stand there in all: three or fewer are a reply to somebody ("Energy, of course."), and
- at least three of them must be the author's own: not a stock word of thanks, greeting, praise or agreement, nor one of
  the little words that these are put together with ("I agree with that", "Great point about this, thanks!").

So "No, because compute is scarce." (five words, four of its own) is an answer. "I agree with Ada here" is a remark, and
so is a bare "42%", which gives no reason: estimates belong in the form. A word counts once, however often repeated.

What a word is differs between scripts, so every word weighs what it says compared with an English one. The weights are
round figures from the usual lengths of translations: about 1.5 Chinese characters, 2.5 kana, or 4 letters and vowel
signs of Thai, Lao, Khmer or Burmese to a word. A word of twelve letters or more counts as two, because German compounds
and Turkish or Korean endings put several words into one.

The stock words cover some twenty languages. In another language only the count of words tells, and agreement at some
length passes for an answer. The rule is meant to err on that side: to overlook an answer leaves its author out of the
digest, to take a remark for one does little harm, because ranking rarely chooses it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.model import Substance
from bot.words import HAN, KANA, QUOTED_LINES, SOUTH_EAST_ASIAN, words

# Weights are in sixtieths of a word, so that all of them are whole numbers.
_WORD = 60
_HAN_CHARACTER = 40
_KANA_CHARACTER = 24
_SOUTH_EAST_ASIAN_CHARACTER = 15
_LONG_WORD_LETTERS = 12
_ENOUGH_IN_ALL = 4 * _WORD
_ENOUGH_OF_ITS_OWN = 3 * _WORD

_NOT_OWN_WORDS = re.compile(
    rf"""
      {QUOTED_LINES}
    | ^(?:[ \t]*\[[^\[\]\n]*\])+[ \t]*$                 # files, by the names that adapters put into brackets
    | <(?:[@\#!/]|a?:\w+:|t:|https?:|mailto:|tel:)[^<>]*> # a mention, custom emoji, time or link
    | \[[^\[\]\n]*\]\([^()\s]*\)                         # a link with a title
    | (?:https?://|www\.)[!-~]+                          # a bare link
    | [a-z0-9._+-]{{0,64}}@[a-z0-9][a-z0-9._-]*            # an address or a mention
    | :[\w+'-]{{1,64}}:                                    # an emoji's short name
    | [0-9\#*]\ufe0f?\u20e3                              # a keycap
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_DRAWN_OUT = re.compile(r"(.)\1{2,}")

_STOCK = """
yes yeah yep yup ya aye ok okay k kk sure right true truly correct correctly exactly precisely absolutely definitely
totally completely fully entirely wholeheartedly indeed certainly obviously unfortunately understandable same ditto
agree agreed agrees agreement disagree disagreed strongly second seconded no nope nah neither nor either maybe perhaps
hi hello hey hiya howdy morning evening afternoon night good bye goodbye welcome see later soon tomorrow weekend week
everyone everybody all folks guys team friends thank thanks thankyou thx ty tysm cheers appreciate appreciated sorry
apologies please pls congrats congratulations happy birthday great nice cool awesome amazing excellent brilliant
fantastic wonderful lovely perfect beautiful interesting fascinating insightful helpful useful super best love loved
like liked wow whoa haha lol lmao rofl hah heh omg oh ah aha um uh hmm hm well so very really quite pretty such much
too also just only still even point points question questions answer answers comment comments take thought thoughts
think thinks thinking idea ideas view opinion way link article paper post discussion share sharing shared say says
said saying mean means make makes made sense look looks sound sounds fair enough case more lot bit one ones i im ive
id am me my mine you your youre youve u ur yours we us our it its he she they their this that thats these those there
here what whats which how a an the of to for with on in about and or do does did dont doesnt didnt can let lets

sí si claro exacto exactamente cierto totalmente completamente acuerdo de estoy contigo con eso esto lo mismo yo
también tampoco gracias muchas mucho hola buenos buenas días tardes noches adiós saludos vale bueno buena bien muy qué
que buen punto gran interesante pregunta perdón creo pienso opino tienes razón
oui non merci beaucoup bonjour bonsoir salut coucou accord daccord tout à fait exact exactement moi aussi plus je suis
avec toi vous ça cela ce cest bon bonne très idée intéressant pense désolé effet vrai raison tu as
ja nein doch genau stimmt stimme zu dir euch ich auch danke vielen dank dankeschön hallo moin guten guter morgen tag
abend gruß grüße tschüss toll gut gute sehr interessant punkt frage sehe das wie du richtig klar völlig ganz recht
hast bin deiner meinung bitte für
sì grazie mille ciao salve buongiorno buonasera esatto certo vero giusto sono te anchio anche io bella bello bene
molto domanda concordo pienamente
sim não obrigado obrigada olá oi bom boa dia tarde noite plenamente exatamente verdade eu com você isso muito pergunta
valeu
nee bedankt je wel hoi goedemorgen eens mee precies klopt ik ben het met leuk goed vraag ook
tak nie dzięki dziękuję cześć hej dokładnie zgadzam się zgoda racja rację masz z tobą tym też dobre pytanie ciekawe
dzień dobry
да нет спасибо большое всем привет здравствуйте добрый день доброе утро вечер согласен согласна полностью точно верно
тоже я тобой вами этим так и думаю хороший вопрос интересно пока хорошо правда ні дякую привіт згоден згодна
evet hayir teşekkürler teşekkür ederim çok sağol merhaba selam aynen katiliyorum kesinlikle doğru ben de da buna sana
güzel soru iyi tamam
نعم لا شكرا شكراً جزيلا جزيلاً مرحبا السلام عليكم وعليكم صحيح أوافق أتفق معك تماما تماماً أنا أيضا أيضاً جميل سؤال
ممتاز رائع حسنا
כן לא תודה רבה שלום מסכים מסכימה לגמרי נכון גם אני איתך
όχι ευχαριστώ πολύ γεια συμφωνώ απόλυτα σωστά κι εγώ μαζί
हाँ हां नहीं जी धन्यवाद शुक्रिया नमस्ते सहमत हूँ हूं मैं आपसे इससे भी सही बिल्कुल ठीक है अच्छा सवाल बहुत
tidak terima kasih setuju sekali halo selamat pagi saya juga dengan itu bagus menarik benar
vâng dạ cảm ơn bạn rất nhiều đồng ý tôi cũng với đúng chào vậy hay quá
네 예 아니요 아니오 감사합니다 감사해요 고마워요 고맙습니다 안녕하세요 안녕 맞아요 맞습니다 동의합니다 동의해요 저는
저도 저도요 그렇게 생각해요 생각합니다 정말 좋은 좋아요 질문이네요 그렇네요 그러네요
"""
_STOCK_WITHOUT_SPACES = """
谢谢 感谢 多谢 你好 您好 大家 早上 晚上 早安 晚安 再见 同意 赞同 赞成 支持 对 是的 是啊 没错 好 不错 确实 真的 道理
有道理 说得 我也 也是 这么 这样 认为 觉得 想 一样 完全 非常 哈 呵 我 你 您 的 了 看法 观点 问题 有意思 有趣 厉害 加油
不 吧 啊 呢 吗 很
謝謝 感謝 多謝 贊同 贊成 對 沒錯 說得 這麼 這樣 認為 覺得 觀點 問題 再見 確實
ありがとうございます ありがとうございました ありがとう おはようございます おはよう こんにちは こんばんは お疲れ様
お疲れさま よろしくお願いします よろしく すみません ごめんなさい はい いいえ うん そうですね そうです そう 確かに
たしかに なるほど 同感 同意します 同意 賛成します 賛成 私も 僕も 俺も と思います 思います 思う その通り おっしゃる通り
全く まったく 本当に ほんとに いいね いい 面白い おもしろい すごい 素晴らしい 質問 意見 です ます ね よ 笑
ขอบคุณมาก ขอบคุณ สวัสดี ครับ ค่ะ คะ เห็นด้วย กับคุณ ใช่เลย ใช่ จริง ถูกต้อง ดีมาก มาก เยี่ยม น่าสนใจ ผม ฉัน ดิฉัน คิด
เหมือนกัน เช่นกัน อย่างยิ่ง คำถาม ที่ดี
អរគុណ ຂອບໃຈ ကျေးဇူးတင်ပါတယ်
"""
_STOCK_WORDS = frozenset(words(_STOCK))
_STOCK_PHRASES = re.compile("|".join(sorted(map(re.escape, words(_STOCK_WITHOUT_SPACES)), key=len, reverse=True)))
_WITHOUT_SPACES = re.compile(f"[{HAN}{KANA}{SOUTH_EAST_ASIAN}]")
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")


def substance(text: str) -> Substance:
    """Return whether a message is an answer or only a remark. Any text will do; none raises."""
    said = dict.fromkeys(words(_DRAWN_OUT.sub(r"\1", _NOT_OWN_WORDS.sub(" ", text))))
    if _weight(said) < _ENOUGH_IN_ALL or _weight(map(_own, said)) < _ENOUGH_OF_ITS_OWN:
        return Substance.REMARK
    return Substance.ANSWER


def _own(word: str) -> str:
    """Return what is left of a word without what is stock in it."""
    if _WITHOUT_SPACES.match(word):
        return _STOCK_PHRASES.sub("", word)
    laughter = word.isalpha() and len(word) > 3 and len(set(word)) <= 2
    return "" if laughter or word in _STOCK_WORDS else word


def _weight(said: Iterable[str]) -> int:
    return sum(map(_word_weight, said))


def _word_weight(word: str) -> int:
    if not word:
        return 0
    if not _WITHOUT_SPACES.match(word):
        # Decomposed, so that a Korean syllable counts the letters that it is made of.
        return 2 * _WORD if len(unicodedata.normalize("NFD", word)) >= _LONG_WORD_LETTERS else _WORD
    han, kana = len(_HAN.findall(word)), len(_KANA.findall(word))
    others = len(word) - han - kana
    return han * _HAN_CHARACTER + kana * _KANA_CHARACTER + others * _SOUTH_EAST_ASIAN_CHARACTER

"""Whether a prompt asks for speech, which generators are not given unless a person wants it.

The authors of SEE-2-SOUND ask for safeguards against misuse: speech in a scene can put words
into a person's mouth. What is meant is a voice that says or sings something; the murmur of a
crowd, a laugh, a bark or a bird's song are sounds like others. A list of words judges no
meaning: it errs on the side of speech, and knows English well, the verbs of a few other
languages, and a few words in other scripts. A prompt in another script in which it finds none
of them is refused too, as nobody can tell.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect, bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

#: Letters of other scripts that look like these Latin ones.
_ALIKE = str.maketrans(
    "аеорсухіѕјԁһԛԝкмтвнгαορεικντυχɡıɑł",
    "aeopcyxisjdhqwkmtbhraopeikvtuxgial",
)
#: Letters that are spelled one by one.
_SPELLED = re.compile(r"\b(?:[^\W\d_][ .*_-]){3,}[^\W\d_]\b")

#: What a clause ends with.
_CLAUSE = re.compile(r"[,.;:!?()]|\b(?:while|as|when|then|with)\b")

_HUMANS = (
    "man men woman women boy boys girl girls child children kid kids baby person people someone "
    "somebody everyone everybody lady ladies gentleman guy guys male female he she they i we "
    "crowd audience fans students? pupils? friends? couple family mother father mom dad teachers? "
    "actors? actress priests? monks? nuns? pastor imam politicians? presidents? ministers? king "
    "queen judge officers? soldiers? captain pilot coach reporters? hosts? presenters? protesters? "
    "demonstrators? speaker vendors? robot parrot singers? artist choir voices?"
).replace(" ", "|")
#: What sings or whispers without words.
_SINGERS = (
    r"\w*birds?|canar(?:y|ies)|nightingales?|robins?|larks?|skylarks?|blackbirds?|finch(?:es)?"
    r"|sparrows?|thrush(?:es)?|wrens?|warblers?|roosters?|crickets?|cicadas?|grasshoppers?"
    r"|insects?|frogs?|whales?|bowls?|kettles?|saws?|sands?|ice|glass(?:es)?|wires?|winds?"
    r"|breeze|leaves|trees|grass|reeds|rails|dunes|telephone\s+lines?"
)
#: Who sings or whispers, before it is said; two who do it together; after it, what has no words.
_AGENTS = re.compile(rf"\b(?:(?P<wordless>{_SINGERS})|{_HUMANS})\b")
_BOTH = re.compile(r"\s+(?:and|or)\s+(?:an?\s+|the\s+|some\s+)?")
_BESIDE = re.compile(rf"\s+(?:\w+\s+)?(?:{_SINGERS})\b")
#: Follows a shout that has no words.
_AFTER_SHOUTS = (
    r"\s*(?:$|[,.;:!?()])|\s+(?:\w+ly|in|on|at|from|and|or|while|as|with|near|nearby|behind"
    r"|through|across|into|during|outside|inside|together|again|loud|away|far|by|under|after"
    r"|before|when|then|but|because|happily|children|kids|crowds?|people|fans|sounds?|noises?)\b"
)


def _any(words: str) -> str:
    """Any of these stems, with the usual endings."""
    endings = r"(?:e?s|e|ed|ing?|ings|ers?|ors?|ions?|ements?|al|als|y)?"
    return rf"(?:{'|'.join(words.split())}){endings}"


#: Each finds what says something, by itself.
_SPEECH: tuple[str, ...] = (
    # Telling by word of mouth.
    r"speech(?:es)?|speak(?:s|ing?)?|spoken|talk(?:s|ed|ing?|ers?)?|say(?:s|in)?|said"
    r"|(?<!\ba )saying",
    rf"(?:{_HUMANS}|who|that)\s+(?:spoke|tells?|told|telling|counts?|counting|reads?|asks?|answers?|orders)",
    r"spoke\s+(?:to|about)|(?:tell|tells|telling|told)\s+(?:a|an|the|us|him|her|them|me|you|every\w+)",
    r"(?:tell|told)ing?\s+(?:stories|jokes|lies)|story\s?tell\w*",
    _any("narrat dialog dialogu monologu conversation announc interview preach recit recitation"),
    _any("discuss debat argu explain explanation gossip declar proclaim confess lectur sermon"),
    _any("dictat commentat commentar eulog monolog soliloqu utter pronounc apologi[sz] insult"),
    r"swear(?:s|ing)?|chat(?:s|ted|ting)?|commentar(?:y|ies)|quot(?:e|es|ing)",
    r"pray(?:s|ed|ing|ers?)?|adhan|azan|muezzin|slogans?|aloud|out\s+loud",
    r"questions?",
    r"(?:gives?|giving|gave|holds?|holding)\s+(?:an?|the|his|her)\s+(?:address|toast|order)",
    r"address(?:es|ing)?\s+(?:the|an?)\s+(?:nation|crowd|people|audience|congress|parliament)",
    r"count(?:s|ing)?\s+(?:to|down|from|backwards?|out)|read(?:s|ing)?\s+(?:out|the\s+news|to)",
    r"read(?:s|ing)?\s+(?:an?|the|from|some)\s+(?:poems?|letter|story|speech|prayer|statement|verse"
    r"|scripture|bible|script|text|list|will)|(?:poetry|poem|news|public|script)\s+reading",
    # Voices, and those whose trade they are.
    r"voices?|voice[\s-]?overs?|voiced|vocals?|vocalists?|tts|text[\s-]?to[\s-]?speech",
    _any("newscast newsread broadcast podcast audiobook auctioneer rapper singer choir choral"),
    r"audio\s+books?|news\s?(?:anchors?|bulletins?)|comedians?|stand-?up\s+comedy|choirs?",
    r"(?:weather|news|traffic)\s+(?:report|forecast|broadcast)s?",
    r"(?:tele)?phone\s+calls?|(?:keynote|guest|public|motivational)\s+speakers?",
    # Words.
    r"lyrics|sentences?|the\s+(?:following\s+)?(?:words?|phrases?)|words\s+(?:of|like|such)"
    r"|(?:spoken|his|her|their|last|with)\s+words",
    r"rap(?:s|ping)?(?!\w|\s+(?:on|at|against|upon)\b)",
    rf"(?:{_HUMANS})\s*:\s*\w+",
    rf"(?:shout|yell|scream|chant|holler)(?:s|ed|ing?)?\b(?!{_AFTER_SHOUTS})",
    rf"(?<!crowd )(?<!fans )(?<!audience )chant(?:s|ed|ing?)?\b(?={_AFTER_SHOUTS})",
    # German, French, Spanish, Italian, Portuguese, Dutch.
    r"spricht|sprechen|spreche|sprech\w*|red(?:et|en|ner\w*)|rede|sagt|sagen|erzahl\w*|stimmen?"
    r"|singt|singen|gesprach\w*|ansagen?|durchsagen?|gesang|predigt|flustert|unterhalt\w*",
    r"parle(?:nt|r|s)?|parlant|discours|disent|disant|voix|chante(?:nt|r|ur|use)?|raconte(?:nt|r)?"
    r"|(?:qui|homme|femme|il|elle)\s+dit|paroles",
    r"habla(?:n|r|ndo)?|diciendo|que\s+dice|voz|voces|canta(?:n|r|ndo|nte)?|discursos?|charla\w*"
    r"|conversa\w*",
    r"parla(?:no|re|ndo|nte)?|dicendo|voc[ei]|cantano|discors[oi]|racconta\w*|fala(?:m|r|ndo)?"
    r"|dizendo|vozes|spreekt|spreken|praat|praten|zegt",
)
#: Sung or whispered: words, unless what does it has none.
_SUNG = re.compile(r"\b(?:sing(?:s|ing?)?|sang|sung|whisper(?:s|ed|ing?)?)\b")
_FOUND = re.compile(rf"\b(?:{'|'.join(_SPEECH)})\b")
#: The same in scripts without spaces or with many endings.
_FOREIGN = re.compile(
    "говор|сказа|речь|речи|голос|поет|поют|разгов|рассказ|читает|[说說讲講话話唱喋語言歌]|말하|목소리|노래"
)

#: Words to be said: what follows an opening mark. An inch's mark stands behind a number.
_QUOTED = re.compile(r"""(?<!\w)["“”„«‹»「『]\s?\w[^"“”„«‹»「『]""")
#: Single marks, which may be apostrophes: words stand between an opening and a closing one.
_OPENS, _CLOSES = re.compile(r"(?<!\w)['‘`](?=[^\W\d_])"), re.compile(r"['’`](?!\w)")

_SILENCED = (
    r"(?:(?:any|human|audible|people|persons?|spoken|background|distant|other|more|clear|live)\s+)*"
    r"(?:speech|speak|speaking|talk|talking|voices?|vocals?|words|dialogues?|conversations?|singing"
    r"|whispering|lyrics|narration|commentary|announcements?|chatter|chatting|chanting|prayers?"
    r"|music|noises?|people|instruments?|reverb|effects|traffic|wind)"
    r"(?:\s+people)?(?!\s+(?:by|of|from|about)\b)"
)
#: What looks like speech and is none.
_NOT_SPEECH = re.compile(
    r"\b(?:"
    # "no music or speech"
    rf"(?:no|without|not|never|nobody|no\s+one|free\s+of|nor)\s+{_SILENCED}\b"
    rf"(?:(?:\s*,\s*{_SILENCED}\b)*\s*(?:,\s*)?(?:\bor\b|\bnor\b|\band\b|/|&)\s*(?:no\s+)?{_SILENCED}\b)?"
    r"|(?:unintelligible|indistinct|incomprehensible|inaudible|wordless|muffled|murmur(?:ed|ing))\s+"
    r"(?:(?:crowd|human|people|background|distant|male|female)\s+)*"
    r"(?:speech|talk(?:ing)?|voices?|vocals?|conversations?|chatter|singing|choir|whisper(?:s|ing)?)"
    r"(?!\s+(?:about|by|of|from|saying|that|reading|\w*ing)\b)"
    r"|crowds?\s+(?:of\s+people\s+)?(?:talking|chatting)(?!\s+(?:about|of|to|in\s+\w+ish)\b)"
    r"|people\s+(?:talking|chatting)\s+(?:in|at)\s+(?:an?|the)\s+(?:\w+\s+)?(?:restaurant|cafe"
    r"|bar|pub|lobby|market|mall|street|station|party)(?!\s+(?:about|saying|that)\b)"
    r"|voices\s+murmuring|murmur\s+of\s+voices|choir\s+humming"
    r"|talking\s+drums?|speaker\s+(?:hum|cone|cabinet)|lecture\s+(?:hall|room|theat(?:er|re))"
    r"|announcement\s+(?:chime|bell|tone|jingle)s?|prayer\s+(?:wheel|bell|flag)s?"
    r"|answering\s+machine\s+(?:beep|tone)|phone\s+call\s+(?:tone|ringing)|spoke\s+(?:wheel|nipple)s?"
    r"|knuckles?\s+rapping|choir\s+of\s+(?:frogs|birds|insects|crickets)"
    r")\b"
)


@dataclass(frozen=True)
class Refusal:
    """Why a sound is not made as it is asked for, and what a person can do: a clause each."""

    why: str
    remedy: str


#: Why a generator is not given a prompt.
_SAYS = Refusal(
    "its prompt asks for speech, which could be taken for a real person's words",
    "Change the prompt, record the sound, or allow speech",
)
_UNREADABLE = Refusal(
    "its prompt is not in Latin letters, in which alone it can be told whether a prompt asks for "
    "speech",
    "Write it in English, or allow speech",
)


def asks_for_speech(prompt: str) -> bool:
    """Whether a prompt asks for understandable words, spoken or sung.

    Parameters
    ----------
    prompt : str
        In English, as describers write it. Whatever is mostly in another script than the
        Latin counts as speech, since it cannot be judged.
    """
    if _mostly_foreign(prompt):
        return True
    text = _folded(prompt)
    return any(_says(reading) for reading in {text, text.translate(_ALIKE)})


def refusal(prompt: str) -> Refusal | None:
    """Why a generator is not given this prompt unless speech is allowed; None where it is.

    Parameters
    ----------
    prompt : str
        As `asks_for_speech` takes it.
    """
    if not asks_for_speech(prompt):
        return None
    return _UNREADABLE if _mostly_foreign(prompt) and not _says(_folded(prompt)) else _SAYS


def _mostly_foreign(prompt: str) -> bool:
    letters = [c for c in prompt if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return 2 * latin < len(letters)


def _folded(text: str) -> str:
    """A text in small letters without accents, hidden characters and spacing between letters."""
    text = unicodedata.normalize("NFKD", text)
    kept = (c for c in text if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    text = unicodedata.normalize("NFC", "".join(kept)).lower()
    return _SPELLED.sub(lambda found: re.sub(r"[ .*_-]", "", found[0]), " ".join(text.split()))


def _says(text: str) -> bool:
    if _QUOTED.search(text) or _FOREIGN.search(text) or any(map(_in_single_marks, text.split('"'))):
        return True
    rest = _NOT_SPEECH.sub(" ", text)
    if _FOUND.search(rest):
        return True
    clauses = [found.end() for found in _CLAUSE.finditer(rest)]
    agents = list(_AGENTS.finditer(rest))
    starts, ends = [agent.start() for agent in agents], [agent.end() for agent in agents]
    for sung in _SUNG.finditer(rest):
        clause = bisect(clauses, sung.start())
        begun = clauses[clause - 1] if clause else 0
        first, last = bisect_left(starts, begun), bisect(ends, sung.start())
        if _with_words(rest, sung, agents[max(first, last - 2) : last]):
            return True
    return False


def _in_single_marks(text: str) -> bool:
    opened = _OPENS.search(text)
    closed = [found.start() for found in _CLOSES.finditer(text)]
    return opened is not None and bool(closed) and closed[-1] - opened.start() > 2


def _with_words(text: str, sung: re.Match[str], agents: Sequence[re.Match[str]]) -> bool:
    """Whether what sings or whispers here may do it with words: all but birds, kettles and such.

    Parameters
    ----------
    agents : sequence of match
        The last two before it in its clause.
    """
    if not agents:
        # "a singing bowl", "singing birds"
        return _BESIDE.match(text, sung.end()) is None
    if not agents[-1]["wordless"]:
        return True
    if len(agents) == 1 or agents[-2]["wordless"]:
        return False
    # "a woman and birds singing", not "a man walking and birds singing"
    return _BOTH.fullmatch(text, agents[-2].end(), agents[-1].start()) is not None

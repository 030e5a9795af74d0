"""Whether a prompt asks for speech, which generators are not given unless a person wants it.

The authors of SEE-2-SOUND ask for safeguards against misuse: speech in a scene can put words
into a person's mouth. What is meant is a voice that says something; a murmuring crowd, a
laugh, a song's hum or a bark are sounds like others.
"""

from __future__ import annotations

import re

#: Words that name someone saying something, in their forms.
_SPEECH = re.compile(
    r"\b("
    r"spe(?:ech(?:es)?|aks?|aking|aker(?:'s)?\s+voice)|spoken|spoke"
    r"|talk(?:s|ed|ing|ers?)?|say(?:s|ing)?|said|tell(?:s|ing)?|told"
    r"|narrat(?:e|es|ed|ing|ion|ors?)|dialogues?|dialogs?|monologues?|conversations?"
    r"|voice[\s-]?overs?|announc(?:e|es|ed|ing|ements?|ers?)|interviews?"
    r"|lectur(?:e|es|ing)|sermons?|preach(?:es|ing|er)?|recit(?:e|es|ing|al)"
    r"|words|sentences?|phrases?|lyrics|sings?|singing|singers?|rap(?:s|ping|pers?)?"
    r"|newsreaders?|news\s+anchors?|podcasts?|audio\s?books?"
    r")\b",
    re.IGNORECASE,
)
#: Written-out words to be said: anything in quotation marks.
_QUOTED = re.compile('["“”«»„][^"“”«»„]{2,}["“”«»„]')
#: What looks like speech and is none: "a talking clock" speaks, "walkie-talkie static" does not.
_NOT_SPEECH = re.compile(
    r"\b(?:(?:no|without|not|unintelligible|indistinct|distant|background)\s+"
    r"(?:any\s+)?(?:speech|talk(?:ing)?|voices?|words|dialogues?|conversations?|singing|lyrics)"
    r"|speech\s*less|loud\s?speakers?|speaker\s+(?:hum|cone|cabinet))\b",
    re.IGNORECASE,
)


def asks_for_speech(prompt: str) -> bool:
    """Whether a prompt asks for understandable words, spoken or sung.

    Parameters
    ----------
    prompt : str
        In English, as describers write it.
    """
    rest = _NOT_SPEECH.sub(" ", prompt)
    return bool(_SPEECH.search(rest) or _QUOTED.search(rest))

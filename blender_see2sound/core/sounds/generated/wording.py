"""What a generator is told: the source's prompt and a few words on how it is to be recorded.

A person's prompt is never changed. After it stands how such a sound is recorded when it is to be
mixed: from nearby and well. Distance and room come from the mix; a reverberant take would bring
another room. What a model is to keep away from is the source's own `negative_prompt`, else a
short list without what its prompt itself asks for.
"""

from __future__ import annotations

import re

from ...errors import See2SoundError
from ...scene import Source
from ..speech import asks_for_speech

_RECORDED = {"ambience": "field recording, high quality"}
_NEARBY = "close-up recording, high quality"


def _any_of(words: str) -> re.Pattern[str]:
    """Finds any of these words, in their usual forms; "a+b" stands for words in this order."""
    ending = r"(?:e?s|ing|ed|ers?)?"
    each = (rf"{ending}\s+".join(word.split("+")) for word in words.split())
    return re.compile(rf"\b(?:{'|'.join(each)}){ending}\b", re.IGNORECASE)


#: Things whose names hold the name of another sound.
_OTHER_THINGS = _any_of(
    "band+saw bandsaw rubber+band elastic+band wrist+band oil+drum drum+brake drum+sander "
    "machine+drum drum+of+a+washing piano+stool piano+lid organ+donor guitar+case "
    "bell+pepper static+electricity cave+paint"
)
#: What models are kept away from, and what in a prompt asks for it. People are no reason
#: for voices, and bars and markets have none of their own: what is heard of them counts.
_AWAY: tuple[tuple[str, re.Pattern[str] | None], ...] = (
    ("low quality", None),
    ("distortion", _any_of("distort distortion radio megaphone static walkie-talkie")),
    (
        "reverb",
        _any_of("reverb reverberat reverberation echo cave cathedral church hall tunnel"),
    ),
    (
        "music",
        _any_of(
            "music musical musician song sing melody guitar piano drum violin cello flute trumpet "
            "organ band bell chime orchestra choir accordion saxophone concert jukebox"
        ),
    ),
    (
        "speech",
        _any_of(
            "voice vocal crowd audience murmur shout scream yell laugh laughter giggl cry cries "
            "sob moan cheer applause whisper babble chatter walla choir play+children "
            "children+play baby+babbl busy+restaurant busy+market busy+cafe busy+bar busy+pub "
            "noisy+restaurant noisy+bar noisy+pub restaurant+ambience bar+ambience "
            "market+ambience cafe+ambience pub+ambience in+a+restaurant in+a+bar in+a+pub"
        ),
    ),
)


def words_of(source: Source) -> str:
    """What a source sounds like, in its own words.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" where it has none.
    """
    words = (source.prompt or source.label).strip()
    if not words:
        raise See2SoundError(
            f"the sound of source {source.id!r} cannot be generated",
            "it has no prompt",
            "Give it one, or choose another maker for it",
            kind="bad-request",
        )
    return words


def told(source: Source) -> str:
    """What a model is told to make.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" for a source without words.
    """
    return f"{words_of(source)}, {_RECORDED.get(source.kind, _NEARBY)}"


def kept_away(source: Source) -> str:
    """What a model is told to keep away from."""
    if source.negative_prompt:
        return source.negative_prompt
    words = words_of(source)
    sounding = _OTHER_THINGS.sub(" ", words)
    left = [name for name, asked in _AWAY if asked is None or not asked.search(sounding)]
    if asks_for_speech(words) and "speech" in left:
        left.remove("speech")
    return ", ".join(left)

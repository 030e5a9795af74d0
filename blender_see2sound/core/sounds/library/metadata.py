"""What a sound file says of itself: its length, and the words that its maker put inside.

WAV: LIST/INFO (Microsoft's RIFF MCI), the description of ``bext`` (EBU Tech 3285) and iXML with
the fields of the Universal Category System and ASWG. FLAC, Ogg and MP3: their tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import soundfile

from ... import riff

#: Names of files that are looked at, by how they end.
SUFFIXES = frozenset({".wav", ".wave", ".bwf", ".w64", ".rf64", ".flac", ".mp3", ".ogg", ".oga"})

#: No chunk of words is longer, and no text that is kept, in bytes and characters.
_LONGEST_CHUNK, _LONGEST_TEXT = 1 << 20, 2000

#: Fields of LIST/INFO, tags and iXML that say what is heard.
_INFO = frozenset({b"INAM", b"ISBJ", b"IKEY", b"ICMT", b"IGNR"})
_TAGS = frozenset(
    {"title", "description", "comment", "comments", "keywords", "genre", "subject", "album"}
)
_IXML = frozenset(
    {
        *("FXNAME", "CATEGORY", "SUBCATEGORY", "USERCATEGORY", "DESCRIPTION", "KEYWORDS", "NOTE"),
        *("TRACKTITLE", "TITLE", "SUBJECT", "GENRE", "EFFORTTYPE", "NOTES", "BWF_DESCRIPTION"),
    }
)

#: What programs write by themselves says nothing.
_EMPTY = re.compile(r"(?i)processed by sox|lavf\S*|(?:created|recorded|encoded) (?:with|by|in) .*")


@dataclass(frozen=True)
class Metadata:
    """What a file says of itself.

    Attributes
    ----------
    frames, rate, channels : int
        Length in samples, samples per second, channels.
    words : str
        Titles, descriptions, keywords; as written.
    catid : str
        Of the Universal Category System; empty where there is none.
    """

    frames: int
    rate: int
    channels: int
    words: str
    catid: str


def read_metadata(path: Path) -> Metadata:
    """Read the headers of a sound file; its samples stay unread.

    Raises
    ------
    OSError
        The file cannot be opened.
    ValueError
        It is no sound file that can be used; the text says why.
    """
    try:
        with path.open("rb") as raw, soundfile.SoundFile(raw) as file:
            frames, rate, channels = file.frames, file.samplerate, file.channels
    except (soundfile.SoundFileError, TypeError) as error:
        raise ValueError(said(error)) from error
    if frames <= 0:
        raise ValueError("it is empty")
    told = _in_wave(path) if _is_wave(path) else _in_tags(path)
    texts, catid = [], ""
    for field, text in told:
        text = " ".join(text.replace("\0", " ").split())[:_LONGEST_TEXT]
        if field == "CATID":
            catid = text
        elif text and text not in texts and not _EMPTY.fullmatch(text):
            texts.append(text)
    return Metadata(frames, rate, channels, " ; ".join(texts)[:_LONGEST_TEXT], catid)


def said(error: Exception) -> str:
    """Why libsndfile cannot read a file, without the file's name."""
    return str(getattr(error, "error_string", error)).strip().rstrip(".") or "it cannot be read"


# ------------------------------------------------------------------ WAV


def _is_wave(path: Path) -> bool:
    with path.open("rb") as file:
        return riff.is_wave(file.read(riff.FIRST))


def _in_wave(path: Path) -> Iterator[tuple[str, str]]:
    """The fields of a WAV file that say something, with what they say."""
    with path.open("rb") as file:
        for name, size in riff.chunks(file):
            if name == b"LIST":
                for field, text in riff.info(file.read(min(size, _LONGEST_CHUNK))):
                    if field in _INFO:
                        yield field.decode(), _decoded(text)
            elif name == b"bext":
                yield "bext", _decoded(file.read(min(size, 256)).partition(b"\0")[0])
            elif name == b"iXML":
                yield from _in_ixml(file.read(min(size, _LONGEST_CHUNK)))


def _in_ixml(content: bytes) -> Iterator[tuple[str, str]]:
    """The fields of iXML; what is broken in it is left out: the sound is none the worse."""
    try:
        root = ElementTree.fromstring(content.rstrip(b"\0 \r\n"))
    except (ElementTree.ParseError, ValueError, LookupError):
        return
    for element in root.iter():
        field = element.tag.rpartition("}")[2].upper()
        if (field in _IXML or field == "CATID") and element.text:
            yield field, element.text


def _decoded(content: bytes) -> str:
    content = content.rstrip(b"\0")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


# ------------------------------------------------------------------ FLAC, Ogg, MP3


def _in_tags(path: Path) -> Iterator[tuple[str, str]]:
    import av

    # Only the tags are wanted: FFmpeg need not look for more streams.
    quick = {"probesize": "65536", "analyzeduration": "0"}
    try:
        with av.open(str(path), metadata_errors="replace", options=quick) as file:
            tags = [file.metadata, *(stream.metadata for stream in file.streams.audio)]
    except (av.error.FFmpegError, OSError, ValueError):
        return  # libsndfile reads it; it only stays without words
    for kept in tags:
        for key, text in kept.items():
            field = key.lower().partition("-")[0]
            if field in _TAGS:
                yield field, text
            elif field in ("catid", "cat_id"):
                yield "CATID", text

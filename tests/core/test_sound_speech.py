"""Which prompts ask for speech, and which only look like it."""

from __future__ import annotations

import pytest

from blender_see2sound.core.sounds.speech import asks_for_speech, refusal

#: Separated by "|" and the ends of lines.
_SOUNDS = """
    birds singing in the trees|a bird sings|a singing bowl|whale song|a kettle singing|a saw singing
    a canary singing|crickets singing at night|a man walking and birds singing|wind whispering in the leaves
    rap on the door|someone raps on a door|knuckles rapping on wood|a bicycle spoke clicking|wheel spokes rattling
    a talking drum|a lecture hall ambience|a train announcement chime|a prayer bell|walkie-talkie static
    a 12" pipe hit with a 6" hammer|rock 'n' roll|the boss's car and the drivers' doors
    rain, no music or speech|no people talking|no talking people|nobody speaking|without any human speech
    footsteps on gravel, no speech|a man walking, not speaking|a murmuring crowd, indistinct conversation
    a bar, indistinct chatter|people talking in a restaurant|a crowd talking|stadium crowd chanting|a choir of frogs
    a man shouting|children playing and screaming|a baby crying|laughter|teeth chattering|a telltale creak
    the fan tells|teller machine beeping|money counting machine|a woman's heels on marble|a phone ringing
    a dog barking|a loudspeaker humming|birds chirping in the trees|wind through a sailing boat's rigging
    essays rustling|a typewriter typing words|a wind turbine, phrases of wind|dice rolling|a parlor clock ticking
"""
_SPEECH = """
    a man's voice saying hello|the voice of Barack Obama|male voice reading the news|Taylor Swift voice|vocals
    a woman reading a poem aloud|female voice counting to ten|a man counting|text-to-speech robot|TTS voice
    a man shouting 'stop the vote'|someone yelling fire|a crowd chanting slogans|monks chanting|“stop”
    a voice: "attack at dawn"|a man: 'we attack at dawn'|a man: we attack at dawn
    a politician giving an address|President Trump declares war|a weather report on the radio|radio broadcast
    a newscast|news anchor reading|a podcast|a sports commentator|commentary|an auctioneer|a standup comedian
    call to prayer|a priest praying aloud|whispering a secret|a woman whispering|a choir|a rapper
    rapping over a beat|a kid singing|a woman and birds singing|singing in the shower|a singer singing lyrics
    a telephone call|a man arguing with a woman|a teacher explaining|a woman asks a question|a man answers
    poetry reading|a speech|a man narrates|chatting people|discussion|a debate|gossiping|swearing
    a man talking to a crowd|a woman says hello|a politician giving a speech
    A distant speech by Churchill|background conversation about the election|muffled speech about war
    no music but a man talks|no music, a man speaks|no music and speech by Churchill
    s p e e c h|talkin|sp\u0435aking|\uff33\uff30\uff25\uff25\uff23\uff28|spe\u200bech
    ein Mann spricht|ein Redner hält eine Rede|ein Mann sagt etwas|un homme qui parle|un discours du président
    una mujer hablando|una donna che parla|uma mulher falando|мужчина говорит|男人在说话|女性が話している
    rain, 男人在说话|собака лает
"""


def _prompts(listed: str) -> list[str]:
    return [one.strip() for line in listed.strip().splitlines() for one in line.split("|")]


@pytest.mark.parametrize("prompt", _prompts(_SPEECH))
def test_prompts_for_words_ask_for_speech(prompt: str) -> None:
    assert asks_for_speech(prompt)
    assert asks_for_speech(f"Rain. {prompt.capitalize()}.")


@pytest.mark.parametrize("prompt", [*_prompts(_SOUNDS), ""])
def test_prompts_for_other_sounds_do_not(prompt: str) -> None:
    assert not asks_for_speech(prompt)
    assert not asks_for_speech(prompt.upper())


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        ("a man speaking", "asks for speech"),
        ("мужчина говорит", "asks for speech"),
        ("собака лает", "not in Latin letters"),
        ("狗在叫", "not in Latin letters"),
        ("\u0441an you speak", "asks for speech"),
    ],
)
def test_a_refusal_says_what_is_true(prompt: str, why: str) -> None:
    told = refusal(prompt)
    assert told is not None
    assert why in told.why


@pytest.mark.parametrize("prompt", ["a dog barking", "", "🐕", "12 %"])
def test_nothing_is_said_of_other_prompts(prompt: str) -> None:
    assert refusal(prompt) is None

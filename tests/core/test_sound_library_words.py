"""What names and metadata of recordings say, and what is found by which words."""

from __future__ import annotations

import ast
import inspect
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.regions.words import built_in as finders_words
from blender_see2sound.core.sounds.library.categories import words_of
from blender_see2sound.core.sounds.library.index import Entry, Index, Stamp, with_index
from blender_see2sound.core.sounds.library.metadata import read_metadata
from blender_see2sound.core.sounds.library.names import named, spelled
from blender_see2sound.core.sounds.library.scanning import entry_of
from blender_see2sound.core.sounds.library.searching import search
from blender_see2sound.core.sounds.library.stems import stem, stemmed
from blender_see2sound.core.sounds.library.wanted import wanted


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("path", "catid", "words"),
    [
        ("ANMLDog_Big Bark_JS_Field.wav", "ANMLDog", "big bark"),
        ("DOORWood-INT_Creaky Door_JS_F_Take 2.wav", "DOORWood", "creaky door take"),
        ("VEHCar_Pass By.wav", "VEHCar", "pass by"),
        # An unknown subcategory, in a name that is one in all else.
        ("WATRZzz_Odd Thing_JS_F.wav", "WATRZzz", "odd thing"),
        # What only looks like it.
        ("BOATRide_on the lake.wav", "", "boat ride on the lake"),
        ("CARHorn_loud.wav", "", "car horn loud"),
        ("ANMLDog.wav", "", "anml dog"),
        ("my_dog_is_loud.wav", "", "my dog is loud"),
        ("WIND_01.wav", "", "wind"),
        ("CamelCaseName02-b.wav", "", "camel case name b"),
        ("Bäume.im.Wind.wav", "", "baume im wind"),
        ("Dør_Åpner.wav", "", "dør apner"),
        ("DOGbark02.wav", "", "dog bark"),
        ("BBCNews.wav", "", "bbc news"),
        ("DOGS.wav", "", "dogs"),
        ("犬bark.wav", "", "犬 bark"),
        ("ДверьСкрип.wav", "", "дверь скрип"),
    ],
)
def test_names_are_read(path: str, catid: str, words: str) -> None:
    name = named(path)
    assert (name.catid, name.words) == (catid, words)


def test_categories_and_folders_say_what_it_is() -> None:
    name = named("Nature Sounds/AMBFrst-Night_Owl_JS_F.wav")
    assert {"ambience", "forest", "night"} <= set(name.category.split())
    assert name.folder == "nature sounds"
    assert named("take 7.wav", "RAINMetl").category == "rain metal"


def test_the_table_of_categories_can_be_read() -> None:
    for catid in ("ANMLDog", "AMBPark", "FEETHmn", "WEAPSwrd", "UIClick", "CLOCKTick", "WATRMisc"):
        words = words_of(catid, sure=False)
        assert words
        assert "misc" not in words
        assert spelled(words) == words


@given(st.text(max_size=60))
def test_any_name_is_read(text: str) -> None:
    name = named(text + ".wav")
    assert name.words == spelled(name.words)


@pytest.mark.parametrize(
    "forms",
    [
        "bark barks barking barked", "horse horses", "run runs running ran", "leaf leaves",
        "splash splashes splashing", "child children", "bus buses", "glass glasses",
        "wave waves waving", "creak creaks creaky", "fog foggy", "fly flies flying flew", "box boxes", "city cities", "goose geese",
    ],
)  # fmt: skip
def test_forms_of_a_word_come_together(forms: str) -> None:
    assert len(set(stemmed(forms))) == 1


@pytest.mark.parametrize(
    "pair", ["wind wing", "rain ring", "bed bee", "spring spray", "ship sheep"]
)
def test_other_words_stay_apart(pair: str) -> None:
    assert len({stem(word) for word in pair.split()}) == 2


# ------------------------------------------------------------------ metadata


def written(path: Path, **tags: str) -> Path:
    noise = np.random.default_rng(1).normal(0.0, 0.1, 9600).astype(np.float32)
    with soundfile.SoundFile(path, "w", 48_000, 1) as file:
        for name, text in tags.items():
            setattr(file, name, text)
        file.write(noise)
    return path


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def with_chunks(path: Path, *chunks: bytes) -> Path:
    content = written(path).read_bytes() + b"".join(chunks)
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    return path


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_titles_of_all_formats_are_read(tmp_path: Path, suffix: str) -> None:
    found = read_metadata(written(tmp_path / f"x.{suffix}", title="Owl in the woods"))
    assert "Owl in the woods" in found.words
    assert (found.rate, found.channels) == (48_000, 1)
    assert found.frames == pytest.approx(9600, abs=2500)


def test_the_chunks_of_a_wave_file_are_read(tmp_path: Path) -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Creek\0") + chunk(b"IKEY", b"brook, babble\0"))
    bext = chunk(
        b"bext", "Water over stones, Zürich".encode("cp1252").ljust(256, b"\0") + bytes(346)
    )
    ixml = chunk(
        b"iXML",
        b"<BWFXML><USER><CATID>WATRFlow</CATID><KEYWORDS>alpine</KEYWORDS></USER>"
        b"<NOTE>third take</NOTE><UBITS>nothing heard</UBITS></BWFXML>",
    )
    found = read_metadata(with_chunks(tmp_path / "x.wav", info, bext, ixml))
    for words in ("Creek", "brook, babble", "Water over stones, Zürich", "alpine", "third take"):
        assert words in found.words
    assert "nothing heard" not in found.words
    assert found.catid == "WATRFlow"
    assert "stream" in entry_of(tmp_path, "x.wav", Stamp(1, 1)).words[1]


@pytest.mark.parametrize(
    "broken",
    [
        chunk(b"iXML", b"<not closed"), chunk(b"iXML", b""), chunk(b"LIST", b"INFOINAM\xff\xff\xff\xff"),
        b"LIST\xff\xff\xff\x7fINFO", chunk(b"bext", b"x"), b"\0\0\0\0\0\0\0\0\0",
    ],
)  # fmt: skip
def test_broken_chunks_do_no_harm(tmp_path: Path, broken: bytes) -> None:
    assert read_metadata(with_chunks(tmp_path / "x.wav", broken)).frames == 9600


def test_the_sound_of_a_pipe_is_not_read_as_chunks(tmp_path: Path) -> None:
    path = written(tmp_path / "x.wav")
    content = path.read_bytes()
    place = content.index(b"data")
    # The sound itself looks like chunks that say something.
    false = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Creek\0"))
    sound = false + content[place + 8 + len(false) :]
    path.write_bytes(content[:place] + b"data" + b"\xff" * 4 + sound)
    assert read_metadata(path).words == ""


def test_what_programs_say_of_themselves_is_left_out(tmp_path: Path) -> None:
    assert read_metadata(written(tmp_path / "x.flac", comment="Processed by SoX")).words == ""


# ------------------------------------------------------------------ searching

RECORDINGS = (
    "Animals/ANMLDog_Big Dog Barking_JS_F.wav", "Animals/dog-growl02.wav", "Animals/Cat Meow.wav",
    "Ambience/Wind through trees.wav", "Ambience/cafe chatter loop.wav", "Ambience/AMBPark_City Park_JS_F.wav",
    "Weather/RAINConc_Heavy Rain On Street_JS_A.wav", "Weather/Rolling Thunder.wav",
    "Vehicles/CarPassBy01.wav", "Vehicles/rec_0042.wav", "Vehicles/Tram Bell.wav",
    "Foley/FEETHmn_Footsteps Gravel Walk_JS_F.wav", "Foley/Footsteps on wood.wav",
    "Foley/DOORWood_Creaky Door_JS_F.wav", "Foley/bottle break.wav", "Music/Violin tune.wav",
)  # fmt: skip


def entry_named(path: str) -> Entry:
    name = named(path)
    cut = [" ".join(stemmed(t)) for t in (name.words, name.category, "", name.folder)]
    return Entry(path, Stamp(1, 1), 10.0, words=(cut[0], cut[1], cut[2], cut[3]))


@pytest.fixture
def index(tmp_path: Path):
    with_index(tmp_path, lambda index: index.put(map(entry_named, RECORDINGS)))
    return lambda work: with_index(tmp_path, work)


def found_among(tmp_path: Path, names: str, prompt: str) -> list[str]:
    """The names, parted by commas, that a prompt finds, the best first."""

    def look(index: Index) -> list[str]:
        index.put(entry_named(f"{name.strip()}.wav") for name in names.split(","))
        return [
            hit.path.removesuffix(".wav") for hit in search(index, wanted("", prompt), None, 99)
        ]

    return with_index(tmp_path, look)


def best(index, prompt: str, label: str = "", negative: str = "") -> list[str]:
    def look(opened: Index) -> list[str]:
        hits = search(opened, wanted(label, prompt, negative), 10.0, 20)
        assert all(0.0 < hit.score <= 1.0 for hit in hits)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        return [hit.path.rpartition("/")[2] for hit in hits]

    return index(look)


@pytest.mark.parametrize(
    ("prompt", "first"),
    [
        ("a dog barking in a park", "ANMLDog_Big Dog Barking_JS_F.wav"),
        ("a hound growls", "dog-growl02.wav"),
        ("a puppy", "dog-growl02.wav"),
        ("a man walking on a gravel path", "FEETHmn_Footsteps Gravel Walk_JS_F.wav"),
        ("a woman walking on a wooden floor", "Footsteps on wood.wav"),
        ("wind blowing through the trees", "Wind through trees.wav"),
        ("downpour", "RAINConc_Heavy Rain On Street_JS_A.wav"),
        ("a red automobile driving down the street", "CarPassBy01.wav"),
        ("people talking in a restaurant", "cafe chatter loop.wav"),
        ("a squeaking door", "DOORWood_Creaky Door_JS_F.wav"),
        ("a glass bottle shattering", "bottle break.wav"),
        ("thunder", "Rolling Thunder.wav"),
        ("the streetcar", "Tram Bell.wav"),
    ],
)
def test_words_find_what_they_mean(index, prompt: str, first: str) -> None:
    assert best(index, prompt)[:1] == [first]


@pytest.mark.parametrize(
    "prompt",
    ["a trumpet", "a street", "a bell tower's pigeons", "a wooden chair", "loud", "", "xyzzy", "'\"*()", "NEAR AND OR NOT"],
)  # fmt: skip
def test_nothing_unfitting_is_found(index, prompt: str) -> None:
    assert best(index, prompt) == []


@pytest.mark.parametrize(
    ("prompt", "names", "fitting"),
    [
        ("strong wind with rain and distant thunder", "strong wind, wind, rain, thunder, dog",
         "strong wind, wind, rain, thunder"),
        ("rushing water of a waterfall, a stream", "rushing water, river, waterfall, stream, water bottle, dog",
         "rushing water, river, waterfall, stream"),
        ("the roar of a jet engine", "jet engine, lion roar, crowd roar", "jet engine"),
        ("a dog barking and scratching", "dog, door scratching", "dog"),
        ("a man and a woman, a door closing", "footsteps, door", "door"),
        ("a man walking on gravel and grass", "footsteps gravel, grass", "footsteps gravel"),
    ],
)  # fmt: skip
def test_of_a_list_any_thing_is_found(
    tmp_path: Path, prompt: str, names: str, fitting: str
) -> None:
    assert set(found_among(tmp_path, names, prompt)) == set(fitting.split(", "))


def test_of_a_list_what_tells_of_all_is_best(tmp_path: Path) -> None:
    names = "wind, thunder, rain wind thunder"
    prompt = "distant thunder, rain and strong wind"
    assert found_among(tmp_path, names, prompt)[0] == "rain wind thunder"


@pytest.mark.parametrize("prompt", ["wind", "rain on a roof", "a dog barking", "a train passing"])
def test_weak_words_lose_nothing(tmp_path: Path, prompt: str) -> None:
    names = "wind, rain, dog bark, train pass, door"
    weak = f"a distant, strong, soft, quick, light, heavy {prompt}"
    assert found_among(tmp_path, names, weak) == found_among(tmp_path, names, prompt) != []


@pytest.mark.parametrize(
    ("prompts", "names"),
    [
        ("mice, mouse, a rabbit, a fox, a cow", "ANMLDog_Bark Large_AB_CD, dog, animal dog"),
        ("a cow, a goat", "ANMLFarm_Sheep Baa_AB_CD"),
        ("a sparrow, a robin", "BIRDCrow_Caw_AB_CD"),
        ("fish, a fountain, a lake, a tap", "water bottle"),
        ("a train, a park, a ship, the wind, a car",
         "training day crowd, parking lot, shipping office, winding rope, carry bag"),
        ("a plane", "planning meeting"),
        ("a dog, the rain, water, fire", "hot dog cart, rain boots, water bottle, fire engine"),
    ],
)  # fmt: skip
def test_another_kind_is_not_found(tmp_path: Path, prompts: str, names: str) -> None:
    assert [found_among(tmp_path, names, prompt) for prompt in prompts.split(",")] == [
        [] for _ in prompts.split(",")
    ]


def test_a_kind_is_found_by_its_category(tmp_path: Path) -> None:
    for prompt, name in (
        ("mice", "ANMLRdnt_Squeak_AB_CD"),
        ("a cow", "ANMLFarm_Moo_AB_CD"),
        ("a sparrow", "bird song"),
        ("a bird", "BIRDCrow_Crow Caw_AB_CD"),
        ("an animal", "ANMLDog_Bark_AB_CD"),
    ):
        assert name in found_among(tmp_path, name, prompt)


#: What may be found for the finder's own words, by what it calls the region; the rest is not.
FITTING = {
    "sky": "wind", "storm sky": "wind, rain, thunder", "foliage": "wind, leaves, bird song",
    "grass": "wind, insects", "waterfall": "waterfall, stream", "fire": "fire crackle",
    "room tone": "room tone, electric hum", "open water": "sea waves", "water": "stream",
    "person": "footsteps, cloth rustle", "figure": "footsteps", "vehicle": "car engine, tyres",
    "animal": "animal steps, footsteps", "moving thing": "whoosh, footsteps, cloth rustle",
    "flying thing": "whoosh", "thing": "cloth rustle, leaves",
}  # fmt: skip


def finders_own() -> list[tuple[str, str]]:
    """All labels and prompts of the built-in describer."""
    said = [*finders_words.STUFFS.values(), *finders_words.WATERS.values()]
    for node in ast.walk(ast.parse(inspect.getsource(finders_words))):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            label, prompt = (ast.literal_eval(part) for part in node.value.elts)
            said.append((label, prompt))
    return said


@pytest.mark.parametrize(("label", "prompt"), finders_own())
def test_the_finders_own_words_find_what_fits(tmp_path: Path, label: str, prompt: str) -> None:
    others = "dog bark, door slam, phone ring, church bell, glass break, crowd cheer, water bottle"
    fitting = FITTING[label].split(", ")
    if label == "moving thing":
        fitting.append("leaves")
    everything = {name for names in FITTING.values() for name in names.split(", ")}
    hits = found_among(tmp_path, ", ".join([*sorted(everything), others]), prompt)
    assert hits
    assert hits[0] in fitting
    assert not set(hits) & set(others.split(", "))


def test_the_label_counts_where_the_prompt_says_nothing(index) -> None:
    assert best(index, "", label="violin") == ["Violin tune.wav"]
    assert best(index, "the sound of it", label="violin") == ["Violin tune.wav"]
    assert best(index, "thunder", label="violin") == ["Rolling Thunder.wav"]


def test_what_is_not_wanted_is_not_found(index) -> None:
    assert "dog-growl02.wav" in best(index, "a dog")
    assert "dog-growl02.wav" not in best(index, "a dog", negative="growling")
    assert "dog-growl02.wav" not in best(index, "a dog without growling")


def test_the_name_counts_more_than_the_folder(index) -> None:
    assert best(index, "vehicle")[0] != "rec_0042.wav"
    assert "rec_0042.wav" in best(index, "vehicle")


def test_longer_recordings_are_better_where_they_are_needed(tmp_path: Path) -> None:
    def fill(index: Index) -> list[str]:
        cut = ("wind", "", "", "")
        index.put(Entry(f"{s}.wav", Stamp(1, 1), float(s), words=cut) for s in (1, 30, 5))
        return [hit.path for hit in search(index, wanted("", "wind"), 60.0, 9)]

    assert with_index(tmp_path / "other", fill) == ["30.wav", "5.wav", "1.wav"]


@given(st.text(max_size=80), st.text(max_size=20), st.text(max_size=20))
def test_any_words_can_be_looked_for(prompt: str, label: str, negative: str) -> None:
    sought = wanted(label, prompt, negative)
    assert all(thing.weight > 0.0 and thing.terms for thing in sought.things)

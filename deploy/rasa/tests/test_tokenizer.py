"""Our components inside Rasa's own environment: `rasa python -m unittest discover -s deploy/rasa/tests`."""

from __future__ import annotations

import random
import unittest

from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sinmungo_rasa import KoreanTokenizer
from sinmungo_rasa.morphemes import Piece, pieces

TOKENIZER = KoreanTokenizer(KoreanTokenizer.get_default_config())
KIWI = TOKENIZER._kiwi
HOSTILE = (
    *("", " ", "\n", "\u0000", "\u200b\u200b", "\U0001f600", "👨\u200d👩\u200d👧 불이야", "\ufeff안녕", "가\u0301나"),
    *("ㅋㅋㅋㅠㅠ", "한\u202e글", "𝓐𝓑 𠮷野家 구래동", "\ud800", "a" * 500, "가" * 500, "1" * 300, "12가3456"),
    *("했었겠더라고요", "ᄀ", "\u1112\u1161\u11ab"),
)


class Pieces(unittest.TestCase):
    def assert_sound(self, text: str, found: list[Piece]) -> None:
        self.assertTrue(found, repr(text))
        last = 0
        for one in found:
            self.assertLessEqual(last, one.start, repr(text))
            self.assertLess(one.start, one.end, repr(text))
            self.assertTrue(one.lemma)
            last = one.end
        self.assertLessEqual(last, max(len(text), 1))

    def test_particles_are_tokens_of_their_own(self) -> None:
        text = "장기동에서 주차장은 어디예요?"
        words = [text[one.start : one.end] for one in pieces(text, KIWI)]
        self.assertEqual(words[:4], ["장기동", "에서", "주차장", "은"])

    def test_contracted_morphemes_share_one_token(self) -> None:
        (first, *_) = [one for one in pieces("신고했어요", KIWI) if one.start == 2]
        self.assertEqual(("신고했어요"[first.start : first.end][0], first.lemma), ("했", "하"))

    def test_signs_are_cut_from_words_and_numbers(self) -> None:
        text = "From Busan. 010-1234-5678."
        starts = {one.start for one in pieces(text, KIWI)} & {5, 12}
        ends = {one.end for one in pieces(text, KIWI)} & {10, 25}
        self.assertEqual((starts, ends), ({5, 12}, {10, 25}))

    def test_offsets_are_code_points_behind_an_astral_sign(self) -> None:
        text = "😀😀 장기동에 가로등"
        self.assertIn("장기동", [text[one.start : one.end] for one in pieces(text, KIWI)])

    def test_anything_at_all_gives_sound_pieces(self) -> None:
        for text in HOSTILE:
            self.assert_sound(text, pieces(text, KIWI))
        chance = random.Random(7)  # noqa: S311 - the same texts every time, no secret
        signs = "가나다라마힣ㄱㅏ aZ09.,-/[](){}\n\t\u0000\u200d\ufe0f😀𠮷\u0301" + chr(0x1100) + chr(0x1161)
        for _ in range(400):
            text = "".join(chance.choices(signs, k=chance.randint(1, 40)))
            self.assert_sound(text, pieces(text, KIWI))


class Tokens(unittest.TestCase):
    def test_rasas_own_tokenizer_deletes_hangul_and_ours_does_not(self) -> None:
        """Why this component exists; were it mended, Rasa's would do for spaced text."""
        message = Message({"text": "주차장 parking 자리"})
        stock = WhitespaceTokenizer(WhitespaceTokenizer.get_default_config()).tokenize(message, "text")
        self.assertEqual([one.text for one in stock], ["parking"])
        self.assertEqual([one.text for one in TOKENIZER.tokenize(message, "text")], ["주차장", "parking", "자리"])

    def test_names_of_intents_stay_whole(self) -> None:
        lines = TrainingData([Message({"text": "주차장", "intent": "parking_fee_hours"})])
        (line,) = TOKENIZER.process_training_data(lines).training_examples
        self.assertEqual([one.text for one in line.get("intent_tokens")], ["parking_fee_hours"])

    def test_no_text_is_still_one_token(self) -> None:
        for text in HOSTILE:
            self.assertTrue(TOKENIZER.tokenize(Message({"text": text}), "text"), repr(text))


if __name__ == "__main__":
    unittest.main()

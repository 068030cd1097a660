"""Particles, money and distance as Korean readers expect them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.korean import josa, krw, meters

PARTICLES = [
    ("위치", "을/를", "위치를"),
    ("내용", "을/를", "내용을"),
    ("분야", "은/는", "분야는"),
    ("구래동", "으로/로", "구래동으로"),
    ("서울", "으로/로", "서울로"),
    ("우체국 앞", "으로/로", "우체국 앞으로"),
    ("장기1", "으로/로", "장기1로"),
    ("구래3", "으로/로", "구래3으로"),
    ("구래2", "이/가", "구래2가"),
    ("구래10", "이/가", "구래10이"),
    ("GP-2026-000001", "은/는", "GP-2026-000001은"),
    ("GP-2026-000002", "은/는", "GP-2026-000002는"),
    ("‘소음·진동’", "으로/로", "‘소음·진동’으로"),
    ("‘도로 파손’", "으로/로", "‘도로 파손’으로"),
    ("‘악취’", "으로/로", "‘악취’로"),
    ("환경과 (031-980-2114)", "이/가", "환경과 (031-980-2114)가"),
    ("김철수", "이에요/예요", "김철수예요"),
    ("홍길동", "이에요/예요", "홍길동이에요"),
    ("mail", "으로/로", "mail로"),
    ("team", "을/를", "team을"),
    ("CCTV", "을/를", "CCTV를"),
    ("", "을/를", "를"),
]


@pytest.mark.parametrize(("word", "pair", "wanted"), PARTICLES)
def test_it_takes_the_particle_that_is_said(word: str, pair: str, wanted: str) -> None:
    assert josa(word, pair) == wanted


@given(st.text(max_size=40), st.sampled_from(["은/는", "이/가", "을/를", "과/와", "으로/로", "이에요/예요"]))
def test_it_keeps_the_word_and_adds_one_of_the_two(word: str, pair: str) -> None:
    assert josa(word, pair) in {word + particle for particle in pair.split("/")}


@given(st.integers(0xAC00, 0xD7A3))
def test_a_syllable_with_a_final_sound_takes_the_first(code: int) -> None:
    assert josa(chr(code), "이/가") == chr(code) + ("이" if (code - 0xAC00) % 28 else "가")


@pytest.mark.parametrize(("amount", "wanted"), [(0, "0원"), (1500, "1,500원"), (1234567, "1,234,567원")])
def test_money_is_written_with_commas(amount: int, wanted: str) -> None:
    assert krw(amount) == wanted


@pytest.mark.parametrize(("distance", "wanted"), [(0, "0m"), (161.2, "161m"), (999, "999m"), (1234, "1.2km")])
def test_distance_is_written_as_people_say_it(distance: float, wanted: str) -> None:
    assert meters(distance) == wanted

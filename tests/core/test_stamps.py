"""A signed time is good for one body, for as long as the clock allows, in a memory that does not grow."""

from core.stamps import Stamps

NOW = 1_790_000_000


def test_a_stamp_is_good_for_one_body_and_its_repeats() -> None:
    stamps = Stamps(300)
    assert stamps.take(f"{NOW}000", b"first", NOW)
    assert not stamps.take(f"{NOW}000", b"second", NOW)
    assert stamps.take(f"{NOW}000", b"first", NOW + 299)
    assert stamps.take(f"{NOW}001", b"second", NOW)


def test_several_bodies_share_a_stamp_where_that_is_allowed() -> None:
    stamps = Stamps(300, 2)
    assert [stamps.take(str(NOW), body, NOW) for body in (b"1", b"2", b"3", b"2")] == [True, True, False, True]


def test_stamps_are_forgotten_when_their_time_is_over_in_seconds_and_in_milliseconds() -> None:
    stamps = Stamps(300)
    stamps.take(str(NOW), b"", NOW)
    stamps.take(f"{NOW}500", b"", NOW)
    stamps.take(f"{NOW + 301}500", b"", NOW + 301)
    assert len(stamps) == 1, "both earlier ones were too old"
    stamps.take(str(NOW + 302), b"", NOW + 302)
    assert len(stamps) == 2


def test_the_memory_never_grows_past_its_bound() -> None:
    stamps = Stamps(300, most=10)
    assert all(stamps.take(f"{NOW}{number:03}", b"", NOW) for number in range(200))
    assert len(stamps) <= 10
    assert not stamps.take(f"{NOW}199", b"other", NOW), "the newest are kept"

"""A place as a messenger tells it: numbers of any type, words of any type, on the earth or not."""

from core.contracts.channel import GeoPoint


def point(lat: object, lon: object, *words: object) -> GeoPoint | None:
    """The place with its words as label, at most 200 characters; None for what is no place on the earth."""
    numbers = [float(one) for one in (lat, lon) if isinstance(one, int | float) and abs(one) <= 180]
    if len(numbers) != 2 or abs(numbers[0]) > 90 or isinstance(lat, bool) or isinstance(lon, bool):
        return None
    label = " ".join(" ".join(one.split()) for one in words if isinstance(one, str) and one.strip())
    return GeoPoint(numbers[0], numbers[1], label[:200])

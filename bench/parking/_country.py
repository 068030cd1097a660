"""A made-up country of lots for the benches: crowded towns and empty land, as real lots lie; the same for every run."""

from dataclasses import replace
from datetime import date
from random import Random

from core.contracts.parking import ParkingRecord, Tariff

OFFICES = 250
TOWNS = 40
IN_TOWN = 0.8
"""Share of lots that lie in a town; the others lie anywhere."""
SPREAD = 0.04
"""Of a town, in degrees (about 4 km)."""
HOURS = (
    "24/7",
    "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown",
    "Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su,PH off",
    "Mo-Fr 00:00-24:00; Sa 00:00-24:00; Su,PH 00:00-24:00",
    "Mo-Fr 08:00-20:00; Sa,Su,PH 10:00-17:00",
    None,
)


def towns() -> list[tuple[float, float]]:
    random = Random(60)
    return [(33.3 + random.random() * 4.6, 126.2 + random.random() * 2.8) for _ in range(TOWNS)]


def lots(count: int, day: date, mark: str = "", among: list[tuple[float, float]] | None = None) -> list[ParkingRecord]:
    """`count` lots; `mark` changes every tenth name; `among`: the most crowded towns, if not of our making."""
    random = Random(6)
    middles = [*(among or ()), *towns()]
    made: list[ParkingRecord] = []
    for at in range(count):
        office = f"{at % OFFICES:07d}"
        uid = f"{office}:{at}"
        if random.random() < IN_TOWN:
            middle = middles[int(random.paretovariate(1.2) - 1) % len(middles)]
            lat, lon = random.gauss(middle[0], SPREAD), random.gauss(middle[1], SPREAD)
        else:
            lat, lon = 33.2 + random.random() * 5, 126 + random.random() * 3
        made.append(
            replace(
                _PLAIN,
                uid=uid,
                external_ids=(uid,),
                provider=office,
                name=f"{_NAMES[at % len(_NAMES)]}{at // len(_NAMES)} 공영주차장{mark if at % 10 == 0 else ''}",
                address=f"나래시 가람동 {at // 7}-{at % 7}",
                lat=round(min(max(lat, 33.1), 38.6), 6),
                lon=round(min(max(lon, 124.6), 131.9), 6),
                type=random.choice(("ON_STREET", "OFF_STREET_PARKING_GROUND", "CAR_PARK", "UNDERGROUND")),
                capacity=random.randint(5, 400),
                capacity_family=random.choice((None, None, 4)),
                max_height_cm=random.choice((None, None, 210, 230)),
                has_disabled=random.random() < 0.4,
                has_charging=random.random() < 0.1 or None,
                fee_kind=random.choice(("paid", "paid", "paid", "free")),
                opening_hours=random.choice(HOURS),
                data_date=day,
            )
        )
    return made


_NAMES = ("가람", "누리", "다솜", "라온", "마루", "보람", "새벽", "아라", "하늘", "솔빛", "윤슬", "한결")
_PLAIN = ParkingRecord(
    uid="",
    external_ids=(),
    provider="",
    name="",
    ownership="public",
    type="OFF_STREET_PARKING_GROUND",
    address="",
    lat=None,
    lon=None,
    capacity=1,
    has_disabled=True,
    has_charging=None,
    opening_hours="24/7",
    hours_note="일요일·공휴일은 운영요일이 아니므로 이용 가능 여부 확인 필요",
    fee_kind="paid",
    tariff=Tariff(30, 600, 10, 300, 7_000, 80_000),
    payment="현금+카드",
    remarks="경차+저공해자동차 50프로 할인",
    operator="나래시 시설관리공단",
    phone="000-000-0000",
    data_date=None,
)

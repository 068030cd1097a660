"""What a million citizens write: a small grammar over the demo city's categories, skewed as a city's days are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

WEIGHTS: Mapping[str, int] = {
    "illegal_parking": 290,
    "waste": 135,
    "road_damage": 95,
    "noise": 85,
    "street_light": 60,
    "bus_traffic": 55,
    "construction": 45,
    "park_tree": 40,
    "sidewalk": 35,
    "illegal_ad": 30,
    "odor": 28,
    "air_dust": 22,
    "facility": 20,
    "pest": 16,
    "sewage_flood": 14,
    "animal": 12,
    "snow_ice": 8,
    "welfare": 5,
    "other": 5,
}
"""Of a thousand. A third is parking, as in every city."""

TROUBLES: Mapping[str, Sequence[str]] = {
    "illegal_parking": (
        "{car} 차량이 인도 위에 주차되어 있습니다",
        "횡단보도에 불법 주정차한 차가 있어요",
        "소화전 앞에 {car} 차가 이중주차를 해 놓았습니다",
        "장애인 주차구역에 일반 차량이 주차했습니다",
        "어린이보호구역에 불법주차가 심합니다",
        "버스 정류장 앞 불법 주차 단속 부탁드립니다",
        "화물차가 밤마다 골목에 밤샘주차를 합니다",
    ),
    "waste": (
        "쓰레기 무단투기가 심합니다",
        "음식물 쓰레기를 며칠째 수거하지 않았어요",
        "대형폐기물을 누가 몰래 버리고 갔습니다",
        "재활용 분리수거장이 넘쳐서 지저분합니다",
        "종량제 봉투를 쓰지 않고 버리는 사람이 있어요",
    ),
    "road_damage": (
        "포트홀이 생겨 타이어가 찢어졌습니다",
        "도로가 푹 꺼져서 위험합니다",
        "아스팔트가 갈라지고 패였어요",
        "맨홀 뚜껑이 덜컹거리고 깨졌습니다",
        "싱크홀처럼 땅이 내려앉았습니다",
    ),
    "noise": (
        "공사장 소음이 새벽부터 시끄럽습니다",
        "오토바이 굉음 때문에 잠을 못 잡니다",
        "층간소음이 심해서 도저히 못 살겠어요",
        "확성기 소리가 너무 큽니다",
        "진동 때문에 벽에 금이 갔어요",
    ),
    "street_light": (
        "가로등이 꺼져 있습니다",
        "보안등이 깜빡거립니다",
        "가로등이 고장 나서 골목이 어둡습니다",
        "보안등을 새로 설치해 주세요",
        "가로등 불빛이 방으로 들어와 눈이 부십니다",
    ),
    "bus_traffic": (
        "버스가 정류장에 서지 않고 지나갔습니다",
        "신호등이 고장 났습니다",
        "골드라인 배차 간격이 너무 깁니다",
        "마을버스 기사가 난폭운전을 합니다",
        "정류장 안내판이 꺼져 있어요",
    ),
    "construction": (
        "공사장 비산먼지가 심합니다",
        "무허가로 증축한 위반건축물이 있습니다",
        "공사 차량이 안전망 없이 다닙니다",
        "공사장 펜스가 쓰러질 것 같아요",
    ),
    "park_tree": (
        "놀이터 그네가 부서졌습니다",
        "가로수 가지가 간판을 가립니다",
        "공원 산책로에 잡초가 무성합니다",
        "나무가 쓰러져 길을 막았어요",
        "벤치가 파손되었습니다",
    ),
    "sidewalk": (
        "보도블록이 튀어나와 넘어졌습니다",
        "점자블록이 끊겨 있어요",
        "자전거도로에 볼라드가 부러져 있습니다",
        "인도가 파손되어 유모차가 못 다닙니다",
    ),
    "illegal_ad": (
        "불법 현수막이 시야를 가립니다",
        "전단지가 길에 잔뜩 뿌려져 있어요",
        "간판이 떨어질 것 같습니다",
        "벽보가 덕지덕지 붙어 있습니다",
    ),
    "odor": ("하수구 악취가 올라옵니다", "공장에서 매캐한 냄새가 납니다", "축사 냄새 때문에 창문을 못 엽니다"),
    "air_dust": ("매연이 심한 트럭이 서 있습니다", "밭에서 쓰레기를 불법 소각합니다", "미세먼지가 공사장에서 날립니다"),
    "facility": ("공중화장실 문이 고장 났습니다", "운동기구가 부서졌어요", "안전 난간이 흔들립니다"),
    "pest": ("모기가 너무 많아 방역이 필요합니다", "벌집이 생겼어요", "러브버그가 창문에 가득합니다", "쥐가 나옵니다"),
    "sewage_flood": ("배수구가 막혀 물이 고입니다", "비만 오면 골목이 침수됩니다", "빗물받이가 낙엽으로 막혔어요"),
    "animal": ("유기견이 돌아다녀 무섭습니다", "고양이 사체가 길에 있습니다", "목줄 없는 개가 아이에게 달려들었어요"),
    "snow_ice": ("빙판길에 염화칼슘을 뿌려 주세요", "눈이 치워지지 않아 미끄럽습니다"),
    "welfare": ("긴급복지 지원을 문의합니다", "기초생활 수급 신청 절차가 궁금합니다"),
    "other": ("시정 홍보 방식에 대해 건의합니다", "담당 공무원의 친절에 감사드립니다"),
}
DETAILS = (
    "사흘째 그대로입니다",
    "어두워서 아이들이 다니기 무섭습니다",
    "지난주에도 신고했는데 변한 것이 없습니다",
    "퇴근 시간마다 같은 일이 되풀이됩니다",
    "어제 저녁에 넘어질 뻔했습니다",
    "주민들이 모두 불편해합니다",
    "사진을 함께 보냅니다",
    "근처 {shop} 앞이라 찾기 쉽습니다",
    "{shop} 사장님도 같은 말씀을 하십니다",
    "휠체어를 타시는 어르신이 계십니다",
    "비가 오면 더 심해집니다",
    "관리사무소에서는 시청에 말하라고 합니다",
)
PLEAS = (
    "빠른 조치 부탁드립니다",
    "현장을 확인해 주세요",
    "언제 고쳐지는지 알려 주세요",
    "단속을 강화해 주시기 바랍니다",
    "담당 부서의 답변을 기다립니다",
    "수고하십니다",
)
_NEAR = ("앞", "뒤", "옆", "건너편", "입구", "사거리", "후문", "주차장")
_BRANDS = [
    "푸른마을",
    "햇살",
    "한강",
    "은빛",
    "별빛",
    "솔터",
    "초당",
    "한가람",
    "나래",
    "다온",
    "청송",
    "새솔",
    "수기",
    "호반",
    "금빛",
    "이든",
]
_FIRST = "가나다라마바사아자차하거너도로모보소오조호구두무부수우주그미비시이지기새해달별솔봄송강산들"
_TRADE = [
    "식당",
    "마트",
    "약국",
    "세탁소",
    "미용실",
    "카페",
    "치킨",
    "분식",
    "정육점",
    "꽃집",
    "철물점",
    "부동산",
    "의원",
    "학원",
    "문구",
    "빵집",
]
_SLIPS = {"로": "러", "등": "동", "레": "래", "주": "즈", "소": "쇼", "차": "챠", "홀": "훌", "기": "귀", "도": "토"}


@dataclass(frozen=True, slots=True)
class Said:
    title: str
    place: str
    body: str


def compose(random: Random, category: str, area: str, landmarks: Sequence[str]) -> Said:
    """One complaint. One in fifty holds a slip of the keyboard; shops and plates make the long tail of rare words."""
    place = f"{area} {_spot(random, landmarks)}"
    fill = {"car": _plate(random), "shop": _shop(random)}
    trouble = random.choice(TROUBLES[category])
    sentences = [f"{place}에 {trouble}".format(**fill)]
    sentences += [one.format(**fill) for one in random.sample(DETAILS, random.randint(0, 2))]
    sentences.append(random.choice(PLEAS))
    if random.random() < 0.02:
        sentences[0] = _slip(random, sentences[0])
    title = trouble.format(**fill)[:40]
    return Said(title, place, ". ".join(sentences) + ".")


def _spot(random: Random, landmarks: Sequence[str]) -> str:
    if random.random() < 0.35:
        return f"{random.choice(landmarks)} {random.choice(_NEAR)}"
    if random.random() < 0.5:
        return (
            f"{random.choice(_BRANDS)}{random.randint(1, 12)}단지 {random.randint(101, 140)}동 {random.choice(_NEAR)}"
        )
    return f"{_shop(random)} {random.choice(_NEAR)}"


def _shop(random: Random) -> str:
    name = "".join(random.choice(_FIRST) for _ in range(random.choice((2, 2, 3))))
    return name + random.choice(_TRADE)


def _plate(random: Random) -> str:
    return f"{random.randint(10, 399)}{random.choice('가나다라마거너더러머버서어저')}{random.randint(1000, 9999)}"


def _slip(random: Random, text: str) -> str:
    spots = [at for at, char in enumerate(text) if char in _SLIPS]
    if not spots:
        return text
    at = random.choice(spots)
    return text[:at] + _SLIPS[text[at]] + text[at + 1 :]

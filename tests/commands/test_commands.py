"""The commands keep their word: documented output, Korean for people, a second start that repeats no work."""

import json
from pathlib import Path
from typing import Any

import psycopg

from tests.commands.conftest import Run
from tests.crash.processes import write_config
from tests.integrations.parking.standard_rows import PLAIN, write
from tests.ports import free_port


def rows(database_url: str, query: Any) -> list[Any]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(query).fetchall()


def told(run: Run, *words: str) -> dict[str, Any]:
    done = run("chat", "--once", *words, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_chat_prints_one_turn_as_the_documented_json(run: Run) -> None:
    found = told(run, "구래동 주차장", "--user", "min")
    assert found["intent"] == "parking_find"
    assert 0.5 < found["confidence"] <= 1
    assert "구래동" in [one["text"] for one in found["entities"]]
    assert {"text", "buttons"} == set(found["replies"][0])
    assert all(set(button) == {"label", "payload"} for reply in found["replies"] for button in reply["buttons"])
    assert "case_no" not in found


def test_chat_keeps_a_conversation_by_user(run: Run) -> None:
    said = [
        "구래동 공원 앞에 쓰레기가 며칠째 쌓여 있어요",
        "쓰레기·무단투기",
        "계속·매일",
        "사진 없음",
        "동의하고 민원",
        "홍길동",
        "01012345678",
    ]
    for text in said:
        assert "case_no" not in told(run, text, "--user", "gildong")
    assert "무엇을" not in told(run, "안녕하세요", "--user", "somebody-else").get("case_no", "")
    found = told(run, "접수", "--user", "gildong")
    assert found["case_no"] in "".join(reply["text"] for reply in found["replies"])


def test_chat_prints_bubbles_for_people(run: Run) -> None:
    done = run("chat", "--once", "안녕하세요", "--user", "reader")
    assert done.returncode == 0, done.stderr
    assert "신문고" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_second_start_loads_and_trains_nothing_again(run: Run, folder: Path, database_url: str) -> None:
    query = "SELECT 'areas', id, xmin::text FROM areas UNION ALL SELECT 'lots', id::text, xmin::text FROM parking_lots"
    model = folder / "var" / "nlu"
    told(run, "안녕", "--user", "first")
    before, files = rows(database_url, query), {path.name: path.stat().st_mtime_ns for path in model.iterdir()}
    done = run("chat", "--once", "안녕", "--user", "second")
    assert "읽었습니다" not in done.stderr
    assert "학습" not in done.stderr
    assert sorted(rows(database_url, query)) == sorted(before)
    assert {path.name: path.stat().st_mtime_ns for path in model.iterdir()} == files


def test_doctor_tells_in_korean_what_is_set_and_what_is_missing(run: Run) -> None:
    done = run("doctor")
    assert done.returncode == 0, done.stderr
    text = done.stderr + done.stdout
    for word in ("설정", "데이터베이스", "연결됨", "언어 모델", "채널 partner", "채널 telegram", "문제가 없습니다"):
        assert word in text


def test_doctor_says_when_the_store_is_away(run: Run) -> None:
    done = run("doctor", DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")
    assert done.returncode == 1
    assert "연결할 수 없습니다" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_asks_the_language_server_that_is_configured(run: Run, tmp_path: Path) -> None:
    config = write_config(tmp_path, nlu={"engine": "rasa", "rasa": {"url": f"http://127.0.0.1:{free_port()}"}})
    done = run("doctor", config=config)
    text = " ".join((done.stderr + done.stdout).split())
    assert (done.returncode, "언어 서버" in text, "Traceback" in done.stderr) == (1, True, False)
    assert "light 엔진이 답합니다" in text


def test_doctor_says_when_codes_have_no_channel_to_go_out_by(run: Run, tmp_path: Path) -> None:
    done = run("doctor", config=write_config(tmp_path, messaging={"sms_channel": "solapi"}))
    text = " ".join((done.stderr + done.stdout).split())
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "solapi 채널이 꺼져 있어" in text


def test_staff_are_added_once_and_by_rule(run: Run, database_url: str) -> None:
    words = ("staff", "add", "kim", "--name", "김담당", "--role", "admin")
    done = run(*words, SINMUNGO_STAFF_PASSWORD="북소리가-들리는-시청-2026")
    assert done.returncode == 0, done.stderr
    assert "김담당" in done.stderr + done.stdout
    ((login, role, stored),) = rows(database_url, "SELECT login, role, password_hash FROM staff")
    assert (login, role) == ("kim", "admin")
    assert stored.startswith("$argon2id$")
    again = run(*words, SINMUNGO_STAFF_PASSWORD="북소리가-들리는-시청-2026")
    assert (again.returncode, "Traceback" in again.stderr) == (2, False)
    weak = run("staff", "add", "lee", "--name", "이담당", SINMUNGO_STAFF_PASSWORD="1234")
    assert (weak.returncode, "Traceback" in weak.stderr) == (2, False)
    assert len(rows(database_url, "SELECT login FROM staff")) == 1


def test_staff_are_listed_changed_and_unlocked(run: Run, database_url: str) -> None:
    given = {"SINMUNGO_STAFF_PASSWORD": "북소리가-들리는-시청-2026"}
    added = run("staff", "add", "han", "--name", "한담당", "--department", "road", "--areas", "gochon,tongjin", **given)
    assert added.returncode == 0, added.stderr
    changed = run("staff", "set", "han", "--role", "manager", "--departments", "parks", "--areas", "-", "--all")
    assert changed.returncode == 0, changed.stderr
    kept = "SELECT role, department_id, departments, areas, sees_all, version FROM staff WHERE login = 'han'"
    assert rows(database_url, kept) == [("manager", "road", ["parks"], [], True, 2)]
    wrong = run("staff", "set", "han", "--department", "moon")
    assert (wrong.returncode, "그런 부서가 없습니다: moon" in wrong.stderr, "Traceback" in wrong.stderr) == (
        2,
        True,
        False,
    )
    assert run("staff", "set", "nobody", "--inactive").returncode == 2
    told = run("staff", "list")
    text = told.stderr + told.stdout
    assert "한담당" in text and "팀장" in text and "모든 부서" in text
    freed = run("staff", "unlock", "han", "--new-password")
    assert freed.returncode == 0 and "임시 비밀번호" in freed.stderr + freed.stdout
    ((until,),) = rows(database_url, "SELECT temporary_until IS NOT NULL FROM staff WHERE login = 'han'")
    assert until


def test_import_parking_reads_a_cp949_file_and_tells_what_it_left_out(
    run: Run, tmp_path: Path, database_url: str
) -> None:
    good = PLAIN | {"주차장관리번호": "900-2-000077", "주차장명": "시험 공영주차장"}
    file = write(
        tmp_path / "parking.csv",
        [good, good | {"주차장관리번호": "900-2-000078", "위도": "", "경도": "", "주차장명": ""}],
    )
    done = run("import", "parking", str(file))
    assert done.returncode == 0, done.stderr
    assert [name for (name,) in rows(database_url, "SELECT name FROM parking_lots WHERE name LIKE '시험%'")] == [
        "시험 공영주차장"
    ]
    assert "1" in done.stderr + done.stdout
    missing = run("import", "parking", str(tmp_path / "none.csv"))
    assert (missing.returncode, "파일이 없습니다" in missing.stderr, "Traceback" in missing.stderr) == (2, True, False)

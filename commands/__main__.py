"""`./sinmungo …`: what people run. Each command imports only what it needs, so that help answers at once."""

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from commands.air import air
from commands.arrears import arrears
from commands.banks import banks
from core.errors import SinmungoError

# A library's note about its own temporary folder (embedded PostgreSQL without a login session) helps nobody here.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="신문고: 메신저로 듣고 답하는 시청 (Sinmungo)",
)
staff = typer.Typer(no_args_is_help=True, help="직원 계정 (staff accounts)")
data = typer.Typer(no_args_is_help=True, help="자료 가져오기 (imports)")
nlu = typer.Typer(no_args_is_help=True, help="한국어 이해 (language engine)")
app.add_typer(staff, name="staff")
app.add_typer(data, name="import")
app.add_typer(nlu, name="nlu")
keys = typer.Typer(no_args_is_help=True, help="개인정보 봉인 키 (keys that seal personal data)")
audit = typer.Typer(no_args_is_help=True, help="변경 기록의 증명 (proof of the audit log)")
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
demo = typer.Typer(no_args_is_help=True, help="훈련과 시연 (drills)")
app.add_typer(demo, name="demo")
parking = typer.Typer(no_args_is_help=True, help="주차장 출처 (parking sources)")
app.add_typer(parking, name="parking")
app.add_typer(air, name="air")
app.add_typer(arrears, name="arrears")
app.add_typer(banks, name="banks")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="듣는 주소")] = "",
    port: Annotated[int, typer.Option(help="듣는 포트")] = 0,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="예약 작업도 이 프로세스에서")] = True,
) -> None:
    """서버를 켭니다: 웹 채팅, 웹훅, 직원 API (http://localhost:8000)."""
    from commands.serve import serve as run

    run(host, port, with_worker=with_worker)


@app.command()
def worker() -> None:
    """예약 작업만 하는 프로세스를 켭니다 (DATABASE_URL로 같은 서버를 씁니다)."""
    from commands.serve import work

    work()


@app.command()
def chat(
    once: Annotated[str, typer.Option(help="한 번만 말하고 끝냅니다")] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON으로 씁니다")] = False,
    user: Annotated[
        str, typer.Option(help="대화를 이어 갈 사람 이름. 휴대전화 번호면 그 번호에서 온 문자로 여깁니다")
    ] = "terminal",
) -> None:
    """터미널에서 신문고와 이야기합니다."""
    from commands.chat import chat as run

    run(once, as_json=json, user=user)


@app.command()
def train() -> None:
    """config.yml의 nlu.data로 한국어 이해 모델을 학습합니다."""
    from commands.language import train as run

    run()


@app.command()
def doctor() -> None:
    """무엇이 설정되었고, 빠졌고, 연결되는지 알려 줍니다."""
    from commands.doctor import doctor as run

    raise typer.Exit(run())


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="넣을 폴더")] = Path("var/backups")) -> None:
    """데이터베이스를 통째로 내려받습니다."""
    from commands.care import back_up

    back_up(folder)


@app.command()
def restore(file: Path, yes: Annotated[bool, typer.Option("--yes", help="묻지 않습니다")] = False) -> None:
    """내려받은 파일로 데이터베이스를 되돌립니다. 지금 있는 내용은 사라집니다."""
    from commands.care import restore as run

    if not yes:
        typer.confirm("지금 데이터베이스의 내용이 파일의 내용으로 바뀝니다. 계속할까요?", abort=True)
    run(file)


Department = Annotated[str | None, typer.Option(help="부서 id (없음은 -)")]
Departments = Annotated[str | None, typer.Option(help="그 밖에 맡은 부서 id들, 쉼표로 (없음은 -)")]
Areas = Annotated[str | None, typer.Option(help="맡은 구역 id들, 쉼표로 (모두는 -)")]
SeesAll = Annotated[bool | None, typer.Option("--all/--not-all", help="모든 부서의 민원을 보는 상담실")]


@staff.command("add")
def staff_add(
    login: Annotated[str, typer.Argument(help="로그인 이름")],
    name: Annotated[str, typer.Option(prompt="이름", help="보이는 이름")],
    role: Annotated[str, typer.Option(help="agent, manager, admin, auditor")] = "agent",
    department: Department = None,
    departments: Departments = None,
    areas: Areas = None,
    sees_all: SeesAll = None,
    password: Annotated[
        str,
        typer.Option(prompt="비밀번호", confirmation_prompt=True, hide_input=True, envvar="SINMUNGO_STAFF_PASSWORD"),
    ] = "",
) -> None:
    """직원을 한 명 등록합니다."""
    from commands.staff import add, listed

    placed = {"departments": listed(departments) or (), "areas": listed(areas) or (), "sees_all": bool(sees_all)}
    add(login, name, role, password, department_id=(listed(department) or (None,))[0], **placed)


@staff.command("list")
def staff_list() -> None:
    """직원과 그 역할, 부서, 구역을 보여 줍니다."""
    from commands.staff import show

    show()


@staff.command("set")
def staff_set(
    login: Annotated[str, typer.Argument(help="로그인 이름")],
    name: Annotated[str | None, typer.Option(help="보이는 이름")] = None,
    role: Annotated[str | None, typer.Option(help="agent, manager, admin, auditor")] = None,
    department: Department = None,
    departments: Departments = None,
    areas: Areas = None,
    sees_all: SeesAll = None,
    is_active: Annotated[bool | None, typer.Option("--active/--inactive", help="사용하거나 중지합니다")] = None,
) -> None:
    """직원의 역할, 부서, 구역, 사용 여부를 바꿉니다. 그 사람의 로그인은 모두 끝납니다."""
    from civic.staff.change import MemberChange
    from commands.staff import change, listed

    own = listed(department)
    wanted = MemberChange(
        name=name,
        role=role,
        department_id=None if own is None else ((own or (None,))[0],),
        departments=listed(departments),
        areas=listed(areas),
        sees_all=sees_all,
        is_active=is_active,
    )
    change(login, wanted)


@staff.command("unlock")
def staff_unlock(
    login: Annotated[str, typer.Argument(help="로그인 이름")],
    new_password: Annotated[bool, typer.Option("--new-password", help="임시 비밀번호도 만듭니다")] = False,
    without_factor: Annotated[bool, typer.Option("--remove-totp", help="잃어버린 2단계 인증을 없앱니다")] = False,
) -> None:
    """잠긴 계정을 풉니다."""
    from commands.staff import free

    free(login, new_password=new_password, without_factor=without_factor)


@data.command("parking")
def import_parking(
    file: Path,
    vendor: Annotated[str, typer.Option(help="읽는 출처 (docs/sources/). 비우면 첫 줄을 보고 고릅니다")] = "",
) -> None:
    """주차장 파일을 가져옵니다: 전국주차장정보표준데이터(CSV), 서울시 주차장(CSV) 등."""
    from commands.care import import_parking as run

    run(file, vendor)


@app.command()
def register(channel: Annotated[str, typer.Argument(help="채널 이름 (telegram)")]) -> None:
    """제공자에게 우리 웹훅 주소(web.public_url)를 등록합니다."""
    from commands.care import register as run

    run(channel)


@nlu.command("train")
def nlu_train(
    data: Annotated[Path, typer.Argument(help="Rasa 3.1 YAML(또는 JSONL) 파일이나 폴더")],
    out: Annotated[Path, typer.Option("--out", help="모델을 쓸 폴더")],
) -> None:
    """다른 Rasa 형식 자료로 모델을 학습합니다."""
    from commands.language import train_foreign

    train_foreign(data, out)


@nlu.command("test")
def nlu_test(
    file: Annotated[Path, typer.Argument(help="Rasa YAML이나 JSONL 파일 또는 폴더")],
    json: Annotated[bool, typer.Option("--json", help="JSON으로 씁니다")] = False,
    model: Annotated[Path | None, typer.Option("--model", help="`nlu train`이 만든 모델 폴더")] = None,
) -> None:
    """표시된 문장으로 모델을 잽니다: 정확도, F1, 남의 일, 개체, 시간, 메모리."""
    from commands.language import test

    test(file, as_json=json, model=model)


@demo.command("day")
def demo_day() -> None:
    """나쁜 하루를 몇 분 만에 겪어 봅니다. 임시 데이터베이스와 옮겨지는 시계를 쓰므로 시의 자료는 그대로입니다."""
    from commands.drill.day import day

    raise typer.Exit(min(day(), 1))


@keys.command("list")
def keys_list() -> None:
    """봉인 키의 상태를 봅니다. 키 자체는 보이지 않습니다."""
    from commands.keys import show

    show()


@keys.command("rotate")
def keys_rotate() -> None:
    """새 데이터 키를 만들고 모두 다시 봉인합니다. 서비스는 멈추지 않습니다."""
    from commands.keys import rotate

    rotate()


@keys.command("rewrap")
def keys_rewrap() -> None:
    """SINMUNGO_SECRET을 바꾼 뒤: 데이터 키를 새 비밀키로 감쌉니다 (지난 값은 SINMUNGO_OLD_SECRETS에)."""
    from commands.keys import rewrap

    rewrap()


@audit.command("verify")
def audit_verify(
    file: Annotated[Path | None, typer.Option("--file", help="내보낸 파일로 검증합니다 (데이터베이스 없이)")] = None,
) -> None:
    """변경 기록의 사슬을 처음부터 검증합니다. 온전하지 않으면 첫 어긋난 기록을 말하고 1로 끝납니다."""
    from commands.audit import verify_file, verify_store

    raise typer.Exit(verify_file(file) if file else verify_store())


@audit.command("export")
def audit_export(file: Annotated[Path, typer.Argument(help="쓸 파일(JSON 줄)")]) -> None:
    """변경 기록을 사슬과 함께 파일로 내보냅니다."""
    from commands.audit import export

    export(file)


@parking.command("sources")
def parking_sources() -> None:
    """출처마다의 상태와 숫자를 보여 줍니다. 실패하고 있는 출처가 있으면 1로 끝납니다."""
    from commands.parking import sources

    raise typer.Exit(sources())


@parking.command("try")
def parking_try(name: Annotated[str, typer.Argument(help="config.yml의 parking.sources에 있는 이름")]) -> None:
    """켜 둔 출처를 한 번 불러 무엇이 오는지 봅니다. 저장하지 않습니다."""
    from commands.parking import try_out

    raise typer.Exit(try_out(name))


def main() -> int:
    """Errors by rule become one line in the reader's language, without a traceback."""
    try:
        app()
    except SinmungoError as error:
        sys.stderr.write(f"{error.reason_ko}\n({error.reason_en})\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`./sinmungo arrears run …`: runs of notices at the terminal; the work is in `commands/arrears_runs.py`."""

from typing import Annotated
from uuid import UUID

import typer

runs = typer.Typer(no_args_is_help=True, help="한 단계를 여럿에게: 안내 발송 (runs of notices)")
By = Annotated[str, typer.Option("--by", help="하는 직원의 아이디")]


@runs.command("list")
def list_runs() -> None:
    """최근 발송 스무 개를 보여 줍니다."""
    from commands.arrears_runs import show_all

    show_all()


@runs.command("draft")
def draft(
    by: By,
    title: Annotated[str, typer.Option(help="이름")],
    level: Annotated[str, typer.Option(help="단계: bill, dun, reminder, warning")] = "reminder",
    least: Annotated[int, typer.Option(help="이 금액(원) 이상", min=0)] = 0,
    area: Annotated[str, typer.Option(help="주소에 들어 있는 말")] = "",
    item: Annotated[list[str] | None, typer.Option("--item", help="세목")] = None,
    per_second: Annotated[float | None, typer.Option("--rate", help="1초에 내보낼 수")] = None,
) -> None:
    """발송을 만들고 명단과 금액을 셈하게 합니다(일하는 프로세스가 셈합니다)."""
    from commands.arrears_runs import draft as run

    run(title, level, least, area, tuple(item or ()), per_second, by)


@runs.command("show")
def show(run_id: UUID) -> None:
    """길마다 몇 명인지, 빠진 까닭, 비용과 아낀 우편료, 수신 결과. 이름은 나오지 않습니다."""
    from commands.arrears_runs import show as run

    run(run_id)


@runs.command("approve")
def approve(run_id: UUID, by: By) -> None:
    """명단을 만들지 않은 다른 담당자가 승인하면 나가기 시작합니다."""
    from commands.arrears_runs import change

    change(run_id, "approve", by, "")


@runs.command("pause")
def pause(run_id: UUID, by: By) -> None:
    """멈춥니다. 공급사 손에 있는 글 말고는 나가지 않습니다."""
    from commands.arrears_runs import change

    change(run_id, "pause", by, "")


@runs.command("resume")
def resume(run_id: UUID, by: By) -> None:
    """이어서 보냅니다. 이미 받은 분께는 다시 가지 않습니다."""
    from commands.arrears_runs import change

    change(run_id, "resume", by, "")


@runs.command("cancel")
def cancel(run_id: UUID, by: By, why: Annotated[str, typer.Option("--why", help="까닭")]) -> None:
    """취소합니다. 기다리던 글은 거둡니다."""
    from commands.arrears_runs import change

    change(run_id, "cancel", by, why)


@runs.command("rehearse")
def rehearse(
    by: By,
    second: Annotated[str, typer.Option("--second", help="승인하는 다른 직원의 아이디")],
    level: Annotated[str, typer.Option(help="단계")] = "reminder",
    seconds: Annotated[float, typer.Option(help="많아야 이만큼 보냅니다", min=1, max=600)] = 20,
    rate: Annotated[float, typer.Option(help="연습 공급사의 1초 한도", min=0.1, max=1000)] = 100,
) -> None:
    """연습용 원장으로 처음부터 끝까지 해 봅니다. 글은 이 컴퓨터 안의 연습 공급사에게만 갑니다."""
    from commands.arrears_rehearsal import rehearse as run

    raise typer.Exit(run(by, second, level, seconds, rate))

"""`./sinmungo arrears letters|templates …`: documents and words; the work is in `commands/arrears_notices.py`."""

from pathlib import Path
from typing import Annotated

import typer

letters = typer.Typer(no_args_is_help=True, help="서면: 독촉장, 압류통지서, 해제통지서 (documents)")
templates = typer.Typer(no_args_is_help=True, help="안내 문구 (words of notices)")
By = Annotated[str, typer.Option(help="하는 직원의 아이디")]
Out = Annotated[Path, typer.Option("--out", help="만들 PDF 파일")]


@templates.command("list")
def list_templates() -> None:
    """문구마다의 상태와 크기를 보여 줍니다. 승인을 기다리거나 막힌 것이 있으면 1로 끝납니다."""
    from commands.arrears_notices import list_templates as run

    raise typer.Exit(run())


@templates.command("defaults")
def defaults(by: By) -> None:
    """기본 문구를 초안으로 넣습니다. 다른 직원이 승인해야 나갑니다."""
    from commands.arrears_notices import enter_defaults as run

    raise typer.Exit(run(by))


@templates.command("approve")
def approve(by: By, level: Annotated[str, typer.Option(help="이 단계만 (예: reminder). 비우면 모두")] = "") -> None:
    """기다리는 초안을 승인합니다. 자기가 쓴 문구는 승인할 수 없습니다."""
    from commands.arrears_notices import approve as run

    raise typer.Exit(run(by, level))


@letters.command("list")
def list_letters(
    level: Annotated[str, typer.Argument(help="dun 또는 warning")],
    by: By,
    most: Annotated[int, typer.Option(help="몇 분까지")] = 100_000,
) -> None:
    """이 단계의 대상께 보낼 서면을 작성하고, 빠진 분은 까닭별로 셉니다."""
    from commands.arrears_notices import list_letters as run

    raise typer.Exit(run(level, by, most))


@letters.command("print")
def print_letters(
    out: Out,
    by: By,
    kind: Annotated[str, typer.Option(help="서면의 종류(dun, warning, seizure_debtor …). 비우면 모두")] = "",
    most: Annotated[int, typer.Option(min=1, max=5000, help="한 파일에 몇 통까지")] = 1000,
    again: Annotated[bool, typer.Option("--again", help="인쇄했으나 아직 부치지 않은 서면을 다시")] = False,
) -> None:
    """작성된 서면을 날짜를 적어 PDF 하나로 만들고, 우편 접수 목록(CSV)을 옆에 둡니다."""
    from commands.arrears_notices import print_letters as run

    raise typer.Exit(run(out, by, kind, most, again=again))


@letters.command("posted")
def posted(
    file: Annotated[Path, typer.Argument(help="문서번호, 등기번호 두 칸의 CSV (우편 접수 목록에 등기번호를 적은 것)")],
    by: By,
    on: Annotated[str, typer.Option(help="부친 날 YYYY-MM-DD. 비우면 오늘")] = "",
) -> None:
    """우체국에 맡긴 서면을 적습니다. 독촉장은 이때부터 독촉한 것으로 봅니다."""
    from commands.arrears_notices import posted as run

    raise typer.Exit(run(file, by, on))


@letters.command("outcomes")
def outcomes(
    file: Annotated[Path, typer.Argument(help="등기번호, 결과(배달/반송), 날짜, 사유 칸의 CSV")],
    by: By,
) -> None:
    """송달 결과를 적습니다. 문자·알림톡이 닿은 것은 송달이 아니므로 여기에 적지 않습니다."""
    from commands.arrears_notices import outcomes as run

    raise typer.Exit(run(file, by))


@letters.command("status")
def status() -> None:
    """서면이 종류와 상태마다 몇 통인지, 주소를 찾아야 하는 서면이 몇 통인지 보여 줍니다."""
    from commands.arrears_notices import status as run

    raise typer.Exit(run())

"""`./sinmungo arrears …`: the ledger and what follows from it; each command's work is in a `commands/arrears_*.py`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from commands.arrears_written import letters, templates

arrears = typer.Typer(no_args_is_help=True, help="지방세 체납 (arrears)")
arrears.add_typer(letters, name="letters")
arrears.add_typer(templates, name="templates")


@arrears.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="고지 증명서나 징수촉탁 파일")],
    key: Annotated[Path | None, typer.Option("--key", help="시가 공개한 키 파일 (/api/v1/arrears/proofs/keys)")] = None,
) -> None:
    """서명된 파일이 온전한지 봅니다. 데이터베이스도 인터넷도 쓰지 않습니다. 온전 0, 키 미확인 3, 바뀜 1."""
    from commands.arrears_check import check as run

    raise typer.Exit(run(file, key))


@arrears.command("reconcile")
def reconcile() -> None:
    """은행 장부와 우리 장부를 지금 견줍니다. 다른 것이 있거나 장부를 읽지 못하면 1로 끝납니다."""
    from commands.arrears_banks import reconcile as run

    raise typer.Exit(run())


@arrears.command("banks")
def banks() -> None:
    """은행마다의 상태와 기다리는 요청을 보여 줍니다. 실패하거나 멈춘 것이 있으면 1로 끝납니다."""
    from commands.arrears_banks import banks as run

    raise typer.Exit(run())


By = Annotated[str, typer.Option("--by", help="하는 직원의 로그인 이름")]
commission = typer.Typer(no_args_is_help=True, help="징수촉탁 (commissions, 지방세징수법 제18조)")
arrears.add_typer(commission, name="commission")


@commission.command("take")
def commission_take(file: Annotated[Path, typer.Argument(help="다른 시의 촉탁 파일")], by: By) -> None:
    """다른 시의 징수촉탁을 우리 원장에 넣습니다. 서명과 금액이 맞지 않으면 넣지 않습니다."""
    from commands.arrears_commission import take

    take(file, by)


@commission.command("take-result")
def commission_take_result(file: Annotated[Path, typer.Argument(help="다른 시의 결과 파일")], by: By) -> None:
    """다른 시가 대신 걷은 돈을 반영합니다. 두 번 넣어도 한 번입니다."""
    from commands.arrears_commission import take_result

    take_result(file, by)


@commission.command("result")
def commission_result(commission_id: UUID, file: Annotated[Path, typer.Argument(help="쓸 파일")], by: By) -> None:
    """우리가 받은 촉탁에서 지금까지 걷은 것을 서명한 파일로 씁니다."""
    from commands.arrears_commission import make_result

    make_result(commission_id, file, by)

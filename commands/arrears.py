"""`./sinmungo arrears …`: the ledger and what follows from it; each command's work is in a `commands/arrears_*.py`."""

from pathlib import Path
from typing import Annotated

import typer

arrears = typer.Typer(no_args_is_help=True, help="지방세 체납 (arrears)")


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

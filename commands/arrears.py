"""`./sinmungo arrears …`: the ledger and what follows from it; each command's work is in a `commands/arrears_*.py`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from commands.arrears_money import money
from commands.arrears_running import runs
from commands.arrears_written import letters, templates

arrears = typer.Typer(no_args_is_help=True, help="지방세 체납 (arrears)")
arrears.add_typer(letters, name="letters")
arrears.add_typer(money, name="money")
arrears.add_typer(templates, name="templates")
arrears.add_typer(runs, name="run")


@arrears.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="고지 증명서나 징수촉탁 파일")],
    key: Annotated[Path | None, typer.Option("--key", help="시가 공개한 키 파일 (/api/v1/arrears/proofs/keys)")] = None,
) -> None:
    """서명된 파일이 온전한지 봅니다. 데이터베이스도 인터넷도 쓰지 않습니다. 온전 0, 키 미확인 3, 바뀜 1."""
    from commands.arrears_check import check as run

    raise typer.Exit(run(file, key))


@arrears.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="CSV(UTF-8, CP949)나 XLSX", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="debtors 체납자, bills 과세, payments 수납")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="같은 결과를 보여 주고 아무것도 넣지 않습니다")] = False,
    whole: Annotated[
        bool | None, typer.Option("--whole/--rows", help="한 줄이라도 거절되면 전체를 넣지 않음 / 맞는 줄만")
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option("--control", help="합계: rows=1000,krw=5000 또는 재산세:rows=10,krw=100")
    ] = None,
    control_file: Annotated[Path | None, typer.Option("--control-file", help="합계 파일: 세목,건수,금액")] = None,
    source: Annotated[str, typer.Option(help="수납번호를 준 곳")] = "file",
    rejects: Annotated[Path | None, typer.Option("--rejects", help="거절된 줄을 쓸 파일(.csv, .xlsx)")] = None,
) -> None:
    """체납자·과세·수납 파일을 원장에 넣습니다. 다시 넣어도 같습니다. 거절되면 1로 끝납니다."""
    from commands.arrears_ledger import bring_in as run

    given = {"is_dry_run": dry_run, "is_whole": whole, "source": source, "rejects": rejects}
    raise typer.Exit(run(file, kind, control=control or [], side_file=control_file, **given))  # type: ignore[arg-type]


@arrears.command("practice")
def practice(
    debtors: Annotated[int, typer.Option(help="지어낸 체납자 수", min=1, max=1_000_000)] = 1_000,
    folder: Annotated[Path | None, typer.Option("--folder", help="넣지 않고 이 폴더에 파일만 씁니다")] = None,
    file_format: Annotated[str, typer.Option("--format", help="파일의 꼴: csv, xlsx")] = "csv",
    seed: Annotated[int, typer.Option(help="같은 수면 같은 자료")] = 1,
) -> None:
    """연습용 원장: 지어낸 체납자와 과세, 수납을 넣어 체납 업무를 처음부터 해 볼 수 있게 합니다."""
    from commands.arrears_ledger import practise as run

    raise typer.Exit(run(debtors, folder, file_format, seed))


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
batch = typer.Typer(no_args_is_help=True, help="예금 압류 묶음 (batches of seizures)")
arrears.add_typer(batch, name="batch")


@batch.command("list")
def batch_list() -> None:
    """최근 압류 묶음 스무 개를 보여 줍니다."""
    from commands.arrears_seizure import show_all

    show_all()


@batch.command("show")
def batch_show(batch_id: UUID) -> None:
    """묶음이 어디까지 갔는지, 상태별 건수와 금액을 보여 줍니다. 이름은 나오지 않습니다."""
    from commands.arrears_seizure import show

    show(batch_id)


@batch.command("draft")
def batch_draft(
    by: By,
    title: Annotated[str, typer.Option(help="제목")],
    least: Annotated[int, typer.Option(help="이 금액(원) 이상", min=0)] = 0,
    most_krw: Annotated[int | None, typer.Option("--below", help="이 금액(원) 이하")] = None,
    item: Annotated[list[str] | None, typer.Option("--item", help="세목")] = None,
    most: Annotated[int, typer.Option(help="많아야 이만큼, 큰 체납부터", min=1, max=5_000)] = 1_000,
) -> None:
    """압류 묶음을 기안하고 바로 심사합니다. 조회 지시와 승인은 로그인해서 합니다."""
    from commands.arrears_seizure import draft

    draft(title, least, most_krw, item or [], most, by)


@batch.command("events")
def batch_events(batch_id: UUID, most: Annotated[int, typer.Option(min=1, max=500)] = 30) -> None:
    """묶음의 경과: 단계마다 근거 조문, 문서, 행위자."""
    from commands.arrears_seizure import events

    events(batch_id, most)


def _batch_change(what: str, told: str) -> None:
    @batch.command(what, help=told)
    def change(batch_id: UUID, by: By, why: Annotated[str, typer.Option("--why", help="까닭")] = "") -> None:
        from commands.arrears_seizure import change as run

        run(batch_id, what, why, by)


_batch_change("pause", "묶음을 멈춥니다. 해제는 계속합니다.")
_batch_change("start", "멈춘 묶음을 다시 시작합니다.")
_batch_change("stop", "더는 압류하지 않습니다. 압류한 것은 끝까지 갑니다.")
_batch_change("cancel", "시작하기 전의 묶음을 취소합니다.")


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

"""`./sinmungo banks …`: the practice network as a process of its own, its ledger, and what its customers do."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.table import Table

from commands.house import console, number
from core import loading
from core.errors import BadInput, Unavailable
from core.settings import read

banks = typer.Typer(no_args_is_help=True, help="연습용 은행망 (a practice network of banks)")
Url = Annotated[str, typer.Option(help="은행망의 주소. 비우면 config.yml의 연습용 연결")]
Rate = Annotated[float, typer.Option(min=0, max=1)]
KINDS = {"seize": "압류", "join": "참가압류", "collect": "추심", "release": "해제"}


@banks.command()
def practice(
    port: Annotated[int, typer.Option(help="듣는 포트")] = 8899,
    folder: Annotated[Path, typer.Option(help="은행망이 자기 장부를 두는 폴더")] = Path("var/banks"),
    seed: Annotated[int, typer.Option(help="지어낸 고객을 정하는 수")] = 1,
    latency_ms: Annotated[float, typer.Option(help="부를 때마다 기다리는 시간")] = 50,
    jitter_ms: Annotated[float, typer.Option(help="그 시간의 흔들림")] = 0,
    error_rate: Rate = 0,
    partial_rate: Rate = 0,
    duplicate_rate: Rate = 0,
    pending_rate: Rate = 0,
    moves_rate: Rate = 0,
    pending_s: Annotated[float, typer.Option(help="늦은 답이 나오기까지")] = 5,
    hang_s: Annotated[float, typer.Option(help="답 없이 붙들고 있는 시간")] = 30,
    prior_release_s: Annotated[float, typer.Option(help="다른 기관이 하나씩 풀어 주는 간격. 0이면 시킬 때만")] = 0,
    files: Annotated[Path | None, typer.Option(help="파일로도 주고받을 폴더")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="그 파일을 CSV로")] = False,
    key: Annotated[str, typer.Option(envvar="SINMUNGO_BANKS_KEY", help="서명하는 열쇠")] = "practice",
) -> None:
    """지어낸 은행 20곳의 은행망을 켭니다. 실제 은행도 실제 사람도 없습니다."""
    network = loading.file("integrations.bank_network", "process")
    faults = network.Faults(
        latency_ms,
        jitter_ms,
        error_rate,
        partial_rate,
        duplicate_rate,
        pending_rate,
        moves_rate,
        pending_s,
        hang_s,
        prior_release_s,
    )
    form: Any = "csv" if as_csv else "fixed"
    console.print(f"연습용 은행망: http://127.0.0.1:{port} (실제 은행이 아닙니다. Ctrl+C로 끕니다)", highlight=False)
    network.run(folder, host="127.0.0.1", port=port, key=key, seed=seed, faults=faults, files=files, form=form)


@banks.command()
def ledger(
    bank: Annotated[str, typer.Argument(help="은행 코드. 비우면 모든 은행의 합계")] = "",
    url: Url = "",
) -> None:
    """은행망의 장부를 봅니다: 은행이 무엇을 얼마나 압류하고, 지급하고, 풀었는지."""
    if not bank:
        told = _call("GET", "/v1/totals", url)
        booked = [(KINDS[kind], krw) for kind, krw in told["booked"].items()]
        for name, krw in (*booked, ("지금 압류 중", told["held"]), ("모든 잔액", told["balances"])):
            console.print(f"{name}: {krw:,}원", highlight=False)
        return
    table, after = Table("때", "일", "계좌", "금액(원)", number("요청")), ""
    while True:
        told = _call("GET", f"/v1/banks/{bank}/ledger?after={after}", url)
        for line in told["lines"]:
            table.add_row(
                line["at"], KINDS[line["kind"]], line["account"], f"{line['amount_krw']:,}", line["request_id"]
            )
        if not told["lines"]:
            break
        after = told["next"]
    console.print(table if table.row_count else "장부에 아무것도 없습니다.")


@banks.command()
def free(
    bank: Annotated[str, typer.Argument(help="은행 코드")],
    account: Annotated[str, typer.Argument(help="계좌")],
    url: Url = "",
) -> None:
    """다른 기관이 먼저 한 압류를 풉니다. 뒤에 있던 참가압류가 효력을 얻습니다."""
    told = _call("POST", f"/v1/banks/{bank}/free", url, {"account": account})
    console.print(f"다른 기관의 압류 {told['freed_krw']:,}원을 풀었습니다.", highlight=False)


@banks.command()
def move(
    bank: Annotated[str, typer.Argument(help="은행 코드")],
    account: Annotated[str, typer.Argument(help="계좌")],
    amount_krw: Annotated[int, typer.Argument(help="넣는 금액, 빼면 음수 (-- 뒤에)")],
    url: Url = "",
) -> None:
    """지어낸 고객이 돈을 넣거나 뺍니다. 압류된 금액은 빼지 못합니다."""
    told = _call("POST", f"/v1/banks/{bank}/move", url, {"account": account, "amount_krw": amount_krw})
    console.print(f"{told['moved_krw']:,}원이 움직였습니다.", highlight=False)


def _call(method: str, target: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One signed call to the practice network that config.yml names. Raises BadInput or Unavailable."""
    import orjson

    from core.ids import new_id
    from core.signed_calls import headers

    sections = [one for one in read().arrears.banks.gateways.values() if one.get("is_practice") and one.get("url")]
    if not sections:
        raise BadInput("config.yml에 연습용 은행망 연결이 없습니다.", "config.yml names no practice network.")
    base, content = url or str(sections[0]["url"]), orjson.dumps(body) if body is not None else b""
    whole = httpx.URL(base).join(target)
    path, key = whole.raw_path.decode(), str(sections[0]["key"])
    signed = headers(key, method, path, content, datetime.now(UTC), str(new_id()))

    async def called() -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            return await http.request(method, whole, content=content or None, headers=signed)

    try:
        answer = asyncio.run(called())
    except httpx.HTTPError as error:
        raise Unavailable(
            f"연습용 은행망({base})에 연결되지 않습니다. './sinmungo banks practice'로 켜 주세요.",
            f"The practice network at {base} is not there: start it with './sinmungo banks practice'.",
            cause=type(error).__name__,
        ) from None
    if answer.status_code != 200:
        raise BadInput(f"은행망이 거절했습니다: {answer.text[:200]}", f"The network refused: {answer.text[:200]}")
    told: dict[str, Any] = answer.json()
    return told

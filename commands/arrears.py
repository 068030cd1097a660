"""`./sinmungo arrears …`: the ledger and what follows from it; each command's work is in a `commands/arrears_*.py`."""

import typer

arrears = typer.Typer(no_args_is_help=True, help="지방세 체납 (arrears)")

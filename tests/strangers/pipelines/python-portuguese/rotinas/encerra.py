import argparse
import os
import sys
from datetime import datetime, timezone

import requests

opcoes = argparse.ArgumentParser()
opcoes.add_argument("--chave", required=True)
opcoes.add_argument("--bytes", type=int, required=True)
dados = opcoes.parse_args()
pedido = os.environ["DISPATCH_ID"]
mestra = os.environ["CHAVE_MESTRA"]


def pela_funcao():
    return requests.post(
        os.environ["ENDERECO"] + "/functions/v1/update-backup",
        headers={"Authorization": "Bearer " + os.environ["CHAVE_FUNCAO"]},
        json={
            "backup_id": pedido,
            "s3_key": dados.chave,
            "size_bytes": dados.bytes,
            "workflow_run_id": os.environ["GITHUB_RUN_ID"],
        },
        timeout=60,
    )


def pela_tabela():
    return requests.patch(
        os.environ["ENDERECO"] + "/rest/v1/backup_history?dispatch_id=eq." + pedido,
        headers={
            "apikey": mestra,
            "Authorization": "Bearer " + mestra,
            "Prefer": "return=representation",
        },
        json={
            "status": "success",
            "s3_key": dados.chave,
            "size_bytes": dados.bytes,
            "finished_at": datetime.now(timezone.utc).isoformat(),
        },
        timeout=60,
    )


for nome, caminho in (("função", pela_funcao), ("tabela", pela_tabela)):
    try:
        resposta = caminho()
    except requests.ConnectionError as erro:
        print(f"{nome} fora do ar: {erro}")
        continue
    if resposta.status_code == 200 and resposta.text != "[]":
        print(f"{nome}: registrado")
        sys.exit(0)
    print(f"{nome} devolveu {resposta.status_code}: {resposta.text}")
sys.exit(1)

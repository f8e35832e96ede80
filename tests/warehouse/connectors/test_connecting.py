"""Rows of a real database and of HTTP servers of our own, fetched again and again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sdk_contract.settings import Secret
from tests.warehouse.imports.shop_files import Shop
from warehouse.connectors.definition import Opened, read_connection
from warehouse.connectors.errors import BadConnection, SourceAway
from warehouse.connectors.running import Carried, connect

Answer = Callable[[str, dict[str, list[str]], Any, str], tuple[int, Any]]
DEALS: list[dict[str, Any]] = [
    {"id": str(row), "stage": "new", "updated": f"2026-11-{row:02d}T00:00:00+00:00", "owner": {"name": "li"}}
    for row in range(1, 8)
]
REST = """
kind: deals
cursor: updated
start: "2026-11-01T00:00:00Z"
rest:
  client:
    base_url: "http://127.0.0.1:${PORT}/"
    auth: {type: bearer, token: "${TOKEN}"}
    paginator: {type: page_number, base_page: 0, total_path: null, stop_after_empty_page: true}
  resources:
    - name: rows
      endpoint: {path: deals, params: {since: "${cursor}"}, data_selector: rows}
mapping:
  fields: {deal_id: id, stage: stage, owner: owner.name, updated_at: updated}
"""


class System:
    """An HTTP server: `answer` makes status and JSON of path, query, body and authorization."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], Any]] = []
        told = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                split = urlsplit(self.path)
                query = parse_qs(split.query)
                told.asked.append((split.path, query, body))
                status, said = answer(split.path, query, body, self.headers.get("Authorization", ""))
                text = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET  # noqa: N815  # as http.server calls it

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> str:
        return str(self.server.server_address[1])


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], System]]:
    found: list[System] = []

    def start(answer: Answer) -> System:
        found.append(System(answer))
        return found[-1]

    yield start
    for one in found:
        one.server.shutdown()
        one.server.server_close()


def opened(shop: Shop, name: str, text: str, **environment: str) -> Opened:
    return read_connection(shop.file(f"{name}.yaml", text), environment)


def bring(shop: Shop, connection: Opened, **options: Any) -> Carried:
    return connect(
        shop.settings,
        shop.registry,
        connection,
        shop.key,
        "li",
        now=shop.now,
        progress=lambda *_: None,
        **options,
    )


def test_a_rest_source_is_asked_for_what_is_new(tmp_path: Path, serve: Callable[[Answer], System]) -> None:
    rows = list(DEALS)

    def answer(path: str, query: dict[str, list[str]], _: Any, token: str) -> tuple[int, Any]:
        assert (path, token) == ("/deals", "Bearer s3cret")
        since, page = query["since"][0].replace("Z", "+00:00").replace(".000", ""), int(query["page"][0])
        found = [row for row in rows if row["updated"] >= since]
        return 200, {"rows": found[page * 3 : page * 3 + 3]}

    shop, system = Shop(tmp_path), serve(answer)
    connection = opened(shop, "crm", REST, PORT=system.port, TOKEN="s3cret")
    dry = bring(shop, connection, dry=True)
    assert (dry.rows, dry.new, dry.imports, shop.registry.imports()) == (7, 7, [], [])
    first = bring(shop, connection)
    assert (first.rows, first.new, first.cursor) == (7, 7, "2026-11-07T00:00:00+00:00")
    rows.append({**rows[6], "stage": "won", "updated": "2026-11-09T00:00:00+00:00"})
    again = bring(shop, connection)
    assert (again.rows, again.new, again.changed, again.rejected) == (2, 0, 1, {"contradicted": 1})
    assert system.asked[-1][1]["since"] == ["2026-11-07T00:00:00.000Z"]
    assert bring(shop, connection, anew=True).rows == 8
    shop.stitched()
    deals = shop.ask("SELECT deal_id, stage, owner, source_system FROM deals ORDER BY deal_id")
    assert (deals[0], deals[6]) == (("1", "new", "li", "crm"), ("7", "won", "li", "crm"))
    assert shop.difference()[1] == 0
    assert not any(
        b"s3cret" in path.read_bytes() for path in (tmp_path / "imports").rglob("*") if path.is_file()
    )
    assert b"s3cret" not in (tmp_path / "registry.sqlite").read_bytes()


def test_a_source_that_fails_moves_no_cursor(tmp_path: Path, serve: Callable[[Answer], System]) -> None:
    shop, system = Shop(tmp_path), serve(lambda *_: (401, {"error": "token s3cret is wrong"}))
    text = REST.replace("since:", 'key: "${TOKEN}", since:')
    connection = opened(shop, "crm", text, PORT=system.port, TOKEN="s3cret")
    with pytest.raises(SourceAway, match=r"connection crm: .*401") as failed:
        bring(shop, connection)
    assert connection.quiet(f"{system.port}: s3cret") == "***: ***"
    assert "s3cret" not in str(failed.value)
    assert shop.registry.setting("connection:shop:crm") is None


def test_salesforce_and_hubspot_are_asked_as_they_document(
    tmp_path: Path, serve: Callable[[Answer], System]
) -> None:
    def answer(path: str, query: dict[str, list[str]], body: Any, _: str) -> tuple[int, Any]:
        if path == "/services/data/v65.0/query":
            one = {"attributes": {"type": "Opportunity"}, "Id": "006A", "StageName": "Won", "Amount": 10.5,
                   "SystemModstamp": "2026-11-03T10:00:00.000+0000"}  # fmt: skip
            return 200, {
                "records": [one],
                "done": False,
                "nextRecordsUrl": "/services/data/v65.0/query/01g-2000",
            }
        if path.startswith("/services"):
            return 200, {"records": [], "done": True}
        if "after" not in body:
            one = {"id": "17", "properties": {"dealname": "Ten", "amount": "1500", "dealstage": "closedwon"},
                   "updatedAt": "2026-11-03T10:00:00Z"}  # fmt: skip
            return 200, {"results": [one], "paging": {"next": {"after": "100"}}}
        return 200, {"results": []}

    shop, system = Shop(tmp_path), serve(answer)
    here = f"http://127.0.0.1:{system.port}"
    sales = f"""
kind: deals
from: salesforce
with: {{instance: "{here}", token: "${{TOKEN}}", fields: "Id,StageName,Amount,SystemModstamp"}}
mapping:
  source: salesforce
  fields: {{deal_id: Id, stage: StageName, amount: Amount, updated_at: SystemModstamp}}
"""
    done = bring(shop, opened(shop, "sales", sales, TOKEN="t"))
    assert (done.new, done.cursor) == (1, "2026-11-03T10:00:00.000+0000")
    bring(shop, opened(shop, "sales", sales, TOKEN="t"))
    asked = [query["q"][0] for path, query, _ in system.asked if path.endswith("/query")]
    fields = "SELECT Id,StageName,Amount,SystemModstamp FROM Opportunity WHERE SystemModstamp >= "
    assert asked == [f"{fields}{moment} ORDER BY SystemModstamp" for moment in
                     ("1970-01-01T00:00:00.000Z", "2026-11-03T10:00:00.000Z")]  # fmt: skip
    hub = f"""
kind: deals
from: hubspot
with: {{base: "{here}/", token: "${{TOKEN}}"}}
mapping: {{source: hubspot, fields: {{deal_id: id, name: properties.dealname, stage: properties.dealstage,
           amount: properties.amount, updated_at: updatedAt}}}}
"""
    assert bring(shop, opened(shop, "hub", hub, TOKEN="t")).new == 1
    path, _, body = next(one for one in system.asked if one[0].startswith("/crm"))
    assert path == "/crm/v3/objects/deals/search"
    assert body["properties"][:2] == ["dealname", "dealstage"]
    assert body["filterGroups"] == [
        {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}]}
    ]


@pytest.mark.postgres
def test_a_table_of_postgresql_is_read_from_its_cursor_on(tmp_path: Path, postgres: Secret) -> None:
    import pg8000.dbapi
    from sqlalchemy import make_url

    url = make_url(postgres.reveal()).set(drivername="postgresql+pg8000")
    place = {"host": url.host, "port": url.port, "database": url.database, "password": url.password}
    con = pg8000.dbapi.connect(url.username, **place)
    run = con.cursor().execute
    run("CREATE TABLE clients (id text, mail text, level numeric(8, 2), changed timestamptz)")
    day = "timestamptz '2026-11-01T00:00Z' + n * interval '1 day'"
    run(
        f"INSERT INTO clients SELECT 'c' || n, 'u' || n || '@ex.cn', n, {day} FROM generate_series(1, 5) AS n"
    )
    con.commit()
    shop = Shop(tmp_path)
    text = """
kind: customers
cursor: changed
sql: {url: "${DATABASE}", table: clients, schema: public}
mapping:
  source: erp
  fields: {crm_id: id, email: mail, level: {column: level, as: number}, updated_at: changed}
"""
    connection = opened(shop, "erp", text, DATABASE=url.render_as_string(hide_password=False))
    assert bring(shop, connection).new == 5
    run("UPDATE clients SET level = 9, changed = '2026-11-20T00:00Z' WHERE id = 'c2'")
    con.commit()
    again = bring(shop, connection)
    assert (again.rows, again.changed, again.unchanged) == (2, 1, 1)
    con.close()
    shop.stitched()
    found = "SELECT a.value::VARCHAR FROM customer_attributes AS a JOIN identities USING (customer_id)"
    assert shop.ask(f"{found} WHERE identities.value = 'u2@ex.cn' AND a.name = 'level'") == [("9.0",)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: deals\nsql: {url: '${PASSWORD}', table: t}", r"\$\{PASSWORD\} is not set"),
        ("kind: deals", "one of sql, rest and from"),
        ("kind: parrots\nrest: {}", "Invalid enum value 'parrots'"),
        ("kind: deals\nrest: {}\ncursr: x", "unknown field `cursr`"),
        ("[1]", "Expected `object`"),
    ],
)
def test_connections_that_will_not_do(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text(text)
    with pytest.raises(BadConnection, match=told):
        read_connection(path, {})

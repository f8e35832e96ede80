"""The RFM grid: every customer stands in one square, and each square leads to those who stand in it."""

from __future__ import annotations

import re
from html import unescape

from tests.console.conftest import Visitor
from warehouse.console.rfm_grid import grid, totals
from warehouse.insights.buyers.rfm import RfmCell

ASKED = "event=Product%20Viewed&value=properties.price&since=12d"


def test_squares_add_up_their_cells() -> None:
    found = grid([RfmCell(None, 5, 1, 1, 3), RfmCell("DE", 5, 1, 5, 1), RfmCell(None, 1, 5, 3, 4)])
    assert [(one.r, one.f) for one in found[0]] == [(5, 1), (5, 2), (5, 3), (5, 4), (5, 5)]
    new, lost = found[0][0], found[4][4]
    assert (new.customers, new.share, new.money, new.heat) == (4, 0.5, 2.0, 3)
    assert new.segments == [("new", 3), ("potential loyal", 1)]
    assert (lost.customers, lost.money, lost.heat) == (4, 3.0, 5)
    assert sum(one.customers for row in found for one in row) == 8
    assert (found[2][2].money, found[2][2].heat) == (None, 0)


def test_rows_and_columns_add_up_too() -> None:
    cells = [RfmCell(None, 5, 2, 1, 3), RfmCell("DE", 1, 2, 5, 1)]
    assert totals(cells) == ([3, 0, 0, 0, 1], [0, 4, 0, 0, 0])


def test_without_a_value_the_squares_are_coloured_by_how_many_they_are(shop: Visitor) -> None:
    cells = [RfmCell(None, 5, 1, 3, 36), RfmCell(None, 1, 5, 3, 4), RfmCell(None, 1, 1, 3, 1)]
    found = [one for row in grid(cells, valued=False) for one in row if one.customers]
    assert [(one.customers, one.money, one.heat) for one in found] == [
        (36, None, 9),
        (1, None, 2),
        (4, None, 3),
    ]
    assert " · M " in shop.get(f"/segments/rfm/grid?{ASKED}").text
    plain = shop.get("/segments/rfm/grid?event=Product%20Viewed&since=12d").text
    assert " · M " not in plain
    assert "darker where there are more" in plain


def test_each_square_leads_to_its_customers(shop: Visitor) -> None:
    assert (
        f'hx-get="/segments/rfm/grid?{ASKED}"'.replace("&", "&amp;").replace("%20", "+")
        in shop.get(f"/segments/rfm?{ASKED}").text
    )
    page = shop.get(f"/segments/rfm/grid?{ASKED}").text
    grid_of, _, table = page.partition("</table>")
    led = re.findall(r'<a href="(/explore/rfm/customers[^"]*)">(\d+)</a>', grid_of)
    squares = [one for one in led if "%22r%22" in one[0] and "%22f%22" in one[0]]
    n = re.search(r"<span>(\d+) customers</span>", page)
    assert n
    assert sum(int(size) for _, size in squares) == int(n[1]) > 5
    by_one = [int(size) for place, size in led if (place, size) not in squares]
    assert sum(by_one) == 3 * int(n[1]), "rows, columns, and all"
    assert by_one[-1] == int(n[1])
    named = re.findall(r'<a href="(/explore/rfm/customers[^"]*item[^"]*)"[^>]*>(\d+)</a>', table)
    assert sum(int(size) for _, size in named) == int(n[1])
    place, size = max(squares, key=lambda one: int(one[1]))
    listed = shop.get(unescape(place).replace("/customers?", "/customers/list?")).text
    assert f"{size} " in listed
    assert listed.count('<li><a href="/customers/') == int(size)


def test_what_will_not_do_says_why(shop: Visitor, visitor: Visitor) -> None:
    page = unescape(shop.get("/segments/rfm/grid?event=Nothing%20<b>").text)
    assert 'role="alert"' in page
    assert "Nothing <b>" in page
    assert "help calm" in visitor.get("/segments/rfm/grid").text
    nobody = unescape(shop.get(f'/explore/rfm/customers?{ASKED}&pick={{"r":9}}').text)
    assert "pick" in nobody

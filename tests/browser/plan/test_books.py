"""Accounts as points: drawn in the color of their book, moved by a click and a lasso, confirmed by the server."""

from __future__ import annotations

from terr.edits import moves
from terr.model.books.plan_layers import PlanLayer
from terr.workspace.plan import editing
from tests.browser.conftest import opened
from tests.helpers.servers import Server

COLOR = """id => {
  const s = TerrMap.session, u = s.geo.index.get(id), p = s.painter, b = p._bounds.min, d = p.dpr;
  const x = s.geo.x[u] * p.scale - p.origin.x - b.x, y = s.geo.y[u] * p.scale - p.origin.y - b.y;
  const c = p.ctx.getImageData(Math.round(x * d), Math.round(y * d), 1, 1).data;
  return '#' + [c[0], c[1], c[2]].map((v) => v.toString(16).padStart(2, '0')).join('');
}"""


def test_an_account_is_a_point_in_the_color_of_its_book(server: Server, shared_demo, new_page) -> None:
    ws, data = shared_demo
    info = editing.create_layers(
        ws,
        dataset_id=data.info.id,
        layers=(PlanLayer("Key", rule="Potential >= 400000"), PlanLayer("Rest", "areas")),
        level="county",
        region="lower48",
        measure="Potential",
    )
    editing.edit(ws, info.id, 1, lambda p, c: moves.new_territory(p, "Key A", next_code=c))
    units = ws.units(info)
    editing.paint(ws, info.id, range(units.n_areas), 0)
    _, here = opened(new_page, server, info.id, width=1400, height=900)
    one, two = (i.upper() for i in units.account_ids[:2])
    assert here.js("() => [TerrMap.session.geo.areas, TerrMap.session.geo.n]") == [units.n_areas, len(units)]
    assert here.js("() => TerrMap.session.booksInView !== 0")
    here.choose("Key A")
    here.assign(one)
    here.click(two)
    assert here.territory(one) == here.territory(two) == "Key A"
    here.settle()
    color = here.js("() => TerrMap.session.byCode.get(1).color.toLowerCase()")
    assert color in {here.js(COLOR, one), here.js(COLOR, two)}, "the territory's name stands on one of them"
    assert ws.plan(info.id)[0].assign[units.n_areas :][:2].tolist() == [1, 1]
    here.js("() => TerrMap.session.paint([0, TerrMap.session.geo.areas + 2])")  # as a lasso over both layers does
    here.settle()
    plan, _ = ws.plan(info.id)
    assert plan.assign[[0, units.n_areas + 2]].tolist() == [0, 1]
    assert here.territory(units.ids[0]) == "Territory 1"

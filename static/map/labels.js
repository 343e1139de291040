// Names of the territories on the map; overlapping ones give way to the larger territory's.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const FREE = -1;
  const ACCOUNT = 1e-4; // weighs as little as a small area
  const FONT = "600 12px system-ui, -apple-system, 'Segoe UI', sans-serif";

  // A label for each territory at the unit nearest the middle of what of it is in sight; of the drawn margin otherwise.
  // `units`: those that meet the view and perhaps others.
  NS.placeLabels = function (s, view, sight, scale, units) {
    const seen = place(s, sight, scale, units), rest = place(s, view, scale, units);
    for (const label of seen.values()) label.seen = true;
    s.labels = [...new Map([...rest, ...seen]).values()].sort((a, b) => Number(b.seen || 0) - Number(a.seen || 0) || b.w - a.w);
  };

  function place(s, view, scale, units) {
    const g = s.geo, k = s.territories.length, slot = s.shading.slot;
    const w = new Float64Array(k), sx = new Float64Array(k), sy = new Float64Array(k);
    const at = new Int32Array(units.length).fill(-1);
    for (let i = 0; i < units.length; i++) {
      const u = units[i], c = s.codes[u];
      if (c === FREE || g.x[u] < view[0] || g.x[u] > view[2] || g.y[u] < view[1] || g.y[u] > view[3]) continue;
      const t = slot.get(c), size = u < g.areas ? (g.box[4 * u + 2] - g.box[4 * u]) * (g.box[4 * u + 3] - g.box[4 * u + 1]) : ACCOUNT;
      if (t === undefined) continue;
      at[i] = t;
      w[t] += size;
      sx[t] += size * g.x[u];
      sy[t] += size * g.y[u];
    }
    const best = new Int32Array(k).fill(-1), near = new Float64Array(k).fill(Infinity);
    for (let i = 0; i < units.length; i++) {
      const t = at[i], u = units[i];
      if (t < 0) continue;
      const d = (g.x[u] - sx[t] / w[t]) ** 2 + (g.y[u] - sy[t] / w[t]) ** 2;
      if (d < near[t]) { near[t] = d; best[t] = u; }
    }
    const out = new Map();
    for (let t = 0; t < k; t++) {
      if (best[t] >= 0) out.set(t, { code: s.territories[t].code, x: g.x[best[t]], y: g.y[best[t]], w: w[t] * scale * scale });
    }
    return out;
  }

  // as percent() of terr/view/text.py: decimals until the text is on the same side of the limit as the value
  function clear(off, limit) {
    let digits = 1;
    while (digits < 4 && Number(off.toFixed(digits)) <= limit !== off <= limit + 1e-7) digits++;
    return off.toFixed(digits);
  }

  function textOf(s, t) {
    let text = t.locked ? t.name + " (locked)" : t.name;
    if (text.length > 28) text = text.slice(0, 27) + "…";
    if (s.shading.mode === "deviation" && t.deviation !== null && t.deviation !== undefined) {
      text += " " + (t.deviation < 0 ? "−" : "+") + clear(Math.abs(t.deviation), s.limit) + "%";
    }
    return text;
  }

  // circles: of accounts, or of one home each, which labels keep clear of.
  NS.drawLabels = function (s, ctx, painter, area, circles) {
    const { scale, origin, dpr } = painter, min = painter._bounds.min, taken = [];
    ctx.save();
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    const at = (x, y) => [x * scale - origin.x - min.x, y * scale - origin.y - min.y];
    if (area) {
      const [ax, ay] = at(area[0], area[1]), [bx, by] = at(area[2], area[3]);
      ctx.beginPath();
      ctx.rect(ax, ay, bx - ax, by - ay);
      ctx.clip();
    }
    ctx.font = FONT;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    for (const c of circles) {
      const r = NS.Points.radius(c.count);
      taken.push([...at(c.x, c.y), r - 2, r + 5]);
    }
    for (const label of s.labels || []) {
      const t = s.byCode.get(label.code);
      if (!t) continue;
      const text = textOf(s, t), w = ctx.measureText(text).width / 2 + 4;
      let [x, middle] = at(label.x, label.y);
      if (label.seen) { // not cut off by the map's edges or its bar
        const [x0, y0, x1, y1] = painter.sight;
        x = Math.max(x0 + w, Math.min(x1 - w, x));
        middle = Math.max(y0 + (s.barHeight || 46) + 12, Math.min(y1 - 10, middle));
      }
      const free = (y) => !taken.some((q) => Math.abs(q[0] - x) < q[2] + w && Math.abs(q[1] - y) < q[3]);
      const y = (circles.length ? [0, -14, 14, -22, 22, -30, 30] : [0, -18, 18]).map((d) => middle + d).find(free);
      if (y === undefined) continue;
      taken.push([x, y, w, 16]);
      ctx.strokeStyle = s.theme.halo;
      ctx.lineWidth = 4;
      ctx.strokeText(text, x, y);
      ctx.fillStyle = s.theme.label;
      ctx.fillText(text, x, y);
    }
    s.placed = taken.slice(circles.length); // middle x and y, half width, height
    ctx.restore();
  };
})();

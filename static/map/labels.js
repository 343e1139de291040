// Names of the territories on the map; overlapping ones give way to the larger territory's.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const FREE = -1;
  const FONT = "600 12px system-ui, -apple-system, 'Segoe UI', sans-serif";

  // A label for each territory at the unit nearest the middle of what of it is in view.
  NS.placeLabels = function (s, view, scale) {
    const g = s.geo, k = s.territories.length, slot = s.shading.slot;
    const w = new Float64Array(k), sx = new Float64Array(k), sy = new Float64Array(k);
    const units = g.meeting(view), at = new Int32Array(units.length).fill(-1);
    for (let i = 0; i < units.length; i++) {
      const u = units[i], c = s.codes[u];
      if (c === FREE || g.x[u] < view[0] || g.x[u] > view[2] || g.y[u] < view[1] || g.y[u] > view[3]) continue;
      const t = slot.get(c), size = (g.box[4 * u + 2] - g.box[4 * u]) * (g.box[4 * u + 3] - g.box[4 * u + 1]);
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
    s.labels = [];
    for (let t = 0; t < k; t++) {
      if (best[t] >= 0) s.labels.push({ code: s.territories[t].code, x: g.x[best[t]], y: g.y[best[t]], w: w[t] * scale * scale });
    }
    s.labels.sort((a, b) => b.w - a.w);
  };

  function textOf(s, t) {
    let text = t.locked ? t.name + " (locked)" : t.name;
    if (text.length > 28) text = text.slice(0, 27) + "…";
    if (s.shading.mode === "deviation" && t.deviation !== null && t.deviation !== undefined) {
      text += " " + (t.deviation < 0 ? "−" : "+") + Math.abs(t.deviation).toFixed(1) + " %";
    }
    return text;
  }

  // circles: of accounts, which labels keep clear of.
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
      const [x, middle] = at(label.x, label.y), text = textOf(s, t), w = ctx.measureText(text).width / 2 + 4;
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
    ctx.restore();
  };
})();

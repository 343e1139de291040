// Accounts as units: points in the color of their territory, drawn by the ten thousand, found under the pointer.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const MANY = 3000; // that many in view are drawn as squares, which is quicker
  const REACH = 8; // pixels

  // A file of shapes without any, for plans of accounts alone.
  NS.noShapes = () => ({ units: { id: [], name: [], state: [], pt: [], rings: [] }, arcs: [], sides: [], q: [1, 1, 0, 0] });

  // Appends the accounts to the units of a geometry.
  NS.addBooks = function (geo, told, x, y) {
    for (let i = 0; i < told.id.length; i++) {
      geo.id.push(told.id[i]);
      geo.name.push(told.name[i]);
      geo.state.push(told.state[i]);
      if (geo.county) geo.county.push("");
      const there = told.lat[i] !== null;
      x.push(there ? NS.worldX(told.lon[i]) : NaN);
      y.push(there ? NS.worldY(told.lat[i]) : NaN);
    }
  };

  // The account nearest to a world point within reach, or -1.
  NS.bookAt = function (geo, x, y) {
    const r = geo.reach;
    let best = -1, near = r * r;
    for (const u of geo.meeting([x - r, y - r, x + r, y + r])) {
      if (u < geo.areas) continue;
      const d = (geo.x[u] - x) ** 2 + (geo.y[u] - y) ** 2;
      if (d <= near) { near = d; best = u; }
    }
    return best;
  };

  // Radius in pixels: small where many are in view, larger with the zoom.
  NS.bookRadius = (zoom, seen) => (seen > MANY ? 1.6 : seen > 800 ? 2.4 : 3.2) + Math.max(0, Math.min(3, (zoom - 6) * 0.5));

  // A color as the four bytes of a pixel, in the order this machine keeps them; null for one that isn't written #RRGGBB.
  const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  const pixelOf = (color) => {
    if (!/^#[0-9a-f]{6}$/i.test(color)) return null;
    const v = parseInt(color.slice(1), 16);
    return LITTLE ? (0xff000000 | ((v & 255) << 16) | (v & 0xff00) | (v >> 16)) >>> 0 : ((v << 8) | 255) >>> 0;
  };

  // Draws sets of accounts as squares, pixel by pixel into a picture that is laid over the map: filling them one by one
  // takes several frames of a zoom. False if a color can't be written so.
  const asPixels = function (ctx, g, sets, styles, painter, r) {
    const colors = styles.map((one, k) => (sets[k] ? pixelOf(one.fill) : 0));
    if (colors.includes(null)) return false;
    const { width, height } = ctx.canvas, at = ctx.getTransform(), side = Math.max(2, Math.round(2 * r * at.a)), half = side / 2;
    let kept = painter.squares;
    if (!kept || kept.image.width !== width || kept.image.height !== height) {
      const stage = Object.assign(document.createElement("canvas"), { width, height });
      const image = new ImageData(width, height);
      kept = painter.squares = { stage, pen: stage.getContext("2d"), image, pixels: new Uint32Array(image.data.buffer) };
    }
    const { pixels } = kept;
    pixels.fill(0);
    for (let k = styles.length - 1; k >= 0; k--) {
      if (!sets[k]) continue;
      const color = colors[k];
      for (const u of sets[k]) {
        const left = Math.round(g.x[u] * at.a + at.e - half), top = Math.round(g.y[u] * at.d + at.f - half);
        const x0 = Math.max(0, left), x1 = Math.min(width, left + side), y1 = Math.min(height, top + side);
        if (x0 >= x1) continue;
        for (let y = Math.max(0, top); y < y1; y++) for (let i = y * width + x0, end = y * width + x1; i < end; i++) pixels[i] = color;
      }
    }
    kept.pen.putImageData(kept.image, 0, 0);
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(kept.stage, 0, 0);
    ctx.restore();
    return true;
  };

  // Draws the accounts among some units; those of a set together, so that a color is set once. `whole`: all in view.
  NS.drawBooks = function (ctx, s, shown, painter, whole) {
    const g = s.geo, px = painter.unit, keys = s.shading.keyOf, styles = s.shading.styles, zoom = painter._map.getZoom();
    const all = painter.booksInView, r = NS.bookRadius(zoom, all) * px, square = all > MANY, sets = new Array(styles.length).fill(null);
    g.reach = Math.max(REACH * px, r);
    for (const u of shown) if (u >= g.areas) (sets[keys[u]] = sets[keys[u]] || []).push(u);
    const halo = !square;
    if (square && whole && asPixels(ctx, g, sets, styles, painter, r)) return NS.ringBooks(ctx, s, shown, r, px);
    for (let k = styles.length - 1; k >= 0; k--) { // what is unassigned below, territories in their order
      if (!sets[k]) continue;
      ctx.fillStyle = styles[k].fill;
      if (square) for (const u of sets[k]) ctx.fillRect(g.x[u] - r, g.y[u] - r, 2 * r, 2 * r);
      else {
        const path = new Path2D();
        for (const u of sets[k]) {
          path.moveTo(g.x[u] + r, g.y[u]);
          path.arc(g.x[u], g.y[u], r, 0, 7);
        }
        ctx.fill(path);
        if (halo) {
          ctx.strokeStyle = s.theme.edge;
          ctx.lineWidth = 0.5 * px;
          ctx.stroke(path);
        }
      }
    }
    NS.ringBooks(ctx, s, shown, r, px);
  };

  // Rings around accounts that are named by something: marked, suggested to move, locked.
  NS.ringBooks = function (ctx, s, shown, r, px) {
    const g = s.geo, suggested = s.company.shown();
    if (!s.marked.size && !suggested && !s.locked.size) return;
    for (const u of shown) {
      if (u < g.areas) continue;
      const to = suggested && suggested.has(u), marked = s.marked.has(u);
      if (!to && !marked && !s.locked.has(u)) continue;
      ctx.beginPath();
      ctx.arc(g.x[u], g.y[u], r + (to || marked ? 2.2 : 0.8) * px, 0, 7);
      ctx.strokeStyle = to ? s.colorOf(suggested.get(u)) : s.theme.label;
      ctx.lineWidth = (to || marked ? 2.4 : 1.4) * px;
      ctx.stroke();
    }
  };

  // A ring around each account of some units, added to a path.
  NS.aroundBooks = function (path, geo, units, px) {
    for (const u of units) {
      if (u < geo.areas || !Number.isFinite(geo.x[u])) continue;
      path.moveTo(geo.x[u] + 6 * px, geo.y[u]);
      path.arc(geo.x[u], geo.y[u], 6 * px, 0, 7);
    }
  };
})();

// Names of places under those of the territories: cities by their size, and of each county or ZIP where it is wide enough.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const FONT = "11px system-ui, -apple-system, 'Segoe UI', sans-serif", MOST = 90, ROOM = 15; // names in sight; pixels from one to the next
  const SMALLEST = 1.6e7; // people of a city that is named at zoom 0; half of it at each further one

  class Places {
    // told: names, lat, lon (degrees) and people, the largest first, from the server.
    constructor(told) {
      Object.assign(this, { names: told.names, people: told.people, n: told.names.length, widths: new Map(), placed: [] });
      this.x = Float64Array.from(told.lon, NS.worldX);
      this.y = Float64Array.from(told.lat, NS.worldY);
    }

    _width(ctx, text) {
      if (!this.widths.has(text)) this.widths.set(text, ctx.measureText(text).width);
      return this.widths.get(text);
    }

    // Chooses what to write in the drawn area: never over the names of territories, nor over each other.
    place(s, ctx, painter, shown) {
      const { scale, view } = painter, zoom = painter._map.getZoom(), taken = [], out = (this.placed = []);
      ctx.save();
      ctx.font = FONT;
      for (const [x, y, w, h] of s.placed || []) taken.push([x, y, w, h]);
      const [ox, oy] = painter.corner();
      const put = (wx, wy, text, dot) => {
        const w = this._width(ctx, text) / 2 + 5, x = wx * scale - ox, y = wy * scale - oy - (dot ? 9 : 0);
        if (taken.some((q) => Math.abs(q[0] - x) < q[2] + w && Math.abs(q[1] - y) < q[3] + (dot ? 2 : 0))) return;
        taken.push([x, y, w, ROOM]);
        out.push({ wx, wy, text, dot, w });
      };
      const least = zoom >= 10 ? 0 : SMALLEST / 2 ** zoom, inside = (x, y) => x >= view[0] && x <= view[2] && y >= view[1] && y <= view[3];
      for (let i = 0; i < this.n && this.people[i] >= least && out.length < MOST; i++) if (inside(this.x[i], this.y[i])) put(this.x[i], this.y[i], this.names[i], true);
      const g = s.geo;
      if (scale * (view[2] - view[0]) > 0) for (const u of shown) {
        if (u >= g.areas) continue; // an account is named where it is pointed at
        if (out.length >= 3 * MOST) break;
        const wide = (g.box[4 * u + 2] - g.box[4 * u]) * scale, high = (g.box[4 * u + 3] - g.box[4 * u + 1]) * scale;
        if (wide < 44 || high < 26 || !inside(g.x[u], g.y[u])) continue;
        const text = /^ZIP/.test(s.config.word) ? g.id[u] : g.name[u].replace(/, [A-Z]{2}$/, "");
        if (this._width(ctx, text) + 8 < wide) put(g.x[u], g.y[u], text, false);
      }
      ctx.restore();
    }

    draw(s, ctx, painter, area) {
      const { scale, dpr } = painter, [ox, oy] = painter.corner();
      ctx.save();
      ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
      const at = (x, y) => [x * scale - ox, y * scale - oy];
      let near = null;
      if (area) {
        near = [...at(area[0], area[1]), ...at(area[2], area[3])];
        ctx.beginPath();
        ctx.rect(near[0], near[1], near[2] - near[0], near[3] - near[1]);
        ctx.clip();
      }
      ctx.font = FONT;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      ctx.lineWidth = 3;
      for (const p of this.placed) {
        const [x, y] = at(p.wx, p.wy);
        if (near && (x + p.w < near[0] || x - p.w > near[2] || y + 12 < near[1] || y - 20 > near[3])) continue;
        ctx.strokeStyle = s.theme.halo;
        ctx.fillStyle = s.theme.label;
        ctx.globalAlpha = p.dot ? 0.95 : 0.7;
        if (p.dot) {
          ctx.beginPath();
          ctx.arc(x, y, 2.2, 0, 7);
          ctx.stroke();
          ctx.fill();
        }
        ctx.strokeText(p.text, x, p.dot ? y - 9 : y);
        ctx.fillText(p.text, x, p.dot ? y - 9 : y);
      }
      ctx.restore();
    }
  }

  NS.Places = Places;
})();

// Accounts on the map: circles with a count where many lie close together, single points where they don't.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const CELL = 58; // pixels: closer accounts share a circle
  const FEW = 1200; // that many in view are drawn one by one

  const brief = (n) => (n < 1000 ? String(n) : n < 9950 ? (n / 1000).toFixed(1) + "k" : Math.round(n / 1000) + "k");

  class Points {
    // told: lat, lon (degrees), value (measure) and text per account, from the server.
    constructor(told) {
      const n = (this.n = told.lat.length);
      this.x = new Float64Array(n);
      this.y = new Float64Array(n);
      this.r = told.r;
      this.text = told.text;
      this.row = told.row; // which account of the data set
      this.by = told.by || ""; // the column that colors them, with the group of each
      this.groups = told.groups || null;
      this.of = told.of;
      for (let i = 0; i < n; i++) {
        this.x[i] = NS.worldX(told.lon[i]);
        this.y[i] = NS.worldY(told.lat[i]);
      }
      this.kept = new Map();
    }

    // Clusters at a whole zoom: cells of a fixed grid, so that they stay where they are while the map is moved.
    clusters(zoom) {
      const z = Math.max(0, Math.min(20, Math.round(zoom)));
      if (this.kept.has(z)) return this.kept.get(z);
      const cell = CELL / 2 ** z, cells = new Map();
      for (let i = 0; i < this.n; i++) {
        const key = Math.floor(this.x[i] / cell) * 67108864 + Math.floor(this.y[i] / cell);
        const c = cells.get(key);
        if (c) { c.count++; c.x += this.x[i]; c.y += this.y[i]; } else cells.set(key, { count: 1, x: this.x[i], y: this.y[i], one: i });
        if (!this.groups) continue;
        const at = c || cells.get(key), parts = (at.parts = at.parts || new Int32Array(this.groups.length));
        parts[this.of[i]]++;
      }
      const made = [...cells.values()];
      for (const c of made) { c.x /= c.count; c.y /= c.count; }
      made.sort((a, b) => b.count - a.count);
      this.kept.set(z, made);
      return made;
    }

    _inView(area) {
      const out = [];
      for (let i = 0; i < this.n && out.length <= FEW; i++) {
        if (this.x[i] >= area[0] && this.x[i] <= area[2] && this.y[i] >= area[1] && this.y[i] <= area[3]) out.push(i);
      }
      return out;
    }

    // What stands in an area: single accounts and circles.
    shown(area, zoom) {
      const single = this._inView(area);
      if (single.length <= FEW) return { single, groups: [] };
      const groups = [], alone = [];
      for (const c of this.clusters(zoom)) {
        if (c.x < area[0] || c.x > area[2] || c.y < area[1] || c.y > area[3]) continue;
        c.count === 1 ? alone.push(c.one) : groups.push(c);
      }
      return { single: alone, groups };
    }

    static radius(count) { return 7 + 3.2 * Math.log10(count) ** 1.35; }

    draw(ctx, area, view, px, zoom, theme) {
      const { single, groups } = this.shown(view, zoom);
      ctx.fillStyle = theme.point;
      ctx.strokeStyle = theme.halo;
      ctx.lineWidth = (this.groups ? 1 : 0.5) * px;
      for (const i of single) {
        const x = this.x[i], y = this.y[i];
        if (x < area[0] || x > area[2] || y < area[1] || y > area[3]) continue;
        if (this.groups) ctx.fillStyle = this.groups[this.of[i]].color;
        ctx.beginPath();
        ctx.arc(x, y, (this.groups ? Math.max(3, this.r[i]) : this.r[i]) * px, 0, 7);
        ctx.fill();
        ctx.stroke();
      }
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      for (let k = groups.length - 1; k >= 0; k--) { // the largest on top
        const c = groups[k], r = Points.radius(c.count) * px;
        if (c.x + r < area[0] || c.x - r > area[2] || c.y + r < area[1] || c.y - r > area[3]) continue;
        ctx.fillStyle = theme.cluster;
        ctx.strokeStyle = theme.halo;
        ctx.lineWidth = 1.5 * px;
        ctx.beginPath();
        ctx.arc(c.x, c.y, r, 0, 7);
        ctx.fill();
        ctx.stroke();
        if (c.parts) this._pie(ctx, c, r, px, theme);
        this._number(ctx, c, px, theme);
      }
      return groups;
    }

    // A ring around the count: which share of the accounts here has which color.
    _pie(ctx, c, r, px, theme) {
      let from = -Math.PI / 2;
      c.parts.forEach((n, k) => {
        if (!n) return;
        const to = from + (2 * Math.PI * n) / c.count;
        ctx.beginPath();
        ctx.arc(c.x, c.y, r + 2 * px, from, to);
        ctx.strokeStyle = this.groups[k].color;
        ctx.lineWidth = 4 * px;
        ctx.stroke();
        from = to;
      });
      ctx.strokeStyle = theme.halo;
    }

    // Text is set in screen pixels: a font of a ten-thousandth of a pixel would not be drawn.
    _number(ctx, c, px, theme) {
      ctx.save();
      ctx.translate(c.x, c.y);
      ctx.scale(px, px);
      ctx.font = "600 10px system-ui, -apple-system, 'Segoe UI', sans-serif";
      ctx.fillStyle = theme.clusterText;
      ctx.fillText(brief(c.count), 0, 0.5);
      ctx.restore();
    }

    // What lies under a world point: { group } of accounts or { one }, null if nothing does.
    hit(x, y, view, px, zoom) {
      const { single, groups } = this.shown(view, zoom);
      for (const c of groups) if (Math.hypot(c.x - x, c.y - y) < Points.radius(c.count) * px) return { group: c };
      let best = -1, d = (7 * px) ** 2;
      for (const i of single) {
        const q = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
        if (q < d) { d = q; best = i; }
      }
      return best < 0 ? null : { one: best };
    }

    // The same in words, or "".
    under(...at) {
      const found = this.hit(...at);
      return !found ? "" : found.group ? found.group.count.toLocaleString("en-US") + " accounts here; zoom in to see each" : this.text[found.one];
    }
  }

  NS.Points = Points;
})();

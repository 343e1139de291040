// Draws the plan on one canvas: fills, borders, locks, stray pieces, a preview, account points and labels.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const FREE = -1;

  const Painter = L.Renderer.extend({
    options: { padding: 0.15 },

    initialize(state) {
      L.Renderer.prototype.initialize.call(this, {});
      this.s = state;
      this.frame = null;
      this.dirty = null;
    },

    _initContainer() {
      const canvas = (this._container = document.createElement("canvas"));
      canvas.setAttribute("aria-hidden", "true");
      this.ctx = canvas.getContext("2d");
    },

    _destroyContainer() {
      if (this.frame) cancelAnimationFrame(this.frame);
      L.DomUtil.remove(this._container);
      delete this._container;
      delete this.ctx;
    },

    _onZoomEnd() {},

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const b = this._bounds, size = b.getSize(), dpr = (this.dpr = window.devicePixelRatio || 1);
      L.DomUtil.setPosition(this._container, b.min);
      this._container.width = Math.round(dpr * size.x);
      this._container.height = Math.round(dpr * size.y);
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      this._draw(null);
    },

    // Ask for a redraw of some units' surroundings (null = everything) in the next frame.
    refresh(units) {
      if (!this._container) return;
      if (units === null || (this.dirty === "all")) this.dirty = "all";
      else this.dirty = (this.dirty || []).concat(units);
      if (this.frame) return;
      this.frame = requestAnimationFrame(() => {
        const dirty = this.dirty;
        this.frame = this.dirty = null;
        this._draw(dirty === "all" || dirty.length > 400 ? null : this.s.geo.boxOf(dirty));
      });
    },

    // Draws within a box of world coordinates, or everything in view.
    _draw(box) {
      const s = this.s, ctx = this.ctx;
      if (!ctx || !s.geo || !this._bounds) return;
      const started = performance.now();
      const scale = this._map.getZoomScale(this._map.getZoom(), 0);
      const origin = this._map.getPixelOrigin(), min = this._bounds.min, dpr = this.dpr;
      const view = [
        (origin.x + min.x) / scale, (origin.y + min.y) / scale,
        (origin.x + this._bounds.max.x) / scale, (origin.y + this._bounds.max.y) / scale,
      ];
      const px = 1 / scale; // one CSS pixel in world coordinates
      const area = box
        ? [Math.max(view[0], box[0] - 4 * px), Math.max(view[1], box[1] - 4 * px), Math.min(view[2], box[2] + 4 * px), Math.min(view[3], box[3] + 4 * px)]
        : view;
      if (area[0] >= area[2] || area[1] >= area[3]) return;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.save();
      ctx.setTransform(dpr * scale, 0, 0, dpr * scale, -dpr * (origin.x + min.x), -dpr * (origin.y + min.y));
      ctx.beginPath();
      ctx.rect(area[0], area[1], area[2] - area[0], area[3] - area[1]);
      if (box) ctx.clip();
      ctx.clearRect(area[0], area[1], area[2] - area[0], area[3] - area[1]);
      ctx.lineJoin = ctx.lineCap = "round";
      const shown = s.geo.meeting(area);
      this._fills(ctx, shown, px);
      this._borders(ctx, area, px, scale);
      this._marks(ctx, shown, px, scale);
      if (s.points && s.showPoints) this._points(ctx, area, px);
      ctx.restore();
      if (!box) this._placeLabels(view, scale);
      this._labels(ctx, scale, origin, min, dpr, box ? area : null);
      s.lastDrawMs = performance.now() - started;
    },

    _fills(ctx, shown, px) {
      const s = this.s, byColor = new Map();
      for (const u of shown) {
        const color = s.fillOf(u);
        if (!byColor.has(color)) byColor.set(color, []);
        byColor.get(color).push(u);
      }
      for (const [color, units] of byColor) {
        ctx.fillStyle = color;
        for (const u of units) ctx.fill(s.geo.path[u], "evenodd");
      }
      if (!s.preview) return;
      for (const [u, code] of s.preview) { // stripes in the new colour over the old one
        if (!shown.has(u)) continue;
        ctx.save();
        ctx.clip(s.geo.path[u], "evenodd");
        const [x0, y0, x1, y1] = s.geo.box.subarray(4 * u, 4 * u + 4);
        ctx.strokeStyle = s.colorOf(code);
        ctx.lineWidth = 4 * px;
        ctx.beginPath();
        for (let d = x0 - (y1 - y0); d < x1; d += 8 * px) { ctx.moveTo(d, y1); ctx.lineTo(d + (y1 - y0), y0); }
        ctx.stroke();
        ctx.restore();
      }
    },

    _trace(ctx, arcs) {
      ctx.beginPath();
      for (const a of arcs) {
        const p = this.s.geo.arcs[a];
        ctx.moveTo(p[0], p[1]);
        for (let i = 2; i < p.length; i += 2) ctx.lineTo(p[i], p[i + 1]);
      }
      ctx.stroke();
    },

    _borders(ctx, area, px, scale) {
      const s = this.s, g = s.geo, thin = [], edge = [], states = [], context = [], stray = [], preview = [], marked = [];
      for (let a = 0; a < g.arcs.length; a++) {
        const k = 4 * a;
        if (g.arcBox[k] > area[2] || g.arcBox[k + 2] < area[0] || g.arcBox[k + 1] > area[3] || g.arcBox[k + 3] < area[1]) continue;
        const l = g.left[a], r = g.right[a];
        if (l < 0 && r < 0) { if (g.stateLine[a]) context.push(a); continue; }
        const cl = l < 0 ? -2 : s.codes[l], cr = r < 0 ? -2 : s.codes[r];
        if (cl !== cr) edge.push(a);
        else if (g.stateLine[a]) states.push(a);
        else thin.push(a);
        if (s.strayUnits.size && s.strayUnits.has(l) !== s.strayUnits.has(r)) stray.push(a);
        if (s.preview && s.preview.has(l) !== s.preview.has(r)) preview.push(a);
        if (s.marked.size && s.marked.has(l) !== s.marked.has(r)) marked.push(a);
      }
      const t = s.theme;
      ctx.strokeStyle = t.context;
      ctx.lineWidth = px;
      this._trace(ctx, context);
      if (scale > 12 || g.n < 800) {
        ctx.strokeStyle = t.thin;
        ctx.lineWidth = 0.6 * px;
        this._trace(ctx, thin);
      }
      ctx.strokeStyle = t.state;
      ctx.lineWidth = px;
      this._trace(ctx, states);
      ctx.strokeStyle = t.edge;
      ctx.lineWidth = (g.n > 800 && scale < 24 ? 1.4 : 2.2) * px;
      this._trace(ctx, edge);
      if (stray.length) {
        ctx.strokeStyle = t.stray;
        ctx.lineWidth = 3.5 * px;
        ctx.setLineDash([6 * px, 4 * px]);
        this._trace(ctx, stray);
        ctx.setLineDash([]);
      }
      if (marked.length) { // a broad light line under a dark one shows on any colour
        for (const [style, width] of [[t.halo, 6.5], [t.label, 3]]) {
          ctx.strokeStyle = style;
          ctx.lineWidth = width * px;
          this._trace(ctx, marked);
        }
      }
      if (preview.length) {
        ctx.strokeStyle = t.label;
        ctx.lineWidth = 3 * px;
        this._trace(ctx, preview);
      }
    },

    _marks(ctx, shown, px, scale) {
      const s = this.s, g = s.geo;
      if (s.hover >= 0 && shown.has(s.hover)) {
        ctx.strokeStyle = s.theme.label;
        ctx.lineWidth = 2 * px;
        ctx.stroke(g.path[s.hover]);
      }
      ctx.fillStyle = ctx.strokeStyle = s.theme.label;
      for (const u of s.locked) { // a padlock: body and shackle
        if (!shown.has(u)) continue;
        const width = (g.box[4 * u + 2] - g.box[4 * u]) * scale;
        if (width < 9) continue;
        const x = g.x[u], y = g.y[u];
        ctx.fillRect(x - 4 * px, y - 2 * px, 8 * px, 6 * px);
        ctx.lineWidth = 1.5 * px;
        ctx.beginPath();
        ctx.arc(x, y - 2 * px, 2.6 * px, Math.PI, 0);
        ctx.stroke();
      }
    },

    _points(ctx, area, px) {
      const s = this.s;
      ctx.fillStyle = s.theme.point;
      ctx.strokeStyle = s.theme.halo;
      ctx.lineWidth = 0.5 * px;
      for (let i = 0; i < s.points.x.length; i++) {
        const x = s.points.x[i], y = s.points.y[i];
        if (x < area[0] || x > area[2] || y < area[1] || y > area[3]) continue;
        ctx.beginPath();
        ctx.arc(x, y, s.points.r[i] * px, 0, 7);
        ctx.fill();
        ctx.stroke();
      }
    },

    // Label of each territory at the unit nearest the middle of what is in view; overlapping ones give way.
    _placeLabels(view, scale) {
      const s = this.s, g = s.geo, sums = new Map();
      for (let u = 0; u < g.n; u++) {
        const c = s.codes[u];
        if (c === FREE || g.x[u] < view[0] || g.x[u] > view[2] || g.y[u] < view[1] || g.y[u] > view[3]) continue;
        const w = (g.box[4 * u + 2] - g.box[4 * u]) * (g.box[4 * u + 3] - g.box[4 * u + 1]);
        const t = sums.get(c) || [0, 0, 0];
        t[0] += w; t[1] += w * g.x[u]; t[2] += w * g.y[u];
        sums.set(c, t);
      }
      const best = new Map();
      for (let u = 0; u < g.n; u++) {
        const t = sums.get(s.codes[u]);
        if (!t) continue;
        const d = (g.x[u] - t[1] / t[0]) ** 2 + (g.y[u] - t[2] / t[0]) ** 2;
        const b = best.get(s.codes[u]);
        if (!b || d < b[0]) best.set(s.codes[u], [d, u]);
      }
      s.labels = [...best].map(([code, [, u]]) => ({ code, x: g.x[u], y: g.y[u], w: sums.get(code)[0] * scale * scale }))
        .sort((a, b) => b.w - a.w);
    },

    _labels(ctx, scale, origin, min, dpr, area) {
      const s = this.s, taken = [];
      ctx.save();
      ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
      const at = (x, y) => [x * scale - origin.x - min.x, y * scale - origin.y - min.y];
      if (area) {
        const [ax, ay] = at(area[0], area[1]), [bx, by] = at(area[2], area[3]);
        ctx.beginPath();
        ctx.rect(ax, ay, bx - ax, by - ay);
        ctx.clip();
      }
      ctx.font = "600 12px system-ui, -apple-system, 'Segoe UI', sans-serif";
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      for (const label of s.labels || []) {
        const t = s.byCode.get(label.code);
        if (!t) continue;
        const [x, y] = at(label.x, label.y);
        const text = t.locked ? t.name + " (locked)" : t.name, w = ctx.measureText(text).width / 2 + 4;
        if (taken.some((q) => Math.abs(q[0] - x) < q[2] + w && Math.abs(q[1] - y) < 16)) continue;
        taken.push([x, y, w]);
        ctx.strokeStyle = s.theme.halo;
        ctx.lineWidth = 4;
        ctx.strokeText(text, x, y);
        ctx.fillStyle = s.theme.label;
        ctx.fillText(text, x, y);
      }
      ctx.restore();
    },
  });

  NS.Painter = Painter;
})();

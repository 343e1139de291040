// Draws the plan on a canvas twice as wide and high as the map: while the map is dragged the picture moves with it, and
// is drawn anew before its edge comes into view. A second canvas holds what follows the pointer.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const PADDING = 0.5; // of the map's size, on each side
  const SPARE = 40; // pixels left of it when it is drawn anew
  const SINGLY = 900; // up to that many units in view are filled one by one

  const Painter = L.Renderer.extend({
    options: { padding: PADDING },

    initialize(state) {
      L.Renderer.prototype.initialize.call(this, { padding: PADDING });
      this.s = state;
      this.frame = null;
      this.dirty = null;
      this.kept = { version: -1, level: null, paths: [] };
    },

    _initContainer() {
      const box = (this._container = document.createElement("div"));
      this.canvas = box.appendChild(document.createElement("canvas"));
      this.over = box.appendChild(document.createElement("canvas"));
      for (const c of [this.canvas, this.over]) {
        c.setAttribute("aria-hidden", "true");
        c.style.position = "absolute";
      }
      this.ctx = this.canvas.getContext("2d");
      this.top = this.over.getContext("2d");
    },

    _destroyContainer() {
      if (this.frame) cancelAnimationFrame(this.frame);
      L.DomUtil.remove(this._container);
      delete this._container;
      delete this.ctx;
    },

    getEvents() {
      return { ...L.Renderer.prototype.getEvents.call(this), move: this._onMove, moveend: this._onMoveEnd };
    },

    _onZoomEnd() {},

    // While dragging: draw anew when what is drawn ends soon.
    _onMove() {
      if (this._map._animatingZoom || !this._bounds || this._drawnZoom !== this._map.getZoom()) return;
      if (this._covers(SPARE) || this.moving) return;
      this.moving = requestAnimationFrame(() => {
        this.moving = null;
        if (this._map && !this._map._animatingZoom) this._update();
      });
    },

    // After a drag the picture still covers the map; it is centred anew when nothing else is going on.
    _onMoveEnd() {
      clearTimeout(this.centring);
      if (!this._bounds || this._drawnZoom !== this._map.getZoom() || !this._covers(0)) return this._update();
      this.centring = setTimeout(() => this._map && !this._map._animatingZoom && !this._map.dragging.moving() && this._update(), 250);
    },

    _covers(spare) {
      const at = this._map.containerPointToLayerPoint([0, 0]), size = this._map.getSize(), b = this._bounds;
      return at.x - spare >= b.min.x && at.y - spare >= b.min.y && at.x + size.x + spare <= b.max.x && at.y + size.y + spare <= b.max.y;
    },

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const b = this._bounds, size = b.getSize(), dpr = (this.dpr = window.devicePixelRatio || 1);
      this._drawnZoom = this._map.getZoom();
      L.DomUtil.setPosition(this._container, b.min);
      for (const c of [this.canvas, this.over]) {
        const w = Math.round(dpr * size.x), h = Math.round(dpr * size.y);
        if (c.width !== w || c.height !== h) {
          c.width = w;
          c.height = h;
          c.style.width = size.x + "px";
          c.style.height = size.y + "px";
        }
      }
      this._draw(null);
    },

    // Ask for a redraw of some units' surroundings (null = everything) in the next frame.
    refresh(units) {
      if (!this._container) return;
      if (units === null || this.dirty === "all") this.dirty = "all";
      else this.dirty = (this.dirty || []).concat(units);
      if (this.frame) return;
      this.frame = requestAnimationFrame(() => {
        const dirty = this.dirty;
        this.frame = this.dirty = null;
        this._draw(dirty === "all" || dirty.length > 400 || !this._inSight(dirty) ? null : this.s.geo.boxOf(dirty));
      });
    },

    // Accounts without a place are drawn nowhere, so that nothing of them has to be drawn anew.
    _inSight(units) { return units.every((u) => Number.isFinite(this.s.geo.x[u])); },

    _setUp() {
      const scale = this._map.getZoomScale(this._map.getZoom(), 0), origin = this._map.getPixelOrigin(), b = this._bounds;
      this.scale = scale;
      this.unit = 1 / scale; // one CSS pixel in world coordinates
      this.origin = origin;
      this.view = [(origin.x + b.min.x) / scale, (origin.y + b.min.y) / scale, (origin.x + b.max.x) / scale, (origin.y + b.max.y) / scale];
      this.level = this.s.geo.level(this._map.getZoom());
    },

    // Where the drawn picture begins, in pixels of the world at this zoom.
    corner() { return [this.origin.x + this._bounds.min.x, this.origin.y + this._bounds.min.y]; },

    _world(ctx) {
      const d = this.dpr, b = this._bounds;
      ctx.setTransform(d * this.scale, 0, 0, d * this.scale, -d * (this.origin.x + b.min.x), -d * (this.origin.y + b.min.y));
    },

    // Draws within a box of world coordinates, or everything in view.
    _draw(box) {
      const s = this.s, ctx = this.ctx;
      if (!ctx || !s.geo || !this._bounds) return;
      const started = performance.now();
      this._setUp();
      const view = this.view, px = this.unit;
      const books = s.geo.areas < s.geo.n, spare = (books ? 12 : 4) * px; // points reach beyond what they stand for
      const area = box
        ? [Math.max(view[0], box[0] - spare), Math.max(view[1], box[1] - spare), Math.min(view[2], box[2] + spare), Math.min(view[3], box[3] + spare)]
        : view;
      if (area[0] >= area[2] || area[1] >= area[3]) return;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.save();
      this._world(ctx);
      ctx.beginPath();
      ctx.rect(area[0], area[1], area[2] - area[0], area[3] - area[1]);
      if (box) ctx.clip();
      ctx.clearRect(area[0], area[1], area[2] - area[0], area[3] - area[1]);
      ctx.lineJoin = ctx.lineCap = "round";
      const around = books ? [area[0] - spare, area[1] - spare, area[2] + spare, area[3] + spare] : area;
      const shown = s.geo.meeting(around);
      if (!box) this.booksInView = books ? shown.reduce((n, u) => n + (u >= s.geo.areas), 0) : 0;
      this._fills(ctx, shown);
      this._borders(ctx, area);
      this._marks(ctx, shown);
      if (books) NS.drawBooks(ctx, s, shown, this, !box);
      const circles = s.points && s.showPoints ? s.points.draw(ctx, area, view, px, this._map.getZoom(), s.theme) : [];
      const homes = s.homes && s.showHomes ? s.homes.list : [];
      if (homes.length) s.homes.draw(ctx, s, px);
      ctx.restore();
      if (!box) this._placeLabels(shown);
      const places = s.showPlaces && s.places;
      if (places && box) places.draw(s, ctx, this, area);
      NS.drawLabels(s, ctx, this, box ? area : null, [...circles, ...homes.map((h) => ({ x: h.x, y: h.y, count: 1 }))]);
      if (places && !box) { // territories' names first take their place
        places.place(s, ctx, this, shown);
        places.draw(s, ctx, this, null);
      }
      if (!box) this.hover();
      s.lastDrawMs = performance.now() - started;
    },

    _placeLabels(shown) {
      const at = this._map.containerPointToLayerPoint([0, 0]), size = this._map.getSize(), { scale, origin } = this, min = this._bounds.min;
      const x = at.x + origin.x, y = at.y + origin.y;
      this.sight = [at.x - min.x, at.y - min.y, at.x - min.x + size.x, at.y - min.y + size.y]; // what can be seen, in pixels of the canvas
      NS.placeLabels(this.s, this.view, [x / scale, (y + (this.s.barHeight || 46) + 2) / scale, (x + size.x) / scale, (y + size.y) / scale], scale, shown);
    },

    _fills(ctx, shown) {
      const s = this.s, g = s.geo, keys = s.shading.keyOf, styles = s.shading.styles;
      ctx.globalAlpha = s.points && s.showPoints && s.points.groups ? 0.3 : s.tiles ? 0.55 : 1; // colored points stand out
      let paths = new Array(styles.length).fill(null);
      if (shown.length > SINGLY) paths = this._outlines(shown);
      else for (const u of shown) if (u < g.areas) g.outline((paths[keys[u]] = paths[keys[u]] || new Path2D()), u, this.level);
      for (let i = 0; i < styles.length; i++) {
        if (!paths[i]) continue;
        ctx.fillStyle = styles[i].fill;
        ctx.fill(paths[i], "evenodd");
        if (styles[i].hatch) this._hatch(ctx, paths[i], styles[i].hatch, s.theme.hatch);
      }
      ctx.globalAlpha = 1;
      if (g.fills.length && this.scale > 16) {
        const path = new Path2D();
        for (const p of g.fills) {
          path.moveTo(p[0], p[1]);
          for (let i = 2; i < p.length; i += 2) path.lineTo(p[i], p[i + 1]);
          path.closePath();
        }
        ctx.fillStyle = s.theme.filled;
        ctx.fill(path, "evenodd");
        this._hatch(ctx, path, "up", s.theme.hatch);
      }
      const preview = s.company.shown(), to = new Map();
      if (!preview) return;
      for (const u of shown) if (u < g.areas && preview.has(u)) {
        const code = preview.get(u);
        if (!to.has(code)) to.set(code, new Path2D());
        g.outline(to.get(code), u, this.level);
      }
      for (const [code, path] of to) this._hatch(ctx, path, "up", s.colorOf(code), 4); // the new colour in stripes over the old one
    },

    // Outlines of the sets of one colour; of the units in view only, where those are few enough to save work.
    _outlines(shown) {
      const s = this.s, g = s.geo, version = s.shading.version, sets = s.shading.styles.length;
      if (shown.length < 0.4 * g.n) {
        const keys = (this.near = this.near && this.near.length === g.n ? this.near : new Int32Array(g.n)).fill(-1);
        for (const u of shown) keys[u] = s.shading.keyOf[u];
        return NS.outlines(g, this.level, keys, sets);
      }
      if (this.kept.version !== version || this.kept.level !== this.level) {
        this.kept = { version, level: this.level, paths: NS.outlines(g, this.level, s.shading.keyOf, sets) };
      }
      return this.kept.paths;
    },

    // Stripes in a path: "up" is /, "down" is \.
    _hatch(ctx, path, way, colour, width) {
      const key = way + colour + (width || "");
      this.stripes = this.stripes || new Map();
      if (!this.stripes.has(key)) {
        const size = 8, tile = Object.assign(document.createElement("canvas"), { width: size, height: size }), t = tile.getContext("2d");
        t.strokeStyle = colour;
        t.lineWidth = width || 1.2;
        t.beginPath();
        for (const d of [-size, 0, size]) way === "up" ? (t.moveTo(d - 1, size + 1), t.lineTo(d + size + 1, -1)) : (t.moveTo(d - 1, -1), t.lineTo(d + size + 1, size + 1));
        t.stroke();
        this.stripes.set(key, ctx.createPattern(tile, "repeat"));
      }
      const pattern = this.stripes.get(key);
      pattern.setTransform(new DOMMatrix().scale(this.unit / this.dpr));
      ctx.fillStyle = pattern;
      ctx.fill(path, "evenodd");
    },

    _trace(ctx, arcs) {
      if (!arcs.length) return;
      const level = this.level, path = new Path2D();
      for (const a of arcs) NS.Geometry.trace(path, level, a, true);
      ctx.stroke(path);
    },

    _borders(ctx, area) {
      const s = this.s, g = s.geo, scale = this.scale, px = this.unit, box = g.arcBox, codes = s.codes;
      const suggested = s.company.shown();
      const thin = [], edge = [], states = [], county = [], context = [], stray = [], preview = [], marked = [];
      const fine = g.areas < 800 || scale * Math.sqrt(((g.extent[2] - g.extent[0]) * (g.extent[3] - g.extent[1])) / g.areas) > 9;
      const counties = scale > 40;
      for (let a = 0; a < g.m; a++) {
        const k = 4 * a;
        if (box[k] > area[2] || box[k + 2] < area[0] || box[k + 1] > area[3] || box[k + 3] < area[1] || g.start[a] === g.start[a + 1]) continue;
        const l = g.left[a], r = g.right[a];
        if (l < 0 && r < 0) { if (g.stateLine[a]) context.push(a); continue; }
        const cl = l < 0 ? -2 : codes[l], cr = r < 0 ? -2 : codes[r];
        if (cl !== cr) edge.push(a);
        else if (g.stateLine[a]) states.push(a);
        else if (counties && g.countyLine[a]) county.push(a);
        else if (fine) thin.push(a);
        if (s.strayUnits.size && s.strayUnits.has(l) !== s.strayUnits.has(r)) stray.push(a);
        if (suggested && suggested.has(l) !== suggested.has(r)) preview.push(a);
        if (s.marked.size && s.marked.has(l) !== s.marked.has(r)) marked.push(a);
      }
      const t = s.theme, stroke = (arcs, style, width) => {
        ctx.strokeStyle = style;
        ctx.lineWidth = width * px;
        this._trace(ctx, arcs);
      };
      stroke(context, t.context, 1);
      if (s.outlines) this._context(ctx, area);
      stroke(thin, t.thin, 0.6);
      stroke(county, t.county, 1);
      stroke(states, t.state, 1);
      stroke(edge, t.edge, g.areas > 800 && scale < 24 ? 1.4 : 2.2);
      ctx.setLineDash([6 * px, 4 * px]);
      stroke(stray, t.stray, 3.5);
      ctx.setLineDash([]);
      stroke(marked, t.halo, 6.5); // a broad light line under a dark one shows on any colour
      stroke(marked, t.label, 3);
      stroke(preview, t.label, 3);
    },

    // State lines from a file of their own, for boundaries that name no states.
    _context(ctx, area) {
      const g = this.s.outlines, arcs = [];
      for (let a = 0; a < g.m; a++) {
        const k = 4 * a, b = g.arcBox;
        if (!(b[k] > area[2] || b[k + 2] < area[0] || b[k + 1] > area[3] || b[k + 3] < area[1])) arcs.push(a);
      }
      const path = new Path2D(), level = g.level(this._map.getZoom());
      for (const a of arcs) NS.Geometry.trace(path, level, a, true);
      ctx.strokeStyle = this.s.theme.context;
      ctx.lineWidth = this.unit;
      ctx.stroke(path);
    },

    _marks(ctx, shown) {
      const s = this.s, g = s.geo, px = this.unit;
      if (!s.locked.size) return;
      ctx.fillStyle = ctx.strokeStyle = s.theme.label;
      for (const u of shown) { // a padlock: body and shackle
        if (!s.locked.has(u)) continue;
        const width = (g.box[4 * u + 2] - g.box[4 * u]) * this.scale;
        if (width < 9) continue;
        const x = g.x[u], y = g.y[u];
        ctx.fillRect(x - 4 * px, y - 2 * px, 8 * px, 6 * px);
        ctx.lineWidth = 1.5 * px;
        ctx.beginPath();
        ctx.arc(x, y - 2 * px, 2.6 * px, Math.PI, 0);
        ctx.stroke();
      }
    },

    // The outline of what a click would take, on the canvas above.
    hover() {
      const ctx = this.top, s = this.s;
      if (!ctx || !this._bounds || !this.scale) return;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, this.over.width, this.over.height);
      if (s.company.hasMarks()) {
        this._world(ctx);
        s.company.draw(ctx, this);
      }
      if (s.inspect && s.inspect.unit >= 0) this._around(ctx, [s.inspect.unit], 1.6);
      if (s.hover >= 0) this._around(ctx, s.hovered && s.hovered.length ? s.hovered : [s.hover], 1);
    },

    _around(ctx, units, thick) {
      const s = this.s, path = NS.around(s.geo, this.level, units);
      if (s.geo.areas < s.geo.n) NS.aroundBooks(path, s.geo, units, this.unit);
      this._world(ctx);
      ctx.lineJoin = ctx.lineCap = "round";
      for (const [style, width] of [[s.theme.halo, 4 * thick], [s.theme.label, 2 * thick]]) {
        ctx.strokeStyle = style;
        ctx.lineWidth = width * this.unit;
        ctx.stroke(path);
      }
    },
  });

  NS.Painter = Painter;
})();

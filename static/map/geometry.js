// Units as shapes: decodes the arcs file once, finds units under a point or inside a shape.
// World coordinates are Web Mercator with the whole world 256 wide, so that drawing is one affine transform.
// Everything is kept in flat typed arrays: at 33,000 units objects would cost seconds and hundreds of megabytes.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  const worldX = (lon) => ((lon + 180) / 360) * 256;
  const worldY = (lat) => {
    const s = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
    return 128 - (Math.log((1 + s) / (1 - s)) * 128) / (2 * Math.PI);
  };
  const FINEST = 9; // from this zoom on every vertex is drawn

  class Geometry {
    // file: the arcs file; states: two-letter codes of the region, or null for all of the file; books: accounts that are
    // units, behind the areas (lists id, name, state, lat, lon), or nothing.
    constructor(file, states, books) {
      const all = file.units, wanted = states ? new Set(states) : null, total = all.id.length;
      this.local = new Int32Array(total).fill(-1); // row of the file -> row of the region
      this.id = [];
      this.name = [];
      this.state = [];
      this.county = all.county ? [] : null;
      const rows = [];
      for (let i = 0; i < total; i++) {
        if (wanted && !wanted.has(all.state[i])) continue;
        this.local[i] = rows.length;
        rows.push(i);
        this.id.push(all.id[i]);
        this.name.push(all.name[i]);
        this.state.push(all.state[i]);
        if (this.county) this.county.push(all.county[i]);
      }
      this.areas = rows.length; // the first account, if there are any
      const x = rows.map((i) => worldX(all.pt[i][0])), y = rows.map((i) => worldY(all.pt[i][1]));
      if (books) NS.addBooks(this, books, x, y);
      this.n = this.id.length;
      this.reach = 0; // how far from an account a click still means it; set by the painter
      this.index = new Map(this.id.map((id, i) => [id.toUpperCase(), i]));
      this.x = Float64Array.from(x);
      this.y = Float64Array.from(y);
      this._arcs(file);
      this._rings(rows.map((i) => all.rings[i]));
      for (let u = this.areas; u < this.n; u++) {
        const there = Number.isFinite(this.x[u]);
        this.box.set(there ? [this.x[u], this.y[u], this.x[u], this.y[u]] : [Infinity, Infinity, -Infinity, -Infinity], 4 * u);
      }
      this._grid();
      this._groups();
      this.fills = (file.fills || []).map((flat) => this._decode(flat, file.q));
      this.levels = new Map();
    }

    _decode(flat, [sx, sy, ox, oy]) {
      const out = new Float64Array(flat.length);
      let x = 0, y = 0;
      for (let i = 0; i < flat.length; i += 2) {
        x += flat[i];
        y += flat[i + 1];
        out[i] = worldX(x * sx + ox);
        out[i + 1] = worldY(y * sy + oy);
      }
      return out;
    }

    // Arcs that touch the region, and lines between states around it; the others stay empty.
    _arcs(file) {
      const all = file.units, m = (this.m = file.arcs.length);
      this.left = new Int32Array(m); // rows of the region on both sides, -1 = outside
      this.right = new Int32Array(m);
      this.stateLine = new Uint8Array(m);
      this.countyLine = new Uint8Array(m);
      this.start = new Int32Array(m + 1); // first point of each arc
      const keep = new Uint8Array(m);
      for (let a = 0; a < m; a++) {
        const [l, r] = file.sides[a];
        this.left[a] = l < 0 ? -1 : this.local[l];
        this.right[a] = r < 0 ? -1 : this.local[r];
        this.stateLine[a] = l < 0 || r < 0 || all.state[l] !== all.state[r] ? 1 : 0;
        this.countyLine[a] = !this.stateLine[a] && all.county && all.county[l] !== all.county[r] ? 1 : 0;
        keep[a] = this.left[a] >= 0 || this.right[a] >= 0 || this.stateLine[a] ? 1 : 0;
        this.start[a + 1] = this.start[a] + (keep[a] ? file.arcs[a].length / 2 : 0);
      }
      this.px = new Float64Array(2 * this.start[m]);
      this.arcBox = new Float64Array(4 * m);
      this.from = new Int32Array(m); // the junctions an arc runs between
      this.to = new Int32Array(m);
      const junctions = new Map(), junction = (x, y) => {
        const key = x * 67108864 + y; // grid numbers are far below 2^26
        let at = junctions.get(key);
        if (at === undefined) junctions.set(key, (at = junctions.size));
        return at;
      };
      const [sx, sy, ox, oy] = file.q;
      for (let a = 0; a < m; a++) {
        if (!keep[a]) continue;
        const flat = file.arcs[a];
        let x = 0, y = 0, k = 2 * this.start[a], x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
        this.from[a] = junction(flat[0], flat[1]);
        for (let i = 0; i < flat.length; i += 2) {
          x += flat[i];
          y += flat[i + 1];
          const wx = worldX(x * sx + ox), wy = worldY(y * sy + oy);
          this.px[k++] = wx;
          this.px[k++] = wy;
          if (wx < x0) x0 = wx;
          if (wx > x1) x1 = wx;
          if (wy < y0) y0 = wy;
          if (wy > y1) y1 = wy;
        }
        this.to[a] = junction(x, y);
        this.arcBox.set([x0, y0, x1, y1], 4 * a);
      }
      this.junctions = junctions.size;
    }

    // Unit -> rings -> arc references (`i` along the arc, `~i` against it), flat.
    _rings(nested) {
      const unitRing = (this.unitRing = new Int32Array(this.n + 1));
      let rings = 0, refs = 0;
      for (const polygons of nested) for (const polygon of polygons) for (const ring of polygon) { rings++; refs += ring.length; }
      this.ringRef = new Int32Array(rings + 1);
      this.refs = new Int32Array(refs);
      this.box = new Float64Array(4 * this.n);
      let k = 0, j = 0;
      for (let u = 0; u < nested.length; u++) {
        let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
        for (const polygon of nested[u]) for (const ring of polygon) {
          for (const ref of ring) {
            this.refs[j++] = ref;
            const b = 4 * (ref < 0 ? ~ref : ref);
            x0 = Math.min(x0, this.arcBox[b]);
            y0 = Math.min(y0, this.arcBox[b + 1]);
            x1 = Math.max(x1, this.arcBox[b + 2]);
            y1 = Math.max(y1, this.arcBox[b + 3]);
          }
          this.ringRef[++k] = j;
        }
        unitRing[u + 1] = k;
        this.box.set([x0, y0, x1, y1], 4 * u);
      }
      unitRing.fill(k, nested.length + 1);
    }

    // Buckets of units by their boxes; one flat list.
    _grid() {
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
      for (let k = 0; k < this.box.length; k += 4) {
        x0 = Math.min(x0, this.box[k]);
        y0 = Math.min(y0, this.box[k + 1]);
        x1 = Math.max(x1, this.box[k + 2]);
        y1 = Math.max(y1, this.box[k + 3]);
      }
      if (!(x0 <= x1)) [x0, y0, x1, y1] = [worldX(-125), worldY(50), worldX(-66), worldY(24)]; // nothing to draw
      this.extent = [x0, y0, x1, y1];
      const side = (this.side = Math.max(1, Math.min(300, Math.round(Math.sqrt(this.n) * 1.5))));
      this.cellW = (x1 - x0) / side || 1;
      this.cellH = (y1 - y0) / side || 1;
      const counts = (this.cellStart = new Int32Array(side * side + 1));
      const each = (visit) => {
        for (let u = 0; u < this.n; u++) this._eachCell(this.box[4 * u], this.box[4 * u + 1], this.box[4 * u + 2], this.box[4 * u + 3], (c) => visit(c, u));
      };
      each((c) => counts[c + 1]++);
      for (let c = 0; c < side * side; c++) counts[c + 1] += counts[c];
      const next = counts.slice();
      this.cellUnits = new Int32Array(counts[side * side]);
      each((c, u) => { this.cellUnits[next[c]++] = u; });
      this.stamp = new Int32Array(this.n);
      this.stamps = 0;
    }

    // Rows of the units of each county and each state, for tools that take a whole one.
    _groups() {
      const by = (of) => {
        const out = new Map();
        of.forEach((key, u) => key && (out.has(key) ? out.get(key).push(u) : out.set(key, [u])));
        return out;
      };
      this.groups = { state: by(this.state), county: by(this.county || []) };
    }

    // The units of the same county or state; the unit alone where that isn't known.
    group(u, kind) {
      const of = kind === "state" ? this.state : kind === "county" && this.county;
      return (of && this.groups[kind].get(of[u])) || [u];
    }

    _eachCell(x0, y0, x1, y1, visit) {
      const last = this.side - 1, clamp = (v) => (v < 0 ? 0 : v > last ? last : v);
      const c0 = clamp(Math.floor((x0 - this.extent[0]) / this.cellW)), c1 = clamp(Math.floor((x1 - this.extent[0]) / this.cellW));
      const r0 = clamp(Math.floor((y0 - this.extent[1]) / this.cellH)), r1 = clamp(Math.floor((y1 - this.extent[1]) / this.cellH));
      for (let r = r0; r <= r1; r++) for (let c = c0; c <= c1; c++) visit(r * this.side + c);
    }

    // Row of the unit under a world point, or -1: an account close by before the area it lies in.
    at(x, y) {
      let found = this.areas < this.n ? NS.bookAt(this, x, y) : -1;
      if (found >= 0) return found;
      this._eachCell(x, y, x, y, (c) => {
        for (let i = this.cellStart[c]; i < this.cellStart[c + 1] && found < 0; i++) {
          const u = this.cellUnits[i], k = 4 * u;
          if (u >= this.areas || x < this.box[k] || x > this.box[k + 2] || y < this.box[k + 1] || y > this.box[k + 3]) continue;
          if (this._holds(u, x, y)) found = u;
        }
      });
      return found;
    }

    // Counts crossings of a ray to the right, over all arcs of the unit: holes come out by themselves.
    _holds(u, x, y) {
      let inside = false;
      for (let j = this.ringRef[this.unitRing[u]]; j < this.ringRef[this.unitRing[u + 1]]; j++) {
        const a = this.refs[j] < 0 ? ~this.refs[j] : this.refs[j], k = 4 * a;
        if (y < this.arcBox[k + 1] || y > this.arcBox[k + 3] || x > this.arcBox[k + 2]) continue;
        const p = this.px;
        for (let i = this.start[a] + 1; i < this.start[a + 1]; i++) {
          const ax = p[2 * i - 2], ay = p[2 * i - 1], bx = p[2 * i], by = p[2 * i + 1];
          if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
        }
      }
      return inside;
    }

    // Rows of units whose box meets the given one.
    meeting(box) {
      const out = [], mark = ++this.stamps;
      this._eachCell(box[0], box[1], box[2], box[3], (c) => {
        for (let i = this.cellStart[c]; i < this.cellStart[c + 1]; i++) {
          const u = this.cellUnits[i], k = 4 * u;
          if (this.stamp[u] === mark) continue;
          this.stamp[u] = mark;
          if (this.box[k] <= box[2] && this.box[k + 2] >= box[0] && this.box[k + 1] <= box[3] && this.box[k + 3] >= box[1]) out.push(u);
        }
      });
      return out;
    }

    // Rows of units whose label point lies inside a closed outline of world points [[x, y], ...].
    inside(outline) {
      const n = outline.length, xs = Float64Array.from(outline, (p) => p[0]), ys = Float64Array.from(outline, (p) => p[1]);
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
      for (let i = 0; i < n; i++) {
        x0 = Math.min(x0, xs[i]); x1 = Math.max(x1, xs[i]);
        y0 = Math.min(y0, ys[i]); y1 = Math.max(y1, ys[i]);
      }
      const out = [];
      for (const u of this.meeting([x0, y0, x1, y1])) {
        const x = this.x[u], y = this.y[u];
        if (x < x0 || x > x1 || y < y0 || y > y1) continue;
        let within = false;
        for (let i = 0, j = n - 1; i < n; j = i++) {
          if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) within = !within;
        }
        if (within) out.push(u);
      }
      return out.sort((a, b) => a - b);
    }

    boxOf(units) {
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
      for (const u of units) {
        x0 = Math.min(x0, this.box[4 * u]);
        y0 = Math.min(y0, this.box[4 * u + 1]);
        x1 = Math.max(x1, this.box[4 * u + 2]);
        y1 = Math.max(y1, this.box[4 * u + 3]);
      }
      return [x0, y0, x1, y1];
    }

    // The points to draw at a zoom: those closer than half a pixel to the last one are left out, ends never.
    level(zoom) {
      const z = Math.max(0, Math.ceil(zoom - 0.25));
      if (z >= FINEST) return this;
      if (this.levels.has(z)) return this.levels.get(z);
      const near = (0.6 / 2 ** z) ** 2, start = new Int32Array(this.m + 1), px = new Float64Array(this.px.length), p = this.px;
      let k = 0;
      for (let a = 0; a < this.m; a++) {
        const last = this.start[a + 1] - 1;
        let lx = Infinity, ly = 0;
        for (let i = this.start[a]; i <= last; i++) {
          const x = p[2 * i], y = p[2 * i + 1];
          if (i < last && (x - lx) ** 2 + (y - ly) ** 2 < near) continue;
          px[k++] = lx = x;
          px[k++] = ly = y;
        }
        start[a + 1] = k / 2;
      }
      const made = { start, px: px.slice(0, k) };
      this.levels.set(z, made);
      return made;
    }

    // Adds an arc to a path, forwards or backwards; `first` starts a new line.
    static trace(path, level, ref, first) {
      const back = ref < 0, a = back ? ~ref : ref, lo = level.start[a], hi = level.start[a + 1], p = level.px;
      if (!back) {
        let i = lo;
        if (first) { path.moveTo(p[2 * i], p[2 * i + 1]); }
        for (i++; i < hi; i++) path.lineTo(p[2 * i], p[2 * i + 1]);
      } else {
        let i = hi - 1;
        if (first) path.moveTo(p[2 * i], p[2 * i + 1]);
        for (i--; i >= lo; i--) path.lineTo(p[2 * i], p[2 * i + 1]);
      }
    }

    // Adds a unit's rings to a path.
    outline(path, u, level) {
      for (let r = this.unitRing[u]; r < this.unitRing[u + 1]; r++) {
        const lo = this.ringRef[r], hi = this.ringRef[r + 1];
        for (let j = lo; j < hi; j++) Geometry.trace(path, level, this.refs[j], j === lo);
        path.closePath();
      }
    }
  }

  NS.Geometry = Geometry;
  NS.worldX = worldX;
  NS.worldY = worldY;
  NS.lonLat = (x, y) => {
    const lon = (x / 256) * 360 - 180;
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - y / 128))) * 180) / Math.PI;
    return [lat, lon];
  };
})();

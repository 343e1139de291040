// Units as shapes: decodes the arcs file once, finds units under a point or inside a shape.
// World coordinates are Web Mercator with the whole world 256 wide, so that drawing is one affine transform.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  const worldX = (lon) => ((lon + 180) / 360) * 256;
  const worldY = (lat) => {
    const s = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
    return 128 - (Math.log((1 + s) / (1 - s)) * 128) / (2 * Math.PI);
  };

  class Geometry {
    // file: the arcs file; states: two-letter codes of the region, or null for all of the file.
    constructor(file, states) {
      const [sx, sy, ox, oy] = file.q;
      this.arcs = file.arcs.map((flat) => {
        const out = new Float64Array(flat.length);
        let x = 0, y = 0;
        for (let i = 0; i < flat.length; i += 2) {
          x += flat[i];
          y += flat[i + 1];
          out[i] = worldX(x * sx + ox);
          out[i + 1] = worldY(y * sy + oy);
        }
        return out;
      });
      const all = file.units;
      const wanted = states ? new Set(states) : null;
      this.local = new Int32Array(all.id.length).fill(-1); // national row -> row of the region
      this.id = [];
      this.name = [];
      this.state = [];
      this.rings = [];
      this.x = [];
      this.y = [];
      for (let i = 0; i < all.id.length; i++) {
        if (wanted && !wanted.has(all.state[i])) continue;
        this.local[i] = this.id.length;
        this.id.push(all.id[i]);
        this.name.push(all.name[i]);
        this.state.push(all.state[i]);
        this.rings.push(all.rings[i]);
        this.x.push(worldX(all.pt[i][0]));
        this.y.push(worldY(all.pt[i][1]));
      }
      this.n = this.id.length;
      this.index = new Map(this.id.map((id, i) => [id, i]));
      // The two sides of each arc, as rows of the region (-1 = outside), and whether it is a state line.
      const m = this.arcs.length;
      this.left = new Int32Array(m);
      this.right = new Int32Array(m);
      this.stateLine = new Uint8Array(m);
      this.arcBox = new Float64Array(4 * m);
      for (let a = 0; a < m; a++) {
        const [l, r] = file.sides[a];
        this.left[a] = l < 0 ? -1 : this.local[l];
        this.right[a] = r < 0 ? -1 : this.local[r];
        this.stateLine[a] = l < 0 || r < 0 || all.state[l] !== all.state[r] ? 1 : 0;
        const p = this.arcs[a];
        let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
        for (let i = 0; i < p.length; i += 2) {
          if (p[i] < x0) x0 = p[i];
          if (p[i] > x1) x1 = p[i];
          if (p[i + 1] < y0) y0 = p[i + 1];
          if (p[i + 1] > y1) y1 = p[i + 1];
        }
        this.arcBox.set([x0, y0, x1, y1], 4 * a);
      }
      this._paths();
      this._grid();
    }

    _paths() {
      this.path = new Array(this.n);
      this.box = new Float64Array(4 * this.n);
      for (let u = 0; u < this.n; u++) {
        const path = new Path2D();
        let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
        for (const polygon of this.rings[u]) {
          for (const ring of polygon) {
            let first = true;
            for (const ref of ring) {
              const arc = this.arcs[ref < 0 ? ~ref : ref];
              const n = arc.length / 2;
              for (let j = first ? 0 : 1; j < n; j++) {
                const i = 2 * (ref < 0 ? n - 1 - j : j);
                const x = arc[i], y = arc[i + 1];
                if (first) { path.moveTo(x, y); first = false; } else path.lineTo(x, y);
                if (x < x0) x0 = x;
                if (x > x1) x1 = x;
                if (y < y0) y0 = y;
                if (y > y1) y1 = y;
              }
            }
            path.closePath();
          }
        }
        this.path[u] = path;
        this.box.set([x0, y0, x1, y1], 4 * u);
      }
    }

    _grid() {
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
      for (let u = 0; u < this.n; u++) {
        x0 = Math.min(x0, this.box[4 * u]);
        y0 = Math.min(y0, this.box[4 * u + 1]);
        x1 = Math.max(x1, this.box[4 * u + 2]);
        y1 = Math.max(y1, this.box[4 * u + 3]);
      }
      this.extent = [x0, y0, x1, y1];
      const side = (this.side = Math.max(1, Math.min(200, Math.round(Math.sqrt(this.n) * 1.5))));
      this.cellW = (x1 - x0) / side || 1;
      this.cellH = (y1 - y0) / side || 1;
      this.cells = Array.from({ length: side * side }, () => []);
      for (let u = 0; u < this.n; u++) {
        this._eachCell(this.box.subarray(4 * u, 4 * u + 4), (cell) => cell.push(u));
      }
      this.probe = document.createElement("canvas").getContext("2d");
    }

    _eachCell(box, visit) {
      const last = this.side - 1;
      const clamp = (v) => Math.max(0, Math.min(last, v));
      const c0 = clamp(Math.floor((box[0] - this.extent[0]) / this.cellW));
      const c1 = clamp(Math.floor((box[2] - this.extent[0]) / this.cellW));
      const r0 = clamp(Math.floor((box[1] - this.extent[1]) / this.cellH));
      const r1 = clamp(Math.floor((box[3] - this.extent[1]) / this.cellH));
      for (let r = r0; r <= r1; r++) for (let c = c0; c <= c1; c++) visit(this.cells[r * this.side + c]);
    }

    // Row of the unit under a world point, or -1.
    at(x, y) {
      let found = -1;
      this._eachCell([x, y, x, y], (cell) => {
        for (const u of cell) {
          const k = 4 * u;
          if (x < this.box[k] || x > this.box[k + 2] || y < this.box[k + 1] || y > this.box[k + 3]) continue;
          if (this.probe.isPointInPath(this.path[u], x, y, "evenodd")) { found = u; return; }
        }
      });
      return found;
    }

    // Rows of units whose box meets the given one.
    meeting(box) {
      const seen = new Set();
      this._eachCell(box, (cell) => {
        for (const u of cell) {
          const k = 4 * u;
          if (this.box[k] <= box[2] && this.box[k + 2] >= box[0] && this.box[k + 1] <= box[3] && this.box[k + 3] >= box[1]) seen.add(u);
        }
      });
      return seen;
    }

    // Rows of units whose label point lies inside a closed outline of world points [[x, y], ...].
    inside(outline) {
      const path = new Path2D();
      outline.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
      path.closePath();
      const out = [];
      for (let u = 0; u < this.n; u++) if (this.probe.isPointInPath(path, this.x[u], this.y[u], "evenodd")) out.push(u);
      return out;
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

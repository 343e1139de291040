// Maps to look at, side by side: they move and zoom together, and what one points at is outlined on both.
// Nothing is edited here and nothing is sent. Text from people goes in as text, never as HTML.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const GAP = 8; // pixels between two maps

  class Pane extends NS.Session {
    push() {}
    flush() {}
    poke() {}
    _tellHeld() {}

    // geo: the shapes, which maps of one region share.
    async open(geo) {
      this.legend = { decide() {}, show() {} };
      this.company = { shown: () => null, hasMarks: () => false, draw() {} }; // nobody else is on these maps
      this.geo = geo;
      this.base = new Int16Array(geo.n).fill(-1);
      this.codes = this.base.slice();
      this.shading.rebuild();
      this.painter = new NS.Painter(this);
      this._show(this.near(), false);
      this.painter.addTo(this.map);
    }

    // mode: "territory", or "change" where a piece of the patch says what stood there before.
    tell(patch, mode) {
      this._dress();
      this.base.set(this._decoded(patch));
      this.codes.set(this.base);
      this.territories = patch.territories;
      this.byCode = new Map(patch.territories.map((t) => [t.code, t]));
      this.locked = new Set(patch.locked);
      this.got.clear();
      for (const piece of patch.pieces) this._takePiece(piece);
      this.shading.mode = mode;
      this.shading.look = mode === "change" ? this.look : null;
      this.shading.rebuild();
      this.painter.refresh(null);
    }

    name(u) {
      const t = this.byCode.get(this.codes[u]);
      return t ? t.name + (t.rep ? " · " + t.rep : "") : "Unassigned";
    }
  }

  class Pair {
    constructor(map, config) {
      this.config = config;
      this.pending = null;
      const first = map.getContainer(), many = config.panes.length;
      const parent = first.parentNode;
      parent.querySelectorAll(".terr-pane-more").forEach((old) => old.remove());
      first.querySelectorAll(".terr-ui").forEach((old) => old.remove());
      this.boxes = [first];
      const maps = [map];
      parent.style.position = "relative";
      for (let i = 1; i < many; i++) {
        const box = NS.el("div", { class: "terr-pane-more" });
        parent.append(box);
        this.boxes.push(box);
      }
      this.boxes.forEach((box, i) => {
        const share = 100 / many, spare = (GAP * (many - 1)) / many;
        Object.assign(box.style, { position: "absolute", top: "0", height: config.height + "px", width: `calc(${share}% - ${spare}px)`, left: `calc(${share * i}% + ${(GAP / many) * i}px)` });
        box.setAttribute("aria-label", "Map " + (i + 1) + " of " + many + "; arrows move it, plus and minus zoom");
      });
      map.invalidateSize({ animate: false });
      for (const box of this.boxes.slice(1)) maps.push(L.map(box, { ...map.options, center: map.getCenter(), zoom: map.getZoom(), layers: [], zoomControl: false }));
      this.panes = maps.map((m, i) => new Pane(m, config.panes[i]));
      this.heads = this.boxes.map((box) => {
        const head = NS.el("div", { class: "terr-ui terr-head" });
        box.append(head);
        return head;
      });
      this.tips = this.boxes.map((box) => {
        const tip = NS.el("div", { class: "terr-ui terr-tip", role: "tooltip" });
        box.append(tip);
        return tip;
      });
    }

    async start() {
      document.body.removeAttribute("data-ready");
      const files = new Map(), shapes = new Map();
      const load = async (url) => {
        if (!files.has(url)) {
          const reply = await fetch(url);
          if (!reply.ok) throw new Error("The shapes of this map could not be loaded (" + reply.status + ").");
          files.set(url, await reply.json());
        }
        return files.get(url);
      };
      for (const pane of this.panes) {
        const { geometry, states, books, context } = pane.config, key = [geometry, states, books && books.version].join("|");
        if (!shapes.has(key)) shapes.set(key, new NS.Geometry(geometry ? await load(geometry) : NS.noShapes(), states, books));
        if (context) pane.outlines = new NS.Geometry(await load(context), null);
        await pane.open(shapes.get(key));
      }
      this.panes.forEach((pane) => { this._follow(pane); this._point(pane); });
      if (this.pending) this.tell(this.pending);
      document.body.setAttribute("data-ready", "1");
    }

    // Moves and zooms the other maps along.
    _follow(pane) {
      pane.map.on("move zoomend", () => {
        if (this.moving) return;
        this.moving = true;
        const centre = pane.map.getCenter(), zoom = pane.map.getZoom();
        for (const other of this.panes) {
          if (other === pane) continue;
          if (other.map.getZoom() !== zoom) other.map.setView(centre, zoom, { animate: false });
          else {
            const by = other.map.project(centre, zoom).subtract(other.map.project(other.map.getCenter(), zoom)).round();
            if (by.x || by.y) other.map.panBy(by, { animate: false });
          }
        }
        this.moving = false;
      });
    }

    // What the pointer is on, outlined on all maps of the same shapes, with what it is on each.
    _point(pane) {
      const clear = () => {
        this.tips.forEach((tip) => { tip.style.display = "none"; });
        for (const each of this.panes) if (each.hover >= 0) { each.hover = -1; each.hovered = null; each.painter.hover(); }
      };
      pane.map.on("mouseout movestart zoomstart", clear);
      pane.map.on("mousemove", (e) => {
        if (this.panes.some((p) => p.map.dragging.moving())) return;
        const x = NS.worldX(e.latlng.lng), y = NS.worldY(e.latlng.lat);
        this.panes.forEach((each, i) => {
          const u = each.geo.at(x, y), tip = this.tips[i];
          if (u !== each.hover) {
            each.hover = u;
            each.hovered = u < 0 ? null : [u];
            each.painter.hover();
          }
          if (u < 0) { tip.style.display = "none"; return; }
          const lines = [each.geo.name[u] + " · " + each.geo.id[u], each.name(u)], c = each.shading.mode === "change" && each.shading.compared;
          if (c) lines.push(c.was[u] === each.codes[u] ? "Unchanged" : "Was: " + (c.named[u] || "unassigned"));
          tip.replaceChildren(...lines.map((text, n) => NS.el(n ? "div" : "strong", { text })));
          tip.style.display = "block";
          const p = each.map.latLngToContainerPoint(e.latlng), size = each.map.getSize();
          tip.style.left = Math.max(4, Math.min(p.x + 14, size.x - tip.offsetWidth - 6)) + "px";
          tip.style.top = Math.max(4, p.y + 18 + tip.offsetHeight > size.y ? p.y - tip.offsetHeight - 10 : p.y + 18) + "px";
        });
      });
    }

    tell(value) {
      if (!this.panes[0].geo || !this.panes[this.panes.length - 1].geo) { this.pending = value; return; }
      value.panes.forEach((told, i) => {
        const pane = this.panes[i];
        pane.tell(told.patch, told.mode);
        const rows = [NS.el("strong", { text: told.title })];
        if (told.note) rows.push(NS.el("span", { text: told.note }));
        this.heads[i].replaceChildren(...rows);
        if (told.mode === "change") {
          let n = 0;
          for (let u = 0; u < pane.geo.n; u++) if (pane.shading.compared && pane.shading.compared.was[u] !== pane.codes[u]) n++;
          const chip = NS.el("span", { class: "terr-chip", "data-hatch": "up", "aria-hidden": "true" });
          this.heads[i].append(NS.el("div", { class: "terr-row" }, chip, NS.el("b", { text: n.toLocaleString("en-US") + " " + (n === 1 ? pane.config.word + " goes" : pane.config.words + " go") + " to another territory (hatched, in its color)" })));
        }
      });
      document.body.setAttribute("data-told", value.key);
    }
  }

  NS.startPair = function (map, config) {
    const pair = (NS.pair = new Pair(map, config));
    pair.start().catch((error) => {
      pair.heads[0].textContent = "The map could not be drawn. Reload the page to try again.";
      throw error;
    });
    return pair;
  };
  NS.tellPair = (value) => NS.pair && NS.pair.tell(value);
})();

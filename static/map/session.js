// The plan as this browser shows it: what the server last said, with this person's unconfirmed edits on top.
// Every edit is painted at once, kept in a queue, and sent until the server confirms it by number.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const A = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  const VALUE = new Int32Array(128);
  [...A].forEach((c, i) => { VALUE[c.charCodeAt(0)] = i; });
  const LIGHT = { free: "#e7e5e0", thin: "rgba(255,255,255,.75)", state: "rgba(60,60,60,.55)", county: "rgba(60,60,60,.4)", edge: "#3b3b3b", context: "rgba(120,120,120,.45)", stray: "#000", label: "#14171c", halo: "rgba(255,255,255,.92)", point: "rgba(20,23,28,.6)", cluster: "rgba(20,23,28,.78)", clusterText: "#fff", hatch: "rgba(20,23,28,.5)", filled: "rgba(255,255,255,.45)", same: "#e7e5e0", middle: "#f4f3ef" };
  const DARK = { free: "#3a3f47", thin: "rgba(20,22,26,.55)", state: "rgba(230,230,230,.5)", county: "rgba(230,230,230,.35)", edge: "#f1f1ee", context: "rgba(170,170,170,.35)", stray: "#fff", label: "#ffffff", halo: "rgba(15,17,21,.92)", point: "rgba(255,255,255,.75)", cluster: "rgba(245,245,245,.85)", clusterText: "#14171c", hatch: "rgba(255,255,255,.55)", filled: "rgba(15,17,21,.4)", same: "#3a3f47", middle: "#565c66" };
  const NEAR = 0.15; // of the world's width of 256: about 15 km
  const MANY = 24; // units of an event; more are sent as ranges

  function isDark() {
    const css = getComputedStyle(document.documentElement).getPropertyValue("--background-color").trim() || "#fff";
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = css;
    const m = /^#(..)(..)(..)/.exec(probe.fillStyle);
    return m ? 0.299 * parseInt(m[1], 16) + 0.587 * parseInt(m[2], 16) + 0.114 * parseInt(m[3], 16) < 128 : false;
  }

  // Two characters per unit, base 64; the last pair is "none".
  function decode(text) {
    const out = new Int16Array(text.length / 2);
    for (let i = 0; i < out.length; i++) {
      const slot = VALUE[text.charCodeAt(2 * i)] * 64 + VALUE[text.charCodeAt(2 * i + 1)];
      out[i] = slot === 4095 ? -1 : slot;
    }
    return out;
  }

  // [3, 4, 5, 9] -> { short: "3-5,9" }, and what stood there as "code*times"; few units stay a list.
  function packed(units, seen) {
    if (units.length <= MANY) return { units, seen };
    const order = units.map((_, i) => i).sort((a, b) => units[a] - units[b]), sorted = order.map((i) => units[i]), ranges = [];
    for (let i = 0, j; i < sorted.length; i = j) {
      for (j = i + 1; j < sorted.length && sorted[j] === sorted[j - 1] + 1; j++);
      ranges.push(j - i > 1 ? sorted[i] + "-" + sorted[j - 1] : String(sorted[i]));
    }
    const runs = [];
    if (seen) for (let i = 0, j; i < order.length; i = j) {
      for (j = i + 1; j < order.length && seen[order[j]] === seen[order[i]]; j++);
      runs.push(seen[order[i]] + "*" + (j - i));
    }
    return { units: { short: ranges.join(",") }, seen: seen && { short: runs.join(",") } };
  }

  NS.packed = packed;

  // The page around the map has something open that drawing it anew would close, or is being drawn.
  function outerBusy() {
    const outer = window.parent.document, app = outer.querySelector('[data-testid="stApp"]');
    return Boolean(outer.querySelector('[role="dialog"]') || (app && app.dataset.testScriptState === "running"));
  }

  const CROWDED = 1.0, WHOLE_EVERY = 15000; // seconds between redraws from which on many work; ms between whole redraws

  // The revision that the headline figures around the map show.
  function figuresRev() {
    const shown = window.parent.document.querySelector(".terr-figures");
    return shown ? Number(shown.dataset.rev) : -1;
  }

  class Session {
    constructor(map, config) {
      Object.assign(this, { map, config, asked: 0, sent: 0, heard: 0, queue: [], rev: -1, plan: "", territories: [], byCode: new Map(), active: -1 });
      this.id = Array.from(crypto.getRandomValues(new Uint32Array(3)), (v) => v.toString(36)).join("");
      this.base = new Int16Array(0);
      this.codes = new Int16Array(0);
      this.locked = new Set();
      this.strayUnits = new Set();
      this.marked = new Set();
      Object.assign(this, { strays: [], preview: null, labels: [], hover: -1, hovered: null, points: null, showPoints: false, tiles: null, places: null, showPlaces: true, homes: null, showHomes: false });
      Object.assign(this, { values: null, symbol: "", limit: 5, sides: "both", look: null, choices: [], columns: [], have: "", got: new Map(), held: new Map(), pending: null, listeners: [], hits: [] });
      Object.assign(this, { live: null, panel: null, proposed: false, calm: 0, poked: 0, patched: 0, followed: 0, known: -1, off: new Map(), offRev: -1 });
      this.shading = new NS.Shading(this);
      this.edits = new NS.Edits(this);
      this.line = new NS.Line(this);
      this._dress();
    }

    // What was asked or edited here, and how much of it the server has answered or stored.
    get seq() { return this.asked + this.edits.made; }
    get acked() { return this.heard + this.edits.settled; }

    _dress() {
      this.dark = isDark();
      this.theme = this.dark ? DARK : LIGHT;
      document.body.dataset.theme = this.dark ? "dark" : "light";
    }

    async start() {
      const load = async (url) => {
        const reply = await fetch(url);
        if (!reply.ok) throw new Error("The shapes of this map could not be loaded (" + reply.status + ").");
        return reply.json();
      };
      const file = this.config.geometry ? await load(this.config.geometry) : NS.noShapes();
      const books = this.config.books ? await this._books() : null;
      this.geo = new NS.Geometry(file, this.config.states, books);
      if (this._loading) this._loading.remove();
      this.base = new Int16Array(this.geo.n).fill(-1);
      this.codes = this.base.slice();
      this.shading.rebuild();
      this.painter = new NS.Painter(this);
      this.legend.decide();
      this._show(this.near(), false);
      this.painter.addTo(this.map);
      this.untouched = true;
      this.map.on("resize", () => this.refit());
      const touched = (e) => { if (!e.target.closest(".terr-ui")) this.untouched = false; };
      for (const kind of ["pointerdown", "wheel", "keydown"]) this.map.getContainer().addEventListener(kind, touched, { capture: true, passive: true });
      if (this.pending) this.sync(this.pending);
      this.push({ k: "hello" });
      document.body.setAttribute("data-ready", "1");
      this.changed();
      if (this.config.context) {
        this.outlines = new NS.Geometry(await load(this.config.context), null);
        this.painter.refresh(null);
      }
      this._prepare();
    }

    // The accounts that are units: they come with the plan, and are asked for again until they do.
    _books() {
      const told = this.pending && this.pending.books;
      if (told) return told;
      const note = Object.assign(document.createElement("p"), { textContent: "Loading the accounts …" });
      note.setAttribute("role", "status");
      note.style.cssText = `position:absolute;z-index:900;left:0;right:0;top:42%;text-align:center;font:15px system-ui,sans-serif;color:${this.theme.label}`;
      document.body.append(note);
      this._loading = note;
      return new Promise((given) => { this._giveBooks = given; this.push({ k: "hello" }); });
    }

    // Coarser shapes for the other zooms, made while nothing else is going on, so that no zoom waits for them.
    _prepare() {
      const around = [1, 2, -1, 3, 4, 5].map((d) => Math.round(this.map.getZoom()) + d).filter((z) => z >= 2 && z < 9);
      const one = () => {
        if (!around.length) return;
        this.geo.level(around.shift());
        window.requestIdleCallback ? requestIdleCallback(one) : setTimeout(one, 200);
      };
      setTimeout(one, 1500);
    }

    // --- what the server says -------------------------------------------------------------------------------
    sync(patch) {
      if (patch.books) this.heldBooks = patch.books.version;
      if (!this.geo) {
        this.pending = { ...patch, books: patch.books || (this.pending && this.pending.books) };
        if (patch.books && this._giveBooks) this._giveBooks(patch.books);
        return;
      }
      this._dress();
      if (this.plan !== patch.plan) { // another plan was opened: what was meant for the old one stays with it
        this.queue = this.queue.filter((e) => !e.p);
        this.plan = patch.plan;
        this.have = "";
        this.got.clear();
        Object.assign(this, { values: null, points: null, places: null, homes: null, look: null, live: null, known: -1, offRev: -1 });
        this.edits.open(patch.plan);
        this.company.clear();
        this.inspect.close();
      }
      if (patch.ack[0] === this.id) {
        this.heard = Math.max(this.heard, patch.ack[1]);
        this.queue = this.queue.filter((e) => e.n > patch.ack[1]);
      }
      if (patch.edits && patch.edits[0] === this.edits.name) this.edits.ack(patch.edits[1], patch.rev);
      this.readonly = patch.readonly || "";
      const told = this._decoded(patch);
      if (!told) return this.push({ k: "hello" });
      this.proposed = Boolean(patch.proposed);
      this.panel = { rev: patch.rev, seq: patch.seq, crowd: patch.crowd };
      this.patched = performance.now();
      this.known = Math.max(this.known, patch.rev);
      if (patch.rev >= this.offRev) this._measured(patch.rev, patch.territories.map((t) => [t.code, t.deviation]), patch.strays);
      const live = this.live && !this.proposed && this.live.rev >= patch.rev;
      if (live) this._adopt(this.live);
      else this._adopt({ rev: patch.rev, codes: told, territories: patch.territories, locked: new Set(patch.locked) });
      if (this.proposed) this._stray(patch.strays);
      this.preview = patch.preview ? new Map(patch.preview) : null;
      this.marked = new Set(patch.marked);
      this.limit = patch.limit || 5;
      this.sides = patch.sides || "both";
      this.choices = patch.choices || [];
      this.columns = patch.columns || [];
      if (patch.data) this._takeData(patch.data);
      for (const piece of patch.pieces || []) this._takePiece(piece);
      if (!this.queue.some((e) => e.k === "active")) this.active = patch.active;
      this._overlay();
      this.shading.rebuild();
      this.setTiles(patch.tiles || null);
      this.painter.refresh(null);
      this.company.told(patch);
      this.line.use(patch.ticket);
      if (patch.fly && patch.fly.nonce !== this.flown) {
        this.flown = patch.fly.nonce;
        this.flyTo(patch.fly.units);
      }
      this._stamp();
      this.poke();
    }

    // --- what the others do ---------------------------------------------------------------------------------
    takePlan(m) {
      const codes = new Int16Array(this.geo.n);
      let u = 0;
      for (const run of m.runs ? m.runs.split(",") : []) {
        const [code, times] = run.split("*").map(Number);
        codes.fill(code, u, (u += times));
      }
      this.live = { rev: m.rev, seq: m.seq, codes, territories: m.territories, locked: new Set(m.locked) };
      this.company.pin(m.pins);
      this._follow(null);
    }

    takeNews(m) {
      const live = this.live;
      if (!live) return;
      live.seq = m.seq;
      if (m.pins) this.company.pin(m.pins);
      if (m.rev > live.rev) {
        live.rev = m.rev;
        m.units.forEach((u, i) => { live.codes[u] = m.codes[i]; });
        if (m.territories) live.territories = m.territories;
        if (m.locked) live.locked = new Set(m.locked);
        this._follow(m);
      }
      this.poke();
    }

    takeAck(m) {
      this.known = Math.max(this.known, m.rev);
      m.notices.forEach((text) => this.say(text));
      m.clashes.forEach((c) => this.company.clash(c));
      this.company.trouble(m.waits);
      if (m.waits) return;
      if (this.rev >= this.known) this._follow(null); // nothing of it changed the plan
      this.poke();
    }

    takeMeasured(m) {
      if (m.rev < this.offRev) return;
      this._measured(m.rev, Object.entries(m.off).map(([c, d]) => [+c, d]), m.strays);
      if (this.proposed || !this.painter) return;
      this._adopt({ rev: this.rev, codes: this.base, territories: this.territories, locked: this.lockedThere });
      this._overlay();
      this.shading.rebuild();
      this.painter.refresh(null);
      this.changed();
    }

    // Shows the plan as the line told it, unless the page showed a newer one or a preview; redraws what changed.
    _follow(news) {
      const live = this.live;
      if (!live || this.proposed || live.rev < this.rev) return;
      const before = this.codes.slice(), whole = !news || news.territories || news.locked;
      this._adopt(live);
      this._overlay();
      const changed = [];
      for (let u = 0; u < before.length; u++) if (before[u] !== this.codes[u]) changed.push(u);
      if (whole) {
        this.shading.rebuild();
        this.painter.refresh(null);
      } else if (changed.length) {
        this.shading.update(changed);
        this.painter.refresh(changed);
      }
      this._stamp();
    }

    _measured(rev, off, strays) {
      this.offRev = rev;
      this.off = new Map(off);
      this._stray(strays);
    }

    _stray(strays) {
      this.strays = strays;
      this.strayUnits = new Set(strays.flat());
    }

    _adopt({ rev, codes, territories, locked }) {
      this.rev = rev;
      if (codes !== this.base) this.base.set(codes);
      this.territories = this.proposed ? territories : territories.map((t) => ({ ...t, deviation: this.off.has(t.code) ? this.off.get(t.code) : null }));
      this.byCode = new Map(this.territories.map((t) => [t.code, t]));
      this.lockedThere = locked;
      this.edits.settle(rev);
    }

    _stamp() {
      document.body.setAttribute("data-rev", this.rev);
      document.body.setAttribute("data-queue", this.queue.length + this.edits.queue.length);
      this.changed();
    }

    // Asks the page to draw its charts and tables anew: at the pace the server can hold, and not while that would close
    // what the person has open. Where many work, others' edits draw only what shows figures, and the rest at times.
    poke(now) {
      const p = this.panel, l = this.live, crowded = this.calm > CROWDED && !this.proposed && !this.preview;
      const rev = l ? Math.max(l.rev, this.known) : -1;
      const more = now || (p && l && (l.seq > p.seq || this.company.crowd !== p.crowd));
      const newer = more || (p && l && rev > Math.max(p.rev, crowded ? figuresRev() : -1));
      if (!newer || this._poking) return;
      const wait = Math.max(0, this.poked + 1000 * this.calm - performance.now());
      this._poking = setTimeout(() => {
        this._poking = null;
        const t = performance.now(), asked = this.poked > Math.max(this.patched, this.followed) && t - this.poked < 8000;
        if (asked || document.hidden || t - this.company.touchedAt < 400 || outerBusy()) {
          this._poking = setTimeout(() => { this._poking = null; this.poke(now); }, 400);
          return;
        }
        this.poked = t;
        const follow = crowded && !more && !this.queue.length && t - this.patched < WHOLE_EVERY;
        this.flush(follow);
        if (!follow) return;
        this.followed = t;
        clearTimeout(this._whole);
        this._whole = setTimeout(() => this.poke(this.panel && this.live && this.live.rev > this.panel.rev), WHOLE_EVERY);
      }, wait);
    }

    // The whole plan, or what is different from one this browser still holds; null if it doesn't hold that one.
    _decoded(patch) {
      const out = new Int16Array(this.geo.n);
      if (patch.assign !== null) {
        const slots = decode(patch.assign);
        for (let i = 0; i < this.geo.n; i++) out[i] = slots[i] < 0 ? -1 : patch.territories[slots[i]].code;
      } else {
        const from = this.held.get(patch.from);
        if (!from) { this.holds = ""; return null; }
        out.set(from);
        patch.units.forEach((u, i) => { out[u] = patch.codes[i]; });
      }
      this.holds = patch.id;
      this.held.delete(patch.id);
      this.held.set(patch.id, out);
      if (this.held.size > 6) this.held.delete(this.held.keys().next().value);
      return out;
    }

    _takeData(data) {
      if (data.version === this.have) return;
      this.have = data.version;
      this.values = data.values;
      this.accounts = data.accounts;
      this.measure = data.measure;
      this.symbol = data.symbol || "";
      this._tellHeld();
    }

    // What was asked for: account points, another measure, another plan, places found.
    _takePiece(piece) {
      if (piece.kind === "found") return this.foundListener && this.foundListener(piece);
      const slot = ["points", "places", "homes"].includes(piece.kind) ? piece.kind : "look";
      if (this.got.get(slot) === piece.version) return;
      if (piece.kind === "places") {
        this.got.set("places", piece.version);
        this.places = new NS.Places(piece);
        if (this.painter) this.painter.refresh(null);
      } else if (piece.kind === "homes") {
        this.got.set("homes", piece.version);
        this.homes = new NS.Homes(piece);
        if (this.painter) this.painter.refresh(null);
        if (piece.note && this.showHomes) this.say(piece.note);
      } else if (piece.kind === "points") {
        this.got.set("points", piece.version);
        this.points = piece.lat.length ? new NS.Points(piece) : null;
        if (this.painter) this.painter.refresh(null);
        if (!this.points) this.say("This plan's accounts have no positions to draw.");
      } else {
        this.got.set("look", piece.version);
        if (piece.kind === "change") {
          const slots = decode(piece.was);
          piece.named = Array.from(slots, (slot) => (slot < 0 ? "" : piece.names[slot]));
          piece.was = slots.map((slot) => (slot < 0 ? -1 : piece.codes[slot]));
        }
        this.look = piece;
      }
      this._tellHeld();
    }

    // Said once more when nothing else is, so that the server need not send it again.
    _tellHeld() {
      clearTimeout(this._telling);
      this._telling = setTimeout(() => { // the answer draws the page anew, which would close what is open on it
        if (outerBusy()) this._tellHeld();
        else if (!this.queue.length) this.push({ k: "hello" });
      }, 1500);
    }

    _overlay() {
      this.codes.set(this.base);
      this.locked = new Set(this.lockedThere);
      for (const e of this.edits.queue) if (e.k === "paint" && (e.to < 0 || this.byCode.has(e.to))) for (const u of e.all) this.codes[u] = e.to;
      for (const e of this.edits.queue) if (e.k === "lock") for (const u of e.all) e.on ? this.locked.add(u) : this.locked.delete(u);
      for (const e of this.queue) if (e.k === "active") this.active = e.to;
    }

    onChange(f) { this.listeners.push(f); }
    changed() { this.listeners.forEach((f) => f()); }

    // --- what the person does -------------------------------------------------------------------------------
    push(event) {
      if (NS.Edits.takes(event.k)) return this.edits.push(event);
      event.s = this.id;
      event.n = ++this.asked;
      event.p = event.k === "hello" ? "" : this.plan;
      event.rev = this.rev;
      event.have = this.have;
      event.got = [...this.got.values(), ...(this.heldBooks ? [this.heldBooks] : [])];
      event.holds = this.holds || "";
      this.queue.push(event);
      document.body.setAttribute("data-queue", this.queue.length + this.edits.queue.length);
      this.flush();
    }

    // Sent again while there is no answer; a value that didn't change would not be sent, hence the count.
    flush(follow) {
      const edits = this.line.given ? this.edits.waiting : [];
      window.Streamlit.setComponentValue({ events: [...this.queue, ...edits].map(({ all, stored, ...e }) => e), sent: ++this.sent, ...(follow ? { follow } : {}) });
      clearTimeout(this.again);
      if (this.queue.length) this.again = setTimeout(() => this.queue.length && this.flush(), 5000);
    }

    isFixed(u) {
      const t = this.byCode.get(this.codes[u]);
      return this.locked.has(u) || (t && t.locked);
    }

    // Gives units to the active territory: painted here at once, then sent. Set, never toggled.
    paint(units) {
      if (this.readonly) return this.say(this.readonly);
      const to = this.active, target = this.byCode.get(to);
      if (this.company.drafting) return this.company.draft(units, to);
      if (to >= 0 && !target) return this.say("Choose a territory first, or make one with New.");
      if (target && target.locked) return this.say(target.name + " is locked. Unlock it first.");
      const free = units.filter((u) => !this.isFixed(u)), change = free.filter((u) => this.codes[u] !== to);
      if (free.length < units.length) {
        const n = units.length - free.length;
        this.say(n === 1 ? this.geo.name[units.find((u) => this.isFixed(u))] + " is locked and was not changed." : n + " locked units were not changed.");
      } else if (change.length > 1) this.say(change.length.toLocaleString("en-US") + " " + this.config.words + " to " + (target ? target.name : "unassigned"));
      if (!change.length) return;
      // After an undo that isn't confirmed yet, what stood here before isn't known: let the server decide.
      const unsure = this.edits.queue.some((e) => e.k === "undo" || e.k === "redo");
      const seen = unsure ? null : change.map((u) => this.codes[u]);
      for (const u of change) this.codes[u] = to;
      this.shading.update(change);
      this.painter.refresh(change);
      this.push({ k: "paint", to, ...packed(change, seen), all: change });
      this.company.touch(change);
      this.changed();
    }

    // Gives units to a territory whatever they are now: the answer to an edit that met another.
    give(units, to) {
      const active = this.active;
      this.active = to;
      this.paint(units);
      this.active = active;
    }

    lock(units) {
      if (!units.length) return;
      if (this.readonly) return this.say(this.readonly);
      const on = !units.every((u) => this.locked.has(u));
      for (const u of units) on ? this.locked.add(u) : this.locked.delete(u);
      this.painter.refresh(units);
      this.push({ k: "lock", units: packed(units, null).units, on, all: units });
      this.say((units.length === 1 ? this.geo.name[units[0]] : units.length.toLocaleString("en-US") + " " + this.config.words) + (on ? " locked" : " unlocked"));
    }

    choose(code) {
      if (code === this.active) return;
      this.active = code;
      this.push({ k: "active", to: code });
      this.company.look();
      this.changed();
    }

    act(kind) {
      if (this.company.drafting) return this.company.takeBack();
      if (this.readonly) return this.say(this.readonly);
      this.push({ k: kind });
    }

    // --- looks ----------------------------------------------------------------------------------------------
    colorOf(code) {
      const t = this.byCode.get(code);
      return t ? t.color : this.theme.free;
    }
    fillOf(u) { return this.shading.fill(u); }

    // The street map under the plan; only there while the server says that the person asked for it.
    setTiles(told) {
      if ((this.tiles && this.tiles.url) === (told && told.url)) return;
      if (this.tiles) {
        this.tiles.layer.remove();
        this.tiles.credit.remove();
      }
      this.tiles = told && { url: told.url, layer: L.tileLayer(told.url, { maxZoom: 19 }).addTo(this.map), credit: L.control.attribution({ prefix: false }).addTo(this.map) };
      if (this.tiles) {
        this.tiles.credit.addAttribution(told.credit);
        this.tiles.layer.on("tileerror", () => this.say("The street map can't be reached. The plan works without it."));
      }
    }

    // The first view: without Alaska and Hawaii where there is more, as they would leave it a corner.
    near() {
      const units = [];
      for (let u = 0; u < this.geo.n; u++) if (this.geo.state[u] !== "AK" && this.geo.state[u] !== "HI") units.push(u);
      return units.length ? this.geo.boxOf(units) : this.geo.extent;
    }
    // The same again in a window that was made larger or smaller, as long as nobody looked elsewhere.
    refit() { if (this.untouched) this._show(this.near(), false); }
    fit(animate) { this._show(this.geo.extent, animate !== false); }
    flyTo(units) {
      if (!units.length) return;
      this.untouched = false;
      this._show(this.geo.boxOf(units), true, units.length < 12 ? 1.2 : 0.15);
    }

    showBox(box, margin) {
      this.untouched = false;
      this._show(box, true, margin);
    }

    _show(box, animate, margin) {
      if (this.geo.areas < this.geo.n && box[2] - box[0] < NEAR && box[3] - box[1] < NEAR) { // a few accounts: with what is around them
        box = [(box[0] + box[2] - NEAR) / 2, (box[1] + box[3] - NEAR) / 2, (box[0] + box[2] + NEAR) / 2, (box[1] + box[3] + NEAR) / 2];
      }
      if (!Number.isFinite(box[0])) return this.say("This account has no place to show.");
      const m = (margin || 0) * Math.max(box[2] - box[0], box[3] - box[1]);
      const a = NS.lonLat(box[0] - m, box[3] + m), b = NS.lonLat(box[2] + m, box[1] - m);
      this.map.fitBounds([a, b], { animate, paddingTopLeft: [6, (this.barHeight || 46) + 6], paddingBottomRight: [6, 6] });
    }

    say(text) {
      const live = document.getElementById("terr-say");
      if (!live) return;
      live.textContent = text;
      live.dataset.on = "1";
      clearTimeout(this._hush);
      this._hush = setTimeout(() => { live.dataset.on = ""; }, 3500);
    }
  }

  NS.Session = Session;
  NS.start = function (map, config) {
    document.body.removeAttribute("data-ready");
    const session = (NS.session = new Session(map, config));
    session.company = NS.addCompany(session);
    NS.addTools(session);
    session.start().catch((error) => session.say(error.message + " Reload the page to try again."));
    return session;
  };
  NS.sync = (patch) => NS.session && NS.session.sync(patch);
})();

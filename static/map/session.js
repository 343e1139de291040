// The plan as this browser shows it: what the server last said, with this person's unconfirmed edits on top.
// Every edit is painted at once, kept in a queue, and sent until the server confirms it by number.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const A = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  const VALUE = new Map([...A].map((c, i) => [c, i]));
  const LIGHT = { free: "#e7e5e0", thin: "rgba(255,255,255,.75)", state: "rgba(60,60,60,.55)", edge: "#3b3b3b", context: "rgba(120,120,120,.45)", stray: "#000", label: "#14171c", halo: "rgba(255,255,255,.92)", point: "rgba(20,23,28,.6)" };
  const DARK = { free: "#3a3f47", thin: "rgba(20,22,26,.55)", state: "rgba(230,230,230,.5)", edge: "#f1f1ee", context: "rgba(170,170,170,.35)", stray: "#fff", label: "#ffffff", halo: "rgba(15,17,21,.92)", point: "rgba(255,255,255,.75)" };

  function isDark() {
    const css = getComputedStyle(document.documentElement).getPropertyValue("--background-color").trim() || "#fff";
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = css;
    const m = /^#(..)(..)(..)/.exec(probe.fillStyle);
    return m ? 0.299 * parseInt(m[1], 16) + 0.587 * parseInt(m[2], 16) + 0.114 * parseInt(m[3], 16) < 128 : false;
  }

  class Session {
    constructor(map, config) {
      this.map = map;
      this.config = config;
      this.id = Array.from(crypto.getRandomValues(new Uint32Array(3)), (v) => v.toString(36)).join("");
      this.seq = 0;
      this.sent = 0;
      this.queue = [];
      this.rev = -1;
      this.plan = "";
      this.base = new Int16Array(0);
      this.codes = new Int16Array(0);
      this.territories = [];
      this.byCode = new Map();
      this.active = -1;
      this.locked = new Set();
      this.strayUnits = new Set();
      this.strays = [];
      this.preview = null;
      this.marked = new Set();
      this.labels = [];
      this.hover = -1;
      this.points = null;
      this.showPoints = false;
      this.values = null;
      this.have = "";
      this.pending = null;
      this.listeners = [];
      this.acked = 0;
      this.theme = isDark() ? DARK : LIGHT;
    }

    async start() {
      document.body.dataset.theme = isDark() ? "dark" : "light";
      const reply = await fetch(this.config.geometry);
      if (!reply.ok) throw new Error("The shapes of this map could not be loaded (" + reply.status + ").");
      this.geo = new NS.Geometry(await reply.json(), this.config.states);
      this.base = new Int16Array(this.geo.n).fill(-1);
      this.codes = this.base.slice();
      this.painter = new NS.Painter(this);
      this.fit(false);
      this.painter.addTo(this.map);
      if (this.pending) this.sync(this.pending);
      this.push({ k: "hello" });
      document.body.setAttribute("data-ready", "1");
    }

    // --- what the server says -------------------------------------------------------------------------------
    sync(patch) {
      if (!this.geo) { this.pending = patch; return; }
      const dark = isDark();
      this.theme = dark ? DARK : LIGHT;
      document.body.dataset.theme = dark ? "dark" : "light";
      if (this.plan !== patch.plan) { // another plan was opened: what was meant for the old one stays with it
        this.queue = this.queue.filter((e) => !e.p);
        this.plan = patch.plan;
        this.have = "";
      }
      if (patch.ack[0] === this.id) {
        this.acked = Math.max(this.acked, patch.ack[1]);
        this.queue = this.queue.filter((e) => e.n > patch.ack[1]);
      }
      this.rev = patch.rev;
      this.readonly = patch.readonly || "";
      this.territories = patch.territories;
      this.byCode = new Map(patch.territories.map((t) => [t.code, t]));
      for (let i = 0; i < this.geo.n; i++) {
        const slot = VALUE.get(patch.assign[2 * i]) * 64 + VALUE.get(patch.assign[2 * i + 1]);
        this.base[i] = slot === 4095 ? -1 : this.territories[slot].code;
      }
      this.locked = new Set(patch.locked);
      this.strays = patch.strays;
      this.strayUnits = new Set(patch.strays.flat());
      this.preview = patch.preview ? new Map(patch.preview) : null;
      this.marked = new Set(patch.marked);
      if (patch.data) this._takeData(patch.data);
      if (!this.queue.some((e) => e.k === "active")) this.active = patch.active;
      this._overlay();
      this.painter.refresh(null);
      if (patch.fly && patch.fly.nonce !== this.flown) {
        this.flown = patch.fly.nonce;
        this.flyTo(patch.fly.units);
      }
      document.body.setAttribute("data-rev", patch.rev);
      document.body.setAttribute("data-queue", this.queue.length);
      this.changed();
    }

    _takeData(data) {
      this.have = data.version;
      this.values = data.values;
      this.accounts = data.accounts;
      this.measure = data.measure;
      this.points = null;
      if (data.points) {
        const n = data.points.lat.length;
        this.points = { x: new Float64Array(n), y: new Float64Array(n), r: data.points.r, text: data.points.text };
        for (let i = 0; i < n; i++) {
          this.points.x[i] = NS.worldX(data.points.lon[i]);
          this.points.y[i] = NS.worldY(data.points.lat[i]);
        }
      }
    }

    _overlay() {
      this.codes.set(this.base);
      for (const e of this.queue) if (e.k === "paint" && (e.to < 0 || this.byCode.has(e.to))) for (const u of e.units) this.codes[u] = e.to;
      for (const e of this.queue) if (e.k === "lock") for (const u of e.units) e.on ? this.locked.add(u) : this.locked.delete(u);
      for (const e of this.queue) if (e.k === "active") this.active = e.to;
    }

    onChange(f) { this.listeners.push(f); }
    changed() { this.listeners.forEach((f) => f()); }

    // --- what the person does -------------------------------------------------------------------------------
    push(event) {
      event.s = this.id;
      event.n = ++this.seq;
      event.p = event.k === "hello" ? "" : this.plan;
      event.rev = this.rev;
      event.have = this.have;
      this.queue.push(event);
      document.body.setAttribute("data-queue", this.queue.length);
      this.flush();
    }

    // Sent again while there is no answer; a value that didn't change would not be sent, hence the count.
    flush() {
      window.Streamlit.setComponentValue({ events: this.queue, sent: ++this.sent });
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
      if (to >= 0 && !target) return this.say("Choose a territory first, or make one with New.");
      if (target && target.locked) return this.say(target.name + " is locked. Unlock it first.");
      const free = units.filter((u) => !this.isFixed(u)), change = free.filter((u) => this.codes[u] !== to);
      if (free.length < units.length) {
        const n = units.length - free.length;
        this.say(n === 1 ? this.geo.name[units.find((u) => this.isFixed(u))] + " is locked and was left alone." : n + " locked units were left alone.");
      }
      if (!change.length) return;
      // After an undo that isn't confirmed yet, what stood here before isn't known: let the server decide.
      const unsure = this.queue.some((e) => e.k === "undo" || e.k === "redo");
      const seen = unsure ? null : change.map((u) => this.codes[u]);
      for (const u of change) this.codes[u] = to;
      this.painter.refresh(change);
      this.push({ k: "paint", units: change, to, seen });
      this.changed();
    }

    lock(units) {
      if (!units.length) return;
      if (this.readonly) return this.say(this.readonly);
      const on = !units.every((u) => this.locked.has(u));
      for (const u of units) on ? this.locked.add(u) : this.locked.delete(u);
      this.painter.refresh(units);
      this.push({ k: "lock", units, on });
      this.say((units.length === 1 ? this.geo.name[units[0]] : units.length + " units") + (on ? " locked" : " unlocked"));
    }

    choose(code) {
      if (code === this.active) return;
      this.active = code;
      this.push({ k: "active", to: code });
      this.changed();
    }

    act(kind) {
      if (this.readonly) return this.say(this.readonly);
      this.push({ k: kind });
    }

    // --- looks ----------------------------------------------------------------------------------------------
    colorOf(code) {
      const t = this.byCode.get(code);
      return t ? t.color : this.theme.free;
    }
    fillOf(u) { return this.colorOf(this.codes[u]); }

    fit(animate) { this._show(this.geo.extent, animate !== false); }
    flyTo(units) { if (units.length) this._show(this.geo.boxOf(units), true, units.length < 12 ? 1.2 : 0.15); }

    _show(box, animate, margin) {
      const m = (margin || 0) * Math.max(box[2] - box[0], box[3] - box[1]);
      const a = NS.lonLat(box[0] - m, box[3] + m), b = NS.lonLat(box[2] + m, box[1] - m);
      this.map.fitBounds([a, b], { animate, paddingTopLeft: [6, 52], paddingBottomRight: [6, 6] });
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

  NS.start = function (map, config) {
    document.body.removeAttribute("data-ready");
    const session = (NS.session = new Session(map, config));
    NS.addTools(session);
    session.start().catch((error) => session.say(error.message + " Reload the page to try again."));
    return session;
  };
  NS.sync = (patch) => NS.session && NS.session.sync(patch);
})();

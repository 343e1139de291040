// What colour says: the territory, its rep, a measure of each unit, how far its territory is off, or what changed hands.
// Units of one colour form a set; the painter fills sets, not units. Hatching says again what a colour says alone.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const RAMP = ["#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494"]; // low to high; turned round on dark
  const OFF = ["#5e3c99", "#b2abd2", null, "#fdb863", "#e66101"]; // far under ... far over; the middle is the theme's
  const CLASSES = RAMP.length;

  // A number as the server writes it: "$1.25M", "$1.2M", "41,230".
  function short(value, symbol) {
    const size = Math.abs(value), sign = value < 0 ? "-" : "";
    const text = (v, digits, least = digits) => v.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: digits });
    for (const [limit, suffix] of [[1e9, "B"], [1e6, "M"]]) {
      if (size >= (symbol || limit > 1e6 ? limit * 0.9995 : 10 * limit)) {
        const v = size / limit;
        return sign + symbol + text(v, v < 9.995 ? 2 : v < 99.95 ? 1 : 0, 0) + suffix;
      }
    }
    if (size >= 10000 && symbol) return sign + symbol + text(size / 1000, 0) + "K";
    return sign + symbol + text(size, size >= 100 || Number.isInteger(size) ? 0 : 1);
  }

  // Upper ends of the classes of values above zero, without the last.
  function breaks(values, scale) {
    const some = Float64Array.from(values).filter((v) => v > 0).sort();
    if (!some.length) return [];
    const lo = some[0], hi = some[some.length - 1];
    let ends = [];
    if (scale === "log" && hi > lo) {
      const step = (Math.log(hi) - Math.log(lo)) / CLASSES;
      ends = Array.from({ length: CLASSES - 1 }, (_, i) => Math.exp(Math.log(lo) + (i + 1) * step));
    } else ends = Array.from({ length: CLASSES - 1 }, (_, i) => some[Math.floor(((i + 1) * some.length) / CLASSES)]);
    const round = (v) => { const p = 10 ** (Math.floor(Math.log10(v)) - 1); return Math.round(v / p) * p; };
    return [...new Set(ends.map(round))].filter((v) => v < hi);
  }

  class Shading {
    constructor(session) {
      this.s = session;
      this.mode = "territory"; // or "rep", "measure", "deviation", "change"
      this.scale = "quantile";
      this.version = 0;
      this.keyOf = new Int32Array(0);
      this.styles = [];
      this.look = null; // a measure or plan the server sent for it
    }

    // What the mode shows: the balanced measure until the server has sent another one.
    get measured() { return this.look && this.look.kind === "measure" ? this.look : this.s.values && { title: this.s.measure, values: this.s.values, symbol: this.s.symbol }; }
    get compared() { return this.look && this.look.kind === "change" ? this.look : null; }

    // Works everything out anew; called when the plan, the mode, the data or the theme changed.
    rebuild() {
      const s = this.s, n = s.geo.n;
      if (this.keyOf.length !== n) this.keyOf = new Int32Array(n);
      this.slot = new Map(s.territories.map((t, i) => [t.code, i]));
      const free = { fill: s.theme.free, text: "Unassigned" };
      const each = s.territories.map((t) => ({ fill: t.color, text: t.name, code: t.code }));
      if (this.mode === "measure" && this.measured) this._measure();
      else if (this.mode === "deviation") this._deviation(free);
      else if (this.mode === "rep") this._reps(free);
      else if (this.mode === "change" && this.compared) {
        this.styles = [{ fill: s.theme.same, text: "Unchanged" }, ...each.map((t) => ({ ...t, hatch: "up" })), { ...free, hatch: "up" }];
        this._of = (u) => (s.codes[u] === this.compared.was[u] ? 0 : 1 + this._slot(u));
      } else {
        this.styles = [...each, free];
        this._of = (u) => this._slot(u);
      }
      for (let u = 0; u < n; u++) this.keyOf[u] = this._of(u);
      this.version++;
    }

    // The same for units that changed their territory.
    update(units) {
      for (const u of units) this.keyOf[u] = this._of(u);
      this.version++;
    }

    _slot(u) {
      const at = this.slot.get(this.s.codes[u]);
      return at === undefined ? this.s.territories.length : at;
    }

    _measure() {
      const m = this.measured, ends = breaks(m.values, this.scale), ramp = this.s.dark ? [...RAMP].reverse() : RAMP;
      const colour = (i) => ramp[ends.length ? Math.round((i * (CLASSES - 1)) / ends.length) : CLASSES - 1];
      const name = (i) => (i === 0 ? (ends.length ? "up to " + short(ends[0], m.symbol) : "above 0") : i === ends.length ? "over " + short(ends[i - 1], m.symbol) : short(ends[i - 1], m.symbol) + " to " + short(ends[i], m.symbol));
      this.styles = [{ fill: this.s.theme.free, text: "0" }, ...Array.from({ length: ends.length + 1 }, (_, i) => ({ fill: colour(i), text: name(i) }))];
      this._of = (u) => {
        const v = m.values[u];
        if (!(v > 0)) return 0;
        let i = 0;
        while (i < ends.length && v > ends[i]) i++;
        return 1 + i;
      };
    }

    // One style per rep, in the order of their first territories; what has no rep is gray.
    _reps(free) {
      const at = new Map(), styles = [], none = [];
      const classes = this.s.territories.map((t) => {
        if (!t.rep_id) { none[0] = { fill: t.rep_color, text: "No rep" }; return -1; }
        if (!at.has(t.rep_id)) at.set(t.rep_id, styles.push({ fill: t.rep_color, text: t.rep, codes: [] }) - 1);
        styles[at.get(t.rep_id)].codes.push(t.code);
        return at.get(t.rep_id);
      });
      this.styles = [...styles, ...none, free];
      classes.push(this.styles.length - 1);
      this._of = (u) => { const k = classes[this._slot(u)]; return k < 0 ? styles.length : k; };
    }

    _deviation(free) {
      const s = this.s, limit = s.limit, far = 2 * limit, p = (v) => Number(v.toFixed(1)) + "%";
      const names = ["more than " + p(far) + " under", p(limit) + " to " + p(far) + " under", s.sides === "both" ? "within ±" + p(limit) : "at most " + p(limit) + " " + s.sides + " target", p(limit) + " to " + p(far) + " over", "more than " + p(far) + " over"];
      this.styles = [...OFF.map((c, i) => ({ fill: c || s.theme.middle, text: names[i], hatch: i < 2 ? "down" : i > 2 ? "up" : "", never: (s.sides === "over" && i < 2) || (s.sides === "under" && i > 2) })), free];
      const classes = s.territories.map((t) => {
        const d = t.deviation;
        if (d === null || d === undefined) return 2;
        const i = d < -far ? 0 : d < -limit - 1e-7 ? 1 : d > far ? 4 : d > limit + 1e-7 ? 3 : 2;
        return this.styles[i].never ? 2 : i; // a limit above says nothing of what lies below
      });
      classes.push(5);
      this._of = (u) => classes[this._slot(u)];
    }

    fill(u) { return this.styles.length ? this.styles[this.keyOf[u]].fill : this.s.theme.free; }

    title() {
      if (this.mode === "measure" && this.measured) return this.measured.title + " per " + this.s.config.word;
      if (this.mode === "rep") return "Reps";
      if (this.mode === "deviation") return "Territory's load against its target";
      if (this.mode === "change" && this.compared) return "Changed hands " + this.compared.title;
      return "Territories";
    }

    // Rows of the legend: styles in use with how many units they colour.
    legend() {
      const counts = new Int32Array(this.styles.length);
      for (let u = 0; u < this.keyOf.length; u++) counts[this.keyOf[u]]++;
      return this.styles.map((style, i) => ({ ...style, count: counts[i] })).filter((row, i) => row.count || (!row.never && this.mode !== "change" && i < this.styles.length - 1)); // a scale is shown whole
    }
  }

  NS.Shading = Shading;
  NS.short = short;
})();

// This person's edits, kept until they are stored, and the line to the server by which they go and others' edits come.
// Without a line they go the slower way, with the map's value; each is numbered, so that none is taken in twice.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const KINDS = new Set(["paint", "lock", "undo", "redo", "propose"]);
  const PATIENCE = 5000, GRACE = 1500, SLOWEST = 5000; // ms until sent again; without a line; between two tries to have one
  const random = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (v) => v.toString(36)).join("");

  // [3, 4] or { short: "3-5,9" } as a list.
  function listed(units) {
    if (Array.isArray(units)) return units;
    const out = [];
    for (const part of units.short.split(",")) {
      const [a, b] = part.split("-").map(Number);
      for (let u = a; u <= (b === undefined ? a : b); u++) out.push(u);
    }
    return out;
  }

  class Edits {
    constructor(session) {
      Object.assign(this, { s: session, name: random() + "~", made: 0, taken: 0, queue: [] });
    }

    static takes(kind) { return KINDS.has(kind); }
    get settled() { return this.made - this.queue.length; }
    get waiting() { return this.queue.filter((e) => e.n > this.taken); }

    push(event) {
      Object.assign(event, { s: this.name, n: ++this.made, p: this.s.plan, rev: this.s.rev });
      if (event.units && !event.all) event.all = listed(event.units);
      this.queue.push(event);
      this.changed();
      this.send();
    }

    send() {
      clearTimeout(this.again);
      const events = this.waiting.map(({ all, stored, ...e }) => e);
      if (!events.length) return;
      if (!this.s.line.send({ t: "edits", s: this.name, events }) && this.s.line.given) this.s.flush();
      this.again = setTimeout(() => this.send(), PATIENCE);
    }

    // The server has taken in all up to n; what it made of them is in the plan from revision rev on.
    ack(n, rev) {
      if (n > this.made) this.made = n; // of this queue before the page was reloaded
      this.taken = Math.max(this.taken, n);
      for (const e of this.queue) if (e.n <= n && (e.stored === undefined || e.stored === Infinity)) e.stored = rev < 0 ? Infinity : rev;
      if (!this.waiting.length) clearTimeout(this.again);
    }

    // Those the plan on the screen holds are let go.
    settle(rev) {
      const left = this.queue.filter((e) => e.stored === undefined || e.stored > rev);
      if (left.length === this.queue.length) return;
      this.queue = left;
      this.changed();
    }

    changed() {
      const s = this.s;
      document.body.setAttribute("data-queue", s.queue.length + this.queue.length);
      try { // what isn't stored yet survives a reload of the page
        const left = this.waiting.map(({ all, stored, ...e }) => e);
        left.length ? sessionStorage.setItem("terr-edits-" + s.plan, JSON.stringify({ name: this.name, made: this.made, left })) : sessionStorage.removeItem("terr-edits-" + s.plan);
      } catch (_) { /* storage may be switched off or full: then only a reload loses what isn't stored */ }
    }

    // Another plan was opened: its edits, if some were left unsent when the page was reloaded.
    open(plan) {
      Object.assign(this, { name: random() + "~", made: 0, taken: 0, queue: [] });
      let kept = null;
      try { kept = JSON.parse(sessionStorage.getItem("terr-edits-" + plan)); } catch (_) { /* not ours */ }
      if (!kept || !Array.isArray(kept.left)) return;
      Object.assign(this, { name: kept.name, made: kept.made, taken: kept.left[0].n - 1 });
      this.queue = kept.left.map((e) => (e.units ? { ...e, all: listed(e.units) } : e));
      this.made = Math.max(this.made, ...this.queue.map((e) => e.n));
      setTimeout(() => this.send(), GRACE);
    }
  }

  class Line {
    constructor(session) {
      Object.assign(this, { s: session, ticket: "", socket: null, open: false, given: false, tries: 0 });
      this.lost = setTimeout(() => { this.given = true; session.edits.send(); }, GRACE);
      window.addEventListener("pagehide", () => this.socket && this.socket.close());
    }

    use(ticket) {
      if (!ticket || ticket === this.ticket) return;
      this.ticket = ticket;
      this.tries = 0;
      this._connect();
    }

    send(message) {
      if (!this.open) return false;
      this.socket.send(JSON.stringify(message));
      return true;
    }

    _connect() {
      clearTimeout(this.next);
      if (this.socket) {
        this.socket.onclose = this.socket.onmessage = null;
        this.socket.close();
        this._closed();
      }
      const url = new URL(this.s.config.together, location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      const socket = (this.socket = new WebSocket(url));
      socket.onopen = () => socket.send(JSON.stringify({ token: this.ticket, view: this.s.company.view() }));
      socket.onmessage = (e) => this._hear(JSON.parse(e.data));
      socket.onclose = () => {
        this._closed();
        this.socket = null;
        if (!this.ticket) return;
        const wait = Math.min(SLOWEST, 300 * 2 ** this.tries++) * (0.7 + 0.6 * Math.random());
        this.next = setTimeout(() => this._connect(), wait);
      };
    }

    _closed() {
      this.open = false;
      document.body.removeAttribute("data-line");
      clearTimeout(this.lost);
      this.lost = setTimeout(() => { this.given = true; this.s.edits.send(); }, GRACE);
    }

    _hear(m) {
      const s = this.s;
      if (m.calm !== undefined) s.calm = m.calm;
      if (m.t === "unknown") { // the program was started anew: the page has another ticket
        this.ticket = "";
        s.push({ k: "hello" });
      } else if (m.t === "plan") {
        this.open = true;
        this.given = false;
        this.tries = 0;
        clearTimeout(this.lost);
        document.body.setAttribute("data-line", "1");
        s.company.me = m.me;
        s.takePlan(m);
        s.company.joined();
        s.edits.send();
      } else if (m.t === "news") s.takeNews(m);
      else if (m.t === "measured") s.takeMeasured(m);
      else if (m.t === "card" || m.t === "account") s.inspect.take(m);
      else if (m.t === "people") s.company.takePeople(m);
      else if (m.t === "ack") {
        s.edits.ack(m.n, m.rev);
        s.takeAck(m);
      } else if (m.t === "trouble") s.company.trouble(m.message);
      else if (m.t === "well") { s.company.trouble(""); s.edits.send(); }
      else if (m.t === "gone") s.poke(true);
    }
  }

  NS.Edits = Edits;
  NS.Line = Line;
})();

// The others on this plan: what each has selected, what they edited first, proposals in the making, comments' marks, and
// following the one who presents. All text from people goes in as text, never as HTML.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const MOST = 24, EVERY = 250; // units told as selected; ms between two times
  const PIN = "600 11px system-ui, -apple-system, 'Segoe UI', sans-serif";

  NS.addCompany = function (s) {
    const el = NS.el;
    const stack = el("div", { class: "terr-ui terr-stack" });
    stack.addEventListener("click", (e) => e.stopPropagation()); // Leaflet can't tell where a button stood that is gone
    const c = {
      me: "", people: new Map(), crowd: undefined, drafting: null, pins: [], pinned: new Map(), selected: [], presenting: false, following: "", left: "",
      box: stack,
    };
    const unitWord = (n) => (n === 1 ? s.config.word : s.config.words);
    const nameOf = (code) => (s.byCode.get(code) || { name: "unassigned" }).name;
    const one = (key) => stack.querySelector('[data-card="' + key + '"]');

    function card(key, ...parts) {
      const old = one(key), made = el("section", { class: "terr-card", "data-card": key }, ...parts);
      old ? old.replaceWith(made) : stack.append(made);
      L.DomEvent.disableClickPropagation(made);
      L.DomEvent.disableScrollPropagation(made);
      return made;
    }
    const drop = (key) => { const old = one(key); if (old) old.remove(); };
    function button(text, run, kind) {
      const b = el("button", { type: "button", text, ...(kind ? { class: kind } : {}) });
      b.addEventListener("click", run);
      return b;
    }

    c.clear = () => {
      stack.querySelectorAll("[data-card]").forEach((old) => old.remove());
      Object.assign(c, { people: new Map(), crowd: undefined, drafting: null, pins: [], pinned: new Map(), selected: [], presenting: false, following: "", left: "" });
    };

    // --- what is wrong with the store -------------------------------------------------------------------------
    c.trouble = (text) => {
      if (!text) return drop("trouble");
      const n = s.edits.waiting.length;
      const kept = n ? (n === 1 ? "1 edit is" : n + " edits are") + " kept in this browser and sent again until " + (n === 1 ? "it is" : "they are") + " stored." : "You can keep looking; edits are saved in this browser until they can be stored.";
      card("trouble", el("strong", { text: "Not stored at present" }), el("p", { text: text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") }), el("p", { text: kept })).setAttribute("role", "alert");
    };

    // --- edits that met others' ---------------------------------------------------------------------------------
    let clashes = 0;
    c.clash = (clash) => {
      const first = s.geo.name[clash.units[0]], n = clash.units.length, key = "clash" + clashes++;
      const what = n === 1 ? first : first + " and " + (n - 1).toLocaleString("en-US") + " more";
      const when = clash.ago < 0 ? "" : clash.ago < 60 ? " " + clash.ago + " s ago" : " " + Math.round(clash.ago / 60) + " min ago";
      const did = (clash.who || "Somebody") + (clash.now < 0 ? " took " + what + " out of its territory" : " gave " + what + " to " + nameOf(clash.now)) + when + ", before your edit to " + nameOf(clash.to) + " arrived. It is left as theirs.";
      const made = card(key,
        el("strong", { text: "Changed by somebody else first" }), el("p", { text: did }),
        el("div", { class: "terr-row" },
          button("Make it " + nameOf(clash.to), () => { drop(key); s.give(clash.units, clash.to); }, "main"),
          button("Show", () => s.flyTo(clash.units)),
          button("Leave it", () => drop(key))));
      made.setAttribute("role", "alert");
      const all = stack.querySelectorAll('[data-card^="clash"]');
      if (all.length > 3) all[0].remove();
    };

    // --- a proposal in the making -------------------------------------------------------------------------------
    c.startDraft = () => {
      if (c.drafting) return c.endDraft();
      s.toAssign();
      c.drafting = { strokes: [], to: new Map() };
      const field = el("input", { type: "text", maxlength: "400", placeholder: "Why? Others read this", "aria-label": "Reason of the proposal" });
      const said = el("p", { "aria-live": "polite" }), go = button("Propose", send, "main");
      function send() {
        const why = field.value.trim(), d = c.drafting;
        if (!d.to.size) return s.say("Click " + s.config.words + " first to propose a move.");
        if (!why) { field.focus(); return s.say("Say why, so that others can decide."); }
        const units = [...d.to.keys()].sort((a, b) => a - b), codes = units.map((u) => d.to.get(u));
        const short = NS.packed(units, codes);
        s.edits.push({ k: "propose", units: short.units, codes: short.seen, why });
        c.endDraft();
      }
      field.addEventListener("keydown", (e) => { if (e.key === "Enter") send(); else if (e.key === "Escape") c.endDraft(); });
      card("draft", el("strong", { text: "Propose moves" }), said, field, el("div", { class: "terr-row" }, go, button("Undo", c.takeBack), button("Cancel", c.endDraft)));
      c.draftSaid = () => {
        const d = c.drafting, by = new Map();
        for (const code of d.to.values()) by.set(code, (by.get(code) || 0) + 1);
        said.textContent = d.to.size ? [...by].map(([code, n]) => n.toLocaleString("en-US") + " " + unitWord(n) + " to " + nameOf(code)).join(", ") + ". The plan stays as it is until this is accepted." : "Choose a territory and click " + s.config.words + "; nothing changes until it is accepted.";
      };
      c.draftSaid();
      c.button && c.button.setAttribute("aria-pressed", "true");
    };
    c.endDraft = () => {
      c.drafting = null;
      drop("draft");
      c.button && c.button.setAttribute("aria-pressed", "false");
      s.painter.refresh(null);
    };
    c.draft = (units, to) => {
      const d = c.drafting, taken = units.filter((u) => !s.isFixed(u) && s.codes[u] !== to && d.to.get(u) !== to);
      d.strokes.push(taken.map((u) => [u, d.to.get(u)]));
      for (const u of units) if (s.codes[u] === to) d.to.delete(u); // back to where it is
      for (const u of taken) d.to.set(u, to);
      c.draftSaid();
      s.painter.refresh(null);
    };
    c.takeBack = () => {
      for (const [u, was] of c.drafting.strokes.pop() || []) was === undefined ? c.drafting.to.delete(u) : c.drafting.to.set(u, was);
      c.draftSaid();
      s.painter.refresh(null);
    };
    c.shown = () => (c.drafting ? c.drafting.to : s.preview);

    // --- who is here ----------------------------------------------------------------------------------------------
    c.view = () => {
      const b = s.map.getBounds(), nw = b.getNorthWest(), se = b.getSouthEast();
      return { to: s.active, units: c.selected, box: [NS.worldX(nw.lng), NS.worldY(nw.lat), NS.worldX(se.lng), NS.worldY(se.lat)], look: s.legend ? s.legend.wanted() : "" };
    };
    let telling = null, told = "";
    c.look = () => {
      telling = telling || setTimeout(() => {
        telling = null;
        const view = c.view(), now = JSON.stringify([view, c.presenting]);
        if (now !== told && s.line.send({ t: "view", view, presenting: c.presenting })) told = now;
      }, EVERY);
    };
    c.touch = (units) => { c.selected = units.slice(0, MOST); c.look(); };
    c.joined = () => {
      told = "";
      let mine = "";
      try { mine = localStorage.getItem("terr-name") || ""; } catch (_) { /* storage may be switched off */ }
      if (mine && !c.named) s.line.send({ t: "name", name: mine });
      c.look();
    };
    // What the page says: this person's name, whether to present, and what they may do.
    c.told = (patch) => {
      c.named = patch.name || "";
      if (c.named) try { localStorage.setItem("terr-name", c.named); } catch (_) { /* storage may be switched off */ }
      if (patch.present && patch.present[1] !== c.asked) { // a button of the page was pressed
        if (c.asked !== undefined || patch.present[0]) c.present(patch.present[0]);
        c.asked = patch.present[1];
      }
      s.allow(patch.may);
      if (patch.may === "propose" && !c.drafting && !c.told.once) { // who may not edit begins with a proposal
        c.told.once = true;
        c.startDraft();
      }
    };
    c.takePeople = (m) => {
      for (const p of m.people) c.people.set(p.window, p);
      const here = new Set(m.here);
      for (const w of c.people.keys()) if (!here.has(w)) c.people.delete(w);
      if (c.crowd !== undefined && c.crowd !== m.crowd) { c.crowd = m.crowd; s.poke(); }
      c.crowd = m.crowd;
      follow();
      if (s.painter) s.painter.hover();
      document.body.setAttribute("data-here", String(c.people.size));
    };
    c.others = () => [...c.people.values()].filter((p) => p.window !== c.me);

    // --- presenting and following ---------------------------------------------------------------------------------
    c.present = (on) => {
      c.presenting = on;
      told = "";
      c.look();
      if (on) card("present", el("strong", { text: "You are presenting" }), el("p", { text: "Others see your part of the map, your selection and your colors." }), el("div", { class: "terr-row" }, button("Stop presenting", () => c.present(false))));
      else drop("present");
    };
    function follow() {
      const who = c.presenting ? null : c.others().find((p) => p.presenting);
      if (!who) {
        if (c.following || c.left) drop("follow");
        c.following = c.left = "";
        return;
      }
      if (c.left === who.window) return;
      if (c.following !== who.window) banner(who, true);
      c.following = who.window;
      const key = JSON.stringify(who.box);
      if (who.box && key !== c.at) {
        c.at = key;
        const [x0, y0, x1, y1] = who.box;
        s.map.fitBounds([NS.lonLat(x0, y1), NS.lonLat(x1, y0)], { animate: true, padding: [0, 0] });
      }
      if (who.look && s.legend && who.look !== c.looks) { c.looks = who.look; s.legend.choose(who.look); }
      if (who.to !== undefined && who.to !== c.theirs && s.byCode.has(who.to)) { c.theirs = who.to; s.choose(who.to); }
    }
    function banner(who, on) {
      card("follow",
        el("strong", { text: on ? "Following " + who.name : who.name + " is presenting" }),
        el("p", { text: on ? "Your map shows what they show." : "Your map is your own." }),
        el("div", { class: "terr-row" }, on ? button("Stop following", () => { c.left = who.window; c.following = c.at = ""; banner(who, false); }) : button("Follow", () => { c.left = c.at = c.looks = ""; c.theirs = undefined; follow(); }, "main")));
    }

    // --- marks of comments --------------------------------------------------------------------------------------
    c.pin = (pins) => {
      c.pins = pins;
      c.pinned = new Map();
      for (const p of pins) {
        const key = p.unit !== undefined ? "u" + p.unit : "t" + p.territory;
        c.pinned.set(key, [...(c.pinned.get(key) || []), p]);
      }
      if (s.painter) s.painter.hover();
    };
    c.lines = (u) => {
      const found = [...(c.pinned.get("u" + u) || []), ...(c.pinned.get("t" + s.codes[u]) || [])];
      const lines = found.slice(0, 3).map((p) => (p.who || "Somebody") + ": " + p.text);
      if (found.length > 3) lines.push(found.length - 3 + " more comments");
      for (const p of c.others()) if ((p.units || []).includes(u)) lines.push("Selected by " + p.name);
      return lines;
    };

    // Drawn on the canvas above the plan: outlines with names, and the comments' marks.
    const paths = new Map();
    c.draw = (ctx, painter) => {
      const g = s.geo, px = painter.unit, many = c.people.size > 8, at = [];
      for (const p of c.others()) {
        const units = (p.units || []).filter((u) => u < g.n);
        if (!units.length) continue;
        const key = units.join() + "|" + painter._map.getZoom();
        let kept = paths.get(p.window);
        if (!kept || kept.key !== key || kept.level !== painter.level) paths.set(p.window, (kept = { key, level: painter.level, path: NS.around(g, painter.level, units) }));
        ctx.lineJoin = ctx.lineCap = "round";
        for (const [style, width] of [[s.theme.halo, 5], [p.color, 3]]) {
          ctx.strokeStyle = style;
          ctx.lineWidth = width * px;
          ctx.stroke(kept.path);
        }
        const box = g.boxOf(units);
        at.push([(box[0] + box[2]) / 2, box[1], many ? p.initials : p.name, p.color]);
      }
      ctx.save();
      ctx.setTransform(painter.dpr, 0, 0, painter.dpr, 0, 0);
      ctx.font = PIN;
      ctx.textBaseline = "middle";
      ctx.textAlign = "center";
      const place = (x, y) => [x * painter.scale - painter.origin.x - painter._bounds.min.x, y * painter.scale - painter.origin.y - painter._bounds.min.y];
      for (const [wx, wy, text, color] of at) {
        const [x, y] = place(wx, wy), w = ctx.measureText(text).width + 10;
        ctx.fillStyle = color;
        ctx.beginPath();
        ctx.roundRect(x - w / 2, y - 20, w, 16, 4);
        ctx.fill();
        ctx.fillStyle = "#fff";
        ctx.fillText(text, x, y - 11.5);
      }
      for (const [key, list] of c.pinned) mark(ctx, key, list.length, place, painter);
      ctx.restore();
    };
    function mark(ctx, key, n, place, painter) {
      let x, y;
      if (key[0] === "u") [x, y] = place(s.geo.x[+key.slice(1)], s.geo.y[+key.slice(1)]);
      else {
        const label = (s.labels || []).find((q) => q.code === +key.slice(1));
        if (!label) return;
        [x, y] = place(label.x, label.y);
        y -= 16;
      }
      const w = 20, h = 15;
      ctx.fillStyle = s.theme.label;
      ctx.strokeStyle = s.theme.halo;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.roundRect(x - w / 2, y - h - 5, w, h, 4);
      ctx.moveTo(x - 3, y - 5);
      ctx.lineTo(x, y);
      ctx.lineTo(x + 4, y - 5);
      ctx.stroke();
      ctx.fill();
      ctx.fillStyle = s.dark ? "#14171c" : "#fff";
      ctx.fillText(String(n), x, y - h / 2 - 4.5);
    }
    c.hasMarks = () => c.pinned.size > 0 || c.others().some((p) => (p.units || []).length);
    s.map.on("moveend", () => c.look());
    c.touchedAt = -1e9;
    const outer = window.parent.document, touched = () => { c.touchedAt = performance.now(); };
    for (const kind of ["pointerdown", "keydown"]) outer.addEventListener(kind, touched, true);
    window.addEventListener("pagehide", () => { for (const kind of ["pointerdown", "keydown"]) outer.removeEventListener(kind, touched, true); });
    return c;
  };
})();

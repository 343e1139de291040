// The card of what was clicked: a county with its load, its accounts and what a move of it would do, or one account.
// What this browser knows stands there at once and follows every edit; the rest is asked of the server by the line.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const LATER = 250; // ms after an edit until its effects are asked for anew

  NS.addInspect = function (s, stack) {
    const el = NS.el, part = (tag, name) => el(tag, { class: name });
    const box = el("section", { class: "terr-card terr-inspect", role: "region", "aria-label": "Details", tabindex: "-1", hidden: "" });
    const title = el("strong", {}), id = el("small", {}), close = el("button", { type: "button", class: "terr-close", title: "Close (Esc)", "aria-label": "Close" }, "×");
    const where = part("p", "terr-where"), load = part("p", "terr-load"), fields = part("dl", "terr-fields");
    const select = el("select", { "aria-label": "Move to" }), go = el("button", { type: "button", class: "main", text: "Move" });
    const effect = el("div", { class: "terr-effect", "aria-live": "polite" });
    const move = el("div", { class: "terr-move" }, el("label", { class: "terr-row" }, el("span", { text: "Move to" }), select, go), effect);
    const list = el("ul", { class: "terr-accounts", "aria-label": "Accounts" });
    const table = el("button", { type: "button" }), ofTerritory = el("button", { type: "button" });
    const foot = el("div", { class: "terr-row" }, table, ofTerritory);
    box.append(el("div", { class: "terr-title" }, title, id, close), where, load, fields, move, list, foot);
    stack.prepend(box);
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);

    const c = { box, unit: -1, row: -1, said: null };
    let asked = -1, shown = "", timer = 0;
    const plural = (n) => n.toLocaleString("en-US") + (n === 1 ? " account" : " accounts");
    const nameOf = (code) => (code < 0 ? "Unassigned" : (s.byCode.get(code) || { name: "Unassigned" }).name);

    c.open = (unit, focus) => start(unit, -1, focus);
    c.account = (row, focus) => start(-1, row, focus);
    function start(unit, row, focus) {
      Object.assign(c, { unit, row, said: null });
      shown = "";
      box.hidden = false;
      select.value = "";
      draw();
      ask();
      if (unit >= 0) s.company.touch([unit]);
      s.painter.hover();
      if (unit >= 0) uncover(unit);
      if (focus) box.focus({ preventScroll: true });
    }

    // What was clicked isn't to lie under its own card.
    function uncover(unit) {
      const p = s.map.latLngToContainerPoint(NS.lonLat(s.geo.x[unit], s.geo.y[unit])), right = stack.offsetLeft + box.offsetWidth + 24;
      if (p.x < right && s.map.getSize().x > 2 * right) s.map.panBy([p.x - right, 0]);
    }
    c.close = () => {
      if (box.hidden) return false;
      box.hidden = true;
      Object.assign(c, { unit: -1, row: -1, said: null });
      if (s.painter) s.painter.hover();
      if (box.contains(document.activeElement)) s.map.getContainer().focus({ preventScroll: true });
      return true;
    };

    function ask() {
      clearTimeout(timer);
      asked = s.line.send(c.row >= 0 ? { t: "card", row: c.row } : { t: "card", unit: c.unit }) ? s.rev : -1;
    }

    c.take = (m) => {
      if (box.hidden || (m.t === "card" ? m.unit !== c.unit || c.row >= 0 : m.row !== c.row)) return;
      c.said = m;
      if (m.t === "account" && m.unit >= 0) c.unit = m.unit;
      shown = "";
      draw();
      s.painter.hover();
    };

    function draw() {
      if (box.hidden || !s.geo) return;
      const u = c.unit, code = u < 0 ? -1 : s.codes[u], t = s.byCode.get(code), one = c.row >= 0, m = c.said;
      const now = JSON.stringify([u, c.row, code, t && [t.name, t.rep, t.locked, t.color], s.locked.has(u), s.have, s.readonly, m && m.rev, Boolean(m), s.territories.map((q) => [q.code, q.name])]);
      if (now === shown) return;
      shown = now;
      title.textContent = one ? (m ? m.name : "…") : s.geo.name[u];
      id.textContent = one ? "" : s.geo.id[u];
      const chip = part("span", "terr-chip");
      chip.style.backgroundColor = s.colorOf(code);
      const place = one && u >= 0 ? " · " + s.geo.name[u] : "";
      where.replaceChildren(...(u < 0 && one ? [m ? "Outside this plan's region" : ""] : [chip, " " + (t ? t.name + (t.rep ? " · " + t.rep : "") + (t.locked ? " (locked)" : "") : "Unassigned") + place + (u >= 0 && s.locked.has(u) ? " · Locked" : "")]));
      load.hidden = one || !s.values;
      if (!load.hidden) load.textContent = s.measure + " " + NS.short(s.values[u], s.symbol) + " · " + plural(m && !one ? m.count : s.accounts[u]);
      fields.hidden = !one;
      fields.replaceChildren(...(one && m ? m.fields.flatMap(([k, v]) => [el("dt", { text: k }), el("dd", { text: v })]) : []));
      drawMoves(one, m, code);
      drawList(one, m, t);
    }

    function drawMoves(one, m, code) {
      move.hidden = one;
      if (one) return;
      const before = select.value, to = m ? m.moves.filter((q) => q.to !== code && (q.to < 0 || s.byCode.has(q.to))) : [];
      const group = (label, some) => (some.length ? [el("optgroup", { label }, ...some.map((q) => el("option", { value: String(q.to), text: nameOf(q.to) })))] : []);
      select.replaceChildren(el("option", { value: "", text: m ? "Choose a territory" : "…" }), ...group("Next to it", to.filter((q) => q.near && q.to >= 0)), ...group("Others", to.filter((q) => !q.near || q.to < 0)));
      select.value = to.some((q) => String(q.to) === before) ? before : "";
      const why = s.readonly || (m && m.stuck) || "";
      select.disabled = Boolean(why);
      foresee(why);
    }

    // What the chosen move would do, before it is done.
    function foresee(why) {
      const m = c.said, q = m && m.moves && m.moves.find((k) => String(k.to) === select.value);
      go.disabled = !q || Boolean(why);
      go.title = why || "Move it to the chosen territory";
      effect.replaceChildren(...(why ? [el("p", { text: why })] : q ? [...q.says, m.money].map((text) => el("p", { text })) : []));
    }
    select.addEventListener("change", () => foresee(""));
    go.addEventListener("click", () => {
      const to = +select.value;
      select.value = "";
      s.give([c.unit], to);
    });

    // The list is made anew only for other accounts: a button that is being pressed must stay.
    let listed = "";
    function drawList(one, m, t) {
      const now = one || !m ? "" : JSON.stringify(m.accounts);
      list.hidden = !m || one || !m.accounts.length;
      if (now !== listed) list.replaceChildren(...(list.hidden ? [] : m.accounts.map((a) => {
        const b = el("button", { type: "button", title: "Open the account" }, el("span", { text: a.name }), el("small", { text: a.value }));
        b.addEventListener("click", () => c.account(a.row, true));
        return el("li", {}, b);
      })));
      listed = now;
      const n = m && !one ? m.count : 0;
      table.hidden = one ? c.unit < 0 : !n;
      table.textContent = one ? "Show " + (c.unit < 0 ? "" : s.geo.name[c.unit]) : "Show " + plural(n) + " as a table";
      ofTerritory.hidden = !t;
      ofTerritory.textContent = t ? "All accounts of " + t.name : "";
    }
    table.addEventListener("click", () => (c.row >= 0 ? c.open(c.unit, true) : s.push({ k: "accounts", unit: c.unit, to: -1 })));
    ofTerritory.addEventListener("click", () => s.push({ k: "accounts", unit: -1, to: s.codes[c.unit] }));
    close.addEventListener("click", c.close);
    box.addEventListener("keydown", (e) => { if (e.key === "Escape" && c.close()) e.stopPropagation(); });

    s.onChange(() => {
      if (box.hidden) return;
      draw();
      if (c.row >= 0 ? c.said : s.rev === asked) return;
      clearTimeout(timer);
      timer = setTimeout(ask, LATER);
    });
    return c;
  };
})();

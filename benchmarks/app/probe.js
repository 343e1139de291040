// Runs in the map's frame: finds counties that can be clicked and tells when a click's colour, chart and table are there.
// All times are of this frame's clock, so no clock is compared with another.
((SELECT) => {
  "use strict";
  const s = TerrMap.session, outer = window.parent.document;
  const nextFrame = (f) => requestAnimationFrame(() => { // after the frame's own callbacks have drawn
    const channel = new MessageChannel();
    channel.port1.onmessage = f;
    channel.port2.postMessage(0);
  });
  const hex = (d) => "#" + [d[0], d[1], d[2]].map((v) => v.toString(16).padStart(2, "0")).join("");

  // Colour of the map's canvas at a pixel of the map.
  function colour(x, y) {
    const canvas = s.painter.canvas, dpr = s.painter.dpr;
    const p = s.map.containerPointToLayerPoint([x, y]).subtract(L.DomUtil.getPosition(s.painter._container));
    return hex(s.painter.ctx.getImageData(Math.floor(p.x * dpr), Math.floor(p.y * dpr), 1, 1).data);
  }
  const wanted = (code) => s.colorOf(code).toLowerCase();

  // Counties not in `code`, of another colour, with accounts, whose middle shows their fill; nearest to `code` first.
  function candidates(code) {
    const g = s.geo, mine = [...s.codes.keys()].filter((u) => s.codes[u] === code);
    const cx = mine.reduce((a, u) => a + g.x[u], 0) / mine.length, cy = mine.reduce((a, u) => a + g.y[u], 0) / mine.length;
    const map = s.map.getContainer(), at = map.getBoundingClientRect(), size = s.map.getSize(), out = [];
    const frame = window.frameElement, edge = frame.getBoundingClientRect();
    for (let u = 0; u < g.n; u++) {
      if (s.codes[u] === code || s.isFixed(u) || s.fillOf(u).toLowerCase() === wanted(code)) continue;
      if (!s.accounts || !s.accounts[u]) continue;
      const p = s.map.latLngToContainerPoint(TerrMap.lonLat(g.x[u], g.y[u])), x = Math.round(p.x), y = Math.round(p.y);
      if (x < 2 || y < 2 || x > size.x - 2 || y > size.y - 2) continue;
      const hit = document.elementFromPoint(at.left + x, at.top + y);
      if (!hit || !map.contains(hit) || hit.closest(SELECT.overMap)) continue;
      const world = s.map.containerPointToLatLng([x + 0.5, y + 0.5]);
      if (g.at(TerrMap.worldX(world.lng), TerrMap.worldY(world.lat)) !== u) continue;
      if (colour(x, y) !== s.fillOf(u).toLowerCase()) continue;
      const far = (g.x[u] - cx) ** 2 + (g.y[u] - cy) ** 2;
      out.push({ u, x, y, far, pageX: edge.left + frame.clientLeft + at.left + x + 0.5, pageY: edge.top + frame.clientTop + at.top + y + 0.5 });
    }
    return out.sort((a, b) => a.far - b.far);
  }

  // What the page around the map shows now.
  const revision = () => { const m = /revision ([\d,]+)/.exec((outer.querySelector(SELECT.line) || {}).textContent || ""); return m ? +m[1].replace(/,/g, "") : -1; };
  const chart = () => { const svg = outer.querySelector(SELECT.chart); return svg ? svg.outerHTML : ""; };
  function table() { // a number that changes with the pixels of the first row below the header
    const canvas = outer.querySelector(SELECT.table);
    if (!canvas || !canvas.width) return 0;
    const unit = canvas.width / canvas.getBoundingClientRect().width;
    const data = canvas.getContext("2d").getImageData(0, Math.round(37 * unit), canvas.width, Math.round(32 * unit)).data;
    const words = new Uint32Array(data.buffer);
    let sum = 17;
    for (let i = 0; i < words.length; i++) sum = (Math.imul(sum, 31) + words[i]) | 0;
    return sum;
  }

  // Watches one click at a pixel; `probe.seen` fills up with milliseconds since the mousedown.
  function arm(x, y, code) {
    const before = { rev: +document.body.dataset.rev, revision: revision(), chart: chart(), table: table(), colour: colour(x, y) };
    const seen = (probe.seen = { before: before.colour });
    const goal = wanted(code);
    let start = 0;
    window.addEventListener("mousedown", (e) => { start = e.timeStamp; }, { capture: true, once: true });
    const note = (name, there) => { if (!(name in seen) && there()) seen[name] = performance.now() - start; };
    const look = () => {
      if (start) {
        note("colour", () => colour(x, y) === goal);
        note("map", () => +document.body.dataset.rev > before.rev);
        note("headline", () => revision() > before.revision);
        if ("headline" in seen) {
          note("chart", () => { const now = chart(); return now && now !== before.chart; });
          note("table", () => table() !== before.table);
        }
        seen.done = ["colour", "map", "headline", "chart", "table"].every((name) => name in seen);
      }
      if (!seen.done && probe.seen === seen) nextFrame(look);
    };
    nextFrame(look);
  }

  // --- the map alone ----------------------------------------------------------------------------------------
  // Where a click is measured: a unit in view with room around its middle, and a territory of another colour for it.
  function target(turn) {
    const g = s.geo, map = s.map.getContainer(), at = map.getBoundingClientRect(), size = s.map.getSize();
    const frame = window.frameElement, edge = frame.getBoundingClientRect();
    for (let tries = 0; tries < g.n; tries++) {
      const u = (turn * 7919 + tries * 104729) % g.n;
      const p = s.map.latLngToContainerPoint(TerrMap.lonLat(g.x[u], g.y[u])), x = Math.round(p.x), y = Math.round(p.y);
      if (x < 2 || y < 60 || x > size.x - 240 || y > size.y - 40 || s.isFixed(u)) continue;
      const hit = document.elementFromPoint(at.left + x, at.top + y);
      if (!hit || !map.contains(hit) || hit.closest(SELECT.overMap)) continue;
      const world = s.map.containerPointToLatLng([x + 0.5, y + 0.5]);
      if (g.at(TerrMap.worldX(world.lng), TerrMap.worldY(world.lat)) !== u || colour(x, y) !== s.fillOf(u).toLowerCase()) continue;
      const other = s.territories.find((t) => t.color.toLowerCase() !== s.fillOf(u).toLowerCase() && !t.locked);
      s.choose(other.code);
      return { u, x, y, code: other.code, pageX: edge.left + frame.clientLeft + at.left + x + 0.5, pageY: edge.top + frame.clientTop + at.top + y + 0.5 };
    }
    throw new Error("no unit on this screen can be clicked");
  }

  function armColour(x, y, code) {
    const seen = (probe.seen = {}), goal = wanted(code), was = colour(x, y);
    let start = 0;
    window.addEventListener("mousedown", (e) => { start = e.timeStamp; }, { capture: true, once: true });
    const look = () => {
      const now = start && colour(x, y);
      if (start && now !== was) seen.colour = performance.now() - start; // the outline under the pointer lies on a canvas of its own
      else if (probe.seen === seen) nextFrame(look);
    };
    seen.goal = goal;
    nextFrame(look);
  }

  // A circle around the middle of the view that holds about so many units, as points of the page.
  function ring(units) {
    const g = s.geo, size = s.map.getSize(), frame = window.frameElement.getBoundingClientRect(), cx = size.x * 0.42, cy = size.y * 0.55;
    let r = 20;
    const inside = () => { let n = 0; for (let u = 0; u < g.n; u++) { const p = s.map.latLngToContainerPoint(TerrMap.lonLat(g.x[u], g.y[u])); if (Math.hypot(p.x - cx, p.y - cy) < r) n++; } return n; };
    while (r < size.y * 0.4 && inside() < units) r += 8;
    return Array.from({ length: 60 }, (_, i) => [frame.left + cx + r * Math.cos((i / 60) * 2 * Math.PI), frame.top + cy + r * Math.sin((i / 60) * 2 * Math.PI)]);
  }

  function armLasso() {
    const seen = (probe.seen = {}), before = s.codes.slice();
    let start = 0;
    window.addEventListener("mouseup", (e) => { start = e.timeStamp; }, { capture: true, once: true });
    let drawn = s.shading.version;
    const look = () => {
      if (start && s.shading.version !== drawn && !s.painter.frame) {
        s.painter.ctx.getImageData(0, 0, 1, 1); // until what was drawn is on the canvas
        seen.taken = before.reduce((n, c, u) => n + (c !== s.codes[u]), 0);
        seen.colour = performance.now() - start;
      } else if (probe.seen === seen) nextFrame(look);
    };
    nextFrame(look);
  }

  // Times between frames while `on`.
  let recording = false;
  function record(on) {
    recording = on;
    if (!on) return;
    let last = 0;
    probe.frames = [];
    const tick = (now) => { if (last) probe.frames.push(now - last); last = now; if (recording) requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
  }

  const probe = (window.terrProbe = { target, armColour, ring, armLasso, record, frames: [], candidates, colour, wanted, arm, seen: {} });
})

// Runs in the map's frame: an edit a second of one unit, and when others' edits are on the canvas, charts and tables.
([u, codes, begin, seconds]) => {
  const s = TerrMap.session, log = (window.terrLog = { edits: [], news: [], panels: [] });
  const took = s.takeNews.bind(s), acked = s.takeAck.bind(s), synced = s.sync.bind(s);
  const drawn = (f) => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = f; c.port2.postMessage(0); });
  s.takeNews = (m) => { took(m); drawn(() => log.news.push([s.rev, Date.now() / 1000])); };
  s.takeAck = (m) => { acked(m); for (const e of log.edits) if (e[0] <= m.n && !e[2]) { e[2] = Date.now() / 1000; e[3] = m.rev; } };
  s.sync = (p) => { synced(p); drawn(() => log.panels.push([p.rev, Date.now() / 1000])); };
  let figures = -1; // where many work, the figures around the map are drawn without it
  setInterval(() => {
    const shown = window.parent.document.querySelector(".terr-figures"), rev = shown ? Number(shown.dataset.rev) : -1;
    if (rev > figures) { figures = rev; log.panels.push([rev, Date.now() / 1000]); }
  }, 50);
  let turn = 0;
  const one = () => {
    if (Date.now() / 1000 > begin + seconds) return;
    const to = codes[++turn % 2];
    log.edits.push([s.edits.made + 1, Date.now() / 1000, 0, 0]);
    s.give([u], to);
    setTimeout(one, 1000);
  };
  setTimeout(one, 1000 * (begin - Date.now() / 1000 + Math.random()));
}

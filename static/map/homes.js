// Homes of reps: a small house each, with a line to the center of every territory its rep covers.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const SIZE = 8; // pixels from the middle of a house to its wall

  class Homes {
    // told: homes, each with lat, lon, name, lines, label, far, codes and to (see `map_homes`), and note, from the server.
    constructor(told) {
      this.note = told.note;
      this.list = told.homes.map((h) => ({ ...h, x: NS.worldX(h.lon), y: NS.worldY(h.lat), ends: h.to.map(([lat, lon, far]) => [NS.worldX(lon), NS.worldY(lat), far]) }));
    }

    // A home and the centers of its territories.
    boxOf(h) {
      const xs = [h.x, ...h.ends.map((q) => q[0])], ys = [h.y, ...h.ends.map((q) => q[1])];
      const least = h.ends.length ? 0 : 0.3; // of the world's 256: a home alone is shown with what lies around it
      return [Math.min(...xs) - least, Math.min(...ys) - least, Math.max(...xs) + least, Math.max(...ys) + least];
    }

    draw(ctx, s, px) {
      for (const h of this.list) {
        for (const [x, y, far] of h.ends) {
          for (const [style, width] of [[s.theme.halo, 4], [s.theme.label, 1.6]]) {
            ctx.setLineDash(far ? [6 * px, 5 * px] : []);
            ctx.strokeStyle = style;
            ctx.lineWidth = width * px;
            ctx.beginPath();
            ctx.moveTo(h.x, h.y);
            ctx.lineTo(x, y);
            ctx.stroke();
          }
          ctx.setLineDash([]);
          ctx.fillStyle = s.theme.label;
          ctx.beginPath();
          ctx.arc(x, y, 3 * px, 0, 7);
          ctx.fill();
        }
      }
      for (const h of this.list) this._house(ctx, s, h, px);
    }

    // In the color of what the rep covers; one far away has a mark of exclamation, as color alone doesn't say it.
    _house(ctx, s, h, px) {
      const t = s.byCode.get(h.codes[0]), a = SIZE * px;
      ctx.beginPath();
      ctx.moveTo(h.x - a, h.y + a);
      ctx.lineTo(h.x - a, h.y - 0.2 * a);
      ctx.lineTo(h.x, h.y - 1.3 * a);
      ctx.lineTo(h.x + a, h.y - 0.2 * a);
      ctx.lineTo(h.x + a, h.y + a);
      ctx.closePath();
      ctx.strokeStyle = s.theme.halo;
      ctx.lineWidth = 5 * px;
      ctx.stroke();
      ctx.fillStyle = !t ? s.theme.free : s.shading.mode === "rep" ? t.rep_color : t.color;
      ctx.fill();
      ctx.strokeStyle = ctx.fillStyle = s.theme.label;
      ctx.lineWidth = 1.8 * px;
      ctx.stroke();
      if (!h.far) return;
      ctx.fillRect(h.x - px, h.y - 0.6 * a, 2 * px, 0.85 * a);
      ctx.fillRect(h.x - px, h.y + 0.45 * a, 2 * px, 2 * px);
    }

    // What the homes under a world point say, line by line; nothing if none is there.
    under(x, y, px) {
      const found = this.list.filter((h) => Math.abs(h.x - x) < (SIZE + 2) * px && Math.abs(h.y - y) < (SIZE + 4) * px);
      const lines = found.slice(0, 4).flatMap((h) => [h.name, ...h.lines]);
      return found.length > 4 ? [...lines, found.length - 4 + " more homes here; zoom in to see each"] : lines;
    }
  }

  NS.Homes = Homes;
})();

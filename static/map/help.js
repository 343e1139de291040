// The keys of the map, listed when somebody asks for them.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  // groups: [title, [[keys, what they do], ...]]
  NS.addHelp = function (box, groups) {
    const el = NS.el;
    const close = el("button", { type: "button", class: "terr-close", title: "Close (Esc)", "aria-label": "Close" }, "×");
    const dialog = el("dialog", { class: "terr-ui terr-help", "aria-label": "Keyboard shortcuts" }, el("div", { class: "terr-title" }, el("strong", { text: "Keyboard shortcuts" }), close));
    for (const [title, rows] of groups) {
      dialog.append(el("h2", { text: title }), el("dl", {}, ...rows.flatMap(([keys, what]) => [el("dt", {}, ...keys.split(" ").map((k) => el("kbd", { text: k }))), el("dd", { text: what })])));
    }
    box.append(dialog);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); }); // beside it
    L.DomEvent.disableClickPropagation(dialog);
    L.DomEvent.disableScrollPropagation(dialog);
    return { open: () => { window.focus(); if (!dialog.open) dialog.showModal(); }, isOpen: () => dialog.open };
  };
})();

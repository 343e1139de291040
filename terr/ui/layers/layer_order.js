// A list whose rows are dragged up and down. Rows without an id stay where they are. Text is set as text, never as HTML.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const list = parentElement.querySelector('ol');
  const line = (cells, mark) => {
    const row = document.createElement('li');
    for (const text of [mark, ...cells]) {
      const cell = document.createElement('span');
      cell.textContent = text;
      cell.title = text;
      row.append(cell);
    }
    return row;
  };
  const rows = data.rows.map((one) => {
    const row = line(one.cells, one.id === null ? '' : '\u2807');
    if (one.id !== null) row.dataset.id = one.id;
    return row;
  });
  const head = line(data.head, '');
  head.className = 'head';
  list.replaceChildren(head, ...rows);

  const order = () => [...list.querySelectorAll('li[data-id]')].map((row) => Number(row.dataset.id));
  let held = null, before = '';
  list.onpointerdown = (event) => {
    const row = event.target.closest('li[data-id]');
    if (!row || event.button) return;
    event.preventDefault();
    held = row;
    before = order().join();
    row.classList.add('held');
    list.setPointerCapture(event.pointerId);
  };
  list.onpointermove = (event) => {
    if (!held) return;
    for (const row of list.querySelectorAll('li[data-id]')) {
      const box = row.getBoundingClientRect();
      if (row === held || event.clientY < box.top || event.clientY > box.bottom) continue;
      if (event.clientY < box.top + box.height / 2) row.before(held);
      else row.after(held);
      break;
    }
  };
  const drop = () => {
    if (!held) return;
    held.classList.remove('held');
    held = null;
    if (order().join() !== before) setTriggerValue('order', order());
  };
  list.onpointerup = drop;
  list.onpointercancel = drop;
}

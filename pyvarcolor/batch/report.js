/* A click on the head of a column sorts its table: numbers by value, the largest first, and words by the alphabet. */
(function () {
  const alphabet = new Intl.Collator(undefined, { numeric: true });
  const byWords = (one, other) => alphabet.compare(one, other);
  const byValue = (one, other) => (one === other ? 0 : one - other);

  function valueOf(cell) {
    const value = Number(cell.dataset.value);
    return Number.isNaN(value) ? Infinity : value;
  }

  function sort(head) {
    const numeric = head.classList.contains('number');
    const first = numeric ? 'descending' : 'ascending';
    const second = numeric ? 'ascending' : 'descending';
    const order = head.getAttribute('aria-sort') === first ? second : first;
    const sign = order === 'ascending' ? 1 : -1;
    const key = numeric ? valueOf : (cell) => cell.textContent;
    const compare = numeric ? byValue : byWords;

    const body = head.closest('table').tBodies[0];
    const rows = Array.from(body.rows, (row) => [key(row.cells[head.cellIndex]), row]);
    rows.sort((one, other) => sign * compare(one[0], other[0]));
    body.append(...rows.map((row) => row[1]));
    for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', order);
  }

  for (const button of document.querySelectorAll('th button')) {
    button.addEventListener('click', () => sort(button.parentNode));
  }
})();

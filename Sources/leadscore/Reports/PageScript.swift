/// What the page's table can do in a browser with scripts. It is constant: no data is part of it.
enum PageScript {
  /// The address's end sets the same things as the controls: `#sort=-change&filter=owner&show=entering`.
  static let text = """
    (function () {
      'use strict';
      var table = document.getElementById('lead-table');
      if (!table) { return; }
      var byId = function (id) { return document.getElementById(id); };
      var body = table.tBodies[0];
      var heads = Array.from(table.tHead.rows[0].cells);
      var keys = heads.map(function (head) { return head.dataset.k; });
      var numeric = { before: true, after: true, change: true };
      var step = 500;
      var state = { sort: '', filter: '', show: '', limit: 100 };
      var rows = Array.from(body.rows).map(function (row, index) {
        return { row: row, index: index, text: row.textContent.toLowerCase(), kinds: row.dataset.m || '' };
      });
      var amount = function (text) { return parseFloat(text.replace(/,/g, '').replace('\\u2212', '-')); };
      var value = function (entry, key) {
        if (key === 'stage') { return Number(entry.row.dataset.s); }
        var text = entry.row.cells[keys.indexOf(key)].textContent;
        return numeric[key] ? amount(text) : text.toLowerCase();
      };
      var shows = function (entry) {
        if (state.show === 'stage') { return entry.kinds.includes('s'); }
        if (state.show === 'entering') { return entry.kinds.includes('e'); }
        if (state.show === 'leaving') { return entry.kinds.includes('l'); }
        if (state.show === 'up') { return value(entry, 'change') > 0; }
        if (state.show === 'down') { return value(entry, 'change') < 0; }
        return true;
      };

      heads.forEach(function (head) {
        var button = document.createElement('button');
        button.type = 'button';
        button.textContent = head.textContent;
        head.textContent = '';
        head.appendChild(button);
        button.addEventListener('click', function () {
          var key = head.dataset.k;
          var first = numeric[key] || key === 'stage' ? '-' + key : key;
          var second = first === key ? '-' + key : key;
          state.sort = state.sort === first ? second : state.sort === second ? '' : first;
          changed();
        });
      });

      function draw() {
        var falling = state.sort.charAt(0) === '-';
        var key = falling ? state.sort.slice(1) : state.sort;
        if (keys.indexOf(key) < 0) { key = ''; }
        var words = state.filter.toLowerCase().split(/\\s+/).filter(Boolean);
        var found = rows.filter(function (entry) {
          return shows(entry) && words.every(function (word) { return entry.text.includes(word); });
        });
        if (key) {
          found.forEach(function (entry) { entry.value = value(entry, key); });
          found.sort(function (a, b) {
            if (a.value === b.value) { return a.index - b.index; }
            return (a.value < b.value) === falling ? 1 : -1;
          });
        }
        body.replaceChildren.apply(body, found.slice(0, state.limit).map(function (entry) { return entry.row; }));
        heads.forEach(function (head) {
          if (head.dataset.k === key) {
            head.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
          } else {
            head.removeAttribute('aria-sort');
          }
        });
        var count = function (number) { return number.toLocaleString('en-US'); };
        var shown = Math.min(found.length, state.limit);
        byId('lead-status').textContent = found.length === 0 ? 'No lead fits.' :
          (shown < found.length ? count(shown) + ' of ' : '') + count(found.length) +
          (found.length < rows.length ? ' found among ' + count(rows.length) : found.length === 1 ? ' lead' : ' leads');
        byId('lead-more').hidden = shown === found.length;
        byId('lead-next').hidden = found.length - shown <= step;
        byId('lead-all').textContent = 'Show all ' + count(found.length);
      }

      function readAddress() {
        var parts = new URLSearchParams(location.hash.slice(1));
        if (!['sort', 'filter', 'show'].some(function (name) { return parts.has(name); })) { return; }
        state.sort = parts.get('sort') || '';
        state.filter = parts.get('filter') || '';
        state.show = parts.get('show') || '';
        byId('lead-filter').value = state.filter;
        byId('lead-show').value = state.show;
        draw();
        byId('leads').scrollIntoView({ behavior: 'instant' });
      }

      function changed() {
        state.limit = 100;
        draw();
        var parts = new URLSearchParams();
        ['sort', 'filter', 'show'].forEach(function (name) { if (state[name]) { parts.set(name, state[name]); } });
        try {
          history.replaceState(null, '', '#' + (parts.toString() || 'leads'));
        } catch (error) {
          // Some viewers of mails forbid it; the table works all the same.
        }
      }

      byId('lead-controls').hidden = false;
      byId('lead-controls').addEventListener('submit', function (event) { event.preventDefault(); });
      byId('lead-filter').addEventListener('input', function (event) { state.filter = event.target.value; changed(); });
      byId('lead-show').addEventListener('change', function (event) { state.show = event.target.value; changed(); });
      byId('lead-next').addEventListener('click', function () { state.limit += step; draw(); });
      byId('lead-all').addEventListener('click', function () { state.limit = rows.length; draw(); });
      addEventListener('hashchange', readAddress);
      draw();
      readAddress();
    })();
    """
}

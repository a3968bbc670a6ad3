
/* The canvas fills the page, the brush is not lost at its edge, and the browser leaves the tool's keys alone. */
(function () {
  const page = mpl.figure.prototype;
  const style = document.createElement('style');
  style.textContent =
    'html, body { background: #262628; overflow: hidden } #figure, #figures { margin: 0 !important }' +
    '.stroke-tool { width: 100vw !important; height: 100vh !important; border: 0 !important; resize: none !important }' +
    '.gone { position: fixed; inset: 0; z-index: 9; display: grid; place-items: center; color: #e8e8e8;' +
    '  background: #262628e0; font: 16px sans-serif }';
  document.head.appendChild(style);

  page._init_header = function () {
    this.header = document.createElement('span');
    this.ws.onclose = function () {
      const words = document.createElement('div');
      words.className = 'gone';
      words.textContent = 'The stroke tool was closed. If it still runs, reload this page to go on.';
      document.body.appendChild(words);
    };
  };
  page._init_toolbar = function () {
    this.buttons = {};
    this.message = document.createElement('span');
  };
  page.handle_figure_label = function (_figure, message) {
    document.title = message.label;
  };

  page._canvas_extra_style = function (div) {
    let turned = 0;
    div.classList.add('stroke-tool');
    div.addEventListener('pointerdown', (event) => div.setPointerCapture(event.pointerId));
    div.addEventListener('dblclick', (event) => event.stopImmediatePropagation()); // two presses came before it
    div.addEventListener('wheel', function (event) { // a touchpad sends many small turns
      event.preventDefault();
      turned += event.deltaY * (event.deltaMode ? 20 : 1);
      if (Math.abs(turned) < 40) event.stopImmediatePropagation();
      else turned = 0;
    }, { passive: false });
    div.addEventListener('keydown', function (event) {
      const others = event.altKey || event.metaKey || /^F([2-9]|1[0-2])$/.test(event.key);
      if (!others && (!event.ctrlKey || /^[osyz]$/i.test(event.key))) event.preventDefault();
    });
  };

  const resized = page.handle_resize;
  page.handle_resize = function (figure, message) {
    if (message.forward) { // a new page: tell its own size instead
      figure.resizeObserverInstance.unobserve(figure.canvas_div);
      figure.resizeObserverInstance.observe(figure.canvas_div);
    } else resized(figure, message);
  };

  page.updated_canvas_event = function () { // the frame is shown when it is decoded, not when it has come
    this.imageObj.addEventListener('load', () => this.send_message('ack', {}), { once: true });
  };
})();

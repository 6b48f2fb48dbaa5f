// Takes the waiting sentence away when the results are there, says so when the page has lost its kernel, and keeps
// the question that is looked at in the address, so that reloading shows it again.
"use strict";
(function () {
  const SLOW = 45000, LOST = 10000, LOOK = 1000; // milliseconds
  const BASE = new URL("..", document.currentScript.src).pathname;
  const started = Date.now();
  let lostSince = null;

  function cut() {
    document.getElementById("panne").hidden = false;
    document.getElementById("attente")?.remove();
    clearInterval(timer);
  }

  // A connection may come back; a kernel that the server no longer knows will not.
  async function ask(kernel) {
    const answer = await fetch(`${BASE}api/kernels/${kernel.id}`).catch(() => null);
    if (answer && !answer.ok) cut();
  }

  // ipywidgets does not say what its radio buttons are about.
  function nameChoice() {
    const choice = document.querySelector(".de-pres .widget-radio-box");
    choice?.setAttribute("role", "radiogroup");
    choice?.setAttribute("aria-labelledby", "de-plus-pres");
  }

  function look() {
    nameChoice();
    const kernel = window.jupyterapp?.widgetManager?.kernel;
    if (!kernel) return Date.now() - started > SLOW && cut();
    if (kernel.isDisposed || kernel.status === "dead" || kernel.connectionStatus === "disconnected") return cut();
    if (kernel.connectionStatus === "connected") return (lostSince = null);
    lostSince = lostSince ?? Date.now();
    if (Date.now() - lostSince > LOST) return cut();
    ask(kernel);
  }

  const timer = setInterval(look, LOOK);
  const arrival = new MutationObserver(() => {
    if (!document.querySelector("#contenu .jupyter-widgets *")) return;
    document.getElementById("attente")?.remove();
    arrival.disconnect();
  });
  arrival.observe(document.documentElement, { childList: true, subtree: true });
  function keepDetail() {
    const marked = document.querySelector('#contenu [class*="choix--"]');
    if (!marked) return;
    const name = marked.className.match(/choix--(\w*)/)[1];
    const query = name ? `?detail=${name}` : "";
    if (query !== location.search) history.replaceState(null, "", location.pathname + query);
  }
  const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] };
  new MutationObserver(keepDetail).observe(document.documentElement, changes);

  document.getElementById("recharger").addEventListener("click", () => location.reload());
  window.addEventListener("beforeunload", () => clearInterval(timer));
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
})();

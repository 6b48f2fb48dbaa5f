// Puts the living choice in the place of the links that stand for it, says so when the page has lost its kernel, and
// keeps the question that is looked at in the address, so that reloading shows it again.
"use strict";
(function () {
  const SLOW = 45000, LOST = 10000, LOOK = 1000; // milliseconds
  const BASE = new URL("..", document.currentScript.src).pathname;
  const started = Date.now();
  const links = document.getElementById("choix"), live = document.getElementById("vivant");
  let lostSince = null;

  function cut() {
    document.getElementById("panne").hidden = false;
    clearInterval(timer);
  }

  // A connection may come back; a kernel that the server no longer knows will not.
  async function ask(kernel) {
    const answer = await fetch(`${BASE}api/kernels/${kernel.id}`).catch(() => null);
    if (answer && !answer.ok) cut();
  }

  function look() {
    const kernel = window.jupyterapp?.widgetManager?.kernel;
    if (!kernel) return Date.now() - started > SLOW && cut();
    if (kernel.isDisposed || kernel.status === "dead" || kernel.connectionStatus === "disconnected") return cut();
    if (kernel.connectionStatus === "connected") return (lostSince = null);
    lostSince = lostSince ?? Date.now();
    if (Date.now() - lostSince > LOST) return cut();
    ask(kernel);
  }

  // All of it at once, when it is whole: nothing is seen twice, and nothing moves.
  function replaceLinks() {
    const choice = live.querySelector(".widget-radio-box:has(input)");
    if (!links.isConnected || !choice || !live.querySelector(".widget-html-content *")) return;
    choice.setAttribute("role", "radiogroup"); // ipywidgets does not say what its radio buttons are about
    choice.setAttribute("aria-labelledby", "de-plus-pres");
    const focused = links.contains(document.activeElement);
    links.remove();
    if (focused) choice.querySelector("input:checked")?.focus();
  }

  function keepDetail() {
    const marked = live.querySelector('[class*="choix--"]');
    if (!marked) return;
    const name = marked.className.match(/choix--(\w*)/)[1];
    const query = name ? `?detail=${name}` : "";
    if (query !== location.search) history.replaceState(null, "", location.pathname + query);
  }

  let timer = null;
  if (live) {
    links.after(live);
    const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] };
    new MutationObserver(() => (replaceLinks(), keepDetail())).observe(live, changes);
    timer = setInterval(look, LOOK);
  }
  document.getElementById("recharger").addEventListener("click", () => location.reload());
  window.addEventListener("beforeunload", () => clearInterval(timer));
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
})();

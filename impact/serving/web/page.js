// Takes the waiting sentence away when the results are there, and says so when the page has lost its kernel.
"use strict";
(function () {
  const SLOW = 45000, LOST = 20000, LOOK = 1000; // milliseconds
  const started = Date.now();
  let lostSince = null;

  function cut() {
    document.getElementById("panne").hidden = false;
    document.getElementById("attente")?.remove();
    clearInterval(timer);
  }

  // A connection may come back; a kernel that the server no longer knows will not.
  async function ask(kernel) {
    const answer = await fetch(`/api/kernels/${kernel.id}`).catch(() => null);
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
  document.getElementById("recharger").addEventListener("click", () => location.reload());
  window.addEventListener("beforeunload", () => clearInterval(timer));
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
})();

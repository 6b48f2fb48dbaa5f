// Moves the link's token from the address, where it would stay in the browser's history, to the form.
"use strict";
(function () {
  const field = document.getElementById("jeton");

  function take() {
    field.value = location.hash.slice(1) || field.value;
    history.replaceState(null, "", location.pathname);
    document.getElementById("incomplet").hidden = Boolean(field.value);
    document.getElementById("entree").hidden = !field.value;
  }
  window.addEventListener("hashchange", () => location.hash && take());
  take();
})();

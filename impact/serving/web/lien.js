// Moves the link's token from the address, where it would stay in the browser's history, to the form.
"use strict";
(function () {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.getElementById("jeton").value = token;
  document.getElementById("incomplet").hidden = Boolean(token);
  document.getElementById("entree").hidden = !token;
})();

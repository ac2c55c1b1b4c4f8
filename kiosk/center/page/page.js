// Asks for the page again every five seconds and puts its main part in place
// of the one shown. When the center doesn't answer, the last figures stay and
// a line says so.
"use strict";
const away = document.getElementById("away");
async function renew() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("live").replaceWith(document.adoptNode(page.getElementById("live")));
    away.hidden = true;
  } catch {
    away.hidden = false;
  }
  setTimeout(renew, 5000);
}
setTimeout(renew, 5000);

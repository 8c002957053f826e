"use strict";
// Counts the time left and hides what is not looked for. It reads the page's own text and writes text only.
(() => {
  const one = (id) => document.getElementById(id);
  const clock = one("clock");

  function tick() {
    const deadline = Date.parse(clock.dataset.deadline), begun = Date.parse(clock.dataset.begun);
    const seconds = Math.floor((deadline - Date.now()) / 1000), span = Math.abs(seconds);
    const days = Math.floor(span / 86400), hours = Math.floor(span / 3600) % 24, minutes = Math.floor(span / 60) % 60;
    const length = days ? `${days} 天 ${hours} 小时` : `${hours} 小时 ${minutes} 分`;
    one("left").textContent = (seconds >= 0 ? "还有 " : "已截止 ") + length;
    one("until").hidden = false;
    if (begun < deadline) {
      const gone = Math.min(1, Math.max(0, (Date.now() - begun) / (deadline - begun)));
      one("gone").setAttribute("width", `${(100 * gone).toFixed(1)}%`);
      one("elapsed").removeAttribute("hidden");
    }
    clock.classList.toggle("near", seconds >= 0 && seconds < 3 * 86400);
    clock.classList.toggle("over", seconds < 0);
  }
  tick();
  setInterval(tick, 30000);

  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const rows = [...document.querySelectorAll("[data-find]")].map((element) => ({element, text: fold(element.textContent)}));
  const groups = [...document.querySelectorAll("[data-group]")];
  const buttons = [...document.querySelectorAll("[data-show]")];
  const search = one("search");
  let shown = "";

  function sift() {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    for (const row of rows) row.element.hidden = !words.every((word) => row.text.includes(word));
    let universities = 0;
    for (const group of groups) {
      const left = group.querySelectorAll("[data-find]:not([hidden])").length;
      group.hidden = (shown !== "" && group.dataset.group !== shown) || left === 0;
      if (!group.hidden) universities += left;
    }
    for (const list of document.querySelectorAll("#problems .card, #mails .card")) {
      list.hidden = words.length > 0 && !list.querySelector("[data-find]:not([hidden])");
    }
    one("progress").hidden = words.length > 0;
    one("found").textContent = words.length || shown ? `符合的 ${universities} 所` : "";
    for (const name of ["problems", "mails"]) {
      one(name).hidden = words.length > 0 && !one(name).querySelector("[data-find]:not([hidden])");
    }
    one("universities").hidden = words.length > 0 && universities === 0;
    one("nothing").hidden = words.length === 0 || rows.some((row) => !row.element.hidden);
  }
  search.addEventListener("input", sift);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      shown = button.dataset.show;
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      sift();
    });
  }
  one("states").hidden = false;

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      sift();
      search.blur();
    }
  });

  // A link to a university opens it, whatever is hidden at the moment.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && target.closest("details");
    if (!details) return;
    search.value = "";
    buttons[0].click();
    details.open = true;
    details.scrollIntoView({block: "center"});
  }
  addEventListener("hashchange", reveal);
  reveal();
  sift();
})();

"use strict";
const search = document.querySelector("#search");
const hits = document.querySelector("#hits");
const fold = (text) => text.normalize("NFKC").toLowerCase();

const ages = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
for (const time of document.querySelectorAll("time")) {
  const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, length]) => Math.abs(seconds) >= length)
    || ["minute", 60];
  const age = document.createElement("small");
  age.textContent = ages.format(Math.trunc(seconds / length), unit);
  time.after(" ", age);
}

if (search) {
  const rows = [...document.querySelectorAll(".report")].map((row) => [row, fold(row.innerText)]);
  const filter = () => {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    hits.textContent = words.length ? hits.dataset.told.replace("{shown}", shown) : "";
  };
  search.closest("[hidden]").hidden = false;
  search.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== search && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape" && event.target === search) {
      search.value = "";
      filter();
    }
  });
  filter();
}

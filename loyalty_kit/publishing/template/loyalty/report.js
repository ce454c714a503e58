"use strict";
const button = document.querySelector("#page-code");
const contents = document.querySelector("#page-contents");
const wide = matchMedia("(min-width: 72rem)");

button.hidden = !document.querySelector(".code");
button.addEventListener("click", () => {
  const shown = document.documentElement.classList.toggle("code-shown");
  button.setAttribute("aria-pressed", String(shown));
});

if (contents) {
  const fit = () => { contents.open = wide.matches; };
  fit();
  wide.addEventListener("change", fit);
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a")) fit();
  });
}

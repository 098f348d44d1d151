"use strict";
document.documentElement.classList.add("scripted");
const said = document.getElementById("said");

function tell(button, word) {
  said.textContent = word;
  button.textContent = word;
  setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2000);
}

function copied(text) {
  // without a secure context there is no clipboard; a selection can still be copied
  if (navigator.clipboard && window.isSecureContext) {
    return navigator.clipboard.writeText(text).catch(() => selected(text));
  }
  return selected(text);
}

function selected(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  area.className = "hidden";
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before) before.focus();
  return done ? Promise.resolve() : Promise.reject(new Error("not copied"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy) {
    const text = document.getElementById(button.dataset.copy).textContent;
    copied(text).then(() => tell(button, "Copied"), () => tell(button, "Not copied"));
  } else if (button.dataset.all) {
    for (const each of document.querySelectorAll("details.finding")) {
      each.open = button.dataset.all === "open";
    }
  }
});

function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = target; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
  }
  if (target && target.tagName === "DETAILS") target.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();

let shut = [];
addEventListener("beforeprint", () => {
  shut = [...document.querySelectorAll("details.finding:not([open])")];
  for (const each of shut) each.open = true;
});
addEventListener("afterprint", () => { for (const each of shut) each.open = false; });

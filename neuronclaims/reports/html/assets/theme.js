/* Light or dark as the reader's system says, or as the reader says here; paper is always light. */
"use strict";
document.documentElement.classList.remove("loading");
const theme = (() => {
  const style = document.getElementById("dark");
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const media = { dark: "screen", light: "not all", "": "screen and (prefers-color-scheme: dark)" };
  const listeners = [];
  let chosen = "";
  const remember = (value) => { try { localStorage.setItem("neuronclaims-theme", value); } catch { /* not kept */ } };
  const remembered = () => { try { return localStorage.getItem("neuronclaims-theme") || ""; } catch { return ""; } };
  const dark = () => (chosen ? chosen === "dark" : system.matches);
  const show = () => {
    style.media = media[chosen];
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Switch to light colours" : "Switch to dark colours");
    listeners.forEach((listener) => listener());
  };
  button.hidden = false;
  button.addEventListener("click", () => { chosen = dark() ? "light" : "dark"; remember(chosen); show(); });
  system.addEventListener("change", show);
  chosen = remembered() in media ? remembered() : "";
  show();
  return {
    onchange: (listener) => listeners.push(listener),
    colour: (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(),
    paper: (on) => { style.media = on ? "not all" : media[chosen]; },
  };
})();

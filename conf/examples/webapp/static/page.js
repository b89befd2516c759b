// SPDX-License-Identifier: MIT
// Countdowns, and a button that shows a password. All pages work without this file: the times
// are then those of when the page was loaded, and otpd refuses what comes too early.
"use strict";
const clock = (s) => s >= 7200 ? Math.ceil(s / 3600) + " hours"
  : Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
const spoken = document.getElementById("spoken");
const loaded = Date.now();

// A reader of the page aloud hears of the time now and then, not every second.
const SPOKEN = [300, 60, 30, 10];

for (const count of document.querySelectorAll(".countdown")) {
  const all = Number(count.dataset.seconds);
  const line = count.closest("p");
  const bar = line.id && document.querySelector(`[data-follows="${line.id}"]`);
  const button = line.id && document.querySelector(`[data-waits-for="${line.id}"]`);
  let said = all;
  const tick = () => {
    // From the clock, since tabs in the background and sleeping machines miss ticks.
    const left = Math.max(0, all - Math.floor((Date.now() - loaded) / 1000));
    count.textContent = clock(left);
    if (bar) bar.value = left;
    if (button) button.disabled = left > 0;
    const due = SPOKEN.find((s) => left <= s && s < said);
    if (due && left > 0) {
      said = due;
      spoken.textContent = line.textContent.replace(/\s+/g, " ").trim();
    }
    if (left > 0) return;
    clearInterval(timer);
    if (line.dataset.over) line.textContent = spoken.textContent = line.dataset.over;
    else line.hidden = true;
  };
  const timer = setInterval(tick, 250);
  tick();
}

for (const input of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", input.id);
  button.setAttribute("aria-label", "Show the password");
  button.addEventListener("click", () => show(input.type === "password"));
  input.form.addEventListener("submit", () => show(false)); // or browsers keep it as a text
  input.after(button);
  show(false);
}

// Niceties: every page reads and downloads without them.
"use strict";

// Times in the reader's own zone and language.
for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.getTime())) continue;
  time.title = time.textContent;
  time.textContent = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

// Copying the link; the field itself stays for where the clipboard is closed to pages.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const status = button.closest("section").querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    let copied = false;
    try {
      await navigator.clipboard.writeText(field.value);
      copied = true;
    } catch {
      field.select();
      copied = document.execCommand("copy");
    }
    status.textContent = copied ? "Copied." : "The link is selected: copy it with your keyboard.";
    if (copied) setTimeout(() => (status.textContent = ""), 4000);
  });
  field.addEventListener("focus", () => field.select());
}

// An image as large as it is, and back.
for (const link of document.querySelectorAll("[data-zoom]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    link.classList.toggle("zoomed");
  });
}

// The picture of the kind of file is behind each thumbnail, for those that could not be made.
for (const image of document.querySelectorAll(".thumb img")) {
  const gone = () => image.remove();
  if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") gone();
  else image.addEventListener("error", gone);
}

// What the browser cannot play, it only shows as a player that does nothing.
for (const note of document.querySelectorAll("[data-unplayable]")) {
  const player = note.parentElement.querySelector("video, audio");
  const tell = () => (note.hidden = false);
  if (player.error) tell();
  else player.addEventListener("error", tell);
}

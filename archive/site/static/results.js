// "Listen" plays a hit inside the results page, from a little before its first word. Without
// scripts the same link leads to the recording at that moment.

const box = document.querySelector("[data-listening]");
const sound = box.querySelector("audio");
const words = box.querySelector("[data-listening-words]");
const place = box.querySelector("[data-listening-place]");
let heard = null;

document.documentElement.classList.add("js");

function stop() {
  sound.pause();
  heard?.removeAttribute("aria-current");
  heard = null;
}

function listen(link) {
  stop();
  heard = link;
  link.setAttribute("aria-current", "true");
  const speaker = link.closest(".hit").querySelector(".hit-speaker").textContent;
  const source = link.closest(".group").querySelector("h2").textContent;
  words.textContent = `${speaker.replace(/\s+/g, " ").trim()} – ${source}`;
  place.setAttribute("href", link.getAttribute("href"));
  box.hidden = false;
  sound.src = `${link.dataset.sound}#t=${link.dataset.from}`;
  sound.play().catch(() => {}); // the browser may want a press first
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-sound]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link === heard && !sound.paused) sound.pause();
  else if (link === heard) sound.play().catch(() => {});
  else listen(link);
});

box.querySelector("[data-listening-close]").addEventListener("click", () => {
  stop();
  box.hidden = true;
});
